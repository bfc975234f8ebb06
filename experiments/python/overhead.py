"""What `curvature` and `Escape` add to the gradients of a GPT of 0.8 M parameters, in CPU seconds of one thread.

    OMP_NUM_THREADS=1 python overhead.py [--rows 4] [--steps 300]

A neighbour's load changes the speed of memory, so both arms take turns within one process: blocks of five steps of AdamW
with and without `Escape`, on the same batches; and for `curvature` the seconds inside the closure.
"""

import argparse
import importlib.util
import pathlib
import statistics
import time

import torch
from torch.nn import functional

import deo.torch

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "crates/deo-python/examples/torch_gpt.py"
_spec = importlib.util.spec_from_file_location("torch_gpt", EXAMPLE)
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)

VOCABULARY, BLOCK, TURN = 65, 64, 5


def model():
    torch.manual_seed(0)
    return example.GPT(VOCABULARY, BLOCK, 128, 4, 4)


def batches(rows):
    text = torch.randint(0, VOCABULARY, (40_000,))
    for i in range(1, len(text)):
        text[i] = (7 * text[i - 1] + text[i] % 3) % VOCABULARY
    while True:
        at = torch.randint(0, len(text) - BLOCK - 1, (rows,))
        tokens = torch.stack([text[a : a + BLOCK + 1] for a in at])
        yield tokens[:, :-1], tokens[:, 1:].flatten()


def of_escape(data, steps):
    arms = []
    for around in (lambda opt: opt, deo.torch.Escape):
        net = model()
        arms.append((net, around(torch.optim.AdamW(net.parameters(), 1e-3)), []))
    for turn in range(steps // TURN):
        drawn = [next(data) for _ in range(TURN)]
        for net, opt, times in arms if turn % 2 else arms[::-1]:
            for inputs, targets in drawn:

                def closure(net=net, opt=opt, inputs=inputs, targets=targets):
                    opt.zero_grad()
                    loss = functional.cross_entropy(net(inputs).flatten(0, 1), targets)
                    loss.backward()
                    return loss

                start = time.process_time()
                opt.step(closure)
                times.append(time.process_time() - start)
    alone, escaping = (times for _, _, times in arms)
    ratio = statistics.median(escaping) / statistics.median(alone)
    print(f"Escape(AdamW)/AdamW: medians {ratio:.3f}, totals {sum(escaping) / sum(alone):.3f}, {arms[1][1].counts}")


def of_curvature(data, repetitions=4):
    net = model()
    inputs, targets = next(data)
    inside = 0.0

    def closure():
        nonlocal inside
        start = time.process_time()
        for p in net.parameters():
            p.grad = None
        loss = functional.cross_entropy(net(inputs).flatten(0, 1), targets)
        loss.backward()
        inside += time.process_time() - start
        return loss

    ratios = []
    for seed in range(repetitions):
        inside, start = 0.0, time.process_time()
        deo.torch.curvature(closure, net.parameters(), tol=1e-3, max_gradients=20, seed=seed)
        ratios.append((time.process_time() - start) / inside)
    print(f"curvature/its gradients: {', '.join(f'{ratio:.3f}' for ratio in ratios)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4, help="sequences of 64 tokens in a batch")
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = batches(arguments.rows)
    of_curvature(data)
    of_escape(data, arguments.steps)


if __name__ == "__main__":
    main()
