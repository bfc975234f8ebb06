//! How long a server waits, and what it has seen.

use std::time::Duration;

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
    /// Of these, the ones that had answered nothing.
    pub fruitless: u64,
    /// Answers that were for nobody and dropped.
    pub stale: u64,
}
