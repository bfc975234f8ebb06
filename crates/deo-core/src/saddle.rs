//! Saddle search: points of zero gradient with a given number of negative curvatures.
//!
//! Problem: between two minima of f lie saddles of index 1, the lowest passes from one to the other. Given a start,
//! find such a point from gradients alone, prove its index by an independent solve, and tell which minima it joins.
//!
//! | type | for | how |
//! |---|---|---|
//! | [`NewtonSearch`] | up to a few hundred coordinates | a Hessian learned from all gradients seen, RS-P-RFO steps |
//! | [`MinModeSearch`] | any number | reflected gradient by a dimer or a Krylov process, L-BFGS; 19 vectors |
//! | [`Verification`] | – | the k + 1 lowest eigenpairs, from a random start |
//! | [`find`], [`search`], [`descend`], [`join`], [`in_parallel`] | an [`Objective`](crate::Objective) at hand | drivers over these machines |
//!
//! Every machine has one question, "the gradient at this point, please": `ask` gives the point, `tell` takes f and
//! the gradient, until `ask` gives `None`. f is recorded and never used, so a NaN will do. The machines hold x, are
//! plain data, and can be cloned, saved and resumed at any answer.
//!
//! Frozen atoms and the rigid motions of a free cluster are a matter of the space
//! ([`Masked`](crate::space::Masked), [`FreeBody`](crate::space::FreeBody)), not of the search.
//!
//! Index 0 makes minimisers of both searches. No search of this kind converges from everywhere (Levitt & Ortner
//! 2017), so each is capped and ends in a typed [`Outcome`].

mod coordinates;
mod cycle;
mod descent;
mod drive;
mod eigen;
mod lbfgs;
mod learned;
mod min_mode;
mod newton;
mod outcome;
mod settings;
mod step;
mod verify;

pub use descent::{Descent, descend, join};
pub use drive::{DriveError, Found, Method, Saddle, find, in_parallel, search};
pub use min_mode::MinModeSearch;
pub use newton::NewtonSearch;
pub use outcome::{Counts, Outcome, Record, Waypoint};
pub use settings::{Goal, MinModeSettings, NewtonSettings, SearchError};
pub use verify::{Verdict, Verification, VerificationSettings};

use crate::space::Space;
use std::borrow::BorrowMut;

/// x, to be kept.
fn copied<S: Space>(space: &S, x: &S::Vector) -> S::Owned {
    let mut copy = space.zeros_like(x);
    space.copy(x, copy.borrow_mut());
    copy
}
