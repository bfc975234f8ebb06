"""One guess, one counting calculator: deo, Sella and ASE's dimer after one another.

    python side_by_side.py GUESS.xyz CALCULATOR [deo] [sella] [ase]

CALCULATOR is emt or a method of tblite such as GFN2-xTB. Prints for each: converged, gradients of the search (not of deo's
checks and verification), energy, largest atomic force, and the number of negative curvatures by finite differences.
Needs ase; sella and tblite where they are used.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.socketio import SocketClient
from ase.io import read, write

FMAX, FLAT = 0.01, 0.02


class Counting(Calculator):
    """Another calculator, and how often it was asked."""

    implemented_properties = ["energy", "forces"]

    def __init__(self, inner):
        super().__init__()
        self.inner, self.count = inner, 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        plain = self.atoms.copy()
        plain.set_constraint()
        plain.calc = self.inner
        self.count += 1
        self.results = {"energy": plain.get_potential_energy(), "forces": plain.get_forces()}


def calculator(name):
    if name == "emt":
        from ase.calculators.emt import EMT

        return EMT()
    from tblite.ase import TBLite

    return TBLite(method=name, accuracy=0.01, verbosity=0)


def deo(atoms, guess):
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "socket"
        command = ["deo", "saddle", guess, "--engine", f"ipi:{socket}", "--check", "0", "--json"]
        server = subprocess.Popen([*command, "--fmax", str(FMAX)], stdout=subprocess.PIPE, text=True)
        while not socket.exists() and server.poll() is None:
            time.sleep(0.01)
        # ASE's client knows names in /tmp only.
        link = Path(f"/tmp/ipi_{socket.parent.name}")
        link.symlink_to(socket)
        work = atoms.copy()
        work.set_constraint()
        work.calc = atoms.calc
        try:
            SocketClient(unixsocket=link.name.removeprefix("ipi_")).run(work)
            found = json.loads(server.communicate()[0])
        finally:
            link.unlink()
    atoms.positions = np.reshape(found["x"], (-1, 3))
    return found["status"] == "converged", found["gradients"]


def sella(atoms, _guess):
    from sella import Sella

    converged = Sella(atoms, logfile=None).run(fmax=FMAX, steps=2000)
    return bool(converged), atoms.calc.count


def ase(atoms, _guess):
    from ase.mep import DimerControl, MinModeAtoms, MinModeTranslate

    free = np.ones(len(atoms), bool)
    for constraint in atoms.constraints:
        free[constraint.index] = False
    random = np.random.default_rng(1).normal(size=(len(atoms), 3)) * free[:, None]
    control = DimerControl(
        initial_eigenmode_method="displacement", displacement_method="vector", logfile=None, mask=list(free)
    )
    dimer = MinModeAtoms(atoms, control, random_seed=1)
    dimer.displace(displacement_vector=1e-6 * random, mask=list(free))
    converged = MinModeTranslate(dimer, trajectory=None, logfile=None).run(fmax=FMAX, steps=2000)
    return bool(converged), atoms.calc.count


def judged(atoms, inner):
    """The largest force, and the number of negative curvatures, of the atoms that move."""
    free = [i for i in range(len(atoms)) if not any(i in c.index for c in atoms.constraints)]
    plain = atoms.copy()
    plain.set_constraint()
    plain.calc = inner
    forces = plain.get_forces()[free]
    places = [(i, a) for i in free for a in range(3)]
    hessian, h = np.zeros((len(places), len(places))), 5e-3
    start = plain.positions.copy()
    for row, (i, a) in enumerate(places):
        ends = []
        for sign in (h, -h):
            plain.positions = start
            plain.positions[i, a] += sign
            ends.append(plain.get_forces()[free].ravel())
        hessian[row] = (ends[1] - ends[0]) / (2 * h)
    values = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    return np.linalg.norm(forces, axis=1).max(), int((values < -FLAT).sum())


def main():
    guess, name, *methods = sys.argv[1:]
    for method in methods or ["deo", "sella", "ase"]:
        atoms, inner = read(guess), calculator(name)
        atoms.calc = Counting(inner)
        converged, gradients = {"deo": deo, "sella": sella, "ase": ase}[method](atoms, guess)
        fmax, index = judged(atoms, inner)
        energy = atoms.get_potential_energy()
        print(f"{method:6} {converged!s:6} {gradients:5} gradients  {energy:14.6f} eV  fmax {fmax:.4f}  index {index}")


if __name__ == "__main__":
    main()
