"""An adatom in the hollow of Pt(100), Al on top of it or Pt itself: `python build.py Al` writes start.xyz."""

import sys

from ase.build import add_adsorbate, fcc100
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.io import write
from ase.optimize import BFGS

slab = fcc100("Pt", (4, 4, 3), vacuum=8.0)
add_adsorbate(slab, sys.argv[1] if len(sys.argv) > 1 else "Al", 1.6, "hollow")
slab.pbc = (True, True, False)
slab.info = {}
slab.set_constraint(FixAtoms([atom.index for atom in slab if atom.tag == 3]))
slab.calc = EMT()
BFGS(slab, logfile=None).run(fmax=0.01)
write("start.xyz", slab, columns=["symbols", "positions", "move_mask"], write_results=False)
print(len(slab), "atoms,", slab.get_potential_energy(), "eV; the adatom is", len(slab) - 1)
