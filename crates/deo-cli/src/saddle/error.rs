//! Why `deo saddle` stopped, and with which exit code.

use super::engine::EngineError;
use super::potential::Potential;
use super::xyz::XyzError;
use crate::config::ConfigError;
use crate::output::OutputError;
use crate::setting::{SettingError, UnusedOption};
use deo_models::clusters::PairError;
use deo_models::landscapes::LandscapeError;
use deo_saddle::DriveError;
use std::io;
use std::path::PathBuf;

/// Why saddle searches were refused or failed; each message is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaddleError {
    /// The configuration file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No surface.
    #[error(
        "there is no surface to search; give --engine ipi:NAME, or --potential, one of {}",
        Potential::known()
    )]
    NoPotential,
    /// A guess without an engine.
    #[error(
        "{guess:?} is for --engine; clusters of our own potentials begin with --start FILE.xyz"
    )]
    GuessAlone {
        /// As given.
        guess: PathBuf,
    },
    /// A guess, and structures to find one between.
    #[error("{guess:?} is a guess, and --between makes one; give one of them")]
    GuessAndEnds {
        /// As given.
        guess: PathBuf,
    },
    /// No such surface.
    #[error("there is no potential {name:?}; there are {}", Potential::known())]
    UnknownPotential {
        /// The name as given.
        name: String,
    },
    /// A cluster of unknown size.
    #[error("{name} needs a cluster; give --start FILE.xyz, or --potential {name}13")]
    NoStart {
        /// The potential.
        name: &'static str,
    },
    /// An option that this surface has no use for.
    #[error(transparent)]
    Unused(#[from] UnusedOption),
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A start that makes no sense or isn't known.
    #[error("start is {start:?}; {potential} takes {wanted}")]
    Start {
        /// What was given.
        start: String,
        /// The potential.
        potential: String,
        /// What would be right.
        wanted: String,
    },
    /// The file of the start.
    #[error(transparent)]
    Xyz(#[from] XyzError),
    /// The landscape.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
    /// The pair potential.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// A setting of the search or the verification.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Another program's energies.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Standard output.
    #[error("cannot write the results to standard output ({0})")]
    Stdout(io::Error),
}

impl SaddleError {
    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            SaddleError::Stdout(_) | SaddleError::Output(OutputError::Write { .. }) => 1,
            SaddleError::Engine(error) => error.exit_code(),
            _ => 2,
        }
    }
}
