"""SciPy's minimizers stop at saddles; certified, they go on.

Three landscapes, each started where symmetry leads a minimizer into a saddle. Run: python scipy_saddles.py
"""

import numpy as np
import scipy.optimize

import deo


def octopus(x):
    """Σ x⁴/4 − x²/2: a component that starts at 0 stays there."""
    return (x**4 / 4 - x**2 / 2).sum(), x**3 - x


rng = np.random.default_rng(0)
A, TRUTH = rng.normal(size=(80, 8)), rng.normal(size=8)
B = (A @ TRUTH) ** 2


def phase_retrieval(x):
    """¼ mean ((aᵀx)² − b)², whose gradient vanishes at 0."""
    p = A @ x
    r = p * p - B
    return (r * r).mean() / 4, A.T @ (r * p) / len(B)


M = rng.normal(size=(5, 2)) @ rng.normal(size=(2, 4))


def factorisation(x):
    """½‖UVᵀ − M‖², whose equal columns stay equal."""
    u, v = x[:10].reshape(5, 2), x[10:].reshape(4, 2)
    r = u @ v.T - M
    return (r * r).sum() / 2, np.r_[(r @ v).ravel(), (r.T @ u).ravel()]


EQUAL = np.r_[np.repeat(rng.normal(size=5), 2), np.repeat(rng.normal(size=4), 2)]


def main():
    print(f"{'problem':16} {'method':10} {'alone':>10} {'escaping':>10}  saddles left, certificate")
    for name, fun, x0 in [
        ("octopus", octopus, np.r_[0.7, np.zeros(5)]),
        ("phase retrieval", phase_retrieval, np.zeros(8)),
        ("factorisation", factorisation, EQUAL),
    ]:
        for method in ("BFGS", "L-BFGS-B", "Newton-CG"):
            alone = scipy.optimize.minimize(fun, x0, jac=True, method=method)
            r = scipy.optimize.minimize(fun, x0, jac=True, method=deo.scipy.escaping(method))
            c = r.deo.certificate
            verdict = c.kind if c.kind != "undecided" else f"undecided ({c.doubt})"
            print(f"{name:16} {method:10} {alone.fun:10.5f} {r.fun:10.5f}  {r.deo.escapes}, {verdict}")
            assert r.fun < alone.fun - 1e-3 and not c.negative


if __name__ == "__main__":
    main()
