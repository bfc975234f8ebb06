"""What a closure may change beside gradients: random generators and buffers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.module import register_module_forward_pre_hook


class _Generators:
    """The random generators that a closure may draw from: torch's, the device's, NumPy's, Python's, and some more."""

    def __init__(self, device: torch.device, more: Sequence[torch.Generator] = ()) -> None:
        self._more = tuple(more)
        module = None if device.type == "cpu" else getattr(torch, device.type, None)
        self._module = module if hasattr(module, "get_rng_state") else None
        self._of_device = () if device.type == "mps" else (device,)

    def states(self) -> tuple[Any, ...]:
        device = None if self._module is None else self._module.get_rng_state(*self._of_device)
        more = [g.get_state() for g in self._more]
        return (torch.get_rng_state(), random.getstate(), np.random.get_state(), device, more)

    def set(self, states: tuple[Any, ...]) -> None:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])
        if self._module is not None:
            self._module.set_rng_state(states[3], *self._of_device)
        for generator, state in zip(self._more, states[4], strict=True):
            generator.set_state(state)


class _Buffers:
    """Buffers of the modules that a closure runs: all of a model, or those that are seen to run."""

    def __init__(self, model: torch.nn.Module | None) -> None:
        self._modules = {} if model is None else {id(m): m for m in model.modules()}
        self._saved: list[tuple[torch.nn.Module, str, Tensor, Tensor]] = []

    def _save(self, module: torch.nn.Module) -> None:
        for name, buffer in module._buffers.items():
            if buffer is not None:
                self._saved.append((module, name, buffer, buffer.detach().clone()))

    def begin(self) -> None:
        """Remembers the buffers that are known; `watching` adds those of modules that run for the first time."""
        self._saved = []
        for module in self._modules.values():
            self._save(module)

    def watching(self) -> Any:
        """Until it is removed, a module that is new has its buffers saved before it runs."""

        def hook(module: torch.nn.Module, inputs: Any) -> None:
            if module._buffers and id(module) not in self._modules:
                self._modules[id(module)] = module
                self._save(module)

        return register_module_forward_pre_hook(hook)

    def now(self) -> list[tuple[torch.nn.Module, str, Tensor, Tensor]]:
        """The buffers as they are."""
        kept = [(module, name, module._buffers[name]) for module, name, _, _ in self._saved]
        return [(m, name, b, b.detach().clone()) for m, name, b in kept if b is not None]

    def restore(self, values: list[tuple[torch.nn.Module, str, Tensor, Tensor]] | None = None) -> None:
        """As they were at `begin`, or as these values are: the same tensors with the same content."""
        with torch.no_grad():
            for module, name, buffer, value in self._saved if values is None else values:
                buffer.copy_(value)
                module._buffers[name] = buffer
