"""Lowest and highest Hessian eigenvalue of one char-GPT by `deo spectrum` and by the Python tools, on the same weights
and batches: values, products, gradients, seconds and peak memory of each.

    python side_by_side.py --deo PATH/deo --weights small500.safetensors --out results.json

Every tool runs in a process of its own, one after the other, with two threads. A tool that isn't installed is left out:

    pip install torch numpy scipy safetensors hessian-eigenthings curvlinops-for-pytorch pyhessian

The model is nanoGPT's, written once more: layer norm before each branch, no biases, tied embedding, exact GELU. Attention
is spelled out, since PyTorch's fused attention has no second derivative on a CPU.
"""

import argparse
import importlib.metadata
import json
import math
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time

HEADS = 4  # of the preset paper-small; every other size is read from the weights
THREADS = 2
TOLERANCE = 1e-3  # of residuals, relative to the eigenvalue, wherever a tool has such a setting


# The model and its data


def build(weights, tokens, batches, dtype):
    import numpy
    import safetensors.torch
    import torch
    from torch import nn

    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    w = safetensors.torch.load_file(weights)
    vocabulary, width = w["transformer.wte.weight"].shape
    layers = sum(name.endswith("ln_1.weight") for name in w)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.c_attn = nn.Linear(width, 3 * width, bias=False)
            self.c_proj = nn.Linear(width, width, bias=False)

        def forward(self, x):
            rows, block, _ = x.shape
            heads = (rows, block, HEADS, width // HEADS)
            q, k, v = (part.view(heads).transpose(1, 2) for part in self.c_attn(x).split(width, dim=2))
            scores = q @ k.transpose(2, 3) / math.sqrt(width // HEADS)
            mask = torch.ones(block, block, dtype=torch.bool).tril()
            p = scores.masked_fill(~mask, float("-inf")).softmax(dim=3)
            return self.c_proj((p @ v).transpose(1, 2).reshape(rows, block, width))

    class Mlp(nn.Module):
        def __init__(self):
            super().__init__()
            self.c_fc = nn.Linear(width, 4 * width, bias=False)
            self.c_proj = nn.Linear(4 * width, width, bias=False)

        def forward(self, x):
            return self.c_proj(nn.functional.gelu(self.c_fc(x)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.attn = nn.LayerNorm(width, bias=False), Attention()
            self.ln_2, self.mlp = nn.LayerNorm(width, bias=False), Mlp()

        def forward(self, x):
            x = x + self.attn(self.ln_1(x))
            return x + self.mlp(self.ln_2(x))

    class Gpt(nn.Module):
        def __init__(self):
            super().__init__()
            self.transformer = nn.ModuleDict(
                dict(
                    wte=nn.Embedding(vocabulary, width),
                    wpe=nn.Embedding(w["transformer.wpe.weight"].shape[0], width),
                    h=nn.ModuleList(Block() for _ in range(layers)),
                    ln_f=nn.LayerNorm(width, bias=False),
                )
            )

        def forward(self, tokens):
            t = self.transformer
            x = t.wte(tokens) + t.wpe(torch.arange(tokens.shape[1]))
            for block in t.h:
                x = block(x)
            logits = nn.functional.linear(t.ln_f(x), t.wte.weight)
            return logits.flatten(0, 1)  # a token a row, as nn.CrossEntropyLoss wants it

    model = Gpt()
    model.load_state_dict(w)
    model = model.to(dtype)
    sequences = torch.from_numpy(numpy.load(tokens).astype("int64"))
    inputs, targets = sequences.chunk(2)
    data = [(x, y.flatten()) for x, y in zip(inputs.chunk(batches), targets.chunk(batches))]
    return model, data


def mean_gradient_seconds(model, data):
    """Seconds of a gradient of the mean over all batches, median of five."""
    import torch

    loss, params = torch.nn.CrossEntropyLoss(), list(model.parameters())
    times = []
    for _ in range(5):
        clock = time.perf_counter()
        for x, y in data:
            torch.autograd.grad(loss(model(x), y), params)
        times.append(time.perf_counter() - clock)
    return sorted(times)[2]


class Counting:
    """Counts and times the products of an operator."""

    def __init__(self, product):
        self.product, self.count, self.seconds = product, 0, 0.0

    def __call__(self, v):
        clock = time.perf_counter()
        result = self.product(v)
        self.seconds += time.perf_counter() - clock
        self.count += 1
        return result


# The tools. Each returns {"lowest": …, "highest": …} and the counted product.


def double_backward(model, data):
    """Hv of the mean over the batches by differentiating ⟨∇f, v⟩."""
    import torch

    loss, params = torch.nn.CrossEntropyLoss(), list(model.parameters())
    sizes = [p.numel() for p in params]

    def product(v):
        v = torch.from_numpy(v.reshape(-1)).to(params[0].dtype)
        parts = [part.view_as(p) for part, p in zip(v.split(sizes), params)]
        total = torch.zeros_like(v)
        for x, y in data:
            grads = torch.autograd.grad(loss(model(x), y), params, create_graph=True)
            hv = torch.autograd.grad(grads, params, grad_outputs=parts)
            total += torch.cat([part.reshape(-1) for part in hv]) / len(data)
        return total.numpy()

    return Counting(product), sum(sizes)


def extremes(counting, n, dtype, tol):
    import numpy
    import scipy.sparse.linalg as sparse

    operator = sparse.LinearOperator((n, n), matvec=counting, dtype=dtype)
    start = numpy.random.default_rng(1).standard_normal(n).astype(dtype)
    found = {}
    for name, which in (("lowest", "SA"), ("highest", "LA")):
        found[name] = float(sparse.eigsh(operator, k=1, which=which, tol=tol, v0=start)[0][0])
    return found


def reference(model, data):
    counting, n = double_backward(model, data)
    return extremes(counting, n, "float64", 1e-5), counting


def torch_eigsh(model, data):
    counting, n = double_backward(model, data)
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    return extremes(counting, n, dtype, TOLERANCE), counting


def curvlinops(model, data):
    import torch
    from curvlinops import HessianLinearOperator

    # Its products weight a batch by the rows of X, hence by sequences: all batches have as many.
    params = {name: p for name, p in model.named_parameters()}
    try:
        operator = HessianLinearOperator(
            model, torch.nn.CrossEntropyLoss(), params, data, check_deterministic=False
        )
    except (TypeError, AttributeError, ValueError):
        operator = HessianLinearOperator(
            model, torch.nn.CrossEntropyLoss(), list(params.values()), data, check_deterministic=False
        )
    scipy_operator = operator.to_scipy()
    counting = Counting(scipy_operator.matvec)
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    return extremes(counting, scipy_operator.shape[0], dtype, TOLERANCE), counting


def eigenthings_secants(model, data):
    return eigenthings(model, data, "finite_difference")


def eigenthings(model, data, method="autograd"):
    import torch
    from hessian_eigenthings import HessianOperator, lanczos

    loss = torch.nn.CrossEntropyLoss()
    operator = HessianOperator(
        model, data, lambda model, batch: loss(model(batch[0]), batch[1]), method=method
    )
    counting = Counting(operator.matvec)
    operator.matvec = counting
    found = {}
    # Its default of two steps finds nothing; a hundred with full reorthogonalisation is what it needs here.
    for name, which in (("lowest", "SA"), ("highest", "LA")):
        result = lanczos(
            operator, k=1, max_iter=100, tol=TOLERANCE, reorthogonalize=True, which=which, seed=1
        )
        found[name] = float(result.eigenvalues[0])
    return found, counting


def pyhessian(model, data):
    import pyhessian
    import torch

    problem = pyhessian.hessian(model, torch.nn.CrossEntropyLoss(), dataloader=data, cuda=False)
    counting = Counting(problem.dataloader_hv_product)
    problem.dataloader_hv_product = counting
    # Power iteration: the eigenvalue of largest modulus and nothing else.
    values, _ = problem.eigenvalues(maxIter=200, tol=TOLERANCE)
    return {"lowest": None, "highest": float(values[0])}, counting


TOOLS = {
    "reference: double backward, eigsh, tol 1e-5": (reference, "float64", None),
    "double backward, eigsh, f32": (torch_eigsh, "float32", None),
    "curvlinops, eigsh, f32": (curvlinops, "float32", "curvlinops-for-pytorch"),
    "hessian-eigenthings, Lanczos, f32": (eigenthings, "float32", "hessian-eigenthings"),
    "hessian-eigenthings, its finite differences, f32": (
        eigenthings_secants,
        "float32",
        "hessian-eigenthings",
    ),
    "PyHessian, power iteration, f32": (pyhessian, "float32", "pyhessian"),
}

DEO = {
    "deo spectrum": [],
    "deo spectrum --no-confirm": ["--no-confirm"],
    "deo spectrum --precision f32 --rule central": ["--precision", "f32", "--rule", "central"],
    "deo spectrum --precision f32": ["--precision", "f32"],
}


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_tool(name, weights, tokens, batches):
    """In a process of its own: prints one JSON object."""
    import torch

    tool, dtype, _ = TOOLS[name]
    model, data = build(weights, tokens, batches, getattr(torch, dtype))
    gradient = mean_gradient_seconds(model, data)
    before, clock = peak_megabytes(), time.perf_counter()
    found, counting = tool(model, data)
    seconds = time.perf_counter() - clock
    found |= {
        "products": counting.count,
        "gradients": round(counting.seconds / gradient, 1),
        "gradient_seconds": gradient,
        "seconds": seconds,
        "peak_mb": peak_megabytes(),
        "peak_beyond_a_gradient_mb": peak_megabytes() - before,
    }
    print(json.dumps(found))


def run_deo(deo, arguments, extra):
    command = ["/usr/bin/time", "-f", "%M", deo, "spectrum", *arguments, *extra, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    lowest, highest = found["eigenvalues"]
    return {
        "lowest": lowest,
        "highest": highest,
        "products": found["products"],
        "gradients": found["gradients"],
        "seconds": found["seconds"],
        "peak_mb": int(done.stderr.split()[-1]) / 1024,
        "residuals": found["residuals"],
        "secant_errors": found["secant_errors"],
        "standard_errors": found["standard_errors"],
        "fresh": found["fresh"],
        "fresh_errors": found["fresh_errors"],
        "statuses": found["statuses"],
        "loss": found["loss"],
    }


def versions():
    packages = ["torch", "numpy", "scipy"] + [package for _, _, package in TOOLS.values() if package]

    def version(package):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {"python": platform.python_version()} | {package: version(package) for package in packages}


def table(results):
    truth = next(iter(results.values()))
    error = lambda found, end: (
        "–" if found[end] is None else f"{abs(found[end] / truth[end] - 1):.0e}".replace("e-0", "e-")
    )
    number = lambda value: "–" if value is None else f"{value:.5f}"
    lines = [
        "| tool | λ_min | error | λ_max | error | products | gradients | seconds | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        lowest, highest = number(found["lowest"]), number(found["highest"])
        lines.append(
            f"| {name} | {lowest} | {error(found, 'lowest')} | {highest} | {error(found, 'highest')} | "
            f"{found['products']} | {found['gradients']:.0f} | {found['seconds']:.1f} | {found['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--deo", default="deo", help="the program")
    parser.add_argument("--weights", required=True, help="safetensors of a paper-small GPT")
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--seed", default="1", help="of the batches")
    parser.add_argument("--text", help="if the model was trained on another text than the built-in one")
    parser.add_argument("--out", help="write all numbers there, as JSON")
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--tokens", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.tool:
        return run_tool(args.tool, args.weights, args.tokens, args.batches)

    with tempfile.TemporaryDirectory() as directory:
        tokens = str(pathlib.Path(directory) / "tokens.npy")
        common = ["--preset", "paper-small", "--weights", args.weights, "--batches", str(args.batches)]
        common += ["--seed", args.seed, "--which", "both", "--tol", str(TOLERANCE), "--threads", str(THREADS)]
        common += ["--text", args.text] if args.text else []
        deo = {}
        for name, extra in DEO.items():
            print(name, file=sys.stderr)
            deo[name] = run_deo(args.deo, common + ["--tokens", tokens], extra)
        results, known = {}, versions()
        for name, (_, _, package) in TOOLS.items():
            if package and not known[package]:
                continue
            print(name, file=sys.stderr)
            command = [sys.executable, __file__, "--tool", name, "--weights", args.weights]
            command += ["--tokens", tokens, "--batches", str(args.batches)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode == 0:
                results[name] = json.loads(done.stdout.splitlines()[-1])
    results |= deo
    deo_version = subprocess.run([args.deo, "--version"], capture_output=True, text=True).stdout.split()[-1]
    record = {"versions": known | {"deo": deo_version}, "settings": vars(args), "results": results}
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps(record, indent=1) + "\n")
    print(table(results))
    truth = next(iter(results.values()))
    for name, found in results.items():
        for end in ("lowest", "highest"):
            if found[end] is not None and abs(found[end] / truth[end] - 1) > 0.01:
                print(f"{name}: {end} differs by more than 1 %", file=sys.stderr)


if __name__ == "__main__":
    main()
