//! One question and its answer, with one client.

use crate::error::IpiError;
use crate::units::{BOHR, FORCE, HARTREE};
use crate::wire::{MOST_ATOMS, Wire};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// INIT and answers for somebody else, in a row, after which a client says always the same.
const REPEATS: u32 = 8;

/// The edge of the cube that stands for no cell, Å: some clients can't do without one.
const CUBE: f64 = 100.0;

/// Between two questions whether the client has finished, at first and at most: a force field takes less than the
/// first, and of a second's gradient the last is nothing.
pub(crate) const NAPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(20)];

/// Why one try to get an answer has failed.
pub(crate) enum Trouble {
    /// The connection is gone.
    Lost {
        reason: io::Error,
        /// The question was on its way, so that it may be what has ended the client.
        asked: bool,
    },
    /// Time is up.
    Silent(&'static str),
    /// It would be so again.
    Final(IpiError),
}

/// Where the atoms are, in a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    positions: &'a [f64],
    cell: &'a [f64; 9],
    inverse: [f64; 9],
}

impl<'a> Place<'a> {
    pub(crate) fn new(positions: &'a [f64], cell: Option<&'a [f64; 9]>) -> Result<Self, IpiError> {
        let fault = |fault| Err(IpiError::Question { fault });
        if !positions.iter().all(|x| x.is_finite()) {
            return fault("a position is not finite");
        }
        if !positions.len().is_multiple_of(3) || positions.len() / 3 > MOST_ATOMS {
            return fault("positions are no three for each of at most ten million atoms");
        }
        let cell = cell.unwrap_or(&[CUBE, 0.0, 0.0, 0.0, CUBE, 0.0, 0.0, 0.0, CUBE]);
        match inverse(cell) {
            Some(inverse) => Ok(Place { positions, cell, inverse }),
            None => fault("the vectors of the cell span no volume"),
        }
    }
}

/// Energy, and `forces`, of one client until the deadline of the wire; `stale` counts answers for somebody else.
pub(crate) fn exchange(
    wire: &mut Wire,
    place: &Place<'_>,
    forces: &mut [f64],
    stale: &mut u64,
) -> Result<f64, Trouble> {
    let mut inits = 0;
    let mut dropped = 0;
    let before = |trouble| match trouble {
        Trouble::Lost { reason, .. } => Trouble::Lost { reason, asked: false },
        trouble => trouble,
    };
    loop {
        let wanted = "READY, NEEDINIT or HAVEDATA";
        match status(wire, wanted).map_err(before)?.as_str() {
            "READY" => break,
            "NEEDINIT" if inits == REPEATS => return stuck("NEEDINIT"),
            "NEEDINIT" => {
                inits += 1;
                init(wire).map_err(|error| before(trouble(error, wanted)))?;
            }
            "HAVEDATA" if dropped == REPEATS => return stuck("HAVEDATA"),
            "HAVEDATA" => {
                (dropped, *stale) = (dropped + 1, *stale + 1);
                receive(wire, forces).map_err(before)?;
            }
            "BUSY" => std::thread::sleep(NAPS[1]),
            found => return word(found, wanted),
        }
    }
    ask(wire, place).map_err(|error| trouble(error, "POSDATA"))?;
    let mut nap = NAPS[0];
    loop {
        let wanted = "HAVEDATA or BUSY";
        match status(wire, wanted)?.as_str() {
            "HAVEDATA" => return receive(wire, forces),
            // A client that computes beside its answers.
            "READY" | "BUSY" => {
                std::thread::sleep(nap);
                nap = (2 * nap).min(NAPS[1]);
            }
            found => return word(found, wanted),
        }
    }
}

fn stuck<T>(word: &'static str) -> Result<T, Trouble> {
    Err(Trouble::Final(IpiError::Stuck { word }))
}

fn word<T>(found: &str, wanted: &'static str) -> Result<T, Trouble> {
    Err(Trouble::Final(IpiError::Word { found: found.to_owned(), wanted }))
}

fn trouble(error: io::Error, wanted: &'static str) -> Trouble {
    match error.kind() {
        ErrorKind::TimedOut => Trouble::Silent(wanted),
        _ => Trouble::Lost { reason: error, asked: true },
    }
}

fn status(wire: &mut Wire, wanted: &'static str) -> Result<String, Trouble> {
    wire.say("STATUS").and_then(|()| wire.hear()).map_err(|error| trouble(error, wanted))
}

/// Bead 0 and a text of one blank: some clients can't read an empty one.
fn init(wire: &mut Wire) -> io::Result<()> {
    wire.say("INIT")?;
    wire.send_integer(0)?;
    wire.send_integer(1)?;
    wire.send_bytes(b" ")
}

fn ask(wire: &mut Wire, place: &Place<'_>) -> io::Result<()> {
    let Place { positions, cell, inverse } = place;
    // On the wire the vectors are columns.
    let transposed = |m: &[f64; 9]| [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|i| m[3 * (i % 3) + i / 3]);
    wire.say("POSDATA")?;
    wire.send_numbers(transposed(cell).into_iter().map(|length| length / BOHR))?;
    wire.send_numbers(transposed(inverse).into_iter().map(|length| length * BOHR))?;
    wire.send_integer((positions.len() / 3) as i32)?;
    wire.send_numbers(positions.iter().map(|x| x / BOHR))
}

fn receive(wire: &mut Wire, forces: &mut [f64]) -> Result<f64, Trouble> {
    let wanted = "FORCEREADY";
    let read = |error| trouble(error, wanted);
    let found = wire.say("GETFORCE").and_then(|()| wire.hear()).map_err(read)?;
    if found != wanted {
        return word(&found, wanted);
    }
    let mut energy = f64::NAN;
    wire.numbers(1, |_, value| energy = value * HARTREE).map_err(read)?;
    let answered = i64::from(wire.integer().map_err(read)?);
    let asked = forces.len() / 3;
    if answered != asked as i64 {
        return Err(Trouble::Final(IpiError::Atoms { asked, answered }));
    }
    wire.numbers(forces.len(), |i, value| forces[i] = value * FORCE).map_err(read)?;
    wire.numbers(9, |_, _| {}).map_err(read)?;
    let more = wire.integer().map_err(read)?;
    wire.drop_bytes(usize::try_from(more).unwrap_or(0)).map_err(read)?;
    Ok(energy)
}

/// What the operating system calls these is of no help.
pub(crate) fn say(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "it has closed the connection".to_owned(),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => "the connection was cut".to_owned(),
        _ => error.to_string(),
    }
}

/// The inverse, unless the volume is rounding.
fn inverse(m: &[f64; 9]) -> Option<[f64; 9]> {
    let c = |i: usize, j: usize| m[3 * (i % 3) + j % 3];
    let minor = |i, j| c(i + 1, j + 1) * c(i + 2, j + 2) - c(i + 1, j + 2) * c(i + 2, j + 1);
    let volume: f64 = (0..3).map(|j| m[j] * minor(0, j)).sum();
    let edge = |i: usize| m[3 * i].hypot(m[3 * i + 1]).hypot(m[3 * i + 2]);
    let flat = volume.abs() <= 1e-12 * edge(0) * edge(1) * edge(2);
    let fine = !flat && volume.is_finite();
    fine.then(|| [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|k| minor(k % 3, k / 3) / volume))
}
