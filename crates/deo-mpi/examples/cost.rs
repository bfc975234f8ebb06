//! What communication costs here: `mpirun -n 2 …/examples/cost`.
//!
//! Medians over repeated operations: a message of a few numbers; the evaluation of a gradient of N components of f32
//! that costs nothing but the average over the ranks, beside `MPI_Allreduce` of as many; and what one estimate over
//! sharded parameters sends.

use deo_core::drive::curvature;
use deo_core::objective::{FromFn, Objective};
use deo_core::space::{Communicator, Host, Sharded, Space};
use deo_core::{DimerSettings, Estimate};
use deo_mpi::{DataParallel, MpiComm};
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::CommunicatorCollectives;
use std::error::Error;
use std::time::Instant;

fn main() {
    deo_mpi::run(|comm| {
        let say = |line: String| {
            if comm.rank() == 0 {
                println!("{line}");
            }
        };
        let mut number = [1.0];
        let message = median(comm, 1001, || comm.all_reduce_sum(&mut number));
        say(format!("{} ranks; a message: {:.1} µs", comm.size(), 1e6 * message));
        say(format!("{:>9}  {:>11}  {:>13}", "N", "average, ms", "Allreduce, ms"));
        for (n, times) in [(1000, 501), (104_896, 201), (1 << 20, 51), (10_670_000, 11)] {
            let [average, library] = averages(comm, n, times)?;
            say(format!("{n:9}  {:11.3}  {:13.3}", 1e3 * average, 1e3 * library));
        }
        let (estimate, collectives) = sharded(comm)?;
        let (gradients, rotations) = (estimate.gradients, estimate.rotations);
        say(format!(
            "sharded estimate: {gradients} gradients, {rotations} rotations, {collectives} messages"
        ));
        Ok::<_, Box<dyn Error>>(())
    });
}

/// The median time in seconds, on this rank; all ranks start each together.
fn median(comm: &MpiComm, times: usize, mut operation: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..times)
        .map(|_| {
            comm.all_reduce_sum(&mut [0.0]);
            let start = Instant::now();
            operation();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[times / 2]
}

/// The time of an average by this crate and of `MPI_Allreduce`.
fn averages(comm: &MpiComm, n: usize, times: usize) -> Result<[f64; 2], Box<dyn Error>> {
    let mut ranks = DataParallel::<f32>::new(comm, comm.size())?;
    let (x, mut g, mut sum) = (vec![0.0; n], vec![1.0; n], vec![0.0; n]);
    let average = median(comm, times, || {
        let mut f = ranks.on(FromFn(|_: &[f32], _: Option<&mut [f32]>| 0.0));
        f.value_grad(&x, &mut g);
    });
    let world = SimpleCommunicator::world();
    let library = median(comm, times, || {
        world.all_reduce_into(&g[..], &mut sum[..], SystemOperation::sum());
    });
    Ok([average, library])
}

/// An estimate over parameters in parts, of a Hessian that is diagonal, and the messages that it took.
fn sharded(comm: &MpiComm) -> Result<(Estimate, u64), Box<dyn Error>> {
    let part = vec![0.0; 12_000 / comm.size()]; // the same whole on 1, 2, 3 and 4 ranks
    let space = Sharded::new(Host::<f64>::new(), comm, &part);
    let mut lambda = space.zeros_like(&part);
    space.fill(&mut lambda, &|i| if i == 0 { -1.0 } else { 1.0 + (i as f64).sin() });
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        let Some(g) = g else { return 0.0 };
        for ((g, x), lambda) in g.iter_mut().zip(x).zip(&lambda) {
            *g = lambda * x;
        }
        0.0
    });
    let before = comm.traffic().collectives;
    let (estimate, _) = curvature(&space, &mut f, &part, DimerSettings::default(), 1)?;
    Ok((estimate, comm.traffic().collectives - before))
}
