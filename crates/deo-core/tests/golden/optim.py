"""Writes optim.json: 20 steps of torch.optim's optimizers, for tests/optim_golden.rs.

    python optim.py > optim.json

The function is f(x) = sum a_i x_i^4/4 - x_i^2/2 + (c/2) sum (x_{i+1} - x_i)^2. Its gradient is taken in f64 at the
stored parameters and then rounded to storage, here and in the test, so that only the optimizer is compared.
The learning rate changes at every step, as a schedule would have it: lr (1 - t/40), t = 0, 1, ... But for Rprop, which takes
it for the first length alone; its step_sizes are given in units of the rate, as deo-core's are.
"""

import json

import numpy as np
import torch

# NAdam keeps its product of momenta in the default type; in f32 that alone would cost 1e-9.
torch.set_default_dtype(torch.float64)

N, STEPS, COUPLING = 12, 20, 0.3
RECORDED = (1, 2, 10, 20)
A = 0.5 + 0.25 * np.arange(N)
START = np.array([(-1.0) ** (i // 2) * (0.6 + 0.08 * i) for i in range(N)])
OWN = [  # with its own betas and epsilon, or none
    [0, 4, 1.0, 1.0, 0.7, 0.9, 1e-2],
    [4, 7, 0.5, 0.0, 0.95, 0.5, 1e-6],
    [7, 12, 1.0, 1.0],
]
GROUPS = [  # range, lr_scale, decay_scale
    [0, 5, 1.0, 1.0],
    [5, 8, 0.25, 0.0],
    [8, 12, 3.0, 1.0],
]
WHOLE = [[0, N, 1.0, 1.0]]

SGD, ADAM, ADAMW, NADAM = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam
RMSPROP, RPROP, LBFGS = torch.optim.RMSprop, torch.optim.Rprop, torch.optim.LBFGS
# No tolerance, and no inner loop.
STEPWISE = dict(max_iter=1, tolerance_grad=0, tolerance_change=0)


def case(name, optimizer, lr, groups=WHOLE, clip=None, scale=1.0, **settings):
    return dict(name=name, optimizer=optimizer, lr=lr, groups=groups, clip=clip, scale=scale, settings=settings)


CASES = [
    case("sgd", SGD, 0.02),
    case("sgd decay", SGD, 0.02, weight_decay=0.3),
    case("sgd momentum", SGD, 0.005, momentum=0.85),
    case("sgd momentum dampening decay", SGD, 0.01, momentum=0.8, dampening=0.4, weight_decay=0.2),
    case("sgd nesterov decay", SGD, 0.01, momentum=0.7, nesterov=True, weight_decay=0.1),
    case("sgd groups", SGD, 0.004, GROUPS, momentum=0.6, dampening=0.1, weight_decay=0.3),
    case("sgd clipped", SGD, 0.05, clip=1.7, momentum=0.8),
    case("adam", ADAM, 0.03, betas=(0.8, 0.95), eps=1e-3),
    case("adam defaults", ADAM, 0.03, betas=(0.9, 0.999), eps=1e-8),
    case("adam decay", ADAM, 0.03, betas=(0.7, 0.99), eps=1e-4, weight_decay=0.4),
    case("adam groups", ADAM, 0.02, GROUPS, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.4),
    # Means without memory, with hardly any, and on both sides of the half.
    case("adam no memory of squares", ADAM, 0.01, betas=(0.9, 0.0), eps=1e-8),
    case("adam no memory", ADAM, 0.01, betas=(0.0, 0.0), eps=1e-3),
    case("adam short memory", ADAM, 0.01, betas=(0.2, 1e-9), eps=1e-6, weight_decay=0.1),
    case("adam half", ADAM, 0.01, betas=(0.5, 0.5), eps=1e-6),
    case("adamw below the half", ADAMW, 0.01, betas=(1e-12, 0.45), eps=1e-8, weight_decay=0.2),
    case("nadam no memory", NADAM, 0.01, betas=(0.0, 0.0), eps=1e-3, momentum_decay=0.004),
    case("nadamw short memory", NADAM, 0.01, GROUPS, betas=(0.3, 0.1), eps=1e-6, weight_decay=0.3,
         momentum_decay=0.004, decoupled_weight_decay=True),
    case("adamw", ADAMW, 0.03, betas=(0.85, 0.97), eps=1e-5, weight_decay=0.5),
    case("adamw groups", ADAMW, 0.02, GROUPS, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.5),
    case("adamw clipped", ADAMW, 0.03, GROUPS, clip=0.9, betas=(0.8, 0.95), eps=1e-1, weight_decay=0.2),
    case("nadam decay", NADAM, 0.03, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.4, momentum_decay=0.01),
    case("nadamw groups", NADAM, 0.02, GROUPS, betas=(0.9, 0.99), eps=1e-4, weight_decay=0.5,
         momentum_decay=0.004, decoupled_weight_decay=True),
    case("rmsprop", RMSPROP, 0.01, alpha=0.95, eps=1e-4),
    case("rmsprop momentum decay groups", RMSPROP, 0.004, GROUPS, alpha=0.9, eps=1e-3, momentum=0.6, weight_decay=0.3),
    case("rmsprop centered", RMSPROP, 0.004, alpha=0.8, eps=1e-2, centered=True),
    case("rmsprop centered momentum", RMSPROP, 0.002, GROUPS, alpha=0.9, eps=1e-2, centered=True, momentum=0.5),
    case("rprop", RPROP, 0.01, etas=(0.4, 1.3), step_sizes=(0.2, 3.0)),
    case("rprop groups", RPROP, 0.004, GROUPS, etas=(0.5, 1.2), step_sizes=(0.3, 1.5)),
    case("adam amsgrad", ADAM, 0.03, betas=(0.8, 0.6), eps=1e-4, amsgrad=True),
    case("adamw amsgrad groups", ADAMW, 0.02, GROUPS, betas=(0.9, 0.9), eps=1e-6, weight_decay=0.4, amsgrad=True),
    case("adam own betas", ADAM, 0.02, OWN, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2),
    case("adamw amsgrad own betas", ADAMW, 0.02, OWN, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.3, amsgrad=True),
    case("nadamw own betas", NADAM, 0.02, OWN, betas=(0.9, 0.99), eps=1e-4, weight_decay=0.3,
         momentum_decay=0.004, decoupled_weight_decay=True),
    # Small, so that the first gradient is shorter than 1 in every norm.
    case("lbfgs", LBFGS, 0.3, scale=0.02, history_size=4, **STEPWISE),
    case("lbfgs short memory", LBFGS, 0.1, scale=0.015, history_size=1, **STEPWISE),
    case("lbfgs long memory", LBFGS, 0.2, scale=0.01, history_size=100, **STEPWISE),
    case("rmsprop short memory", RMSPROP, 0.005, alpha=0.3, eps=1e-3, weight_decay=0.1),
]


def gradient(x):
    g = A * x**3 - x
    d = COUPLING * (x[1:] - x[:-1])
    g[:-1] -= d
    g[1:] += d
    return g


def run(case, dtype):
    start = torch.tensor(START, dtype=dtype)
    params, groups = [], []
    for first, end, lr_scale, decay_scale, *own in case["groups"]:
        p = start[first:end].clone().requires_grad_()
        params.append(p)
        decay = case["settings"].get("weight_decay", 0.0) * decay_scale
        lr = case["lr"] * lr_scale
        group = dict(params=[p], lr_scale=lr_scale, lr=lr)
        if own:
            group["betas"], group["eps"] = (own[0], own[1]), own[2]
        if case["optimizer"] is LBFGS:
            del group["lr_scale"]
        elif case["optimizer"] is RPROP:
            group["step_sizes"] = tuple(lr * length for length in case["settings"]["step_sizes"])
        else:
            group["weight_decay"] = decay
        groups.append(group)
    optimizer = case["optimizer"](groups, lr=case["lr"], **case["settings"])
    recorded, norms = [], []
    for t in range(STEPS):
        x = torch.cat([p.detach() for p in params]).to(torch.float64).numpy()
        g = torch.tensor(case["scale"] * gradient(x)).to(dtype)
        for p, (first, end, *_) in zip(params, case["groups"]):
            p.grad = g[first:end].clone()
        if case["clip"] is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(params, case["clip"]).item())
        for group in optimizer.param_groups:
            if case["optimizer"] is not RPROP:
                group["lr"] = case["lr"] * (1 - t / 40) * group.get("lr_scale", 1.0)
        # L-BFGS asks its closure for the gradient that is there already.
        optimizer.step(*[lambda: torch.tensor(0.0)] * (case["optimizer"] is LBFGS))
        if t == 0 and case["optimizer"] is LBFGS:
            assert g.abs().sum() < 1, "min(1, 1/|g|) would tell our norm from PyTorch's"
        x = torch.cat([p.detach() for p in params])
        # A component that passes through zero has no meaningful relative error.
        assert x.abs().min() > 0.1, case["name"]
        if t + 1 in RECORDED:
            recorded.append(x.tolist())
    return dict(x=recorded, norms=norms)


def main():
    cases = []
    for c in CASES:
        runs = {name: run(c, dtype) for name, dtype in [("f32", torch.float32), ("f64", torch.float64)]}
        cases.append({**c, "optimizer": c["optimizer"].__name__, **runs})
    common = dict(torch=torch.__version__.split("+")[0], steps=STEPS, recorded=RECORDED, coupling=COUPLING,
                  a=A.tolist(), start=START.tolist())
    lines = ",\n".join(json.dumps(c) for c in cases)
    print(json.dumps(common)[:-1] + ', "cases": [\n' + lines + "\n]}")


if __name__ == "__main__":
    main()
