from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

__version__: str

_Vector = NDArray[Any]
_Call = Callable[[_Vector, bool], tuple[float | None, _Vector | None]]

def curvature(
    call: _Call | Callable[[_Vector], _Vector],
    x: _Vector,
    *,
    highest: bool,
    rule_name: str,
    length: float | None,
    tolerance: float,
    floor: float,
    max_gradients: int,
    always: bool,
    v0: _Vector | None,
    seed: int,
) -> tuple[dict[str, Any], _Vector]: ...
def spectrum(
    call: _Call | Callable[[_Vector], _Vector],
    x: _Vector,
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
    v0: _Vector | None,
    seed: int,
) -> dict[str, Any]: ...
def certify(
    call: _Call,
    x: _Vector,
    *,
    starts: int,
    tolerance: float,
    max_gradients: int,
    memory: int,
    max_index: int,
    max_gradient: float | None,
    seed: int,
    v0: _Vector | None,
    body: str,
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
def search(
    call: _Call,
    observer: Callable[[int, _Vector, float, float], None],
    x: _Vector,
    *,
    body: str,
    index: int,
    tolerance: float,
    max_gradients: int,
    method_name: str,
    axis: _Vector | None,
) -> dict[str, Any]: ...
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

class Machine:
    def __init__(self, len: int, single: bool, policy: str, options: dict[str, Any]) -> None: ...
    def step(self, call: _Call, x: _Vector, g: _Vector, loss: float) -> dict[str, Any]: ...
    def counts(self) -> dict[str, int]: ...
    def estimate(self) -> tuple[dict[str, Any], _Vector]: ...
    def state(self) -> bytes: ...
    def load(self, bytes: bytes) -> None: ...

class Monitor:
    def __init__(self, len: int, single: bool, interval: int, first: int, gradients: int, seed: int) -> None: ...
    def measure(self, call: _Call, x: _Vector, g: _Vector) -> tuple[dict[str, Any], dict[str, Any]]: ...
    def state(self) -> bytes: ...
    def load(self, bytes: bytes) -> None: ...
