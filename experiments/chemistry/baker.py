"""Transition states of Baker and Chan's set (J. Comput. Chem. 17, 888 (1996)) on GFN2-xTB, from guesses by hand.

    python baker.py > baker.csv
    python baker.py --table baker.csv
    python baker.py --around 19

The numbers are those of their table; the guesses are Z-matrices or coordinates of round numbers, none of them optimised before
or changed after a search was seen. Left out are 6, 7, 8 and 18, whose guesses would have been searches themselves. Found: the
largest atomic force at most 1e-3 eV/Å, and one curvature below −0.02 eV/Å² by finite differences. `--around` prints a row for the
guess of one number and for eight others, displaced from it by 0.05 Å in every coordinate.
"""

import csv
import sys

import numpy as np
from ase import Atoms
from searches import by_name
from systems import FMAX, Counter, judge, xtb

FIELDS = ["number", "system", "method", "found", "gradients", "verification", "verdict", "index", "force", "energy", "error"]
METHODS = ("ours-lindh", "sella-internal")


def zmatrix(text):
    """Symbol, then distance to, angle with and dihedral about atoms counted from 1, in Å and degrees."""
    symbols, places = [], []
    for line in text.strip().splitlines():
        words = line.split()
        symbols.append(words[0])
        if len(words) == 1:
            places.append(np.zeros(3))
            continue
        near, length = places[int(words[1]) - 1], float(words[2])
        if len(words) == 3:
            places.append(near + [length, 0, 0])
            continue
        second, angle = places[int(words[3]) - 1], np.radians(float(words[4]))
        along = (second - near) / np.linalg.norm(second - near)
        if len(words) == 5:
            side, turn = np.array([0, 1.0, 0]), 0.0
        else:
            third, turn = places[int(words[5]) - 1], np.radians(float(words[6]))
            side = third - second
        side = side - along * (side @ along)
        side /= np.linalg.norm(side)
        up = np.cross(along, side)
        places.append(near + length * (np.cos(angle) * along + np.sin(angle) * (np.cos(turn) * side + np.sin(turn) * up)))
    return Atoms(symbols, places)


def cartesian(text):
    words = [line.split() for line in text.strip().splitlines()]
    return Atoms([w[0] for w in words], [[float(x) for x in w[1:]] for w in words])


# number: (name, charge, unpaired electrons, guess)
SET = {
    1: ("HCN – HNC", 0, 0, zmatrix("C\nN 1 1.19\nH 1 1.16 2 71")),
    2: ("HCCH – CCH2", 0, 0, zmatrix("C\nC 1 1.25\nH 1 1.20 2 72\nH 2 1.07 1 175 3 180")),
    3: ("H2CO – H2 + CO", 0, 0, zmatrix("C\nO 1 1.18\nH 1 1.10 2 160\nH 1 1.35 2 112 3 5")),
    4: ("CH3O – CH2OH", 0, 1, zmatrix("C\nO 1 1.37\nH 1 1.30 2 58\nH 1 1.09 2 118 3 100\nH 1 1.09 2 118 3 -100")),
    5: (
        "cyclopropyl – allyl", 0, 1,
        zmatrix("C\nC 1 1.44\nC 1 1.44 2 85\nH 1 1.08 2 137 3 165\nH 2 1.09 1 118 3 130\nH 2 1.09 1 118 3 -50\n"
                "H 3 1.09 1 118 2 130\nH 3 1.09 1 118 2 -50"),
    ),
    9: (
        "butadiene + ethylene", 0, 0,
        cartesian("C 1.45 1.20 0\nC 0.70 0 0\nC -0.70 0 0\nC -1.45 1.20 0\nC -0.69 1.95 -1.9\nC 0.69 1.95 -1.9\n"
                  "H 1.14 1.97 0.72\nH 2.50 1.20 0.15\nH 1.25 -0.95 0.1\nH -1.25 -0.95 0.1\nH -2.50 1.20 0.15\n"
                  "H -1.14 1.97 0.72\nH -1.24 1.15 -2.25\nH -1.24 2.80 -2.10\nH 1.24 1.15 -2.25\nH 1.24 2.80 -2.10"),
    ),
    10: (
        "s-tetrazine – 2 HCN + N2", 0, 0,
        cartesian("N -0.60 0 0.05\nN 0.60 0 0\nC 1.25 -1.50 0\nN 0.85 -2.65 0.05\nN -0.85 -2.65 0\nC -1.25 -1.50 0\n"
                  "H 2.27 -1.25 0\nH -2.27 -1.25 0.05"),
    ),
    11: (
        "trans- – cis-butadiene", 0, 0,
        zmatrix("C\nC 1 1.34\nC 2 1.47 1 123\nC 3 1.34 2 123 1 100\nH 1 1.08 2 121 3 0\nH 1 1.08 2 121 3 180\n"
                "H 2 1.09 1 119 3 180\nH 3 1.09 4 119 2 180\nH 4 1.08 3 121 2 0\nH 4 1.08 3 121 2 180"),
    ),
    12: (
        "C2H6 – C2H4 + H2", 0, 0,
        cartesian("C 0 0 0\nC 1.45 0 0\nH 0.20 1.50 0\nH 1.15 1.40 0\nH -0.55 -0.25 0.92\nH -0.55 -0.25 -0.92\nH 2.00 -0.25 0.92\n"
                  "H 2.00 -0.25 -0.92"),
    ),
    13: (
        "C2H5F – C2H4 + HF", 0, 0,
        cartesian("C 0 0 0\nC 1.42 0 0\nF 0 1.85 0\nH 1.28 1.28 0\nH -0.50 -0.28 0.93\nH -0.50 -0.28 -0.93\nH 1.95 -0.28 0.93\n"
                  "H 1.95 -0.28 -0.93"),
    ),
    14: (
        "vinyl alcohol – acetaldehyde", 0, 0,
        zmatrix("C\nC 1 1.40\nO 2 1.29 1 112\nH 3 1.30 2 75 1 5\nH 1 1.09 2 120 3 110\nH 1 1.09 2 120 3 -110\nH 2 1.09 1 125 3 175"),
    ),
    15: ("HCOCl – HCl + CO", 0, 0, zmatrix("C\nO 1 1.15\nCl 1 2.20 2 125\nH 1 1.12 2 170 3 175")),
    16: (
        "H2O + PO3- – H2PO4-", -1, 0,
        cartesian("P 0 0 0\nO 1.50 0 0\nO -0.75 1.30 -0.2\nO -0.75 -1.30 -0.2\nO 0.30 0 1.95\nH 1.25 0 1.25\nH 0.10 0.90 2.25"),
    ),
    17: (
        "Claisen rearrangement", 0, 0,
        cartesian("C -1.20 0 0\nC 0 0.60 0.25\nC 1.20 0 0\nO -1.20 0 2.0\nC 0 -0.60 1.75\nC 1.20 0 2.1\nH -2.10 0.55 -0.2\n"
                  "H -1.25 -1.03 -0.3\nH 0 1.66 0.1\nH 2.10 0.55 -0.2\nH 1.25 -1.03 -0.3\nH 0 -1.66 1.9\nH 2.10 -0.55 2.3\n"
                  "H 1.25 1.03 2.4"),
    ),
    19: ("HNCCS – HNC + CS", 0, 0, zmatrix("S\nC 1 1.53\nC 2 1.90 1 105\nN 3 1.17 2 165 1 175\nH 4 1.00 3 165 2 170")),
    20: (
        "HCONH3+ – NH4+ + CO", 1, 0,
        zmatrix("C\nO 1 1.13\nN 1 2.20 2 115\nH 1 1.25 2 160 3 5\nH 3 1.02 1 110 2 60\nH 3 1.02 1 110 2 180\nH 3 1.02 1 110 2 -60"),
    ),
    21: (
        "acrolein, rotation", 0, 0,
        zmatrix("C\nC 1 1.34\nC 2 1.48 1 121\nO 3 1.21 2 124 1 90\nH 1 1.08 2 121 3 0\nH 1 1.08 2 121 3 180\nH 2 1.09 1 121 3 180\n"
                "H 3 1.10 2 115 4 180"),
    ),
    22: (
        "HCONHOH – HCOHNHO", 0, 0,
        zmatrix("C\nN 1 1.33\nO 1 1.28 2 116\nO 2 1.36 1 112 3 3\nH 3 1.22 1 95 2 3\nH 1 1.09 2 122 3 178\nH 2 1.02 1 126 3 175"),
    ),
    23: ("HNC + H2 – H2CNH", 0, 0, zmatrix("C\nN 1 1.21\nH 2 1.00 1 130\nH 1 1.25 2 118 3 170\nH 1 1.50 2 95 4 45")),
    24: ("H2CNH – HCNH2", 0, 0, zmatrix("C\nN 1 1.30\nH 1 1.30 2 58\nH 1 1.10 2 118 3 165\nH 2 1.02 1 118 3 165")),
    25: ("HCNH2 – HCN + H2", 0, 0, zmatrix("N\nC 1 1.21\nH 2 1.08 1 130\nH 1 1.25 2 118 3 170\nH 1 1.50 2 95 4 45")),
}


def trial(number, method, guess):
    name, charge, unpaired, _ = SET[number]
    engine, atoms = xtb(charge, unpaired=unpaired), guess.copy()
    atoms.calc = Counter(engine, 500)
    row = dict(number=number, system=name, method=method, found=0)
    try:
        ended, row["gradients"] = by_name(method, charge, [0])(atoms, None, [], FMAX)
        row.update(getattr(atoms.calc, "verified", {}))
        row.update(judge(name, atoms, engine))
        row["found"] = int(ended and row["index"] == 1 and row["force"] <= 1.05 * FMAX)
        row["error"] = "" if ended else "not converged"
    except Exception as error:
        row.update(error=f"{type(error).__name__}: {error}"[:80], gradients=atoms.calc.count)
    return row


def rows():
    for number, (*_, guess) in SET.items():
        for method in METHODS:
            yield trial(number, method, guess)


def around(number):
    guess = SET[number][-1]
    for method in (*METHODS, "sella", "sella-gfn1"):
        yield trial(number, method, guess)
    for method in METHODS:
        for seed in range(8):
            near = guess.copy()
            near.positions += 0.05 * np.random.default_rng(seed).normal(size=near.positions.shape)
            yield trial(number, method, near)


def table(path):
    """For the page: a line a reaction, and the sums."""
    by = {}
    for row in csv.DictReader(open(path)):
        by.setdefault((row["number"], row["system"]), {})[row["method"]] = row

    def said(row):
        return row["gradients"] if int(row["found"]) else "– (" + (row["error"].split(":")[0] or f"index {row['index']}") + ")"

    print("| | | ours | verification | verdict | Sella, internal | energies |\n|---|---|---|---|---|---|---|")
    for (number, name), two in by.items():
        ours, sella = (two[method] for method in METHODS)
        apart = abs(float(ours["energy"] or "nan") - float(sella["energy"] or "nan"))
        same = "the same" if apart < 1e-3 else f"{apart:.2f} eV apart" if apart == apart else "–"
        verdict = f"{ours['verification'] or '–'} | {ours['verdict'] or '–'}"
        print(f"| {number} | {name} | {said(ours)} | {verdict} | {said(sella)} | {same} |")
    both = [two for two in by.values() if all(int(r["found"]) for r in two.values())]
    for method in METHODS:
        found = [float(two[method]["gradients"]) for two in by.values() if int(two[method]["found"])]
        shared = [float(two[method]["gradients"]) for two in both]
        means = [np.exp(np.mean(np.log(n))) for n in (found, shared)]
        both_find = f"of the {len(both)} that both find {means[1]:.1f}"
        print(f"{method}: {len(found)} of {len(by)}, geometric mean {means[0]:.1f}; {both_find}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--table"]:
        table(sys.argv[2])
    else:
        writer = csv.DictWriter(sys.stdout, FIELDS, extrasaction="ignore")
        writer.writeheader()
        for row in around(int(sys.argv[2])) if sys.argv[1:2] == ["--around"] else rows():
            writer.writerow(row)
            sys.stdout.flush()
