//! Atoms in eOn's files, `.con`.
//!
//! ```text
//! Random Number Seed                       two lines of anything
//! Time
//! 15.3456 21.702 100                       lengths of the cell's vectors, Å
//! 90 90 90                                 angles between b and c, a and c, a and b, degrees
//! 0 0                                      two lines that have no meaning
//! 218 0 1
//! 2                                        kinds of atoms
//! 2 2                                      of each how many
//! 63.546 1.008                             and its mass
//! Cu                                       for each kind its symbol, a line of anything,
//! Coordinates of Component 1
//! 0.6394 0.9045 6.9753 1 0                 and of each atom x, y, z, whether it is held, its number
//! ```
//!
//! The cell repeats itself in all directions. Atoms keep the order of the file, which is by kinds; an engine must have the
//! same. Held is 1, or 7; what is held along some directions only is refused, as are sections behind the coordinates.
//! Masses are those of the elements, whatever the file says; eOn's own are the same.

use super::elements::mass_of;
use super::xyz::{Frame, XyzError};
use std::fmt::Write as _;
use std::path::Path;

/// A count above is a mistake.
const MOST: usize = 1_000_000;

/// All frames of a text, at least one; errors call it `path`.
///
/// # Errors
///
/// [`XyzError::Line`] and [`XyzError::End`].
pub fn parse(text: &str, path: &Path) -> Result<Vec<Frame>, XyzError> {
    let mut lines = Lines { path, lines: text.lines().collect(), next: 0 };
    let mut frames = vec![];
    loop {
        frames.push(frame(&mut lines)?);
        match lines.lines.get(lines.next) {
            Some(line) if line.trim().is_empty() => {
                if lines.lines[lines.next..].iter().any(|line| !line.trim().is_empty()) {
                    lines.next += 1;
                    return Err(lines.refused(
                        "the end, or a frame: sections behind the coordinates aren't read",
                    ));
                }
                return Ok(frames);
            }
            Some(_) => {}
            None => return Ok(frames),
        }
    }
}

fn frame(lines: &mut Lines<'_>) -> Result<Frame, XyzError> {
    lines.take("a line of anything, the first of a frame")?;
    lines.take("a line of anything, the second of a frame")?;
    let lengths =
        lines.numbers("the lengths of the cell's vectors, three numbers above 0", |l| *l > 0.0)?;
    let angles = lines.numbers("the angles of the cell, three numbers between 0 and 180", |a| {
        *a > 0.0 && *a < 180.0
    })?;
    let Some(cell) = cell(lengths, angles) else {
        return Err(lines.refused("angles of three vectors that span a volume"));
    };
    lines.take("a line without meaning, the fifth of a frame")?;
    lines.take("a line without meaning, the sixth of a frame")?;
    let kinds: usize = lines.parse("the number of kinds of atoms", |line| {
        line.trim().parse().ok().filter(|kinds| (1..=MOST).contains(kinds))
    })?;
    let wanted = format!("how many atoms there are of each of {kinds} kinds");
    let counts = lines.parse(&wanted, |line| {
        let counts: Option<Vec<usize>> =
            line.split_whitespace().map(|word| word.parse().ok()).collect();
        let sum = |counts: &[usize]| {
            counts.iter().try_fold(0_usize, |sum, count| sum.checked_add(*count))
        };
        counts.filter(|counts| {
            counts.len() == kinds && sum(counts).is_some_and(|sum| (1..=MOST).contains(&sum))
        })
    })?;
    let wanted = format!("a mass for each of {kinds} kinds");
    lines.parse(&wanted, |line| {
        let masses =
            line.split_whitespace().map(|word| word.parse::<f64>().ok().filter(|mass| *mass > 0.0));
        masses.collect::<Option<Vec<f64>>>().filter(|masses| masses.len() == kinds)
    })?;
    let (species, x, movable) = (vec![], vec![], vec![]);
    let mut frame = Frame { species, x, cell: Some(cell), pbc: [true; 3], movable };
    for (kind, count) in counts.into_iter().enumerate() {
        let wanted = format!("the symbol of kind {}", kind + 1);
        let symbol = lines.parse(&wanted, |line| {
            let mut words = line.split_whitespace();
            words.next().filter(|_| words.next().is_none()).map(str::to_owned)
        })?;
        lines.take("a line of anything, before coordinates")?;
        for atom in 1..=count {
            let wanted = format!("x, y, z, and 0, or 1 for held, {symbol} {atom} of {count}");
            let (place, movable) = lines.parse(&wanted, coordinates)?;
            frame.species.push(symbol.clone());
            frame.x.extend(place);
            frame.movable.push(movable);
        }
    }
    Ok(frame)
}

/// x, y, z, and whether the atom may move.
fn coordinates(line: &str) -> Option<([f64; 3], bool)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (4 | 5) = words.len() else { return None };
    let number = |i: usize| words[i].parse::<f64>().ok().filter(|x| x.is_finite());
    let movable = match words[3] {
        "0" => true,
        "1" | "7" => false,
        _ => return None,
    };
    Some(([number(0)?, number(1)?, number(2)?], movable))
}

/// a along x, b in the plane of x and y.
fn cell([a, b, c]: [f64; 3], angles: [f64; 3]) -> Option<[f64; 9]> {
    // Exactly, as ninety degrees are what nearly all files have.
    let cosine = |angle: f64| if angle == 90.0 { 0.0 } else { angle.to_radians().cos() };
    let [alpha, beta, gamma] = angles.map(cosine);
    let sine = (1.0 - gamma * gamma).sqrt();
    let across = (alpha - beta * gamma) / sine;
    let height = 1.0 - beta * beta - across * across;
    // Flat to rounding is flat.
    (height > 1e-12)
        .then(|| [a, 0.0, 0.0, b * gamma, b * sine, 0.0, c * beta, c * across, c * height.sqrt()])
}

/// The frame in this format, its atoms by kinds in the order of their first ones; `None` without a cell, which the format
/// can't be without. The cell is turned as the format has it, and the atoms with it; a left-handed one is mirrored.
pub fn text(frame: &Frame) -> Option<String> {
    let cell = frame.cell?;
    let vectors = [0, 3, 6].map(|i| [cell[i], cell[i + 1], cell[i + 2]]);
    let dot = |u: [f64; 3], v: [f64; 3]| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
    let lengths = vectors.map(|v| dot(v, v).sqrt());
    let angle = |i: usize, j: usize| {
        let cosine = dot(vectors[i], vectors[j]) / (lengths[i] * lengths[j]);
        if cosine == 0.0 { 90.0 } else { cosine.clamp(-1.0, 1.0).acos().to_degrees() }
    };
    let angles = [angle(1, 2), angle(0, 2), angle(0, 1)];
    let turned = self::cell(lengths, angles)?;
    let mut kinds: Vec<&String> = vec![];
    frame.species.iter().for_each(|symbol| {
        if !kinds.contains(&symbol) {
            kinds.push(symbol);
        }
    });
    let joined = |words: Vec<String>| words.join(" ");
    let numbers = |numbers: [f64; 3]| joined(numbers.iter().map(f64::to_string).collect());
    let of = |kind: &String| frame.species.iter().filter(|symbol| *symbol == kind).count();
    let mut text =
        format!("written by deo\n\n{}\n{}\n0 0\n0 0 0\n", numbers(lengths), numbers(angles));
    let mut put = |line: String| writeln!(text, "{line}").expect("a string takes all");
    put(kinds.len().to_string());
    put(joined(kinds.iter().map(|kind| of(kind).to_string()).collect()));
    put(joined(kinds.iter().map(|kind| mass_of(kind).unwrap_or(1.0).to_string()).collect()));
    // As it is where the cell is: turning would round.
    let near = cell
        .iter()
        .zip(&turned)
        .all(|(a, b)| (a - b).abs() <= 1e-9 * lengths[0].max(lengths[1]).max(lengths[2]));
    for (number, kind) in kinds.iter().enumerate() {
        put((*kind).clone());
        put(format!("Coordinates of Component {}", number + 1));
        for (atom, _) in frame.species.iter().enumerate().filter(|(_, symbol)| symbol == kind) {
            let r = [frame.x[3 * atom], frame.x[3 * atom + 1], frame.x[3 * atom + 2]];
            let r = if near { r } else { in_other_cell(r, &vectors, &turned) };
            put(format!("{} {} {atom}", numbers(r), i32::from(!frame.movable[atom])));
        }
    }
    Some(text)
}

/// The place with the same shares of the vectors.
fn in_other_cell(r: [f64; 3], vectors: &[[f64; 3]; 3], turned: &[f64; 9]) -> [f64; 3] {
    let cross = |u: [f64; 3], v: [f64; 3]| {
        [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    };
    let dot = |u: [f64; 3], v: [f64; 3]| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
    let share = |i: usize| {
        let normal = cross(vectors[(i + 1) % 3], vectors[(i + 2) % 3]);
        dot(normal, r) / dot(normal, vectors[i])
    };
    let shares = [share(0), share(1), share(2)];
    [0, 1, 2].map(|k| (0..3).map(|i| shares[i] * turned[3 * i + k]).sum())
}

struct Lines<'a> {
    path: &'a Path,
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn take(&mut self, wanted: &str) -> Result<&'a str, XyzError> {
        let Some(text) = self.lines.get(self.next) else {
            let (line, wanted) = (self.next + 1, wanted.to_owned());
            return Err(XyzError::End { path: self.path.to_owned(), line, wanted });
        };
        self.next += 1;
        Ok(text)
    }

    fn parse<T>(&mut self, wanted: &str, of: impl Fn(&str) -> Option<T>) -> Result<T, XyzError> {
        let text = self.take(wanted)?;
        of(text).ok_or_else(|| self.refused(wanted))
    }

    fn numbers(&mut self, wanted: &str, fits: impl Fn(&f64) -> bool) -> Result<[f64; 3], XyzError> {
        self.parse(wanted, |line| {
            let number = |word: &str| word.parse::<f64>().ok().filter(|x| x.is_finite() && fits(x));
            let numbers: Option<Vec<f64>> = line.split_whitespace().map(number).collect();
            numbers?.try_into().ok()
        })
    }

    /// The line that was taken last isn't what was wanted.
    fn refused(&self, wanted: &str) -> XyzError {
        // A binary or a very long line would not be one to print.
        let text = self.lines[self.next - 1].chars().take(60).collect();
        XyzError::Line {
            path: self.path.to_owned(),
            line: self.next,
            text,
            wanted: wanted.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "Random Number Seed\nTime\n15.3456 21.702 100\n90 90 90\n0 0\n218 0 1\n2\n2 1\n63.546 1.008\n\
        Cu\nCoordinates of Component 1\n0.6394 0.9045 6.9753 1 0\n3.1969 0.9045 6.9753 0 1\n\
        H\nCoordinates of Component 2\n8.6823 9.947 11.733 0 2\n";

    fn frames(text: &str) -> Result<Vec<Frame>, String> {
        parse(text, Path::new("a.con")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_read_and_written_to_the_bit() {
        let read = frames(FILE).unwrap().remove(0);
        assert_eq!(read.species, ["Cu", "Cu", "H"]);
        assert_eq!(read.x, [0.6394, 0.9045, 6.9753, 3.1969, 0.9045, 6.9753, 8.6823, 9.947, 11.733]);
        assert_eq!(read.movable, [false, true, true]);
        assert_eq!(
            (read.cell, read.pbc),
            (Some([15.3456, 0.0, 0.0, 0.0, 21.702, 0.0, 0.0, 0.0, 100.0]), [true; 3])
        );
        let written = text(&read).unwrap();
        assert_eq!(frames(&written).unwrap(), std::slice::from_ref(&read));
        assert_eq!(frames(&written.repeat(3)).unwrap().len(), 3);
        assert_eq!(text(&Frame { cell: None, ..read }), None);
    }

    /// Atoms of a cell that is turned keep their distances to all images.
    #[test]
    fn a_skewed_cell_is_turned_with_its_atoms() {
        let cell = [0.3, 4.0, 0.5, 5.0, 0.2, 1.0, -0.4, 0.6, 6.0];
        let x = vec![0.1, 0.2, 0.3, 1.4, -0.7, 2.0];
        let (species, movable) = (vec!["H".to_owned(), "O".to_owned()], vec![true; 2]);
        let frame = Frame { species, x, cell: Some(cell), pbc: [true; 3], movable };
        let again = frames(&text(&frame).unwrap()).unwrap().remove(0);
        let turned = again.cell.unwrap();
        let away = |frame: &Frame, cell: &[f64; 9], shift: [f64; 3]| {
            let d = [0, 1, 2].map(|k| {
                frame.x[3 + k] - frame.x[k]
                    + (0..3).map(|i| shift[i] * cell[3 * i + k]).sum::<f64>()
            });
            d[0].hypot(d[1]).hypot(d[2])
        };
        for shift in [[0.0; 3], [1.0, 0.0, 0.0], [0.0, -1.0, 1.0], [1.0, 1.0, 1.0]] {
            let (a, b) = (away(&frame, &cell, shift), away(&again, &turned, shift));
            // This cell is left-handed, and its image right-handed: mirrored, distances are the same.
            assert!((a - b).abs() < 1e-12 * a, "{a} {b}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        for (from, to, line, words) in [
            ("15.3456 21.702 100", "15.3456 -1 100", 3, "lengths"),
            ("90 90 90", "90 90", 4, "angles"),
            ("90 90 90", "10 10 170", 4, "span a volume"),
            ("\n2\n2 1", "\ntwo\n2 1", 7, "number of kinds"),
            ("\n2 1\n", "\n2 1 1\n", 8, "each of 2 kinds"),
            ("63.546 1.008", "63.546", 9, "mass"),
            ("Cu\nCo", "\nCo", 10, "symbol of kind 1"),
            ("6.9753 1 0", "6.9753 3 0", 12, "Cu 1 of 2"),
            ("8.6823 9.947", "nan 9.947", 16, "H 1 of 1"),
            ("11.733 0 2\n", "11.733 0 2\n\nCu\nVelocities of Component 1\n", 17, "sections"),
            (
                "H\nCoordinates of Component 2\n8.6823 9.947 11.733 0 2\n",
                "",
                14,
                "symbol of kind 2",
            ),
        ] {
            assert!(FILE.contains(from), "{from}");
            let error = frames(&FILE.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(&format!("line {line}")) && error.contains(words), "{error}");
        }
        assert_eq!(frames(&(FILE.to_owned() + "\n \n")).unwrap().len(), 1);
    }
}
