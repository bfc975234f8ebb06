#!/usr/bin/env python3
"""The lowest eigenpair by DEO, PRIMME and ARPACK: products and seconds to the same residual, with the same memory.

    python experiments/curvature/lowest_pair.py --seeds 8
    python experiments/curvature/lowest_pair.py --sizes 100000 1000000 --problems laplacian --seeds 1

needs a python with deo (crates/deo-python), numpy, scipy and primme, which builds with gfortran and OpenBLAS's headers. All are
given the same matrix as a function, in f64, the same random start and the same number of basis vectors, and end at a residual of
`--tolerance` times the gap, or of the width of the spectrum where the lowest value is repeated. Angle or error against the known
value, medians over seeds. Solvers take turns on every seed; seconds are those of the processor.

    simple       lambda_1 = -1, lambda_2 = -1 + gap exactly, the rest uniform up to 1, in a basis turned by two reflections
    repeated     the same with lambda_1 three times
    laplacian    minus the second difference on a square grid: separated, but with a spectrum 8 wide and a gap of 1/N
"""
import argparse
import platform
import statistics
import time

import deo
import numpy as np
import scipy
import scipy.sparse.linalg as sla

try:
    import primme
except ModuleNotFoundError:
    primme = None  # its rows are left out


class Problem:
    """A symmetric matrix as a function that counts its calls, and what is known of it."""

    def __init__(self, n, product, lowest, scale):
        self.n, self.product, self.lowest, self.scale, self.calls = n, product, lowest, scale, 0

    def __call__(self, v):
        self.calls += 1
        return self.product(np.asarray(v, dtype=float).reshape(-1))

    def operator(self):
        return sla.LinearOperator((self.n, self.n), matvec=self, dtype=float)


def spectrum(n, gap, copies, seed):
    """A spectrum with its lowest value that many times, in a basis that no solver finds by looking at components."""
    rng = np.random.default_rng(seed)
    values = np.concatenate([np.full(copies, -1.0), [-1.0 + gap], rng.uniform(-1.0 + gap, 1.0, n - copies - 1)])
    u, w = rng.standard_normal((2, n))
    u, w = u / np.linalg.norm(u), w / np.linalg.norm(w)

    def turn(x, a):
        return x - 2.0 * (a @ x) * a

    def product(v):
        return turn(turn(values * turn(turn(v, u), w), w), u)

    return Problem(n, product, -1.0, gap)


def laplacian(n):
    """Minus the second difference on a square grid with zeros around it."""
    side = round(n**0.5)

    def product(v):
        x = v.reshape(side, side)
        y = 4.0 * x
        y[1:] -= x[:-1]
        y[:-1] -= x[1:]
        y[:, 1:] -= x[:, :-1]
        y[:, :-1] -= x[:, 1:]
        return y.reshape(-1)

    angle = np.pi / (side + 1)
    lowest = 4.0 - 4.0 * np.cos(angle)
    return Problem(side * side, product, lowest, 2.0 * (np.cos(angle) - np.cos(2.0 * angle)))


def ours(problem, start, residual, memory):
    # The tolerance is relative to the value.
    found = deo.spectrum(
        None, np.zeros(problem.n), hessp=lambda _, v: problem(v), tol=residual / abs(problem.lowest), memory=memory,
        confirm=False, max_gradients=100_000, v0=start,
    )
    return found.values[0], found.vectors[:, 0]


def theirs(method):
    def run(problem, start, residual, memory):
        # A norm given, or PRIMME's tolerance is relative to its own estimate of it.
        values, vectors = primme.eigsh(
            problem.operator(), 1, which="SA", tol=residual, v0=start.reshape(-1, 1), ncv=memory, method=method,
            maxMatvecs=100_000, printLevel=0, aNorm=1.0,
        )
        return values[0], vectors[:, 0]

    return run


def arpack(problem, start, residual, memory):
    # ARPACK's tolerance is relative to the value.
    values, vectors = sla.eigsh(
        problem.operator(), 1, which="SA", tol=residual / abs(problem.lowest), v0=start, ncv=memory, maxiter=100_000,
    )
    return values[0], vectors[:, 0]


SOLVERS = {
    "deo": ours,
    "PRIMME, GD+k": theirs("PRIMME_GD_Olsen_plusK"),
    "PRIMME, JDQMR": theirs("PRIMME_JDQMR"),
    "PRIMME, its default": theirs("PRIMME_DYNAMIC"),
    "ARPACK": arpack,
}
if primme is None:
    SOLVERS = {name: solve for name, solve in SOLVERS.items() if "PRIMME" not in name}


def race(make, options):
    rows = {name: [] for name in SOLVERS}
    for seed in range(options.seeds):
        problem = make(seed)
        start = np.random.default_rng(1000 + seed).standard_normal(problem.n)
        residual = options.tolerance * problem.scale
        for name, solve in SOLVERS.items():
            problem.calls, begin = 0, time.process_time()
            try:
                value, vector = solve(problem, start.copy(), residual, options.memory)
            except Exception as error:  # a solver's own word for "not converged"
                print(f"{name}: {error}")
                rows[name].append((float("inf"),) * 4)
                continue
            seconds, calls = time.process_time() - begin, problem.calls
            vector = vector / np.linalg.norm(vector)
            left = np.linalg.norm(problem.product(vector) - value * vector) / residual
            rows[name].append((calls, seconds, left, abs(value - problem.lowest)))
    return {name: [statistics.median(column) for column in zip(*row)] for name, row in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", default=["simple", "repeated", "laplacian"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--gaps", type=float, nargs="+", default=[0.1, 0.01])
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--memory", type=int, default=20, help="basis vectors of every solver")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="the residual, in units of the gap")
    options = parser.parse_args()
    print(f"python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, deo {deo.__version__}")
    for kind in options.problems:
        for n in options.sizes:
            copies = 3 if kind == "repeated" else 1
            cases = {"": lambda seed: laplacian(n)} if kind == "laplacian" else {
                f", gap {gap}": lambda seed, gap=gap: spectrum(n, gap, copies, seed) for gap in options.gaps
            }
            for suffix, make in cases.items():
                print(f"\n{kind}, n = {n}{suffix}\n{'':24}{'products':>10}{'seconds':>10}{'residual':>10}{'error':>10}")
                for name, (calls, seconds, left, error) in race(make, options).items():
                    print(f"{name:24}{calls:10.1f}{seconds:10.2f}{left:10.2f}{error:10.0e}", flush=True)


if __name__ == "__main__":
    main()
