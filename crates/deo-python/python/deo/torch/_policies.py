"""Escape, and the policies that change gradients along a tracked axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from deo._function import count
from deo.torch._around import _Around


class Escape(_Around):
    """Leaves saddles and plateaus: where training stalls, looks for the lowest curvature and moves along it.

    Parameters
    ----------
    base : torch.optim.Optimizer
        Any optimizer but LBFGS. Its steps are its own, to the bit; where DEO moves the parameters, the base's step is left
        out.
    interval : int
        Steps between two looks.
    line_search, kick : bool
        Whether a longer step along the gradient, and a move along the axis of lowest curvature, may be tried.
    share : float
        What may be spent, in gradients per gradient of the base.
    seed : int
        Of the random axes.
    model : torch.nn.Module, optional
        Whose buffers are restored after probes, with the gradients of parameters that aren't the base's. By default those
        of all modules that the closure is seen to run, a compiled one included; pass it where a function is compiled, and
        a `torch.nn.ModuleList` where there are several.
    generators : sequence of torch.Generator
        Generators that the closure draws from, beside the default ones of torch, NumPy and Python.
    tensors : bool, optional
        Whether vectors are tensors where the parameters are, which they must be on other devices, or arrays in the hands of
        deo's own kernels, the default on the CPU.
    """

    _policy, _changes_gradients = "escape", False

    def __init__(
        self,
        base: torch.optim.Optimizer,
        *,
        interval: int | None = None,
        line_search: bool = True,
        kick: bool = True,
        share: float | None = None,
        seed: int = 0,
        model: torch.nn.Module | None = None,
        generators: Sequence[torch.Generator] = (),
        tensors: bool | None = None,
    ) -> None:
        options: dict[str, Any] = {"line_search": bool(line_search), "kick": bool(kick)}
        options["seed"] = count(seed, "seed", 0)
        if interval is not None:
            options["interval"] = count(interval, "interval")
        if share is not None:
            options["share"] = float(share)
        super().__init__(base, options, model=model, generators=generators, tensors=tensors)


class _Tracking(_Around):
    """A policy that follows the axis of lowest curvature, and changes every gradient along it by one number."""

    _changes_gradients = True
    _strength: str

    def _follow(
        self,
        base: torch.optim.Optimizer,
        strength: float,
        *,
        interval: int = 10,
        first: int = 20,
        gradients: int = 2,
        seed: int = 0,
        model: torch.nn.Module | None = None,
        generators: Sequence[torch.Generator] = (),
        tensors: bool | None = None,
    ) -> None:
        options = {
            self._strength: float(strength),
            "interval": count(interval, "interval"),
            "first": count(first, "first"),
            "gradients": count(gradients, "gradients"),
            "seed": count(seed, "seed", 0),
        }
        super().__init__(base, options, model=model, generators=generators, tensors=tensors)


class Deflate(_Tracking):
    """The published rule: takes the share ``alpha`` of the gradient along the axis of lowest curvature away.

    It slows an escape from a saddle, and is here for comparison.

    Parameters
    ----------
    base : torch.optim.Optimizer
        Any optimizer but LBFGS.
    alpha : float
        g ← g − alpha ⟨g, n⟩ n.
    interval, first, gradients : int
        Steps between two visits, 10 by default, gradients of the first, 20, and of each later one, 2.
    seed, model, generators, tensors
        As of `Escape`.
    """

    _policy, _strength = "deflate", "alpha"

    def __init__(self, base: torch.optim.Optimizer, alpha: float = 0.9, **settings: Any) -> None:
        self._follow(base, alpha, **settings)


class Amplify(_Tracking):
    """Adds to the gradient along the axis of lowest curvature, where that is negative.

    Parameters
    ----------
    base : torch.optim.Optimizer
        Any optimizer but LBFGS.
    strength : float
        g ← g + strength ⟨g, n⟩ n.
    interval, first, gradients, seed, model, generators, tensors
        As of `Deflate`.
    """

    _policy, _strength = "amplify", "strength"

    def __init__(self, base: torch.optim.Optimizer, strength: float = 1.0, **settings: Any) -> None:
        self._follow(base, strength, **settings)
