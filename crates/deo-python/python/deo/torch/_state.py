"""What a closure may change beside the gradients of the parameters: generators, buffers, other gradients."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
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


class _Modules:
    """What the modules that a closure runs hold beside the parameters: buffers, and gradients of others' parameters.

    Those of a model that is given, or of all modules that are seen to run. The others' parameters are those of another
    optimizer, say: each probe's ``backward`` would add to their gradients.
    """

    def __init__(self, model: torch.nn.Module | None) -> None:
        self._modules = {} if model is None else {id(m): m for m in model.modules()}
        self._watches = model is None
        self._mine: frozenset[int] = frozenset()
        self._others: dict[int, Tensor] = {}
        self._saved: list[tuple[torch.nn.Module, str, Tensor, Tensor]] = []
        self._grads: dict[int, tuple[Tensor, Tensor | None]] = {}
        self._probing = False

    def _save(self, module: torch.nn.Module) -> None:
        for name, buffer in module._buffers.items():
            if buffer is not None:
                self._saved.append((module, name, buffer, buffer.detach().clone()))

    def _others_of(self, modules: Iterable[torch.nn.Module]) -> dict[int, Tensor]:
        found = [p for module in modules for p in module._parameters.values() if p is not None]
        return {id(p): p for p in found if id(p) not in self._mine}

    def _add(self, modules: Iterable[torch.nn.Module]) -> None:
        """Modules that are seen for the first time, as they were before they ran."""
        new = [m for m in modules if id(m) not in self._modules]
        for module in new:
            self._modules[id(module)] = module
            self._save(module)
        for key, p in self._others_of(new).items():
            if key not in self._others:  # tied parameters belong to several modules
                self._others[key], self._grads[key] = p, (p, p.grad)
                if self._probing:
                    p.grad = None

    def begin(self, mine: frozenset[int]) -> None:
        """Remembers what is known; ``mine`` are the ids of the parameters whose gradients are seen to elsewhere.

        `watching` adds modules that run for the first time.
        """
        self._saved, self._probing = [], False
        for module in self._modules.values():
            if module._buffers:
                self._save(module)
        if mine != self._mine:
            self._mine = mine
            self._others = self._others_of(self._modules.values())
        self._grads = {key: (p, p.grad) for key, p in self._others.items()}

    def watching(self) -> Any:
        """Until it is removed, a module that is new has its state saved before it runs; None where nothing is watched."""
        if not self._watches:
            return None

        def hook(module: torch.nn.Module, inputs: Any) -> None:
            if id(module) in self._modules:
                return
            if _is_compiled(module):
                # Compiled code depends on the hooks that there are: at each new one it would be compiled again.
                self._watches = False
                handle.remove()
                self._add(module.modules())
            else:
                self._add([module])

        # Where something is compiled, the hook itself must not be: it would be compiled into the model.
        compiler = getattr(torch, "compiler", None) if "torch._dynamo" in sys.modules else None  # since torch 2.1
        handle = register_module_forward_pre_hook(hook if compiler is None else compiler.disable(hook))
        return handle

    def now(self) -> tuple[Any, Any]:
        """Buffers and others' gradients as they are."""
        kept = [(module, name, module._buffers[name]) for module, name, _, _ in self._saved]
        buffers = [(m, name, b, b.detach().clone()) for m, name, b in kept if b is not None]
        return buffers, {key: (p, p.grad) for key, p in self._others.items()}

    def begin_probe(self) -> None:
        """Buffers as they were at `begin`, and no gradient that a probe could add to."""
        self._restore_buffers(self._saved)
        self._probing = True
        for p in self._others.values():
            p.grad = None

    def restore(self, values: tuple[Any, Any] | None = None) -> None:
        """As they were at `begin`, or as these values are: the same tensors with the same content."""
        buffers, grads = (self._saved, self._grads) if values is None else values
        self._restore_buffers(buffers)
        for p, grad in {**self._grads, **grads}.values():
            p.grad = grad
        self._probing = False

    def _restore_buffers(self, values: list[tuple[torch.nn.Module, str, Tensor, Tensor]]) -> None:
        with torch.no_grad():
            for module, name, buffer, value in values:
                buffer.copy_(value)
                module._buffers[name] = buffer


def _is_compiled(module: torch.nn.Module) -> bool:
    """Whether `torch.compile` returned it, or its `compile` was called."""
    return hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
