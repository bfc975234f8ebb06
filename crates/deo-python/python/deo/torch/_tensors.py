"""Parameters of a model as one flat vector, and the vector operations on tensors of any device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deo.torch._given import listed, refuse_shared


class _Parameters:
    """The trained parameters of a model as one flat vector."""

    def __init__(self, params: Iterable[Tensor], tensors: bool | None = None, host: bool = False) -> None:
        self.tensors = [p for p in listed(params) if p.requires_grad]
        if not self.tensors:
            raise ValueError("there is no parameter with requires_grad")
        seen: set[int] = set()
        for i, p in enumerate(self.tensors):
            what = f"parameter {i}, of shape {tuple(p.shape)}, "
            if id(p) in seen:
                raise ValueError(what + "is there twice")
            seen.add(id(p))
            if not p.is_leaf:
                raise TypeError(what + "is computed from others: deo.torch moves leaves, such as nn.Parameter")
            kind = type(p).__name__
            if kind in ("DTensor", "FlatParameter") or hasattr(p, "_local_tensor"):
                raise TypeError(what + f"is a {kind}: deo.torch doesn't shard (FSDP, DTensor); it works under DDP")
            if p.layout != torch.strided:
                raise TypeError(what + f"has the layout {p.layout}; deo.torch works on dense tensors")
            if p.device.type == "meta":
                raise TypeError(what + "is on the meta device, and has no values")
            if p.dtype not in (torch.float32, torch.float64):
                raise TypeError(
                    what + f"is {p.dtype}; deo.torch works in float32 and float64: "
                    "keep float32 parameters and run the model under torch.autocast"
                )
        self.dtype = self.tensors[0].dtype
        mixed = {str(p.dtype) for p in self.tensors}
        if len(mixed) > 1:
            raise TypeError(f"the parameters are of {' and '.join(sorted(mixed))}; deo.torch needs one dtype")
        devices = {p.device for p in self.tensors}
        if len(devices) > 1:
            names = " and ".join(sorted(str(device) for device in devices))
            raise TypeError(f"the parameters are on {names}; deo.torch needs them on one device")
        refuse_shared(self.tensors)
        self.ids = frozenset(map(id, self.tensors))
        self.device = self.tensors[0].device
        self.numel = sum(p.numel() for p in self.tensors)
        if tensors is False and self.device.type != "cpu":
            raise ValueError(f"tensors=False asks for arrays, and the parameters are on {self.device}")
        if host:  # flat vectors are the host's, wherever the parameters are
            tensors, self.device = False, torch.device("cpu")
        self.ops = _Operations(self) if tensors or self.device.type != "cpu" else None
        self._kept: list[tuple[Tensor, list[Tensor]]] = []
        self._lent: tuple[list[int], list[Any]] = ([], [])

    def handed(self, flat: Tensor) -> Any:
        """A flat vector as the engines take it: the same memory."""
        return flat if self.ops is not None else flat.numpy()

    def taken(self, vector: Any) -> Tensor:
        """The other way round."""
        return vector if isinstance(vector, Tensor) else torch.from_numpy(vector)

    def gather(self, tensors: Sequence[Tensor | None], out: Tensor | None = None) -> Tensor:
        """Tensors of the parameters' shapes as a flat vector; None is zero."""
        if out is None:
            out = torch.empty(self.numel, dtype=self.dtype, device=self.device)
        parts, values = self._views(out), []
        for part, tensor in zip(parts, tensors, strict=True):
            if tensor is None:
                part.zero_()
                tensor = part
            values.append(_dense(tensor))
        _copy(parts, values)
        return out

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of a flat vector in the parameters' shapes."""
        parts = flat.split([p.numel() for p in self.tensors])
        return [part.view(p.shape) for p, part in zip(self.tensors, parts, strict=True)]

    def _views(self, flat: Tensor) -> list[Tensor]:
        """`split`, at hand for the vectors of `keep`."""
        return next((parts for kept, parts in self._kept if kept is flat), None) or self.split(flat)

    def keep(self, *flats: Tensor) -> None:
        """These vectors serve step after step."""
        self._kept = [(flat, self.split(flat)) for flat in flats]

    def values(self, out: Tensor | None = None) -> Tensor:
        return self.gather(self.tensors, out)

    def write(self, flat: Tensor) -> None:
        """parameters ← flat, to the bit."""
        _copy([p.detach() for p in self.tensors], self._views(flat))

    def memory(self) -> list[Any] | None:
        """Flat arrays over the parameters' own memory; None unless that is contiguous and the kernels' to write."""
        if self.ops is not None or self.tensors[0].device.type != "cpu":
            return None
        pointers = [p.data_ptr() for p in self.tensors]
        if pointers != self._lent[0] or not self._lent[1]:
            if not all(p.is_contiguous() for p in self.tensors):
                return None
            self._lent = (pointers, [p.detach().view(-1).numpy() for p in self.tensors])
        return self._lent[1]

    def arrays(self, tensors: Sequence[Tensor | None]) -> list[Any]:
        """Arrays of tensors of the parameters' shapes, over their own memory where that is contiguous."""
        return [None if t is None else self._array(t) for t in tensors]

    def _array(self, tensor: Tensor) -> Any:
        if tensor.layout != torch.strided or tensor.dtype != self.dtype or not tensor.is_contiguous():
            tensor = _dense(tensor).to(self.dtype).contiguous()
        return tensor.detach().numpy()


def _dense(tensor: Tensor) -> Tensor:
    return (tensor if tensor.layout == torch.strided else tensor.to_dense()).detach()


def _copy(to: list[Tensor], values: list[Tensor]) -> None:
    with torch.no_grad():
        if hasattr(torch, "_foreach_copy_"):  # one call for all, since torch 2.1
            torch._foreach_copy_(to, values)
        else:
            for place, value in zip(to, values, strict=True):
                place.copy_(value)


def _changed(tensors: Sequence[Tensor]) -> None:
    """Tells autograd of writes that it hasn't seen, so that a graph kept from before refuses to go backward."""
    increment = getattr(torch.autograd.graph, "increment_version", None)  # since torch 2.1
    if increment is not None:
        for tensor in tensors:
            increment(tensor)


class _Operations:
    """What the engines do with flat tensors, on whichever device.

    As in deo's own kernels, arithmetic is in float64 and what is stored is rounded once. In single precision a dimer is a
    few thousand roundings of x long, so that a displaced point that differs in its last bits has another curvature: by up
    to 2e-3 where each operation rounded for itself.
    """

    # Elements at a time, so that the wide copies stay small.
    piece = 1 << 22

    def __init__(self, parameters: _Parameters) -> None:
        self.len, self.epsilon = parameters.numel, torch.finfo(parameters.dtype).eps / 2
        self._dtype, self._device = parameters.dtype, parameters.device
        # Metal has no float64: there everything is in float32, and the partial sums of short pieces are added on the host.
        self._wide = self._dtype if parameters.device.type == "mps" else torch.float64

    def short_share(self, x: Tensor) -> float:
        """The share of components with no more than eleven significant bits, among those that aren't zero."""
        integer, tail = (torch.int64, (1 << 42) - 1) if x.dtype == torch.float64 else (torch.int32, (1 << 13) - 1)
        nonzero = x != 0
        short = nonzero & ((x.view(integer) & tail) == 0)
        count = int(nonzero.sum())
        return float(short.sum()) / count if count >= 8 else 0.0

    def zeros(self) -> Tensor:
        return torch.zeros(self.len, dtype=self._dtype, device=self._device)

    def fill(self, x: Tensor, values: Any) -> None:
        x.copy_(torch.from_numpy(np.ascontiguousarray(values)).to(self._dtype))

    def read(self, state: bytes) -> Tensor:
        host = torch.frombuffer(bytearray(state), dtype=self._dtype) if state else torch.empty(0, dtype=self._dtype)
        return host.to(self._device)

    def _pieces(self, *vectors: Tensor) -> Any:
        return zip(*(v.split(self.piece) for v in vectors), strict=True)

    def combine(self, weights: list[float], xs: list[Tensor], b: float, y: Tensor) -> None:
        """y ← Σ aₖ xₖ + b y; with b = 0 the old y is never read."""
        if b == 0.0 and weights == [1.0]:
            y.copy_(xs[0])
            return
        for to, *parts in self._pieces(y, *xs):
            total = parts[0].to(self._wide) * weights[0]
            for a, part in zip(weights[1:], parts[1:], strict=True):
                total.add_(part.to(self._wide), alpha=a)
            to.copy_(total.add_(to.to(self._wide), alpha=b) if b != 0.0 else total)

    def secant(self, h: float, g0: Tensor, g1: Tensor, hn: Tensor) -> None:
        """hn ← (g₁ − g₀)/h; g₁/h − g₀/h would round two large numbers instead of one small difference."""
        for to, before, after in self._pieces(hn, g0, g1):
            to.copy_((after.to(self._wide) - before.to(self._wide)) / h)

    def turn(
        self,
        angle: tuple[float, float],
        towards: tuple[float, float],
        w: Tensor | None,
        less: Tensor | None,
        x: Tensor,
        y: Tensor,
    ) -> None:
        """(x, y) ← (c x + s q, c q − s x), q = a (w − less) + b y, or y itself without w; with b = 0 y is never read."""
        (c, s), (a, b) = angle, towards
        given = [v for v in (w, less) if v is not None]
        for to_x, to_y, *parts in self._pieces(x, y, *given):
            if parts:
                q = parts[0].to(self._wide)
                q = (q - parts[1].to(self._wide) if len(parts) == 2 else q) * a
                if b != 0.0:
                    q.add_(to_y.to(self._wide), alpha=b)
            else:
                q = to_y.to(self._wide, copy=True)
            before = to_x.to(self._wide, copy=True)
            to_x.copy_((c * before).add_(q, alpha=s))
            to_y.copy_(q.mul_(c).add_(before, alpha=-s))

    def dots(self, xs: list[Tensor], ys: list[Tensor]) -> list[float]:
        """Inner products, summed in float64, and one transfer for all of them."""
        if self._wide == torch.float64:
            return [float(s) for s in torch.stack([self._dot(x, y) for x, y in zip(xs, ys, strict=True)]).tolist()]
        pieces = [torch.stack([p.sum() for p in (x * y).split(1024)]) for x, y in zip(xs, ys, strict=True)]
        return [float(p.cpu().double().sum()) for p in pieces]

    def _dot(self, x: Tensor, y: Tensor) -> Tensor:
        parts = [torch.dot(a.double(), b.double()) for a, b in self._pieces(x, y)]
        return parts[0] if len(parts) == 1 else torch.stack(parts).sum()

    def displace(self, h: float, n: Tensor, x: Tensor, y: Tensor) -> float:
        """y ← x + h n, and ⟨y − x, n⟩."""
        self.combine([1.0, h], [x, n], 0.0, y)
        if self._wide != torch.float64:
            after, before = self.dots([y, x], [n, n])
            return after - before
        parts = [torch.dot(a.double() - b.double(), c.double()) for a, b, c in self._pieces(y, x, n)]
        return float(torch.stack(parts).sum())
