//! Tests on several ranks: a test starts itself again under mpirun, with itself as the only test.

use deo_mpi::MpiComm;
use std::env;
use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Set in the ranks, to the name of the test that started them.
const TEST: &str = "DEO_MPI_TEST";

/// A job that takes longer hangs: the longest takes a second or two on an idle machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs `program` on so many ranks of this machine, and waits.
///
/// # Panics
///
/// If it doesn't end.
pub(crate) fn mpirun(
    ranks: usize,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
    test: &str,
) -> Output {
    // Open MPI keeps its sockets below TMPDIR: jobs that begin at once in a common one fail to make the same directory,
    // or remove it from under each other.
    let sockets = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new("mpirun");
    // Containers are root and have few processors. Bound to cores, two jobs at once would share one core; and ranks that
    // poll while they wait would take the time of those that are waited for.
    command
        .args(["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"])
        .args(["--mca", "mpi_yield_when_idle", "1", "-n", &ranks.to_string()])
        .arg(program)
        .args(arguments)
        .env(TEST, test)
        .env("TMPDIR", sockets.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut job = command.spawn().expect("mpirun is installed (openmpi-bin)");
    let start = Instant::now();
    // What a job prints is far below the 64 kB of a pipe, so it need not be read meanwhile.
    while job.try_wait().expect("a child can be waited for").is_none() {
        if start.elapsed() > LIMIT {
            let _ = job.kill();
            panic!("{test}: no end on {ranks} ranks after {LIMIT:?}");
        }
        sleep(Duration::from_millis(10));
    }
    job.wait_with_output().expect("a child that has ended can be read")
}

/// Runs the calling test again on so many ranks, as a job of its own; in the job, `body` and nothing else.
///
/// `None` in the job, where the caller has nothing more to do.
#[allow(dead_code, reason = "each file of tests uses what it needs")]
pub(crate) fn on_ranks<E: std::fmt::Display>(
    test: &str,
    ranks: usize,
    body: impl FnOnce(&MpiComm) -> Result<(), E>,
) -> Option<Output> {
    if env::var_os(TEST).is_some() {
        deo_mpi::run(body);
        return None;
    }
    // One test thread is the main thread, which is the one that MPI may be used on.
    let arguments = ["--exact", test, "--nocapture", "--test-threads", "1"];
    let program = env::current_exe().expect("a test knows its own file");
    Some(mpirun(ranks, program, &arguments, test))
}

/// Fails with all that was printed unless the job succeeded.
#[track_caller]
#[allow(dead_code, reason = "each file of tests uses what it needs")]
pub(crate) fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

/// What a job printed.
pub(crate) fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{}\n{out}\n{err}", output.status)
}
