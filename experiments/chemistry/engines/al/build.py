from ase import Atoms
from ase.build import fcc100
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.io import write
from ase.optimize import BFGS

slab = fcc100("Al", (3, 3, 3), vacuum=8.0)
slab.pbc = (True, True, False)
a = slab.cell[0, 0] / 3
top = slab.positions[:, 2].max()
slab += Atoms("Al", [slab.positions[22] + [a / 2, a / 2, 1.8]])
slab.set_constraint(FixAtoms([i for i in range(27) if slab.positions[i, 2] < top - 2.5]))
slab.calc = EMT()
BFGS(slab, logfile=None).run(fmax=0.01)
print("minimum", slab.get_potential_energy())
slab.positions[27] += [a / 2, 0, 0.3]
write("guess.xyz", slab)
