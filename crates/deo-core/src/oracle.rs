//! Who answers: an oracle that may stop, and the one loop between it and a machine that asks.
//!
//! Problem: a dimer, a Krylov space, a check at two lengths and the escape of a saddle all ask for gradients or losses about a
//! point, and every program that runs one has its own reasons to stop: a budget that is spent, the error of a
//! framework, a signal. Were each pair a loop of its own, they would drift apart. So a machine [asks](Asks), an
//! [`Oracle`] answers or stops, and [`Workspace::try_answer_all`] is the loop between them.
//!
//! | who | implements |
//! |---|---|
//! | whoever asks: [`Dimer`](crate::Dimer), [`Deo`](crate::Deo), … | [`Asks`] |
//! | whoever evaluates and can't fail | [`Objective`], and with it [`Oracle`] |
//! | whoever evaluates and can | [`Oracle`] |
//!
//! A number that isn't finite is no stop: it is an answer, and the machine decides what it means.
//!
//! ```
//! use deo_core::oracle::{Oracle, Workspace};
//! use deo_core::{Dimer, DimerSettings, space::Host};
//!
//! /// x² − y², for so many gradients.
//! struct Paid(u32);
//! #[derive(Debug, PartialEq)]
//! struct Spent;
//! impl Oracle<[f64]> for Paid {
//!     type Stop = Spent;
//!     fn try_value(&mut self, x: &[f64]) -> Result<f64, Spent> {
//!         Ok(x[0] * x[0] - x[1] * x[1])
//!     }
//!     fn try_value_grad(&mut self, x: &[f64], g: &mut [f64]) -> Result<f64, Spent> {
//!         self.0 = self.0.checked_sub(1).ok_or(Spent)?;
//!         g.copy_from_slice(&[2.0 * x[0], -2.0 * x[1]]);
//!         self.try_value(x)
//!     }
//! }
//!
//! let (space, x) = (Host::<f64>::new(), [0.1, 0.2]);
//! let mut dimer = Dimer::new(&space, &x, DimerSettings::default())?;
//! dimer.draw(&space, 1);
//! dimer.begin(&space);
//! let mut workspace = Workspace::new(&space, &x, Default::default());
//! let stopped = workspace.try_answer_all(&mut dimer, &space, &mut Paid(2), &x, &[0.2, -0.4]);
//! assert_eq!((stopped, dimer.estimate().gradients), (Err(Spent), 2));
//! # Ok::<(), deo_core::SettingError>(())
//! ```

mod asks;
mod workspace;

pub(crate) use asks::asks;
pub use asks::{Asks, Question, Trial};
pub use workspace::Workspace;

use crate::objective::Objective;
use std::convert::Infallible;

/// A loss and its gradient from something that may stop answering.
///
/// Equal `x` must give equal answers, as for an [`Objective`], which is an oracle that never stops.
pub trait Oracle<V: ?Sized> {
    /// Why it stopped: a budget that is spent, the error of a framework, a signal.
    type Stop;

    /// f(x).
    ///
    /// # Errors
    ///
    /// Why there is no answer, and won't be one.
    fn try_value(&mut self, x: &V) -> Result<f64, Self::Stop>;

    /// f(x), and `gradient` ← ∇f(x). The old content of `gradient` must not matter.
    ///
    /// # Errors
    ///
    /// Why there is no answer, and won't be one. The content of `gradient` then means nothing.
    fn try_value_grad(&mut self, x: &V, gradient: &mut V) -> Result<f64, Self::Stop>;
}

impl<V: ?Sized, O: Objective<V> + ?Sized> Oracle<V> for O {
    type Stop = Infallible;

    fn try_value(&mut self, x: &V) -> Result<f64, Infallible> {
        Ok(Objective::value(self, x))
    }

    fn try_value_grad(&mut self, x: &V, gradient: &mut V) -> Result<f64, Infallible> {
        Ok(Objective::value_grad(self, x, gradient))
    }
}
