"""Saddles by `deo.ase.Saddle` and by `deo saddle --engine`, both as they are by default: the same counts.

    python ase_by_both.py --deo PATH/deo [--only NAME] [--out ase_by_both.csv]

needs deo-curvature, ase, tblite. Eleven reactions with GFN2-xTB and hops of adatoms with EMT, the systems of
experiments/chemistry, each from one start. The program asks an i-PI client of ASE's for energies; the numbers pass in
atomic units, which rounds them, so that a count may differ where a decision is close.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
CHEMISTRY = pathlib.Path(__file__).resolve().parents[1] / "chemistry"
sys.path.insert(0, str(CHEMISTRY))

import systems  # noqa: E402
from ase.constraints import FixAtoms  # noqa: E402
from ase.io import read, write  # noqa: E402

FMAX = 0.01


def starts():
    """(name, atoms, charge): the second start of each, 0.05 Å from its saddle."""
    references = systems.load("references.json")
    entries = systems.load("reactions.json")
    for name, entry in entries.items():
        _, x = list(systems.reaction_starts(name, references["molecules"]))[1]
        yield name, systems.molecule(entry, x), entry["charge"]
    for name, reference in references["surfaces"].items():
        _, x, _ = next(iter(systems.surface_starts(name, reference)))
        slab, frozen, _ = systems.surface(name)
        slab.positions = x
        slab.set_constraint(FixAtoms(frozen))
        yield name, slab, None


def calculator(charge):
    engine = systems.emt() if charge is None else systems.xtb(charge)
    return systems.Counter(engine, 100_000)


def client(guess, socket, charge):
    """What the program starts: answers by ASE, until the program is done."""
    from ase.calculators.socketio import SocketClient

    atoms = read(guess)
    atoms.set_constraint()
    atoms.calc = calculator(charge)
    SocketClient(unixsocket=socket).run(atoms)


def by_the_program(deo, guess, charge):
    socket = f"both{os.getpid()}"
    command = f"{sys.executable} {__file__} --client {guess} {socket} {'none' if charge is None else charge}"
    done = subprocess.run(
        [deo, "saddle", str(guess), "--engine", f"ipi:{socket}", "--run", command]
        + ["--check", "0", "--fmax", str(FMAX), "--json"],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    if not done.stdout.strip():
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def by_python(guess, charge):
    import deo.ase

    atoms = read(guess)
    atoms.calc = calculator(charge)
    search = deo.ase.Saddle(atoms, logfile=None)
    search.run(fmax=FMAX, steps=2000, max_gradients=2000)
    return search.result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deo", default="deo")
    parser.add_argument("--only", default="", help="systems whose names hold this")
    parser.add_argument("--out")
    parser.add_argument("--client", nargs=3, help="used inside")
    arguments = parser.parse_args()
    if arguments.client:
        guess, socket, charge = arguments.client
        return client(guess, socket, None if charge == "none" else int(charge))
    rows = []
    for name, atoms, charge in starts():
        if arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            guess = pathlib.Path(folder) / "guess.xyz"
            write(guess, atoms, format="extxyz")
            rust, python = (
                by_the_program(arguments.deo, guess, charge),
                by_python(guess, charge),
            )
        row = {
            "system": name,
            "program": rust["gradients"],
            "program_verification": rust["verification"],
            "program_status": rust["status"],
            "hessian": rust["hessian"],
            "python": python.gradients,
            "python_verification": python.verification_gradients,
            "python_confirmed": python.confirmed,
            "apart_eV": abs(rust["energy"] - python.energy),
        }
        rows.append(row)
        print(row, flush=True)
    same = sum((r["program"], r["program_verification"]) == (r["python"], r["python_verification"]) for r in rows)
    print(f"{same} of {len(rows)} with the same counts")
    if arguments.out:
        with open(arguments.out, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
