//! A few numbers from every rank to every rank: sums with the same bits everywhere, and what guards them.
//!
//! Problem: the machines of deo-core decide by a few sums. If one rank had other bits than another, the two might take
//! different branches and wait for each other for ever. `MPI_Allreduce` promises neither an order of summation nor,
//! strictly, the same bits on all ranks: the standard recommends the first and leaves the algorithm to the library.
//!
//! So each rank sends what it has to all (`MPI_Allgather`, which moves bits and computes nothing), and each adds for
//! itself, in the order of the ranks:
//!
//! ```text
//! s = (((0 + v₀) + v₁) + …) + v_{P−1}
//! ```
//!
//! The result depends on the values and the number of ranks, and on nothing else: not on timing, the MPI library, its
//! algorithms or the network.
//!
//! A message has 128 bytes whatever is summed:
//!
//! | word | meaning |
//! |---|---|
//! | 0 | which call this is: sum, average, agreement, end |
//! | 1 | how many numbers it is about |
//! | 2 … 15 | up to 14 numbers |
//!
//! Below some kilobytes a message costs its latency, so the padding is free, and the first two words find ranks that
//! have lost each other: where they differ, all ranks panic and say what each was about to do.

use crate::traffic::Traffic;
use deo_core::space::Communicator;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives};
use std::cell::{Cell, RefCell};
use std::time::Instant;

/// 64-bit words of a message, and those of them that carry numbers.
const WORDS: usize = 16;
const HEADER: usize = 2;
const ROOM: usize = WORDS - HEADER;

/// What a rank is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Call {
    Sum = 1,
    Average = 2,
    Agree = 3,
    End = 4,
}

impl Call {
    fn describe(word: u64, count: u64) -> String {
        match word {
            w if w == Call::Sum as u64 => format!("sums {count} numbers"),
            w if w == Call::Average as u64 => format!("averages {count} components"),
            w if w == Call::Agree as u64 => "compares a number".to_owned(),
            w if w == Call::End as u64 => "ends its work".to_owned(),
            _ => "sends something unknown".to_owned(),
        }
    }
}

/// The ranks of an MPI communicator, for [`Sharded`](deo_core::space::Sharded) and
/// [`DataParallel`](crate::DataParallel).
///
/// Made by [`run`](crate::run), or over a communicator of your own.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Communicator, Host, Sharded, Space};
/// let norm = deo_mpi::run(|comm| {
///     let part = vec![3.0; 1 + comm.rank()]; // ranks may hold parts of different lengths
///     let space = Sharded::new(Host::<f64>::new(), comm, &part);
///     Ok::<_, std::convert::Infallible>(space.norm(&part))
/// });
/// assert_eq!(norm, 3.0); // alone, without mpirun
/// ```
pub struct MpiComm {
    inner: SimpleCommunicator,
    rank: usize,
    size: usize,
    /// The last message of every rank.
    inbox: RefCell<Vec<u64>>,
    traffic: Cell<Traffic>,
}

impl std::fmt::Debug for MpiComm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MpiComm(rank {} of {})", self.rank, self.size)
    }
}

/// Ranks that should have the same number and don't.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: rank {rank} has another value than rank 0; all ranks must have the same")]
pub struct Disagreement {
    /// What was compared.
    pub what: String,
    /// The first rank that differs.
    pub rank: usize,
}

impl MpiComm {
    /// Over the ranks of `ranks`, in a duplicate of it, so that messages of yours and these never meet.
    ///
    /// Collective. The value must be dropped before MPI is finalised, and used on the thread that initialised MPI.
    /// A panic that unwinds out of `main` would finalise MPI and wait there for the other ranks:
    /// [`run`](crate::run) stops them instead.
    pub fn over(ranks: &impl mpi::traits::Communicator) -> Self {
        let inner = ranks.duplicate();
        // Ranks and sizes are C ints of at least 0 and 1.
        let (rank, size) = (inner.rank() as usize, inner.size() as usize);
        let inbox = RefCell::new(vec![0; WORDS * size]);
        MpiComm { inner, rank, size, inbox, traffic: Cell::default() }
    }

    /// What has been sent through it, and the time spent in it.
    pub fn traffic(&self) -> Traffic {
        self.traffic.get()
    }

    /// Fails, on all ranks, unless they all have the same `value`: a hash of the data, of the parameters, a setting.
    ///
    /// Collective, one message.
    ///
    /// # Errors
    ///
    /// [`Disagreement`], the same on every rank.
    pub fn agree(&self, what: &str, value: u64) -> Result<(), Disagreement> {
        self.exchange(Call::Agree, 1, &[value], |inbox| {
            let others = inbox.chunks_exact(WORDS).position(|m| m[HEADER] != inbox[HEADER]);
            others.map_or(Ok(()), |rank| Err(Disagreement { what: what.to_owned(), rank }))
        })
    }

    /// The last call: every rank has done its work.
    pub(crate) fn end(&self) {
        self.exchange(Call::End, 0, &[], |_| ());
    }

    /// Stops every rank of the job.
    pub(crate) fn abort(&self, code: i32) -> ! {
        self.inner.abort(code)
    }

    pub(crate) fn mpi(&self) -> &SimpleCommunicator {
        &self.inner
    }

    /// Sends two numbers to all, announces a call about `count` components, and hands those of each rank to `with`.
    pub(crate) fn announce<R>(
        &self,
        count: usize,
        numbers: [f64; 2],
        with: impl FnOnce(&mut dyn Iterator<Item = [f64; 2]>) -> R,
    ) -> R {
        self.exchange(Call::Average, count, &numbers.map(f64::to_bits), |inbox| {
            with(&mut inbox.chunks_exact(WORDS).map(|message| {
                [f64::from_bits(message[HEADER]), f64::from_bits(message[HEADER + 1])]
            }))
        })
    }

    /// Runs `collective`, which brings `bytes` to this rank, and counts it.
    pub(crate) fn count<R>(&self, bytes: usize, collective: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = collective();
        let mut traffic = self.traffic.get();
        traffic.collectives += 1;
        traffic.bytes += bytes as u64;
        traffic.time += start.elapsed();
        self.traffic.set(traffic);
        result
    }

    /// One message from every rank to every rank; `read` gets them in the order of the ranks.
    fn exchange<R>(
        &self,
        call: Call,
        count: usize,
        numbers: &[u64],
        read: impl FnOnce(&[u64]) -> R,
    ) -> R {
        let mut message = [0; WORDS];
        message[..HEADER].copy_from_slice(&[call as u64, count as u64]);
        message[HEADER..][..numbers.len()].copy_from_slice(numbers);
        let mut inbox = self.inbox.borrow_mut();
        let bytes = (self.size - 1) * size_of_val(&message);
        self.count(bytes, || self.inner.all_gather_into(&message[..], &mut inbox[..]));
        self.check(&inbox);
        read(&inbox)
    }

    /// Panics unless all ranks have made the same call. All find the same, so all say the same.
    fn check(&self, inbox: &[u64]) {
        let lost = |message: &[u64]| message[..HEADER] != inbox[..HEADER];
        if let Some(rank) = inbox.chunks_exact(WORDS).position(lost) {
            let other = &inbox[rank * WORDS..];
            panic!(
                "rank {rank} {} where rank 0 {}: all ranks must make the same calls in the same order",
                Call::describe(other[0], other[1]),
                Call::describe(inbox[0], inbox[1]),
            );
        }
    }
}

impl Communicator for MpiComm {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    /// One message for each 14 values.
    ///
    /// # Panics
    ///
    /// If ranks make different calls, on all of them.
    fn all_reduce_sum(&self, values: &mut [f64]) {
        for values in values.chunks_mut(ROOM) {
            let mut numbers = [0; ROOM];
            for (number, value) in numbers.iter_mut().zip(values.iter()) {
                *number = value.to_bits();
            }
            let count = values.len();
            self.exchange(Call::Sum, count, &numbers[..count], |inbox| {
                values.fill(0.0);
                for message in inbox.chunks_exact(WORDS) {
                    for (value, bits) in values.iter_mut().zip(&message[HEADER..]) {
                        *value += f64::from_bits(*bits);
                    }
                }
            });
        }
    }
}
