"""curvature, spectrum, certify and escape against NumPy's own eigenvalues and closed forms."""

import dataclasses
import signal
import threading

import numpy as np
import pytest

import deo


def symmetric(n, seed=0):
    a = np.random.default_rng(seed).normal(size=(n, n))
    return (a + a.T) / 2


def quadratic(a):
    return lambda x: (float(x @ a @ x) / 2, a @ x)


def with_spectrum(values, seed=0):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values), len(values))))
    return (q * values) @ q.T


class TestCurvature:
    @pytest.mark.parametrize("n", [1, 2, 5, 50, 300])
    @pytest.mark.parametrize("which", ["lowest", "highest"])
    def test_against_eigh(self, n, which):
        a = symmetric(n)
        c = deo.curvature(quadratic(a), np.ones(n), which=which, tol=1e-3)
        values, vectors = np.linalg.eigh(a)
        i = 0 if which == "lowest" else -1
        assert c.converged
        assert abs(c.value - values[i]) < 1e-4 * abs(values[i])
        assert np.linalg.norm(a @ c.axis - c.value * c.axis) < 2e-3 * abs(c.value) + 1e-6
        assert abs(np.linalg.norm(c.axis) - 1) < 1e-12

    def test_float32_has_a_larger_error_and_says_so(self):
        a = symmetric(40).astype(np.float32)
        c = deo.curvature(quadratic(a), np.ones(40, np.float32))
        assert c.axis.dtype == np.float32
        exact = np.linalg.eigvalsh(a.astype(float))[0]
        assert abs(c.value - exact) < 3 * c.error + 1e-3 * abs(exact)
        assert c.error > 1e-7

    def test_a_nonlinear_function(self):
        def fun(x):  # Hessian −cos(x_i) on the diagonal
            return np.cos(x).sum(), -np.sin(x)

        x = np.array([0.3, 1.0, 2.0, 3.0])
        c = deo.curvature(fun, x, tol=1e-4)
        assert abs(c.value + np.cos(0.3)) < c.error < 1e-3
        assert c.evidence == "two lengths"

    def test_shapes_jac_args_and_a_gradient_alone(self):
        a = np.arange(1.0, 7.0).reshape(2, 3) - 3.5
        x = np.zeros((2, 3))

        def grad(x, a):
            assert x.shape == (2, 3)
            return a * x

        alone = deo.curvature(grad, x, args=(a,))
        both = deo.curvature(lambda x, a: (a * x * x).sum() / 2, x, jac=grad, args=(a,))
        assert alone.axis.shape == (2, 3)
        assert alone.value == both.value
        assert abs(alone.value + 2.5) < 2 * alone.error

    def test_products_are_exact(self):
        a = symmetric(60)
        c = deo.curvature(None, np.zeros(60), hessp=lambda x, v: a @ v, tol=1e-6)
        assert abs(c.value - np.linalg.eigvalsh(a)[0]) < 1e-9

    def test_seeds_and_starts(self):
        a = symmetric(50)
        same = [deo.curvature(quadratic(a), np.ones(50), seed=3) for _ in range(2)]
        assert np.array_equal(same[0].axis, same[1].axis)
        v0 = np.linalg.eigh(a)[1][:, 0]
        assert deo.curvature(quadratic(a), np.ones(50), v0=v0).gradients < same[0].gradients

    def test_an_unconverged_one_says_so(self):
        c = deo.curvature(quadratic(symmetric(300)), np.ones(300), max_gradients=4, tol=1e-8)
        assert not c.converged and c.status == "budget"
        assert "NOT CONVERGED" in repr(c)

    def test_results_are_frozen(self):
        c = deo.curvature(quadratic(np.eye(2)), np.ones(2))
        with pytest.raises(dataclasses.FrozenInstanceError):
            c.value = 1.0

    def test_the_function_may_keep_and_change_its_argument(self):
        a = symmetric(10)
        kept = []

        def fun(x):
            kept.append(x)
            g = a @ x
            x += 1e3
            return g

        c = deo.curvature(fun, np.ones(10))
        assert abs(c.value - np.linalg.eigvalsh(a)[0]) < 1e-3
        assert len({id(x) for x in kept}) == len(kept)


class TestSpectrum:
    @pytest.mark.parametrize("which", ["lowest", "highest", "both"])
    def test_against_eigh(self, which):
        a = symmetric(200)
        values, _ = np.linalg.eigh(a)
        s = deo.spectrum(quadratic(a), np.zeros(200), k=3, which=which)
        exact = {
            "lowest": values[:3],
            "highest": values[-3:],
            "both": np.r_[values[:3], values[-3:]],
        }
        assert np.allclose(s.values, exact[which], rtol=1e-5)
        assert s.converged.all() and s.confirmed
        assert s.vectors.shape == (200, len(s.values))
        assert np.allclose(s.vectors.T @ s.vectors, np.eye(len(s.values)), atol=1e-6)
        assert (np.linalg.norm(a @ s.vectors - s.vectors * s.values, axis=0) < 5e-3 * abs(s.values)).all()

    def test_repeated_eigenvalues_are_found_as_often_as_they_are_there(self):
        a = with_spectrum([-1, -1, -1, 0.5, *np.linspace(1, 2, 30)])
        s = deo.spectrum(quadratic(a), np.zeros(34), k=4)
        assert np.allclose(s.values, [-1, -1, -1, 0.5], atol=1e-5)

    def test_like_eigsh(self):
        sparse = pytest.importorskip("scipy.sparse.linalg")
        a = symmetric(150, seed=4)
        theirs = sparse.eigsh(a, k=4, which="SA")[0]
        ours = deo.spectrum(None, np.zeros(150), k=4, hessp=lambda x, v: a @ v).values
        assert np.allclose(ours, np.sort(theirs), rtol=1e-5)

    def test_an_unconverged_one_says_so(self):
        s = deo.spectrum(quadratic(symmetric(300)), np.ones(300), k=3, max_gradients=12)
        assert not s.converged.all()
        assert "not converged" in repr(s) and "UNCONFIRMED" in repr(s)

    def test_the_errors_hold(self):
        a = symmetric(120, seed=9)
        exact = np.linalg.eigvalsh(a)
        for seed in range(10):
            s = deo.spectrum(quadratic(a), np.ones(120), k=2, tol=1e-2, seed=seed)
            assert (np.abs(s.values - exact[:2]) <= 3 * s.errors + 1e-9).all()


class TestCertify:
    @pytest.mark.parametrize(
        ("values", "kind", "index"),
        [
            ([1, 2, 3], "minimum", 0),
            ([-1, 2, 3], "saddle", 1),
            ([-1, -2, -3, 0.5], "saddle", 3),
            ([-1, -2, -3], "maximum", None),
            ([-1], "maximum", None),
            ([1], "minimum", 0),
            ([1, -1e-6], "saddle", 1),
            ([1, 1e-6], "minimum", 0),
        ],
    )
    def test_kinds(self, values, kind, index):
        c = deo.certify(quadratic(with_spectrum(values)), np.zeros(len(values)))
        assert (c.kind, c.index) == (kind, index), c
        if kind != "maximum":
            assert abs(c.lowest - min(values)) <= c.error + c.residual + 1e-9

    def test_undecided_says_why(self):
        flat = deo.certify(lambda x: np.array([x[0], x[1] ** 3]), np.zeros(2))
        assert (flat.kind, flat.doubt) == ("undecided", "flat") and "zero" in repr(flat)
        slope = deo.certify(quadratic(np.eye(2)), np.ones(2))
        assert (slope.kind, slope.doubt) == ("undecided", "not stationary")
        assert deo.certify(quadratic(np.eye(2)), np.ones(2), gtol=10.0).kind == "minimum"
        few = deo.certify(quadratic(with_spectrum(np.geomspace(1e-6, 1, 200))), np.zeros(200), max_gradients=60)
        assert few.kind == "undecided"

    def test_300_saddles_none_called_a_minimum(self):
        rng = np.random.default_rng(1)
        for _ in range(300):
            n = int(rng.integers(2, 60))
            d = np.exp(rng.normal(size=n))
            negative = int(rng.integers(1, 1 + n // 2))
            d[rng.permutation(n)[:negative]] *= -1
            d = rng.permutation(d)
            c = deo.certify(lambda x, d=d: d * x, np.zeros(n), starts=1)
            assert c.kind in ("saddle", "maximum", "undecided"), (n, negative, c)
            assert c.negative

    @pytest.mark.parametrize("noise", [1e-8, 1e-6, 1e-4, 1e-2])
    def test_noise_never_makes_a_minimum_of_a_saddle(self, noise):
        rng = np.random.default_rng(2)
        for lowest in [-1e-1, -1e-3, -1e-5]:
            d = np.ones(30)
            d[11] = lowest

            def fun(x, d=d):
                g = d * x + noise * rng.normal(size=30)
                return d @ x**2 / 2 + noise * rng.normal(), g

            c = deo.certify(fun, np.zeros(30), gtol=1.0)
            assert c.kind in ("saddle", "undecided"), c
            assert 0.3 < c.gradient_noise / noise < 3
            if c.kind == "undecided":
                assert c.resolvable > abs(lowest)

    def test_jac_and_v0(self):
        a = with_spectrum([-1, 1, 2])
        c = deo.certify(lambda x: x @ a @ x / 2, np.zeros(3), jac=lambda x: a @ x, v0=np.ones(3))
        assert c.kind == "saddle" and np.isfinite(c.loss_noise)


class TestEscape:
    def test_to_a_lower_point_on_both_kinds_of_side(self):
        # The fall is to the left only.
        def fun(x):
            return -1e-3 * x[0] ** 2 + x[0] ** 3 + x[1] ** 2, np.array([-2e-3 * x[0] + 3 * x[0] ** 2, 2 * x[1]])

        left = deo.escape(fun, np.zeros(2))
        assert left.moved and left.loss < 0 and left.x[0] < 0
        assert left.decrease == -left.loss
        assert left.certificate.kind == "saddle"

    def test_a_minimum_is_not_left(self):
        left = deo.escape(quadratic(np.eye(3)), np.zeros(3))
        assert not left.moved and left.losses == 0 and "NOT MOVED" in repr(left)

    def test_a_certificate_is_used(self):
        fun = quadratic(np.diag([1.0, -1.0]))
        c = deo.certify(fun, np.zeros(2))
        left = deo.escape(fun, np.zeros(2), c)
        assert left.moved and left.certificate is c
        with pytest.raises(ValueError, match="shape"):
            deo.escape(fun, np.zeros(3), c)

    def test_no_point_is_evaluated_twice(self):
        points = []

        def fun(x):
            return float(x[1] ** 2 - np.cosh(x[0])), np.array([-np.sinh(x[0]), 2 * x[1]])

        c = deo.certify(fun, np.zeros(2))
        left = deo.escape(lambda x: points.append(x.tobytes()) or fun(x), np.zeros(2), c)
        assert left.moved and len(set(points)) == len(points)
        assert np.zeros(2).tobytes() not in points

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_beside_a_large_constant(self, dtype):
        def fun(x):
            return dtype(1e4) + dtype(np.cos(x[0]) + x[1] ** 2), np.array([-np.sin(x[0]), 2 * x[1]], dtype)

        left = deo.escape(fun, np.zeros(2, dtype))
        assert left.moved and left.loss < 1e4 + 1
        assert left.x.dtype == dtype

    def test_needs_a_loss(self):
        with pytest.raises(TypeError, match="loss is needed"):
            deo.escape(lambda x: np.array([1.0, -1.0]) * x, np.zeros(2))


class TestBadInput:
    def test_arrays(self):
        fun = quadratic(np.eye(2))
        for x, error, words in [
            (np.ones(2, complex), TypeError, "complex128"),
            (np.ones(2, np.float16), TypeError, "float16"),
            (np.array([]), ValueError, "empty"),
            (np.ones(4)[::2], ValueError, "ascontiguousarray"),
            (np.array([np.nan, 1.0]), ValueError, "NaN"),
            (np.ones(2, ">f8"), TypeError, "byte order"),
        ]:
            for function in (deo.curvature, deo.spectrum, deo.certify, deo.escape):
                with pytest.raises(error, match=words):
                    function(fun, x)
        assert deo.curvature(fun, [1, 2]).value == pytest.approx(1)

    def test_what_fun_returns(self):
        for result, error, words in [
            (None, TypeError, "None"),
            (1.0, ValueError, "jac"),
            ((1.0, np.ones(3)), ValueError, "shape"),
            ((np.ones(2), np.ones(2)), TypeError, "loss"),
            ((1.0, None), TypeError, "None"),
            ((1.0, np.ones(2), 3), TypeError, "3 values"),
            ((1.0, np.ones(2) * 1j), TypeError, "complex"),
            ((1j, np.ones(2)), TypeError, "real number"),
            ("text", TypeError, "dtype"),
        ]:
            with pytest.raises(error, match=words):
                deo.certify(lambda x, result=result: result, np.ones(2))

    def test_settings(self):
        fun, x = quadratic(np.eye(2)), np.ones(2)
        for call, words in [
            (lambda: deo.curvature(fun, x, which="least"), "which"),
            (lambda: deo.curvature(fun, x, rule="fast"), "rule"),
            (lambda: deo.curvature(fun, x, tol=-1), "tolerance"),
            (lambda: deo.curvature(fun, x, length=0.0), "length"),
            (lambda: deo.curvature(fun, x, max_gradients=0), "max_gradients"),
            (lambda: deo.curvature(fun, x, v0=np.ones(3)), "v0 has 3"),
            (lambda: deo.curvature(fun, x, v0=np.zeros(2)), "not zero"),
            (lambda: deo.spectrum(fun, x, k=3), "3 eigenpairs"),
            (lambda: deo.spectrum(fun, x, k=0), "k is 0"),
            (lambda: deo.spectrum(fun, x, memory=2), "memory"),
            (lambda: deo.spectrum(fun, x, which="all"), "which"),
            (lambda: deo.certify(fun, x, starts=0), "starts"),
            (lambda: deo.curvature(fun, x, seed=-1), "seed"),
        ]:
            with pytest.raises(ValueError, match=words):
                call()
        for call in (
            lambda: deo.curvature(3, x),
            lambda: deo.curvature(fun, x, jac=3),
            lambda: deo.curvature(None, x),
        ):
            with pytest.raises(TypeError):
                call()

    def test_exceptions_are_the_callers_own(self):
        class Mine(Exception):
            pass

        for at in range(1, 12):
            calls = 0

            def fun(x, at=at):
                nonlocal calls
                calls += 1
                if calls == at:
                    raise Mine(at)
                return float(x[0] ** 2 - x[1] ** 2), np.array([2 * x[0], -2 * x[1]])

            for function in (deo.curvature, deo.spectrum, deo.certify, deo.escape):
                calls = 0
                try:
                    function(fun, np.zeros(2))
                except Mine as error:
                    assert error.args == (at,)
                assert calls <= at or at > 3, "called again after it had failed"

    def test_keyboard_interrupt(self):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it

        def fun(x):
            if threading.current_thread() is threading.main_thread():
                signal.raise_signal(signal.SIGINT)
            return x

        try:
            with pytest.raises(KeyboardInterrupt):
                deo.spectrum(fun, np.ones(3))
        finally:
            signal.signal(signal.SIGINT, before)

    def test_nan_is_reported(self):
        def fun(x):
            return np.where(np.all(x == 1), 1.0, np.nan) * x

        assert deo.curvature(fun, np.ones(3)).status == "nonfinite"
        c = deo.certify(fun, np.ones(3))
        assert (c.kind, c.doubt) == ("undecided", "nonfinite")
        assert "finite" in repr(deo.spectrum(fun, np.ones(3)))

    def test_unknown_attribute(self):
        with pytest.raises(AttributeError, match="nothing"):
            deo.nothing  # noqa: B018


def test_threads_may_call_at_once():
    a = symmetric(80)
    exact = np.linalg.eigvalsh(a)[0]
    found = [None] * 4

    def work(i):
        found[i] = deo.curvature(quadratic(a), np.ones(80), seed=i, tol=1e-3).value

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert np.allclose(found, exact, rtol=1e-4)


class TestGiven:
    """What SciPy takes is taken, and what has no meaning is refused before anything is spent."""

    def test_as_scipy_takes_it(self):
        d = np.array([1.0, -2.0, 3.0])
        fun = lambda x: [x @ (d * x) / 2, d * x]  # a list for a pair  # noqa: E731
        assert abs(deo.curvature(fun, np.ones(3)).value + 2) < 1e-2
        assert deo.certify(fun, np.zeros(3)).index == 1
        assert abs(deo.curvature(lambda x: [-x[0], 2 * x[1]], np.ones(2)).value + 1) < 1e-2  # a gradient of two
        for args in (2.0, (2.0,)):  # one argument needs no tuple
            assert abs(deo.curvature(lambda x, a: a * d * x, np.ones(3), args=args).value + 4) < 1e-2
            c = deo.curvature(None, np.ones(3), hessp=lambda x, v, a: a * d * v, args=args)
            assert abs(c.value + 4) < 1e-2
        assert len(deo.spectrum(fun, np.ones(3), k=np.float64(2)).values) == 2

    @pytest.mark.parametrize("wrong", [-1.0, 0.0, np.nan, -np.inf])
    def test_lengths(self, wrong):
        calls = []

        def fun(x):
            calls.append(x)
            return x @ x, 2 * x

        with pytest.raises(ValueError, match="longest"):
            deo.escape(fun, np.zeros(3), longest=wrong)
        if wrong != 0:
            with pytest.raises(ValueError, match="gtol"):
                deo.certify(fun, np.zeros(3), gtol=wrong)
        assert not calls

    @pytest.mark.parametrize("wrong", [None, "many", np.nan, np.inf, 1.5, -1, 1 << 64])
    def test_counts(self, wrong):
        for name in ("seed", "max_gradients"):
            with pytest.raises((TypeError, ValueError), match=name):
                deo.curvature(lambda x: x, np.ones(3), **{name: wrong})

    def test_words(self):
        with pytest.raises(TypeError, match="two parts"):
            deo.curvature(lambda x: x, np.ones(3, complex))
        with pytest.raises(TypeError, match="loss is needed"):
            deo.diagnose(lambda x: x, np.ones(3), lr=0.1)
        with pytest.raises(TypeError, match="certificate is a"):
            deo.escape(lambda x: (x @ x, 2 * x), np.zeros(3), 3.0)
