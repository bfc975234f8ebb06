"""An optimizer with DEO beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deo import _deo
from deo._results import Curvature
from deo.torch._excursion import Closure, _Excursion
from deo.torch._state import _Modules
from deo.torch._tensors import _Parameters

_FORMAT = 1
_NEEDS_CLOSURE = (
    "step() needs a closure here, for probes evaluate the model again: write\n"
    "    def closure():\n"
    "        opt.zero_grad()\n"
    "        loss = loss_fn(model(inputs), targets)\n"
    "        loss.backward()\n"
    "        return loss\n"
    "    opt.step(closure)\n"
    "torch's GradScaler calls step() without one, and works with the base optimizer only"
)


class _Around(torch.optim.Optimizer):
    """An optimizer with DEO beside it; `param_groups`, `state` and `defaults` are the base's own."""

    _policy: str
    _changes_gradients: bool

    def __init__(
        self,
        base: torch.optim.Optimizer,
        options: dict[str, Any],
        *,
        model: torch.nn.Module | None,
        generators: Sequence[torch.Generator],
        tensors: bool | None,
    ) -> None:
        if not isinstance(base, torch.optim.Optimizer):
            raise TypeError(
                f"{type(self).__name__} goes around an optimizer, {type(self).__name__}(torch.optim.AdamW(…)), "
                f"and got a {type(base).__name__}"
            )
        if isinstance(base, (torch.optim.LBFGS, _Around)):
            raise TypeError(f"{type(base).__name__} evaluates closures of its own, and can't be the base")
        _refuse_maximize(base.param_groups)
        self._base = base
        self._ready = False
        super().__init__(base.param_groups, base.defaults)
        self._ready = True
        self._options = options
        self._modules = _Modules(model)
        self._generators = tuple(generators)
        self._tensors = tensors
        self._parameters: _Parameters | None = None
        self._machine: Any = None
        self._steps = self._skipped = self._closures = 0
        self.last_event: dict[str, Any] = {"name": "quiet", "moved": False}
        # Settings are checked now, not at the first step.
        self._new_machine(1, True, None)
        _Parameters(self._all(), tensors)

    def _all(self) -> list[Tensor]:
        return [p for group in self._base.param_groups for p in group["params"]]

    # What torch and its schedulers look at is the base's.

    @property
    def base(self) -> torch.optim.Optimizer:
        """The optimizer inside."""
        return self._base

    @property  # type: ignore[override]
    def param_groups(self) -> list[dict[str, Any]]:
        return self._base.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[dict[str, Any]]) -> None:
        if self._ready:
            self._base.param_groups = groups

    @property  # type: ignore[override]
    def state(self) -> Any:
        return self._base.state

    @state.setter
    def state(self, state: Any) -> None:
        if self._ready:
            self._base.state = state

    @property  # type: ignore[override]
    def defaults(self) -> dict[str, Any]:
        return self._base.defaults

    @defaults.setter
    def defaults(self, defaults: dict[str, Any]) -> None:
        pass

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base!r})"

    def __getstate__(self) -> Any:
        raise TypeError(f"{type(self).__name__} is saved by its state_dict(), not pickled or copied")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """As of the base."""
        self._base.zero_grad(set_to_none=set_to_none)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As of the base, before the first step."""
        if not self._ready:
            return  # called by Optimizer.__init__ for groups that the base has already
        if self._machine is not None:
            raise RuntimeError(
                f"{type(self).__name__} has vectors of the size of all parameters since its first step: "
                "add parameter groups before it, or make a new one around the same base"
            )
        _refuse_maximize([param_group])
        self._base.add_param_group(param_group)

    # What is DEO's.

    @property
    def counts(self) -> dict[str, int]:
        """What DEO has evaluated and done beyond the base's own gradients, and ``steps`` and ``skipped``."""
        counts = {n: 0 for n in ("gradients", "losses", "rotations", "visits", "moves", "kicks")}
        if self._machine is not None:
            counts = self._machine.counts()
        return {**counts, "steps": self._steps, "skipped": self._skipped, "closures": self._closures}

    @property
    def estimate(self) -> Curvature | None:
        """The last estimate of the lowest curvature, with its axis as a list of tensors; None before the first."""
        if self._machine is None or self._parameters is None:
            return None
        numbers, axis = self._machine.estimate()
        if numbers["status"] == "unknown":
            return None
        return Curvature(axis=self._parameters.split(self._parameters.taken(axis)), **numbers)

    def _new_machine(self, numel: int, single: bool, ops: Any) -> Any:
        return _deo.Machine(numel, single, self._policy, self._options, ops)

    def _start(self) -> _Parameters:
        if self._parameters is None or self._machine is None:
            self._parameters = _Parameters(self._all(), self._tensors)
            single, ops = self._parameters.dtype == torch.float32, self._parameters.ops
            self._machine = self._new_machine(self._parameters.numel, single, ops)
            self._x = self._parameters.values()
            self._g = torch.empty_like(self._x)
            self._parameters.keep(self._x, self._g)
        return self._parameters

    def step(self, closure: Closure | None = None, *, loss_closure: Closure | None = None) -> Any:
        """One step on the batch that ``closure`` is bound to.

        Parameters
        ----------
        closure : callable
            Evaluates the model on one batch, calls ``backward`` and returns the loss. It is called once, and again for each
            probe, always on the same batch.
        loss_closure : callable, optional
            Returns the loss of the same batch without ``backward``; where only a loss is asked for, it is called instead,
            under `torch.no_grad`.

        Returns
        -------
        What the closure returned at the parameters of before the step.

        Notes
        -----
        Where the loss or its gradient isn't finite no step is taken, and parameters, buffers and generators are as before.
        """
        if closure is None:
            raise TypeError(_NEEDS_CLOSURE)
        parameters = self._start()
        excursion = _Excursion(
            parameters,
            closure,
            modules=self._modules,
            generators=self._generators,
            loss_closure=loss_closure,
        )
        try:
            loss, returned = excursion.here()
            grads = [p.grad for p in parameters.tensors]
            norm = self._quiet(parameters, grads, loss)
            if norm is not None:
                return self._plain(excursion, np.isfinite(loss) and np.isfinite(norm), returned)
            x = parameters.values(self._x)
            g = parameters.gather(grads, self._g)
            excursion.begin_probes(x)
            # Changes x only where it returns an event that moves, g only for the policies that are about gradients.
            event = self._machine.step(excursion, parameters.handed(x), parameters.handed(g), loss)
        except BaseException:
            excursion.undo()
            raise
        finally:
            self._closures += excursion.calls
        finite = np.isfinite(loss) and np.isfinite(event["gradient_norm"])
        self._steps += 1
        if finite:
            excursion.end_probes()
        else:
            excursion.undo()
            self._skipped += 1
        if event["moved"]:
            parameters.write(x)
        elif finite:
            if self._changes_gradients:
                for p, part in zip(parameters.tensors, parameters.split(g), strict=True):
                    if p.grad is not None:
                        p.grad = part.clone()
            self._base.step()
        self.last_event = event
        return returned

    def _quiet(self, parameters: _Parameters, grads: list[Tensor | None], loss: float) -> float | None:
        """‖g‖, if the machine looks at norms only in this step, and has seen them; then nothing needs to be gathered."""
        looks = self._machine.looks_next()
        points = parameters.memory() if looks == "pace" else None
        if looks == "all" or (looks == "pace" and points is None):
            return None
        if parameters.ops is not None:
            found = [parameters.gather(grads, self._g)]
        else:
            pairs = zip(parameters.arrays(grads), parameters.tensors, strict=True)
            found = [p.numel() if array is None else array for array, p in pairs]
        norm: float | None = self._machine.short_step(found, points, loss)
        return norm

    def _plain(self, excursion: _Excursion, finite: bool, returned: Any) -> Any:
        """The base's own step, unless something isn't finite."""
        self._steps += 1
        self.last_event = {"name": "quiet", "moved": False}
        if finite:
            self._base.step()
        else:
            excursion.undo()
            self._skipped += 1
        return returned

    def state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The base's, and under ``"deo"`` everything that a resumed run needs for the same bits."""
        state = dict(self._base.state_dict(*args, **kwargs))
        machine = None
        if self._machine is not None:
            machine = torch.from_numpy(np.frombuffer(self._machine.state(), np.uint8).copy())
        state["deo"] = {
            "format": _FORMAT,
            "policy": self._policy,
            "options": dict(self._options),
            "machine": machine,
            "numel": 0 if self._parameters is None else self._parameters.numel,
            "steps": self._steps,
            "skipped": self._skipped,
            "closures": self._closures,
        }
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a `state_dict` of an optimizer with the same policy and options."""
        rest = dict(state_dict)
        deo = rest.pop("deo", None)
        if deo is None:
            raise ValueError(
                f"this state has no part of deo: it is of a bare optimizer. Load it into {type(self).__name__}.base "
                "to go on from that with a fresh machine"
            )
        if deo.get("format") != _FORMAT:
            raise ValueError(f"the state is of format {deo.get('format')}; this version reads {_FORMAT}")
        if deo["policy"] != self._policy or deo["options"] != self._options:
            raise ValueError(
                f"the state is of {deo['policy']} with {deo['options']}; this is {self._policy} with {self._options}"
            )
        if deo["machine"] is not None:
            before = self._machine
            self._machine = None
            numel = self._start().numel
            try:
                if deo["numel"] != numel:
                    raise ValueError(
                        f"the state is of a model of another size: {deo['numel']} parameters, and this has {numel}"
                    )
                self._machine.load(deo["machine"].cpu().numpy().tobytes())
            except BaseException:
                self._machine = before
                raise
        else:
            self._machine = None
        self._base.load_state_dict(rest)
        self._steps, self._skipped, self._closures = deo["steps"], deo["skipped"], deo["closures"]


def _refuse_maximize(groups: Sequence[dict[str, Any]]) -> None:
    if any(group.get("maximize") for group in groups):
        raise ValueError("deo makes a loss smaller, and this optimizer has maximize=True: negate the loss instead")
