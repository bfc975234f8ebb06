"""ASE's dimer and Sella from the very starts that deo was run from.

    cargo run --release -p deo-models --example saddle_clusters -- experiments/saddle/starts.json
    python experiments/saddle/peers.py experiments/saddle/starts.json [sella] [ase] [rows]

Needs ase and sella (PyPI). Gradients are counted in the calculator; a success is a point with max |g| <= 1e-3 and one curvature below -0.01.
"""
import json
import sys

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes


class LennardJones(Calculator):
    implemented_properties = ["energy", "forces"]

    def __init__(self):
        super().__init__()
        self.count = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.count += 1
        x = self.atoms.get_positions()
        d = x[:, None] - x[None]
        s = (d**2).sum(-1)
        np.fill_diagonal(s, 1.0)
        i3 = s**-3
        pair = 4 * (i3 * i3 - i3)
        np.fill_diagonal(pair, 0.0)
        slope = 4 / s * (3 * i3 - 6 * i3 * i3)
        np.fill_diagonal(slope, 0.0)
        self.results = {"energy": pair.sum() / 2, "forces": -2 * (slope[..., None] * d).sum(1)}


A, a = np.array([-200, -100, -170, 15.0]), np.array([-1, -1, -6.5, 0.7])
b, c = np.array([0, 0, 11, 0.6]), np.array([-10, -10, -6.5, 0.7])
X, Y = np.array([1, 0, -0.5, -1]), np.array([0, 0.5, 1.5, 1])
SADDLES = [(-0.8220015587327321, 0.6243128028148714), (0.212486582000662, 0.2929883251073678)]


class MullerBrown(LennardJones):
    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        Calculator.calculate(self, atoms, properties, system_changes)
        self.count += 1
        x, y, _ = self.atoms.get_positions()[0]
        u, w = x - X, y - Y
        e = A * np.exp(a * u * u + b * u * w + c * w * w)
        g = np.array([(e * (2 * a * u + b * w)).sum(), (e * (b * u + 2 * c * w)).sum(), 0.0])
        self.results = {"energy": e.sum(), "forces": -g[None]}


def make(start):
    """Atoms with a counting calculator."""
    x = np.array(start["x"])
    if len(x) == 2:
        atoms = Atoms("H", positions=[[x[0], x[1], 0.0]], calculator=MullerBrown())
    else:
        atoms = Atoms("H" * (len(x) // 3), positions=x.reshape(-1, 3), calculator=LennardJones())
    atoms.set_masses(np.ones(len(atoms)))
    return atoms


def negative(atoms):
    """Curvatures below -0.01 by central differences, not counted."""
    calc = type(atoms.calc)()
    x0 = atoms.get_positions()
    n = 2 if len(atoms) == 1 else x0.size
    hessian = np.zeros((n, n))
    for i in range(n):
        ends = []
        for h in (1e-4, -1e-4):
            x = x0.copy().ravel()
            x[i] += h
            other = Atoms("H" * len(atoms), positions=x.reshape(-1, 3), calculator=calc)
            ends.append(-other.get_forces().ravel()[:n])
        hessian[i] = (ends[0] - ends[1]) / 2e-4
    return int((np.linalg.eigvalsh((hessian + hessian.T) / 2) < -1e-2).sum())


def success(atoms):
    f = np.abs(atoms.calc.results["forces"]).max()
    if not f <= 1e-3:
        return False
    if len(atoms) == 1:
        x = atoms.get_positions()[0]
        return any(np.hypot(x[0] - s[0], x[1] - s[1]) < 1e-4 for s in SADDLES)
    return negative(atoms) == 1


def sella(start, cap):
    from ase.constraints import FixCartesian
    from sella import Sella

    atoms = make(start)
    if len(atoms) == 1:
        atoms.set_constraint(FixCartesian(0, mask=[False, False, True]))
        extra = {"proj_trans": False, "proj_rot": False}
    else:
        extra = {}  # Sella begins with the gradient: a start vector would have to be given in its own reduced coordinates
    opt = Sella(atoms, internal=False, logfile=None, trajectory=None, **extra)
    opt.run(fmax=1e-3, steps=cap)
    return atoms


def ase(start, cap):
    from ase.mep import DimerControl, MinModeAtoms, MinModeTranslate

    atoms = make(start)
    mask = [True] * len(atoms)
    control = DimerControl(initial_eigenmode_method="displacement", displacement_method="vector", logfile=None, mask=mask)
    dimer = MinModeAtoms(atoms, control)
    axis = np.array(start["axis"]).reshape(-1, 3) if start["axis"] else None
    if axis is None:
        rng = np.random.default_rng(0)
        axis = rng.normal(size=(len(atoms), 3))
        if len(atoms) == 1:
            axis[:, 2] = 0.0
    dimer.displace(displacement_vector=1e-6 * axis, mask=mask)
    MinModeTranslate(dimer, trajectory=None, logfile=None).run(fmax=1e-3, steps=cap)
    atoms.get_forces()
    return atoms


def main():
    starts = json.load(open(sys.argv[1]))
    methods = [m for m in (sella, ase) if m.__name__ in sys.argv[2:]] or [sella, ase]
    rows = [r for r in starts if r in sys.argv[2:]] or list(starts)
    for method in methods:
        for row in rows:
            good = []
            for start in starts[row]:
                try:
                    atoms = method(start, 600)
                    if success(atoms) and atoms.calc.count <= 2000:
                        good.append(atoms.calc.count)
                except Exception as error:  # a peer's failure is a failure
                    print("   ", method.__name__, row, repr(error)[:100], file=sys.stderr)
            print(f"{method.__name__} {row}: {len(good)} of {len(starts[row])}, median {np.median(good) if good else None}, "
                  f"mean {np.mean(good) if good else None}", flush=True)


main()
