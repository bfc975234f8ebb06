"""Writes references.json: the saddles that starts are made around, converged to 1e-5 eV/Å, index 1 by finite differences."""

import json

import deo.ase
import numpy as np
from ase.constraints import FixAtoms
from ase.optimize import BFGS
from systems import HERE, SURFACES, Counter, curvatures, emt, load, molecule, surface, xtb


def molecules():
    for name, entry in load("reactions.json").items():
        engine = xtb(entry["charge"])
        for method in ("newton", "min-mode"):
            atoms = molecule(entry)
            atoms.calc = Counter(engine, 4000)
            try:
                deo.ase.Saddle(atoms, logfile=None, method=method).run(fmax=1e-5, steps=500)
            except Exception as error:
                print(name, method, error)
                continue
            w = curvatures(atoms, engine)
            print(name, method, w[:3], flush=True)
            if (w < -0.02).sum() == 1:
                yield name, dict(x=atoms.positions.tolist(), energy=engine(atoms)[0])
                break


def surfaces():
    for name in SURFACES:
        slab, frozen, hop = surface(name)
        engine = emt()
        slab.set_constraint(FixAtoms(frozen))
        slab.calc = Counter(engine, 4000)
        BFGS(slab, logfile=None).run(fmax=1e-3, steps=300)
        minimum = slab.positions.copy()
        slab.positions[-1] += hop
        guess = slab.positions.copy()
        deo.ase.Saddle(slab, logfile=None, method="newton").run(fmax=1e-3, steps=500)
        w = curvatures(slab, engine, np.setdiff1d(np.arange(len(slab)), frozen))
        print(name, w[:3], flush=True)
        yield name, dict(x=slab.positions.tolist(), minimum=minimum.tolist(), guess=guess.tolist())


if __name__ == "__main__":
    found = {"molecules": dict(molecules()), "surfaces": dict(surfaces())}
    (HERE / "references.json").write_text(json.dumps(found) + "\n")
