"""A small MLP on digits with both ends of its Hessian's spectrum followed, and DEO beside its optimizer.

The digits are drawn by a formula, so that nothing is downloaded: seven segments, shifted and with noise. With scikit-learn
installed, its digits are taken. Run: python torch_digits.py [spectrum.svg]
"""

import sys

import torch

import deo.torch

SEGMENTS = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcfgd"]
PLACES = {  # rows and columns of an 8 × 8 image
    "a": (slice(0, 1), slice(2, 6)),
    "b": (slice(0, 4), slice(5, 6)),
    "c": (slice(4, 8), slice(5, 6)),
    "d": (slice(7, 8), slice(2, 6)),
    "e": (slice(4, 8), slice(2, 3)),
    "f": (slice(0, 4), slice(2, 3)),
    "g": (slice(3, 5), slice(2, 6)),
}


def digits(count):
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        labels = torch.randint(0, 10, (count,))
        images = torch.zeros(count, 8, 8)
        for image, label in zip(images, labels, strict=True):
            for segment in SEGMENTS[label]:
                image[PLACES[segment]] = 1.0
        shifts = torch.randint(-1, 2, (count,))
        images = torch.stack([torch.roll(i, int(s), 1) for i, s in zip(images, shifts, strict=True)])
        return (images + 0.25 * torch.randn_like(images)).reshape(count, 64), labels
    data = load_digits()
    return torch.tensor(data.data[:count] / 16.0, dtype=torch.float32), torch.tensor(data.target[:count])


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = digits(1024)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    opt = deo.torch.Escape(torch.optim.AdamW(model.parameters(), 3e-3))
    mon = deo.torch.Monitor(model.parameters(), every=50)
    for step in range(301):
        rows = torch.randint(0, len(images), (128,))

        def closure(rows=rows):
            opt.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
            loss.backward()
            return loss

        reading = mon.step(closure)
        loss = opt.step(closure)
        if reading is not None:
            print(f"step {step:4}  loss {loss.item():.4f}  λ_min {reading.lowest:8.4f}  λ_max {reading.highest:8.3f}")
    right = (model(images).argmax(1) == labels).float().mean().item()
    print(f"{100 * right:.1f} % right; DEO: {opt.counts}")
    assert right > 0.9
    whole = deo.torch.curvature(lambda: torch.nn.functional.cross_entropy(model(images), labels), model.parameters())
    print(f"at the end, all images: {whole!r}")
    if len(sys.argv) > 1:
        plot(mon.history, sys.argv[1])


def plot(history, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, sharex=True, figsize=(6, 4))
    steps = [r.step for r in history]
    axes[0].errorbar(steps, [r.highest for r in history], [r.highest_residual for r in history], capsize=2)
    axes[0].set_ylabel("λ_max")
    axes[1].errorbar(steps, [r.lowest for r in history], [r.lowest_residual for r in history], capsize=2)
    axes[1].set_ylabel("λ_min")
    axes[1].set_xlabel("step")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
