"""Writes optim_jumps.json: torch's Adam and NAdam on gradients that jump by decades, for tests/optim_golden.rs.

    python optim_jumps.py > optim_jumps.json

Where a gradient is far smaller than the one before, m + (1 - beta)(g - m) leaves nothing of g unless beta is large.
All gradients are positive, so that no moment is small by cancellation and a relative error means something.
"""

import json

import torch

GRADIENTS = [[1.0, 3e3], [1e-4, 2e-3], [1.0, 5e3], [2e-6, 1e-5], [3e-6, 4e2], [50.0, 1e-4], [1e-5, 2e-4], [1e-5, 3e-4]]
BETAS = [(0.9, 0.0), (0.0, 0.0), (0.0, 0.999), (0.9, 1e-9), (1e-12, 0.3), (0.3, 0.5), (0.5, 0.51), (0.6, 0.1), (0.9, 0.999)]
LR, EPS, PSI = 1e-3, 1e-8, 4e-3


def run(kind, betas, dtype):
    x = torch.zeros(len(GRADIENTS[0]), dtype=dtype, requires_grad=True)
    settings = dict(lr=LR, betas=betas, eps=EPS)
    optimizer = (torch.optim.NAdam([x], momentum_decay=PSI, **settings) if kind == "NAdam"
                 else torch.optim.Adam([x], **settings))
    path = []
    for g in GRADIENTS:
        x.grad = torch.tensor(g, dtype=dtype)
        optimizer.step()
        path.append(x.tolist())
    return path


def main():
    torch.set_default_dtype(torch.float64)
    cases = [dict(kind=kind, betas=betas, f32=run(kind, betas, torch.float32), f64=run(kind, betas, torch.float64))
             for kind in ("Adam", "NAdam") for betas in BETAS]
    common = dict(torch=torch.__version__.split("+")[0], gradients=GRADIENTS, lr=LR, eps=EPS, psi=PSI)
    print(json.dumps(common)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}")


main()
