"""Functions that compute with fewer digits than their arguments have."""

import numpy as np
import pytest

import deo


def matrix(n, seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    return (a + a.T) / 2


def in_single(a):
    """½⟨y, Ay⟩ + Σ sin y, y = x rounded to float32, and all of it in float32."""
    a = a.astype(np.float32)

    def fun(x):
        y = x.astype(np.float32)
        return float(y @ (a @ y) / 2 + np.sin(y).sum()), (a @ y + np.cos(y)).astype(np.float64)

    return fun


@pytest.mark.parametrize("seed", range(6))
def test_the_bars_of_a_function_in_single_precision_hold(seed):
    n = 60
    a, x = matrix(n, seed), np.random.default_rng(seed + 100).normal(size=60)
    exact = np.linalg.eigvalsh(a.astype(np.float32).astype(np.float64) - np.diag(np.sin(x)))
    c = deo.curvature(in_single(a), x, seed=seed)
    # Believing in sixteen digits, it found 0 or anything, and stated 1e-6.
    assert abs(c.value - exact[0]) < max(c.error, 1e-3), (c, exact[0])
    assert 1e-5 < c.error < 0.3 * abs(exact[0]), c
    s = deo.spectrum(in_single(a), x, which="both", rule="central", tol=1e-2, seed=seed)
    assert np.all(np.abs(s.values - exact[[0, -1]]) < np.maximum(s.errors, 1e-3)), (s, exact[[0, -1]])
    assert np.all(s.errors < 0.3 * np.abs(exact[[0, -1]])), s
    point = deo.certify(in_single(a), x, gtol=1e9, seed=seed)
    assert point.kind != "minimum" and abs(point.lowest - exact[0]) < max(point.error + point.residual, 1e-3)


def test_double_precision_is_believed():
    a, x = matrix(40, 1), np.random.default_rng(0).normal(size=40)
    counted = []

    def fun(y):
        counted.append(1)
        return float(y @ a @ y / 2), a @ y

    c = deo.curvature(fun, x)
    assert abs(c.value - np.linalg.eigvalsh(a)[0]) < c.error and c.secant_error < 1e-5
    assert c.gradients == len(counted), "what was spent on the question is counted"


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_function_that_changes_quickly_is_no_noise(scale):
    """Its third derivative is a derivative: the length stays, and with it the digits."""
    s, x = 1e-3, scale * np.random.default_rng(3).normal(size=20)

    def fun(y):
        return float(s * s * np.sin(y / (s * scale)).sum()), s / scale * np.cos(y / (s * scale))

    exact = (-np.sin(x / (s * scale)) / scale**2).min()
    c = deo.curvature(fun, x, tol=1e-4)
    assert abs(c.value - exact) < 1e-3 * abs(exact), (c, exact)


def test_noise_of_its_own():
    """A gradient with a relative noise of 1e-6, as of a quadrature that ends early."""
    a, x = matrix(40, 2), np.random.default_rng(1).normal(size=40)

    def fun(y):
        g = a @ y
        state = int.from_bytes(y.tobytes()[:8], "little") % 2**32
        return float(y @ g / 2), g + 1e-6 * np.abs(g).max() * np.random.default_rng(state).normal(size=40)

    exact = np.linalg.eigvalsh(a)[0]
    c = deo.curvature(fun, x, certify=True)
    assert abs(c.value - exact) < max(c.error, 1e-3) and c.error < 0.2 * abs(exact), (c, exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_half_precision_is_seen(dtype):
    """½⟨y, Ay⟩ with y = x rounded to float16, and the gradient too: its digits give it away."""
    n = 60
    a = matrix(n, 5).astype(np.float16).astype(np.float64)
    x = np.random.default_rng(7).normal(size=n).astype(dtype)

    def fun(x):
        y = x.astype(np.float16).astype(np.float64)
        return float(y @ a @ y / 2), (a @ y).astype(np.float16).astype(dtype)

    exact = np.linalg.eigvalsh(a)
    c = deo.curvature(fun, x)
    assert abs(c.value - exact[0]) < c.error and 1e-3 < c.error < 0.5 * abs(exact[0]), (c, exact[0])
    s = deo.spectrum(fun, x, which="both", tol=0.1, max_gradients=300)
    assert np.all(np.abs(s.values - exact[[0, -1]]) < s.errors), (s, exact[[0, -1]])


def test_short_numbers_of_an_exact_function_are_no_noise():
    d = np.arange(1.0, 21.0)
    c = deo.curvature(lambda x: (float(d @ (x * x)) / 2, d * x), np.ones(20))
    assert abs(c.value - 1) < max(c.error, 1e-6) and c.secant_error < 1e-6, c
