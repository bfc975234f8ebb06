from ase.calculators.emt import EMT
from ase.calculators.socketio import SocketClient
from ase.io import read

atoms = read("guess.xyz")
atoms.set_constraint()
atoms.calc = EMT()
SocketClient(unixsocket="al").run(atoms)
