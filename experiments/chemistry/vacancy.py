"""A vacancy that hops in aluminium (EMT, 31 atoms, periodic, none frozen): gradients of the search and of its verification.

    python vacancy.py > vacancy.csv

From near the saddle (displaced by normal deviates of 0.05 Å) and from the minimum (0.02 Å), ours with springs and without a
model, and Sella, which verifies nothing. Index and barrier are by finite differences and by the energies, apart.
"""

import csv
import sys

import deo.ase
import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.optimize import BFGS
from systems import FLAT, FMAX, Counter, curvatures, emt


def crystal():
    """The crystal without one atom, and half of the hop of a neighbour into its place."""
    atoms = bulk("Al", cubic=True).repeat((2, 2, 2))
    near = int(np.argsort(atoms.get_distances(0, range(len(atoms)), mic=True))[1])
    half = atoms.get_distance(near, 0, mic=True, vector=True) / 2
    del atoms[0]
    return atoms, near - 1, half


def references(engine):
    """The minimum, and the saddle half-way: both to 1e-4 eV/Å."""
    minimum, hopper, half = crystal()
    minimum.calc = Counter(engine, 10_000)
    BFGS(minimum, logfile=None).run(fmax=1e-4)
    saddle = minimum.copy()
    saddle.positions[hopper] += half
    saddle.calc = Counter(engine, 10_000)
    assert deo.ase.Saddle(saddle, logfile=None, hessian="springs").run(fmax=1e-4)
    return minimum, saddle


def ours(atoms, **settings):
    search = deo.ase.Saddle(atoms, logfile=None, method="newton", **settings)
    search.run(fmax=FMAX, steps=2000)
    found = search.result
    return found.outcome == "converged", found.gradients, found.verification_gradients, found.verdict


def sella(atoms):
    from sella import Sella

    np.random.seed(0)
    return bool(Sella(atoms, logfile=None).run(fmax=FMAX, steps=1000)), atoms.calc.count, "", ""


METHODS = {"ours-springs": lambda a: ours(a, hessian="springs"), "ours-none": lambda a: ours(a, hessian=None), "sella": sella}


def trials():
    engine = emt()
    minimum, saddle = references(engine)
    lowest = minimum.get_potential_energy()
    for label, reference, sigma, seed in (("saddle", saddle, 0.05, 2), ("minimum", minimum, 0.02, 1)):
        for again in range(5):
            shift = sigma * np.random.default_rng(seed + 10 * again).normal(size=reference.positions.shape)
            for name, method in METHODS.items():
                atoms = Atoms(reference.symbols, reference.positions + shift, cell=reference.cell, pbc=True)
                atoms.calc = Counter(engine, 2000)
                row = dict(start=f"{label}-{again}", method=name)
                try:
                    row["converged"], row["gradients"], row["verification"], row["verdict"] = method(atoms)
                    energy, forces = engine(atoms)
                    row["force"] = float(np.linalg.norm(forces, axis=1).max())
                    row["index"] = int((curvatures(atoms, engine, range(len(atoms))) < -FLAT).sum())
                    row["barrier"] = energy - lowest
                except Exception as error:
                    row["verdict"] = f"{type(error).__name__}: {error}"[:60]
                yield row


if __name__ == "__main__":
    fields = ["start", "method", "converged", "gradients", "verification", "verdict", "force", "index", "barrier"]
    writer = csv.DictWriter(sys.stdout, fields)
    writer.writeheader()
    for row in trials():
        writer.writerow(row)
        sys.stdout.flush()
