"""SciPy's minimizers leave saddles, and never end higher than without."""

import numpy as np
import pytest

scipy_optimize = pytest.importorskip("scipy.optimize", reason="SciPy isn't installed: deo.scipy is not tested")

import deo  # noqa: E402
import deo.scipy  # noqa: E402

METHODS = ["BFGS", "L-BFGS-B", "CG", "Newton-CG", "TNC", "SLSQP"]


def ridge(x):
    """Minima at (±1, 0, …), a saddle at 0."""
    g = 2 * x
    g[0] = x[0] ** 3 - x[0]
    return x[0] ** 4 / 4 - x[0] ** 2 / 2 + (x[1:] ** 2).sum(), g


def octopus(x):
    """Σ (x⁴/4 − x²/2): saddles wherever components vanish, minima at ±1."""
    return (x**4 / 4 - x**2 / 2).sum(), x**3 - x


def phase(seed):
    """Phase retrieval, ¼ mean ((aᵀx)² − b)²: a saddle at 0's orthogonal complement."""
    rng = np.random.default_rng(seed)
    a, truth = rng.normal(size=(60, 6)), rng.normal(size=6)
    b = (a @ truth) ** 2

    def fun(x):
        p = a @ x
        r = p * p - b
        return (r * r).mean() / 4, a.T @ (r * p) / len(b)

    return fun


def factorisation(seed):
    """½‖UVᵀ − M‖², started with equal columns, which gradients keep equal."""
    rng = np.random.default_rng(seed)
    m = rng.normal(size=(5, 2)) @ rng.normal(size=(2, 4))

    def fun(x):
        u, v = x[:10].reshape(5, 2), x[10:].reshape(4, 2)
        r = u @ v.T - m
        return (r * r).sum() / 2, np.r_[(r @ v).ravel(), (r.T @ u).ravel()]

    start = np.r_[
        np.repeat(rng.normal(size=(5, 1)), 2, 1).ravel(),
        np.repeat(rng.normal(size=(4, 1)), 2, 1).ravel(),
    ]
    return fun, start


@pytest.mark.parametrize("method", METHODS)
def test_from_a_ridge(method):
    x0 = np.array([0.0, 1.0, -0.5])
    alone = scipy_optimize.minimize(ridge, x0, jac=True, method=method)
    assert abs(alone.fun) < 1e-6  # it stops at the saddle
    r = scipy_optimize.minimize(ridge, x0, jac=True, method=deo.scipy.escaping(method))
    assert r.success and r.deo.certificate.kind == "minimum" and r.deo.escapes == 1
    assert abs(r.fun + 0.25) < 1e-6 and r.deo.left == (alone.fun,)
    assert r.nfev > alone.nfev and r.deo.gradients > 0 and r.deo.losses > 0


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG"])
def test_saddles_of_many_kinds_20_seeds(method):
    escapes = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        start = rng.normal(size=6) * (rng.random(6) < 0.5)
        fun, equal = factorisation(seed)
        for name, f, x0 in [
            ("octopus", octopus, start),
            ("phase", phase(seed), np.zeros(6)),
            ("factorisation", fun, equal),
        ]:
            alone = scipy_optimize.minimize(f, x0, jac=True, method=method)
            r = scipy_optimize.minimize(f, x0, jac=True, method=deo.scipy.escaping(method))
            assert r.fun <= alone.fun, (name, seed)
            assert not r.deo.certificate.negative, (name, seed, r.deo)
            if name != "factorisation":  # whose minima are not isolated: flat
                assert r.deo.certificate.kind == "minimum", (name, seed, r)
            escapes += r.deo.escapes
    assert escapes >= 40


def test_more_escapes_never_end_higher():
    before = np.inf
    for most in range(6):
        r = scipy_optimize.minimize(octopus, np.zeros(5), jac=True, method=deo.scipy.escaping("BFGS", max_escapes=most))
        assert r.fun <= before
        before = r.fun
        if most == 0:
            assert not r.success and "max_escapes" in r.message
    assert r.deo.certificate.kind == "minimum"


def test_bounds_hold_and_are_no_saddles():
    def fun(x):  # −x₀² + x₁², x₀ in [−1, 2]
        return -(x[0] ** 2) + x[1] ** 2, np.array([-2 * x[0], 2 * x[1]])

    for bounds in ([(-1, 2), (None, None)], scipy_optimize.Bounds([-1, -np.inf], [2, np.inf])):
        r = scipy_optimize.minimize(fun, [0.0, 1.0], jac=True, bounds=bounds, method=deo.scipy.escaping("L-BFGS-B"))
        assert r.success and r.fun <= -1 + 1e-9 and -1 <= r.x[0] <= 2
        assert r.deo.free.tolist() == [False, True] and r.deo.certificate.kind == "minimum"


def test_arguments_of_minimize_arrive():
    seen = []

    def fun(x, a):
        return a * (x[0] ** 4 / 4 - x[0] ** 2 / 2)

    r = scipy_optimize.minimize(
        fun,
        np.zeros(1),
        args=(2.0,),
        jac=lambda x, a: a * (x**3 - x),
        tol=1e-9,
        callback=lambda x: seen.append(x.copy()),
        options={"maxiter": 50},
        method=deo.scipy.escaping("BFGS", seed=3),
    )
    assert abs(r.fun + 0.5) < 1e-9 and seen


def test_bad_input():
    with pytest.raises(ValueError, match="Nelder"):
        deo.scipy.escaping("Nelder-Mead")
    with pytest.raises(TypeError, match="speed"):
        deo.scipy.escaping("BFGS", speed=3)
    escaping = deo.scipy.escaping("BFGS")
    with pytest.raises(ValueError, match="jac"):
        scipy_optimize.minimize(lambda x: x @ x, np.ones(2), method=escaping)
    with pytest.raises(ValueError, match="bounds"):
        scipy_optimize.minimize(ridge, np.ones(2), jac=True, method=escaping, bounds=[(0, 1)] * 2)
    with pytest.raises(ValueError, match="constraints"):
        scipy_optimize.minimize(
            ridge,
            np.ones(2),
            jac=True,
            method=escaping,
            constraints=[{"type": "eq", "fun": lambda x: x[0]}],
        )

    def boom(x):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        scipy_optimize.minimize(boom, np.ones(2), jac=True, method=escaping)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG", "Newton-CG", "SLSQP"])
@pytest.mark.parametrize("last", [1, 3, 9])
def test_a_callback_that_stops(method, last):
    """By StopIteration, before the first saddle or after it: nothing more is evaluated, as with the method alone."""
    seen, after = [], []

    def fun(x):
        if len(seen) >= last:
            after.append(x)
        return ridge(x)

    def callback(intermediate_result):
        seen.append(intermediate_result.x)
        if len(seen) >= last:
            raise StopIteration

    options = {"jac": True, "callback": callback}
    alone = scipy_optimize.minimize(fun, [0.0, 1.0, -0.5], method=method, **options)
    expected, after[:] = len(after), []
    stopped, seen[:] = len(seen) == last, []
    r = scipy_optimize.minimize(fun, [0.0, 1.0, -0.5], method=deo.scipy.escaping(method), **options)
    if stopped:
        assert r.status == alone.status and len(after) == expected
    assert len(seen) <= last
    if len(seen) == last:
        assert r.deo.certificate is None and r.status == 99


def test_arguments():
    with pytest.raises(ValueError, match="longest"):
        deo.scipy.escaping("BFGS", longest=-1.0)
    scaled = scipy_optimize.minimize(
        lambda x, a: tuple(a * part for part in ridge(x)), [0.0, 1.0], args=2.0, jac=True, method=deo.scipy.escaping()
    )
    assert abs(scaled.fun + 0.5) < 1e-6
