//! Why a training can't be gone on with.

use super::checkpoints;
use std::path::PathBuf;

/// Why a training can't be gone on with; each message is one line and says what would be right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// There is no such directory.
    #[error("there is no directory {dir:?}; give the --out directory of a training")]
    NoDirectory {
        /// As given.
        dir: PathBuf,
    },
    /// The directory has no checkpoint.
    #[error("{dir:?} has no checkpoint; begin a training with --out {}", dir.display())]
    NoCheckpoint {
        /// As given.
        dir: PathBuf,
    },
    /// The directory has trainings of several seeds, some of which aren't finished.
    #[error(
        "{dir:?} has no checkpoint of its own, but trainings that are gone on with one by one: deo train --resume {}",
        shown(inside)
    )]
    Inside {
        /// As given.
        dir: PathBuf,
        /// The directories in it that have checkpoints.
        inside: Vec<PathBuf>,
    },
    /// A new training would destroy an old one.
    #[error(
        "{dir:?} has a training that isn't finished; go on with deo train --resume {}, or remove {:?} to begin anew",
        dir.display(), checkpoints(dir)
    )]
    Unfinished {
        /// The output directory.
        dir: PathBuf,
    },
    /// An option differs.
    #[error(
        "--{name} is {new} here and {old} in the training to be resumed; leave it out, or begin another training"
    )]
    Changed {
        /// The option without its dashes.
        name: String,
        /// Its value in the training.
        old: String,
        /// Its value beside `--resume`.
        new: String,
    },
    /// The text differs.
    #[error(
        "{text} has {here} characters and isn't the text of the training, which had {there}; put that back, or give its \
         new place with --text"
    )]
    Text {
        /// The text as given now or then.
        text: String,
        /// Its characters.
        here: u64,
        /// Those of the training's.
        there: u64,
    },
    /// The program differs.
    #[error(
        "the training was begun by deo {version}, which makes other settings of the same options; finish it with that"
    )]
    Program {
        /// Of the program that saved the checkpoint.
        version: String,
    },
    /// The checkpoint is whole and its parts contradict each other.
    #[error("the state in {path:?} is not one of its own training; use an older checkpoint")]
    Inconsistent {
        /// The checkpoint.
        path: PathBuf,
    },
}

fn shown(dirs: &[PathBuf]) -> String {
    let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(", then ")
}
