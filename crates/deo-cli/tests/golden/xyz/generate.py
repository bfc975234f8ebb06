"""Extended XYZ as ASE 3.29 writes it, and what ASE reads in these files and in others of the same format.

    python generate.py        writes cases.json beside it; needs ase

Each case is a text with what ASE made of it: for every frame the symbols, the positions and pbc, or null where it raised.
Positions are decimal texts of all digits.
"""

import io
import json
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixCartesian
from ase.io import read, write


def written(images, **options):
    text = io.StringIO()
    write(text, images, format="extxyz", **options)
    return text.getvalue()


def rattled(seed, **options):
    """Thirteen atoms of argon, nowhere in particular."""
    random = np.random.default_rng(seed)
    return Atoms("Ar13", random.normal(size=(13, 3)), **options)


def with_results(atoms):
    random = np.random.default_rng(1)
    count = len(atoms)
    results = {
        "energy": -44.3,
        "forces": random.normal(size=(count, 3)),
        "charges": random.normal(size=count),
        "magmoms": random.normal(size=count),
        "dipole": random.normal(size=3),
        "stress": random.normal(size=6),
    }
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def everything():
    """Every optional part that ASE's writer has."""
    atoms = with_results(molecule("CH3CH2OH"))
    atoms.set_tags(range(len(atoms)))
    atoms.set_velocities(np.random.default_rng(2).normal(size=(len(atoms), 3)))
    atoms.set_constraint(FixAtoms([0, 3]))
    atoms.new_array("label", np.array([f"a{i}" for i in range(len(atoms))]))
    atoms.new_array("flag", np.arange(len(atoms)) % 2 == 0)
    atoms.info = {
        "a text": 'with "quotes", \\ and = and pbc="T T T" in it',
        "flag": True,
        "off": False,
        "whole": 3,
        "vector": np.array([1.5, 2.5, 3.5]),
        "logical": np.array([True, False]),
        "matrix": np.arange(6.0).reshape(2, 3),
        "tree": {"a": [1, 2, {"b": None}], "Lattice": "1 0 0"},
        "words": ["pbc", "cell"],
        "step": np.float64(1e-300),
        "empty": "",
    }
    return atoms


PLAIN = rattled(7)
CELL = np.diag([9.0, 10.0, 11.0])
SEVERAL = [rattled(i) for i in range(3)]

files = {
    "cluster": written(PLAIN),
    "cluster-plain": written(PLAIN, plain=True),
    "cluster-in-a-box": written(rattled(8, cell=CELL)),
    "periodic": written(rattled(8, cell=CELL, pbc=True)),
    "slab": written(rattled(8, cell=CELL, pbc=[True, True, False])),
    "wire": written(rattled(8, cell=CELL, pbc=[False, False, True])),
    "silicon": written(bulk("Si", cubic=True)),
    "several": written(SEVERAL),
    "one-periodic-among-several": written([PLAIN, rattled(9, cell=CELL, pbc=True)]),
    "results": written(with_results(rattled(3))),
    "everything": written(everything()),
    "everything-in-a-box": written(with_results(rattled(5, cell=CELL))),
    "fixed-coordinates": written(
        Atoms("Ar3", np.eye(3), constraint=[FixCartesian(1, mask=(True, False, True))])
    ),
    "symbols-and-positions": written(everything(), columns=["symbols", "positions"]),
    "numbers-and-symbols": written(PLAIN, columns=["symbols", "positions", "numbers"]),
    "dummies": written(Atoms("X3", np.eye(3))),
    "molecule": written(molecule("C6H6")),
    "comment": written(PLAIN, comment="free text instead of the columns", plain=True),
}

# The statements of the specification, one by one.
THREE = "Ar 0 0 0\nAr 1.5 0 0\nAr 0 1.5 0\n"
for name, comment in {
    "no-comment": "",
    "bare-word": "relaxed",
    "lattice-without-pbc": 'Lattice="9 0 0 0 9 0 0 0 9"',
    "lattice-in-braces": "Lattice={9 0 0 0 9 0 0 0 9}",
    "lattice-and-free": 'Lattice="9 0 0 0 9 0 0 0 9" pbc="F F F"',
    "pbc-without-lattice": 'pbc="T T T"',
    "pbc-in-one-direction": 'pbc="F F T"',
    "pbc-new-style": "pbc=[T, T, T] Properties=species:S:1:pos:R:3",
    "pbc-new-style-free": "pbc=[F, F, F] Properties=species:S:1:pos:R:3",
    "pbc-words": 'pbc="True True False"',
    "pbc-numbers": 'pbc="0 0 0"',
    "pbc-bare": "pbc Properties=species:S:1:pos:R:3",
    "pbc-one-value": "pbc=F",
    "cell-key": 'cell="9 0 0 0 9 0 0 0 9" pbc="T T T" Properties=species:S:1:pos:R:3',
    "quoted-properties": 'Properties="species:S:1:pos:R:3" energy=-1',
    "properties-last": 'energy=-1 name="a b" Properties=species:S:1:pos:R:3',
    "integers-and-floats": 'a=1 b=-2.5e-3 c=T d="1 2 3" e=[1, 2] Properties=species:S:1:pos:R:3',
    "escapes": 'name="say \\"pbc\\" twice" Properties=species:S:1:pos:R:3',
    "braces": "virial={1 2 3 4 5 6 7 8 9} Properties=species:S:1:pos:R:3",
}.items():
    files["spec-" + name] = f"3\n{comment}\n{THREE}"
for name, properties, row in [
    ("forces-first", "species:S:1:forces:R:3:pos:R:3", "Ar 7 8 9 {}"),
    ("positions-first", "pos:R:3:species:S:1", "{} Ar"),
    ("numbers", "Z:I:1:pos:R:3", "18 {}"),
    ("logical", "species:S:1:pos:R:3:fixed:L:1", "Ar {} T"),
    ("text", "label:S:1:id:I:1:species:S:1:pos:R:3", "pbc=T 4 Ar {}"),
]:
    rows = "".join(row.format(r) + "\n" for r in ["0 0 0", "1.5 0 0", "0 1.5 0"])
    files["columns-" + name] = f"3\nProperties={properties}\n{rows}"
    files["columns-crlf-" + name] = files["columns-" + name].replace("\n", "\r\n")
# What deo writes: the test makes the very same text of what ASE reads in it.
files["ours"] = """3
Properties=species:S:1:pos:R:3 pbc="F F F" energy=-40.5 curvature=-0.0000001 index=1 found=2 barrier=3
Ar 0.1 -0.3333333333333333 100000000000000000000
X 0.30000000000000004 0.000000000000000000000000000001 -0
H 1 2 3
"""
files["more-columns-in-plain"] = "3\n\n" + THREE.replace("\n", " 1 2 3\n")
files["blank-lines-at-the-end"] = f"3\n\n{THREE}\n\n"
files["tabs"] = f"3\n\n{THREE}".replace(" ", "\t")
files["no-symbols"] = "3\n\n0 0 0 18\n1.5 0 0 18\n0 1.5 0 18\n"
files["numbers-in-plain"] = f"3\n\n{THREE}".replace("Ar", "18")


def facts(text):
    try:
        images = read(io.StringIO(text), index=":", format="extxyz")
    except Exception:
        return None
    return [
        {
            "symbols": image.get_chemical_symbols(),
            "positions": [repr(float(x)) for x in image.positions.flatten()],
            "periodic": bool(image.pbc.any()),
        }
        for image in images
    ]


cases = {name: {"text": text, "frames": facts(text)} for name, text in files.items()}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
Path(__file__).with_name("cases.json").write_text("{\n" + lines + "\n}\n")
