"""`deo.torch.diagnose`: the sentence and its numbers on models, and that nothing of the training changes."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed: deo.torch is not tested")

import deo  # noqa: E402
import deo.torch  # noqa: E402

F64 = torch.float64


def parameter(*values):
    return torch.nn.Parameter(torch.tensor(values, dtype=F64))


def saddle(x, c=1.0):
    return lambda: x[0] ** 4 / 4 - c * x[0] ** 2 / 2 + x[1] ** 2


def test_a_saddle_a_valley_a_minimum():
    x = parameter(1e-6, 1e-3)
    d = deo.torch.diagnose(saddle(x), torch.optim.SGD([x], lr=0.01))
    assert d.verdict == "saddle" and abs(d.lowest.value + 1) < 1e-3 and abs(d.highest.value - 2) < 1e-3
    assert abs(d.base_gradients / (math.log(1e6) / math.log1p(0.01)) - 1) < 0.02
    assert [part.shape for part in d.lowest.axis] == [x.shape] and abs(abs(d.lowest.axis[0][0]) - 1) < 1e-3

    bowl = lambda: 0.25 * x[0] ** 2 + x[1] ** 2 + (x[2] ** 2).sum()  # noqa: E731
    x = parameter(0.0, 0.0, 0.0)
    assert deo.torch.diagnose(bowl, torch.optim.SGD([x], lr=0.1)).verdict == "minimum"
    x = parameter(3.0, 0.0, 1.0)
    assert deo.torch.diagnose(bowl, torch.optim.Adam([x], lr=1e-3)).verdict == "valley"


def test_the_batchs_direction():
    x = parameter(1e-4, 1e-3)
    batch = lambda c: lambda: c * x[0] ** 2 + x[1] ** 2 + x[0] ** 4  # noqa: E731
    opt = torch.optim.SGD([x], lr=1e-3)
    assert deo.torch.diagnose(batch(-1.0), opt).verdict == "saddle"
    d = deo.torch.diagnose(batch(-1.0), opt, others=[batch(c) for c in (0.9, 1.1, -0.6, 1.0)])
    assert d.verdict == "batch-direction" and abs(d.others.curvature - 1.2) < 1e-3 and d.others.batches == 4


def test_the_optimizer_is_described_as_rust_describes_its_own():
    """√v̂ + ε and the next step of Adam from its formulas, through `deo.diagnose` on the same function."""
    torch.manual_seed(0)
    a = torch.randn(12, 12, dtype=F64)
    a = (a + a.T) / 2
    x = torch.nn.Parameter(0.1 * torch.randn(12, dtype=F64))
    loss = lambda: x @ a @ x / 2 + (x**4).sum() / 4  # noqa: E731
    lr, betas, eps, decay = 1e-2, (0.8, 0.95), 1e-6, 0.1
    opt = torch.optim.AdamW([x], lr=lr, betas=betas, eps=eps, weight_decay=decay)
    m = v = np.zeros(12)
    for t in range(1, 7):
        g = torch.autograd.grad(loss(), x)[0].numpy()
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        step = -lr * (m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + decay * x.detach().numpy())
        if t == 6:
            break
        opt.zero_grad()
        loss().backward()
        opt.step()
    metric = np.sqrt(v / (1 - betas[1] ** 6)) + eps
    y, b = x.detach().numpy().copy(), a.numpy()
    want = deo.diagnose(
        lambda z: (z @ b @ z / 2 + (z**4).sum() / 4, b @ z + z**3),
        y,
        lr=lr,
        base="adam",
        momentum=0.8,
        step=step,
        metric=metric,
    )
    got = deo.torch.diagnose(loss, opt)
    assert got.verdict == want.verdict and got.losses == want.losses
    for name in ("growth", "step_norm", "base_gradients", "axis_gradients", "turn", "fall", "base_curvature"):
        assert math.isclose(getattr(got, name), getattr(want, name), rel_tol=1e-6), name
    # The lowest curvature in Adam's metric, that of P⁻¹H, by a dense solver: 12 directions are the whole space.
    hessian = b + np.diag(3 * y**2)
    exact = np.linalg.eigvals(hessian / metric[:, None]).real.min()
    assert exact <= got.base_curvature + 1e-6 and got.base_curvature < 0.5 * exact


def test_groups_with_rates_of_their_own():
    x, y = parameter(1e-3), parameter(1e-3)
    loss = lambda: x[0] ** 4 / 4 - x[0] ** 2 / 2 + y[0] ** 2  # noqa: E731
    opt = torch.optim.SGD([{"params": [y], "lr": 0.1}, {"params": [x], "lr": 0.02}])
    d = deo.torch.diagnose(loss, opt)
    assert abs(d.growth - math.log1p(0.02)) < 1e-5, "the axis is x's, whose rate is a fifth"


def test_nothing_of_the_training_changes():
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(5, 8), torch.nn.BatchNorm1d(8), torch.nn.Tanh(), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1)
    )
    inputs, targets = torch.randn(64, 5), torch.randn(64, 1)
    opt = deo.torch.Escape(torch.optim.AdamW(model.parameters(), 1e-2))

    def closure(rows=slice(0, 32)):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs[rows]), targets[rows])
        loss.backward()
        return loss

    for _ in range(5):
        opt.step(closure)

    def everything():
        return copy.deepcopy(
            [
                model.state_dict(),
                opt.state_dict(),
                [p.grad for p in model.parameters()],
                torch.get_rng_state(),
                np.random.get_state()[1],
            ]
        )

    def same(a, b):
        if isinstance(a, dict):
            return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
        if isinstance(a, (list, tuple)):
            return len(a) == len(b) and all(map(same, a, b))
        return bool((a == b).all()) if isinstance(a, (torch.Tensor, np.ndarray)) else a == b

    before = everything()
    first = deo.torch.diagnose(closure, opt, others=[lambda: closure(slice(32, 64))])
    assert same(before, everything())
    assert same(vars(first.highest)["value"], deo.torch.diagnose(closure, opt).highest.value), (
        "the same mask at each call"
    )

    calls = [0]

    def breaking():
        calls[0] += 1
        if calls[0] == at:
            raise LookupError("mine")
        return closure()

    for at in (1, 2, 3, 7, first.gradients):
        calls[0] = 0
        with pytest.raises(LookupError, match="mine"):
            deo.torch.diagnose(breaking, opt)
        assert same(before, everything()), at


def test_what_is_wrong_is_named():
    x = parameter(1.0, 2.0)
    loss = saddle(x)
    with pytest.raises(TypeError, match="knows SGD, Adam, AdamW, NAdam and Adamax, and got RMSprop"):
        deo.torch.diagnose(loss, torch.optim.RMSprop([x]))
    with pytest.raises(TypeError, match="needs the training's torch optimizer"):
        deo.torch.diagnose(loss, [x])
    with pytest.raises(ValueError, match="maximize=True"):
        deo.torch.diagnose(loss, torch.optim.SGD([x], lr=0.1, maximize=True))
    with pytest.raises(TypeError, match="of others is a int"):
        deo.torch.diagnose(loss, torch.optim.SGD([x], lr=0.1), others=[3])
