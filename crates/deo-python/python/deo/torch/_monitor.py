"""Both ends of the spectrum beside a training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deo import _deo
from deo._function import count
from deo.torch._around import _FORMAT
from deo.torch._excursion import Closure, _Excursion
from deo.torch._state import _Modules
from deo.torch._tensors import _Parameters


@dataclass(frozen=True)
class Reading:
    """Both ends of the spectrum at a step.

    Attributes
    ----------
    step : int
        Counted from 0.
    lowest, highest : float
        λ_min and λ_max, bounds from within.
    lowest_residual, highest_residual : float
        Some eigenvalue lies within this distance of each.
    loss : float
        Of the batch.
    gradients : int
        Spent on this reading.
    """

    step: int
    lowest: float
    highest: float
    lowest_residual: float
    highest_residual: float
    loss: float
    gradients: int


class Monitor:
    """λ_min and λ_max beside a training run, of which no bit changes.

    Parameters
    ----------
    params : iterable of tensors
        The parameters.
    every : int
        Steps between two readings.
    first, gradients : int
        Gradients for each end at the first reading, and at later ones.
    seed : int
        Of the random axes.
    model, generators, tensors
        As of `Escape`.

    Examples
    --------
    >>> import torch, deo.torch
    >>> x = torch.nn.Parameter(torch.tensor([0.1, 0.2, 0.3]))
    >>> d = torch.tensor([4.0, -1.0, 0.5])
    >>> opt = torch.optim.SGD([x], lr=0.1)
    >>> mon = deo.torch.Monitor([x], every=50)
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = (d * x * x).sum() / 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(60):
    ...     _ = mon.step(closure)  # a Reading at steps 0 and 50, None else
    ...     _ = opt.step(closure)
    >>> [(r.step, round(r.lowest, 2), round(r.highest, 2)) for r in mon.history]
    [(0, -1.0, 4.0), (50, -1.0, 4.0)]
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        every: int = 50,
        *,
        first: int = 40,
        gradients: int = 16,
        seed: int = 0,
        model: torch.nn.Module | None = None,
        generators: Sequence[torch.Generator] = (),
        tensors: bool | None = None,
    ) -> None:
        self._parameters = _Parameters(params, tensors)
        self._every = count(every, "every")
        self._machine = _deo.Monitor(
            self._parameters.numel,
            self._parameters.dtype == torch.float32,
            self._every,
            count(first, "first"),
            count(gradients, "gradients"),
            count(seed, "seed", 0),
            self._parameters.ops,
        )
        self._modules = _Modules(model)
        self._generators = tuple(generators)
        self._step = 0
        self.history: list[Reading] = []

    def step(self, closure: Closure) -> Reading | None:
        """Call it once a step with the closure of the batch: a reading where one is due, None else."""
        step = self._step
        if step % self._every:
            self._step += 1
            return None
        excursion = _Excursion(
            self._parameters, closure, modules=self._modules, generators=self._generators, backward=True
        )
        x = self._parameters.values()
        excursion.begin_probes(x)
        try:
            here = self._parameters.handed(x)
            loss, g = excursion(here, True)
            g = self._parameters.handed(self._parameters.taken(g).clone())  # the next gradient takes its place
            lowest, highest = self._machine.measure(excursion, here, g)
        finally:
            excursion.undo()
        self._step += 1
        reading = Reading(
            step,
            lowest["value"],
            highest["value"],
            lowest["residual"],
            highest["residual"],
            loss,
            excursion.calls,
        )
        self.history.append(reading)
        return reading

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs for the same readings."""
        return {
            "format": _FORMAT,
            "machine": torch.from_numpy(np.frombuffer(self._machine.state(), np.uint8).copy()),
            "step": self._step,
            "history": [tuple(vars(reading).values()) for reading in self.history],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a `state_dict` of a monitor with the same settings."""
        if state_dict.get("format") != _FORMAT:
            raise ValueError(f"the state is of format {state_dict.get('format')}; this version reads {_FORMAT}")
        self._machine.load(state_dict["machine"].cpu().numpy().tobytes())
        self._step = state_dict["step"]
        self.history = [Reading(*reading) for reading in state_dict["history"]]
