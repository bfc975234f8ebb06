//! Analytic losses whose stationary points and curvatures are known.
//!
//! Problem: whether a method finds the lowest curvature, leaves a saddle or converges to one can only be judged
//! where the answer is known beforehand. Each function here states its formula, the box in which a start makes
//! sense, its minima and its saddles, with the lowest curvature there in closed form where there is one; tests check
//! each of these statements. A saddle is *strict* if it has negative curvature, and *degenerate* if it has none.
//!
//! | name | function | what it is for |
//! |---|---|---|
//! | `quadratic` | [`Quadratic`] | lowest eigenpair of a known spectrum in a random basis |
//! | `strict-saddle` | [`StrictSaddle`] | escape from one saddle into one of two minima |
//! | `octopus` | [`Octopus`] | escape from d saddles in a row |
//! | `muller-brown` | [`MullerBrown`] | saddle search between three minima |
//! | `monkey` | [`Monkey`] | a degenerate saddle: no curvature at all |
//! | `monkey-well` | [`MonkeyWell`] | the same with minima to reach |
//! | `quartic-saddle` | [`QuarticSaddle`] | a saddle flat to third order |
//! | `gaussian-bump` | [`GaussianBump`] | a maximum in ten directions, saddles around it |
//! | `rosenbrock` | [`Rosenbrock`] | a curved valley without a saddle |
//! | `matrix-factorisation` | [`MatrixFactorisation`] | one strict saddle for each eigenpair, minima with flat directions |
//! | `phase-retrieval` | [`PhaseRetrieval`] | a maximum from which the steepest descent leads nearly towards a minimum |
//! | `linear-net`, `deep-linear-net` | [`LinearNet`] | one saddle for each singular triple; strict for two layers only |
//! | `linear-attention`, `linear-attention-apart` | [`LinearAttention`] | regression in context: one strict saddle; degenerate ones in a row |
//! | `identical-units` | [`IdenticalUnits`] | a symmetry that no gradient method breaks |
//! | `xor` | [`Xor`] | a degenerate saddle of a small net |
//!
//! [`by_name`] gives one with its customary parameters as a [`Landscape`]; [`InSingle`] evaluates any of them
//! at vectors stored in `f32`.
//!
//! # Examples
//!
//! ```
//! use deo_core::Objective;
//! use deo_models::landscapes;
//! let mut landscape = landscapes::by_name("strict-saddle")?;
//! let saddle = &landscape.saddles()[0];
//! assert_eq!(saddle.curvature, Some(-1.0));
//! let mut gradient = vec![0.0; landscape.dimension()];
//! landscape.value_grad(&saddle.x, &mut gradient);
//! assert_eq!(gradient, [0.0, 0.0]);
//! # Ok::<(), landscapes::LandscapeError>(())
//! ```

mod basis;
mod error;
mod gaussian_bump;
mod identical_units;
mod in_single;
mod landscape;
mod linear_attention;
mod linear_net;
mod matrix_factorisation;
mod monkey;
mod monkey_well;
mod muller_brown;
mod octopus;
mod phase_retrieval;
mod quadratic;
mod quartic_saddle;
mod rosenbrock;
mod strict_saddle;
mod xor;

pub use basis::Basis;
pub use error::LandscapeError;
pub use gaussian_bump::GaussianBump;
pub use identical_units::IdenticalUnits;
pub use in_single::InSingle;
pub use landscape::{Landscape, StationaryPoint};
pub use linear_attention::LinearAttention;
pub use linear_net::LinearNet;
pub use matrix_factorisation::MatrixFactorisation;
pub use monkey::Monkey;
pub use monkey_well::MonkeyWell;
pub use muller_brown::{MullerBrown, Term};
pub use octopus::Octopus;
pub use phase_retrieval::PhaseRetrieval;
pub use quadratic::Quadratic;
pub use quartic_saddle::QuarticSaddle;
pub use rosenbrock::Rosenbrock;
pub use strict_saddle::StrictSaddle;
pub use xor::Xor;

/// Builds a landscape with its customary parameters.
type Constructor = fn() -> Result<Box<dyn Landscape>, LandscapeError>;

/// Every landscape, in the order of the documentation.
const ALL: [(&str, Constructor); 17] = [
    ("quadratic", || boxed(Quadratic::gap_family(100, 0.1, 0)?)),
    ("strict-saddle", || boxed(StrictSaddle::planar())),
    ("octopus", || boxed(Octopus::new(10, 1.0, 1.0, std::f64::consts::E)?)),
    ("muller-brown", || boxed(MullerBrown::default())),
    ("monkey", || boxed(Monkey::default())),
    ("monkey-well", || boxed(MonkeyWell::default())),
    ("quartic-saddle", || boxed(QuarticSaddle::default())),
    ("gaussian-bump", || boxed(GaussianBump::default())),
    ("rosenbrock", || boxed(Rosenbrock::default())),
    ("matrix-factorisation", || boxed(MatrixFactorisation::customary())),
    ("phase-retrieval", || boxed(PhaseRetrieval::customary())),
    ("linear-net", || boxed(LinearNet::two_layers())),
    ("deep-linear-net", || boxed(LinearNet::three_layers())),
    ("linear-attention", || boxed(LinearAttention::merged())),
    ("linear-attention-apart", || boxed(LinearAttention::apart())),
    ("identical-units", || boxed(IdenticalUnits::default())),
    ("xor", || boxed(Xor::default())),
];

const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = ALL[i].0;
        i += 1;
    }
    names
};

fn boxed(landscape: impl Landscape + 'static) -> Result<Box<dyn Landscape>, LandscapeError> {
    Ok(Box::new(landscape))
}

/// The names that [`by_name`] knows.
pub fn names() -> &'static [&'static str] {
    &NAMES
}

/// The landscape of that name, with its customary parameters.
///
/// | name | parameters |
/// |---|---|
/// | `quadratic` | `Quadratic::gap_family(100, 0.1, 0)` |
/// | `strict-saddle` | `StrictSaddle::planar()` |
/// | `octopus` | `Octopus::new(10, 1, 1, e)` |
/// | `matrix-factorisation` | `MatrixFactorisation::customary()` |
/// | `phase-retrieval` | `PhaseRetrieval::customary()` |
/// | `linear-net` | `LinearNet::two_layers()` |
/// | `deep-linear-net` | `LinearNet::three_layers()` |
/// | `linear-attention` | `LinearAttention::merged()` |
/// | `linear-attention-apart` | `LinearAttention::apart()` |
/// | the others | their `default()` |
///
/// # Errors
///
/// [`LandscapeError::UnknownName`], whose message lists the known names.
pub fn by_name(name: &str) -> Result<Box<dyn Landscape>, LandscapeError> {
    match ALL.iter().find(|(known, _)| *known == name) {
        Some((_, construct)) => construct(),
        None => Err(LandscapeError::UnknownName { name: name.to_owned() }),
    }
}
