"""Curvatures, certificates and escapes for functions of NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from deo import _deo
from deo._function import Function, Product, Vector, as_start, as_vector, count, real
from deo._results import Certificate, Curvature, Diagnosis, Escaped, OtherBatches, Spectrum, curvature_at, total_error

Rule = Literal["forward", "central"]
Which = Literal["lowest", "highest", "both"]


def _engine(
    fun: Callable[..., Any] | None,
    x: Any,
    rule: str,
    jac: Callable[..., Any] | bool | None,
    args: tuple[Any, ...],
    hessp: Callable[..., Any] | None,
) -> tuple[Any, str]:
    if hessp is not None:
        return Product(hessp, x, args), "product"
    if rule not in ("forward", "central"):
        raise ValueError(f"rule is {rule!r}; it must be 'forward' or 'central'")
    if getattr(fun, "reuses_points", False):
        return fun, rule  # adapted already, by deo.torch
    if fun is None:
        raise TypeError("fun is None: pass a function, or hessp")
    return Function(fun, x, jac=jac, args=args), rule


def curvature(
    fun: Callable[..., Any] | None,
    x: ArrayLike,
    *,
    which: Literal["lowest", "highest"] = "lowest",
    jac: Callable[..., Any] | bool | None = None,
    hessp: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    rule: Rule = "forward",
    tol: float = 1e-2,
    floor: float = 0.0,
    length: float | None = None,
    max_gradients: int = 200,
    certify: bool = True,
    v0: ArrayLike | None = None,
    seed: int = 0,
    _ops: Any = None,
    _threads: int = 1,
) -> Curvature:
    """The lowest curvature of ``fun`` at ``x`` and its direction, by a dimer.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns ``(loss, grad)``, or the gradient alone. With ``jac`` it returns the loss.
    x : array_like
        The point, float32 or float64, contiguous, of any shape.
    which : {"lowest", "highest"}
        Which end of the spectrum.
    jac : callable, optional
        The gradient's function.
    hessp : callable, optional
        ``hessp(x, v, *args)`` returns Hv: exact products instead of differences of gradients; ``fun`` may then be None.
    rule : {"forward", "central"}
        One displaced gradient for a product, or two, whose error is of higher order.
    tol : float
        Converged at a residual of ``tol * max(|C|, floor)``. C itself is good to the square of it.
    floor : float
        The curvature that counts as zero.
    length : float, optional
        The distance between the two ends of a dimer; by default it balances truncation and rounding, and is adapted.
    max_gradients : int
        Gradients that may be spent.
    certify : bool
        Measure C at two lengths at the end whatever its sign. False saves that gradient where C is positive; the error then
        lacks the truncation of the one length.
    v0 : array_like, optional
        The direction to start from; a random one by default.
    seed : int
        Of the random direction.

    Returns
    -------
    Curvature

    Examples
    --------
    >>> import numpy as np, deo
    >>> a = np.diag([3.0, -2.0, 1.0])
    >>> c = deo.curvature(lambda x: a @ x, np.ones(3))
    >>> round(c.value, 6), c.converged, np.round(np.abs(c.axis), 2)
    (-2.0, True, array([0., 1., 0.]))
    """
    if which not in ("lowest", "highest"):
        raise ValueError(f"which is {which!r}; it must be 'lowest' or 'highest'")
    point: Any = as_vector(x) if _ops is None else x
    call, rule_name = _engine(fun, point, rule, jac, args, hessp)
    numbers, axis = _deo.curvature(
        call,
        point.reshape(-1),
        highest=which == "highest",
        rule_name=rule_name,
        length=length,
        tolerance=float(tol),
        floor=float(floor),
        max_gradients=count(max_gradients, "max_gradients"),
        always=bool(certify),
        v0=as_start(v0, point) if _ops is None else v0,
        seed=count(seed, "seed", 0),
        ops=_ops,
        threads=_threads,
    )
    return Curvature(axis=axis.reshape(point.shape), **numbers)


def spectrum(
    fun: Callable[..., Any] | None,
    x: ArrayLike,
    k: int = 1,
    which: Which = "lowest",
    *,
    jac: Callable[..., Any] | bool | None = None,
    hessp: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    rule: Rule = "forward",
    tol: float = 1e-3,
    floor: float = 0.0,
    length: float | None = None,
    memory: int | None = None,
    confirm: bool = True,
    max_gradients: int = 1000,
    v0: ArrayLike | None = None,
    seed: int = 0,
    _ops: Any = None,
    _threads: int = 1,
) -> Spectrum:
    """The ``k`` lowest or highest eigenpairs of a Hessian, in the manner of `scipy.sparse.linalg.eigsh`.

    Parameters
    ----------
    fun, x, jac, hessp, args, rule, floor, length, v0, seed
        As of `curvature`.
    k : int
        How many, at each end with ``which="both"``.
    which : {"lowest", "highest", "both"}
        Which end.
    tol : float
        The residual of each pair, relative to its eigenvalue.
    memory : int, optional
        Directions kept, two vectors each; by default 20, or four times the pairs if that is more.
    confirm : bool
        Search again for eigenpairs that were missed, repeated ones among them; about as expensive as the first search.
    max_gradients : int
        Gradients that may be spent.

    Returns
    -------
    Spectrum

    Examples
    --------
    >>> import numpy as np, deo
    >>> a = np.diag([3.0, -2.0, 1.0, 1.0, 7.0])
    >>> deo.spectrum(lambda x: a @ x, np.zeros(5), k=2).values.round(6)
    array([-2.,  1.])
    """
    point: Any = as_vector(x) if _ops is None else x
    size = point.size if _ops is None else _ops.len
    k = count(k, "k")
    wanted = 2 * k if which == "both" else k
    if wanted > size:
        raise ValueError(f"{wanted} eigenpairs are wanted, and x has {size} elements")
    call, rule_name = _engine(fun, point, rule, jac, args, hessp)
    found = _deo.spectrum(
        call,
        point.reshape(-1),
        count=k,
        which=which,
        rule_name=rule_name,
        length=length,
        tolerance=float(tol),
        floor=float(floor),
        memory=max(20, 4 * wanted + 2) if memory is None else count(memory, "memory"),
        confirm=bool(confirm),
        max_gradients=count(max_gradients, "max_gradients"),
        v0=as_start(v0, point) if _ops is None else v0,
        seed=count(seed, "seed", 0),
        ops=_ops,
        threads=_threads,
    )
    pairs = found["pairs"]
    axes = [axis if _ops is None else axis.cpu().numpy() for axis in found["axes"]]
    values = np.array([pair["value"] for pair in pairs])
    order = np.argsort(values)
    statuses = tuple(pairs[i]["status"] for i in order)
    return Spectrum(
        values=values[order],
        vectors=np.stack([axes[i] for i in order], axis=1),
        residuals=np.array([pairs[i]["residual"] for i in order]),
        errors=np.array([_error(pairs[i], found["confirmed"]) for i in order]),
        converged=np.array([s in ("converged", "noise", "unconfirmed") for s in statuses]),
        statuses=statuses,
        confirmed=found["confirmed"],
        gradients=found["gradients"],
    )


def _error(pair: dict[str, Any], confirmed: bool) -> float:
    """Of a value; the gap may hide a pair that was missed, unless the list is confirmed."""
    return total_error(pair["secant_error"], pair["residual"], pair["gap"] if confirmed else None)


def certify(
    fun: Callable[..., Any],
    x: ArrayLike,
    *,
    jac: Callable[..., Any] | bool | None = None,
    args: tuple[Any, ...] = (),
    gtol: float | None = None,
    tol: float = 1e-2,
    starts: int = 3,
    max_gradients: int = 4000,
    max_index: int = 16,
    memory: int = 40,
    v0: ArrayLike | None = None,
    seed: int = 0,
) -> Certificate:
    """Whether a stationary point is a minimum, a saddle or a maximum, if that can be told.

    The noise of the gradient is measured first; the length of every probe follows from it. Then the lowest eigenpair is
    searched from ``starts`` random directions, and its curvature measured afresh at several lengths. A minimum is one where
    every curvature is positive beyond the errors.

    Parameters
    ----------
    fun, x, jac, args, v0, seed
        As of `curvature`.
    gtol : float, optional
        The largest norm of the gradient at a stationary point. By default the gradient that the curvature makes at a
        distance of ``1e-4 * max(‖x‖, 1)``.
    tol : float
        The residual of the eigenpairs, relative to their values.
    starts : int
        Random starts.
    max_gradients : int
        Gradients that may be spent.
    max_index : int
        Negative curvatures that are counted.
    memory : int
        Directions kept, two vectors each.

    Returns
    -------
    Certificate

    Examples
    --------
    >>> import numpy as np, deo
    >>> fun = lambda x: (x @ (d * x) / 2, d * x)
    >>> d = np.array([1.0, -2.0, -0.5, 3.0])
    >>> c = deo.certify(fun, np.zeros(4))
    >>> c.kind, c.index, round(c.lowest, 6)
    ('saddle', 2, -2.0)
    >>> d = np.array([1.0, 0.0])
    >>> deo.certify(fun, np.zeros(2)).doubt
    'flat'
    """
    point = as_vector(x)
    return certificate(
        Function(fun, point, jac=jac, args=args),
        point,
        gtol=gtol,
        tol=tol,
        starts=starts,
        max_gradients=max_gradients,
        max_index=max_index,
        memory=memory,
        v0=v0,
        seed=seed,
    )


def certificate(
    call: Callable[[Vector, bool], tuple[float | None, Vector | None]],
    point: Any,
    *,
    gtol: float | None = None,
    tol: float = 1e-2,
    starts: int = 3,
    max_gradients: int = 4000,
    max_index: int = 16,
    memory: int = 40,
    v0: ArrayLike | None = None,
    seed: int = 0,
    body: str = "",
    _ops: Any = None,
    _threads: int = 1,
) -> Certificate:
    """`certify` of an adapted function, which `deo.scipy`, `deo.torch` and `deo.ase` have at hand."""
    found = _deo.certify(
        call,
        point.reshape(-1),
        starts=count(starts, "starts"),
        tolerance=float(tol),
        max_gradients=count(max_gradients, "max_gradients"),
        memory=count(memory, "memory", 6),
        max_index=count(max_index, "max_index"),
        max_gradient=None if gtol is None else real(gtol, "gtol", zero=True),
        seed=count(seed, "seed", 0),
        v0=as_start(v0, point) if _ops is None else v0,
        body=body,
        ops=_ops,
        threads=_threads,
    )
    axis = found.pop("axis").reshape(point.shape)
    return Certificate(axis=axis, **found)


def escape(
    fun: Callable[..., Any],
    x: ArrayLike,
    certificate: Certificate | None = None,
    *,
    jac: Callable[..., Any] | bool | None = None,
    args: tuple[Any, ...] = (),
    longest: float = 1.0,
    max_losses: int = 40,
    seed: int = 0,
    **certifying: Any,
) -> Escaped:
    """Leaves a saddle for a lower point, both ways along its axis of lowest curvature.

    The first step is the one whose predicted fall, ½|C|a², is seen beyond the noise of the loss; it is lengthened while it
    falls further.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` returns ``(loss, grad)``; with ``jac`` the loss.
    x : array_like
        The saddle.
    certificate : Certificate, optional
        Of that point, from `certify`; made here if it isn't given.
    longest : float
        The longest step, in units of ``max(‖x‖, 1)``.
    max_losses : int
        Losses that may be evaluated.
    **certifying
        Arguments of `certify`, where the certificate is made here.

    Returns
    -------
    Escaped
        With ``moved=False`` and the point itself where the curvature isn't negative beyond its error.

    Examples
    --------
    >>> import numpy as np, deo
    >>> fun = lambda x: (np.cos(x[0]) + x[1]**2, np.array([-np.sin(x[0]), 2 * x[1]]))
    >>> left = deo.escape(fun, np.zeros(2))
    >>> left.moved, left.loss < 1
    (True, True)
    """
    point = as_vector(x)
    call = Function(fun, point, jac=jac, args=args)
    return left(call, point, certificate, longest, max_losses, seed, **certifying)


def left(
    call: Callable[[Vector, bool], tuple[float | None, Vector | None]],
    point: Vector,
    known: Certificate | None,
    longest: float = 1.0,
    max_losses: int = 40,
    seed: int = 0,
    **certifying: Any,
) -> Escaped:
    """`escape` of an adapted function."""
    longest = real(longest, "longest")  # before anything is spent
    if known is None:
        known = certificate(call, point, seed=seed, **certifying)
    elif certifying:
        raise TypeError(f"a certificate is given, so {', '.join(certifying)} has no meaning")
    if not isinstance(known, Certificate):
        raise TypeError(f"certificate is a {type(known).__name__}; it must be what certify returns")
    if known.axis.shape != point.shape:
        raise ValueError(f"the certificate is of a point of shape {known.axis.shape}; x has {point.shape}")
    loss = known.loss
    if known.negative and not np.isfinite(loss):
        loss = call(point.reshape(-1).copy(), False)[0] or loss
    found = _deo.leave(
        call,
        point.reshape(-1),
        np.ascontiguousarray(known.axis, dtype=point.dtype).reshape(-1),
        lowest=known.lowest,
        error=known.error,
        loss=loss,
        loss_noise=known.loss_noise if np.isfinite(known.loss_noise) else 0.0,
        longest=longest,
        max_losses=count(max_losses, "max_losses"),
    )
    x = found.pop("x").reshape(point.shape)
    return Escaped(x=x, certificate=known, gradients=known.gradients, **found)


Base = Literal["gd", "heavy-ball", "nesterov", "adam"]


def diagnose(
    fun: Callable[..., Any],
    x: ArrayLike,
    *,
    lr: float,
    base: Base = "gd",
    momentum: float = 0.9,
    step: ArrayLike | None = None,
    metric: ArrayLike | None = None,
    others: Sequence[Callable[..., Any]] = (),
    jac: Callable[..., Any] | bool | None = None,
    args: tuple[Any, ...] = (),
    rule: Rule = "forward",
    tol: float = 0.1,
    length: float | None = None,
    memory: int = 30,
    max_gradients: int = 100,
    seed: int = 0,
) -> Diagnosis:
    """Whether curvature is what holds a training up at ``x``: a sentence, and the numbers that it rests on.

    Parameters
    ----------
    fun, x, jac, args, rule, length, seed
        As of `curvature`; ``fun`` must give the loss too.
    lr : float
        The base optimizer's rate.
    base : {"gd", "heavy-ball", "nesterov", "adam"}
        What it is like.
    momentum : float
        μ, or β₁ of Adam.
    step : array_like, optional
        The step that it would take from ``x``; ``-lr * grad`` by default.
    metric : array_like, optional
        The diagonal of its metric, ``sqrt(v̂) + ε`` of Adam.
    others : sequence of callables
        The same function on other batches, called as ``fun`` is: they tell whether the axis is the loss's or the batch's.
    tol : float
        λ_min and λ_max are sought to this share of themselves.
    memory : int
        Directions kept, two vectors each.
    max_gradients : int
        Gradients that may be spent on the spectrum.

    Returns
    -------
    Diagnosis

    Examples
    --------
    >>> import numpy as np, deo
    >>> def fun(x):  # a saddle at 0, where the loss turns at (±1, 0)
    ...     return x[0]**4 / 4 - x[0]**2 / 2 + x[1]**2, np.array([x[0]**3 - x[0], 2 * x[1]])
    >>> d = deo.diagnose(fun, np.array([1e-6, 1e-3]), lr=0.01)
    >>> d.sentence
    'at a saddle worth leaving'
    >>> d.base_gradients > 1000 > d.axis_gradients
    True
    """
    point = as_vector(x)
    calls = [Function(f, point, jac=jac, args=args, needs_loss=True) for f in (fun, *others)]
    return diagnosis(
        calls[0],
        point,
        others=calls[1:],
        lr=lr,
        base=base,
        momentum=momentum,
        step=_of(point, step, "step"),
        metric=_of(point, metric, "metric"),
        rule=rule,
        tol=tol,
        length=length,
        memory=memory,
        max_gradients=max_gradients,
        seed=seed,
    )


def _of(point: Vector, given: ArrayLike | None, name: str) -> Vector | None:
    if given is None:
        return None
    array = np.ascontiguousarray(np.asarray(given, dtype=point.dtype)).reshape(-1)
    if array.size != point.size:
        raise ValueError(f"{name} has {array.size} elements; x has {point.size}")
    return array


def diagnosis(
    call: Any,
    point: Vector,
    *,
    others: Sequence[Any],
    lr: float,
    base: str,
    momentum: float,
    step: Vector | None,
    metric: Vector | None,
    rule: str = "forward",
    tol: float = 0.1,
    length: float | None = None,
    memory: int = 30,
    max_gradients: int = 100,
    seed: int = 0,
    threads: int = 1,
) -> Diagnosis:
    """`diagnose` of adapted functions, which `deo.torch` has at hand."""
    if not (np.isfinite(lr) and lr > 0):
        raise ValueError(f"lr is {lr}; it must be above 0")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; it must be in [0, 1)")
    if metric is not None and not np.all(metric > 0):
        raise ValueError("metric must be above 0 everywhere")
    if rule not in ("forward", "central"):
        raise ValueError(f"rule is {rule!r}; it must be 'forward' or 'central'")
    numbers, axis = _deo.diagnose(
        call,
        list(others),
        point.reshape(-1),
        base=base,
        lr=float(lr),
        momentum=float(momentum),
        step=step,
        metric=metric,
        max_gradients=count(max_gradients, "max_gradients"),
        memory=count(memory, "memory"),
        tolerance=float(tol),
        rule_name=rule,
        length=length,
        seed=count(seed, "seed", 0),
        threads=threads,
    )
    batches = numbers.pop("others")
    return Diagnosis(
        lowest=curvature_at(numbers.pop("lowest"), axis.reshape(point.shape)),
        highest=curvature_at(numbers.pop("highest"), None),
        others=None if batches is None else OtherBatches(*batches),
        **numbers,
    )
