"""What is searched on: energies, starts, the one counter, and what counts as found.

Units are eV and Å. Nothing here knows a search.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # counts of gradients must not depend on sums in another order
import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.units import Bohr, Hartree

HERE = Path(__file__).parent
FMAX = 1e-3  # largest atomic force of a point that counts as stationary
FLAT = 0.02  # a curvature above −FLAT doesn't count as negative


def load(name):
    return json.loads((HERE / name).read_text())


class OutOfGradients(Exception):
    """The budget of a trial is spent."""


class Counter(Calculator):
    """Counts what any method asks of `engine(atoms) -> energy, forces`; gradients outside this class aren't counted."""

    implemented_properties = ["energy", "forces"]

    def __init__(self, engine, cap, noise=0.0):
        super().__init__()
        self.engine, self.cap, self.noise, self.count = engine, cap, noise, 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.count >= self.cap:
            raise OutOfGradients
        self.count += 1
        energy, forces = self.engine(self.atoms)
        if self.noise:
            forces = forces + self.noise * np.random.default_rng(self.count).normal(size=forces.shape)
        self.results = {"energy": energy, "forces": forces}


def xtb(charge, method="GFN2-xTB", unpaired=0):
    """GFN1- or GFN2-xTB, converged far beyond the forces asked for."""
    from tblite.interface import Calculator as Tblite

    def engine(atoms):
        calc = Tblite(method, atoms.numbers, atoms.positions / Bohr, charge=charge, uhf=unpaired)
        calc.set("verbosity", 0)
        calc.set("accuracy", 0.01)
        calc.set("max-iter", 500)
        try:
            out = calc.singlepoint()
        except RuntimeError as error:
            raise CalculationFailed(str(error)) from error
        return out.get("energy") * Hartree, -out.get("gradient") * Hartree / Bohr

    return engine


def emt():
    from ase.calculators.emt import EMT

    calc = EMT()

    def engine(atoms):
        bare = atoms.copy()
        bare.set_constraint()
        bare.calc = calc
        return bare.get_potential_energy(), bare.get_forces()

    return engine


def hessian(atoms, engine, free=None, step=5e-3):
    """Central differences over the free atoms, eV/Å², uncounted."""
    free = np.arange(len(atoms)) if free is None else np.asarray(free)
    moved = atoms.copy()
    moved.set_constraint()
    rows = []
    for atom in free:
        for axis in range(3):
            slopes = []
            for h in (step, -step):
                x = atoms.positions.copy()
                x[atom, axis] += h
                moved.positions = x
                slopes.append(-engine(moved)[1][free].ravel())
            rows.append((slopes[0] - slopes[1]) / (2 * step))
    h = np.array(rows)
    return (h + h.T) / 2


def without_rigid(matrix, positions):
    """The matrix with the motions of the whole lifted far above everything else."""
    centred = positions - positions.mean(0)
    axes = np.eye(3)
    motions = [np.tile(a, len(positions)) for a in axes] + [np.cross(a, centred).ravel() for a in axes]
    u, s, _ = np.linalg.svd(np.array(motions).T, full_matrices=False)
    z = u[:, s > 1e-6 * s[0]]
    p = np.eye(len(matrix)) - z @ z.T
    return p @ matrix @ p + 1e4 * z @ z.T


def curvatures(atoms, engine, free=None):
    h = hessian(atoms, engine, free)
    return np.linalg.eigvalsh(h if free is not None else without_rigid(h, atoms.positions))


_known = {}  # (system, energy): index; the Hessian of the same point isn't made again for every method


def judge(name, atoms, engine, free=None):
    """Largest atomic force, index and energy, by a clean engine."""
    energy, forces = engine(atoms)
    forces = forces if free is None else forces[free]
    force = float(np.linalg.norm(forces, axis=1).max())
    key = (name, round(energy, 5))
    if key not in _known:
        _known[key] = int((curvatures(atoms, engine, free) < -FLAT).sum())
    return dict(force=force, index=_known[key], energy=energy)


# --- molecules ------------------------------------------------------------------------------------------------------


def molecule(entry, x=None):
    return Atoms(entry["symbols"], positions=entry["x"] if x is None else x)


def reaction_starts(name, references):
    """Four starts around each saddle: displaced by normal deviates of 0.05 Å (two) and 0.1 Å (two)."""
    x = np.array(references[name]["x"])
    for seed, sigma in ((0, 0.05), (1, 0.05), (5, 0.1), (6, 0.1)):
        yield f"{sigma}-{seed}", x + sigma * np.random.default_rng(1000 + seed).normal(size=x.shape)


def untuned_starts(entry):
    """The guess by hand, and the same displaced by normal deviates of 0.1 Å."""
    x = np.array(entry["x"], float)
    yield "hand", x
    yield "displaced", x + 0.1 * np.random.default_rng(2026).normal(size=x.shape)


# --- surfaces -------------------------------------------------------------------------------------------------------

SURFACES = ("Al-100", "Pt-100", "Al-111", "Pt-111")


def surface(name):
    """A slab of 3 × 3 × 3 with an adatom, the two lower layers' atoms frozen, and the hop from its hollow."""
    from ase.build import add_adsorbate, fcc100, fcc111

    metal, face = name.split("-")
    if face == "100":
        slab = fcc100(metal, (3, 3, 3), vacuum=8.0)
        a, top = slab.cell[0, 0] / 3, slab.positions[:, 2].max()
        hollow = slab.positions[-9:][4] + [a / 2, a / 2, 0]
        slab += Atoms(metal, positions=[[hollow[0], hollow[1], top + 1.8]])
        depth, hop = 2.5, np.array([a / 2, 0, 0.3])
    else:
        slab = fcc111(metal, (3, 3, 3), vacuum=8.0)
        d, top = slab.cell[0, 0] / 3, slab.positions[:, 2].max()
        add_adsorbate(slab, metal, 2.0, "fcc", offset=(1, 1))
        depth, hop = 3.0, np.array([0.25 * d, 0.1443 * d, 0.05])
    slab.pbc = (True, True, False)
    frozen = np.flatnonzero(slab.positions[:, 2] < top - depth)
    return slab, frozen, hop


def surface_starts(name, reference):
    """A guess, two starts each near the saddle at 0.05 and 0.1 Å, and four from the minimum as adaptive kinetic Monte Carlo
    makes them, atoms within 3.3 Å of the adatom displaced by 0.2 Å: those have an axis."""
    slab, frozen, _ = surface(name)
    free = np.ones((len(slab), 1))
    free[frozen] = 0.0
    yield "guess", np.array(reference["guess"]), None
    for seed in (0, 1, 4, 5):
        sigma = 0.05 if seed < 4 else 0.1
        deviates = np.random.default_rng(2000 + seed).normal(size=slab.positions.shape)
        yield f"{sigma}-{seed}", np.array(reference["x"]) + free * sigma * deviates, None
    slab.positions = reference["minimum"]
    near = (slab.get_distances(len(slab) - 1, range(len(slab)), mic=True) < 3.3)[:, None] * free
    for seed in range(4):
        shift = 0.2 * near * np.random.default_rng(3000 + seed).normal(size=slab.positions.shape)
        yield f"kmc-{seed}", slab.positions + shift, shift / np.linalg.norm(shift)
