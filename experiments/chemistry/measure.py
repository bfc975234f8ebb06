"""Gradients of saddle searches on molecules (GFN2-xTB) and surfaces (EMT), a CSV row a trial.

    python measure.py reactions ours-lindh sella-internal > reactions.csv
    python measure.py --summary reactions.csv

Sets: `reactions` (44 starts), `surfaces` (36), `noise` (10, Gaussian noise of 1e-3 eV/Å in every force component, forces
to 0.02 eV/Å), `untuned` (ten reactions that no setting was chosen on, two guesses each).
"""

import csv
import sys
from collections import defaultdict

import numpy as np
from searches import by_name
from systems import FMAX, Counter, emt, judge, load, molecule, reaction_starts, surface, surface_starts, untuned_starts, xtb

FIELDS = ["set", "system", "start", "method", "found", "gradients", "verification", "verdict", "index", "force", "energy", "other_gradients", "error"]
NOISY = ("HCN-HNC", "NH3-inversion", "HONO-cis-trans", "CH3NC-CH3CN", "vinyl-alcohol-acetaldehyde")


def trials(which):
    """(system, start, atoms, frozen, axis, charge, engine)"""
    if which == "surfaces":
        references, engine = load("references.json")["surfaces"], emt()
        for name, reference in references.items():
            for start, x, axis in surface_starts(name, reference):
                slab, frozen, _ = surface(name)
                slab.positions = x
                yield name, start, slab, frozen, axis, 0, engine
        return
    references = load("references.json")["molecules"]
    entries = load("untuned.json" if which == "untuned" else "reactions.json")
    for name, entry in entries.items():
        if which == "noise" and name not in NOISY:
            continue
        starts = untuned_starts(entry) if which == "untuned" else reaction_starts(name, references)
        for start, x in starts:
            if which == "noise" and not start.startswith("0.1"):
                continue
            yield name, start, molecule(entry, x), [], None, entry["charge"], xtb(entry["charge"])


def trial(which, method, name, start, atoms, frozen, axis, charge, engine):
    noisy = which == "noise"
    fmax, cap = (0.02, 400) if noisy else (FMAX, 500 if which != "surfaces" else 1000)
    other = [0]
    atoms.calc = Counter(engine, cap, 1e-3 if noisy else 0.0)
    row = dict(set=which, system=name, start=start, method=method, found=0)
    try:
        ended, row["gradients"] = by_name(method, charge, other)(atoms, axis, frozen, fmax)
        free = np.setdiff1d(np.arange(len(atoms)), frozen) if len(frozen) else None
        row.update(getattr(atoms.calc, "verified", {}))
        row.update(judge(name, atoms, engine, free))
        near = 1.05 * fmax if not noisy else 2 * fmax
        row["found"] = int(ended and row["index"] == 1 and row["force"] <= near)
        row["error"] = "" if ended else "not converged"
    except Exception as error:
        row.update(error=f"{type(error).__name__}: {error}"[:80], gradients=atoms.calc.count)
    row["other_gradients"] = other[0]
    return row


def summary(rows):
    by = defaultdict(list)
    for row in rows:
        by[row["set"], row["method"]].append(row)
    for (which, method), rows in by.items():
        n = [float(r["gradients"]) for r in rows if int(r["found"])]
        mean = np.exp(np.mean(np.log(n))) if n else float("nan")
        print(f"{which:10} {method:16} {len(n):3d} of {len(rows):3d}  geometric mean {mean:6.1f}  median {np.median(n):6.1f}")
        found = [r for r in rows if int(r["found"]) and r.get("verdict")]
        if found:
            right = sum(r["verdict"] == "confirmed" for r in found)
            wrong = sum(r["verdict"] == "confirmed" and int(r["index"]) != 1 for r in rows if r.get("verdict"))
            spent = [float(r["verification"]) for r in found]
            print(f"{'':27} verified: {right} of {len(found)} confirmed, {wrong} wrongly; mean {np.mean(spent):.1f}  median {np.median(spent):.1f}")


if __name__ == "__main__":
    if sys.argv[1] == "--summary":
        summary([row for path in sys.argv[2:] for row in csv.DictReader(open(path))])
    else:
        writer = csv.DictWriter(sys.stdout, FIELDS, extrasaction="ignore")
        writer.writeheader()
        rows = []
        for method in sys.argv[2:]:
            for t in trials(sys.argv[1]):
                rows.append(trial(sys.argv[1], method, *t))
                writer.writerow(rows[-1])
                sys.stdout.flush()
        sys.stdout = sys.stderr
        summary(rows)
