#!/usr/bin/env python3
"""PyTorch's half of `cargo run --release -p deo-bench --example gpt2_small`: GPT-2 small's shape, seconds and memory.

    python experiments/speed/gpt2_small.py --block 256 --rows 1            # steps of AdamW
    python experiments/speed/gpt2_small.py --block 256 --products          # and Hessian-vector products by double backward

needs a python with torch. Random weights and tokens, on which time and memory don't depend; the model is that of side_by_side.py.
"""
import argparse
import time

import side_by_side
import torch
from side_by_side import Gpt, peak, training
from torch.nn.attention import SDPBackend, sdpa_kernel

# Of both, side_by_side.py's model reads these as globals.
side_by_side.VOCABULARY, side_by_side.BLOCK = 50_257, 1024


def product(model, inputs, targets):
    parameters = list(model.parameters())
    v = [torch.randn_like(parameter) for parameter in parameters]

    def run():
        # Neither of the fused attention kernels can be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            gradients = torch.autograd.grad(model(inputs, targets), parameters, create_graph=True)
        return torch.autograd.grad(gradients, parameters, grad_outputs=v)

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--block", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--products", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = Gpt(12, 12, 768)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, 0.02)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, torch {torch.__version__}")
    inputs, targets = torch.randint(50_257, (2, options.rows, options.block))
    if options.products:
        run = product(model, inputs, targets)
    else:
        run = training(model, inputs, targets, torch.optim.AdamW(model.parameters(), lr=3e-4, fused=True))
    for i in range(options.steps):
        start = time.perf_counter()
        run()
        print(f"{'product' if options.products else 'step'} {i}: {time.perf_counter() - start:.2f} s, {peak() / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
