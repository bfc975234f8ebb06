"""ARPACK beside deo's Krylov on the spectra of the example `multiplicity` of deo-core: products and right lists.

    cargo run --release -p deo-core --example multiplicity -- --json > multiplicity.jsonl
    python multiplicity.py multiplicity.jsonl

Needs numpy and scipy. ARPACK runs at the same tolerance, 1e-3, and at its default, machine precision: at the first it finds an
eigenvalue that repeats once, at the second mostly as often as it repeats, thanks to rounding.
"""

import json
import sys

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

SEEDS = 3


def arpack(spectrum, which, count, tolerance, seed):
    """(products, list is right) of one run."""
    rng = np.random.default_rng(seed)
    n = len(spectrum)
    mirror = rng.standard_normal(n)
    mirror /= np.linalg.norm(mirror)
    products = 0

    def product(v):
        nonlocal products
        products += 1
        v = v.ravel()
        v = v - 2 * mirror * (mirror @ v)
        v = spectrum * v
        return v - 2 * mirror * (mirror @ v)

    operator = LinearOperator((n, n), matvec=product, dtype=float)
    ncv = min(n, max(2 * count + 1, 20))
    end = "SA" if which == "Lowest" else "LA"
    try:
        values = eigsh(operator, count, which=end, tol=tolerance, ncv=ncv, maxiter=200,
                       v0=rng.standard_normal(n), return_eigenvectors=False)
    except ArpackNoConvergence:
        return products, False
    values = np.sort(values)
    right = spectrum[:count] if which == "Lowest" else spectrum[-count:]
    allowed = np.maximum(1e-3 * np.abs(right), 1e-10 * np.abs(spectrum).max())
    return products, bool(np.all(np.abs(values - right) <= allowed))


def main():
    rows = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
    kinds = {}
    for row in rows:
        spectrum, count = np.array(row["spectrum"]), row["count"]
        if count >= len(spectrum):
            continue
        kind = kinds.setdefault(row["name"].split(" N")[0].split(" ")[0], [])
        both = [[arpack(spectrum, row["which"], count, tol, seed) for seed in range(SEEDS)] for tol in (1e-3, 0)]
        means = [np.mean([p for p, _ in runs]) for runs in both]
        rights = [np.mean([r for _, r in runs]) for runs in both]
        kind.append([row["products"], *means, row["called"] / row["runs"], row["wrong"], *rights, row["products"] <= 2 * means[0], row["products"] <= 2 * means[1]])
    print("kind, cells, products ours, ARPACK 1e-3, ARPACK 0, called, wrong, right 1e-3, right 0, cells within 2x of 1e-3, of 0")
    for name, cells in kinds.items():
        m = np.array(cells, float)
        print(f"{name}, {len(m)}, {m[:,0].mean():.1f}, {m[:,1].mean():.1f}, {m[:,2].mean():.1f}, {m[:,3].mean():.3f}, {m[:,4].sum():.0f}, "
              f"{m[:,5].mean():.2f}, {m[:,6].mean():.2f}, {m[:,7].mean():.2f}, {m[:,8].mean():.2f}")


if __name__ == "__main__":
    main()
