"""λ_min and λ_max of one char-GPT by deo.torch and by the other Python tools, on the same weights and batches.

    python rivals.py [--steps 60] [--deo PATH/deo] [--out rivals.json]

needs deo-curvature, torch, scipy, safetensors, and what is to be compared: hessian-eigenthings, curvlinops-for-pytorch,
pyhessian. The tools, their settings and the model are those of experiments/curvature/side_by_side.py, which has the Rust
program in deo.torch's place. The weights are made here: 0.8 M parameters, trained for some steps on a text that follows a
rule.

Each tool runs in a process of its own, on one thread, one after the other. The truth is `eigsh` on double backward in f64.
Seconds are also given in gradients of the same precision, timed in the same process just before and just after, since a
machine has neighbours; peak memory is what the tool needed beyond a model with its gradient.

With --deo the Rust program finds the same eigenvalues from the exported weights and tokens, and both must agree within
their errors.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("side_by_side", ROOT / "experiments/curvature/side_by_side.py")
peers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(peers)
peers.THREADS = 1


def closure_of(model, data):
    import torch

    loss = torch.nn.CrossEntropyLoss()

    def closure():
        model.zero_grad()
        total = 0.0
        for x, y in data:
            part = loss(model(x), y) / len(data)
            part.backward()
            total += part.item()
        return total

    return peers.Counting(lambda _: closure())


def deo_spectrum(model, data, **settings):
    import deo.torch

    counting = closure_of(model, data)
    s = deo.torch.spectrum(
        lambda: counting(None),
        model.parameters(),
        which="both",
        tol=peers.TOLERANCE,
        **settings,
    )
    print(s, file=sys.stderr)
    return {
        "lowest": s.values[0],
        "highest": s.values[1],
        "errors": s.errors.tolist(),
        "spent": s.gradients,
    }, counting


def deo_dimers(model, data):
    import deo.torch

    counting = closure_of(model, data)
    found = {
        which: deo.torch.curvature(lambda: counting(None), model.parameters(), which=which, tol=1e-2)
        for which in ("lowest", "highest")
    }
    print(found, file=sys.stderr)
    return {which: c.value for which, c in found.items()} | {"errors": [c.error for c in found.values()]}, counting


peers.TOOLS |= {
    "deo.torch.spectrum, f64": (deo_spectrum, "float64", None),
    "deo.torch.spectrum, f32, central": (
        lambda m, d: deo_spectrum(m, d, rule="central"),
        "float32",
        None,
    ),
    "deo.torch.spectrum, f32, central, unconfirmed": (
        lambda m, d: deo_spectrum(m, d, rule="central", confirm=False),
        "float32",
        None,
    ),
    "deo.torch.spectrum, f32": (deo_spectrum, "float32", None),
    "deo.torch.curvature at both ends, f32": (deo_dimers, "float32", None),
}


def make(folder, steps, count):
    """Weights after some steps of AdamW, and so many sequences."""
    import numpy
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    width, layers, block, vocabulary = 128, 4, 64, 65
    shapes = {
        "wte.weight": (vocabulary, width),
        "wpe.weight": (block, width),
        "ln_f.weight": (width,),
    }
    for i in range(layers):
        shapes |= {
            f"h.{i}.ln_1.weight": (width,),
            f"h.{i}.ln_2.weight": (width,),
            f"h.{i}.attn.c_attn.weight": (3 * width, width),
            f"h.{i}.attn.c_proj.weight": (width, width),
            f"h.{i}.mlp.c_fc.weight": (4 * width, width),
            f"h.{i}.mlp.c_proj.weight": (width, 4 * width),
        }
    weights = {f"transformer.{n}": torch.ones(s) if "ln_" in n else 0.02 * torch.randn(s) for n, s in shapes.items()}
    paths = folder / "weights.safetensors", folder / "tokens.npy"
    letters = [chr(ord("!") + i) for i in range(vocabulary)]  # ascending, as the program numbers them
    save_file(weights, paths[0])
    text = torch.randint(0, vocabulary, (40_000,))
    for i in range(1, len(text)):
        text[i] = (7 * text[i - 1] + text[i] % 3) % vocabulary
    (folder / "text.txt").write_text("".join(letters[i] for i in text))

    def sequences(rows):
        at = torch.randint(0, len(text) - block - 1, (rows,))
        return torch.stack([text[a : a + block] for a in at] + [text[a + 1 : a + block + 1] for a in at])

    numpy.save(paths[1], sequences(count).numpy().astype("uint16"))
    model, _ = peers.build(*paths, 1, torch.float32)
    opt = torch.optim.AdamW(model.parameters(), 1e-3)
    for _ in range(steps):
        x, y = sequences(8).chunk(2)
        opt.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y.flatten()).backward()
        opt.step()
    save_file(
        {n: p.detach().contiguous() for n, p in model.state_dict().items() if n in weights},
        paths[0],
    )
    return [str(path) for path in paths]


def run_tool(name, weights, tokens, batches):
    """In a process of its own: prints one JSON object."""
    import torch

    tool, dtype, _ = peers.TOOLS[name]
    model, data = peers.build(weights, tokens, batches, getattr(torch, dtype))
    gradient = [peers.mean_gradient_seconds(model, data)]
    before, clock = peers.peak_megabytes(), time.perf_counter()
    found, counting = tool(model, data)
    seconds, peak = time.perf_counter() - clock, peers.peak_megabytes() - before
    gradient.append(peers.mean_gradient_seconds(model, data))
    mean = sum(gradient) / 2
    print(
        json.dumps(
            found
            | {
                "products": counting.count,
                "seconds": seconds,
                "gradients": seconds / mean,
                "peak_mb": peak,
            }
        )
    )


def run_rust(deo, folder, arguments):
    """The Rust program on the exported weights, in f64, on batches of its own, whose tokens all other tools are given."""
    tokens, weights, text = (str(folder / name) for name in ("tokens.npy", "weights.safetensors", "text.txt"))
    command = [
        deo,
        "spectrum",
        "--preset",
        "paper-small",
        "--weights",
        weights,
        "--text",
        text,
        "--tokens",
        tokens,
    ]
    command += [
        "--batches",
        str(arguments.batches),
        "--batch",
        str(arguments.sequences // arguments.batches),
        "--fresh",
        "0",
    ]
    command += [
        "--which",
        "both",
        "--tol",
        str(peers.TOLERANCE),
        "--threads",
        "1",
        "--json",
    ]
    clock = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"deo spectrum: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    lowest, highest = found["eigenvalues"]
    seconds = time.perf_counter() - clock
    return {
        "lowest": lowest,
        "highest": highest,
        "seconds": seconds,
        "gradients": found["gradients"],
    } | {key: found[key] for key in ("residuals", "secant_errors")}


def agree(rust, found):
    """Whether both ends are the same within the errors of both."""
    print(f"deo spectrum: λ_min {rust['lowest']:.9f}, λ_max {rust['highest']:.9f}, {rust['gradients']} gradients")
    for i, end in enumerate(("lowest", "highest")):
        # The program states the error of its secants and the residual; some eigenvalue is within their sum.
        bar = rust["secant_errors"][i] + rust["residuals"][i] + found["errors"][i]
        off = abs(rust[end] - found[end])
        assert off <= bar, f"{end}: {rust[end]} by the program, {found[end]} by deo.torch, further apart than {bar}"
        print(f"{end}: deo.torch and the program are {off:.1e} apart, within {bar:.1e}")


def table(results):
    truth = next(iter(results.values()))

    def ends(found):
        for i, end in enumerate(("lowest", "highest")):
            if found[end] is None:
                yield from ("–", "–", "–")
                continue
            stated = f"{found['errors'][i]:.0e}" if "errors" in found else "–"
            yield from (
                f"{found[end]:.6f}",
                stated,
                f"{abs(found[end] - truth[end]):.0e}",
            )

    lines = [
        "| tool | λ_min | stated | off | λ_max | stated | off | seconds | in gradients | MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        tail = f"{found['seconds']:.1f} | {found['gradients']:.0f} | {found['peak_mb']:.0f}"
        lines.append(f"| {name} | {' | '.join(ends(found))} | {tail} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--batches", type=int, default=1)
    parser.add_argument("--only", default="", help="tools whose names hold this")
    parser.add_argument("--deo", help="the Rust program, to be compared on the same weights and tokens")
    parser.add_argument("--out")
    parser.add_argument("--tool", nargs=4, help="used inside: one tool in a process of its own")
    arguments = parser.parse_args()
    if arguments.tool:
        name, weights, tokens, batches = arguments.tool
        return run_tool(name, weights, tokens, int(batches))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = make(pathlib.Path(folder), arguments.steps, arguments.sequences)
        rust = run_rust(arguments.deo, pathlib.Path(folder), arguments) if arguments.deo else None
        for name in [name for name in peers.TOOLS if arguments.only in name]:
            start = time.perf_counter()
            done = subprocess.run(
                [
                    sys.executable,
                    __file__,
                    "--tool",
                    name,
                    *paths,
                    str(arguments.batches),
                ],
                capture_output=True,
                text=True,
            )
            if done.returncode:
                print(
                    f"{name}: left out: {done.stderr.strip().splitlines()[-1]}",
                    flush=True,
                )
                continue
            results[name] = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{name}: {time.perf_counter() - start:.0f} s {results[name]}",
                flush=True,
            )
    if next(iter(peers.TOOLS)) in results:
        print(table(results))
    if rust is not None:
        results["deo spectrum"] = rust
        agree(rust, results["deo.torch.spectrum, f64"])
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(results | {"versions": peers.versions()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
