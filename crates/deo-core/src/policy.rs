//! What is done with the axis.
//!
//! Along n, with curvature λ, a gradient step of rate η maps the component c of x to:
//!
//! | policy | gradient becomes | c becomes | at λ < 0 |
//! |---|---|---|---|
//! | none | g | (1 − ηλ) c | leaves the saddle at rate η\|λ\| |
//! | [`Deflate`] | g − α⟨g,n⟩n | (1 − η(1−α)λ) c | 0 < α < 1 slows it, α = 1 freezes it, α > 1 converges to the saddle |
//! | [`Amplify`] | g + s⟨g,n⟩n where C < 0 | (1 − η(1+s)λ) c | speeds it up by 1 + s |
//! | [`Escape`] | g; x may be moved instead | – | leaves in a few evaluations, by losses that were seen to fall |
//!
//! Beside them stands [`Guard`], a cap on the length of an optimizer's steps.
//!
//! The paper's rule is `Deflate`. That its sign cannot help to leave a saddle is a matter of the table above.

mod amplify;
mod deflate;
mod escape;
mod guard;
mod pending;
mod ray;

pub use amplify::Amplify;
pub use deflate::Deflate;
pub use escape::{Along, Escape, EscapeSettings, Kick};
pub use guard::{Guard, GuardSettings};

pub(crate) use escape::{Outcome, Stage, StepInfo};
pub(crate) use pending::{PendingMove, SAME_SHARE};
#[cfg(test)]
pub(crate) use ray::Best;
