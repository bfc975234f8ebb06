"""The paper's table, redone: every row that it has, as published and as it should be, over tuned baselines too.

    cargo build --release
    python3 experiments/paper/redo.py --deo target/release/deo --out runs/redo                       # 2 000 steps, 3 seeds
    python3 experiments/paper/redo.py --deo target/release/deo --out runs/full --steps 20000 --seeds 1

Needs nothing but Python and `deo`. Every run is one `deo train` with one thread, two at a time; a run whose record exists
is not repeated, so an interrupted experiment goes on where it was. DIR/table.md and DIR/results.json hold the outcome.

Learning rate and warm-up of the tuned rows are chosen on seed 101, which is not among the seeds that are reported, from
the same grid for every optimizer.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import statistics
import subprocess
import sys

PUBLISHED = ["--lr", "1e-3", "--min-lr", "1e-4", "--warmup", "100"]
TUNING_SEED = 101
RATES = ["5e-4", "1e-3", "2e-3", "4e-3", "8e-3"]
WARMUPS = [100, 400]

# name: (optimizer, policy, further options), at the published rate.
ROWS = {
    "SGD": ("sgd", "off", []),
    "SGD, published rule of dimer_sgd": ("sgd", "compat-adam", []),
    "SGD, the paper's formula": ("sgd", "compat-paper", []),
    "SGD, Deflate(1), right axis": ("sgd", "deflate", []),
    "SGD, Escape": ("sgd", "escape", []),
    "Adam, weight decay 0.1": ("adam", "off", ["--weight-decay", "0.1"]),
    "Adam, weight decay 0": ("adam", "off", ["--weight-decay", "0"]),
    "Adam, published rule of dimer_adam, weight decay 0": ("adam", "compat-adam", ["--weight-decay", "0"]),
    "AdamW": ("adamw", "off", []),
    "AdamW, published rule of dimer_adamw": ("adamw", "compat-adam", []),
    "AdamW, the paper's formula": ("adamw", "compat-paper", []),
    "AdamW, Deflate(1), right axis": ("adamw", "deflate", []),
    "AdamW, Amplify(1), right axis": ("adamw", "amplify", []),
    "AdamW, Escape": ("adamw", "escape", []),
    'published optimizer "Sophia v7"': ("adamw", "compat-sophia", []),
}
# The same at the rate and warm-up that are best for the optimizer alone.
TUNED = {
    "SGD, tuned": ("sgd", "off", []),
    "SGD, tuned, Escape": ("sgd", "escape", []),
    "AdamW, tuned": ("adamw", "off", []),
    "AdamW, tuned, Deflate(1)": ("adamw", "deflate", []),
    "AdamW, tuned, Escape": ("adamw", "escape", []),
    "NAdamW, tuned": ("nadamw", "off", []),
    "NAdamW, tuned, Escape": ("nadamw", "escape", []),
}


def slug(name):
    return "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")


def run(args, name, optimizer, policy, options, seed):
    """The last run of one `deo train`, from its record if there is one."""
    record = pathlib.Path(args.out) / f"{slug(name)}-{seed}.json"
    if record.exists():
        return json.loads(record.read_text())
    command = [args.deo, "train", "--preset", "paper-small", "--json", "--threads", "1", "--sample", "0"]
    command += ["--steps", str(args.steps), "--seed", str(seed), "--optimizer", optimizer, "--policy", policy]
    command += ["--text", args.text] if args.text else []
    done = subprocess.run(command + options, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command + options)}: {done.stderr}")
    found = json.loads(done.stdout)["runs"][-1]
    partial = record.with_suffix(".partial")
    partial.write_text(json.dumps(found))
    partial.rename(record)
    print(f"{name}, seed {seed}: {found['val_loss']}", file=sys.stderr)
    return found


def loss(found):
    """Runs that diverged have null for a loss."""
    return float("inf") if found["val_loss"] is None else found["val_loss"]


def schedule(rate, warmup):
    return ["--lr", rate, "--min-lr", str(float(rate) / 10), "--warmup", str(warmup)]


def tune(args, pool, optimizer):
    rates = [str(float(rate) * 100) for rate in RATES] if optimizer == "sgd" else RATES
    grid = [(rate, warmup) for rate in rates for warmup in WARMUPS]
    jobs = [
        pool.submit(
            run, args, f"tuning {optimizer} {rate} {warmup}", optimizer, "off", schedule(rate, warmup), TUNING_SEED
        )
        for rate, warmup in grid
    ]
    found = [loss(job.result()) for job in jobs]
    return grid[found.index(min(found))], dict(zip((f"{r}, {w}" for r, w in grid), found))


def summary(runs):
    losses = [loss(found) for found in runs]
    spread = statistics.stdev(losses) / len(losses) ** 0.5 if len(losses) > 1 else None
    mean = lambda key: statistics.mean(found[key] for found in runs)
    return {
        "val_loss": statistics.mean(losses),
        "standard_error": spread,
        "train_loss": statistics.mean(found["train_loss"] or float("inf") for found in runs),
        "gradients": mean("gradients"),
        "losses": mean("losses"),
        "seconds": mean("seconds"),
        "kicks": mean("kicks"),
    }


def table(results, seeds):
    lines = [
        f"| | validation loss ({seeds} seeds) | ± | training loss | gradients | losses | s | kicks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in results.items():
        error = "" if row["standard_error"] is None else f"{row['standard_error']:.3f}"
        lines.append(
            f"| {name} | {row['val_loss']:.3f} | {error} | {row['train_loss']:.3f} | {row['gradients']:.0f} | "
            f"{row['losses']:.0f} | {row['seconds']:.0f} | {row['kicks']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--deo", default="target/release/deo", help="the program")
    parser.add_argument("--out", required=True, help="directory of the records")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--text", help="a text, such as tiny Shakespeare, instead of the built-in one")
    parser.add_argument("--rows", default="", help="only the rows whose name matches this regular expression")
    args = parser.parse_args()
    pathlib.Path(args.out).mkdir(parents=True, exist_ok=True)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wanted = lambda name: re.search(args.rows, name)
        tuned, grids = {}, {}
        for optimizer in sorted({TUNED[name][0] for name in TUNED if wanted(name)}):
            tuned[optimizer], grids[optimizer] = tune(args, pool, optimizer)
        rows = {name: row for name, row in ROWS.items() if wanted(name)}
        rows = {name: (o, p, PUBLISHED + more) for name, (o, p, more) in rows.items()}
        for name, (optimizer, policy, more) in TUNED.items():
            if wanted(name):
                rows[name] = (optimizer, policy, schedule(*tuned[optimizer]) + more)
        jobs = {
            name: [pool.submit(run, args, name, *row, seed) for seed in range(1, args.seeds + 1)]
            for name, row in rows.items()
        }
        results = {name: summary([job.result() for job in runs]) for name, runs in jobs.items()}
    settings = {"steps": args.steps, "seeds": args.seeds, "text": args.text or "built in"}
    record = {"settings": settings, "tuned": tuned, "tuning": grids, "results": results}
    out = pathlib.Path(args.out)
    (out / "results.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "table.md").write_text(table(results, args.seeds))
    print(table(results, args.seeds), end="")


if __name__ == "__main__":
    main()
