//! What is held against the base optimizer alone.

use serde::{Serialize, Serializer};

/// A run beside the base alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The base once more, with other noise.
    Again,
    /// The base with as many steps as Escape was left with.
    FewerSteps,
    /// Escape without its axis.
    LineSearch,
    /// Escape with its default settings.
    Escape,
    /// Escape with the budget of a run of known length.
    ForRun,
}

impl Column {
    /// All of them, controls first.
    pub const ALL: [Column; 5] =
        [Column::Again, Column::FewerSteps, Column::LineSearch, Column::Escape, Column::ForRun];

    /// Those that are judged.
    pub const JUDGED: [Column; 2] = [Column::Escape, Column::ForRun];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Column::Again => "again",
            Column::FewerSteps => "fewer-steps",
            Column::LineSearch => "line-search",
            Column::Escape => "escape",
            Column::ForRun => "escape-for-run",
        }
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(to)
    }
}
