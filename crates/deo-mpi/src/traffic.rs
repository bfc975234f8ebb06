//! What a rank has sent and waited for.

use std::time::Duration;

/// The communication of one rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Collective operations.
    pub collectives: u64,
    /// Bytes that this rank had to receive from others, and as many on average that it had to send: what no algorithm
    /// of an MPI library can do without.
    pub bytes: u64,
    /// Time in them, waiting for slower ranks included.
    pub time: Duration,
}

impl Traffic {
    /// The traffic since `before`.
    #[must_use]
    pub fn since(self, before: Traffic) -> Traffic {
        Traffic {
            collectives: self.collectives - before.collectives,
            bytes: self.bytes - before.bytes,
            time: self.time - before.time,
        }
    }
}
