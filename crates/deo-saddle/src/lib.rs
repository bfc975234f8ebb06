#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cholesky;
mod coordinates;
mod cycle;
mod dense;
mod descent;
mod drive;
mod eigen;
mod guess;
mod irc;
mod learned;
mod min_mode;
mod model;
mod newton;
mod outcome;
mod reflections;
mod settings;
mod step;
mod tridiagonal;
mod verify;

pub use descent::{Descent, descend, join, try_descend, try_join};
pub use drive::{DriveError, Found, Method, Observer, Saddle, Step, TryError, Watch};
pub use drive::{find, in_parallel, search, try_find, try_search, verify_found};
pub use guess::HessianGuess;
pub use irc::{IrcBranch, IrcEnd, IrcPoint, IrcSettings, IrcWatch, irc, try_irc};
pub use min_mode::MinModeSearch;
pub use model::{
    FromHessian, Lindh, Matrix, ModelHessian, NoModel, Springs, Structure, StructureError,
};
pub use newton::NewtonSearch;
pub use outcome::{Counts, Outcome, Record, Waypoint};
pub use settings::{Goal, MinModeSettings, NewtonSettings, SearchError};
pub use verify::{Verdict, Verification, VerificationSettings};

use deo_core::space::Space;
use std::borrow::BorrowMut;

/// x, to be kept.
fn copied<S: Space>(space: &S, x: &S::Vector) -> S::Owned {
    let mut copy = space.zeros_like(x);
    space.copy(x, copy.borrow_mut());
    copy
}
