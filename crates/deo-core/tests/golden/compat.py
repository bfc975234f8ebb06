"""Writes compat.json: 30 steps of the published rules, for tests/compat.rs.

    python compat.py > compat.json

An independent statement of the formulas in NumPy: each tensor by itself, d-parallel and d-orthogonal as vectors. The function
is f(x) = x.Hx/2 + 0.025 sum x_i^4 over two tensors of 3 and 4 components that H couples. No setting has its default value.
"""

import json

import numpy as np

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    """SplitMix64's output function."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def noise(seed, index):
    """The generator of deo_core::noise: four 32-bit uniforms of a counter, shifted and scaled to unit variance."""
    counter = (mix(seed) + index * GOLDEN) & MASK
    a, b = mix((counter + GOLDEN) & MASK), mix(counter ^ 0x5851F42D4C957F2D)
    low = 0xFFFFFFFF
    total = (a >> 32) + (a & low) + (b >> 32) + (b & low)
    return (total * 2.0**-32 - 2.0) * np.sqrt(3.0)


LENGTHS = [3, 4]
N, SPLIT = 7, [3]
H = np.array([[(((i + j) * 7 + i * j * 3) % 11 - 5) / 4 for j in range(N)] for i in range(N)])
START = np.array([(-1.0) ** i * (0.3 + 0.1 * i) for i in range(N)])
STEPS, RECORDED = 30, (4, 10, 30)


def gradient(x):
    return H @ x + 0.1 * x**3


def tensors(x):
    return np.split(x, SPLIT)


def rotate(case, axes, g1, g2):
    new = []
    for n, a, b in zip(axes, tensors(g1), tensors(g2)):
        d = b - a
        if case["variant"] == "adam":
            d = d / case["displacement"]
        parallel = (d @ n) * n
        orthogonal = d - parallel
        if case["variant"] == "adam":
            n = n - 2 * parallel / np.linalg.norm(parallel)
        n = n + case["rotation_rate"] * orthogonal
        epsilon = 0.0 if case["variant"] == "paper" else 1e-8
        new.append(n / (np.linalg.norm(n) + epsilon))
    return new


class Sgd:
    def step(self, x, g, lr):
        return x - lr * g


class Adam:
    def __init__(self, beta1, beta2, eps, decay):
        self.betas, self.eps, self.decay, self.m, self.v, self.t = (beta1, beta2), eps, decay, 0.0, 0.0, 0

    def step(self, x, g, lr):
        self.t += 1
        b1, b2 = self.betas
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g * g
        m, v = self.m / (1 - b1**self.t), self.v / (1 - b2**self.t)
        return (1 - lr * self.decay) * x - lr * m / (np.sqrt(v) + self.eps)


class ClampedRatio:
    def __init__(self, beta, gamma, clip, eps):
        self.beta, self.gamma, self.clip, self.eps, self.m, self.h, self.t = beta, gamma, clip, eps, 0.0, None, 0

    def step(self, x, g, lr):
        self.t += 1
        if self.h is None:
            self.h = g * g
        self.m = self.beta * self.m + (1 - self.beta) * g
        self.h = self.gamma * self.h + (1 - self.gamma) * g * g
        m, h = self.m / (1 - self.beta**self.t), self.h / (1 - self.gamma**self.t)
        return x - lr * np.clip(m / (h + self.eps), -self.clip, self.clip)


def run(case):
    base = {
        "sgd": lambda: Sgd(),
        "adam": lambda: Adam(0.8, 0.95, 1e-3, 0.0),
        "adamw": lambda: Adam(0.85, 0.97, 1e-5, 0.3),
        "ratio": lambda: ClampedRatio(0.8, 0.9, 0.7, 1e-4),
    }[case["base"]]()
    axes = [n / np.linalg.norm(n) for n in tensors(np.array([noise(case["seed"], i) for i in range(N)]))]
    x, records, ascents = START.copy(), [], 0
    for step in range(1, STEPS + 1):
        g = gradient(x)
        if step % case["interval"] == 0:
            y = x + case["displacement"] * np.concatenate(axes)
            axes = rotate(case, axes, g, gradient(y))
        parts, s = tensors(g), case["strength"]
        if case["variant"] == "paper":
            g = np.concatenate([p - s * (p @ n) * n for p, n in zip(parts, axes)])
        x = base.step(x, g, case["lr"])
        if case["variant"] == "sophia":
            x = x - np.concatenate([s * (p @ n) * n for p, n in zip(parts, axes)])
        if case["variant"] == "adam":
            ascents += sum(p @ n < 0 for p, n in zip(parts, axes))
            x = x + np.concatenate([s * min(p @ n, 0.0) * n for p, n in zip(parts, axes)])
        if step in RECORDED:
            records.append(dict(step=step, x=x.tolist(), axes=np.concatenate(axes).tolist()))
    # A case in which the condition never changes would test half of the rule.
    assert case["variant"] != "adam" or 0 < ascents < 2 * STEPS, ascents
    assert np.all(np.isfinite(x)) and np.max(np.abs(x)) < 10, x
    return dict(case, records=records)


def case(variant, base, **settings):
    return dict(variant=variant, base=base, **settings)


CASES = [
    case("paper", "adam", interval=3, rotation_rate=0.7, displacement=0.05, strength=0.8, lr=0.02, seed=11),
    case("paper", "sgd", interval=1, rotation_rate=2.0, displacement=0.1, strength=1.7, lr=0.03, seed=12),
    case("sophia", "ratio", interval=4, rotation_rate=0.9, displacement=0.04, strength=0.06, lr=0.01, seed=13),
    case("adam", "sgd", interval=2, rotation_rate=0.07, displacement=0.02, strength=0.03, lr=0.02, seed=14),
    case("adam", "adamw", interval=3, rotation_rate=0.15, displacement=0.003, strength=0.05, lr=0.02, seed=16),
]

print(json.dumps(dict(lengths=LENGTHS, h=H.tolist(), start=START.tolist(), cases=[run(c) for c in CASES]), indent=1))
