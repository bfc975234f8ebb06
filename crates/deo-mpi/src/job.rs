//! A job on all ranks that ends as one: with the results of all, or at once with a reason.
//!
//! Problem: a rank that stops alone leaves the others in a collective operation, for ever. Unwinding is worse than it
//! looks: it drops the MPI library's guard, which finalises MPI and waits for the others there.
//!
//! | a rank | then |
//! |---|---|
//! | returns an error | says so on standard error, and aborts all |
//! | panics | the same |
//! | ends while another waits for it | all find out at their next call, and panic |
//! | makes another call than the others | the same |
//! | exits or is killed | mpirun sees it and ends the others |
//! | never comes back | nothing: set a time limit where jobs are queued |

use crate::MpiComm;
use deo_core::space::Communicator;
use mpi::Threading;
use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The exit code of a job that failed.
const FAILED: i32 = 1;

/// Initialises MPI, runs `work` on this rank and finalises MPI; the first call of a program's `main`.
///
/// If `work` fails on any rank, its reason is printed on standard error with the number of the rank, and all ranks are
/// aborted with exit code 1. Without mpirun there is one rank.
///
/// MPI is used on the calling thread only. `work` may use other threads, but `comm` stays on this one.
///
/// # Panics
///
/// If MPI has been initialised in this process before.
pub fn run<R, E: Display>(work: impl FnOnce(&MpiComm) -> Result<R, E>) -> R {
    let (universe, _) = mpi::initialize_with_threading(Threading::Funneled)
        .expect("MPI has been initialised before; deo_mpi::run does it once a process");
    let comm = MpiComm::over(&universe.world());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let result = work(&comm);
        if result.is_ok() {
            comm.end();
        }
        result
    }));
    match outcome {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => stop(&comm, &error),
        // The message has been printed by the panic hook, but not which rank it was.
        Err(panic) => stop(&comm, &format_args!("panicked: {}", message(&*panic))),
    }
}

/// Says why, and stops all ranks.
fn stop(comm: &MpiComm, reason: &dyn Display) -> ! {
    eprintln!("deo-mpi: rank {} of {}: {reason}", comm.rank(), comm.size());
    comm.abort(FAILED)
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
