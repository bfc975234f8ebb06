from ase.calculators.socketio import SocketClient
from ase.io import read
from tblite.ase import TBLite

atoms = read("guess.xyz")
atoms.calc = TBLite(method="GFN2-xTB", accuracy=0.01, verbosity=0)
SocketClient(unixsocket="hcn").run(atoms)
