//! What a method is: something that moves x and pays for what it evaluates.

use super::meter::Metered;

/// A method of minimisation over slices of `f64`.
pub trait Method: Send {
    /// Its name, that of [`MethodKind`](super::MethodKind).
    fn name(&self) -> String;

    /// One step from x on the objective of this step, whose evaluations go through the meter.
    ///
    /// Returns f(x) at the x of before, or `None`, with x unmoved, if the budget couldn't pay the step. A number that
    /// isn't finite is nothing that a method must notice: who runs it looks at f(x) and at x after every step.
    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64>;

    /// What it has done beside ordinary steps.
    fn deeds(&self) -> Deeds {
        Deeds::default()
    }
}

/// What a method has done beside ordinary steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Deeds {
    /// Times that it looked for something better than an ordinary step.
    pub visits: u64,
    /// Those that moved x.
    pub moves: u64,
    /// Those of them that moved it along an axis, or at random.
    pub kicks: u64,
}
