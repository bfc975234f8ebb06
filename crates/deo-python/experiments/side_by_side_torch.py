"""λ_min and λ_max of one char-GPT by deo.torch and by the other Python tools, on the same weights and batches.

    python side_by_side_torch.py [--steps 60] [--out results.json]

The tools, their settings and the model are those of experiments/curvature/side_by_side.py, which has the Rust program in
deo.torch's place. The weights are made here: 0.8 M parameters, trained for some steps on a text that follows a rule.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
_spec = importlib.util.spec_from_file_location("side_by_side", ROOT / "experiments/curvature/side_by_side.py")
peers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(peers)


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
    s = deo.torch.spectrum(lambda: counting(None), model.parameters(), which="both", tol=peers.TOLERANCE, **settings)
    print(s, file=sys.stderr)
    return {"lowest": s.values[0], "highest": s.values[1], "errors": s.errors.tolist()}, counting


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
    "deo.torch.spectrum, f32, central": (lambda m, d: deo_spectrum(m, d, rule="central"), "float32", None),
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
    shapes = {"wte.weight": (vocabulary, width), "wpe.weight": (block, width), "ln_f.weight": (width,)}
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
    save_file(weights, paths[0])
    text = torch.randint(0, vocabulary, (40_000,))
    for i in range(1, len(text)):
        text[i] = (7 * text[i - 1] + text[i] % 3) % vocabulary

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
    save_file({n: p.detach().contiguous() for n, p in model.state_dict().items() if n in weights}, paths[0])
    return [str(path) for path in paths]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--batches", type=int, default=1)
    parser.add_argument("--only", default="", help="tools whose names hold this")
    parser.add_argument("--out")
    parser.add_argument("--tool", nargs=4, help="used inside: one tool in a process of its own")
    arguments = parser.parse_args()
    if arguments.tool:
        name, weights, tokens, batches = arguments.tool
        return peers.run_tool(name, weights, tokens, int(batches))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = make(pathlib.Path(folder), arguments.steps, arguments.sequences)
        for name in [name for name in peers.TOOLS if arguments.only in name]:
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, __file__, "--tool", name, *paths, str(arguments.batches)],
                capture_output=True,
                text=True,
            )
            if done.returncode:
                print(f"{name}: left out: {done.stderr.strip().splitlines()[-1]}", flush=True)
                continue
            results[name] = json.loads(done.stdout.splitlines()[-1])
            print(f"{name}: {time.perf_counter() - start:.0f} s {results[name]}", flush=True)
    if next(iter(peers.TOOLS)) in results:
        print(peers.table(results))
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(results | {"versions": peers.versions()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
