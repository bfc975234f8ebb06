//! The engine as a search sees it: gradients of the atoms that move, each asked for once.

use super::error::EngineError;
use super::journal::Journal;
use super::program::Program;
use super::settings::Settings;
use super::structure::Structure;
use deo_core::oracle::Oracle;
use deo_ipi::{IpiError, Server};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// An engine, and all of its answers.
///
/// The answers are shared with whoever writes them into logs and files.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    // Before the program: a client is told to go before it is made to.
    server: Option<Server>,
    program: Option<Program>,
    /// What starts it, when the first answer is needed that isn't there.
    command: Option<String>,
    structure: &'a Structure,
    answers: Rc<RefCell<Answers>>,
    guess: PathBuf,
}

/// What was answered up to now.
#[derive(Debug)]
pub(super) struct Answers {
    journal: Journal,
    /// How many of the journal's are of this run: those before were asked for by the run that it goes on with.
    used: usize,
    /// How many were there when the run began.
    pub(super) kept: usize,
}

impl Answers {
    /// Answers used so far, whoever asked for them.
    pub(super) fn count(&self) -> usize {
        self.used
    }

    /// Energy and forces of all atoms at a point that was asked about.
    pub(super) fn at(&self, all: &[f64]) -> Option<(f64, &[f64])> {
        self.journal.find(self.used, all).map(|answer| (answer.energy, &answer.forces[..]))
    }
}

impl<'a> Engine<'a> {
    /// Listens; `say` is told where.
    pub(super) fn start(
        settings: &Settings,
        structure: &'a Structure,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self, EngineError> {
        let atoms = structure.frame.species.len();
        let journal = match &settings.restart {
            Some(path) => Journal::open(path, atoms)?,
            None => Journal::in_memory(),
        };
        let server = Server::bind(&settings.address, settings.limits)?;
        say(&format!("listening at {}", server.address()));
        let answers = Answers { kept: journal.len(), used: 0, journal };
        Ok(Engine {
            server: Some(server),
            program: None,
            command: settings.run.clone(),
            structure,
            answers: Rc::new(RefCell::new(answers)),
            guess: settings.guess.clone(),
        })
    }

    /// The answers, to look at.
    pub(super) fn answers(&self) -> Rc<RefCell<Answers>> {
        self.answers.clone()
    }

    /// Energy and gradient at `x`, asked for again even if it was answered before.
    pub(super) fn anew(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, EngineError> {
        let all = self.structure.all(x);
        let mut forces = vec![0.0; all.len()];
        let mut answers = self.answers.borrow_mut();
        let used = answers.used;
        let energy = match answers.journal.get(used, &all)? {
            Some(answer) => {
                forces.copy_from_slice(&answer.forces);
                answer.energy
            }
            None => {
                let server = self.server.as_mut().expect("it lives as long as this");
                if let Some(command) = self.command.take() {
                    let program = self.program.insert(Program::start(&command)?);
                    server.watch(program.watch());
                }
                let asked = server.ask(&all, self.structure.frame.cell.as_ref(), &mut forces);
                let energy = asked.map_err(|reason| self.lost(&answers.journal, reason))?;
                answers.journal.add(&all, energy, &forces)?;
                energy
            }
        };
        answers.used += 1;
        gradient.copy_from_slice(&self.structure.moving(&forces));
        gradient.iter_mut().for_each(|g| *g = -*g);
        Ok(energy)
    }

    /// The end, with whatever was answered in a file.
    fn lost(&self, journal: &Journal, reason: IpiError) -> EngineError {
        let atoms = self.structure.frame.species.len();
        let number = journal.len();
        if number == 0 {
            return EngineError::Ipi(reason);
        }
        let written = |path: &Path| {
            format!(
                "{number} answers are in {}; go on by the same command with --restart {0}",
                path.display()
            )
        };
        let kept = match journal.kept(atoms) {
            Ok(path) => written(path),
            Err(text) => {
                let path = self.guess.with_extension("answers");
                match std::fs::write(&path, text) {
                    Ok(()) => written(&path),
                    Err(error) => format!("the answers could not be written to {path:?} ({error})"),
                }
            }
        };
        EngineError::Lost { reason, kept }
    }
}

impl Oracle<[f64]> for Engine<'_> {
    type Stop = EngineError;

    fn try_value(&mut self, x: &[f64]) -> Result<f64, EngineError> {
        self.try_value_grad(x, &mut vec![0.0; x.len()])
    }

    /// What was answered before isn't asked again.
    fn try_value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, EngineError> {
        let all = self.structure.all(x);
        if let Some((energy, forces)) = self.answers.borrow().at(&all) {
            gradient.copy_from_slice(&self.structure.moving(forces));
            gradient.iter_mut().for_each(|g| *g = -*g);
            return Ok(energy);
        }
        self.anew(x, gradient)
    }
}

/// The client goes before its program is waited for.
impl Drop for Engine<'_> {
    fn drop(&mut self) {
        self.server = None;
    }
}
