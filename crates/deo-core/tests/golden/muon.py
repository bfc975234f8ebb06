"""Writes muon.json: 20 steps of torch.optim.Muon beside AdamW, for tests/muon_golden.rs.

    python muon.py > muon.json

The function and the rates are those of optim.py. Groups are: range, rows and columns or null, lr_scale, decay_scale; those with
rows and columns are Muon's. PyTorch rounds its Newton-Schulz iteration to bfloat16, deo-core doesn't: in "f32" and "f64" that type is
replaced by the one of the parameters, so that everything else is compared to the last digits; "bfloat16" is PyTorch as it
is, with parameters in f32.
"""

import json

import numpy as np
import torch

from optim import A, COUPLING, N, RECORDED, START, STEPS, gradient

TWO = [[0, 6, [2, 3], 1.0, 1.0], [6, 8, None, 1.0, 1.0], [8, 12, [2, 2], 1.0, 1.0]]
TALL = [[0, 8, [4, 2], 0.5, 0.0], [8, 12, None, 2.0, 1.0]]
FLAT = [[0, 12, [3, 4], 1.0, 1.0]]


def case(name, lr, groups, muon={}, adam={}):
    muon = dict(weight_decay=0.1, momentum=0.95, nesterov=True, adjust_lr_fn="original", eps=1e-7, ns_steps=5,
                ns_coefficients=(3.4445, -4.7750, 2.0315)) | muon
    adam = dict(betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01) | adam
    return dict(name=name, lr=lr, groups=groups, muon=muon, adam=adam)


CASES = [
    case("defaults", 0.02, TWO),
    case("flat", 0.01, FLAT, dict(momentum=0.8)),
    case("tall, no look ahead", 0.02, TALL, dict(nesterov=False, weight_decay=0.3), dict(betas=(0.8, 0.9), weight_decay=0.2)),
    case("as adamw", 0.03, TWO, dict(adjust_lr_fn="match_rms_adamw", momentum=0.4), dict(eps=1e-3)),
    case("spectral, convergent", 0.01, TALL, dict(adjust_lr_fn="spectral_unclamped", ns_coefficients=(1.875, -1.25, 0.375),
                                                  ns_steps=9)),
]


def run(case, dtype, inside):
    start = torch.tensor(START, dtype=dtype)
    params, of_muon, of_adam = [], [], []
    for first, end, shape, lr_scale, decay_scale in case["groups"]:
        p = start[first:end].clone()
        p = (p.reshape(shape) if shape else p).requires_grad_()
        params.append(p)
        decay = case["muon" if shape else "adam"]["weight_decay"] * decay_scale
        (of_muon if shape else of_adam).append(dict(params=[p], lr_scale=lr_scale, weight_decay=decay))
    optimizers = [torch.optim.Muon(of_muon, **case["muon"])]
    if of_adam:
        optimizers.append(torch.optim.AdamW(of_adam, **case["adam"]))
    recorded = []
    for t in range(STEPS):
        x = torch.cat([p.detach().flatten() for p in params]).to(torch.float64).numpy()
        g = torch.tensor(gradient(x)).to(dtype)
        for p, (first, end, *_) in zip(params, case["groups"]):
            p.grad = g[first:end].reshape(p.shape).clone()
        kept, torch.bfloat16 = torch.bfloat16, inside
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = case["lr"] * (1 - t / 40) * group["lr_scale"]
            optimizer.step()
        torch.bfloat16 = kept
        x = torch.cat([p.detach().flatten() for p in params])
        # A component that passes through zero has no meaningful relative error.
        assert x.abs().min() > 0.1, case["name"]
        if t + 1 in RECORDED:
            recorded.append(x.tolist())
    return recorded


def main():
    kinds = [("f32", torch.float32, torch.float32), ("f64", torch.float64, torch.float64),
             ("bfloat16", torch.float32, torch.bfloat16)]
    cases = [{**c, **{name: run(c, dtype, inside) for name, dtype, inside in kinds}} for c in CASES]
    common = dict(torch=torch.__version__.split("+")[0], steps=STEPS, recorded=RECORDED, coupling=COUPLING,
                  a=A.tolist(), start=START.tolist())
    lines = ",\n".join(json.dumps(c) for c in cases)
    print(json.dumps(common)[:-1] + ', "cases": [\n' + lines + "\n]}")


main()
