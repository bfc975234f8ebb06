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

/// A running command; it is ended with the value.
#[derive(Debug)]
pub(super) struct Program {
    command: String,
    child: Arc<Mutex<Child>>,
}

impl Program {
    /// Starts the command.
    pub(super) fn start(command: &str) -> Result<Self, EngineError> {
        let child = spawn(command)
            .map_err(|reason| EngineError::Run { command: command.to_owned(), reason })?;
        Ok(Program { command: command.to_owned(), child: Arc::new(Mutex::new(child)) })
    }

    /// What a server calls while it waits for a client: starts the command again if it has ended, and says how it has
    /// ended if that would be of no use.
    pub(super) fn watch(&self) -> impl FnMut(Counts) -> Option<String> + Send + 'static {
        let (command, child) = (self.command.clone(), self.child.clone());
        let (mut fruitless, mut clients, mut answers) = (0, 0, 0);
        move |counts| {
            let mut child = child.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let status = child.try_wait().ok().flatten()?;
            fruitless = if counts.answers > answers { 0 } else { fruitless + 1 };
            // One that has never connected won't do it the next time.
            if counts.clients == clients || fruitless == FRUITLESS {
                return Some(status.to_string());
            }
            (clients, answers) = (counts.clients, counts.answers);
            match spawn(&command) {
                Ok(next) => *child = next,
                Err(error) => return Some(error.to_string()),
            }
            None
        }
    }
}

/// Its standard output goes to our standard error: ours is for results.
fn spawn(command: &str) -> std::io::Result<Child> {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command).stdin(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        shell.stdout(std::io::stderr().as_fd().try_clone_to_owned()?);
    }
    #[cfg(not(unix))]
    shell.stdout(Stdio::null());
    shell.spawn()
}

/// The server is gone before, and has told the client so.
impl Drop for Program {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let end = Instant::now() + FAREWELL;
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        // An error says that it has ended meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
}
