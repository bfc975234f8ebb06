"""deo.ase on EMT, against exact Hessians by finite differences."""

import io

import numpy as np
import pytest

ase = pytest.importorskip("ase", reason="ASE isn't installed: deo.ase is not tested")

from ase.build import add_adsorbate, bulk, fcc100, fcc111  # noqa: E402
from ase.calculators.emt import EMT  # noqa: E402
from ase.calculators.lj import LennardJones  # noqa: E402
from ase.constraints import FixAtoms, FixBondLength, FixCartesian  # noqa: E402
from ase.io import read  # noqa: E402

import deo  # noqa: E402
import deo.ase  # noqa: E402


def adatom(metal="Al", place="bridge", build=fcc100):
    atoms = build(metal, size=(2, 2, 2), vacuum=6)
    add_adsorbate(atoms, metal, 1.8, place)
    atoms.set_constraint(FixAtoms(indices=[a.index for a in atoms if a.tag == 2]))
    atoms.calc = EMT()
    return atoms


def hessian(atoms, free, h=1e-4):
    start = atoms.positions.copy()
    columns = []
    for i, k in np.argwhere(free):
        ends = []
        for sign in (1, -1):
            atoms.positions = start
            atoms.positions[i, k] += sign * h
            ends.append(-atoms.get_forces(apply_constraint=False)[free])
        columns.append((ends[0] - ends[1]) / (2 * h))
    atoms.positions = start
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


def free_of(atoms):
    free = np.ones((len(atoms), 3), bool)
    free[atoms.constraints[0].index] = False
    return free


@pytest.mark.parametrize("metal", ["Al", "Cu", "Ag", "Pt"])
@pytest.mark.parametrize("method", ["newton", "min-mode"])
def test_an_adatom_hops(metal, method):
    atoms = adatom(metal)
    rng = np.random.default_rng(1)
    frozen = atoms.positions[:4].copy()
    atoms.positions[4:] += 0.05 * rng.normal(size=(5, 3))
    search = deo.ase.Saddle(atoms, logfile=None, method=method)
    assert search.run(fmax=0.005, steps=500), search.result
    assert search.converged() and search.result.confirmed
    assert np.array_equal(atoms.positions[:4], frozen)
    # ASE's fmax with a model Hessian, the norm of all forces without.
    forces = np.linalg.norm(atoms.get_forces(), axis=1)
    assert (forces.max() if method == "newton" else np.linalg.norm(forces)) < 0.006
    values, vectors = np.linalg.eigh(hessian(atoms, free_of(atoms)))
    assert values[0] < 0 < values[1]
    assert abs(search.result.curvatures[0] - values[0]) < 1e-2 * abs(values[0])
    assert abs(search.result.modes[0][free_of(atoms)] @ vectors[:, 0]) > 0.99


def test_verify_and_connect():
    atoms = adatom()
    search = deo.ase.Saddle(atoms, logfile=None)
    assert search.run(fmax=0.003)
    before = atoms.positions.copy()
    c = deo.ase.verify(atoms)
    assert (c.kind, c.index) == ("saddle", 1) and c.axis.shape == (9, 3)
    assert abs(c.lowest - search.result.curvatures[0]) < 1e-2 * abs(c.lowest)
    hop = deo.ase.connect(atoms, mode=search.result.modes[0])
    again = deo.ase.connect(atoms)
    assert np.array_equal(before, atoms.positions)
    # From one hollow to the next: both sides are alike.
    assert all(hop.are_minima) and abs(hop.barriers[0] - hop.barriers[1]) < 1e-3
    assert abs(sum(again.barriers) - sum(hop.barriers)) < 1e-3
    for minimum, barrier in zip(hop.minima, hop.barriers, strict=True):
        energy, forces = minimum.get_potential_energy(), minimum.get_forces(apply_constraint=False)
        minimum.calc = EMT()
        assert abs(energy - minimum.get_potential_energy()) < 1e-9
        assert np.allclose(forces, minimum.get_forces(apply_constraint=False), atol=1e-9)
        assert abs(hop.energy - minimum.get_potential_energy() - barrier) < 1e-9
        assert deo.ase.verify(minimum).kind == "minimum"
        assert np.array_equal(minimum.positions[:4], atoms.positions[:4])
    distance = np.linalg.norm(hop.minima[0].positions[-1] - hop.minima[1].positions[-1])
    assert 2 < distance < 3.5


def test_a_free_cluster_has_no_soft_motions():
    # Three Lennard-Jones atoms in a row: a saddle of index 1 without its bends' degeneracy, 2 with it.
    atoms = ase.Atoms("Ar3", positions=[[-1.12, 0, 0], [0, 0, 0], [1.12, 0.0, 0]])
    atoms.calc = LennardJones()
    triangle = ase.Atoms("Ar3", positions=1.12 * np.array([[0, 0, 0], [1, 0.1, 0], [0.5, 0.8, 0.1]]))
    triangle.calc = LennardJones()
    search = deo.ase.Saddle(triangle, order=0, logfile=None)
    assert search.run(fmax=1e-5), search.result
    c = deo.ase.verify(triangle)
    assert c.kind == "minimum" and c.lowest > 1
    assert abs(triangle.get_potential_energy() + 3) < 0.1


def test_a_vacancy_hops_in_a_periodic_cell():
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    hole = atoms.positions[0].copy()
    del atoms[0]
    atoms.calc = EMT()
    near = np.argmin(np.linalg.norm(atoms.positions - hole, axis=1))
    atoms.positions[near] += 0.45 * (hole - atoms.positions[near])
    search = deo.ase.Saddle(atoms, logfile=None)
    assert search.run(fmax=0.01), search.result
    values = np.linalg.eigvalsh(hessian(atoms, np.ones((31, 3), bool)))
    assert (values < -1e-3).sum() == 1 and (np.abs(values) < 1e-3).sum() == 3
    assert abs(search.result.curvatures[0] - values[0]) < 1e-2 * abs(values[0])
    assert 0.99 * values[4] < search.result.curvatures[1] < 3 * values[4], "a bound from above"


def test_log_and_trajectory(tmp_path):
    atoms = adatom()
    log = io.StringIO()
    search = deo.ase.Saddle(atoms, trajectory=str(tmp_path / "ts.traj"), logfile=log)
    assert search.run(fmax=0.01)
    lines = log.getvalue().splitlines()
    images = read(tmp_path / "ts.traj", ":")
    assert len(images) == len(lines) - 1 >= search.nsteps + 1
    assert abs(float(lines[-1].split()[3]) - images[-1].get_potential_energy()) < 1e-5
    assert abs(images[-1].get_potential_energy() - search.result.energy) < 1e-3
    assert images[0].get_forces().shape == (9, 3)
    search = deo.ase.Saddle(adatom(), logfile=str(tmp_path / "log"))
    search.run(fmax=0.01)
    assert (tmp_path / "log").read_text().count("Saddle:") > 1


def test_out_of_steps_says_so():
    atoms = adatom(place="hollow")
    atoms.positions[-1] += [0.3, 0.1, 0]
    search = deo.ase.Saddle(atoms, logfile=None)
    assert not search.run(fmax=1e-6, steps=2)
    assert search.result.outcome == "steps" and search.nsteps == 2
    assert "NOT CONFIRMED" in repr(search.result)


def test_components_may_be_fixed():
    atoms = adatom()
    atoms.set_constraint([FixAtoms(indices=range(8)), FixCartesian(8, (True, True, False))])
    xy = atoms.positions[8, :2].copy()
    search = deo.ase.Saddle(atoms, order=0, logfile=None)
    assert search.run(fmax=1e-3), search.result
    assert np.array_equal(atoms.positions[8, :2], xy)
    assert abs(atoms.get_forces(apply_constraint=False)[8, 2]) < 1e-3


def test_bad_input():
    class Boom(EMT):
        def calculate(self, *args, **kwargs):
            raise RuntimeError("no convergence")

    atoms = adatom()
    for make, error, words in [
        (lambda a: setattr(a, "calc", None), ValueError, "calculator"),
        (lambda a: a.set_constraint(FixBondLength(0, 1)), TypeError, "FixBondLength"),
        (lambda a: a.set_constraint(FixAtoms(range(9))), ValueError, "all atoms are fixed"),
        (lambda a: a.positions.fill(np.nan), ValueError, "NaN"),
        (lambda a: setattr(a, "calc", Boom()), RuntimeError, "no convergence"),
    ]:
        atoms = adatom()
        make(atoms)
        before = atoms.positions.copy()
        with pytest.raises(error, match=words):
            deo.ase.Saddle(atoms, logfile=None).run()
        with pytest.raises(error, match=words):
            deo.ase.verify(atoms)
        with pytest.raises(error, match=words):
            deo.ase.connect(atoms)
        assert np.array_equal(atoms.positions, before, equal_nan=True)
    with pytest.raises(TypeError, match="Atoms"):
        deo.ase.Saddle("atoms")
    with pytest.raises(ValueError, match="no atoms"):
        deo.ase.Saddle(ase.Atoms())
    with pytest.raises(ValueError, match="order"):
        deo.ase.Saddle(adatom(), order=-1)
    with pytest.raises(ValueError, match="mode"):
        deo.ase.Saddle(adatom(), mode=np.ones(3))
    with pytest.raises(ValueError, match="method"):
        deo.ase.Saddle(adatom(), method="fast")
    with pytest.raises(ValueError, match="fmax"):
        deo.ase.Saddle(adatom(), logfile=None).run(fmax=0)
    minimum = adatom(place="hollow")
    assert deo.ase.Saddle(minimum, order=0, logfile=None).run(fmax=1e-3)
    with pytest.raises(ValueError, match="no saddle"):
        deo.ase.connect(minimum)
    single = ase.Atoms("Cu", calculator=EMT())
    with pytest.raises(ValueError, match="single atom"):
        deo.ase.verify(single)


def test_an_adatom_on_a_hexagonal_surface():
    atoms = adatom("Cu", "bridge", fcc111)
    assert deo.ase.Saddle(atoms, logfile=None).run(fmax=0.005)
    hop = deo.ase.connect(atoms)
    assert all(hop.are_minima) and 0 < min(hop.barriers) < 0.2


def test_the_model_is_chosen_as_the_program_chooses_it():
    """`deo saddle --engine`: springs with a cell, Lindh without, nothing for a search without a matrix."""
    slab = adatom()
    assert slab.pbc.any() and deo.ase.Saddle(slab)._hessian == "springs"
    cluster = slab.copy()
    cluster.pbc, cluster.calc = False, EMT()
    assert deo.ase.Saddle(cluster)._hessian == "lindh"
    assert deo.ase.Saddle(cluster, method="min-mode")._hessian is None
    assert deo.ase.Saddle(cluster, hessian=None)._hessian is None
    large = bulk("Al", cubic=True) * (3, 3, 3)
    large.calc = EMT()
    assert 3 * len(large) > 300 and deo.ase.Saddle(large)._hessian is None


@pytest.mark.parametrize("metal", ["Al", "Cu", "Ag", "Pt"])
def test_the_default_model_saves_forces(metal):
    spent = {}
    for hessian in ("auto", None):
        atoms = adatom(metal)
        atoms.positions[4:] += 0.05 * np.random.default_rng(1).normal(size=(5, 3))
        search = deo.ase.Saddle(atoms, logfile=None, hessian=hessian)
        assert search.run(fmax=0.01, steps=500), (metal, hessian, search.result)
        spent[hessian] = search.result.gradients
        if hessian == "auto":  # ASE's fmax: the largest force on an atom
            assert np.linalg.norm(atoms.get_forces(), axis=1).max() < 0.01 * 1.001
    assert spent["auto"] < spent[None], spent


def test_observers_are_called_as_ase_calls_them(tmp_path):
    atoms = adatom()
    search = deo.ase.Saddle(atoms, logfile=None)
    seen, files = [], ase.io.Trajectory(str(tmp_path / "every.traj"), "w", atoms)
    search.attach(lambda a, factor: seen.append(factor * a.get_potential_energy()), 1, atoms, factor=2)
    search.attach(lambda: seen.append(None), interval=3)
    search.attach(files)
    assert search.run(fmax=0.01)
    images = read(tmp_path / "every.traj", ":")
    steps = search.get_number_of_steps()
    assert steps == search.nsteps > 3 and len(images) == steps + 1
    assert seen.count(None) == steps // 3 + 1
    energies = [e for e in seen if e is not None]
    assert np.allclose(energies, [2 * image.get_potential_energy() for image in images])
    assert energies[-1] == 2 * atoms.get_potential_energy() == 2 * search.result.energy

    def stop():
        raise KeyboardInterrupt

    search.attach(stop, interval=2)
    with pytest.raises(KeyboardInterrupt):
        search.run(fmax=1e-4)
    with pytest.raises(ValueError, match="interval"):
        search.attach(stop, interval=0.5)


def test_lengths_that_have_no_meaning():
    for wrong in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="fmax"):
            deo.ase.verify(adatom(), fmax=wrong)


class Counting(EMT):
    """Counts the structures that it is asked about."""

    asked = 0

    def calculate(self, *args, **kwargs):
        self.asked += 1
        super().calculate(*args, **kwargs)


def shaken(seed=1):
    atoms = adatom("Cu")
    atoms.positions[4:] += 0.05 * np.random.default_rng(seed).normal(size=(5, 3))
    atoms.calc = Counting()
    return atoms


def test_a_connection_brings_its_forces_along():
    atoms = shaken()
    assert deo.ase.Saddle(atoms, logfile=None).run(fmax=0.003)
    for fmax, steps in ((0.01, 500), (1e-12, 1)):  # the second ends where nothing has converged
        before = atoms.calc.asked
        hop = deo.ase.connect(atoms, fmax=fmax, steps=steps)
        spent = atoms.calc.asked - before
        assert hop.are_minima == ((True, True) if steps == 500 else (False, False))
        for end in hop.minima:
            assert end.constraints and np.all(end.get_forces()[:4] == 0)
            end_forces = end.get_forces(apply_constraint=False)
            again = end.copy()
            again.calc = EMT()
            assert np.allclose(end_forces, again.get_forces(apply_constraint=False), atol=1e-9)
            assert abs(end.get_potential_energy() - again.get_potential_energy()) < 1e-9
        assert atoms.calc.asked - before == spent


@pytest.mark.parametrize("method", ["newton", "min-mode"])
@pytest.mark.parametrize("order", [0, 1])
def test_a_generator_takes_the_steps_of_a_run(method, order):
    whole, parts, stopped = shaken(), shaken(), shaken()
    run = deo.ase.Saddle(whole, order, logfile=None, method=method)
    assert run.fmax is None
    assert run.run(fmax=0.005) and run.fmax == 0.005
    by_steps = deo.ase.Saddle(parts, order, logfile=None, method=method)
    said = []
    for confirmed in by_steps.irun(fmax=0.005):
        said.append((confirmed, by_steps.nsteps, parts.get_potential_energy()))
    assert [s[0] for s in said] == [False] * (len(said) - 1) + [True]
    assert [s[1] for s in said[:-1]] == list(range(len(said) - 1)) and said[-1][1] == by_steps.nsteps
    assert len(said) in (run.nsteps + 1, run.nsteps + 2)
    # Stopped after every step by the caller, or by the number of steps, and gone on with.
    again = deo.ase.Saddle(stopped, order, logfile=None, method=method)
    turns = 0
    while not again.converged():
        turns += 1
        if turns % 2:
            confirmed = again.run(fmax=0.005, steps=2)
            assert again.max_steps >= again.nsteps and confirmed == again.converged()
            assert confirmed or again.result.outcome == "steps"
        else:
            next(again.irun(fmax=0.005), None)
        assert turns < 200
    for search, atoms in ((by_steps, parts), (again, stopped)):
        assert np.array_equal(atoms.positions, whole.positions)
        assert (search.nsteps, search.result.gradients) == (run.nsteps, run.result.gradients)
        assert search.result.energy == run.result.energy and search.result.steps == run.nsteps


def test_runs_are_counted_and_written_as_ase_does_it(tmp_path):
    from ase.optimize import BFGS

    def used(make, atoms, name):
        log = io.StringIO()
        file = tmp_path / name
        file.write_bytes(b"older")  # begun anew
        with make(atoms, logfile=log, trajectory=file) as search:
            seen = []
            search.attach(lambda: seen.append(search.nsteps))
            search.attach(lambda: seen.append(-1), interval=0)
            search.attach(lambda: seen.append(-2), interval=-2)
            search.insert_observer(lambda: seen.append("first"))
            search.run(fmax=0.5, steps=0)
            search.run(fmax=1e-3, steps=3)
            search.run(fmax=1e-3, steps=2)
            assert search.fmax == 1e-3 and search.max_steps == search.nsteps == 5
        # ASE writes the line of the start twice.
        numbers = [line.split()[1] for line in log.getvalue().splitlines()]
        return seen, sorted(set(numbers) - {"Time"}), len(read(file, ":"))

    theirs = used(BFGS, shaken(), "theirs.traj")
    ours = used(lambda *args, **kwargs: deo.ase.Saddle(*args, order=1, **kwargs), shaken(), "ours.traj")
    assert ours == theirs, "observers, steps of the log, and frames"
    # Into a trajectory that is open, and on from a file.
    atoms = shaken()
    with ase.io.Trajectory(str(tmp_path / "open.traj"), "w") as file:
        deo.ase.Saddle(atoms, logfile=None, trajectory=file).run(fmax=1e-3, steps=2)
    deo.ase.Saddle(atoms, logfile=tmp_path / "log", trajectory=str(tmp_path / "open.traj"), append_trajectory=True).run(
        fmax=1e-3, steps=3
    )
    frames = read(tmp_path / "open.traj", ":")
    assert len(frames) == 3 + 4 and all(frame.get_forces().shape == (9, 3) for frame in frames)
    assert len((tmp_path / "log").read_text().splitlines()) == 5


def test_atoms_that_were_moved_are_searched_from_where_they_are():
    atoms = shaken()
    search = deo.ase.Saddle(atoms, logfile=None)
    steps = search.irun(fmax=0.005)
    for _ in range(3):
        next(steps)
    fresh = shaken(2)
    atoms.positions = fresh.positions
    assert list(steps)[-1]
    alone = deo.ase.Saddle(fresh, logfile=None)
    assert alone.run(fmax=0.005)
    # EMT's sums have the order in which it met the neighbours.
    assert np.allclose(atoms.positions, fresh.positions, atol=1e-9)
    assert search.result.gradients == alone.result.gradients and search.nsteps == 2 + alone.nsteps
    atoms.positions = shaken(2).positions
    assert search.run(fmax=0.005) and np.allclose(atoms.positions, fresh.positions, atol=1e-9)


def test_a_calculator_that_fails_loses_no_step():
    class Failing(Counting):
        fails = True

        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            if self.fails and self.asked == 9:
                raise RuntimeError("the licence server is away")

    whole, atoms = shaken(), shaken()
    atoms.calc = Failing()
    search = deo.ase.Saddle(atoms, logfile=None)
    with pytest.raises(RuntimeError, match="licence"):
        search.run(fmax=0.005)
    assert not search.converged()
    atoms.calc.fails = False
    assert search.run(fmax=0.005) and deo.ase.Saddle(whole, logfile=None).run(fmax=0.005)
    assert np.array_equal(atoms.positions, whole.positions)
