"""The programs of the README, of the page in the book, and of the examples run as they are printed."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CRATE = Path(__file__).resolve().parents[1]
PAGES = [CRATE / "README.md", CRATE.parents[1] / "docs" / "src" / "python.md"]
NOTEBOOKS = sorted((CRATE / "examples").glob("*.ipynb"))
EXAMPLES = sorted((CRATE / "examples").glob("*.py"))


def missing(text):
    # Imported there, or by a part before it.
    names = set(re.findall(r"(?:import|from) (?:deo\.)?(scipy|torch|ase)\b|\b(?:deo\.)?(scipy|torch|ase)\.", text))
    names = {name for pair in names for name in pair if name}
    return sorted(name for name in names if importlib.util.find_spec(name) is None)


def blocks():
    for page in PAGES:
        assert page.exists(), page
        parts = re.findall(r"```python\n(.*?)```", page.read_text(), re.S)
        assert parts, page
        yield page, parts


@pytest.mark.parametrize(
    ("page", "parts"), list(blocks()), ids=lambda value: value.name if isinstance(value, Path) else ""
)
def test_page(page, parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    left_out = []
    for part in parts:
        if lacks := missing(part):
            left_out += lacks
            continue
        exec(compile(part, str(page), "exec"), names)
    if left_out:
        pytest.skip(f"parts of {page.name} were not run, as these aren't installed: {', '.join(sorted(set(left_out)))}")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example(example, tmp_path):
    if lacks := missing(example.read_text()):
        pytest.skip(f"not installed: {', '.join(lacks)}")
    run = subprocess.run([sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook(notebook, tmp_path, monkeypatch, capsys):
    # Its cells in order, in one namespace: what a kernel does, without Jupyter's two hundred packages.
    monkeypatch.chdir(tmp_path)
    cells = [c for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    assert cells and not any(cell["outputs"] for cell in cells), "a notebook is kept without outputs"
    names = {"__name__": "__main__"}
    for i, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"{notebook.name}, cell {i + 1}", "exec"), names)
    assert "saddle" in capsys.readouterr().out


def test_plot(tmp_path):
    for package in ("torch", "matplotlib"):
        pytest.importorskip(package)
    program = str(CRATE / "examples" / "torch_gpt.py")
    run = subprocess.run([sys.executable, program, "s.svg"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "s.svg").read_text().count("<path") > 20
