//! Several ranks are one: same axis, same curvature, same bits everywhere.

use super::*;
use crate::{
    Answer, Dimer, DimerSettings, Estimate, laws,
    noise::noise,
    optim::{Adam, AdamSettings, Optimizer, Scale},
    space::{Blocks, Host, Masked, Real},
};
use std::cell::Cell;

const HOST: Host<f64> = Host::new();

/// Parts of 101 components; ranks may hold nothing.
const PARTITIONS: [&[usize]; 4] = [&[101], &[40, 61], &[1, 63, 37], &[50, 0, 51]];

fn part(lengths: &[usize], rank: usize) -> Vec<f64> {
    vec![0.0; lengths[rank]]
}

#[test]
fn laws_hold() {
    for lengths in PARTITIONS {
        ThreadComm::run(lengths.len(), |comm| {
            let part = part(lengths, comm.rank());
            let space = Sharded::new(HOST, comm, &part);
            laws::check(&space, &part);
            laws::check_updates(&space, &part);
        });
    }
    ThreadComm::run(2, |comm| {
        let part = vec![vec![0.0f32; 3 + comm.rank()], vec![0.0; 20]];
        laws::check(&Sharded::new(Blocks::new(Host::<f32>::new()), comm, &part), &part);
    });
    ThreadComm::run(2, |comm| {
        // Rank 0 has one free range, rank 1 has two.
        let free = [0..2, 7..7 + comm.rank()];
        let masked = Masked::free(HOST, 10, free).unwrap();
        laws::check(&Sharded::new(masked, comm, &[0.0; 10]), &[0.0; 10]);
    });
}

#[test]
fn parts_know_where_they_start() {
    let firsts = ThreadComm::run(3, |comm| {
        let part = part(&[1, 63, 37], comm.rank());
        Sharded::new(HOST, comm, &part).first()
    });
    assert_eq!(firsts, [0, 1, 64]);
}

/// f = ½Σλᵢxᵢ² + ½a⟨u, x⟩²: a gradient that needs all ranks. Its Hessian is indefinite.
fn gradient<S: Space<Vector = [f64]>>(space: &S, first: u64, x: &[f64], g: &mut [f64]) {
    let mut u = vec![0.0; x.len()];
    space.fill(&mut u, &|i| noise(9, i) / 10.0);
    let along = 0.7 * space.dot(&u, x);
    for i in 0..x.len() {
        let lambda = (first as f64 + i as f64) / 25.0 - 1.0;
        g[i] = lambda * x[i] + along * u[i];
    }
}

/// The estimate, the axis and the parameters of one rank.
type Outcome = (Estimate, Vec<f64>, Vec<f64>);

/// A whole run: estimate a curvature, deflate the gradient, take Adam steps; returns what a rank has at its end.
fn run(lengths: &[usize]) -> Vec<Outcome> {
    ThreadComm::run(lengths.len(), |comm| {
        let mut x = part(lengths, comm.rank());
        let space = Sharded::new(HOST, comm, &x);
        let first = space.first();
        space.fill(&mut x, &|i| noise(1, i));
        let [mut g, mut g1, mut y] = [0; 3].map(|_| vec![0.0; x.len()]);
        let mut dimer = Dimer::new(&space, &x, DimerSettings::default()).unwrap();
        let mut adam = Adam::new(AdamSettings::adam(), &space, &x).unwrap();
        dimer.draw(&space, 5);
        for _ in 0..3 {
            gradient(&space, first, &x, &mut g);
            dimer.begin(&space);
            while let Some(probe) = dimer.ask(&space) {
                let h = probe.displace(&space, &x, &mut y);
                gradient(&space, first, &y, &mut g1);
                dimer.tell(&space, Answer::forward(h, &g, &g1));
            }
            space.deflate(2.0, dimer.axis(), &mut g);
            adam.step(&space, &mut x, &g, 0.01);
        }
        (dimer.estimate(), dimer.axis().clone(), x)
    })
}

#[test]
fn ranks_agree_bit_by_bit_and_with_one_rank() {
    let (alone, axis, x) = run(&[101]).remove(0);
    assert!(alone.is_negative(3.0), "{alone:?}");
    for lengths in &PARTITIONS[1..] {
        let ranks = run(lengths);
        for (estimate, _, _) in &ranks {
            assert_eq!(*estimate, ranks[0].0, "the same bits on all ranks of {lengths:?}");
        }
        let concat = |part: fn(&Outcome) -> &Vec<f64>| {
            ranks.iter().flat_map(|rank| part(rank).clone()).collect::<Vec<f64>>()
        };
        let (all_axes, all_x) = (concat(|rank| &rank.1), concat(|rank| &rank.2));
        // Summation order perturbs sums by 1e-14; a secant of length 1e-6 amplifies that to 1e-8 and the
        // gap of 1/25 to 3e-7 in the axis. Adam's first steps follow signs of gradients, which don't change.
        let curvature = ranks[0].0.curvature;
        assert!((curvature - alone.curvature).abs() < 1e-6, "{curvature}, {alone:?}");
        assert!((HOST.dot(&all_axes, &axis) - 1.0).abs() < 1e-6, "the same axis and sign");
        let distance = all_x.iter().zip(&x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(distance < 1e-6, "{distance:e} in {lengths:?}");
    }
}

/// Counts its reductions.
struct Counting(Cell<usize>, ThreadComm);

impl Communicator for Counting {
    fn rank(&self) -> usize {
        self.1.rank()
    }

    fn size(&self) -> usize {
        self.1.size()
    }

    fn all_reduce_sum(&self, values: &mut [f64]) {
        self.0.set(self.0.get() + 1);
        self.1.all_reduce_sum(values);
    }
}

fn reductions<T>(comm: &Counting, operation: impl FnOnce() -> T) -> usize {
    comm.0.set(0);
    operation();
    comm.0.get()
}

#[test]
fn each_operation_communicates_once_or_not_at_all() {
    let comm = Counting(Cell::new(0), ThreadComm::ranks(1).remove(0));
    let space = Sharded::starting_at(Blocks::new(HOST), &comm, 0);
    let [g0, g1, n] = [1.0, 2.0, 3.0].map(|value| vec![vec![value; 5], vec![value; 7]]);
    let (mut x, mut y, mut z) = (g0.clone(), g1.clone(), n.clone());
    assert_eq!(reductions(&comm, || space.dot(&g0, &g1)), 1);
    assert_eq!(reductions(&comm, || space.norm(&g0)), 1);
    assert_eq!(reductions(&comm, || space.dots([(&g0, &g1), (&g1, &n), (&n, &n)])), 1);
    assert_eq!(reductions(&comm, || space.secant(0.1, &g0, &g1, &n, &mut x)), 1);
    assert_eq!(reductions(&comm, || space.deflate(2.0, &n, &mut x)), 1);
    assert_eq!(reductions(&comm, || space.displace(0.1, &n, &g0, &mut x)), 1);
    assert_eq!(reductions(&comm, || space.torque(0.1, &n, &g0, &g1, &mut x)), 1);
    assert_eq!(reductions(&comm, || space.combine([(0.1, &n[..])], 1.0, &mut x)), 0);
    assert_eq!(reductions(&comm, || space.axpby(0.1, &n, 1.0, &mut x)), 0);
    assert_eq!(reductions(&comm, || space.fill(&mut x, &|_| 1.0)), 0);
    assert_eq!(reductions(&comm, || space.rotate(0.6, 0.8, &mut x, &mut y, &mut z)), 0);
    assert_eq!(reductions(&comm, || space.update(0..12, &Scale(2.0), [], [&mut x])), 0);
}

#[test]
fn sums_are_taken_in_the_order_of_the_ranks() {
    // (1 + 2⁻⁵³) + 2⁻⁵³ is 1, 2⁻⁵³ + 2⁻⁵³ + 1 is not.
    for _ in 0..50 {
        let tiny = f64::ROUNDOFF;
        let sums = ThreadComm::run(3, |comm| {
            let (first, last) = ([1.0, tiny, tiny], [tiny, tiny, 1.0]);
            let mut values = [first[comm.rank()], last[comm.rank()]];
            comm.all_reduce_sum(&mut values);
            values
        });
        assert_eq!(sums, [[1.0, 1.0 + 2.0 * tiny]; 3]);
    }
}

#[test]
#[should_panic(expected = "rank 2 is lost")]
fn a_rank_that_panics_takes_the_others_with_it() {
    ThreadComm::run(3, |comm| {
        assert!(comm.rank() != 2, "rank 2 is lost");
        for _ in 0..2 {
            comm.all_reduce_sum(&mut [1.0]);
        }
    });
}

#[test]
#[should_panic(expected = "must sum the same number of values")]
fn different_calls_panic() {
    ThreadComm::run(2, |comm| {
        comm.all_reduce_sum(&mut vec![1.0; 1 + comm.rank()]);
    });
}

#[test]
#[should_panic(expected = "which made fewer calls")]
fn a_rank_that_ends_early_is_not_waited_for() {
    ThreadComm::run(3, |comm| {
        for _ in 0..2 + comm.rank() {
            comm.all_reduce_sum(&mut [1.0]);
        }
    });
}
