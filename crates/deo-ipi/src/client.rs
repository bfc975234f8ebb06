//! An engine in Rust: the other end, which answers.

use crate::address::Address;
use crate::error::IpiError;
use crate::units::{BOHR, FORCE, HARTREE};
use crate::wire::{MOST_ATOMS, Stream, Wire};
use std::io;
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// What a server asks about.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The vectors of the cell after one another, Å.
    pub cell: [f64; 9],
    /// x, y, z of each atom after another, Å.
    pub positions: Vec<f64>,
}

/// What an engine answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// eV.
    pub energy: f64,
    /// Of each atom after another, eV/Å.
    pub forces: Vec<f64>,
    /// eV; a saddle search makes no use of it.
    pub virial: [f64; 9],
    /// Anything, for servers that know what to do with it.
    pub extra: Vec<u8>,
}

impl Reply {
    /// Without virial, and with one byte of no meaning, since some servers can't read none.
    pub fn new(energy: f64, forces: Vec<f64>) -> Self {
        Reply { energy, forces, virial: [0.0; 9], extra: vec![0] }
    }
}

/// Why a client has stopped to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The server said so.
    Exit,
    /// The server is gone.
    Closed,
    /// The engine gave no answer.
    Stopped,
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    wire: Wire,
    /// Asks for INIT before anything else.
    needs_init: bool,
    reply: Option<Reply>,
}

/// A server may compute for a day between two questions.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3600);

impl Client {
    /// Connects, and tries for as long as `wait` while nobody listens.
    ///
    /// # Errors
    ///
    /// [`IpiError::Connect`].
    pub fn connect(address: &Address, wait: Duration) -> Result<Self, IpiError> {
        let end = Instant::now() + wait;
        loop {
            let wire = open(address).and_then(|s| Wire::new(s, Instant::now() + PATIENCE));
            match wire {
                Ok(wire) => return Ok(Client { wire, needs_init: false, reply: None }),
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
                Err(reason) => return Err(IpiError::Connect { address: address.clone(), reason }),
            }
        }
    }

    /// Wants INIT first, as some engines do.
    #[must_use]
    pub fn needing_init(mut self) -> Self {
        self.needs_init = true;
        self
    }

    /// Has an answer before it is asked, as an engine that went through a restart of the server.
    #[must_use]
    pub fn holding(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// Answers by `engine` until the server or the engine, by `None`, has enough.
    ///
    /// # Errors
    ///
    /// [`IpiError::Word`] and [`IpiError::Atoms`] for what no server says.
    pub fn serve(
        mut self,
        mut engine: impl FnMut(&Question) -> Option<Reply>,
    ) -> Result<Ended, IpiError> {
        match self.answer(&mut engine) {
            Ok(ended) => ended,
            Err(_) => Ok(Ended::Closed),
        }
    }

    fn answer(
        &mut self,
        engine: &mut dyn FnMut(&Question) -> Option<Reply>,
    ) -> io::Result<Result<Ended, IpiError>> {
        loop {
            match self.wire.hear()?.as_str() {
                "STATUS" => {
                    let status = match (&self.reply, self.needs_init) {
                        (_, true) => "NEEDINIT",
                        (Some(_), _) => "HAVEDATA",
                        (None, _) => "READY",
                    };
                    self.wire.say(status)?;
                }
                "INIT" => {
                    self.wire.integer()?;
                    let length = self.wire.integer()?;
                    self.wire.drop_bytes(usize::try_from(length).unwrap_or(0))?;
                    self.needs_init = false;
                }
                "POSDATA" => match self.question()? {
                    Ok(question) => match engine(&question) {
                        Some(reply) => self.reply = Some(reply),
                        None => return Ok(Ok(Ended::Stopped)),
                    },
                    Err(error) => return Ok(Err(error)),
                },
                "GETFORCE" => {
                    if let Some(reply) = self.reply.take() {
                        self.send(&reply)?;
                    }
                }
                "EXIT" => return Ok(Ok(Ended::Exit)),
                found => {
                    let wanted = "STATUS, INIT, POSDATA, GETFORCE or EXIT";
                    return Ok(Err(IpiError::Word { found: found.to_owned(), wanted }));
                }
            }
        }
    }

    fn question(&mut self) -> io::Result<Result<Question, IpiError>> {
        let (mut cell, mut positions) = ([0.0; 9], vec![]);
        // Vectors are columns on the wire.
        self.wire.numbers(9, |i, value| cell[3 * (i % 3) + i / 3] = value * BOHR)?;
        self.wire.numbers(9, |_, _| {})?;
        let count = self.wire.integer()?;
        let atoms = usize::try_from(count).ok().filter(|atoms| *atoms <= MOST_ATOMS);
        let Some(atoms) = atoms else {
            return Ok(Err(IpiError::Atoms { asked: 0, answered: count.into() }));
        };
        self.wire.numbers(3 * atoms, |_, value| positions.push(value * BOHR))?;
        Ok(Ok(Question { cell, positions }))
    }

    fn send(&mut self, reply: &Reply) -> io::Result<()> {
        self.wire.say("FORCEREADY")?;
        self.wire.send_numbers(std::iter::once(reply.energy / HARTREE))?;
        self.wire.send_integer((reply.forces.len() / 3) as i32)?;
        self.wire.send_numbers(reply.forces.iter().map(|force| force / FORCE))?;
        self.wire.send_numbers(reply.virial.iter().map(|virial| virial / HARTREE))?;
        self.wire.send_integer(reply.extra.len() as i32)?;
        self.wire.send_bytes(&reply.extra)
    }
}

fn open(address: &Address) -> io::Result<Stream> {
    match address {
        #[cfg(unix)]
        Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).map(Stream::Tcp),
    }
}
