"""ASE's dimer and Sella from the very starts that deo was run from.

Needs ase and sella (PyPI), and numpy with them. The starts are written by

    cargo run --release -p deo-models --example saddle_clusters -- run= experiments/saddle/starts.json

Gradients are counted in the calculator, the first one included; a search that asks for more than --cap of them has
failed. A success is a point with max |g| <= 1e-3 and one curvature below -0.01, by central differences that aren't
counted. On Mueller-Brown it is one of its two saddles.
"""

import argparse
import json
import sys
import time
import warnings
from importlib.metadata import version

# A, a, b, c, x0, y0 of the four terms.
MULLER_BROWN = [(-200, -1, 0, -10, 1, 0), (-100, -1, 0, -10, 0, 0.5), (-170, -6.5, 11, -6.5, -0.5, 1.5), (15, 0.7, 0.6, 0.7, -1, 1)]
SADDLES = [(-0.8220015587327321, 0.6243128028148714), (0.212486582000662, 0.2929883251073678)]
FMAX = 1e-3


class OutOfGradients(Exception):
    pass


def lennard_jones(x):
    """Energy and forces, sigma = epsilon = 1."""
    import numpy as np

    d = x[:, None] - x[None]
    s = (d**2).sum(-1)
    np.fill_diagonal(s, 1.0)
    i3 = s**-3
    pair = 4 * (i3 * i3 - i3)
    np.fill_diagonal(pair, 0.0)
    slope = 4 / s * (3 * i3 - 6 * i3 * i3)
    np.fill_diagonal(slope, 0.0)
    return pair.sum() / 2, -2 * (slope[..., None] * d).sum(1)


def muller_brown(x):
    """Energy and force of one "atom" in the plane z = 0."""
    import numpy as np

    (u, v, _), energy, force = x[0], 0.0, np.zeros((1, 3))
    for A, a, b, c, x0, y0 in MULLER_BROWN:
        e = A * np.exp(a * (u - x0) ** 2 + b * (u - x0) * (v - y0) + c * (v - y0) ** 2)
        energy += e
        force[0, 0] -= e * (2 * a * (u - x0) + b * (v - y0))
        force[0, 1] -= e * (b * (u - x0) + 2 * c * (v - y0))
    return energy, force


def make(start, cap):
    """Atoms with a counting calculator."""
    import numpy as np
    from ase import Atoms
    from ase.calculators.calculator import Calculator, all_changes

    plane = len(start["x"]) == 2
    surface = muller_brown if plane else lennard_jones

    class Counting(Calculator):
        implemented_properties = ["energy", "forces"]
        count = 0

        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            if self.count == cap:
                raise OutOfGradients
            self.count += 1
            energy, forces = surface(self.atoms.get_positions())
            self.results = {"energy": energy, "forces": forces}

    x = np.array(start["x"] + [0.0] if plane else start["x"]).reshape(-1, 3)
    atoms = Atoms("H" * len(x), positions=x, calculator=Counting())
    atoms.set_masses(np.ones(len(atoms)))
    return atoms


def negative(x):
    """Curvatures of Lennard-Jones atoms at x below -0.01."""
    import numpy as np

    hessian = np.zeros((x.size, x.size))
    for i in range(x.size):
        ends = []
        for h in (1e-4, -1e-4):
            y = x.copy().ravel()
            y[i] += h
            ends.append(-lennard_jones(y.reshape(-1, 3))[1].ravel())
        hessian[i] = (ends[0] - ends[1]) / 2e-4
    return int((np.linalg.eigvalsh((hessian + hessian.T) / 2) < -1e-2).sum())


def success(atoms):
    import numpy as np

    x = atoms.get_positions()
    plane = len(atoms) == 1
    forces = (muller_brown if plane else lennard_jones)(x)[1]
    if not np.abs(forces).max() <= FMAX:
        return False
    if plane:
        return any(np.hypot(x[0, 0] - s[0], x[0, 1] - s[1]) < 1e-4 for s in SADDLES)
    return negative(x) == 1


def sella(atoms, axis, seed):
    """Sella as it comes, in Cartesian coordinates. It begins with the gradient: it takes no first axis."""
    import numpy as np
    from ase.constraints import FixCartesian
    from sella import Sella

    np.random.seed(seed)
    extra = {}
    if len(atoms) == 1:
        atoms.set_constraint(FixCartesian(0, mask=[False, False, True]))
        extra = {"proj_trans": False, "proj_rot": False}
    optimizer = Sella(atoms, internal=False, logfile=None, trajectory=None, **extra)
    optimizer.run(fmax=FMAX, steps=atoms.calc.count + 2000)


def dimer(atoms, axis, seed, **control):
    """ASE's dimer with the start's axis, or where it has none, with a random one."""
    import numpy as np
    from ase.mep import DimerControl, MinModeAtoms, MinModeTranslate

    if axis is None:
        axis = np.random.default_rng(seed).normal(size=(len(atoms), 3))
        if len(atoms) == 1:
            axis[:, 2] = 0.0
    axis = np.array(axis).reshape(-1, 3)
    mask = [True] * len(atoms)
    control = DimerControl(
        initial_eigenmode_method="displacement", displacement_method="vector", logfile=None, mask=mask, **control
    )
    moved = MinModeAtoms(atoms, control, random_seed=seed)
    # The displacement is the axis; 1e-6 of it leaves the start where it is.
    moved.displace(displacement_vector=1e-6 * axis, mask=mask)
    MinModeTranslate(moved, trajectory=None, logfile=None).run(fmax=FMAX, steps=2000)


def ase(atoms, axis, seed):
    """As it comes: one rotation a step."""
    dimer(atoms, axis, seed)


def ase10(atoms, axis, seed):
    """Up to ten rotations a step, the forces after each extrapolated."""
    dimer(atoms, axis, seed, max_num_rot=10, extrapolate_forces=True)


METHODS = {"ase": ase, "ase10": ase10, "sella": sella}
ROWS = {
    "plane": "Mueller-Brown from its minima",
    "from_minimum": "LJ13 from the icosahedron",
    "near_saddle": "LJ13 near a saddle",
    "large": "LJ38 from the truncated octahedron",
    "refined": "LJ38 near saddles",
}


def run_row(method, starts, cap):
    import numpy as np

    counts, failures, clock = [], {}, time.perf_counter()
    for seed, start in enumerate(starts):
        atoms = make(start, cap)
        try:
            METHODS[method](atoms, start["axis"], seed)
            why = None if success(atoms) else "converged elsewhere or not at all"
        except Exception as error:  # a peer's failure is a failure, whatever its name
            why = f"{type(error).__name__}: {error}"[:100]
        if why:
            failures[why] = failures.get(why, 0) + 1
        else:
            counts.append(atoms.calc.count)
    return {
        "starts": len(starts),
        "found": len(counts),
        "median": float(np.median(counts)) if counts else None,
        "mean": round(float(np.mean(counts)), 1) if counts else None,
        "gradients": counts,
        "failures": failures,
        "seconds": round(time.perf_counter() - clock, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("starts", help="the starts that the example has written")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=["plane", "from_minimum", "near_saddle"])
    parser.add_argument("--cap", type=int, default=2000, help="gradients a search may spend [default: 2000]")
    parser.add_argument("--json", metavar="FILE", help="write the numbers and the versions there, too")
    arguments = parser.parse_args()

    warnings.filterwarnings("ignore")
    with open(arguments.starts) as file:
        starts = json.load(file)
    versions = {name: version(name) for name in ("ase", "sella", "numpy", "scipy")}
    versions["python"] = sys.version.split()[0]
    results = []
    for method in arguments.methods:
        for row in arguments.rows:
            result = run_row(method, starts[row], arguments.cap)
            results.append({"method": method, "row": row, **result})
            print(
                f"{method}, {ROWS[row]}: {result['found']} of {result['starts']}, median {result['median']}, "
                f"mean {result['mean']}; {result['failures'] or 'no failures'}",
                flush=True,
            )
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"versions": versions, "cap": arguments.cap, "fmax": FMAX, "results": results}, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
