//! A rank that fails ends the job within seconds, with its reason.

mod mpirun;

use deo_core::space::Communicator;
use deo_mpi::MpiComm;
use mpirun::{on_ranks, text};
use std::time::{Duration, Instant};

/// Far more than a job takes to end, a second, on a machine that does other work; far less than a hang.
const SECONDS: Duration = Duration::from_secs(30);

/// Runs `body` on two and on three ranks, which must fail for that reason.
#[track_caller]
fn fails(test: &str, reason: &str, body: fn(&MpiComm) -> Result<(), String>) {
    for ranks in [2, 3] {
        let start = Instant::now();
        let Some(output) = on_ranks(test, ranks, body) else { return };
        assert!(!output.status.success(), "{}", text(&output));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(reason), "{}", text(&output));
        assert!(start.elapsed() < SECONDS, "{:?}", start.elapsed());
    }
}

/// A hundred sums, before each of which `before` is called.
fn sums(comm: &MpiComm, before: impl Fn(usize) -> Result<(), String>) -> Result<(), String> {
    for i in 0..100 {
        before(i)?;
        comm.all_reduce_sum(&mut [1.0]);
    }
    Ok(())
}

#[test]
fn an_error() {
    fails("an_error", "rank 1 of ", |comm| {
        sums(comm, |i| {
            if (comm.rank(), i) == (1, 50) { Err("the disk is full".to_owned()) } else { Ok(()) }
        })
    });
}

#[test]
fn an_error_says_why() {
    fails("an_error_says_why", ": the disk is full", |comm| {
        sums(comm, |_| if comm.rank() == 0 { Err("the disk is full".to_owned()) } else { Ok(()) })
    });
}

#[test]
fn a_panic() {
    fails("a_panic", "panicked: index 7 is lost", |comm| {
        sums(comm, |i| {
            assert!((comm.rank(), i) != (1, 50), "index 7 is lost");
            Ok(())
        })
    });
}

#[test]
fn a_rank_that_ends_early() {
    fails("a_rank_that_ends_early", "rank 1 ends its work where rank 0 sums 1 numbers", |comm| {
        if comm.rank() == 1 { Ok(()) } else { sums(comm, |_| Ok(())) }
    });
}

#[test]
fn different_calls() {
    fails("different_calls", "rank 1 sums 2 numbers where rank 0 sums 1 numbers", |comm| {
        comm.all_reduce_sum(&mut vec![1.0; 1 + comm.rank()]);
        Ok(())
    });
}

#[test]
fn different_data() {
    fails("different_data", "the text: rank 1 has another value than rank 0", |comm| {
        comm.agree("the text", 40 + comm.rank() as u64).map_err(|error| error.to_string())
    });
}

#[test]
fn a_rank_that_exits() {
    // Open MPI's own words.
    fails("a_rank_that_exits", "exited with non-zero status", |comm| {
        sums(comm, |i| {
            if (comm.rank(), i) == (1, 50) {
                std::process::exit(3);
            }
            Ok(())
        })
    });
}

#[test]
fn a_rank_that_is_killed() {
    fails("a_rank_that_is_killed", "on signal 6", |comm| {
        sums(comm, |i| {
            if (comm.rank(), i) == (1, 50) {
                std::process::abort();
            }
            Ok(())
        })
    });
}
