"""Milliseconds of Sella's own algebra, its calculator's taken off: a Lennard-Jones cluster, or a Pt slab with an island.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python sella_seconds.py lj 38 60     # atoms, steps
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python sella_seconds.py pt 20        # 525 free coordinates

Needs ase and sella (PyPI). Time is the processor's. No search ends: its tolerance is out of reach.
"""

import sys
import time

import numpy as np
import sella
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.optimize import FIRE


class Timed(Calculator):
    """Energy and gradient of a function of the atoms; what it took."""

    implemented_properties = ["energy", "forces"]

    def __init__(self, function):
        super().__init__()
        self.function, self.calls, self.spent = function, 0, 0.0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        clock = time.process_time()
        energy, gradient = self.function(self.atoms)
        self.spent += time.process_time() - clock
        self.calls += 1
        self.results = {"energy": energy, "forces": -gradient}


def lennard_jones(atoms):
    d = atoms.positions[:, None] - atoms.positions[None]
    square = (d**2).sum(-1)
    np.fill_diagonal(square, 1.0)
    inverse = 1 / square**3
    np.fill_diagonal(inverse, 0.0)
    slope = (-48 * inverse**2 + 24 * inverse) / square
    return 2 * (inverse**2 - inverse).sum(), (slope[..., None] * d).sum(1)


def cluster(count):
    """The atoms of an fcc lattice nearest to a point, relaxed and displaced."""
    x = (bulk("Ar", "fcc", a=1.5878, cubic=True) * (8, 8, 8)).positions
    x -= x.mean(0) - 0.1
    x = x[np.argsort((x**2).sum(1))[:count]]
    atoms = Atoms(f"Ar{count}", positions=x + 0.05 * np.random.default_rng(1).standard_normal(x.shape))
    atoms.calc = Timed(lennard_jones)
    FIRE(atoms, logfile=None).run(fmax=0.05, steps=500)
    atoms.positions += 0.05 * np.random.default_rng(2).standard_normal(x.shape)
    return atoms


def slab():
    """Six layers of 56, the lower three held, and seven atoms above."""
    atoms = fcc111("Pt", (7, 8, 6), vacuum=10, orthogonal=True)
    middle = np.sort(atoms.positions[:, 2])[168] - 0.1
    atoms.set_constraint(FixAtoms(mask=atoms.positions[:, 2] < middle))
    top = atoms.positions[-1].copy()
    for i in range(7):
        atoms += Atoms("Pt", positions=[top - [2.77 * (1.5 + i % 3), 2.4 * (1.5 + i // 3), -2.3]])
    emt = EMT()

    def function(atoms):
        copy = atoms.copy()
        copy.set_constraint()
        copy.calc = emt
        return copy.get_potential_energy(), -copy.get_forces()

    atoms.calc = Timed(function)
    atoms.positions[-1] += 0.2
    return atoms


def main():
    kind, *numbers = sys.argv[1:]
    atoms = cluster(int(numbers[0])) if kind == "lj" else slab()
    search = sella.Sella(atoms, order=1, logfile=None, internal=False)
    meter = atoms.calc
    meter.calls, meter.spent = 0, 0.0
    clock, steps = time.process_time(), -1
    for _ in search.irun(fmax=1e-6, steps=int(numbers[-1])):
        steps += 1
    own = 1e3 * (time.process_time() - clock - meter.spent)
    print(f"{steps} steps, {meter.calls} gradients: {own / meter.calls:.1f} ms a gradient, {own / steps:.1f} a step")


main()
