"""A physics-informed net in f64, minimised by SciPy and certified: u″ = −π² sin πx on [0, 1], u(0) = u(1) = 0.

Run: python torch_pinn.py
"""

import math

import numpy as np
import scipy.optimize
import torch

import deo.torch


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    x = torch.linspace(0, 1, 32, dtype=torch.float64).reshape(-1, 1).requires_grad_()

    def u(x):
        return x * (1 - x) * model(x)

    def loss():
        first = torch.autograd.grad(u(x).sum(), x, create_graph=True)[0]
        second = torch.autograd.grad(first.sum(), x, create_graph=True)[0]
        return ((second / math.pi**2 + torch.sin(math.pi * x)) ** 2).mean()

    parameters = list(model.parameters())

    def fun(p):
        with torch.no_grad():
            for q, part in zip(parameters, deo.torch.split(p, parameters), strict=True):
                q.copy_(part)
        value = loss()
        grads = torch.autograd.grad(value, parameters)
        return value.item(), torch.cat([g.reshape(-1) for g in grads]).numpy()

    start = torch.cat([p.detach().reshape(-1) for p in parameters]).numpy()
    r = scipy.optimize.minimize(
        fun, start, jac=True, method=deo.scipy.escaping("BFGS"), options={"maxiter": 2000, "gtol": 1e-8}
    )
    fun(r.x)
    error = (u(x) - torch.sin(math.pi * x)).abs().max().item()
    print(f"loss {r.fun:.2e} after {r.nit} iterations, |u − sin πx| ≤ {error:.1e}, saddles left: {r.deo.escapes}")
    # Nets have directions that hardly matter: the certificate says how flat they are, and whether any goes down.
    print(r.deo.certificate)
    assert error < 1e-2 and np.isfinite(r.fun) and not r.deo.certificate.negative


if __name__ == "__main__":
    main()
