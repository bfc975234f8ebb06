"""What is given as parameters, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def listed(params: Any) -> list[Tensor]:
    """Parameters in a list, or an error that says what they are instead."""
    if isinstance(params, Tensor):
        return [params]
    if isinstance(params, torch.nn.Module):
        raise TypeError(f"params is a {type(params).__name__}: pass its parameters()")
    listed = list(params.values() if isinstance(params, dict) else params)
    for i, p in enumerate(listed):
        if not isinstance(p, Tensor):
            hint = ": pass parameters(), not named_parameters()" if isinstance(p, tuple) else ""
            raise TypeError(f"parameter {i} is a {type(p).__name__}; it must be a tensor{hint}")
    return listed


def refuse_shared(tensors: Sequence[Tensor]) -> None:
    """Elements that lie on the same memory are one variable, and would be counted and written as several."""
    spans: dict[int, list[tuple[int, int, int]]] = {}  # of each storage: first byte, the one after the last, which
    for i, p in enumerate(tensors):
        if p.numel() == 0:
            continue
        if any(step == 0 and size > 1 for step, size in zip(p.stride(), p.shape, strict=True)):
            raise ValueError(f"parameter {i}, of shape {tuple(p.shape)}, is expanded, and has less memory: clone() it")
        length = 1 + sum((size - 1) * step for step, size in zip(p.stride(), p.shape, strict=True))
        first = p.data_ptr()
        spans.setdefault(_storage(p), []).append((first, first + length * p.element_size(), i))
    for parts in spans.values():
        parts.sort()
        for at, (_, end, i) in enumerate(parts):
            for first, _, j in parts[at + 1 :]:
                if first >= end:
                    break
                if _overlap(tensors[i], tensors[j]):
                    raise ValueError(f"parameters {i} and {j} share memory: make them one, as b.weight = a.weight does")


def _storage(p: Tensor) -> int:
    if hasattr(p, "untyped_storage"):  # since torch 2.0
        return p.untyped_storage().data_ptr()
    return int(p.storage().data_ptr())


def _overlap(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors of one storage, whose spans overlap, have an element in common."""

    def places(p: Tensor) -> Tensor:
        of = torch.full(p.shape, p.storage_offset(), device="cpu")
        for axis, (size, step) in enumerate(zip(p.shape, p.stride(), strict=True)):
            shape = [1] * p.dim()
            shape[axis] = size
            of += (torch.arange(size, device="cpu") * step).view(shape)
        return of.reshape(-1)

    return bool(torch.isin(places(a), places(b)).any())
