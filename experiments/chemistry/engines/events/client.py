from ase.calculators.emt import EMT
from ase.calculators.socketio import SocketClient
from ase.io import read

atoms = read("start.xyz")
atoms.set_constraint()  # forces of all atoms; what is held is not moved
atoms.calc = EMT()
SocketClient(unixsocket="events").run(atoms)
