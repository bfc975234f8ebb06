"""What a user's function returns, as the engines want it; and what is wrong with it, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[Any]


def as_vector(x: ArrayLike, name: str = "x") -> Vector:
    """``x`` as an array of float32 or float64 that is contiguous, or an error that says what would be right."""
    array = np.asarray(x)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        if array.dtype.kind == "c":
            raise TypeError(
                f"{name} has dtype {array.dtype}; deo works on real numbers: pass its two parts as one vector"
            )
        what = f"has dtype {array.dtype}" if array.dtype.isnative else "has a foreign byte order"
        raise TypeError(f"{name} {what}; deo works in float32 and float64: pass {name}.astype(numpy.float64)")
    if array.size == 0:
        raise ValueError(f"{name} is empty")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} isn't contiguous: pass numpy.ascontiguousarray({name})")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds a NaN or an infinity")
    return array


def as_start(v0: ArrayLike | None, x: Vector) -> Vector | None:
    """A starting direction for ``x``, flat and of its dtype."""
    if v0 is None:
        return None
    v = np.ascontiguousarray(np.asarray(v0, dtype=x.dtype)).reshape(-1)
    if v.size != x.size:
        raise ValueError(f"v0 has {v.size} elements; x has {x.size}")
    if not np.all(np.isfinite(v)) or not np.any(v):
        raise ValueError("v0 must be finite and not zero")
    return v


def count(value: int, name: str, least: int = 1) -> int:
    """An integer argument that is at least ``least``."""
    what = f"{name} is {value!r}; it must be an integer of at least {least}"
    try:
        number = int(value)
    except (ValueError, OverflowError):
        raise ValueError(what) from None
    except TypeError:
        raise TypeError(what) from None
    if number != value or number < least:
        raise ValueError(what)
    if number >= 1 << 64:
        raise ValueError(f"{name} is {value!r}; it must be below 2**64")
    return number


def real(value: float, name: str, *, zero: bool = False) -> float:
    """A number that is above 0, or 0 where that has a meaning; infinity stands for no bound."""
    number = float(value)
    if not (number >= 0 if zero else number > 0):
        raise ValueError(f"{name} is {value!r}; it must be {'at least' if zero else 'above'} 0")
    return number


class Function:
    """A user's ``fun`` (and ``jac``) around points of the shape of ``x``.

    Called by the engines with a flat vector and whether a gradient is wanted; returns the loss, if there is one, and the
    gradient as a flat contiguous vector of the dtype of ``x``.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        x: Vector,
        *,
        jac: Callable[..., Any] | bool | None = None,
        args: tuple[Any, ...] = (),
        needs_loss: bool = False,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun is a {type(fun).__name__}; it must be callable")
        if jac is not None and not isinstance(jac, bool) and not callable(jac):
            raise TypeError("jac must be a function that returns the gradient, or True")
        self._fun, self._jac, self._args = fun, jac if callable(jac) else None, as_tuple(args)
        self._needs_loss = needs_loss
        self._shape, self._size, self._dtype = x.shape, x.size, x.dtype
        self.calls = 0

    def __call__(self, y: Vector, wants_gradient: bool) -> tuple[float | None, Vector | None]:
        point = y.reshape(self._shape)
        self.calls += 1
        if self._jac is not None:
            loss = self._loss(self._fun(point, *self._args))
            if not wants_gradient:
                return loss, None
            # fun may have kept or changed its argument.
            return loss, self._gradient(self._jac(point.copy(), *self._args))
        result = self._fun(point, *self._args)
        if isinstance(result, tuple) or _is_pair(result):
            if len(result) != 2:
                raise TypeError(f"fun returned {len(result)} values; it must return (loss, grad) or the gradient alone")
            return self._loss(result[0]), self._gradient(result[1])
        if self._needs_loss or not wants_gradient:
            raise TypeError("fun returned a gradient alone, and the loss is needed here: return (loss, grad)")
        return None, self._gradient(result)

    def _loss(self, loss: Any) -> float:
        array = np.asarray(loss)
        if array.size != 1 or array.dtype.kind not in "fiub":
            raise TypeError(
                f"the loss that fun returned is not a real number but {_describe(loss)}; "
                "fun must return (loss, grad) or the gradient alone"
            )
        return float(array.reshape(-1)[0])

    def _gradient(self, gradient: Any) -> Vector:
        if gradient is None:
            raise TypeError("fun returned no gradient but None; it must return (loss, grad) or the gradient alone")
        array = np.asarray(gradient)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"the gradient has dtype {array.dtype}; it must hold real numbers")
        if array.shape != self._shape and (array.size != self._size or array.ndim > 1):
            hint = ""
            if array.size == 1:
                hint = "; if that is the loss, return (loss, grad), or pass the gradient's function as jac"
            raise ValueError(f"the gradient has shape {array.shape}; x has {self._shape}{hint}")
        return np.ascontiguousarray(array, dtype=self._dtype).reshape(-1)


class Product:
    """A user's ``hessp(x, v)`` at ``x``, for exact products."""

    def __init__(self, hessp: Callable[..., Any], x: Vector, args: tuple[Any, ...] = ()) -> None:
        self._hessp, self._x, self._args = hessp, x, as_tuple(args)

    def __call__(self, v: Vector) -> Vector:
        result = self._hessp(self._x.copy(), v.reshape(self._x.shape), *self._args)
        array = np.asarray(result)
        if array.dtype.kind not in "fiub" or array.size != self._x.size:
            raise ValueError(
                f"hessp returned {_describe(result)}; it must return H v of the shape of x, {self._x.shape}"
            )
        return np.ascontiguousarray(array, dtype=self._x.dtype).reshape(-1)


def as_tuple(args: Any) -> tuple[Any, ...]:
    """One argument that isn't in a tuple stands for itself, as in SciPy."""
    return args if isinstance(args, tuple) else (args,)


def _is_pair(result: Any) -> bool:
    """Whether a list is a loss and a gradient; a gradient of two elements holds two numbers."""
    return isinstance(result, list) and len(result) == 2 and np.ndim(result[0]) < np.ndim(result[1])


def _describe(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype == object:
        return f"a {type(value).__name__}"
    return f"a {type(value).__name__} of shape {array.shape} and dtype {array.dtype}"
