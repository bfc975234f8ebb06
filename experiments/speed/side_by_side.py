#!/usr/bin/env python3
"""Our training step and PyTorch's, in turns on the same machine: seconds and memory.

    python experiments/speed/side_by_side.py                  # everything, some ten minutes
    python experiments/speed/side_by_side.py step adamw --rounds 10 --json out.json

needs a python with torch and numpy, and cargo. One process of each kind is started; a round is a block of steps of one
and then of the other, so both see the same neighbours on a shared machine and absolute times may drift while their
ratio doesn't. The last column says how much of the machine other processes used meanwhile: trust rows where it is small,
for two threads that wait for each other suffer more from a neighbour than one. Every run begins with a yardstick, the
fastest large product and copy that any of the libraries manages here, and tables give their rows as shares of it.
`--processor-time` counts the seconds that one thread spent on a processor, in place of those of the clock: it is for a machine
that others keep busy, whose caches and frequency they still share. Before anything is timed, loss and gradient of both are
compared at the same weights on the same batch.

    step      forward, backward and AdamW, batch 12 x 64
    adamw     the optimizer's step alone
    product   one Hessian-vector product: ours is one gradient at a displaced point, theirs double backward
    matmul    the matrix products of such a step, one by one
    recompute a step with the activations of each block computed again in backward; PyTorch's torch.utils.checkpoint
    memory    greatest resident set of a process that trains, plainly and recomputing; of one that takes Hessian-vector products
"""
import argparse
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import numpy
    import torch
except ModuleNotFoundError as missing:
    sys.exit(f"{missing}: pip install torch numpy")
from torch import nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"paper-small": (4, 4, 128), "paper-large": (6, 6, 384)}  # layers, heads, width
VOCABULARY, BLOCK = 65, 64


class Block(nn.Module):
    def __init__(self, heads, width):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width, bias=False)
        self.attn = nn.ModuleDict({
            "c_attn": nn.Linear(width, 3 * width, bias=False),
            "c_proj": nn.Linear(width, width, bias=False),
        })
        self.ln_2 = nn.LayerNorm(width, bias=False)
        self.mlp = nn.ModuleDict({
            "c_fc": nn.Linear(width, 4 * width, bias=False),
            "c_proj": nn.Linear(4 * width, width, bias=False),
        })

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.attn["c_attn"](self.ln_1(x)).split(c, dim=2)
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn["c_proj"](y.transpose(1, 2).contiguous().view(b, t, c))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Gpt(nn.Module):
    """nanoGPT's model: no biases, no dropout, the output layer tied to the embedding."""

    def __init__(self, layers, heads, width, recompute=False):
        super().__init__()
        self.recompute = recompute
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(VOCABULARY, width),
            "wpe": nn.Embedding(BLOCK, width),
            "h": nn.ModuleList(Block(heads, width) for _ in range(layers)),
            "ln_f": nn.LayerNorm(width, bias=False),
        })

    def forward(self, tokens, targets):
        t = self.transformer
        x = t["wte"](tokens) + t["wpe"](torch.arange(tokens.shape[1]))
        for block in t["h"]:
            x = checkpoint(block, x, use_reentrant=False) if self.recompute else block(x)
        logits = t["ln_f"](x) @ t["wte"].weight.T
        return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))


class Ours:
    """The example that answers commands."""

    def __init__(self, build=True):
        build and subprocess.run(
            ["cargo", "build", "--release", "-q", "-p", "deo-bench", "--example", "side_by_side"],
            cwd=ROOT, check=True,
        )
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        self.process = subprocess.Popen(
            [target / "release/examples/side_by_side"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def __call__(self, task, **arguments):
        print(json.dumps({"task": task, "processor": PROCESSOR_TIME, **arguments}), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the example ended at the task {task}; its words are above")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def batch(exported):
    shape = exported["rows"], exported["block"]
    tokens = lambda name: torch.tensor(exported[name]).view(shape)
    return tokens("inputs"), tokens("targets")


def load(ours, model):
    """PyTorch's model with our weights, and the batch; loss and gradient are compared on the way."""
    with tempfile.NamedTemporaryFile() as file:
        exported = ours("export", model=model, threads=1, path=file.name)
        numbers = torch.from_numpy(numpy.fromfile(file.name, dtype="<f4").copy())
    x, g = numbers.chunk(2)
    theirs = Gpt(*SIZES[model])
    named = dict(theirs.named_parameters())
    assert set(named) == {name for name, _ in exported["layout"]}, "the parameters have other names"
    inputs, targets = batch(exported)
    first = 0
    with torch.no_grad():
        for name, shape in exported["layout"]:
            length = int(numpy.prod(shape))
            named[name].copy_(x[first:first + length].view(shape))
            first += length
    loss = theirs(inputs, targets)
    loss.backward()
    # f32 sums of 768 losses and of some hundred products in another order.
    assert abs(loss.item() - exported["loss"]) < 1e-5 * exported["loss"], (loss.item(), exported["loss"])
    first = 0
    for name, shape in exported["layout"]:
        want = named[name].grad.flatten()
        got = g[first:first + want.numel()]
        error = ((got - want).norm() / want.norm()).item()
        assert error < 1e-4, f"the gradient of {name} differs by {error:.1e}"
        first += want.numel()
    return theirs, inputs, targets


PROCESSOR_TIME = False


def timed(run, repeat):
    """Seconds of `repeat` runs after one that isn't counted; by the processor's clock their mean, as ours."""
    run()
    if PROCESSOR_TIME:
        start = time.process_time()
        for _ in range(repeat):
            run()
        return [(time.process_time() - start) / repeat]
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def processor_seconds(pid):
    """What one process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


class Neighbours:
    """The share of the machine that other processes use meanwhile; Linux only."""

    def __init__(self, pids):
        self.pids = pids
        self.start = self.now()

    def now(self):
        # user, nice, system, irq, softirq, steal: everything but idle and waiting.
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        busy = sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")
        return busy - sum(map(processor_seconds, self.pids)), time.perf_counter()

    def share(self):
        (others, end), (others_before, start) = self.now(), self.start
        return max(0.0, (others - others_before) / (end - start) / os.cpu_count())


def await_quiet(options):
    """Waits until other processes use less than a tenth of the machine, at most `--patience` seconds."""
    end = time.perf_counter() + options.patience
    while time.perf_counter() < end:
        neighbours = Neighbours([os.getpid(), options.ours])
        time.sleep(0.3)
        if neighbours.share() < 0.1:
            return


def compare(title, ours, theirs, options, repeat, least_seconds=None):
    """Interleaves functions of ours, the first the base, with several of theirs; each returns the seconds of `repeat` runs.

    `least_seconds` is what the yardstick allows; the last column gives it as a share of the medians."""
    ours = ours if isinstance(ours, dict) else {"deo": ours}
    runs = {**ours, **{name: functools.partial(timed, run) for name, run in theirs.items()}}
    seconds, shares = ({name: [] for name in runs} for _ in range(2))
    for _ in range(options.rounds):
        for name, run in runs.items():
            await_quiet(options)
            neighbours = Neighbours([os.getpid(), options.ours])
            seconds[name] += run(repeat)
            shares[name].append(neighbours.share())
    base = seconds["deo"]
    rows = {}
    print(f"\n{title}, {options.rounds} rounds of {repeat}")
    print(f"{'':34}{'median ms':>11}{'least ms':>11}{'ratio of medians':>19}{'of least':>10}{'neighbours':>12}{'of the peak':>13}")
    for name, all_of_it in seconds.items():
        median, least = statistics.median(all_of_it), min(all_of_it)
        ratios = median / statistics.median(base), least / min(base)
        others = statistics.median(shares[name])
        share = least_seconds / median if least_seconds else None
        rows[name] = {
            "of the peak": share, "median": median, "least": least, "ratio of medians": ratios[0], "ratio of least": ratios[1],
            "neighbours": others,
        }
        print(
            f"{name:34}{1e3 * median:11.3f}{1e3 * least:11.3f}{ratios[0]:19.2f}{ratios[1]:10.2f}{others:12.0%}"
            + (f"{share:13.0%}" if share else ""),
            flush=True,
        )
    return {"title": title, "rounds": options.rounds, "repeat": repeat, "rows": rows}


def training(model, inputs, targets, optimizer, forward=None):
    forward = model if forward is None else forward

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(inputs, targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def compiled(model, inputs, targets):
    """The compiled model, or None with the reason printed."""
    try:
        forward = torch.compile(model)
        forward(inputs, targets).backward()
        return forward
    except Exception as error:  # whatever the compiler lacks on this machine
        print(f"torch.compile does not work here: {str(error).splitlines()[0]}", file=sys.stderr)
        return None


def steps(ours, options):
    tables = []
    for model in SIZES:
        theirs, inputs, targets = load(ours, model)
        copies = [theirs] + [Gpt(*SIZES[model]) for _ in range(2)]
        for copy in copies[1:]:
            copy.load_state_dict(theirs.state_dict())
        fast = compiled(copies[2], inputs, targets) if options.compile else None
        adamw = lambda model, **kind: torch.optim.AdamW(model.parameters(), lr=1e-3, **kind)
        runs = {
            "PyTorch": training(copies[0], inputs, targets, adamw(copies[0])),
            "PyTorch, fused AdamW": training(copies[1], inputs, targets, adamw(copies[1], fused=True)),
        }
        if fast is not None:
            optimizer = adamw(copies[2], fused=True)
            runs["PyTorch, compiled, fused AdamW"] = training(copies[2], inputs, targets, optimizer, fast)
        for threads in options.threads:
            torch.set_num_threads(threads)
            repeat = 10 if model == "paper-small" else 2
            run = lambda repeat: ours("step", model=model, threads=threads, repeat=repeat)["seconds"]
            title = f"step of {model}, {threads} thread{'s'[:threads - 1]}"
            least = flop(model) / options.peak[threads]["flops"]
            tables.append(compare(title, run, runs, options, repeat, least))
    return tables


def recomputing(ours, options):
    tables = []
    for model in SIZES:
        theirs, inputs, targets = load(ours, model)
        again = Gpt(*SIZES[model], recompute=True)
        again.load_state_dict(theirs.state_dict())
        adamw = lambda model: torch.optim.AdamW(model.parameters(), lr=1e-3)
        runs = {
            "PyTorch": training(theirs, inputs, targets, adamw(theirs)),
            "PyTorch, checkpoint": training(again, inputs, targets, adamw(again)),
        }
        for threads in options.threads:
            torch.set_num_threads(threads)
            run = lambda model, repeat: ours("step", model=model, threads=threads, repeat=repeat)["seconds"]
            both = {
                "deo": functools.partial(run, model),
                "deo, recompute": functools.partial(run, f"{model}, recompute"),
            }
            title = f"step of {model} that keeps and that computes again, {threads} thread{'s'[:threads - 1]}"
            least = flop(model) / options.peak[threads]["flops"]
            tables.append(compare(title, both, runs, options, 10 if model == "paper-small" else 2, least))
    return tables


def optimizers(ours, options):
    tables = []
    for model in SIZES:
        runs = {}
        for name, kind in {
            "PyTorch, default": {}, "PyTorch, foreach": {"foreach": True}, "PyTorch, fused": {"fused": True},
        }.items():
            theirs = Gpt(*SIZES[model])
            for parameter in theirs.parameters():
                parameter.grad = torch.randn_like(parameter)
            runs[name] = torch.optim.AdamW(theirs.parameters(), lr=1e-5, **kind).step
        size = sum(parameter.numel() for parameter in theirs.parameters())
        for threads in options.threads:
            torch.set_num_threads(threads)
            run = lambda repeat: ours("adamw", model=model, threads=threads, repeat=repeat)["seconds"]
            title = f"AdamW step of {size:,} parameters, {threads} thread{'s'[:threads - 1]}"
            # x, g and both moments are read, and three of them written.
            least = 7 * 4 * size / options.peak[threads]["bytes"]
            tables.append(compare(title, run, runs, options, 20 if model == "paper-small" else 5, least))
    return tables


def double_backward(model, inputs, targets):
    """Functions that compute Hv by double backward: the whole of it, and the second half with a graph that is kept."""
    parameters = list(model.parameters())
    v = [torch.randn_like(parameter) for parameter in parameters]

    def graph():
        # Neither of the fused attention kernels can be differentiated twice.
        with sdpa_kernel(SDPBackend.MATH):
            return torch.autograd.grad(model(inputs, targets), parameters, create_graph=True)

    def whole():
        return torch.autograd.grad(graph(), parameters, grad_outputs=v)

    kept = graph()

    def second_half():
        return torch.autograd.grad(kept, parameters, grad_outputs=v, retain_graph=True)

    return {"PyTorch, double backward": whole, "PyTorch, graph kept": second_half}


def products(ours, options):
    tables = []
    for model in SIZES:
        theirs, inputs, targets = load(ours, model)
        runs = double_backward(theirs, inputs, targets)
        for threads in options.threads:
            torch.set_num_threads(threads)
            run = lambda repeat: ours("product", model=model, threads=threads, repeat=repeat)["seconds"]
            title = f"Hessian-vector product of {model}, {threads} thread{'s'[:threads - 1]}"
            least = flop(model) / options.peak[threads]["flops"]  # of one gradient
            tables.append(compare(title, run, runs, options, 5 if model == "paper-small" else 1, least))
    return tables


def shapes(model):
    """Name, m, n, k, and whether A and B lie transposed, of the products of a step, forward and backward."""
    _, heads, width = SIZES[model]
    tokens = 12 * BLOCK
    layers = {
        "c_attn": (width, 3 * width), "c_proj": (width, width), "c_fc": (width, 4 * width),
        "mlp.c_proj": (4 * width, width), "head": (width, VOCABULARY),
    }
    for name, (inputs, outputs) in layers.items():
        yield f"{name}, X Wᵀ", tokens, outputs, inputs, False, True
        yield f"{name}, dY W", tokens, inputs, outputs, False, False
        yield f"{name}, dYᵀ X", outputs, inputs, tokens, True, False
    d = width // heads
    yield "attention, q kᵀ", BLOCK, BLOCK, d, False, True
    yield "attention, P v", BLOCK, d, BLOCK, False, False
    yield "attention, Pᵀ dy", BLOCK, d, BLOCK, True, False


def matrices(ours, options):
    tables = []
    for model in SIZES:
        for threads in options.threads:
            torch.set_num_threads(threads)
            for name, m, n, k, a_lies, b_lies in shapes(model):
                a = torch.randn(k, m).T if a_lies else torch.randn(m, k)
                b = torch.randn(n, k).T if b_lies else torch.randn(k, n)
                c = torch.empty(m, n)
                shape = {"m": m, "n": n, "k": k, "a": a_lies, "b": b_lies}
                run = lambda repeat: ours("matmul", shape=shape, threads=threads, repeat=repeat)["seconds"]
                # Long enough for the clock of the processor, which ticks in milliseconds.
                repeat = max(3, round(0.15 * options.peak[threads]["flops"] / (2 * m * n * k)))
                title = f"{model}, {name}, {m} x {n} x {k}, {threads} thread{'s'[:threads - 1]}"
                least = 2 * m * n * k / options.peak[threads]["flops"]
                runs = {"PyTorch": lambda: torch.mm(a, b, out=c)}
                tables.append(compare(title, run, runs, options, repeat, least))
    ratios = [table["rows"]["PyTorch"]["ratio of medians"] for table in tables]
    if ratios:
        print(f"\nPyTorch / DEO over {len(ratios)} products: least {min(ratios):.2f}, median {statistics.median(ratios):.2f}, "
              f"greatest {max(ratios):.2f}")
    return tables


def peak():
    """The greatest resident set of this process so far, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise SystemExit("no VmHWM in /proc/self/status")


def memory_of_theirs(model, task):
    """In a process of its own: bytes before there is a model, and the peak after some work."""
    torch.manual_seed(1)
    torch.ones(3) @ torch.ones(3)
    before = peak()
    theirs = Gpt(*SIZES[model], recompute=task == "recompute")
    inputs, targets = torch.randint(VOCABULARY, (2, 12, BLOCK))
    if task in ("step", "recompute"):
        run = training(theirs, inputs, targets, torch.optim.AdamW(theirs.parameters(), lr=1e-3))
    elif task == "product":
        run = double_backward(theirs, inputs, targets)["PyTorch, double backward"]
    for _ in range(5):
        run()
    print(json.dumps([before, peak()]))


def memory(_, options):
    print("\ngreatest resident set in MB, whole process and without what it had before there was a model")
    rows = []
    for model in SIZES:
        for task in ("step", "recompute", "product"):
            ours = Ours(build=False)
            before = ours("memory")["bytes"]
            name, what = (f"{model}, recompute", "step") if task == "recompute" else (model, task)
            ours(what, model=name, threads=max(options.threads), repeat=5)
            whole = ours("memory")["bytes"]
            ours.close()
            theirs = subprocess.run(
                [sys.executable, __file__, "--memory-of", model, task],
                check=True, capture_output=True, text=True,
            )
            their_before, their_whole = json.loads(theirs.stdout)
            mb = lambda number: number / 1e6
            row = {
                "model": model, "task": task,
                "deo": [whole, whole - before], "PyTorch": [their_whole, their_whole - their_before],
            }
            ratios = [b / a for a, b in zip(row["deo"], row["PyTorch"])]
            rows.append({**row, "ratios": ratios})
            print(
                f"{model:12} {task:10} deo {mb(whole):8.1f} {mb(whole - before):8.1f}"
                f"   PyTorch {mb(their_whole):8.1f} {mb(their_whole - their_before):8.1f}"
                f"   ratios {ratios[0]:5.2f} {ratios[1]:5.2f}"
            )
    return rows


def processor():
    """Its name, and the instruction sets that matter here; Linux only."""
    text = Path("/proc/cpuinfo").read_text()
    field = lambda name: next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(name)), "")
    has = field("flags").split()
    wanted = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"]
    # Virtual machines hide the name of the model behind a family's.
    number = f"family {field('cpu family')} model {field('model' + chr(9))}"
    return f"{field('model name')} ({number}), {os.cpu_count()} cpus, {' '.join(flag for flag in wanted if flag in has)}"


def yardstick(ours, options):
    """FLOP/s of the fastest large product and bytes/s of the fastest copy, for each number of threads."""
    print(f"\n{'yardstick':34}{'GFLOP/s':>11}{'by':>10}{'GB/s':>11}{'by':>10}")
    best = {}
    for threads in options.threads:
        torch.set_num_threads(threads)
        rates, copies = {}, {}
        # Three turns: the least times of all count, since a peak is what can be had.
        for _ in range(3):
            await_quiet(options)
            answer = ours("yardstick", model="", threads=threads, repeat=5)
            x = torch.randn(answer["copied"] // 8)
            y = torch.empty_like(x)
            seconds = {"deo": min(answer["copy"]), "PyTorch": min(timed(lambda: y.copy_(x), 5))}
            for who, least in seconds.items():
                copies[who] = max(copies.get(who, 0), answer["copied"] / least)
            for product in answer["products"]:
                n = product["n"]
                a, b = torch.randn(2, n, n)
                c = torch.empty(n, n)
                product["PyTorch"] = timed(lambda: torch.mm(a, b, out=c), 5)
                for who in ("deo", "faer", "PyTorch"):
                    rates[who] = max(rates.get(who, 0), 2 * n**3 / min(product[who]))
        fastest, copier = max(rates, key=rates.get), max(copies, key=copies.get)
        best[threads] = {
            "flops": rates[fastest], "bytes": copies[copier], "products": rates, "copies": copies,
        }
        title = f"{threads} thread{'s'[:threads - 1]}"
        print(f"{title:34}{rates[fastest] / 1e9:11.0f}{fastest:>10}{copies[copier] / 1e9:11.1f}{copier:>10}")
        print(f"{'':34}{', '.join(f'{who} {rate / 1e9:.0f}' for who, rate in rates.items())} GFLOP/s")
    return best


def flop(model):
    """Multiplications and additions of a forward and a backward pass: six a parameter of a matrix and token; and the
    causal half of attention."""
    layers, _, width = SIZES[model]
    tokens = 12 * BLOCK
    matrices = 12 * layers * width**2 + VOCABULARY * width
    return 6 * tokens * (matrices + layers * width * (BLOCK + 1))


def versions():
    text = lambda *command: subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return {
        "processor": processor(),
        "deo": text("git", "describe", "--always", "--dirty"),
        "rustc": text("rustc", "--version"),
        "torch": torch.__version__,
        "torch instructions": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
    }


def main():
    tasks = {
        "step": steps, "recompute": recomputing, "adamw": optimizers, "product": products, "matmul": matrices, "memory": memory,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(tasks)}; all by default")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS",
                        help="before each block of steps, wait at most so long for a quiet machine")
    parser.add_argument("--processor-time", action="store_true",
                        help="seconds that the thread spent on a processor, for a busy machine; implies --threads 1")
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="leave torch.compile out")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument("--memory-of", nargs=2, metavar=("MODEL", "TASK"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        return memory_of_theirs(*options.memory_of)
    chosen = options.tasks or list(tasks)
    unknown = [task for task in chosen if task not in tasks]
    if unknown:
        parser.error(f"no task {unknown[0]}; there are {', '.join(tasks)}")
    if options.processor_time:
        global PROCESSOR_TIME
        PROCESSOR_TIME, options.threads = True, [1]
    ours = Ours()
    options.ours = ours.process.pid
    results = {"versions": versions()}
    print(", ".join(f"{name} {value}" for name, value in results["versions"].items()))
    print(f"load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")
    if set(chosen) != {"memory"}:
        options.peak = results["yardstick"] = yardstick(ours, options)
    for task in chosen:
        results[task] = tasks[task](ours, options)
    ours.close()
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
