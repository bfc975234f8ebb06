"""The two spaces of deo.torch, deo's kernels and torch's operations, against each other and the truth, in float32.

    python spaces.py [--seeds 12]

Multilayer perceptrons of 760 parameters, a dimer to a residual of 1e-3; the truth is a dense Hessian by double backward
in float64. All figures are shares of |λ_min|.

Both spaces take the same points to the bit until a sum in another order tips a rounding. From there on each probe sees
another rounding of its point, 16 units in the last place of ‖x‖ from x: the forward rule then differs by as much as it is
off, and a rule that needs longer dimers, the central one, by a tenth of that.
"""

import argparse
import statistics

import torch
from torch import nn
from torch.nn import functional

import deo.torch


def model():
    return nn.Sequential(nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 12), nn.Tanh(), nn.Linear(12, 4))


def exact(weights, inputs, targets):
    """λ_min of the dense Hessian, in float64."""
    net = model().double()
    net.load_state_dict({name: value.double() for name, value in weights.items()})
    parameters = list(net.parameters())
    loss = functional.cross_entropy(net(inputs.double()), targets)
    gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters, create_graph=True)])
    rows = [torch.autograd.grad(g, parameters, retain_graph=True) for g in gradient]
    hessian = torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])
    return float(torch.linalg.eigvalsh((hessian + hessian.T) / 2)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = {"forward": [], "central": []}
    for seed in range(arguments.seeds):
        torch.manual_seed(seed)
        net, inputs, targets = (
            model(),
            torch.randn(200, 16),
            torch.randint(0, 4, (200,)),
        )

        def loss(net=net, inputs=inputs, targets=targets):
            return functional.cross_entropy(net(inputs), targets)

        truth = exact(net.state_dict(), inputs, targets)
        for rule, found in rows.items():
            kernels, tensors = (
                deo.torch.curvature(
                    loss,
                    net.parameters(),
                    rule=rule,
                    tol=1e-3,
                    max_gradients=400,
                    seed=seed,
                    tensors=tensors,
                )
                for tensors in (False, True)
            )
            same = (kernels.status, kernels.gradients) == (
                tensors.status,
                tensors.gradients,
            )
            values = (
                kernels.value - tensors.value,
                kernels.value - truth,
                tensors.value - truth,
                kernels.error,
            )
            found.append((same, *(abs(value / truth) for value in values)))
    print("rule     same decisions   apart: median, most   kernels off   tensors off   stated")
    for rule, found in rows.items():
        same, apart, kernels, tensors, stated = zip(*found, strict=True)
        middle = [statistics.median(column) for column in (apart, kernels, tensors, stated)]
        print(
            f"{rule:8} {sum(same):7} of {len(found):<5} {middle[0]:12.1e} {max(apart):8.1e} "
            f"{middle[1]:12.1e} {middle[2]:13.1e} {middle[3]:9.1e}"
        )


if __name__ == "__main__":
    main()
