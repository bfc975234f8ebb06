//! The answers of an engine in the order in which they were asked for: memory and file.
//!
//! ```text
//! deo saddle answers 1: ATOMS atoms
//! QUESTION ENERGY FORCES SUM
//! s12:QUESTION ENERGY FORCES SUM
//! ```
//!
//! A line is an answer: the hash of the positions, the energy, the forces of all atoms, and the hash of all that, each
//! number by the sixteen hexadecimal digits of its bits, so that nothing is rounded and NaN is itself. A line is written
//! as soon as its answer is there. The last one of a run that was killed may be cut; it is taken off.
//!
//! Searches that go on at the same time have their lines mixed. What is a function of the answers before it is one search;
//! so each has a *lane*, which its lines begin with, and in a lane the order is always the same.

mod text;

use super::error::EngineError;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use text::{hash, header, line, parse};

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

/// What asks one question after another, each of them a function of the answers before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// The only search, or what comes before many.
    Whole,
    /// The way down from the start of many.
    Start,
    /// A search of many, counted from 1.
    Search(usize),
    /// The ways down from what that search found.
    Down(usize),
    /// The vibrations of the saddle that it found.
    OfSaddle(usize),
    /// The vibrations of a minimum below that: twice the number of the search, or that and one.
    OfMinimum(usize),
}

impl Lane {
    /// What its lines begin with.
    fn prefix(self) -> String {
        match self {
            Lane::Whole => String::new(),
            Lane::Start => "m:".to_owned(),
            Lane::Search(number) => format!("s{number}:"),
            Lane::Down(number) => format!("d{number}:"),
            Lane::OfSaddle(number) => format!("v{number}:"),
            Lane::OfMinimum(number) => format!("w{number}:"),
        }
    }

    /// The lane of a line, and the rest of it.
    fn of(line: &str) -> Option<(Lane, &str)> {
        let Some((prefix, rest)) = line.split_once(':') else { return Some((Lane::Whole, line)) };
        let numbered =
            |kind: char, lane: fn(usize) -> Lane| prefix.strip_prefix(kind)?.parse().ok().map(lane);
        let start = || (prefix == "m").then_some(Lane::Start);
        let lane = numbered('s', Lane::Search)
            .or_else(|| numbered('d', Lane::Down))
            .or_else(|| numbered('v', Lane::OfSaddle))
            .or_else(|| numbered('w', Lane::OfMinimum))
            .or_else(start)?;
        Some((lane, rest))
    }
}

/// All answers of a run, and where they are kept.
#[derive(Debug)]
pub(super) struct Book {
    /// Those that were there when the run began, until their lane is taken up.
    old: Mutex<BTreeMap<Lane, Vec<Answer>>>,
    /// How many these were.
    pub(super) kept: usize,
    lines: Mutex<Lines>,
    path: Option<PathBuf>,
}

#[derive(Debug)]
struct Lines {
    place: Place,
    count: usize,
}

#[derive(Debug)]
enum Place {
    File(File),
    /// As it would be in a file.
    Memory(String),
}

/// The answers of a lane.
#[derive(Debug)]
pub(super) struct Journal {
    lane: Lane,
    answers: Vec<Answer>,
    book: Arc<Book>,
}

const BAD_LINE: &str = "no answer";

impl Book {
    /// In memory only, for a structure of so many atoms.
    pub(super) fn in_memory(atoms: usize) -> Arc<Self> {
        let lines = Mutex::new(Lines { place: Place::Memory(header(atoms)), count: 0 });
        Arc::new(Book { old: Mutex::default(), kept: 0, lines, path: None })
    }

    /// That of the file, of a structure of so many atoms; empty if there is none yet.
    pub(super) fn open(path: &Path, atoms: usize) -> Result<Arc<Self>, EngineError> {
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
        let kept = answers.len();
        let mut old = BTreeMap::<Lane, Vec<Answer>>::new();
        answers.into_iter().for_each(|(lane, answer)| old.entry(lane).or_default().push(answer));
        let lines = Mutex::new(Lines { place: Place::File(file), count: kept });
        Ok(Arc::new(Book { old: Mutex::new(old), kept, lines, path: Some(path.to_owned()) }))
    }

    /// A lane with what is there of it.
    pub(super) fn lane(self: &Arc<Self>, lane: Lane) -> Journal {
        let answers = locked(&self.old).remove(&lane).unwrap_or_default();
        Journal { lane, answers, book: self.clone() }
    }

    /// How many there are in all lanes.
    pub(super) fn len(&self) -> usize {
        locked(&self.lines).count
    }

    /// Sees to it that all answers are in a file, in that one if there is none yet, and says in which.
    pub(super) fn keep(&self, otherwise: PathBuf) -> Result<PathBuf, EngineError> {
        match &locked(&self.lines).place {
            Place::File(_) => Ok(self.path.clone().unwrap_or(otherwise)),
            Place::Memory(text) => match std::fs::write(&otherwise, text) {
                Ok(()) => Ok(otherwise),
                Err(reason) => Err(EngineError::File { what: "write", path: otherwise, reason }),
            },
        }
    }

    fn add(&self, line: &str) -> Result<(), EngineError> {
        let mut lines = locked(&self.lines);
        match &mut lines.place {
            Place::Memory(text) => text.push_str(line),
            Place::File(file) => file.write_all(line.as_bytes()).map_err(|reason| {
                let path = self.path.clone().unwrap_or_default();
                EngineError::File { what: "write", path, reason }
            })?,
        }
        lines.count += 1;
        Ok(())
    }
}

/// Whoever panicked with the lock has left whole lines.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Journal {
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
        let path = self.book.path.clone().unwrap_or_default();
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
        self.book.add(&line(self.lane, &answer))?;
        self.answers.push(answer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twox_hash::XxHash3_64;

    fn open(path: &Path) -> Result<Arc<Book>, EngineError> {
        Book::open(path, 1)
    }

    #[test]
    fn answers_are_kept_to_the_bit_and_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (x, forces) = ([0.1, 0.2, 1.0 / 3.0], [f64::NAN, -0.0, 1e-300]);
        let mut journal = open(&path).unwrap().lane(Lane::Whole);
        journal.add(&x, -1.0 / 7.0, &forces).unwrap();
        drop(journal);
        let bits = |answer: &Answer| answer.forces.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
        for cut in ["", "0123", "0123456789abcdef 00"] {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(cut.as_bytes()).unwrap();
            let book = open(&path).unwrap();
            let journal = book.lane(Lane::Whole);
            let answer = journal.get(0, &x).unwrap().unwrap();
            assert_eq!(bits(answer), forces.map(f64::to_bits));
            assert_eq!((book.len(), answer.energy), (1, -1.0 / 7.0));
            assert!(matches!(journal.get(0, &[0.0; 3]), Err(EngineError::Other { number: 1, .. })));
        }
        let mut journal = open(&path).unwrap().lane(Lane::Whole);
        journal.add(&[0.0; 3], 2.0, &[0.0; 3]).unwrap();
        let book = open(&path).unwrap();
        let journal = book.lane(Lane::Whole);
        assert_eq!((book.len(), journal.find(2, &[0.0; 3]).unwrap().energy), (2, 2.0));
        assert_eq!(journal.find(1, &[0.0; 3]), None);
    }

    #[test]
    fn lanes_are_apart_and_in_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let lanes = [
            Lane::Whole,
            Lane::Search(2),
            Lane::Start,
            Lane::Down(2),
            Lane::Search(12),
            Lane::OfSaddle(2),
            Lane::OfMinimum(5),
        ];
        let book = open(&path).unwrap();
        let mut journals = lanes.map(|lane| book.lane(lane));
        for round in 0..3 {
            for (i, journal) in journals.iter_mut().enumerate() {
                let value = (10 * i + round) as f64;
                journal.add(&[value; 3], value, &[value; 3]).unwrap();
            }
        }
        let memory = Book::in_memory(1);
        memory.lane(Lane::Down(7)).add(&[1.0; 3], 1.0, &[1.0; 3]).unwrap();
        let book = open(&path).unwrap();
        assert_eq!((book.kept, book.len()), (21, 21));
        for (i, lane) in lanes.into_iter().enumerate() {
            let journal = book.lane(lane);
            for round in 0..3 {
                let value = (10 * i + round) as f64;
                assert_eq!(journal.get(round, &[value; 3]).unwrap().unwrap().energy, value);
            }
            assert_eq!(journal.get(3, &[0.0; 3]).unwrap(), None);
        }
        assert_eq!(book.keep(dir.path().join("other")).unwrap(), path);
        let other = memory.keep(dir.path().join("other")).unwrap();
        let again = open(&other).unwrap().lane(Lane::Down(7));
        assert_eq!(again.get(0, &[1.0; 3]).unwrap().unwrap().energy, 1.0);
        let text = std::fs::read_to_string(&other).unwrap();
        for bad in ["x7:", "d:", "d7:d7:", "d-7:"] {
            // With a sum that fits.
            let line = text.lines().nth(1).unwrap().rsplit_once(' ').unwrap().0;
            let line = line.replacen("d7:", bad, 1);
            let sum = XxHash3_64::oneshot(line.as_bytes());
            std::fs::write(&other, format!("{}{line} {sum:016x}\n", header(1))).unwrap();
            let error = open(&other).unwrap_err();
            assert!(matches!(error, EngineError::Journal { line: 2, .. }), "{bad} {error}");
        }
    }

    #[test]
    fn what_is_no_journal_is_refused_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let mut journal = open(&path).unwrap().lane(Lane::Whole);
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
            let error = open(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}, ")), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is left as it was");
        }
    }
}
