"""A small GPT on this file's own text, with λ_min and λ_max followed while it trains, and DEO beside its optimizer.

Run: python torch_gpt.py [spectrum.svg] [--steps 150] [--width 32] [--layers 2]

The readings are of the batch of their step. Early in training λ_max grows while λ_min turns negative, and both calm down as
the loss falls.
"""

import argparse
import pathlib

import torch
from torch import nn
from torch.nn import functional

import deo.torch


class Block(nn.Module):
    """Attention and a perceptron, each behind a layer norm and beside the stream."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = nn.Linear(width, 3 * width, bias=False)
        self.projection = nn.Linear(width, width, bias=False)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        rows, block, width = x.shape
        parts = self.attention(self.norms[0](x)).split(width, dim=2)
        q, k, v = (part.view(rows, block, self.heads, -1).transpose(1, 2) for part in parts)
        ahead = torch.ones(block, block, dtype=torch.bool).triu(1)
        scores = (q @ k.transpose(2, 3) / (width // self.heads) ** 0.5).masked_fill(ahead, float("-inf"))
        x = x + self.projection((scores.softmax(3) @ v).transpose(1, 2).reshape(x.shape))
        return x + self.perceptron(self.norms[1](x))


class GPT(nn.Module):
    def __init__(self, vocabulary, block, width, layers, heads=2):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(block, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        for p in self.parameters():
            if p.ndim > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, tokens):
        x = self.blocks(self.tokens(tokens) + self.places.weight[: tokens.shape[1]])
        return self.norm(x) @ self.tokens.weight.T  # tied


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plot", nargs="?", help="where λ_min and λ_max are drawn, by matplotlib: .png, .svg, …")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--every", type=int, default=25, help="steps between two readings")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)

    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    letters = sorted(set(text))
    data, block = torch.tensor([letters.index(c) for c in text]), 32
    model = GPT(len(letters), block, arguments.width, arguments.layers)
    opt = deo.torch.Escape(torch.optim.AdamW(model.parameters(), 3e-3))
    monitor = deo.torch.Monitor(model.parameters(), every=arguments.every)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(letters)} letters")

    first = last = None
    for step in range(arguments.steps + 1):
        at = torch.randint(0, len(data) - block - 1, (8,))
        batch = torch.stack([data[a : a + block + 1] for a in at])

        def closure(batch=batch):
            opt.zero_grad()
            loss = functional.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
            loss.backward()
            return loss

        reading = monitor.step(closure)
        last = opt.step(closure).item()
        first = first or last
        if reading is not None:
            print(f"step {step:4}  loss {last:.3f}  λ_min {reading.lowest:8.3f}  λ_max {reading.highest:8.2f}")
    print(f"DEO: {opt.counts}")
    assert last < 0.8 * first
    if arguments.plot:
        plot(monitor.history, arguments.plot)


def plot(history, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, sharex=True, figsize=(6, 6))
    steps = [r.step for r in history]
    axes[0].plot(steps, [r.loss for r in history], "o-")
    for axis, name in ((axes[1], "highest"), (axes[2], "lowest")):
        values, bars = ([getattr(r, name + more) for r in history] for more in ("", "_residual"))
        axis.errorbar(steps, values, bars, fmt="o-", capsize=2)
    for axis, label in zip(axes, ("loss", "λ_max", "λ_min"), strict=True):
        axis.set_ylabel(label)
    axes[2].axhline(0, color="gray", linewidth=0.5)
    axes[2].set_xlabel("step")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
