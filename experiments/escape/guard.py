"""Rates 3, 10 and 30 times too large: how many runs end useful, by themselves, with clipping, with Guard.

    cargo build --release
    python3 experiments/escape/guard.py --deo target/release/deo --out runs/guard    # an hour on two cores

Needs nothing but Python and `deo`. The rate that is too large is a multiple of the one that `deo escape` tunes for the base
optimizer on the problem. The norm that gradients are clipped to is tuned at each of these rates, on other seeds than
those that are reported; beside it stands the customary norm of 1. Guard runs on its defaults.

A run is useful if its measure at the end is at most half of what an answer gets that doesn't look at the image: ln 10 for
the classifier, the loss of the mean image for the autoencoder. DIR/table.md and DIR/results.json hold the outcome.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys

FACTORS = [1, 3, 10, 30]
# The measure of a blind answer: ln 10, and the plateau on which every reconstruction is the mean image.
BLIND = {"digits-classifier": math.log(10), "digits-autoencoder": 4.69}
BESIDE = ["", "guard+", "clip+"]


def escape(args, name, *options):
    """The record of one `deo escape`; one that exists is not made again."""
    out = pathlib.Path(args.out) / name
    if not (out / "record.json").exists():
        command = [args.deo, "escape", "--out", str(out), "--json", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
    return json.loads((out / "record.json").read_text())


def judge(record, problem, method):
    losses = [run["measure"] for run in record["runs"] if run["method"] == method]
    losses = sorted(math.inf if loss is None else loss for loss in losses)
    return {
        "method": method,
        "knobs": next(row["knobs"] for row in record["results"] if row["method"] == method),
        "useful": sum(loss <= BLIND[problem] / 2 for loss in losses),
        "runs": len(losses),
        "median": losses[len(losses) // 2],
        "worst": losses[-1],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--deo", default="target/release/deo", help="the program")
    parser.add_argument("--out", required=True, help="directory of the records")
    parser.add_argument("--seeds", type=int, default=9, help="an odd number, for the medians")
    parser.add_argument("--tuning-seeds", type=int, default=5, help="seeds on which the norm is tuned")
    parser.add_argument("--problems", nargs="+", choices=BLIND, default=list(BLIND))
    parser.add_argument("--bases", nargs="+", default=["heavy-ball"])
    args = parser.parse_args()
    pathlib.Path(args.out).mkdir(parents=True, exist_ok=True)

    results = []
    for problem in args.problems:
        for base in args.bases:
            what = ["--suite", problem, "--methods"]
            [tuned] = escape(args, f"{problem}-{base}-tuned", *what, base)["results"]
            methods = [beside + base for beside in BESIDE]
            for factor in FACTORS:
                rate = tuned["lr"] * factor
                name = f"{problem}-{base}-{factor}"
                more = ["--lr", repr(rate), "--seeds", str(args.seeds)]
                tuning = ["--tuning-seeds", str(args.tuning_seeds)]
                record = escape(args, name, *what, ",".join(methods), *more, *tuning)
                records = [(method, record) for method in methods]
                clipped = "clip+" + base
                records.append(
                    (clipped, escape(args, f"{name}-customary", *what, clipped, *more, "--tuning-seeds", "0"))
                )
                for method, record in records:
                    row = {"problem": problem, "factor": factor, "lr": rate, **judge(record, problem, method)}
                    results.append(row)
                    print(row, file=sys.stderr)
    lines = ["| problem | rate | method | useful | median | worst |", "|---|---|---|---|---|---|"]
    for row in results:
        norm = "".join(f", {name} {value:g}" for name, value in row["knobs"].items())
        lines.append(
            f"| {row['problem']} | {row['factor']} × {row['lr'] / row['factor']:g} | {row['method']}{norm} | "
            f"{row['useful']} of {row['runs']} | {row['median']:.3g} | {row['worst']:.3g} |"
        )
    out = pathlib.Path(args.out)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (out / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
