"""Saddles between arrangements of atoms, in the words of ASE: eV and Å.

`Saddle` is used as an optimizer of ASE's is, `verify` says what kind of stationary point a structure is, and `connect` goes
down both sides of a saddle to the minima that it joins.

Frozen atoms (`FixAtoms`) and components (`FixCartesian`) stay where they are to the bit; other constraints are refused. A
structure without any is free to move as a whole: its translations, and where no direction is periodic its rotations, are
taken out.

Examples
--------
>>> from ase.build import add_adsorbate, fcc100
>>> from ase.calculators.emt import EMT
>>> from ase.constraints import FixAtoms
>>> import deo.ase
>>> atoms = fcc100("Al", size=(2, 2, 2), vacuum=6)
>>> add_adsorbate(atoms, "Al", 1.8, "bridge")
>>> atoms.set_constraint(FixAtoms(indices=[a.index for a in atoms if a.tag == 2]))
>>> atoms.calc = EMT()
>>> search = deo.ase.Saddle(atoms, logfile=None)
>>> search.run(fmax=0.01, steps=200)
True
>>> search.result.verdict, bool(search.result.curvatures[0] < 0)
('confirmed', True)
>>> hop = deo.ase.connect(atoms)
>>> bool(0.1 < hop.barriers[0] < 0.4), all(hop.are_minima)
(True, True)
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from deo import _deo
from deo._function import count, real
from deo._numpy import certificate
from deo._results import Certificate

try:
    import ase
    from ase.calculators.calculator import CalculationFailed
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.constraints import FixAtoms, FixCartesian
    from ase.io.trajectory import Trajectory
except ImportError as error:  # pragma: no cover - the message is the point
    raise ImportError("deo.ase needs ASE: pip install ase") from error

__all__ = ["Connection", "Found", "Saddle", "connect", "verify"]

Method = Literal["auto", "newton", "min-mode"]
Array = NDArray[np.float64]

_OUTCOMES = {
    "converged": "converged",
    "convex": "no negative curvature on the way up",
    "cycling": "cycling",
    "flat": "stationary, with a curvature that can't be told from zero",
    "not invariant": "the energy changes along a motion of the whole",
    "nonfinite": "a force wasn't finite",
    "budget": "out of gradients",
    "steps": "out of steps",
}


class _Coordinates:
    """The coordinates of a structure that may change, as one vector."""

    def __init__(self, atoms: ase.Atoms, rigid: bool = True) -> None:
        if not isinstance(atoms, ase.Atoms):
            raise TypeError(f"atoms is a {type(atoms).__name__}; it must be an ase.Atoms")
        if len(atoms) == 0:
            raise ValueError("there are no atoms")
        if atoms.calc is None:
            raise ValueError("the atoms have no calculator: set atoms.calc")
        if not np.all(np.isfinite(atoms.positions)):
            raise ValueError("the positions hold a NaN or an infinity")
        self.atoms = atoms
        self.free = np.ones((len(atoms), 3), bool)
        for constraint in atoms.constraints:
            if isinstance(constraint, FixAtoms):
                self.free[constraint.index] = False
            elif isinstance(constraint, FixCartesian):
                self.free[constraint.index] &= ~np.asarray(constraint.mask, bool)
            else:
                raise TypeError(
                    f"the atoms have a constraint {type(constraint).__name__}; deo.ase knows FixAtoms and FixCartesian"
                )
        if not self.free.any():
            raise ValueError("all atoms are fixed")
        if not rigid or not self.free.all():
            self.body = "host"
        else:
            self.body = "periodic" if np.any(atoms.pbc) else "free"
            if len(atoms) == 1:
                raise ValueError("a single atom that nothing holds has no energy surface: fix others around it")
        self.evaluations = 0
        self.last: tuple[bytes, Array] | None = None
        # Forces by place, of those where their norm is at most `small`: where a way down may end.
        self.small = -1.0
        self.kept: dict[bytes, Array] = {}

    @property
    def x(self) -> Array:
        return np.ascontiguousarray(self.atoms.positions[self.free], dtype=float)

    @x.setter
    def x(self, x: Array) -> None:
        positions = self.atoms.positions.copy()
        positions[self.free] = x
        self.atoms.positions = positions

    def spread(self, vector: Array) -> Array:
        """A vector as an array of all atoms, zero where they are frozen."""
        full = np.zeros(self.free.shape)
        full[self.free] = vector
        return full

    def __call__(self, y: Array, wants_gradient: bool) -> tuple[float, Array | None]:
        self.x = y
        self.evaluations += 1
        try:
            energy = float(self.atoms.get_potential_energy())
        except CalculationFailed:
            # An SCF that doesn't converge at a step: the search takes a shorter one.
            return float("nan"), np.full(y.shape, np.nan) if wants_gradient else None
        if not wants_gradient:
            return energy, None
        forces: Array = np.array(self.atoms.get_forces(apply_constraint=False), dtype=np.float64)
        self.last = (y.tobytes(), forces)
        gradient = np.ascontiguousarray(-forces[self.free])
        if np.linalg.norm(gradient) <= self.small:
            self.kept[y.tobytes()] = forces
        return energy, gradient

    def forces_at(self, x: Array) -> Array | None:
        """The forces at x, if that was the last point or one that is kept."""
        place = x.tobytes()
        return self.last[1] if self.last is not None and self.last[0] == place else self.kept.get(place)


@dataclass(frozen=True, repr=False, eq=False)
class Found:
    """What a search came to.

    Attributes
    ----------
    outcome : str
        ``"converged"``, or why not: ``"steps"``, ``"budget"``, ``"convex"``, ``"cycling"``, ``"flat"``, ``"nonfinite"``,
        ``"not invariant"``.
    verdict : str
        Of an independent solve for the ``order + 1`` lowest curvatures: ``"confirmed"``, ``"wrong index"``, ``"flat"``,
        ``"not invariant"`` or ``"unresolved"``.
    confirmed : bool
        Converged, and of the order that was sought.
    energy : float
        eV.
    force : float
        The norm of all forces, eV/Å.
    curvatures : ndarray
        The lowest ones, eV/Å², each that of its direction: the negative ones to 1e-2 or better, the positive one after
        them a bound from above, since only its sign is looked for.
    modes : list of ndarray, each of shape (n, 3)
        Their directions.
    steps, gradients, verification_gradients : int
        What was spent.
    """

    outcome: str
    verdict: str
    confirmed: bool
    energy: float
    force: float
    curvatures: Array
    modes: list[Array]
    steps: int
    gradients: int
    verification_gradients: int

    def __repr__(self) -> str:
        head = "confirmed" if self.confirmed else f"NOT CONFIRMED: {_OUTCOMES.get(self.outcome, self.outcome)}"
        if not self.confirmed and self.outcome == "converged":
            head = f"NOT CONFIRMED: {self.verdict}"
        curvatures = ", ".join(f"{c:.4g}" for c in self.curvatures)
        return (
            f"Found({head}, energy={self.energy:.6f}, force={self.force:.1e}, curvatures=[{curvatures}], "
            f"gradients={self.gradients}+{self.verification_gradients})"
        )


class _Stop(Exception):
    pass


class Saddle:
    """A search for a saddle near a structure, used as an optimizer of ASE's.

    Parameters
    ----------
    atoms : ase.Atoms
        With a calculator; they are moved.
    order : int
        The number of directions along which the saddle is a maximum: 1 of a transition state, 0 of a minimum.
    trajectory : str, Path or ase.io.Trajectory, optional
        Where every step is written. A file is begun anew when the search is made, as ASE's optimizers do.
    logfile : str, Path, file or None
        ``"-"`` for standard output; a line a step is appended to a file.
    method : {"auto", "newton", "min-mode"}
        A Hessian learned from all forces, for up to some hundred coordinates, or a dimer for any number.
    mode : array_like of shape (n, 3), optional
        A first guess of the direction across the saddle.
    rigid : bool
        Take motions of the whole out, where nothing is fixed. False for calculators with a field or a wall.
    hessian : {"auto", "lindh", "springs"}, array_like, callable or None
        What is known of the Hessian before any force: Lindh's model of a molecule; springs between near atoms, of a
        metal, whose strength is learned; a matrix, eV/Å², of the free coordinates; a function of the atoms that returns
        such a matrix, asked again at every step (a cheaper method's, whose own gradients aren't counted); None for
        nothing. ``"auto"``, the default, is what `deo saddle --engine` does: springs where a direction is periodic, Lindh
        else, and nothing for min-mode searches, which any structure of more than 300 free coordinates gets. With any model
        ``fmax`` is the largest atomic force, as of ASE; without one the norm of all.
    append_trajectory : bool
        Go on with the file of an earlier search.

    Attributes
    ----------
    result : Found or None
        Of the last `run`, or of an `irun` that came to its end.
    nsteps : int
        Steps of all runs so far.
    fmax : float or None
        Of the last run.
    max_steps : int
        The number of steps at which the last run was to stop.
    """

    def __init__(
        self,
        atoms: ase.Atoms,
        order: int = 1,
        *,
        trajectory: Any = None,
        logfile: str | Path | IO[str] | None = "-",
        method: Method = "auto",
        mode: Any = None,
        rigid: bool = True,
        hessian: Any = "auto",
        append_trajectory: bool = False,
    ) -> None:
        self._coordinates = _Coordinates(atoms, rigid)
        self.atoms = atoms
        self.order = count(order, "order", 0)
        if method not in ("auto", "newton", "min-mode"):
            raise ValueError(f"method is {method!r}; it must be 'auto', 'newton' or 'min-mode'")
        self._method = method
        self._trajectory, self._logfile = trajectory, logfile
        self._hessian = self._model(hessian)
        self._mode: Array | None = None
        if mode is not None:
            full = np.asarray(mode, float)
            if full.shape != (len(atoms), 3):
                raise ValueError(f"mode has shape {full.shape}; it must be {(len(atoms), 3)}")
            self._mode = np.ascontiguousarray(full[self._coordinates.free])
        self.result: Found | None = None
        self.nsteps = self.max_steps = 0
        self.fmax: float | None = None
        self._search: Any = None
        self._before = 0
        self._has_begun = False
        self._observers: list[tuple[Callable[..., Any], int, tuple[Any, ...], dict[str, Any]]] = []
        if isinstance(trajectory, (str, os.PathLike)) and not append_trajectory:
            Path(trajectory).unlink(missing_ok=True)

    def __enter__(self) -> Saddle:
        return self

    def __exit__(self, *error: Any) -> None:
        pass  # no file stays open between two steps

    def attach(self, function: Any, interval: int = 1, *args: Any, **kwargs: Any) -> None:
        """Has ``function(*args, **kwargs)``, or the ``write`` of an object, called every ``interval`` steps, as ASE has it.

        The atoms are at the step's place then. An interval of −n or 0 stands for the n-th step alone, or the start.
        """
        self.insert_observer(function, len(self._observers), interval, *args, **kwargs)

    def insert_observer(self, function: Any, position: int = 0, interval: int = 1, *args: Any, **kwargs: Any) -> None:
        """As `attach`, before those that are at ``position`` and after."""
        call = function if callable(function) else function.write
        if isinstance(interval, bool) or not isinstance(interval, (int, np.integer)):
            raise ValueError(f"interval is {interval!r}; it must be an integer")
        self._observers.insert(position, (call, int(interval), args, kwargs))

    def get_number_of_steps(self) -> int:
        """Steps of all runs so far."""
        return self.nsteps

    def _model(self, hessian: Any) -> Any:
        free = int(self._coordinates.free.sum())
        if isinstance(hessian, str) and hessian == "auto":
            # A search without a matrix has no use for one, and of an atom of no element nothing is known.
            if self._method == "min-mode" or free > _deo.DENSE or not np.all(self.atoms.numbers > 0):
                return None
            return "springs" if np.any(self.atoms.pbc) else "lindh"
        if hessian is None or isinstance(hessian, str):
            return hessian

        def flat(matrix: Any) -> list[float]:
            full = np.asarray(matrix, float)
            if full.shape != (free, free):
                raise ValueError(f"hessian has shape {full.shape}; it must be {(free, free)}")
            return [float(h) for h in full.ravel()]

        if not callable(hessian):
            return flat(hessian)

        def ask(x: Array) -> list[float]:
            structure = self.atoms.copy()
            structure.positions[self._coordinates.free] = x
            return flat(hessian(structure))

        return ask

    def converged(self) -> bool:
        """Whether the last run ended at a saddle of the order sought."""
        return self.result is not None and self.result.confirmed

    def irun(self, fmax: float = 0.05, steps: int = 500, *, max_gradients: int | None = None) -> Iterator[bool]:
        """`run` as a generator: each step, the start before them, with the atoms there.

        Whoever stops in between may go on later, by `irun` or `run` with the same ``fmax``: as long as nobody has moved the
        atoms the search knows all that it knew.

        Yields
        ------
        bool
            False, until the search has ended; at last whether a saddle of that order was found and confirmed.
        """
        if not fmax > 0:
            raise ValueError(f"fmax is {fmax}; it must be above 0")
        steps = count(steps, "steps", 0)
        most = 20 * max(steps, 5) if max_gradients is None else count(max_gradients, "max_gradients")
        search = self._search
        goes_on = search is not None and search.ask() is not None and fmax == self.fmax
        if not (goes_on and np.array_equal(search.x(), self._coordinates.x)):
            self._search = None
        self.fmax, self.max_steps = float(fmax), self.nsteps + steps
        return self._steps(most)

    def run(self, fmax: float = 0.05, steps: int = 500, *, max_gradients: int | None = None) -> bool:
        """Searches until no atomic force is above ``fmax``, and verifies the order.

        Parameters
        ----------
        fmax : float
            eV/Å. The largest atomic force; without a model Hessian the norm of all, which no atom's force exceeds.
        steps : int
            Steps at most. A run that has made them is gone on with by another one with the same ``fmax``.
        max_gradients : int, optional
            Forces evaluated at most by the search; twenty a step by default.

        Returns
        -------
        bool
            Whether a saddle of that order was found and confirmed. `result` has the rest.
        """
        return list(self.irun(fmax, steps, max_gradients=max_gradients))[-1]

    def _steps(self, most: int) -> Iterator[bool]:
        coordinates, spent, self.result = self._coordinates, 0, None
        search = self._search = self._search or self._begun()

        def out_of() -> str | None:
            if self.nsteps >= self.max_steps and search.steps() > 0 and search.size() > self.fmax:
                return "steps"
            return "budget" if spent >= most else None

        while (point := search.ask()) is not None and out_of() is None:
            seen = search.steps()
            try:
                energy, gradient = coordinates(point, True)
            except BaseException:
                coordinates.x = search.x()
                raise
            spent += 1
            search.tell(energy, gradient)
            if search.steps() == seen:
                continue
            coordinates.x = search.x()
            self._seen(search)
            if search.ask() is not None and out_of() is None:
                yield False
                if not np.array_equal(coordinates.x, search.x()):
                    search = self._search = self._begun()
        yield self._ended(search, None if search.ask() is None else out_of())

    def _begun(self) -> Any:
        """A new search from where the atoms are."""
        coordinates, tolerance = self._coordinates, self.fmax
        assert tolerance is not None, "set by irun"
        self._before = self.nsteps
        return _deo.Search(
            coordinates.x,
            body=coordinates.body,
            index=self.order,
            tolerance=tolerance,
            method_name=self._method,
            axis=self._mode,
            hessian=self._hessian,
            numbers=self.atoms.numbers.tolist(),
            positions=self.atoms.positions.ravel().tolist(),
            free=np.flatnonzero(coordinates.free.ravel()).tolist(),
            cell=np.array(self.atoms.cell).tolist() if np.any(self.atoms.pbc) else None,
            periodic=[bool(p) for p in self.atoms.pbc],
        )

    def _seen(self, search: Any) -> None:
        """A step, or the start, for the log, the trajectory and the observers."""
        step = search.steps() - 1  # the first one is the start
        self.nsteps = self._before + step
        if step == 0 and self._has_begun:
            return  # the run before ended there
        if not self._has_begun:
            self._has_begun = True
            # Without a model the norm of all forces is what is compared with fmax.
            size = "|force|" if self._hessian is None else "fmax"
            self._log(f"         Step     Time          Energy {size:>15}\n")
        clock, energy = time.strftime("%H:%M:%S"), search.value()
        self._log(f"Saddle: {self.nsteps:5d} {clock} {energy:15.6f} {search.size():15.6f}\n")
        if hasattr(self._trajectory, "write"):
            self._trajectory.write(_with_energy(self._coordinates, search.x(), energy))
        elif self._trajectory is not None:
            with Trajectory(self._trajectory, "a") as file:
                file.write(_with_energy(self._coordinates, search.x(), energy))
        for function, interval, args, kwargs in self._observers:
            if self.nsteps % interval == 0 if interval > 0 else self.nsteps == -interval:
                function(*args, **kwargs)

    def _log(self, text: str) -> None:
        if self._logfile is None:
            return
        if isinstance(self._logfile, (str, os.PathLike)) and self._logfile != "-":
            with open(self._logfile, "a") as file:
                file.write(text)
            return
        stream: Any = sys.stdout if self._logfile == "-" else self._logfile
        stream.write(text)
        if hasattr(stream, "flush"):
            stream.flush()

    def _ended(self, search: Any, why: str | None) -> bool:
        """Verifies what converged, where the calculator then is, too. The atoms are at the end in any case."""
        try:
            found = search.verified(self._coordinates)
        finally:
            self._coordinates.x = search.x()
        result = _found(self._coordinates, found)
        self.result = result if why is None else replace(result, outcome=why)
        if result.outcome == "converged":
            self.atoms.get_potential_energy()
        return self.result.confirmed


def _found(coordinates: _Coordinates, found: dict[str, Any]) -> Found:
    return Found(
        outcome=found["outcome"],
        verdict=found["verdict"],
        confirmed=found["confirmed"],
        energy=found["value"],
        force=found["gradient_norm"],
        curvatures=found["curvatures"],
        modes=[coordinates.spread(axis) for axis in found["axes"]],
        steps=max(found["steps"] - 1, 0),  # the start is no step
        gradients=found["gradients"],
        verification_gradients=found["verification_gradients"],
    )


def _with_energy(coordinates: _Coordinates, x: Array, energy: float) -> ase.Atoms:
    """A copy of the structure at x that knows its energy, and its forces if they are at hand."""
    image = coordinates.atoms.copy()
    positions = image.positions.copy()
    positions[coordinates.free] = x
    image.positions = positions
    known: dict[str, Any] = {"energy": energy}
    forces = coordinates.forces_at(x)
    if forces is not None:
        known["forces"] = forces
    image.calc = SinglePointCalculator(image, **known)
    return image


def _undisturbed(coordinates: _Coordinates, run: Callable[[Array], Any]) -> Any:
    """The result of something that moves the atoms, which are put back."""
    positions = coordinates.atoms.positions.copy()
    try:
        return run(coordinates.x)
    finally:
        coordinates.atoms.positions = positions


def verify(atoms: ase.Atoms, *, fmax: float = 0.05, rigid: bool = True, **certifying: Any) -> Certificate:
    """What kind of stationary point a structure is: minimum, saddle and of which order, or undecided with the reason.

    Parameters
    ----------
    atoms : ase.Atoms
        With a calculator. They are where they were afterwards.
    fmax : float
        A structure whose forces have a root mean square above this, eV/Å an atom, is not stationary.
    rigid : bool
        As of `Saddle`.
    **certifying
        Of `deo.certify`: ``starts``, ``max_gradients``, ``max_index``, ``seed``, …

    Returns
    -------
    deo.Certificate
        With ``axis`` of shape (n, 3).
    """
    coordinates = _Coordinates(atoms, rigid)
    settings = {"gtol": real(fmax, "fmax") * np.sqrt(len(atoms)), **certifying}
    found = _undisturbed(coordinates, lambda x: certificate(coordinates, x, body=_body(coordinates), **settings))
    return replace(found, axis=coordinates.spread(found.axis))


def _body(coordinates: _Coordinates) -> str:
    return "" if coordinates.body == "host" else coordinates.body


@dataclass(frozen=True, repr=False, eq=False)
class Connection:
    """A saddle and the two minima that it joins.

    Attributes
    ----------
    energy : float
        Of the saddle, eV.
    minima : tuple of two ase.Atoms
        The ends, each with its energy and forces, as a `SinglePointCalculator` gives them.
    barriers : tuple of two floats
        From each of them over the saddle, eV.
    are_minima : tuple of two bools
        Whether each end converged to a point with no negative curvature.
    gradients : int
        Forces evaluated.
    """

    energy: float
    minima: tuple[ase.Atoms, ase.Atoms]
    barriers: tuple[float, float]
    are_minima: tuple[bool, bool]
    gradients: int

    def __repr__(self) -> str:
        text = f"Connection(barriers=({self.barriers[0]:.4f}, {self.barriers[1]:.4f}) eV, gradients={self.gradients}"
        if not all(self.are_minima):
            text += ", NOT CONFIRMED: an end is no minimum"
        return text + ")"


def connect(
    atoms: ase.Atoms,
    *,
    mode: Any = None,
    fmax: float = 0.01,
    push: float = 0.1,
    steps: int = 500,
    method: Method = "auto",
    rigid: bool = True,
) -> Connection:
    """Goes down from a saddle, both ways, to the minima that it joins.

    Parameters
    ----------
    atoms : ase.Atoms
        At the saddle, as `Saddle` leaves them; they are where they were afterwards.
    mode : array_like of shape (n, 3), optional
        The direction across the saddle, such as ``search.result.modes[0]``; found anew by `verify` if it isn't given.
    fmax : float
        The norm of all forces at the minima, eV/Å.
    push : float
        How far from the saddle the ways down begin, Å.
    steps : int
        Steps of each way.
    method, rigid
        As of `Saddle`.

    Returns
    -------
    Connection
    """
    coordinates = _Coordinates(atoms, rigid)
    if not (fmax > 0 and push > 0):
        raise ValueError(f"fmax and push must be above 0, and are {fmax} and {push}")
    if mode is None:
        known = verify(atoms, rigid=rigid)
        coordinates.evaluations += known.gradients
        if not known.negative:
            raise ValueError(f"this structure has no negative curvature, so it is no saddle: {known!r}")
        mode = known.axis
    full = np.asarray(mode, float)
    if full.shape != (len(atoms), 3):
        raise ValueError(f"mode has shape {full.shape}; it must be {(len(atoms), 3)}")
    axis = np.ascontiguousarray(full[coordinates.free])
    norm = np.linalg.norm(axis)
    if not norm > 0:
        raise ValueError("mode is zero on the atoms that may move")

    def run(x: Array) -> Connection:
        energy, _ = coordinates(x, True)
        coordinates.small = fmax
        sides = _deo.join(
            coordinates,
            x,
            axis / norm,
            body=coordinates.body,
            push=float(push),
            tolerance=float(fmax),
            max_gradients=20 * count(steps, "steps"),
            method_name=method,
        )
        for side in sides:
            if coordinates.forces_at(side["x"]) is None:
                coordinates.small = float("inf")  # it hasn't converged, and was not kept
                coordinates(side["x"], True)
        first, second = (_with_energy(coordinates, side["x"], side["value"]) for side in sides)
        return Connection(
            energy=energy,
            minima=(first, second),
            barriers=(energy - sides[0]["value"], energy - sides[1]["value"]),
            are_minima=(sides[0]["is_minimum"], sides[1]["is_minimum"]),
            gradients=coordinates.evaluations,
        )

    result: Connection = _undisturbed(coordinates, run)
    return result
