//! Drivers: a few lines over the machines that ask, for losses that fit the [`Objective`](crate::Objective) trait.
//!
//! | driver | what it runs |
//! |---|---|
//! | [`curvature`] | one estimate at a point |
//! | [`Workspace::answer_all`] | everything that a machine [asks](Asks), whichever machine it is |
//! | [`Workspace::try_answer_all`] | the same by an [`Oracle`] that may stop |
//! | [`Dimer::measure`](crate::Dimer::measure) | the estimate of a dimer that is kept |
//! | [`Deo::visit`](crate::Deo::visit) | the questions of one training step |
//! | [`WithDeo`] | a whole training step around any optimizer |

pub use crate::deo::{StepReport, WithDeo, WithDeoState};
pub use crate::dimer::curvature;
pub use crate::oracle::{Asks, Oracle, Workspace};
