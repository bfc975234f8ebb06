"""Whether curvature is the problem of a training, at the point where it is."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from deo._numpy import diagnosis as _diagnosis
from deo._results import Diagnosis
from deo.torch._around import _Around
from deo.torch._excursion import Closure, _Excursion
from deo.torch._state import _Modules
from deo.torch._tensors import _Parameters


def diagnose(
    closure: Closure,
    optimizer: torch.optim.Optimizer,
    *,
    others: Sequence[Closure] = (),
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    **settings: Any,
) -> Diagnosis:
    """Whether curvature is what holds this training up: one sentence, and the numbers that it rests on.

    Parameters
    ----------
    closure : callable
        Returns the loss of one batch, as of `curvature`.
    optimizer : torch.optim.Optimizer
        SGD, Adam, AdamW, NAdam or Adamax as it stands in the training, or one of deo's around such. What it would do next
        is seen from a copy of it.
    others : sequence of callables
        Closures of other batches, which tell whether the direction is the loss's or this batch's. Four are plenty.
    model, generators
        As of `Escape`.
    **settings
        Of `deo.diagnose`: ``tol``, ``max_gradients``, ``rule``, ``seed``, …

    Returns
    -------
    Diagnosis
        Parameters, gradients, buffers, generators and the optimizer are as before. ``lowest.axis`` is a list of tensors.

    Notes
    -----
    The vectors are arrays of the host, on whichever device the model is: some thirty and more of the size of the
    parameters.

    Examples
    --------
    >>> import torch, deo.torch
    >>> x = torch.nn.Parameter(torch.tensor([1e-6, 1e-3], dtype=torch.float64))
    >>> closure = lambda: x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2  # a saddle at 0
    >>> d = deo.torch.diagnose(closure, torch.optim.SGD([x], lr=0.01))
    >>> d.sentence
    'at a saddle worth leaving'
    """
    if isinstance(optimizer, _Around):
        optimizer = optimizer.base
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer is a {type(optimizer).__name__}; diagnose needs the training's torch optimizer")
    kind, momentum = _kind(optimizer)
    parameters = _Parameters([p for group in optimizer.param_groups for p in group["params"]], host=True)
    excursion = _Excursion(parameters, closure, modules=_Modules(model), generators=tuple(generators), backward=True)
    x = parameters.values()
    excursion.begin_probes(x)
    try:
        here = parameters.handed(x)
        excursion(here, True)
        lr, step, metric = _outlook(optimizer, parameters, x)
        found = _diagnosis(
            excursion,
            here,
            others=[_OtherBatch(excursion, other) for other in others],
            lr=lr,
            base=kind,
            momentum=momentum,
            step=None if step is None else parameters.handed(step),
            metric=None if metric is None else parameters.handed(metric),
            threads=torch.get_num_threads(),
            **settings,
        )
    finally:
        excursion.undo()
    axis = parameters.split(parameters.taken(found.lowest.axis))
    # The gradient at x was evaluated twice, for the optimizer's step and for the diagnosis.
    return replace(found, lowest=replace(found.lowest, axis=axis), gradients=found.gradients + 1)


class _OtherBatch:
    """Another closure on the same excursion."""

    reuses_points = True

    def __init__(self, excursion: _Excursion, closure: Closure) -> None:
        if not callable(closure):
            raise TypeError(f"a closure of others is a {type(closure).__name__}; it must be callable")
        self._excursion, self._closure = excursion, closure
        self.memory = excursion.memory

    def __call__(self, y: Any, wants_gradient: bool) -> tuple[float, Any]:
        return self._excursion.on(self._closure, y, wants_gradient)


_ADAMS = (torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.Adamax)


def _kind(optimizer: torch.optim.Optimizer) -> tuple[str, float]:
    """What the optimizer is like near a saddle, and its μ or β₁."""
    groups = optimizer.param_groups
    if any(group.get("maximize") for group in groups):
        raise ValueError("diagnose is about a loss that is made smaller; this optimizer has maximize=True")
    if isinstance(optimizer, _ADAMS):
        of, found = "betas", {group["betas"][0] for group in groups}
    elif isinstance(optimizer, torch.optim.SGD):
        of, found = "momentum", {group["momentum"] for group in groups}
    else:
        raise TypeError(
            f"diagnose knows SGD, Adam, AdamW, NAdam and Adamax, and got {type(optimizer).__name__}: "
            "deo.diagnose takes any, described by base=, lr=, momentum=, step= and metric="
        )
    if len(found) > 1:
        raise ValueError(f"the parameter groups differ in {of}; diagnose needs one")
    momentum = float(found.pop())
    if of == "betas":
        return "adam", momentum
    if momentum == 0:
        return "gd", 0.0
    return ("nesterov" if groups[0]["nesterov"] else "heavy-ball"), momentum


def _outlook(
    optimizer: torch.optim.Optimizer, parameters: _Parameters, x: Tensor
) -> tuple[float, Tensor | None, Tensor | None]:
    """The rate, the step that the optimizer would take from x with the gradients at hand, and its metric.

    A copy of the optimizer takes it, on copies of the parameters. Where groups have rates of their own the metric has
    their ratio.
    """
    ahead = copy.deepcopy(optimizer)
    mine = [p for group in ahead.param_groups for p in group["params"]]
    theirs = [p for group in optimizer.param_groups for p in group["params"]]
    for p, q in zip(mine, theirs, strict=True):
        p.grad = None if q.grad is None else q.grad.detach().clone()
    ahead.step()
    moved = [p for p, q in zip(mine, theirs, strict=True) if q.requires_grad]
    step = parameters.gather(moved) - x
    lr = float(ahead.param_groups[0]["lr"])
    metric: list[Tensor] = []
    for group in ahead.param_groups:
        share = lr / float(group["lr"]) if group["lr"] else 1.0
        for p in group["params"]:
            if p.requires_grad:
                metric.append(share * _metric(ahead.state.get(p, {}), group, p))
    flat = parameters.gather(metric)
    return lr, step, None if bool((flat == 1).all()) else flat


def _metric(state: dict[str, Any], group: dict[str, Any], p: Tensor) -> Tensor:
    """√v̂ + ε, as far as this optimizer has a second moment; one else."""
    if "exp_inf" in state:
        return state["exp_inf"].detach()
    if "exp_avg_sq" not in state:
        return torch.ones_like(p, requires_grad=False)
    second = state["max_exp_avg_sq"] if group.get("amsgrad") else state["exp_avg_sq"]
    correction = 1 - group["betas"][1] ** float(state["step"])
    return (second.detach() / correction).sqrt() + group["eps"]
