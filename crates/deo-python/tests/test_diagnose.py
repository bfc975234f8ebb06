"""`deo.diagnose`, against the numbers of the Rust machine and closed forms."""

import json
import math
import pathlib

import numpy as np
import pytest

import deo

# Made by `cargo run -p deo-core --example diagnosis`, whose function this is.
GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden" / "diagnosis.json").read_text())
N = 40
LAMBDA = np.r_[-0.2, 0.3 + 0.02 * np.arange(1, N)]
X = np.r_[1e-3, 1e-2 / np.arange(2, N + 1)]


def batch(raised):
    d = LAMBDA + raised
    return lambda x: (float((d * x * x / 2 + x**4 / 4).sum()), d * x + x**3)


@pytest.mark.parametrize("base", GOLDEN)
def test_the_numbers_are_those_of_rust(base):
    want = GOLDEN[base]
    found = deo.diagnose(
        batch(0.0),
        X,
        lr=0.1,
        base=base,
        momentum=0.9,
        step=-0.15 * batch(0.0)(X)[1],
        metric=0.5 + np.arange(N) / N if base == "adam" else None,
        others=[batch(0.1), batch(0.3)],
    )
    # Three gradients tell that the function computes in double precision.
    assert (found.verdict, found.gradients) == (want["verdict"], want["gradients"] + 3)
    got = {
        **{key: getattr(found, key) for key in want if key not in ("lowest", "highest", "others", "gradients")},
        "lowest": found.lowest.value,
        "highest": found.highest.value,
        "others": found.others.curvature,
    }
    for key, number in want.items():
        if key not in ("verdict", "gradients"):
            # Inner products are summed in another order, and secants of 1e-8 amplify that.
            assert math.isclose(got[key], number, rel_tol=1e-5), key


def test_a_saddle_has_the_numbers_of_its_formulas():
    def fun(x):
        return x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2, np.array([x[0] ** 3 - x[0], 2 * x[1]])

    x, lr = np.array([1e-6, 1e-3]), 0.01
    d = deo.diagnose(fun, x, lr=lr)
    assert d.verdict == "saddle" and d.pays and d.others is None
    assert abs(d.lowest.value + 1) < 1e-3 and abs(d.highest.value - 2) < 1e-3
    assert abs(abs(d.turn) - 1) < 0.1 and abs(d.fall - 0.25) < 0.02 and not d.beyond
    growth = math.log(1 + lr)
    assert abs(d.growth - growth) < 1e-4 * growth
    # R = 1 + D/d with d = 1e-6, the distance from the saddle; ln(R)/r steps.
    assert abs(d.base_gradients / (math.log(1e6) / growth) - 1) < 0.02
    assert d.axis_gradients < 20 and d.unstable > 0
    assert "Gradients" not in repr(d) and "gradients for the axis to pay" in str(d)


def test_the_other_sentences():
    d = np.array([0.5, 1.0, 3.0])

    def bowl(x):
        return float(d @ (x * x)) / 2, d * x

    assert deo.diagnose(bowl, np.zeros(3), lr=0.1).verdict == "minimum"
    valley = deo.diagnose(bowl, np.ones(3), lr=0.1)
    assert valley.verdict == "valley" and not valley.pays
    assert "to leave" not in str(valley)

    def bump(x):  # it turns at 0.01, which a rate of 1 goes in a few steps
        return x[0] ** 4 / 4 - 1e-4 * x[0] ** 2 / 2 + x[1] ** 2, np.array([x[0] ** 3 - 1e-4 * x[0], 2 * x[1]])

    assert deo.diagnose(bump, np.array([1e-3, 0.01]), lr=0.5).verdict == "bend"

    def fast(x):
        return x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2, np.array([x[0] ** 3 - x[0], 2 * x[1]])

    assert deo.diagnose(fast, np.array([0.1, 1e-4]), lr=0.5).verdict == "base-leaves"

    def batch(c):
        return lambda x: (
            float(c * x[0] ** 2 + x[1] ** 2 + x[0] ** 4),
            np.array([2 * c * x[0] + 4 * x[0] ** 3, 2 * x[1]]),
        )

    start = np.array([1e-4, 1e-3])
    own = deo.diagnose(batch(-1.0), start, lr=1e-3)
    other = deo.diagnose(batch(-1.0), start, lr=1e-3, others=[batch(c) for c in (0.9, 1.1, -0.6, 1.0)])
    assert (own.verdict, other.verdict) == ("saddle", "batch-direction")
    assert other.others.batches == 4 and abs(other.others.curvature - 2 * np.mean([0.9, 1.1, -0.6, 1.0])) < 1e-3
    nothing = deo.diagnose(lambda x: (float("nan"), x), np.ones(3), lr=0.1)
    assert nothing.verdict == "not-finite"


def test_what_is_wrong_is_named():
    def bowl(x):
        return float(x @ x), 2 * x

    x = np.ones(3)
    for wrong, words in [
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": 0.1, "base": "newton"}, "base is .newton."),
        ({"lr": 0.1, "momentum": 1.0}, "momentum is 1.0"),
        ({"lr": 0.1, "step": np.ones(4)}, "step has 4 elements; x has 3"),
        ({"lr": 0.1, "metric": np.zeros(3)}, "metric must be above 0"),
        ({"lr": 0.1, "rule": "backward"}, "'backward'"),
    ]:
        with pytest.raises(ValueError, match=words):
            deo.diagnose(bowl, x, **wrong)

    def failing(x):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        deo.diagnose(failing, x, lr=0.1)
    saddle = lambda x: (float(x[0] ** 4 - x[0] ** 2 + x[1] ** 2), np.array([4 * x[0] ** 3 - 2 * x[0], 2 * x[1]]))  # noqa: E731
    with pytest.raises(LookupError, match="mine"):
        deo.diagnose(saddle, np.array([1e-3, 0.1]), lr=0.1, others=[failing])
