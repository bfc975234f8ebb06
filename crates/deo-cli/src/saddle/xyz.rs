//! Atoms in XYZ files: any number of frames, read with the line of whatever is wrong, written as extended XYZ.
//!
//! ```text
//! 2
//! Properties=species:S:1:pos:R:3 pbc="F F F" energy=-1
//! Ar 0 0 0
//! Ar 0 0 1.1224620483093730
//! ```
//!
//! Problem: which columns are coordinates, and whether the atoms go on behind a cell's walls, stands in the comment. A
//! comment that is only glanced at makes forces of positions and clusters of crystals, and the search doesn't notice. So
//! the comment is parsed to the specification (github.com/libAtoms/extxyz), and what isn't understood is refused by line.
//!
//! | part | |
//! |---|---|
//! | a comment without Properties | plain XYZ: a symbol, x, y, z; more columns are passed over |
//! | Properties | every column must be there and of its type; `species` or `Z`, and `pos`, wherever they stand |
//! | pbc, Lattice, cell | for an engine's structures; of our own potentials, which know no periodic images, refused unless it is a free cluster |
//! | move_mask | of an engine's structures: atoms that are held |
//! | frames | the same atoms in the same order in each |
//! | CRLF, a byte-order mark, blank lines at the end | passed over |
//!
//! Departures: a comment that is no list of `key=value` is one of plain XYZ unless it assigns one of the special keys; those
//! are refused in another spelling of theirs (`lattice`) and when they stand twice. Bare values may have =, commas and
//! brackets after their first character, and single quotes are quotes, as ASE has it. `cell` is another name for `Lattice`.
//!
//! Coordinates are written with all their digits, so a file that is read again gives the same bits.

mod columns;
mod comment;

use columns::{Atom, AtomFault};
use comment::Header;
use std::fmt::Write;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// One structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The symbols of the atoms.
    pub species: Vec<String>,
    /// x, y, z of each atom after another.
    pub x: Vec<f64>,
    /// The vectors of the cell after one another, if there is one.
    pub cell: Option<[f64; 9]>,
    /// Along which of them the structure repeats itself.
    pub pbc: [bool; 3],
    /// Atoms that may move, as move_mask says.
    pub movable: Vec<bool>,
}

/// Why a file has no structure for us.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XyzError {
    /// It can't be read.
    #[error("cannot read {path:?} ({reason}); give an XYZ file")]
    Read {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said. Part of the message, hence not its source.
        reason: std::io::Error,
    },
    /// A line isn't what it should be.
    #[error("{path:?}, line {line}: {text:?}; here should be {wanted}")]
    Line {
        /// The path as given.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// What would be right.
        wanted: String,
    },
    /// The file ends within a structure.
    #[error("{path:?} ends at line {line}; here should be {wanted}")]
    End {
        /// The path as given.
        path: PathBuf,
        /// The line after the last one.
        line: usize,
        /// What would be right.
        wanted: String,
    },
}

/// Fewer atoms than three have no saddle of their own: a pair has one internal coordinate.
const FEWEST: usize = 3;
/// Every pair of atoms interacts, and the distances of each result are kept: two millions with so many.
const MOST: usize = 2_000;
/// Of an engine's structure; a count above is a mistake.
const MOST_OF_ENGINE: usize = 1_000_000;

/// What the atoms are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Our own potentials: free clusters.
    Cluster,
    /// Another program's energies: any structure.
    Structure,
}

impl Kind {
    fn counts(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Kind::Cluster => FEWEST..=MOST,
            Kind::Structure => 1..=MOST_OF_ENGINE,
        }
    }
}

/// All frames of a file, at least one, of the same atoms.
///
/// # Errors
///
/// [`XyzError`] names the file, the line and what should stand there.
pub(super) fn read(path: &Path) -> Result<Vec<Frame>, XyzError> {
    parse(&text_of(path)?, path)
}

/// The last frame of a file, whatever its cell.
///
/// # Errors
///
/// [`XyzError`] names the file, the line and what should stand there.
pub(super) fn read_structure(path: &Path) -> Result<Frame, XyzError> {
    parse_structures(&text_of(path)?, path).map(|mut frames| frames.pop().expect("one at least"))
}

/// All of a file.
///
/// # Errors
///
/// [`XyzError::Read`].
pub(super) fn text_of(path: &Path) -> Result<String, XyzError> {
    let refuse = |reason| XyzError::Read { path: path.to_owned(), reason };
    let bytes = std::fs::read(path).map_err(refuse)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(Error::new(ErrorKind::InvalidData, format!("line {line} is not UTF-8")))
    })
}

/// All frames of a text, at least one, of the same atoms of a free cluster; errors call it `path`.
///
/// # Errors
///
/// [`XyzError::Line`] and [`XyzError::End`].
pub fn parse(text: &str, path: &Path) -> Result<Vec<Frame>, XyzError> {
    frames(text, path, Kind::Cluster)
}

/// The same of any structure, periodic or not.
///
/// # Errors
///
/// [`XyzError::Line`] and [`XyzError::End`].
pub fn parse_structures(text: &str, path: &Path) -> Result<Vec<Frame>, XyzError> {
    frames(text, path, Kind::Structure)
}

fn frames(text: &str, path: &Path, kind: Kind) -> Result<Vec<Frame>, XyzError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Lines { path, lines: text.lines().collect(), next: 0 };
    let mut frames: Vec<Frame> = vec![];
    loop {
        let frame = frame(&mut lines, kind, frames.first())?;
        frames.push(frame);
        if lines.only_blank_lines_left() {
            return Ok(frames);
        }
    }
}

/// The next frame, of the atoms of the `first` one if there is one.
fn frame(lines: &mut Lines<'_>, kind: Kind, first: Option<&Frame>) -> Result<Frame, XyzError> {
    let atoms = first.map(|first| first.species.len());
    let wanted = match atoms {
        Some(atoms) => format!("{atoms}, the number of atoms of every frame"),
        None => {
            let counts = kind.counts();
            format!("the number of atoms, {} to {}", counts.start(), counts.end())
        }
    };
    let fits = |count: &usize| match atoms {
        Some(atoms) => *count == atoms,
        None => kind.counts().contains(count),
    };
    let number = |line: &str| line.trim().parse().ok().filter(fits);
    let count = lines.parse(|line| number(line).ok_or(&wanted), &wanted)?;
    let header = match kind {
        Kind::Cluster => comment::of_cluster,
        Kind::Structure => comment::of_structure,
    };
    let Header { columns, cell, pbc } = lines.parse(header, "a comment, which may be empty")?;
    let mut frame = Frame { species: vec![], x: vec![], cell, pbc, movable: vec![] };
    for atom in 1..=count {
        let place = format!("atom {atom} of {count}");
        let wanted = format!("{columns}, {place}");
        let of = |line: &str| {
            let atom = columns.atom(line);
            // Our own clusters are free whatever a mask says.
            let partly = |atom: &Atom| kind == Kind::Structure && atom.movable.is_none();
            let atom =
                atom.and_then(|atom| if partly(&atom) { Err(AtomFault::Partly) } else { Ok(atom) });
            atom.map_err(|fault| format!("{fault}, {place}"))
        };
        let Atom { symbol, position, movable } = lines.parse(of, &wanted)?;
        if let Some(before) = first.map(|first| &first.species[atom - 1])
            && *before != symbol
        {
            let wanted = format!("{before}, the symbol of this atom in the first frame, {place}");
            return Err(lines.refused(wanted));
        }
        frame.species.push(symbol);
        frame.x.extend(position);
        frame.movable.push(movable.unwrap_or(true));
    }
    Ok(frame)
}

struct Lines<'a> {
    path: &'a Path,
    lines: Vec<&'a str>,
    next: usize,
}

impl Lines<'_> {
    /// What `of` makes of the next line; without one, `wanted` is missed.
    fn parse<T, W: ToString>(
        &mut self,
        of: impl Fn(&str) -> Result<T, W>,
        wanted: &str,
    ) -> Result<T, XyzError> {
        let Some(text) = self.lines.get(self.next) else {
            let (line, wanted) = (self.next + 1, wanted.to_owned());
            return Err(XyzError::End { path: self.path.to_owned(), line, wanted });
        };
        self.next += 1;
        of(text).map_err(|wanted| self.refused(wanted.to_string()))
    }

    /// The line that was parsed last isn't what was wanted.
    fn refused(&self, wanted: String) -> XyzError {
        // A binary or a very long line would not be one to print.
        let text = self.lines[self.next - 1].chars().take(60).collect();
        XyzError::Line { path: self.path.to_owned(), line: self.next, text, wanted }
    }

    fn only_blank_lines_left(&self) -> bool {
        self.lines[self.next..].iter().all(|line| line.trim().is_empty())
    }
}

/// A frame of a free cluster in the extended format, with `facts` such as "energy=-3" in its comment.
pub fn frame_text(species: &[String], x: &[f64], facts: &str) -> String {
    let properties = "Properties=species:S:1:pos:R:3 pbc=\"F F F\"";
    let mut text = format!("{}\n{properties} {facts}\n", species.len());
    for (symbol, r) in species.iter().zip(x.chunks(3)) {
        writeln!(text, "{symbol} {} {} {}", r[0], r[1], r[2]).expect("a string takes all");
    }
    text
}

/// `frame` in the extended format, as ASE reads it. `facts`, such as "energy=-3", go into the comment; `vectors`, of three
/// numbers an atom, are further columns by their names.
pub fn structure_text(frame: &Frame, facts: &str, vectors: &[(&str, &[f64])]) -> String {
    let mut text = format!("{}\n", frame.species.len());
    let mut put = |part: std::fmt::Arguments<'_>| {
        text.write_fmt(part).expect("a string takes all");
    };
    if let Some(cell) = frame.cell {
        let numbers = cell.map(|number| number.to_string());
        put(format_args!("Lattice=\"{}\" ", numbers.join(" ")));
    }
    put(format_args!("Properties=species:S:1:pos:R:3:move_mask:L:1"));
    for (name, _) in vectors {
        put(format_args!(":{name}:R:3"));
    }
    let logical = |value: bool| if value { "T" } else { "F" };
    let [a, b, c] = frame.pbc.map(logical);
    put(format_args!(" pbc=\"{a} {b} {c}\" {facts}\n"));
    let atoms = frame.species.iter().zip(frame.x.chunks(3)).zip(&frame.movable);
    for (i, ((symbol, r), movable)) in atoms.enumerate() {
        let [x, y, z] = [r[0], r[1], r[2]].map(digits);
        put(format_args!("{symbol} {x} {y} {z} {}", logical(*movable)));
        for (_, vector) in vectors {
            let [x, y, z] = [0, 1, 2].map(|a| digits(vector[3 * i + a]));
            put(format_args!(" {x} {y} {z}"));
        }
        put(format_args!("\n"));
    }
    text
}

/// All digits, with an exponent where zeros would fill the line.
fn digits(number: f64) -> String {
    let plain = number == 0.0 || (1e-4..1e9).contains(&number.abs());
    if plain { number.to_string() } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests;
