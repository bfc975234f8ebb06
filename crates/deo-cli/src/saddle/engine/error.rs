//! Why a search on another program's energies was refused or stopped.

use crate::saddle::xyz::XyzError;
use deo_ipi::IpiError;
use deo_saddle::DriveError;
use std::io;
use std::path::PathBuf;

/// Each message is one line, or two where the second says how to go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// No guess.
    #[error(
        "--engine needs a guess of the saddle; give the extended XYZ file, as in deo saddle guess.xyz --engine …, or \
         --between A.xyz B.xyz"
    )]
    NoGuess,
    /// An engine of no kind that is known.
    #[error("engine is {engine:?}; give ipi:NAME or ipi:HOST:PORT")]
    Kind {
        /// As given.
        engine: String,
    },
    /// The guess.
    #[error(transparent)]
    Xyz(#[from] XyzError),
    /// Atoms that are to be held and aren't there.
    #[error("fix is {fix:?}; {wanted}")]
    Fix {
        /// As given.
        fix: String,
        /// What would be right.
        wanted: String,
    },
    /// A frame that can't be searched together with the first.
    #[error("{path:?}: frame {frame} has {fault} than the first; give one file for each")]
    Frame {
        /// The file.
        path: PathBuf,
        /// The frame, counted from 1.
        frame: usize,
        /// What differs.
        fault: &'static str,
    },
    /// Searches that would be the same.
    #[error(
        "{searches} searches would begin at {frames} places; give --displace, or no more searches than frames"
    )]
    Same {
        /// Searches.
        searches: usize,
        /// Different starts.
        frames: usize,
    },
    /// An atom that isn't there.
    #[error("displace-around is {atom}; there are {atoms} atoms, counted from 0")]
    Around {
        /// As given.
        atom: usize,
        /// How many there are.
        atoms: usize,
    },
    /// No atom is left to be displaced.
    #[error(
        "no atom that moves is within {within} Å of atom {atom}; give a larger --within or another atom"
    )]
    NothingNear {
        /// The atom.
        atom: usize,
        /// Å.
        within: f64,
    },
    /// Two atoms at one place.
    #[error(
        "{path:?}: atoms {first} and {second}, counted from 0, are within 0.1 Å of each other; give each its own place"
    )]
    OnePlace {
        /// The file.
        path: PathBuf,
        /// The one.
        first: usize,
        /// The other.
        second: usize,
    },
    /// No atom is left to move.
    #[error("all {atoms} atoms are held; let one move at least")]
    NothingFree {
        /// How many there are.
        atoms: usize,
    },
    /// The cell of a periodic structure is missing.
    #[error("{path:?}: pbc has true values and there is no Lattice; give the vectors of the cell")]
    NoCell {
        /// The guess.
        path: PathBuf,
    },
    /// A structure that is to be compared has other atoms.
    #[error("{path:?} has {fault}; give the atoms of the guess in the same order")]
    OtherAtoms {
        /// The file.
        path: PathBuf,
        /// What differs.
        fault: String,
    },
    /// Two structures that are to differ don't.
    #[error(
        "{path:?} has every atom that moves within 0.01 Å of its place; give another structure"
    )]
    SameStructure {
        /// The file of the second one.
        path: PathBuf,
    },
    /// A way between two structures that takes equal atoms through each other.
    #[error(
        "atoms {first} and {second} go through each other on the way to {path:?}, which is less than half as long with equal \
         atoms exchanged: {exchanges}, counted from 0; exchange their lines there, or give a guess where they do change \
         places"
    )]
    Through {
        /// The file of the other end.
        path: PathBuf,
        /// The one.
        first: usize,
        /// The other.
        second: usize,
        /// All pairs that would be exchanged.
        exchanges: String,
    },
    /// Frequencies need masses.
    #[error(
        "the mass of {symbol:?} is not known; frequencies and paths need the symbols of elements"
    )]
    Mass {
        /// The symbol.
        symbol: String,
    },
    /// A model Hessian needs elements.
    #[error("{symbol:?} is no element, which a model Hessian needs; give --hessian none")]
    Element {
        /// The symbol.
        symbol: String,
    },
    /// A model Hessian needs a search with a matrix.
    #[error(
        "a model Hessian belongs to --mode newton, which is taken by itself up to {most} coordinates; give it, or no --hessian"
    )]
    NoMatrix {
        /// Coordinates.
        most: usize,
    },
    /// A structure that a model Hessian can't be made for.
    #[error("the model Hessian: {0}; give --hessian none to do without")]
    Structure(#[from] deo_saddle::StructureError),
    /// The socket, or the client behind it.
    #[error(transparent)]
    Ipi(#[from] IpiError),
    /// The engine is lost in the middle of the work.
    #[error("{reason}\n{kept}")]
    Lost {
        /// Why.
        reason: IpiError,
        /// What was kept, and how to go on.
        kept: String,
    },
    /// The command of --run.
    #[error("cannot run {command:?} ({reason})")]
    Run {
        /// As given.
        command: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The file of the answers.
    #[error("cannot {what} {path:?} ({reason})")]
    File {
        /// Read or write.
        what: &'static str,
        /// The path as given.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The file of the answers isn't one.
    #[error(
        "{path:?}, line {line}, is {fault}; give the file of --restart, or another name to begin anew"
    )]
    Journal {
        /// The path as given.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        fault: &'static str,
    },
    /// Answers to other questions.
    #[error(
        "{path:?} has answers to other questions from number {number} on; give the guess and the options that it was made \
         with, or another file"
    )]
    Other {
        /// The path as given.
        path: PathBuf,
        /// The first answer that doesn't fit, counted from 1.
        number: usize,
    },
    /// The first answer already isn't finite.
    #[error(
        "the engine's energy or forces at the guess are not finite; see that it can compute this structure"
    )]
    Poison,
    /// A setting of the search or the verification.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl EngineError {
    /// 2 for bad usage or input, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            EngineError::Lost { .. } | EngineError::Run { .. } | EngineError::Poison => 1,
            EngineError::File { what: "write", .. } => 1,
            EngineError::Ipi(IpiError::Address { .. }) => 2,
            EngineError::Ipi(_) => 1,
            _ => 2,
        }
    }
}
