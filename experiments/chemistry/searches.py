"""The searches compared. Each moves `atoms`, whose calculator is a `Counter`, and returns the gradients that it spent itself.

Sella is given what its interface takes: a first axis as `v0` in the basis of its free coordinates, another method's
Hessian as `hessian_function`, which it asks again along the way.
"""

import numpy as np
from ase.constraints import FixAtoms
from systems import FMAX, hessian, xtb


def sella(atoms, axis, frozen, fmax, **settings):
    from sella import Sella

    if len(frozen):
        atoms.set_constraint(FixAtoms(frozen))
    np.random.seed(0)
    search = Sella(atoms, logfile=None, **settings)
    if axis is not None and not settings.get("internal"):
        search.pes.v0 = axis.ravel() @ search.pes.get_Ufree()
    return bool(search.run(fmax=fmax, steps=2000)), atoms.calc.count


def ours(atoms, axis, frozen, fmax, **settings):
    import deo.ase

    if len(frozen):
        atoms.set_constraint(FixAtoms(frozen))
    search = deo.ase.Saddle(atoms, logfile=None, method="newton", mode=axis, **settings)
    # The same budget as the others', of which the verification is no part.
    budget, atoms.calc.cap = atoms.calc.cap, 10_000
    search.run(fmax=fmax, steps=2000, max_gradients=budget)
    found = search.result
    atoms.calc.verified = dict(verdict=found.verdict, verification=found.verification_gradients)
    return found.outcome == "converged", found.gradients


def gfn1(charge, counter):
    """GFN1-xTB's Hessian, and how many of its gradients that took: six an atom by central differences."""
    engine = xtb(charge, "GFN1-xTB")

    def product(atoms):
        counter[0] += 6 * len(atoms)
        return hessian(atoms, engine)

    return product


def by_name(name, charge, other):
    """A search as a function of atoms, axis, frozen atoms and fmax. `other` counts the gradients of a cheaper method."""
    table = {
        "sella": lambda *a: sella(*a),
        "sella-internal": lambda *a: sella(*a, internal=True),
        "sella-gfn1": lambda *a: sella(*a, hessian_function=gfn1(charge, other)),
        "sella-springs": lambda *a: sella(*a, hessian_function=springs(a[2])),
        "ours": lambda *a: ours(*a),
        "ours-none": lambda *a: ours(*a, hessian=None),
        "ours-lindh": lambda *a: ours(*a, hessian="lindh"),
        "ours-springs": lambda *a: ours(*a, hessian="springs"),
        "ours-gfn1": lambda *a: ours(*a, hessian=gfn1(charge, other)),
    }
    return table[name]


def springs(frozen, scale={"Al": 1.5, "Pt": 4.0}, decay=3.0):
    """Exponential springs between near atoms for Sella, in eV/Å² of a metal: k exp(−3(r/r_nn − 1)), nine tenths along the bond."""

    def matrix(atoms):
        bonds = atoms.get_all_distances(mic=True, vector=True)
        r = np.linalg.norm(bonds, axis=-1)
        n = len(atoms)
        nearest = np.sort(r[r > 0.1])[4 * n]
        weights = np.where((r > 0.1) & (r < 2 * nearest), scale[atoms.get_chemical_symbols()[0]] * np.exp(-decay * (r / nearest - 1)), 0)
        unit = bonds / np.where(r > 0.1, r, 1)[..., None]
        blocks = weights[..., None, None] * (0.9 * unit[..., :, None] * unit[..., None, :] + 0.1 * np.eye(3))
        h = -blocks.transpose(0, 2, 1, 3).copy()
        h[np.arange(n), :, np.arange(n), :] += blocks.sum(1)
        free = np.setdiff1d(np.arange(n), frozen)
        return h[free][:, :, free].reshape(3 * len(free), 3 * len(free))

    return matrix


__all__ = ["FMAX", "by_name"]
