"""DEO around PyTorch's optimizers, and curvatures of models.

Everything here takes a *closure*, as `torch.optim.LBFGS` does: it evaluates the model on **one batch**, calls
``backward`` and returns the loss. A probe calls it again at displaced parameters. Around a probe, parameters, gradients,
buffers (running statistics) and the states of random generators are saved and restored, so that both ends of a dimer see
the same dropout mask, and nothing of the run changes but what is meant to.

Works on dense float32 and float64 parameters that are all on one device. The machine keeps flat vectors of the size of all
parameters: five of its own, two for probes, and copies of the parameters and of the gradient. On the CPU they are slices in
the hands of deo's own kernels, which write points into the parameters' memory and read gradients where autograd left them;
elsewhere tensors of that device, whose scalars leave it once a step of the machine. The
second way was tested on the CPU only, where ``tensors=True`` asks for it. Half precision is refused with an error.

Examples
--------
>>> import torch, deo.torch
>>> x = torch.nn.Parameter(torch.tensor([1e-12, 0.5], dtype=torch.float64))
>>> opt = deo.torch.Escape(torch.optim.SGD([x], lr=0.1))
>>> def closure():  # a saddle at 0, minima at (±2, 0)
...     opt.zero_grad()
...     loss = x[0]**4 / 16 - x[0]**2 / 2 + 1.125 * x[1]**2
...     loss.backward()
...     return loss
>>> for _ in range(100):
...     loss = opt.step(closure)
>>> bool((x[0].abs() - 2).abs() < 1e-2)
True
>>> c = deo.torch.curvature(closure, [x])
>>> c.value > 0, c.converged
(True, True)
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deo import _deo
from deo._function import count
from deo._numpy import certificate as _certificate
from deo._numpy import curvature as _curvature
from deo._numpy import diagnosis as _diagnosis
from deo._numpy import spectrum as _spectrum
from deo._results import Certificate, Curvature, Diagnosis, Spectrum

try:
    import torch
except ImportError as error:  # pragma: no cover - the message is the point
    raise ImportError("deo.torch needs PyTorch: pip install torch") from error

from torch import Tensor
from torch.nn.modules.module import register_module_forward_pre_hook

__all__ = [
    "Amplify",
    "Deflate",
    "Escape",
    "Guard",
    "Monitor",
    "Reading",
    "certify",
    "curvature",
    "diagnose",
    "spectrum",
    "split",
]

Closure = Callable[[], Any]

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


class _Parameters:
    """The trained parameters of a model as one flat vector."""

    def __init__(self, params: Iterable[Tensor], tensors: bool | None = None, host: bool = False) -> None:
        if isinstance(params, Tensor):
            params = [params]
        self.tensors = [p for p in params if p.requires_grad]
        if not self.tensors:
            raise ValueError("there is no parameter with requires_grad")
        seen: set[int] = set()
        for i, p in enumerate(self.tensors):
            what = f"parameter {i}, of shape {tuple(p.shape)}, "
            if id(p) in seen:
                raise ValueError(what + "is there twice")
            seen.add(id(p))
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


class _Excursion:
    """A closure at the present parameters and at others, and everything back as it was."""

    # The engines may hand over one array for all points, and have copied a gradient before they ask for the next.
    reuses_points = True

    def __init__(
        self,
        parameters: _Parameters,
        closure: Closure,
        *,
        buffers: _Buffers,
        generators: Sequence[torch.Generator] = (),
        loss_closure: Closure | None = None,
        backward: bool = False,
    ) -> None:
        if not callable(closure):
            raise TypeError(f"the closure is a {type(closure).__name__}; it must be callable")
        self._parameters, self._closure, self._loss_closure = parameters, closure, loss_closure
        self._backward = backward
        self._buffers, self._generators = buffers, _Generators(parameters.device, generators)
        self._grads = [p.grad for p in parameters.tensors]
        self._start = self._generators.states()
        self._buffers.begin()
        self._x: Tensor | None = None
        self._after: Any = None
        self._there: Tensor | None = None
        self.calls = 0

    def _evaluate(self) -> tuple[float, Any]:
        """The loss with gradients, and what the closure returned."""
        for p in self._parameters.tensors:
            p.grad = None  # a closure that forgets zero_grad would add up the gradients of all probes
        hook = self._buffers.watching()
        try:
            with torch.enable_grad():
                returned = self._closure()
                loss = _number(returned)
                if all(p.grad is None for p in self._parameters.tensors):
                    if not (self._backward and isinstance(returned, Tensor) and returned.requires_grad):
                        raise RuntimeError(_NO_GRADIENT)
                    returned.sum().backward()
        finally:
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
            self._after = (self._generators.states(), self._buffers.now(), grads)
        if y is None:
            _changed(self._parameters.tensors)
        else:
            self._parameters.write(self._parameters.taken(y))
        self._generators.set(self._start)
        self._buffers.restore()
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
        states, buffers, grads = self._after
        self._parameters.write(self._x)
        self._generators.set(states)
        self._buffers.restore(buffers)
        for p, grad in zip(self._parameters.tensors, grads, strict=True):
            p.grad = grad

    def undo(self) -> None:
        """As before it all began."""
        if self._x is not None:
            self._parameters.write(self._x)
        self._generators.set(self._start)
        self._buffers.restore()
        for p, grad in zip(self._parameters.tensors, self._grads, strict=True):
            p.grad = grad


_NO_GRADIENT = "the closure left no gradient: call loss.backward() in it before it returns"


def _number(loss: Any) -> float:
    if loss is None:
        raise TypeError("the closure returned None; it must return the loss")
    if isinstance(loss, Tensor) and loss.numel() != 1:
        raise TypeError(f"the closure returned a tensor of shape {tuple(loss.shape)}; the loss is one number")
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


def _agreed(loss: float, device: torch.device) -> float:
    """The mean over all ranks: gradients are averaged by DDP, and decisions must be the same everywhere."""
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return loss
    total = torch.tensor([loss], dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return float(total[0]) / distributed.get_world_size()


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
        self._base = base
        self._ready = False
        super().__init__(base.param_groups, base.defaults)
        self._ready = True
        self._options = options
        self._buffers = _Buffers(model)
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
        raise TypeError(f"a {type(self).__name__} is saved by its state_dict(), not pickled or copied")

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
            buffers=self._buffers,
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


class Escape(_Around):
    """Leaves saddles and plateaus: where training stalls, looks for the lowest curvature and moves along it.

    Parameters
    ----------
    base : torch.optim.Optimizer
        Any optimizer but LBFGS. Its steps are its own, to the bit; where DEO moves the parameters, the base's step is left
        out.
    interval : int
        Steps between two looks.
    gradient_rung, kick : bool
        Whether a longer step along the gradient, and a move along the axis of lowest curvature, may be tried.
    share : float
        What may be spent, in gradients per gradient of the base.
    seed : int
        Of the random axes.
    model : torch.nn.Module, optional
        Whose buffers are restored after probes. By default those of all modules that the closure is seen to run, which
        under `torch.compile` may be none: pass the model there.
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
        gradient_rung: bool = True,
        kick: bool = True,
        share: float | None = None,
        seed: int = 0,
        model: torch.nn.Module | None = None,
        generators: Sequence[torch.Generator] = (),
        tensors: bool | None = None,
    ) -> None:
        options: dict[str, Any] = {"gradient_rung": bool(gradient_rung), "kick": bool(kick)}
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
        excursion = _Excursion(parameters, closure, buffers=self._buffers, generators=self._generators)
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


def split(vector: Any, params: Iterable[Tensor]) -> list[Tensor]:
    """A flat vector, such as a column of `Spectrum.vectors`, in the shapes of the parameters that require gradients."""
    parameters = _Parameters(params)
    flat = torch.as_tensor(np.ascontiguousarray(vector))
    if flat.numel() != parameters.numel:
        raise ValueError(f"the vector has {flat.numel()} elements; the parameters have {parameters.numel}")
    return parameters.split(flat.reshape(-1))


def _measured(
    closure: Closure,
    params: Iterable[Tensor],
    model: torch.nn.Module | None,
    generators: Sequence[torch.Generator],
    tensors: bool | None,
    run: Callable[[Any, Any, Any], Any],
) -> tuple[Any, _Parameters]:
    """``run(fun, x, ops)``, and everything as before."""
    parameters = _Parameters(params, tensors)
    excursion = _Excursion(parameters, closure, buffers=_Buffers(model), generators=tuple(generators), backward=True)
    x = parameters.values()
    excursion.begin_probes(x)
    try:
        result = run(excursion, parameters.handed(x), parameters.ops)
    finally:
        excursion.undo()
    return result, parameters


def curvature(
    closure: Closure,
    params: Iterable[Tensor],
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Curvature:
    """The lowest (or highest) curvature of a model's loss, and its axis as a list of tensors.

    Parameters
    ----------
    closure : callable
        Returns the loss of one batch; it may call ``backward`` itself or leave that to this function.
    params : iterable of tensors
        The parameters; those without ``requires_grad`` are constants.
    model, generators, tensors
        As of `Escape`.
    **settings
        Of `deo.curvature`: ``which``, ``tol``, ``max_gradients``, ``rule``, ``seed``, …

    Returns
    -------
    Curvature
        Parameters, gradients, buffers and generators are as before.
    """
    v0 = _flat(settings.pop("v0", None))
    found, parameters = _measured(closure, params, model, generators, tensors, _with(_curvature, v0, settings))
    return replace(found, axis=parameters.split(parameters.taken(found.axis)))


def spectrum(
    closure: Closure,
    params: Iterable[Tensor],
    k: int = 1,
    which: Any = "lowest",
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Spectrum:
    """The ``k`` lowest or highest eigenpairs of a model's Hessian; `split` gives a vector the parameters' shapes.

    Arguments are those of `curvature` and `deo.spectrum`.
    """
    v0 = _flat(settings.pop("v0", None))
    found, _ = _measured(
        closure,
        params,
        model,
        generators,
        tensors,
        _with(_spectrum, v0, {"k": k, "which": which, **settings}),
    )
    return found  # type: ignore[no-any-return]


def certify(
    closure: Closure,
    params: Iterable[Tensor],
    *,
    model: torch.nn.Module | None = None,
    generators: Sequence[torch.Generator] = (),
    tensors: bool | None = None,
    **settings: Any,
) -> Certificate:
    """Whether a model's parameters are a minimum of its loss, a saddle or neither; see `deo.certify`.

    Arguments are those of `curvature` and `deo.certify`.
    """
    v0 = _flat(settings.pop("v0", None))
    found, parameters = _measured(closure, params, model, generators, tensors, _with(_certificate, v0, settings))
    return replace(found, axis=parameters.split(parameters.taken(found.axis)))


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
    excursion = _Excursion(parameters, closure, buffers=_Buffers(model), generators=tuple(generators), backward=True)
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


def _with(run: Callable[..., Any], v0: Any, settings: dict[str, Any]) -> Callable[[Any, Any, Any], Any]:
    """``run`` of these settings, on as many threads as torch has: no bit depends on them."""
    return lambda fun, x, ops: run(fun, x, v0=v0, _ops=ops, _threads=torch.get_num_threads(), **settings)


def _flat(v0: Any) -> Any:
    if v0 is None or isinstance(v0, np.ndarray):
        return v0
    parts = [v0] if isinstance(v0, Tensor) else list(v0)
    return np.concatenate([part.detach().cpu().numpy().reshape(-1) for part in parts])


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
        self._buffers = _Buffers(model)
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
            self._parameters, closure, buffers=self._buffers, generators=self._generators, backward=True
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
