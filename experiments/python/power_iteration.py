"""λ_min of a small GPT by power iteration with a shift, which is what Hessian tools without a Lanczos process offer, and by deo.

    python power_iteration.py [--steps 100] [--seeds 3] [--out power_iteration.json]

Power iteration finds the eigenvalue of largest magnitude. For the lowest it needs two runs: the first gives λ_max, the
second the largest of H − λ_max, whose rate is (λ_max − λ₂)/(λ_max − λ_min): close to one wherever λ_max is large beside the
lower end. Each product is a double backward, which costs about two gradients; it is counted as that. PyHessian's own
`eigenvalues` is run too, if it is installed: it has the first of the two runs only.

The truth is `scipy.sparse.linalg.eigsh` on double backward in float64 to a tolerance of 1e-8. What is counted are gradients,
not seconds.
"""

import argparse
import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch.nn import functional

import deo.torch

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "crates/deo-python/examples/torch_gpt.py"
_spec = importlib.util.spec_from_file_location("torch_gpt", EXAMPLE)
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)

GRADIENTS_OF_A_PRODUCT = 2


def trained(steps, seed):
    """A model in f64 after some steps of AdamW, and one batch."""
    torch.manual_seed(seed)
    text = EXAMPLE.read_text(encoding="utf-8")
    letters = sorted(set(text))
    data, block = torch.tensor([letters.index(c) for c in text]), 32
    model = example.GPT(len(letters), block, 32, 2).double()

    def batch():
        at = torch.randint(0, len(data) - block - 1, (8,))
        rows = torch.stack([data[a : a + block + 1] for a in at])
        return rows[:, :-1], rows[:, 1:].flatten()

    opt = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(steps):
        opt.zero_grad()
        inputs, targets = batch()
        functional.cross_entropy(model(inputs).flatten(0, 1), targets).backward()
        opt.step()
    return model, batch()


class Hessian:
    """Products by double backward, counted."""

    def __init__(self, loss, model):
        self.parameters = list(model.parameters())
        self.sizes = [p.numel() for p in self.parameters]
        self.n, self.products = sum(self.sizes), 0
        self.gradient = torch.autograd.grad(loss, self.parameters, create_graph=True)

    def __matmul__(self, v):
        self.products += 1
        parts = torch.from_numpy(np.ascontiguousarray(v).reshape(-1)).split(self.sizes)
        parts = [part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)]
        product = torch.autograd.grad(self.gradient, self.parameters, parts, retain_graph=True)
        return torch.cat([part.reshape(-1) for part in product]).numpy()


def power(hessian, shift, tolerance, seed, most=2000):
    """The eigenvalue of H − shift of largest magnitude, plus shift: it stops where that hardly changes, as PyHessian does."""
    v = np.random.default_rng(seed).normal(size=hessian.n)
    value = None
    for _ in range(most):
        v /= np.linalg.norm(v)
        w = hessian @ v - shift * v
        before, value = value, v @ w
        if before is not None and abs(value - before) <= tolerance * abs(value):
            break
        v = w
    return value + shift


def by_power(hessian, tolerance, seed):
    top = power(hessian, 0.0, tolerance, seed)
    # A largest magnitude that is negative is λ_min already.
    return top if top < 0 else power(hessian, top, tolerance, seed + 1)


def by_pyhessian(model, inputs, targets):
    import pyhessian

    class Rows(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x).flatten(0, 1)

    tool = pyhessian.hessian(Rows(), torch.nn.CrossEntropyLoss(), data=(inputs, targets), cuda=False)
    values, _ = tool.eigenvalues(maxIter=200, tol=1e-3, top_n=1)
    return values[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []

    def note(seed, name, value, gradients, error=None):
        rows.append({"seed": seed, "tool": name, "value": value, "off": value - lowest, "gradients": gradients, "error": error})
        bar = "" if error is None else f" ± {error:.1e}"
        print(f"{seed} {name:40} {value:12.7f}{bar}  off {value - lowest:9.1e}  {gradients:5} gradients", flush=True)

    for seed in range(arguments.seeds):
        model, (inputs, targets) = trained(arguments.steps, seed)

        def loss(model=model, inputs=inputs, targets=targets):
            return functional.cross_entropy(model(inputs).flatten(0, 1), targets)

        hessian = Hessian(loss(), model)
        operator = LinearOperator((hessian.n, hessian.n), matvec=hessian.__matmul__, dtype=np.float64)
        lowest = float(eigsh(operator, k=1, which="SA", tol=1e-8)[0][0])
        highest = float(eigsh(operator, k=1, which="LA", tol=1e-8)[0][0])
        print(f"{seed} N {hessian.n}, λ_min {lowest:.7f}, λ_max {highest:.7f}")
        s = deo.torch.spectrum(loss, model.parameters(), seed=seed)
        note(seed, "deo.torch.spectrum, confirmed", float(s.values[0]), s.gradients, float(s.errors[0]))
        c = deo.torch.curvature(loss, model.parameters(), seed=seed, tol=1e-3, max_gradients=1000)
        note(seed, "deo.torch.curvature", c.value, c.gradients, c.error)
        for tolerance in (1e-3, 1e-6):
            # A graph of its own: deo has written to the parameters since, and autograd refuses the old one.
            hessian = Hessian(loss(), model)
            value = float(by_power(hessian, tolerance, seed))
            note(seed, f"power iteration with a shift, {tolerance:g}", value, GRADIENTS_OF_A_PRODUCT * hessian.products)
        try:
            print(f"{seed} PyHessian's eigenvalue of largest magnitude: {by_pyhessian(model, inputs, targets):.7f}")
        except ImportError:
            print("PyHessian isn't installed", file=sys.stderr)
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
