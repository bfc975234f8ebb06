"""Paths, barriers, frequencies and rates of `deo saddle --irc --temperature`, against ASE's and a fine reference.

    PATH=../../target/release:$PATH python paths.py > paths.csv        # ase, tblite; minutes
    PATH=../../target/release:$PATH IRC_STEP=0.05 python paths.py > paths-half.csv

Reactions of `reactions.json` on GFN2-xTB, and the adatom of `engines/al` on EMT. What is compared, a CSV row a side:

barrier       with the energy after ASE's BFGS to 1e-4 eV/Å from deo's minimum; meV
wavenumber    with ase.vibrations at the same geometries, saddle and minimum, those below 50 cm⁻¹ left out; cm⁻¹
away, energy  with Runge and Kutta's method in steps of REFERENCE √u·Å along ASE's imaginary mode: the largest distance of
              deo's points from that polyline, √u·Å, and the largest difference of the energy at the same arc length, meV
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
from ase.calculators.emt import EMT
from ase.calculators.socketio import SocketClient
from ase.io import read, write
from ase.optimize import BFGS
from ase.vibrations import Vibrations
from systems import load, molecule

HERE = Path(__file__).parent
MOLECULES = ("HCN-HNC", "vinyl-alcohol-acetaldehyde", "HONO-cis-trans", "CH3NC-CH3CN")
REFERENCE = 0.002
FIELDS = ["system", "side", "points", "gradients", "barrier_eV", "barrier_off_meV", "wavenumber_off_cm", "away", "energy_off_meV"]


def calculator(system):
    if system == "Al-adatom":
        return EMT()
    from tblite.ase import TBLite

    return TBLite(method="GFN2-xTB", accuracy=0.01, verbosity=0)


def guess(system):
    if system == "Al-adatom":
        subprocess.run([sys.executable, HERE / "engines/al/build.py"], check=True, stdout=subprocess.DEVNULL)
        return read("guess.xyz")
    entry = load("reactions.json")[system]
    return molecule(entry, np.array(entry["x"]))


def frequencies(system, atoms, free):
    with tempfile.TemporaryDirectory() as name:
        atoms = atoms.copy()
        atoms.set_constraint()
        atoms.calc = calculator(system)
        vib = Vibrations(atoms, indices=free, name=name + "/v", delta=0.01)
        vib.run()
        data = vib.get_vibrations()
        energies, modes = data.get_energies_and_modes()  # of the free atoms
    nu = [-abs(e) if abs(e.imag) > abs(e.real) else abs(e) for e in energies / 1.239841984e-4]
    return np.array(nu), modes


def reference(system, saddle, free, mode, sign):
    """Arc lengths, energies and mass-weighted places of the steepest path."""
    atoms = saddle.copy()
    atoms.set_constraint()
    atoms.calc = calculator(system)
    roots = np.sqrt(atoms.get_masses()[free])[:, None]
    origin = saddle.positions[free]

    def ask(q):
        atoms.positions[free] = origin + q / roots
        return atoms.get_potential_energy(), -atoms.get_forces()[free] / roots

    def slope(q):
        g = ask(q)[1]
        return -g / np.linalg.norm(g)

    # So far along the mode the gradient is beyond what is left of it at the saddle.
    begin = 10 * REFERENCE
    axis = mode * roots
    q = sign * begin * axis / np.linalg.norm(axis)
    arcs, energies, places = [0.0, begin], [ask(0 * q)[0], ask(q)[0]], [0 * q, q]
    while True:
        k1 = slope(q)
        k2 = slope(q + REFERENCE / 2 * k1)
        k3 = slope(q + REFERENCE / 2 * k2)
        k4 = slope(q + REFERENCE * k3)
        q = q + REFERENCE / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        energy = ask(q)[0]
        if energy >= energies[-1]:
            return np.array(arcs), np.array(energies), np.array(places)
        arcs.append(arcs[-1] + REFERENCE)
        energies.append(energy)
        places.append(q)


def compare(system, out):
    atoms = guess(system)
    write("guess.xyz", atoms)
    command = ["deo", "saddle", "guess.xyz", "--engine", f"ipi:deo{os.getpid()}", "--out", "out", "--irc"]
    client = f"{sys.executable} {HERE.resolve()}/paths.py client {system} deo{os.getpid()}"
    command += ["--run", client, "--temperature", "300", "--fmax", "0.0001", "--json"]
    command += ["--irc-step", os.environ.get("IRC_STEP", "0.1")]
    import json

    record = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    saddle = read("out/saddle.xyz")
    held = [i for c in saddle.constraints for i in c.index]
    free = [i for i in range(len(saddle)) if i not in held]
    real, modes = frequencies(system, saddle, free)
    off = {"saddle": difference(record["frequencies"]["wavenumbers"], real)}
    roots = np.sqrt(saddle.get_masses()[free])[:, None]
    frames = read("out/irc.xyz", ":")
    minima = read("out/minima.xyz", ":")
    for side, sign in ((0, 1.0), (1, -1.0)):
        branch = record["irc"]["branches"][side]
        mine = [f for f in frames if f.info["kind"] != "minimum" and sign * f.info["arc"] >= 0]
        mine.sort(key=lambda f: abs(f.info["arc"]))
        way = (mine[1].positions - saddle.positions)[free] * roots
        turned = np.sign(np.sum(way * modes[0] * roots))
        arcs, energies, places = reference(system, saddle, free, modes[0], turned)
        away = energy_off = 0.0
        for f in mine:
            arc = abs(f.info["arc"])
            if arc > arcs[-1]:
                continue
            q = (f.positions - saddle.positions)[free] * roots
            away = max(away, np.sqrt(((places - q) ** 2).sum((1, 2)).min()))
            energy_off = max(energy_off, abs(np.interp(arc, arcs, energies) - f.get_potential_energy()))
        end = minima[side].copy()
        end.set_constraint(saddle.constraints)
        end.calc = calculator(system)
        BFGS(end, logfile=None).run(fmax=1e-4)
        top = saddle.copy()
        top.calc = calculator(system)
        barrier = top.get_potential_energy() - end.get_potential_energy()
        ours = record["minima"][side]["barrier"]
        nu = difference(record["rates"]["sides"][side]["vibrations"]["wavenumbers"], frequencies(system, minima[side], free)[0])
        out.writerow([system, side, len(branch["points"]), branch["gradients"], f"{ours:.5f}", f"{1e3 * (ours - barrier):.3f}",
                      f"{max(nu, off['saddle']):.2f}", f"{away:.4f}", f"{1e3 * energy_off:.2f}"])
        sys.stdout.flush()


def difference(ours, theirs):
    """The largest, of those that are vibrations."""
    ours = np.sort([nu for nu in ours if abs(nu) > 50])
    theirs = np.sort([nu for nu in theirs if abs(nu) > 50])
    assert len(ours) == len(theirs), (ours, theirs)
    return np.abs(ours - theirs).max()


if sys.argv[1:2] == ["client"]:
    atoms = read("guess.xyz")
    atoms.set_constraint()
    atoms.calc = calculator(sys.argv[2])
    SocketClient(unixsocket=sys.argv[3]).run(atoms)
else:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(FIELDS)
    for system in sys.argv[1:] or (*MOLECULES, "Al-adatom"):
        with tempfile.TemporaryDirectory() as name:
            back = os.getcwd()
            os.chdir(name)
            compare(system, out)
            os.chdir(back)
