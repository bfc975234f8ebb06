//! The server: asks one client at a time, and goes on with the next one when it is lost.
//!
//! Problem: a search lives longer than its engine. An SCF that doesn't converge ends ASE's client, a job scheduler kills
//! another, a third one hangs; and who waits for ever has lost as much as who gives up at once. So
//!
//! | the client | then |
//! |---|---|
//! | closes the connection | the next one is waited for and asked the same, [`Limits::lost`] times in a row at most |
//! | is silent | an end, after [`Limits::answer`] |
//! | doesn't come | an end, after [`Limits::client`] |
//! | answers for other atoms, or by an unknown word | an end at once: it won't be better next time |
//! | has an answer when it connects | fetched and dropped, it was for somebody else |
//! | answers by numbers that aren't finite | an answer; what it means is for the search to say |

use crate::address::Address;
use crate::error::IpiError;
use crate::units::{BOHR, FORCE, HARTREE};
use crate::wire::{MOST_ATOMS, Stream, Wire};
use std::io::{self, ErrorKind};
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long and how often is waited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// For a client to connect.
    pub client: Duration,
    /// For an answer.
    pub answer: Duration,
    /// Clients that may be lost at one question before it is given up.
    pub lost: u32,
}

impl Default for Limits {
    /// An hour for a client, a day for an answer, three clients.
    fn default() -> Self {
        Limits {
            client: Duration::from_secs(3600),
            answer: Duration::from_secs(24 * 3600),
            lost: 3,
        }
    }
}

/// What a server has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Answers.
    pub answers: u64,
    /// Clients that have connected.
    pub clients: u64,
    /// Clients that were lost.
    pub lost: u64,
    /// Answers that were for nobody and dropped.
    pub stale: u64,
}

#[derive(Debug)]
enum Door {
    #[cfg(unix)]
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Looks after the engine while a client is waited for.
type Watch = dyn FnMut(Counts) -> Option<String> + Send;

/// A socket that clients connect to.
pub struct Server {
    door: Door,
    address: Address,
    limits: Limits,
    wire: Option<Wire>,
    counts: Counts,
    watch: Box<Watch>,
    /// To be removed at the end.
    file: Option<PathBuf>,
}

/// INIT and answers for somebody else, in a row, after which a client says always the same.
const REPEATS: u32 = 8;

/// The edge of the cube that stands for no cell, Å: some clients can't do without one.
const CUBE: f64 = 100.0;

/// Between two questions whether the client has finished, at first and at most: a force field takes less than the
/// first, and of a second's gradient the last is nothing.
const NAPS: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(20)];

/// Why one try to get an answer has failed.
enum Trouble {
    /// The connection is gone.
    Lost(io::Error),
    /// Time is up.
    Silent(&'static str),
    /// It would be so again.
    Final(IpiError),
}

impl Server {
    /// Listens. A Unix socket that nobody answers at any more is replaced.
    ///
    /// # Errors
    ///
    /// [`IpiError::Taken`], [`IpiError::NotASocket`] and [`IpiError::Bind`].
    pub fn bind(address: &Address, limits: Limits) -> Result<Self, IpiError> {
        let refuse = |reason| IpiError::Bind { address: address.clone(), reason };
        let (door, bound, file) = match address {
            #[cfg(unix)]
            Address::Unix(path) => {
                clear(address, path)?;
                let door = UnixListener::bind(path).map_err(refuse)?;
                door.set_nonblocking(true).map_err(refuse)?;
                (Door::Unix(door), address.clone(), Some(path.clone()))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => return Err(refuse(ErrorKind::Unsupported.into())),
            Address::Tcp { host, port } => {
                let door =
                    TcpListener::bind((host.as_str(), *port)).map_err(|reason| {
                        match reason.kind() {
                            ErrorKind::AddrInUse => IpiError::Taken { address: address.clone() },
                            _ => refuse(reason),
                        }
                    })?;
                door.set_nonblocking(true).map_err(refuse)?;
                let port = door.local_addr().map_err(refuse)?.port();
                (Door::Tcp(door), Address::Tcp { host: host.clone(), port }, None)
            }
        };
        let (wire, counts) = (None, Counts::default());
        Ok(Server { door, address: bound, limits, wire, counts, watch: Box::new(|_| None), file })
    }

    /// Where it listens; the port is the one that the system has chosen.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What it has seen.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// `watch` is called while a client is waited for. What it returns, how the engine has ended, ends the waiting.
    pub fn watch(&mut self, watch: impl FnMut(Counts) -> Option<String> + Send + 'static) {
        self.watch = Box::new(watch);
    }

    /// Energy, eV, and `forces`, eV/Å, at `positions`, Å; `cell` has the vectors one after another, Å.
    ///
    /// # Errors
    ///
    /// [`IpiError`] says why there is no answer. Asking again is allowed, and waits for a client again.
    ///
    /// # Panics
    ///
    /// If `forces` isn't as long as `positions`.
    pub fn ask(
        &mut self,
        positions: &[f64],
        cell: Option<&[f64; 9]>,
        forces: &mut [f64],
    ) -> Result<f64, IpiError> {
        assert_eq!(positions.len(), forces.len(), "forces, and coordinates");
        let fault = |fault| Err(IpiError::Question { fault });
        if !positions.iter().all(|x| x.is_finite()) {
            return fault("a position is not finite");
        }
        if !positions.len().is_multiple_of(3) || positions.len() / 3 > MOST_ATOMS {
            return fault("positions are no three for each of at most ten million atoms");
        }
        let cell = cell.unwrap_or(&[CUBE, 0.0, 0.0, 0.0, CUBE, 0.0, 0.0, 0.0, CUBE]);
        let Some(inverse) = inverse(cell) else {
            return fault("the vectors of the cell span no volume");
        };
        let (mut lost, mut reason) = (0, None);
        loop {
            let trouble = match self.connected(&reason) {
                Ok(()) => match self.exchange(positions, cell, &inverse, forces) {
                    Ok(energy) => {
                        self.counts.answers += 1;
                        return Ok(energy);
                    }
                    Err(trouble) => trouble,
                },
                Err(error) => return Err(error),
            };
            self.wire = None;
            match trouble {
                Trouble::Final(error) => return Err(error),
                Trouble::Silent(wanted) => {
                    return Err(IpiError::Silent { wanted, waited: self.limits.answer });
                }
                Trouble::Lost(error) => {
                    (lost, self.counts.lost) = (lost + 1, self.counts.lost + 1);
                    let text = say(&error);
                    if lost >= self.limits.lost {
                        return Err(IpiError::Lost { clients: lost, reason: text });
                    }
                    reason = Some(text);
                }
            }
        }
    }

    /// There is a client, or there will be none.
    fn connected(&mut self, lost: &Option<String>) -> Result<(), IpiError> {
        let end = Instant::now() + self.limits.client;
        let mut nap = NAPS[0];
        while self.wire.is_none() {
            let deadline = Instant::now() + self.limits.answer;
            match self.accept().and_then(|stream| Wire::new(stream, deadline)) {
                Ok(wire) => {
                    self.wire = Some(wire);
                    self.counts.clients += 1;
                    break;
                }
                // A client that left before it was let in is no reason to end, nor is anything else here.
                Err(_) if Instant::now() >= end => {
                    let (address, lost) = (self.address.clone(), lost.clone());
                    return Err(IpiError::NoClient { address, waited: self.limits.client, lost });
                }
                Err(_) => {}
            }
            if let Some(how) = (self.watch)(self.counts) {
                return Err(IpiError::EngineEnded { how, lost: lost.clone() });
            }
            std::thread::sleep(nap);
            nap = (2 * nap).min(NAPS[1]);
        }
        Ok(())
    }

    fn accept(&self) -> io::Result<Stream> {
        match &self.door {
            #[cfg(unix)]
            Door::Unix(door) => door.accept().map(|(stream, _)| Stream::Unix(stream)),
            Door::Tcp(door) => door.accept().map(|(stream, _)| Stream::Tcp(stream)),
        }
    }

    fn exchange(
        &mut self,
        positions: &[f64],
        cell: &[f64; 9],
        inverse: &[f64; 9],
        forces: &mut [f64],
    ) -> Result<f64, Trouble> {
        let wire = self.wire.as_mut().expect("connected");
        wire.deadline = Instant::now() + self.limits.answer;
        let (mut inits, mut stale) = (0, 0);
        loop {
            let wanted = "READY, NEEDINIT or HAVEDATA";
            match status(wire, wanted)?.as_str() {
                "READY" => break,
                "NEEDINIT" if inits == REPEATS => return stuck("NEEDINIT"),
                "NEEDINIT" => {
                    inits += 1;
                    init(wire).map_err(|error| trouble(error, wanted))?;
                }
                "HAVEDATA" if stale == REPEATS => return stuck("HAVEDATA"),
                "HAVEDATA" => {
                    stale += 1;
                    self.counts.stale += 1;
                    receive(wire, forces)?;
                }
                "BUSY" => std::thread::sleep(NAPS[1]),
                found => return word(found, wanted),
            }
        }
        ask(wire, positions, cell, inverse).map_err(|error| trouble(error, "POSDATA"))?;
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
        _ => Trouble::Lost(error),
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

fn ask(wire: &mut Wire, positions: &[f64], cell: &[f64; 9], inverse: &[f64; 9]) -> io::Result<()> {
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
fn say(error: &io::Error) -> String {
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

/// Removes a socket that nobody answers at; refuses what is no socket, and one that is in use.
#[cfg(unix)]
fn clear(address: &Address, path: &std::path::Path) -> Result<(), IpiError> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(IpiError::NotASocket { path: path.to_owned() });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path)
            .map_err(|reason| IpiError::Bind { address: address.clone(), reason }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(reason) if reason.kind() == ErrorKind::PermissionDenied => {
            Err(IpiError::Bind { address: address.clone(), reason })
        }
        _ => Err(IpiError::Taken { address: address.clone() }),
    }
}

/// Tells the client to go, and removes the file of the socket.
///
/// LAMMPS ends with an error message then: it knows no other end.
impl Drop for Server {
    fn drop(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.deadline = Instant::now() + Duration::from_secs(1);
            // It may be gone.
            let _ = wire.say("EXIT");
        }
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file);
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Server { address, limits, counts, .. } = self;
        f.debug_struct("Server")
            .field("address", address)
            .field("limits", limits)
            .field("counts", counts)
            .finish_non_exhaustive()
    }
}
