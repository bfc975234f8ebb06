"""A cap on the step of an optimizer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from deo import _deo
from deo._function import count
from deo.torch._around import _NEEDS_CLOSURE, _Around
from deo.torch._excursion import Closure, _Excursion


class Guard(_Around):
    """Cuts steps that are several times too long, by the curvature along the steps themselves.

    Every ``interval`` steps the gradient at the end of a step is taken too, on the same batch; means over ``memory`` such
    measurements cap the length of every step. Where the learning rate is right it costs a little; where it is ten times too
    large it keeps the run.

    Parameters
    ----------
    base : torch.optim.Optimizer
        Any optimizer but LBFGS.
    interval : int
        Steps between two measurements.
    memory : float
        Measurements that the means remember.
    model, generators, tensors
        As of `Escape`.
    """

    _policy, _changes_gradients = "guard", False

    def __init__(
        self,
        base: torch.optim.Optimizer,
        *,
        interval: int = 20,
        memory: float = 3.0,
        model: torch.nn.Module | None = None,
        generators: Sequence[torch.Generator] = (),
        tensors: bool | None = None,
    ) -> None:
        options = {"interval": count(interval, "interval"), "memory": float(memory)}
        super().__init__(base, options, model=model, generators=generators, tensors=tensors)

    def _new_machine(self, numel: int, single: bool, ops: Any) -> Any:
        return _deo.Guard(numel, single, self._options["interval"], self._options["memory"], ops)

    @property
    def counts(self) -> dict[str, int]:
        """Gradients that were measured, beyond the base's own, and ``steps``, ``skipped``, ``closures``."""
        gradients = 0 if self._machine is None else int(self._machine.cost())
        return {
            "gradients": gradients,
            "steps": self._steps,
            "skipped": self._skipped,
            "closures": self._closures,
        }

    @property
    def estimate(self) -> None:
        """A guard estimates no curvature of the model."""
        return None

    @property
    def longest(self) -> float:
        """The length beyond which no step is allowed; infinite before anything was measured."""
        return float("inf") if self._machine is None else float(self._machine.longest())

    def step(self, closure: Closure | None = None, *, loss_closure: Closure | None = None) -> Any:
        """One step on the batch that ``closure`` is bound to, cut where it is too long; as of `Escape`."""
        if closure is None:
            raise TypeError(_NEEDS_CLOSURE)
        parameters = self._start()
        excursion = _Excursion(parameters, closure, modules=self._modules, generators=self._generators)
        known = self._machine.state() if self._steps % self._options["interval"] == 0 else None
        base = None
        try:
            loss, returned = excursion.here()
            before = parameters.values(self._x)
            g = parameters.gather([p.grad for p in parameters.tensors], self._g)
            excursion.begin_probes(before)
            finite = bool(np.isfinite(loss) and torch.isfinite(g).all())
            if finite:
                # A step that is measured may fail after the base has taken it.
                base = None if known is None else copy.deepcopy(self._base.state_dict())
                self._base.step()
                x = parameters.values()
                hands = [parameters.handed(v) for v in (before, g, x)]
                due = self._machine.cut(*hands)
                if due:
                    _, after = excursion(hands[2], True)
                    self._machine.cut(*hands, after)
                    excursion.end_probes()
                parameters.write(x)
        except BaseException:
            excursion.undo()
            if base is not None:
                self._base.load_state_dict(base)
            if known is not None:
                self._machine.load(known)
            raise
        finally:
            self._closures += excursion.calls
        self._steps += 1
        if not finite:
            excursion.undo()
            self._skipped += 1
        self.last_event = {"name": "guarded", "moved": False}
        return returned
