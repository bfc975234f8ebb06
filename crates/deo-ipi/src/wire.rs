//! What goes over a socket: words of twelve characters, numbers as the machine has them, and every wait limited.
//!
//! ```text
//! server                 client
//! STATUS              →
//!                     ←  NEEDINIT | READY | HAVEDATA | BUSY
//! INIT  i32 i32 bytes →                               bead, length, text
//! POSDATA 9f 9f i32 3nf →                             cell and inverse, transposed; n; positions, in bohr
//! GETFORCE            →
//!                     ←  FORCEREADY f i32 3nf 9f i32 bytes
//! EXIT                →
//! ```
//!
//! The last are energy and forces in hartree and bohr, the virial, and bytes that nobody needs, of any length.
//!
//! A time limit of the operating system is one of a single read, which a byte now and then renews for ever. So the limit
//! here is a moment, and each read gets what is left until then. Nothing is allocated for a length that was only
//! announced.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Characters of a word.
const WORD: usize = 12;

/// More atoms than anybody computes forces of; a count above is a mistake or an attack.
pub(crate) const MOST_ATOMS: usize = 10_000_000;

/// Bytes read at once.
const CHUNK: usize = 8192;

#[derive(Debug)]
pub(crate) enum Stream {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    /// Blocking, and without the delay in which TCP waits for more to send.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.set_nonblocking(false),
            Stream::Tcp(stream) => {
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)
            }
        }
    }

    fn limit(&self, time: Duration) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => {
                stream.set_read_timeout(Some(time))?;
                stream.set_write_timeout(Some(time))
            }
            Stream::Tcp(stream) => {
                stream.set_read_timeout(Some(time))?;
                stream.set_write_timeout(Some(time))
            }
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(bytes),
            Stream::Tcp(stream) => stream.read(bytes),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
            Stream::Tcp(stream) => stream.write(bytes),
        }
    }
}

/// A stream whose every operation ends by `deadline`, with [`ErrorKind::TimedOut`] if it isn't done.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    pub(crate) deadline: Instant,
}

impl Wire {
    pub(crate) fn new(stream: Stream, deadline: Instant) -> io::Result<Self> {
        stream.prepare()?;
        Ok(Wire { stream, deadline })
    }

    /// The time that is left goes to the next operation of the stream.
    fn arm(&self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // A limit of zero is none at all.
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.limit(left.max(Duration::from_millis(1)))
    }

    fn fill(&mut self, mut bytes: &mut [u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.arm()?;
            match self.stream.read(bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => bytes = &mut bytes[count..],
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.arm()?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn say(&mut self, word: &str) -> io::Result<()> {
        self.send(format!("{word:<WORD$}").as_bytes())
    }

    /// The next word, without the blanks that fill it up.
    pub(crate) fn hear(&mut self) -> io::Result<String> {
        let mut word = [0; WORD];
        self.fill(&mut word)?;
        let text = word.escape_ascii().to_string();
        // Some clients fill up by zeros.
        Ok(text.replace("\\x00", " ").trim_end().to_owned())
    }

    pub(crate) fn send_integer(&mut self, value: i32) -> io::Result<()> {
        self.send(&value.to_ne_bytes())
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes)
    }

    pub(crate) fn integer(&mut self) -> io::Result<i32> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(i32::from_ne_bytes(bytes))
    }

    pub(crate) fn send_numbers(&mut self, numbers: impl Iterator<Item = f64>) -> io::Result<()> {
        let bytes: Vec<u8> = numbers.flat_map(f64::to_ne_bytes).collect();
        self.send(&bytes)
    }

    /// `count` numbers, each handed to `take`.
    pub(crate) fn numbers(
        &mut self,
        count: usize,
        mut take: impl FnMut(usize, f64),
    ) -> io::Result<()> {
        let (mut bytes, mut done) = ([0; CHUNK], 0);
        while done < count {
            let some = (count - done).min(CHUNK / 8);
            self.fill(&mut bytes[..8 * some])?;
            for (i, eight) in bytes[..8 * some].chunks_exact(8).enumerate() {
                take(done + i, f64::from_ne_bytes(eight.try_into().expect("eight bytes")));
            }
            done += some;
        }
        Ok(())
    }

    /// Reads `count` bytes and forgets them.
    pub(crate) fn drop_bytes(&mut self, mut count: usize) -> io::Result<()> {
        let mut bytes = [0; CHUNK];
        while count > 0 {
            let some = count.min(CHUNK);
            self.fill(&mut bytes[..some])?;
            count -= some;
        }
        Ok(())
    }
}

/// The limit of the operating system ended a little early, or a signal came: `arm` knows whether time is up.
fn again(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
