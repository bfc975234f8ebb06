units metal
atom_style atomic
atom_modify map array sort 0 0.0   # the atoms keep their order
read_data al.data
pair_style eam/fs
pair_coeff * * Al_mm.eam.fs Al
fix 1 all ipi lammps 31415 unix    # the port means nothing with "unix"
run 100000000
