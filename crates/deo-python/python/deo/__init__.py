"""Minimum curvature from gradients alone.

`curvature` finds the lowest eigenvalue of a Hessian that is never formed, `spectrum` several at either end, `certify`
says whether a point is a minimum or a saddle, `escape` leaves a saddle, and `diagnose` says whether that is what a training
needs. `deo.scipy`, `deo.torch` and `deo.ase`
bring them to the optimizers, models and atoms of those packages, and are imported when they are first used.

Examples
--------
>>> import numpy as np, deo
>>> def fun(x):  # a saddle at 0, minima at (±1, 0)
...     return x[0]**4 / 4 - x[0]**2 / 2 + x[1]**2, np.array([x[0]**3 - x[0], 2 * x[1]])
>>> c = deo.curvature(fun, np.zeros(2))
>>> round(c.value, 6), c.status
(-1.0, 'converged')
>>> deo.certify(fun, np.zeros(2)).kind
'saddle'
>>> left = deo.escape(fun, np.zeros(2))
>>> left.moved and left.loss < 0
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from deo._deo import __version__
from deo._numpy import certify, curvature, diagnose, escape, spectrum
from deo._results import Certificate, Curvature, Diagnosis, Escaped, OtherBatches, Spectrum

if TYPE_CHECKING:
    from deo import ase, scipy, torch

__all__ = [
    "Certificate",
    "Curvature",
    "Diagnosis",
    "Escaped",
    "OtherBatches",
    "Spectrum",
    "__version__",
    "ase",
    "certify",
    "curvature",
    "diagnose",
    "escape",
    "scipy",
    "spectrum",
    "torch",
]


def __getattr__(name: str) -> Any:
    if name in {"ase", "scipy", "torch"}:
        return import_module(f"deo.{name}")
    raise AttributeError(f"module 'deo' has no attribute {name!r}")
