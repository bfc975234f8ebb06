//! The client as a program that we start: by a command of the shell, and again when it was lost.

use super::error::EngineError;
use deo_ipi::Counts;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Clients in a row that have answered nothing, after which the command isn't started again: what ends them is no accident.
const FRUITLESS: u32 = 3;
/// A client has so long to go when it was told to.
const FAREWELL: Duration = Duration::from_secs(5);

/// A command that runs, once for each client; all are ended with the value.
#[derive(Debug)]
pub(super) struct Program {
    command: String,
    runs: Arc<Mutex<Vec<Run>>>,
}

#[derive(Debug)]
struct Run {
    child: Child,
    /// Clients that had connected, and those that were lost without an answer, when it was started.
    seen: Counts,
    /// How often in a row it was lost without an answer.
    fruitless: u32,
    /// How it has ended, if it isn't started again.
    ended: Option<String>,
}

impl Program {
    /// Starts the command for so many clients.
    pub(super) fn start(command: &str, clients: usize) -> Result<Self, EngineError> {
        let program = Program { command: command.to_owned(), runs: Arc::default() };
        for number in 0..clients {
            let child = spawn(command, number)
                .map_err(|reason| EngineError::Run { command: command.to_owned(), reason })?;
            let run = Run { child, seen: Counts::default(), fruitless: 0, ended: None };
            program.runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(run);
        }
        Ok(program)
    }

    /// What a server calls while it waits for a client: starts what has ended again, and says how the last one has ended
    /// if that would be of no use.
    pub(super) fn watch(&self) -> impl FnMut(Counts) -> Option<String> + Send + 'static {
        let (command, runs) = (self.command.clone(), self.runs.clone());
        move |counts| {
            let mut runs = runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            for (number, run) in runs.iter_mut().enumerate() {
                run.look(&command, number, counts);
            }
            if runs.iter().any(|run| run.ended.is_none()) {
                return None;
            }
            runs.last().and_then(|run| run.ended.clone())
        }
    }
}

impl Run {
    fn look(&mut self, command: &str, number: usize, counts: Counts) {
        if self.ended.is_some() {
            return;
        }
        let Some(status) = self.child.try_wait().ok().flatten() else { return };
        // Which of several runs a lost client was is not known, and matters to the count only.
        let fruitless = counts.fruitless > self.seen.fruitless;
        self.fruitless = if fruitless { self.fruitless + 1 } else { 0 };
        // One that has never connected won't do it the next time.
        if counts.clients == self.seen.clients || self.fruitless == FRUITLESS {
            self.ended = Some(status.to_string());
            return;
        }
        self.seen = counts;
        match spawn(command, number) {
            Ok(next) => self.child = next,
            Err(error) => self.ended = Some(error.to_string()),
        }
    }
}

/// The environment variable with the number of the client, for files of its own.
const NUMBER: &str = "DEO_CLIENT";

/// Its standard output goes to our standard error: ours is for results.
fn spawn(command: &str, number: usize) -> std::io::Result<Child> {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command).stdin(Stdio::null());
    shell.env(NUMBER, number.to_string());
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        shell.stdout(std::io::stderr().as_fd().try_clone_to_owned()?);
    }
    #[cfg(not(unix))]
    shell.stdout(Stdio::null());
    shell.spawn()
}

/// The server is gone before, and has told the clients so.
impl Drop for Program {
    fn drop(&mut self) {
        let mut runs = self.runs.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let end = Instant::now() + FAREWELL;
        while runs.iter_mut().any(|run| matches!(run.child.try_wait(), Ok(None)))
            && Instant::now() < end
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        for run in runs.iter_mut() {
            // An error says that it has ended meanwhile.
            let _ = run.child.kill();
            let _ = run.child.wait();
        }
    }
}
