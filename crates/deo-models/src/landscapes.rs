//! Analytic losses whose stationary points and curvatures are known.
//!
//! Problem: whether a method finds the lowest curvature, leaves a saddle or converges to one can only be judged
//! where the answer is known beforehand. Each function here states its formula, the box in which a start makes
//! sense, its minima and its saddles, with the lowest curvature there in closed form where there is one, and
//! the tests hold it to all of them.
//!
//! | name | function | what it is for |
//! |---|---|---|
//! | `quadratic` | [`Quadratic`] | lowest eigenpair of a known spectrum in a random basis |
//! | `strict-saddle` | [`StrictSaddle`] | escape from one saddle into one of two minima |
//! | `octopus` | [`Octopus`] | escape from d saddles in a row |
//! | `muller-brown` | [`MullerBrown`] | saddle search between three minima |
//! | `monkey` | [`Monkey`] | a degenerate saddle: no curvature at all |
//! | `rosenbrock` | [`Rosenbrock`] | a curved valley without a saddle |
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
mod in_single;
mod landscape;
mod monkey;
mod muller_brown;
mod octopus;
mod quadratic;
mod rosenbrock;
mod strict_saddle;

pub use basis::Basis;
pub use error::LandscapeError;
pub use in_single::InSingle;
pub use landscape::{Landscape, StationaryPoint};
pub use monkey::Monkey;
pub use muller_brown::{MullerBrown, Term};
pub use octopus::Octopus;
pub use quadratic::Quadratic;
pub use rosenbrock::Rosenbrock;
pub use strict_saddle::StrictSaddle;

/// The names that [`by_name`] knows.
pub fn names() -> &'static [&'static str] {
    &["quadratic", "strict-saddle", "octopus", "muller-brown", "monkey", "rosenbrock"]
}

/// The landscape of that name, with its customary parameters.
///
/// | name | parameters |
/// |---|---|
/// | `quadratic` | `Quadratic::gap_family(100, 0.1, 0)` |
/// | `strict-saddle` | `StrictSaddle::planar()` |
/// | `octopus` | `Octopus::new(10, 1, 1, e)` |
/// | `muller-brown`, `monkey`, `rosenbrock` | their `default()` |
///
/// # Errors
///
/// [`LandscapeError::UnknownName`], whose message lists the known names.
pub fn by_name(name: &str) -> Result<Box<dyn Landscape>, LandscapeError> {
    Ok(match name {
        "quadratic" => Box::new(Quadratic::gap_family(100, 0.1, 0)?),
        "strict-saddle" => Box::new(StrictSaddle::planar()),
        "octopus" => Box::new(Octopus::new(10, 1.0, 1.0, std::f64::consts::E)?),
        "muller-brown" => Box::new(MullerBrown::default()),
        "monkey" => Box::new(Monkey::default()),
        "rosenbrock" => Box::new(Rosenbrock::default()),
        _ => {
            return Err(LandscapeError::UnknownName { name: name.to_owned() });
        }
    })
}
