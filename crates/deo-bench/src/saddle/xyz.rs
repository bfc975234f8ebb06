//! Atoms in XYZ files: any number of frames, read with the line of whatever is wrong, written as extended XYZ.
//!
//! ```text
//! 2
//! Properties=species:S:1:pos:R:3 energy=-1
//! Ar 0 0 0
//! Ar 0 0 1.1224620483093730
//! ```
//!
//! More columns than four are passed over. Coordinates are written with all their digits, so a file that is read again
//! gives the same bits.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// One structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The symbols of the atoms.
    pub species: Vec<String>,
    /// x, y, z of each atom after another.
    pub x: Vec<f64>,
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

/// All frames of a file, at least one, of equally many atoms.
///
/// # Errors
///
/// [`XyzError`] names the file, the line and what should stand there.
pub(super) fn read(path: &Path) -> Result<Vec<Frame>, XyzError> {
    let refuse = |reason| XyzError::Read { path: path.to_owned(), reason };
    parse(&std::fs::read_to_string(path).map_err(refuse)?, path)
}

/// All frames of a text, at least one, of equally many atoms; errors call it `path`.
///
/// # Errors
///
/// [`XyzError::Line`] and [`XyzError::End`].
pub fn parse(text: &str, path: &Path) -> Result<Vec<Frame>, XyzError> {
    let mut lines = Lines { path, lines: text.lines().collect(), next: 0 };
    let mut frames: Vec<Frame> = vec![];
    loop {
        let atoms = frames.first().map(|frame| frame.species.len());
        frames.push(frame(&mut lines, atoms)?);
        if lines.only_blank_lines_left() {
            return Ok(frames);
        }
    }
}

fn frame(lines: &mut Lines<'_>, atoms: Option<usize>) -> Result<Frame, XyzError> {
    let wanted = match atoms {
        Some(atoms) => format!("{atoms}, the number of atoms of every frame"),
        None => format!("the number of atoms, {FEWEST} to {MOST}"),
    };
    let fits = |count: &usize| match atoms {
        Some(atoms) => *count == atoms,
        None => (FEWEST..=MOST).contains(count),
    };
    let count = lines
        .parse(&wanted, |line| line.trim().parse::<usize>().ok().filter(|count| fits(count)))?;
    // Distances here know no periodic images. ASE writes a cell of molecules too, with pbc="F F F".
    let wanted =
        "Properties=species:S:1:pos:R:3, or any other comment, without a periodic cell (Lattice=…)";
    lines.parse(wanted, |comment| {
        let periodic = comment.contains("Lattice=") && !comment.contains("pbc=\"F F F\"");
        let columns = comment.split_once("Properties=").map(|(_, columns)| columns);
        columns
            .is_none_or(|c| c.trim_start_matches('"').starts_with("species:S:1:pos:R:3"))
            .then_some(())
            .filter(|()| !periodic)
    })?;
    let mut frame = Frame { species: vec![], x: vec![] };
    for atom in 1..=count {
        let wanted = format!("a symbol and three finite coordinates, atom {atom} of {count}");
        let (symbol, position) = lines.parse(&wanted, |line| {
            let mut words = line.split_whitespace();
            let symbol = words.next()?.to_owned();
            let mut coordinate = || words.next()?.parse().ok().filter(|x: &f64| x.is_finite());
            Some((symbol, [coordinate()?, coordinate()?, coordinate()?]))
        })?;
        frame.species.push(symbol);
        frame.x.extend(position);
    }
    Ok(frame)
}

struct Lines<'a> {
    path: &'a Path,
    lines: Vec<&'a str>,
    next: usize,
}

impl Lines<'_> {
    /// The next line, if `of` makes sense of it.
    fn parse<T>(&mut self, wanted: &str, of: impl Fn(&str) -> Option<T>) -> Result<T, XyzError> {
        let (path, wanted) = (self.path.to_owned(), wanted.to_owned());
        let text = self.lines.get(self.next).copied();
        self.next += 1;
        let line = self.next;
        let text =
            text.ok_or_else(|| XyzError::End { path: path.clone(), line, wanted: wanted.clone() })?;
        // A binary or a very long line would not be one to print.
        let shown = || text.chars().take(60).collect();
        of(text).ok_or_else(|| XyzError::Line { path, line, text: shown(), wanted })
    }

    fn only_blank_lines_left(&self) -> bool {
        self.lines[self.next..].iter().all(|line| line.trim().is_empty())
    }
}

/// A frame in the extended format, with `facts` such as "energy=-3" in its comment.
pub fn frame_text(species: &[String], x: &[f64], facts: &str) -> String {
    let mut text = format!("{}\nProperties=species:S:1:pos:R:3 {facts}\n", species.len());
    for (symbol, r) in species.iter().zip(x.chunks(3)) {
        writeln!(text, "{symbol} {} {} {}", r[0], r[1], r[2]).expect("a string takes all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Frame>, XyzError> {
        super::parse(text, Path::new("a.xyz"))
    }

    #[test]
    fn what_is_written_is_read_to_the_bit() {
        let species: Vec<String> = ["Ar", "Ar", "X"].map(str::to_owned).to_vec();
        let x: Vec<f64> = (0..9).map(|i| f64::from(i).sin() / 3.0).collect();
        let text = frame_text(&species, &x, "energy=-1.5").repeat(2) + "\n  \n";
        let frame = Frame { species, x };
        assert_eq!(parse(&text).unwrap(), [frame.clone(), frame]);
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        let atoms = "Ar 0 0 0\nAr 1 0 0\nAr 0 1 0\n";
        for (text, words) in [
            (String::new(), "ends at line 1"),
            ("two\n".to_owned(), "line 1: \"two\""),
            ("2\n\nAr 0 0 0\nAr 1 0 0\n".to_owned(), "line 1: \"2\""),
            ("3\n".to_owned(), "ends at line 2"),
            ("3\nProperties=pos:R:3:species:S:1\n".to_owned(), "line 2"),
            ("3\n\nAr 0 0 0\nAr 1 0\n".to_owned(), "line 4: \"Ar 1 0\""),
            ("3\n\nAr 0 0 nan\n".to_owned(), "line 3"),
            (format!("3\nLattice=\"9 0 0 0 9 0 0 0 9\" pbc=\"T T T\"\n{atoms}"), "periodic cell"),
            ("3\n\nAr 0 0 0\nAr 1 0 0\n".to_owned(), "ends at line 5"),
            (format!("3\n\n{atoms}rest\n"), "line 6: \"rest\""),
            (format!("3\n\n{atoms}4\n"), "line 6: \"4\"; here should be 3"),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("a.xyz"), "{error}");
        }
    }
}
