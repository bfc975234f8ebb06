"""Curvatures, spectra and certificates of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deo._numpy import certificate as _certificate
from deo._numpy import curvature as _curvature
from deo._numpy import spectrum as _spectrum
from deo._results import Certificate, Curvature, Spectrum
from deo.torch._excursion import Closure, _Excursion
from deo.torch._state import _Modules
from deo.torch._tensors import _Parameters


def split(vector: Any, params: Iterable[Tensor]) -> list[Tensor]:
    """A flat vector, such as a column of `Spectrum.vectors`, in the shapes of the parameters that require gradients."""
    parameters = _Parameters(params)
    flat = torch.as_tensor(np.ascontiguousarray(vector))
    if flat.numel() != parameters.numel:
        raise ValueError(f"the vector has {flat.numel()} elements; the parameters have {parameters.numel}")
    return parameters.split(flat.reshape(-1))


def _measured(
    closure: Closure,
    params: Iterable[Tensor],
    model: torch.nn.Module | None,
    generators: Sequence[torch.Generator],
    tensors: bool | None,
    run: Callable[[Any, Any, Any], Any],
) -> tuple[Any, _Parameters]:
    """``run(fun, x, ops)``, and everything as before."""
    parameters = _Parameters(params, tensors)
    excursion = _Excursion(parameters, closure, modules=_Modules(model), generators=tuple(generators), backward=True)
    x = parameters.values()
    excursion.begin_probes(x)
    try:
        result = run(excursion, parameters.handed(x), parameters.ops)
    finally:
        excursion.undo()
    return result, parameters


def curvature(
    closure: Closure,
    params: Iterable[Tensor],
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Curvature:
    """The lowest (or highest) curvature of a model's loss, and its axis as a list of tensors.

    Parameters
    ----------
    closure : callable
        Returns the loss of one batch; it may call ``backward`` itself or leave that to this function.
    params : iterable of tensors
        The parameters; those without ``requires_grad`` are constants.
    model, generators, tensors
        As of `Escape`.
    **settings
        Of `deo.curvature`: ``which``, ``tol``, ``max_gradients``, ``rule``, ``seed``, …

    Returns
    -------
    Curvature
        Parameters, gradients, buffers and generators are as before.
    """
    v0 = _flat(settings.pop("v0", None))
    found, parameters = _measured(closure, params, model, generators, tensors, _with(_curvature, v0, settings))
    return replace(found, axis=parameters.split(parameters.taken(found.axis)))


def spectrum(
    closure: Closure,
    params: Iterable[Tensor],
    k: int = 1,
    which: Any = "lowest",
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Spectrum:
    """The ``k`` lowest or highest eigenpairs of a model's Hessian; `split` gives a vector the parameters' shapes.

    Arguments are those of `curvature` and `deo.spectrum`.
    """
    v0 = _flat(settings.pop("v0", None))
    found, _ = _measured(
        closure,
        params,
        model,
        generators,
        tensors,
        _with(_spectrum, v0, {"k": k, "which": which, **settings}),
    )
    return found  # type: ignore[no-any-return]


def certify(
    closure: Closure,
    params: Iterable[Tensor],
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Certificate:
    """Whether a model's parameters are a minimum of its loss, a saddle or neither; see `deo.certify`.

    Arguments are those of `curvature` and `deo.certify`.
    """
    v0 = _flat(settings.pop("v0", None))
    found, parameters = _measured(closure, params, model, generators, tensors, _with(_certificate, v0, settings))
    return replace(found, axis=parameters.split(parameters.taken(found.axis)))


def _with(run: Callable[..., Any], v0: Any, settings: dict[str, Any]) -> Callable[[Any, Any, Any], Any]:
    """``run`` of these settings, on as many threads as torch has: no bit depends on them."""
    return lambda fun, x, ops: run(fun, x, v0=v0, _ops=ops, _threads=torch.get_num_threads(), **settings)


def _flat(v0: Any) -> Any:
    if v0 is None or isinstance(v0, np.ndarray):
        return v0
    parts = [v0] if isinstance(v0, Tensor) else list(v0)
    return np.concatenate([part.detach().cpu().numpy().reshape(-1) for part in parts])
