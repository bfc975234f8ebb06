"""A closure at the present parameters and at others, with everything put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from deo.torch._state import _Generators, _Modules
from deo.torch._tensors import _changed, _Parameters

Closure = Callable[[], Any]


class _Excursion:
    """A closure at the present parameters and at others, and everything back as it was."""

    # The engines may hand over one array for all points, and have copied a gradient before they ask for the next.
    reuses_points = True

    def __init__(
        self,
        parameters: _Parameters,
        closure: Closure,
        *,
        modules: _Modules,
        generators: Sequence[torch.Generator] = (),
        loss_closure: Closure | None = None,
        backward: bool = False,
    ) -> None:
        if not callable(closure):
            raise TypeError(f"the closure is a {type(closure).__name__}; it must be callable")
        self._parameters, self._closure, self._loss_closure = parameters, closure, loss_closure
        self._backward = backward
        self._modules, self._generators = modules, _Generators(parameters.device, generators)
        self._grads = [p.grad for p in parameters.tensors]
        self._start = self._generators.states()
        self._modules.begin(parameters.ids)
        self._x: Tensor | None = None
        self._after: Any = None
        self._there: Tensor | None = None
        self.calls = 0

    def _evaluate(self) -> tuple[float, Any]:
        """The loss with gradients, and what the closure returned."""
        for p in self._parameters.tensors:
            p.grad = None  # a closure that forgets zero_grad would add up the gradients of all probes
        hook = self._modules.watching()
        try:
            with torch.enable_grad():
                returned = self._closure()
                loss = _number(returned)
                if all(p.grad is None for p in self._parameters.tensors):
                    if not (self._backward and isinstance(returned, Tensor) and returned.requires_grad):
                        raise RuntimeError(_NO_GRADIENT)
                    returned.sum().backward()
        finally:
            if hook is not None:
                hook.remove()
        self.calls += 1
        return _agreed(loss, self._parameters.device), returned

    def here(self) -> tuple[float, Any]:
        """The loss at the parameters as they are, and what the closure returned."""
        return self._evaluate()

    def begin_probes(self, x: Tensor) -> None:
        """x is what the parameters hold, and where they are written back from."""
        self._x = x

    def on(self, closure: Closure, y: Any, wants_gradient: bool) -> tuple[float, Any]:
        """The same of another closure."""
        mine, self._closure = self._closure, closure
        try:
            return self(y, wants_gradient)
        finally:
            self._closure = mine

    def memory(self) -> list[Any] | None:
        """Where the engines write a point themselves, before they call with None for it."""
        return self._parameters.memory()

    def __call__(self, y: Any, wants_gradient: bool) -> tuple[float, Any]:
        if self._after is None:
            grads = [p.grad for p in self._parameters.tensors]
            self._after = (self._generators.states(), self._modules.now(), grads)
        if y is None:
            _changed(self._parameters.tensors)
        else:
            self._parameters.write(self._parameters.taken(y))
        self._generators.set(self._start)
        self._modules.begin_probe()
        if not wants_gradient and self._loss_closure is not None:
            with torch.no_grad():
                loss = _agreed(_number(self._loss_closure()), self._parameters.device)
            self.calls += 1
            return loss, None
        loss, _ = self._evaluate()
        if not wants_gradient:
            return loss, None
        if y is None:
            return loss, self._parameters.arrays([p.grad for p in self._parameters.tensors])
        self._there = self._parameters.gather([p.grad for p in self._parameters.tensors], self._there)
        return loss, self._parameters.handed(self._there)

    def end_probes(self) -> None:
        """As after `here`: parameters, gradients, buffers, generators."""
        if self._after is None or self._x is None:
            return
        states, modules, grads = self._after
        self._parameters.write(self._x)
        self._generators.set(states)
        self._modules.restore(modules)
        for p, grad in zip(self._parameters.tensors, grads, strict=True):
            p.grad = grad

    def undo(self) -> None:
        """As before it all began."""
        if self._x is not None:
            self._parameters.write(self._x)
        self._generators.set(self._start)
        self._modules.restore()
        for p, grad in zip(self._parameters.tensors, self._grads, strict=True):
            p.grad = grad


_NO_GRADIENT = "the closure left no gradient: call loss.backward() in it before it returns"


def _number(loss: Any) -> float:
    if loss is None:
        raise TypeError("the closure returned None; it must return the loss")
    if isinstance(loss, Tensor) and loss.numel() != 1:
        raise TypeError(f"the closure returned a tensor of shape {tuple(loss.shape)}; the loss is one number")
    try:
        return float(loss.detach() if isinstance(loss, Tensor) else loss)
    except (TypeError, ValueError):
        raise TypeError(f"the closure returned a {type(loss).__name__}; the loss is one number") from None


def _agreed(loss: float, device: torch.device) -> float:
    """The mean over all ranks: gradients are averaged by DDP, and decisions must be the same everywhere."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return loss
    total = torch.tensor([loss], dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return float(total[0]) / distributed.get_world_size()
