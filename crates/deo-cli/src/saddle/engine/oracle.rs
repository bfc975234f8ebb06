//! The engine as a search sees it: gradients of the atoms that move, each asked for once.

use super::error::EngineError;
use super::journal::{Book, Journal, Lane};
use super::program::Program;
use super::settings::Settings;
use super::structure::Structure;
use deo_core::oracle::Oracle;
use deo_ipi::{Pool, Seat};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// What all searches of a run share: the socket, the clients behind it, and the file of the answers.
#[derive(Debug)]
pub(super) struct Host {
    // Before the program: a client is told to go before it is made to.
    pool: Pool,
    program: Mutex<Option<Program>>,
    /// What starts it, when the first answer is needed that isn't there.
    command: Mutex<Option<String>>,
    clients: usize,
    book: Arc<Book>,
    guess: PathBuf,
}

impl Host {
    /// Listens; `say` is told where.
    pub(super) fn start(
        settings: &Settings,
        atoms: usize,
        say: &mut dyn FnMut(&str),
    ) -> Result<Self, EngineError> {
        let book = match &settings.restart {
            Some(path) => Book::open(path, atoms)?,
            None => Book::in_memory(atoms),
        };
        let pool = Pool::bind(&settings.address, settings.limits)?;
        say(&format!("listening at {}", pool.address()));
        Ok(Host {
            pool,
            program: Mutex::new(None),
            command: Mutex::new(settings.run.clone()),
            clients: settings.clients,
            book,
            guess: settings.guess.clone(),
        })
    }

    /// The answers that were there when the run began.
    pub(super) fn kept(&self) -> usize {
        self.book.kept
    }

    /// All of them.
    pub(super) fn answers(&self) -> usize {
        self.book.len()
    }

    /// Nobody is answered any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    fn seat(&self) -> Result<Seat<'_>, EngineError> {
        let command = self.command.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(command) = command {
            let program = Program::start(&command, self.clients)?;
            self.pool.watch(program.watch());
            *self.program.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(program);
        }
        Ok(self.pool.seat()?)
    }

    /// The end, with whatever was answered in a file.
    pub(super) fn ended(&self, error: EngineError) -> EngineError {
        let (reason, number) = match error {
            EngineError::Ipi(reason) if self.answers() > 0 => (reason, self.answers()),
            error => return error,
        };
        let kept = match self.book.keep(self.guess.with_extension("answers")) {
            Ok(path) => format!(
                "{number} answers are in {}; go on by the same command with --restart {0}",
                path.display()
            ),
            Err(error) => format!("the answers are lost: {error}"),
        };
        EngineError::Lost { reason, kept }
    }
}

/// One who asks, and all of its answers.
///
/// The answers are shared with whoever writes them into logs and files.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    host: &'a Host,
    /// Once something was asked for that isn't there.
    seat: Option<Seat<'a>>,
    structure: &'a Structure,
    answers: Rc<RefCell<Answers>>,
}

/// What was answered up to now.
#[derive(Debug)]
pub(super) struct Answers {
    journal: Journal,
    /// How many of the journal's are of this run: those before were asked for by the run that it goes on with.
    used: usize,
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
    /// Asks about a structure in a lane.
    pub(super) fn new(host: &'a Host, structure: &'a Structure, lane: Lane) -> Self {
        let answers = Answers { journal: host.book.lane(lane), used: 0 };
        Engine { host, seat: None, structure, answers: Rc::new(RefCell::new(answers)) }
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
                let seat = match &mut self.seat {
                    Some(seat) => seat,
                    none => none.insert(self.host.seat()?),
                };
                let energy = seat.ask(&all, self.structure.frame.cell.as_ref(), &mut forces)?;
                answers.journal.add(&all, energy, &forces)?;
                energy
            }
        };
        answers.used += 1;
        gradient.copy_from_slice(&self.structure.moving(&forces));
        gradient.iter_mut().for_each(|g| *g = -*g);
        Ok(energy)
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
