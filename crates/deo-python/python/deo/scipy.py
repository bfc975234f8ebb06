"""SciPy's minimizers, certified: they stop at saddles, and this goes on from there.

Examples
--------
>>> import numpy as np, scipy.optimize, deo
>>> def fun(x):  # two minima, and a saddle between them that a start on the line x₀ = 0 runs into
...     return x[0]**4 / 4 - x[0]**2 / 2 + x[1]**2, np.array([x[0]**3 - x[0], 2 * x[1]])
>>> alone = scipy.optimize.minimize(fun, [0, 1], jac=True, method="BFGS")
>>> float(round(alone.fun, 6))
0.0
>>> r = scipy.optimize.minimize(fun, [0, 1], jac=True, method=deo.scipy.escaping("BFGS"))
>>> float(round(r.fun, 6)), r.deo.certificate.kind, r.deo.escapes
(-0.25, 'minimum', 1)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from deo._function import Function, Vector, as_vector, count, real
from deo._numpy import certificate as certified
from deo._numpy import left
from deo._results import Certificate

try:
    import scipy.optimize as _optimize
except ImportError as error:  # pragma: no cover - the message is the point
    raise ImportError("deo.scipy needs SciPy: pip install scipy") from error

__all__ = ["Report", "escaping"]

# Methods that follow gradients to a point where they vanish.
_METHODS = (
    "BFGS",
    "L-BFGS-B",
    "CG",
    "Newton-CG",
    "TNC",
    "SLSQP",
    "trust-ncg",
    "trust-krylov",
    "trust-exact",
    "dogleg",
)
_BOUNDED = ("l-bfgs-b", "tnc", "slsqp")


@dataclass(frozen=True)
class Report:
    """What certificates and escapes cost and found; ``r.deo`` of the result.

    Attributes
    ----------
    certificate : Certificate or None
        Of the end point, in the variables that no bound holds (``free``); None where all are held, and where the callback
        stopped the run by `StopIteration`.
    free : ndarray of bool
        Which variables no bound holds.
    escapes : int
        Saddles that were left.
    left : tuple of float
        The function's values at them.
    gradients, losses : int
        Evaluations for certificates and escapes, which ``nfev`` and ``njev`` don't contain.
    """

    certificate: Certificate | None
    free: np.ndarray[Any, np.dtype[np.bool_]]
    escapes: int
    left: tuple[float, ...]
    gradients: int
    losses: int


def escaping(
    method: str = "BFGS",
    *,
    max_escapes: int = 10,
    longest: float = 1.0,
    **certifying: Any,
) -> Callable[..., Any]:
    """A ``method`` for `scipy.optimize.minimize` that doesn't end at a saddle.

    It runs SciPy's ``method``, certifies the point where that stopped, and if a curvature there is negative, leaves along
    it and runs the method again from the lower point. The result is never higher than the method's alone.

    Parameters
    ----------
    method : str
        A method of SciPy's that uses gradients: BFGS, L-BFGS-B, CG, Newton-CG, TNC, SLSQP (without constraints), trust-…
    max_escapes : int
        Saddles that are left.
    longest : float
        The longest step off a saddle, in units of ``max(‖x‖, 1)``.
    **certifying
        Arguments of `deo.certify`: ``starts``, ``gtol``, ``max_gradients``, ``seed``, …

    Returns
    -------
    callable
        To be passed as ``method``. The `OptimizeResult` has a further entry ``deo``, a `Report`. ``success`` is False where
        a saddle could not be left, or more of them were met than ``max_escapes``.

    Notes
    -----
    ``jac`` is needed. With bounds, the certificate is about the variables that aren't held by one. ``options``, such as
    ``maxiter``, are those of each run. A ``callback`` that raises `StopIteration` stops everything, after the SciPy that
    knows it.
    """
    if not isinstance(method, str) or method.lower() not in {m.lower() for m in _METHODS}:
        raise ValueError(f"method is {method!r}; it must be one of {', '.join(_METHODS)}")
    count(max_escapes, "max_escapes", 0)
    real(longest, "longest")
    unknown = set(certifying) - {
        "gtol",
        "tol",
        "starts",
        "max_gradients",
        "max_index",
        "memory",
        "v0",
        "seed",
    }
    if unknown:
        raise TypeError(f"escaping() got arguments that certify() hasn't: {', '.join(sorted(unknown))}")

    def minimize(
        fun: Callable[..., Any],
        x0: Any,
        args: tuple[Any, ...] = (),
        jac: Any = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Any = None,
        tol: float | None = None,
        **options: Any,
    ) -> Any:
        if not callable(jac):
            raise ValueError("deo.scipy.escaping needs gradients: pass jac=True or a function")
        if len(constraints) if hasattr(constraints, "__len__") else constraints is not None:
            raise ValueError("deo.scipy.escaping doesn't know constraints, only bounds")
        if bounds is not None and method.lower() not in _BOUNDED:
            raise ValueError(f"{method} doesn't know bounds; take one of {', '.join(_BOUNDED)}")
        stops: list[bool] = []
        if callback is not None:
            callback = _watched(callback, stops)
        given = {} if bounds is None else {"bounds": bounds}
        for name, value in (("hess", hess), ("hessp", hessp), ("callback", callback), ("tol", tol)):
            if value is not None:
                given[name] = value

        def run(start: Vector) -> Any:
            return _optimize.minimize(fun, start, args=args, method=method, jac=jac, options=dict(options), **given)

        best = run(np.asarray(x0))
        totals = {n: best.get(n) for n in ("nfev", "njev", "nhev", "nit") if best.get(n) is not None}
        low, high = _limits(bounds, np.asarray(best.x, float))
        gradients = losses = 0
        values: list[float] = []
        failed = False
        known: Certificate | None = None
        free = np.ones(np.shape(best.x), bool)
        while not stops:
            x = as_vector(np.array(best.x, dtype=float))
            free = _free(x, np.asarray(jac(x.copy(), *args), float), low, high)
            gradients += 1
            known = None
            if not free.any():
                break
            call = _Restricted(fun, jac, args, x, free)
            start = x[free]
            axis = {} if certifying.get("v0") is None else {"v0": np.asarray(certifying["v0"])[free]}
            known = certified(call, start, **{**certifying, **axis})
            gradients += known.gradients
            if not known.negative or len(values) == max_escapes:
                failed = known.negative
                break
            away = left(call, start, known, longest)
            losses += away.losses
            if not away.moved:
                failed = True
                break
            values.append(float(best.fun))
            step = x.copy()
            step[free] = np.clip(away.x, low[free], high[free])
            following = run(step)
            for name in totals:
                totals[name] += following.get(name) or 0
            if not following.fun < best.fun:  # a line search that went wrong, or a NaN
                here = call(step[free], True)
                gradients += 1
                if here[0] is None or not here[0] < best.fun:
                    failed = True
                    break
                following.x, following.fun, following.jac = step, here[0], call.full_gradient
            best = following
        if stops:
            known = None  # of a saddle on the way, if there is one
        best.update(totals)
        best["deo"] = Report(known, free, len(values), tuple(values), gradients, losses)
        if failed and known is not None:
            best.success = False
            best.message = f"{best.message} deo: the end is a saddle, lowest curvature {known.lowest:.3g}, and " + (
                "max_escapes is spent." if len(values) == max_escapes else "no lower point was seen beside it."
            )
        return best

    return minimize


def _watched(callback: Callable[..., Any], stops: list[bool]) -> Callable[..., Any]:
    """A callback, and a note of its `StopIteration`, which SciPy doesn't pass on; the signature says how it is called."""

    @wraps(callback)
    def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except StopIteration:
            stops.append(True)
            raise

    return watched


class _Restricted:
    """The function of the variables that no bound holds, at the values that the others have."""

    def __init__(
        self,
        fun: Callable[..., Any],
        jac: Callable[..., Any],
        args: tuple[Any, ...],
        x: Vector,
        free: np.ndarray[Any, np.dtype[np.bool_]],
    ) -> None:
        self._call = Function(fun, x, jac=jac, args=args)
        self._x, self._free = x, free
        self.full_gradient: Vector | None = None

    def __call__(self, y: Vector, wants_gradient: bool) -> tuple[float | None, Vector | None]:
        x = self._x.copy()
        x[self._free] = y
        loss, gradient = self._call(x, wants_gradient)
        self.full_gradient = gradient
        return loss, None if gradient is None else np.ascontiguousarray(gradient[self._free])


def _limits(bounds: Any, x: Vector) -> tuple[Vector, Vector]:
    if bounds is None:
        return np.full(x.shape, -np.inf), np.full(x.shape, np.inf)
    if hasattr(bounds, "lb"):
        low, high = np.asarray(bounds.lb, float), np.asarray(bounds.ub, float)
    else:
        pairs = [(-np.inf if a is None else a, np.inf if b is None else b) for a, b in bounds]
        low, high = np.array(pairs, float).T
    return np.broadcast_to(low, x.shape), np.broadcast_to(high, x.shape)


def _free(x: Vector, g: Vector, low: Vector, high: Vector) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Variables beside a bound are held by it: a probe would cross it."""
    near = 1e-4 * np.maximum(np.abs(x), 1.0)
    return np.asarray((x - low > near) & (high - x > near))
