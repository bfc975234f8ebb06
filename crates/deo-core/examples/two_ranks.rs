//! One dimer over two ranks: each holds half of the parameters and of the axis, and only inner products travel.
//!
//! The ranks are threads here; over MPI they are processes, and `Communicator` has three methods to write.

use deo_core::space::{Communicator, Host, Sharded, Space, ThreadComm};
use deo_core::{Answer, Dimer, DimerSettings};

/// Parameters in all. Component i has the curvature 2 i/N, but for the last, which has −1.
const N: usize = 1000;

fn main() {
    let results = ThreadComm::run(2, |comm| {
        let mut x = vec![0.0; N / comm.size()];
        let space = Sharded::new(Host::<f64>::new(), comm, &x);
        space.fill(&mut x, &|i| (i as f64).sin()); // i counts over both ranks
        let gradient = |x: &[f64], g: &mut [f64]| {
            for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
                let i = space.first() as usize + i;
                *g = x * if i == N - 1 { -1.0 } else { 2.0 * i as f64 / N as f64 };
            }
        };
        let [mut g, mut g1, mut y] = [0; 3].map(|_| space.zeros_like(&x));
        gradient(&x, &mut g);

        let mut dimer = Dimer::new(&space, &x, DimerSettings::default()).expect("valid settings");
        dimer.draw(&space, 42); // the same axis as on one rank
        dimer.begin(&space);
        while let Some(probe) = dimer.ask(&space) {
            let h = probe.displace(&space, &x, &mut y);
            gradient(&y, &mut g1);
            dimer.tell(&space, Answer::forward(h, &g, &g1));
        }
        dimer.estimate()
    });
    for (rank, estimate) in results.iter().enumerate() {
        println!(
            "rank {rank}: curvature {:.6} after {} gradients",
            estimate.curvature, estimate.gradients
        );
    }
    assert_eq!(results[0], results[1], "the same bits, so the same decisions");
    assert!((results[0].curvature + 1.0).abs() < 1e-3);
}
