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

try:
    import torch  # noqa: F401
except ImportError as error:  # pragma: no cover - the message is the point
    raise ImportError("deo.torch needs PyTorch: pip install torch") from error

from deo.torch._diagnose import diagnose
from deo.torch._guard import Guard
from deo.torch._measures import certify, curvature, spectrum, split
from deo.torch._monitor import Monitor, Reading
from deo.torch._policies import Amplify, Deflate, Escape

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
