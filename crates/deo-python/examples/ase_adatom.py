"""An adatom hops on a surface: the saddle, its certificate, and the two minima that it joins.

Run: python ase_adatom.py
"""

from ase.build import add_adsorbate, fcc100
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms

import deo.ase


def main():
    print("metal   barrier/eV   curvatures/(eV/Å²)   forces: search + verification, descents")
    for metal in ("Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au"):
        atoms = fcc100(metal, size=(3, 3, 3), vacuum=7)
        add_adsorbate(atoms, metal, 1.7, "bridge", offset=1)
        atoms.positions[-1] += [0.2, 0.1, 0.1]  # a guess is never exact
        atoms.set_constraint(FixAtoms(indices=[a.index for a in atoms if a.tag == 3]))
        atoms.calc = EMT()
        search = deo.ase.Saddle(atoms, logfile=None)
        assert search.run(fmax=0.01), search.result
        found = search.result
        hop = deo.ase.connect(atoms, mode=found.modes[0])
        assert all(hop.are_minima), hop
        low, high = found.curvatures
        print(
            f"{metal:5} {hop.barriers[0]:12.3f} {low:12.3f} {high:8.3f}"
            f"   {found.gradients} + {found.verification_gradients}, {hop.gradients}"
        )


if __name__ == "__main__":
    main()
