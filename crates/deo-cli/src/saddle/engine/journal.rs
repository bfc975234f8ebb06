//! The answers of an engine in the order in which they were asked for: memory and file.
//!
//! ```text
//! deo saddle answers 1: ATOMS atoms
//! QUESTION ENERGY FORCES SUM
//! ```
//!
//! A line is an answer: the hash of the positions, the energy, the forces of all atoms, and the hash of all that, each
//! number by the sixteen hexadecimal digits of its bits, so that nothing is rounded and NaN is itself. A line is written
//! as soon as its answer is there. The last one of a run that was killed may be cut; it is taken off.

use super::error::EngineError;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_64;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// The hash of the positions.
    question: u64,
    /// eV.
    pub(super) energy: f64,
    /// Of all atoms, eV/Å.
    pub(super) forces: Vec<f64>,
}

impl Answer {
    fn is_finite(&self) -> bool {
        self.energy.is_finite() && self.forces.iter().all(|force| force.is_finite())
    }
}

/// All answers, and where they are kept.
#[derive(Debug)]
pub(super) struct Journal {
    answers: Vec<Answer>,
    file: Option<(File, PathBuf)>,
}

const BAD_LINE: &str = "no answer";

impl Journal {
    /// In memory only.
    pub(super) fn in_memory() -> Self {
        Journal { answers: vec![], file: None }
    }

    /// That of the file, of a structure of so many atoms; empty if there is none yet.
    pub(super) fn open(path: &Path, atoms: usize) -> Result<Self, EngineError> {
        let failed = |what, reason| EngineError::File { what, path: path.to_owned(), reason };
        let text = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
            Err(error) => return Err(failed("read", error)),
        };
        let answers = parse(&text, atoms).map_err(|(line, fault)| EngineError::Journal {
            path: path.to_owned(),
            line,
            fault,
        })?;
        let mut options = OpenOptions::new();
        // Not truncated: what is there is gone on with.
        let file = options.write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(|reason| failed("write", reason))?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1) as u64;
        let begin = |file: &mut File| {
            file.set_len(whole)?;
            io::Seek::seek(file, io::SeekFrom::Start(whole))?;
            if whole == 0 { file.write_all(header(atoms).as_bytes()) } else { Ok(()) }
        };
        begin(&mut file).map_err(|reason| failed("write", reason))?;
        Ok(Journal { answers, file: Some((file, path.to_owned())) })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// The answer of that number, if it is there.
    ///
    /// # Errors
    ///
    /// [`EngineError::Other`] if it is one to another question.
    pub(super) fn get(
        &self,
        number: usize,
        positions: &[f64],
    ) -> Result<Option<&Answer>, EngineError> {
        let Some(answer) = self.answers.get(number) else { return Ok(None) };
        if answer.question == hash(positions) {
            return Ok(Some(answer));
        }
        let path = self.file.as_ref().map_or_else(PathBuf::new, |(_, path)| path.clone());
        Err(EngineError::Other { path, number: number + 1 })
    }

    /// The newest of the first `count` answers to that question. One that isn't finite was none: asked again, an engine may
    /// find another.
    pub(super) fn find(&self, count: usize, positions: &[f64]) -> Option<&Answer> {
        let question = hash(positions);
        let fits = |answer: &&Answer| answer.question == question && answer.is_finite();
        self.answers[..count].iter().rev().find(fits)
    }

    /// Adds an answer, in the file, too.
    pub(super) fn add(
        &mut self,
        positions: &[f64],
        energy: f64,
        forces: &[f64],
    ) -> Result<(), EngineError> {
        let answer = Answer { question: hash(positions), energy, forces: forces.to_vec() };
        if let Some((file, path)) = &mut self.file {
            let failed = |reason| EngineError::File { what: "write", path: path.clone(), reason };
            file.write_all(line(&answer).as_bytes()).map_err(failed)?;
        }
        self.answers.push(answer);
        Ok(())
    }

    /// All of it as the text of a file, and where that is, if there is one.
    pub(super) fn kept(&self, atoms: usize) -> Result<&Path, String> {
        match &self.file {
            Some((_, path)) => Ok(path),
            None => Err(header(atoms) + &self.answers.iter().map(line).collect::<String>()),
        }
    }
}

fn header(atoms: usize) -> String {
    format!("deo saddle answers 1: {atoms} atoms\n")
}

fn hash(positions: &[f64]) -> u64 {
    let bytes: Vec<u8> = positions.iter().flat_map(|x| x.to_le_bytes()).collect();
    XxHash3_64::oneshot(&bytes)
}

fn line(answer: &Answer) -> String {
    let mut text = format!("{:016x} {:016x} ", answer.question, answer.energy.to_bits());
    for force in &answer.forces {
        write!(text, "{:016x}", force.to_bits()).expect("a string takes all");
    }
    let sum = XxHash3_64::oneshot(text.as_bytes());
    writeln!(text, " {sum:016x}").expect("a string takes all");
    text
}

/// The answers; of a bad line its number and what is wrong with it.
fn parse(bytes: &[u8], atoms: usize) -> Result<Vec<Answer>, (usize, &'static str)> {
    // What is behind the last end of a line was cut.
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        // Nothing, or the beginning of a first line.
        let fits = header(atoms).as_bytes().starts_with(bytes);
        return if fits { Ok(vec![]) } else { Err((1, "no first line of such a file")) };
    };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    if [first, b"\n"].concat() != header(atoms).as_bytes() {
        let ours = first.starts_with(b"deo saddle answers 1: ");
        return Err((
            1,
            if ours { "of another number of atoms" } else { "no first line of such a file" },
        ));
    }
    lines.enumerate().map(|(i, line)| answer(line, atoms).ok_or((i + 2, BAD_LINE))).collect()
}

fn answer(line: &[u8], atoms: usize) -> Option<Answer> {
    let text = std::str::from_utf8(line).ok().filter(|text| text.is_ascii())?;
    let (content, sum) = text.rsplit_once(' ')?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    if number(sum)? != XxHash3_64::oneshot(content.as_bytes()) {
        return None;
    }
    let mut words = content.split(' ');
    let (question, energy, forces) = (words.next()?, words.next()?, words.next()?);
    if forces.len() != 48 * atoms {
        return None;
    }
    let forces: Option<Vec<f64>> =
        (0..3 * atoms).map(|i| number(&forces[16 * i..16 * i + 16]).map(f64::from_bits)).collect();
    Some(Answer {
        question: number(question)?,
        energy: f64::from_bits(number(energy)?),
        forces: forces?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_to_the_bit_and_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (x, forces) = ([0.1, 0.2, 1.0 / 3.0], [f64::NAN, -0.0, 1e-300]);
        let mut journal = Journal::open(&path, 1).unwrap();
        journal.add(&x, -1.0 / 7.0, &forces).unwrap();
        drop(journal);
        let bits = |answer: &Answer| answer.forces.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
        for cut in ["", "0123", "0123456789abcdef 00"] {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(cut.as_bytes()).unwrap();
            let journal = Journal::open(&path, 1).unwrap();
            let answer = journal.get(0, &x).unwrap().unwrap();
            assert_eq!(bits(answer), forces.map(f64::to_bits));
            assert_eq!((journal.len(), answer.energy), (1, -1.0 / 7.0));
            assert!(matches!(journal.get(0, &[0.0; 3]), Err(EngineError::Other { number: 1, .. })));
        }
        let mut journal = Journal::open(&path, 1).unwrap();
        journal.add(&[0.0; 3], 2.0, &[0.0; 3]).unwrap();
        let journal = Journal::open(&path, 1).unwrap();
        assert_eq!((journal.len(), journal.find(2, &[0.0; 3]).unwrap().energy), (2, 2.0));
        assert_eq!(journal.find(1, &[0.0; 3]), None);
    }

    #[test]
    fn what_is_no_journal_is_refused_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let mut journal = Journal::open(&path, 1).unwrap();
        journal.add(&[0.0; 3], 2.0, &[0.0; 3]).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        let flipped = good.replacen("4000", "4001", 1);
        for (text, line) in [
            ("3\n\nH 0 0 0\n", 1),
            ("x", 1),
            (&flipped, 2),
            (&(good.clone() + "\n"), 3),
            (&good.replace("1 atoms", "2 atoms"), 1),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Journal::open(&path, 1).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}, ")), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is left as it was");
        }
    }
}
