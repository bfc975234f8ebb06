from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

__version__: str
DENSE: int

_Vector = NDArray[Any]
_Call = Callable[[_Vector, bool], tuple[float | None, _Vector | None]]

def curvature(
    call: _Call | Callable[[_Vector], _Vector],
    x: Any,
    *,
    highest: bool,
    rule_name: str,
    length: float | None,
    tolerance: float,
    floor: float,
    max_gradients: int,
    always: bool,
    v0: Any,
    seed: int,
    ops: Any = None,
    threads: int = 1,
) -> tuple[dict[str, Any], _Vector]: ...
def spectrum(
    call: _Call | Callable[[_Vector], _Vector],
    x: Any,
    *,
    count: int,
    which: str,
    rule_name: str,
    length: float | None,
    tolerance: float,
    floor: float,
    memory: int,
    confirm: bool,
    max_gradients: int,
    v0: Any,
    seed: int,
    ops: Any = None,
    threads: int = 1,
) -> dict[str, Any]: ...
def certify(
    call: _Call,
    x: Any,
    *,
    starts: int,
    tolerance: float,
    max_gradients: int,
    memory: int,
    max_index: int,
    max_gradient: float | None,
    seed: int,
    v0: Any,
    body: str,
    ops: Any = None,
    threads: int = 1,
) -> dict[str, Any]: ...
def leave(
    call: _Call,
    x: _Vector,
    axis: _Vector,
    *,
    lowest: float,
    error: float,
    loss: float,
    loss_noise: float,
    longest: float,
    max_losses: int,
) -> dict[str, Any]: ...
def diagnose(
    call: _Call,
    others: list[_Call],
    x: _Vector,
    *,
    base: str,
    lr: float,
    momentum: float,
    step: _Vector | None,
    metric: _Vector | None,
    max_gradients: int,
    memory: int,
    tolerance: float,
    rule_name: str,
    length: float | None,
    seed: int,
    threads: int = 1,
) -> tuple[dict[str, Any], _Vector]: ...
def join(
    call: _Call,
    x: _Vector,
    axis: _Vector,
    *,
    body: str,
    push: float,
    tolerance: float,
    max_gradients: int,
    method_name: str,
) -> list[dict[str, Any]]: ...

class Guard:
    def __init__(self, len: int, single: bool, interval: int, memory: float, ops: Any = None) -> None: ...
    def cut(self, before: Any, g: Any, x: Any, after: Any = None) -> bool: ...
    def longest(self) -> float: ...
    def cost(self) -> float: ...
    def state(self) -> bytes: ...
    def load(self, bytes: bytes) -> None: ...

class Machine:
    def __init__(self, len: int, single: bool, policy: str, options: dict[str, Any], ops: Any = None) -> None: ...
    def step(self, call: _Call, x: Any, g: Any, loss: float) -> dict[str, Any]: ...
    def looks_next(self) -> str: ...
    def short_step(self, gradients: list[Any], points: list[Any] | None, loss: float) -> float | None: ...
    def counts(self) -> dict[str, int]: ...
    def estimate(self) -> tuple[dict[str, Any], _Vector]: ...
    def state(self) -> bytes: ...
    def load(self, bytes: bytes) -> None: ...

class Monitor:
    def __init__(
        self,
        len: int,
        single: bool,
        interval: int,
        first: int,
        gradients: int,
        seed: int,
        ops: Any = None,
    ) -> None: ...
    def measure(self, call: _Call, x: Any, g: Any) -> tuple[dict[str, Any], dict[str, Any]]: ...
    def state(self) -> bytes: ...
    def load(self, bytes: bytes) -> None: ...

class Search:
    def __init__(
        self,
        x: Any,
        *,
        body: str,
        index: int,
        tolerance: float,
        method_name: str,
        axis: _Vector | None,
        hessian: Any,
        numbers: list[int],
        positions: list[float],
        free: list[int],
        cell: list[list[float]] | None,
        periodic: list[bool],
    ) -> None: ...
    def ask(self) -> _Vector | None: ...
    def tell(self, value: float, gradient: _Vector) -> None: ...
    def x(self) -> _Vector: ...
    def value(self) -> float: ...
    def size(self) -> float: ...
    def steps(self) -> int: ...
    def gradients(self) -> int: ...
    def outcome(self) -> str: ...
    def verified(self, call: _Call) -> dict[str, Any]: ...
