"""Two gloo processes under DDP: the ranks take the same decisions, and stay equal to the bit."""

import os
import socket

import pytest

torch = pytest.importorskip("torch", reason="PyTorch isn't installed: deo.torch is not tested")

import deo.torch  # noqa: E402

distributed = torch.distributed
pytestmark = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available())
    if hasattr(distributed, "is_gloo_available")
    else not distributed.is_available(),
    reason="this torch has no gloo: DDP is not tested",
)


def worker(rank, port, path):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    found = train(slice(32 * rank, 32 * rank + 32), torch.nn.parallel.DistributedDataParallel)
    torch.save(found, f"{path}/{rank}.pt")
    distributed.destroy_process_group()


def train(rows, parallelise, steps=150):
    """Events, counts, parameters, and λ_min at the start, on these rows of a batch of 64."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    # Two equal units: a saddle that gradients alone never leave.
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1)).double()
    with torch.no_grad():
        model[0].weight[1] = model[0].weight[0]
        model[0].bias[1] = model[0].bias[0]
        model[2].weight[0, 1] = model[2].weight[0, 0]
    inputs = torch.randn(64, 3, dtype=torch.float64)
    targets = inputs[:, :1] * inputs[:, 1:2]
    parallel = parallelise(model)
    opt = deo.torch.Escape(torch.optim.SGD(model.parameters(), lr=0.1))
    events = []

    def closure():
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(parallel(inputs[rows]), targets[rows])
        loss.backward()
        return loss

    lowest = deo.torch.curvature(closure, model.parameters(), tol=1e-4).value
    for _ in range(steps):
        opt.step(closure)
        events.append(opt.last_event["name"])
    return [events, opt.counts, [p.detach() for p in model.parameters()], lowest]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("ranks")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    torch.multiprocessing.spawn(worker, args=(port, str(tmp_path)), nprocs=2)
    return [torch.load(tmp_path / f"{r}.pt") for r in (0, 1)]


def test_two_ranks_never_part(ranks):
    (events, counts, first, lowest), (others, their_counts, second, their_lowest) = ranks
    assert lowest == their_lowest
    assert events == others and counts == their_counts
    assert counts["losses"] > 0 and counts["visits"] > 0
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_two_ranks_do_what_one_process_does_with_the_whole_batch(ranks):
    (events, counts, there, lowest), _ = ranks
    found, its_counts, here, alone = train(slice(64), lambda model: model)
    assert abs(lowest - alone) < 1e-6 * abs(alone)
    # The sums are in another order, so the last bits differ, and no decision hangs on those.
    assert events == found and counts == its_counts
    assert counts["moves"] > 0
    assert all(torch.allclose(a, b, rtol=1e-6) for a, b in zip(here, there, strict=True))
