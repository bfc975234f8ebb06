"""Golden data for tests/gpt.rs: loss, gradients and ten AdamW steps of a small GPT, from PyTorch.

    python gpt.py            writes gpt.safetensors and gpt.json beside this file

The model is written here once more, from the formulas, with PyTorch's own layers and automatic differentiation:
layer norm before each branch, no biases, output layer tied to the embedding, exact GELU. Written with torch 2.15 on
a CPU. The weights are single-precision numbers, so the runs in float32 and in float64 start at the same point.

gpt.safetensors   weight.NAME (F32)                 where both runs start
                  gradient.f64.NAME, gradient.f32.NAME
                  final.f64.NAME, final.f32.NAME    after ten steps
gpt.json          the shape, tokens, targets, and for each precision the loss before each of the ten steps
"""

import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F

VOCABULARY, BLOCK, LAYERS, HEADS, WIDTH, ROWS = 19, 12, 2, 3, 24, 3
STEPS, RATE, BETAS, EPSILON, DECAY = 10, 3e-3, (0.9, 0.95), 1e-8, 0.1

# Row 0 repeats tokens in its sequence; rows 1 and 2 hold both edges of the vocabulary, one as last input.
INPUTS = [
    [3, 3, 7, 3, 11, 11, 11, 0, 5, 3, 7, 2],
    [18, 0, 1, 18, 17, 16, 2, 9, 9, 4, 6, 18],
    [12, 13, 14, 15, 8, 10, 0, 0, 18, 1, 2, 3],
]
TARGETS = [row[1:] + [last] for row, last in zip(INPUTS, [18, 0, 4])]


def shapes():
    yield "transformer.wte.weight", (VOCABULARY, WIDTH)
    yield "transformer.wpe.weight", (BLOCK, WIDTH)
    for i in range(LAYERS):
        h = f"transformer.h.{i}."
        yield h + "ln_1.weight", (WIDTH,)
        yield h + "attn.c_attn.weight", (3 * WIDTH, WIDTH)
        yield h + "attn.c_proj.weight", (WIDTH, WIDTH)
        yield h + "ln_2.weight", (WIDTH,)
        yield h + "mlp.c_fc.weight", (4 * WIDTH, WIDTH)
        yield h + "mlp.c_proj.weight", (WIDTH, 4 * WIDTH)
    yield "transformer.ln_f.weight", (WIDTH,)


def weights():
    """Far from the default initialisation: gains that differ, attention that is not uniform."""
    generator = torch.Generator().manual_seed(20)
    result = {}
    for name, shape in shapes():
        noise = torch.randn(shape, generator=generator, dtype=torch.float32)
        result[name] = 1 + 0.2 * noise if len(shape) == 1 else 0.25 * noise
    return result


def loss(w, inputs, targets):
    rows, block = inputs.shape
    norm = lambda x, name: F.layer_norm(x, (WIDTH,), w[name + ".weight"], None, 1e-5)
    mask = torch.ones(block, block, dtype=torch.bool).tril()
    x = w["transformer.wte.weight"][inputs] + w["transformer.wpe.weight"][:block]
    for i in range(LAYERS):
        h = f"transformer.h.{i}."
        qkv = F.linear(norm(x, h + "ln_1"), w[h + "attn.c_attn.weight"])
        q, k, v = (
            part.view(rows, block, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in qkv.split(WIDTH, dim=2)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        p = scores.masked_fill(~mask, float("-inf")).softmax(dim=3)
        y = (p @ v).transpose(1, 2).reshape(rows, block, WIDTH)
        x = x + F.linear(y, w[h + "attn.c_proj.weight"])
        hidden = F.gelu(F.linear(norm(x, h + "ln_2"), w[h + "mlp.c_fc.weight"]))
        x = x + F.linear(hidden, w[h + "mlp.c_proj.weight"])
    logits = F.linear(norm(x, "transformer.ln_f"), w["transformer.wte.weight"])
    return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))


def run(dtype):
    """The gradient at the start, the loss before each step, and the weights after the last."""
    w = {name: t.to(dtype).requires_grad_() for name, t in weights().items()}
    inputs, targets = torch.tensor(INPUTS), torch.tensor(TARGETS)
    groups = [
        {"params": [t for t in w.values() if t.dim() >= 2], "weight_decay": DECAY},
        {"params": [t for t in w.values() if t.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPSILON)
    losses, gradient = [], None
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss(w, inputs, targets)
        value.backward()
        losses.append(value.item())
        gradient = gradient or {name: t.grad.clone() for name, t in w.items()}
        optimizer.step()
    return gradient, losses, {name: t.detach() for name, t in w.items()}


def save(tensors, path):
    """The safetensors format: length of the header, header, data."""
    header, data = {}, b""
    for name, t in tensors.items():
        raw = t.contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.float64: "F64"}[t.dtype]
        span = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": span}
        data += raw
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)


def main():
    torch.set_num_threads(1)
    here = pathlib.Path(__file__).parent
    tensors = {"weight." + name: t for name, t in weights().items()}
    losses = {}
    for key, dtype in (("f64", torch.float64), ("f32", torch.float32)):
        gradient, losses[key], final = run(dtype)
        tensors |= {f"gradient.{key}.{name}": t for name, t in gradient.items()}
        tensors |= {f"final.{key}.{name}": t for name, t in final.items()}
    save(tensors, here / "gpt.safetensors")
    record = {
        "vocabulary": VOCABULARY, "block": BLOCK, "layers": LAYERS, "heads": HEADS, "width": WIDTH, "rows": ROWS,
        "inputs": sum(INPUTS, []), "targets": sum(TARGETS, []),
        "rate": RATE, "betas": BETAS, "epsilon": EPSILON, "decay": DECAY, "losses": losses,
    }  # fmt: skip
    (here / "gpt.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
