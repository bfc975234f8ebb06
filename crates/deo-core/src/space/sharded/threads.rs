//! Ranks that are threads of one process: for tests of sharded code, and for examples that need no MPI.

use super::Communicator;
use std::{
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// One rank among threads.
///
/// Sums are taken in the order of the ranks, by each rank for itself, so all receive the same bits in every run.
/// If a rank panics, or ends its work earlier than others, those that wait for it panic instead of waiting for ever.
///
/// # Examples
///
/// ```
/// use deo_core::space::{Communicator, ThreadComm};
/// let sums = ThreadComm::run(3, |comm| {
///     let mut values = [1.0, comm.rank() as f64];
///     comm.all_reduce_sum(&mut values);
///     values
/// });
/// assert_eq!(sums, [[3.0, 3.0]; 3]);
/// ```
#[derive(Debug)]
pub struct ThreadComm {
    rank: usize,
    size: usize,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    board: Mutex<Board>,
    changed: Condvar,
}

#[derive(Debug)]
struct Board {
    /// What each rank has contributed to the sum in progress.
    contributions: Vec<Vec<f64>>,
    /// Ranks that have contributed, then ranks that have yet to read.
    arrived: usize,
    unread: usize,
    /// The first rank that panicked.
    lost: Option<usize>,
    /// The first rank that ended its work.
    left: Option<usize>,
}

impl ThreadComm {
    /// `size` ranks, each to be moved into a thread of its own.
    pub fn ranks(size: usize) -> Vec<ThreadComm> {
        let shared = Arc::new(Shared {
            board: Mutex::new(Board {
                contributions: vec![Vec::new(); size],
                arrived: 0,
                unread: 0,
                lost: None,
                left: None,
            }),
            changed: Condvar::new(),
        });
        (0..size).map(|rank| ThreadComm { rank, size, shared: Arc::clone(&shared) }).collect()
    }

    /// Runs `work` on `size` ranks at once and returns their results in the order of the ranks.
    ///
    /// # Panics
    ///
    /// If a rank panics, with the message of the one that did so first.
    pub fn run<T: Send>(size: usize, work: impl Fn(ThreadComm) -> T + Sync) -> Vec<T> {
        let ranks = ThreadComm::ranks(size);
        let shared = ranks.first().map(|comm| Arc::clone(&comm.shared));
        let mut results: Vec<thread::Result<T>> = thread::scope(|scope| {
            let threads: Vec<_> =
                (ranks.into_iter()).map(|comm| scope.spawn(|| work(comm))).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        let first_lost = shared.and_then(|shared| shared.lock().lost);
        if let Some(rank) = first_lost
            && let Err(panic) = results.swap_remove(rank)
        {
            resume_unwind(panic);
        }
        (results.into_iter())
            .map(|result| result.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        // A rank that panics holding the lock has said so in `lost`; the board itself stays readable.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ThreadComm {
    /// Waits until `ready`, or panics because a rank did.
    fn wait<'a>(
        &'a self,
        mut board: MutexGuard<'a, Board>,
        ready: impl Fn(&Board) -> bool,
    ) -> MutexGuard<'a, Board> {
        loop {
            if ready(&board) {
                return board;
            }
            if let Some(lost) = board.lost {
                panic!("rank {} waits for rank {lost}, which panicked", self.rank);
            }
            // A rank leaves between two sums, so this one will never be complete.
            if let (0, Some(left)) = (board.unread, board.left) {
                panic!("rank {} waits for rank {left}, which made fewer calls", self.rank);
            }
            board = (self.shared.changed.wait(board)).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Communicator for ThreadComm {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    /// # Panics
    ///
    /// If ranks sum different numbers of values: they have not made the same calls.
    fn all_reduce_sum(&self, values: &mut [f64]) {
        // The sum before this one must have been read by all.
        let mut board = self.wait(self.shared.lock(), |board| board.unread == 0);
        let mine = &mut board.contributions[self.rank];
        mine.clear();
        mine.extend_from_slice(values);
        board.arrived += 1;
        if board.arrived == self.size {
            board.arrived = 0;
            board.unread = self.size;
            self.shared.changed.notify_all();
        }
        let mut board = self.wait(board, |board| board.unread > 0);
        values.fill(0.0);
        for (rank, part) in board.contributions.iter().enumerate() {
            assert_eq!(
                part.len(),
                values.len(),
                "ranks {rank} and {} must sum the same number of values",
                self.rank
            );
            for (value, part) in values.iter_mut().zip(part) {
                *value += part;
            }
        }
        board.unread -= 1;
        if board.unread == 0 {
            self.shared.changed.notify_all();
        }
    }
}

impl Drop for ThreadComm {
    fn drop(&mut self) {
        let mut board = self.shared.lock();
        let gone = if thread::panicking() { &mut board.lost } else { &mut board.left };
        gone.get_or_insert(self.rank);
        self.shared.changed.notify_all();
    }
}
