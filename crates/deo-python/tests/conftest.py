"""Tests run against an installed wheel, away from the sources; what isn't installed is named."""

import importlib.util
from pathlib import Path

import deo

CHECKOUT = Path(__file__).resolve().parents[1]


def pytest_report_header(config):
    missing = [name for name in ("scipy", "torch", "ase") if importlib.util.find_spec(name) is None]
    lines = [f"deo {deo.__version__} from {Path(deo.__file__).parent}"]
    if missing:
        lines.append(f"NOT TESTED, as these aren't installed: {', '.join(missing)}")
    return lines


def pytest_sessionstart(session):
    if CHECKOUT in Path(deo.__file__).resolve().parents:
        raise RuntimeError("deo is imported from the sources: install the wheel, and run pytest from another folder")
