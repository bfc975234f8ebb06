//! Losses to minimise from a given start, with a measure of success. The command `deo escape` compares methods on them.
//!
//! Problem: whether a method that leaves saddles on purpose is worth its gradients can only be judged against tuned
//! baselines, from the same starts, with the same targets and equal budgets. A [`Problem`] fixes these; each file here
//! states the loss, its minima and saddles, the distribution of starts, the target, the budget, and where they come
//! from.
//!
//! | name | N | what stands in the way |
//! |---|---|---|
//! | `octopus-5-1`, `octopus-5-2`, `octopus-10-1`, `octopus-10-2`, `octopus-20-2` | d | d strict saddles in a row; names are d and L |
//! | `strict-saddle`, `strict-saddle-flat` | 200 | one saddle of λ_min = −1e-3, −1e-5 in a random direction |
//! | `stiff-saddle` | 10 | one saddle of λ_min = −1e-6 beside curvatures from 1 to 1 000 |
//! | `quartic-well` | 2 | one steep saddle |
//! | `gaussian-bump` | 20 | a maximum in ten directions, saddles around it |
//! | `monkey-well`, `monkey-well-tiny`, `quartic-saddle` | 2 | a degenerate saddle: no curvature, or not even third derivatives |
//! | `matrix-factorisation` | 60 | three strict saddles in a row |
//! | `phase-retrieval` | 50 | a maximum; the gradient leads from it nearly towards a minimum |
//! | `linear-net` | 200 | five strict saddles in a row |
//! | `deep-linear-net` | 75 | two saddles without negative curvature |
//! | `linear-attention` | 136 | a strict saddle of attention that learns regression in context |
//! | `linear-attention-apart` | 45 | four saddles of it without negative curvature |
//! | `identical-units` | 13 | a symmetry that no gradient method breaks |
//! | `xor` | 9 | a degenerate saddle of a small net |
//! | `matrix-sensing` | 30 | two strict saddles |
//! | `grown-net` | 65 | an exact saddle: the copied units of a converged net |
//! | `qaoa` | 8 | seven exact saddles of index 1 of a quantum circuit |
//! | `rosenbrock` | 10 | nothing; a curved valley |
//! | `pinn-reaction` | 697 | a trap: a solution of the equation that isn't that of its initial values |
//! | `tanh-plateau`, `tanh-plateau-64` | 161 | a plateau of small weights; all rows, mini-batches |
//! | `window-sum`, `window-sum-32` | 12 640, 12 864 | a transformer's plateau; all sequences, mini-batches |
//! | `digits-autoencoder` (feature `digits`) | 5 544 | plateaus of a deep sigmoid net |
//! | `digits-classifier` (feature `digits`) | 2 410 | nothing; mini-batches |
//! | `char-gpt` (feature `corpus`) | 104 896 | nothing; mini-batches |
//!
//! | name | start | measure, target | budget |
//! |---|---|---|---|
//! | octopus | uniform in [−1, 1]ᵈ | f − f_min, 1e-4 | 4 000 |
//! | `strict-saddle`, `-flat`, `stiff-saddle` | at distance 1e-6 from the saddle | f − f_min, 1 % of the depth | 20 000 |
//! | `quartic-well` | at distance 1e-6 | f − f_min, 1e-6 | 4 000 |
//! | `gaussian-bump` | at distance 1e-6 from the top | f − f_min, 1e-4 | 4 000 |
//! | `monkey-well`, `quartic-saddle` | at distance 1e-4, 1e-2 | f − f_min, 1e-4 | 20 000 |
//! | `monkey-well-tiny` | at distance 3e-6 | f − f_min, 1 % of the depth | 20 000 |
//! | `matrix-factorisation`, `phase-retrieval` | entries normal(0, 1e-6) | f, 1e-6 | 4 000 |
//! | `linear-net` | entries normal(0, 1e-6) | f, 1e-4 | 4 000 |
//! | `deep-linear-net` | entries normal(0, 1e-3) | f, 1e-4 | 20 000 |
//! | `linear-attention`, `-apart` | entries normal(0, 1e-4), normal(0, 0.05) | f − f_min, 1e-3 | 4 000, 20 000 |
//! | `identical-units` | one random unit, four times | f, 1e-5 | 20 000 |
//! | `xor` | entries normal(0, 0.1) | f, 1e-4 | 20 000 |
//! | `matrix-sensing` | entries normal(0, 1e-6) | f, 1e-6 | 2 000 |
//! | `grown-net` | the saddle, units permuted | f/f₄ − ½, 0.005 | 4 000 |
//! | `qaoa` | one of the saddles | (f − f_TS)/Δ + ½, 0.005 | 2 000 |
//! | `rosenbrock` | uniform in [0.2, 0.8]ᴺ | f, 1e-3 | 20 000 |
//! | `pinn-reaction` | weights normal(0, 1/√inputs) | f, 2e-3 | 4 000 |
//! | `tanh-plateau`, `-64` | uniform in [−0.01, 0.01]ᴺ | f − 0.39, 0.01 | 2 000 |
//! | `window-sum`, `-32` | as the net is initialised | f, 0.02 | 1 000, 2 000 |
//! | `digits-autoencoder` | as the net is initialised | f at the end | 4 000 |
//! | `digits-classifier` | as the net is initialised | f on images held out, at the end | 2 000 |
//! | `char-gpt` | as the net is initialised | f on fixed batches held out, at the end | 1 000 |
//!
//! Beside them [`Net`] gives small nets on real data, for every combination of data, depth, activation and batch: there a
//! method that leaves saddles has little to gain and should at least do no harm.
//!
//! [`by_name`] gives one, [`suite`] the names of several.
//!
//! # Examples
//!
//! ```
//! use deo_models::problems;
//! let mut octopus = problems::by_name("octopus-5-1")?;
//! let mut x = octopus.start(1);
//! let mut g = vec![0.0; octopus.dimension()];
//! for step in 0..octopus.budget() {
//!     octopus.objective(1, step).value_grad(&x, &mut g);
//!     x.iter_mut().zip(&g).for_each(|(x, g)| *x -= 0.25 * g);
//! }
//! assert!(octopus.measure(&x) <= octopus.target().unwrap());
//! # Ok::<(), problems::ProblemError>(())
//! ```

#[cfg(feature = "corpus")]
mod char_gpt;
mod degenerate;
#[cfg(feature = "digits")]
mod digits_autoencoder;
#[cfg(feature = "digits")]
mod digits_classifier;
mod error;
mod gaussian_bump;
mod grown_net;
mod identical_units;
mod linear_attention;
mod linear_net;
mod matrix_factorisation;
mod matrix_sensing;
mod nets;
mod newton;
mod octopus;
mod on_current;
mod on_landscape;
mod on_loss;
mod phase_retrieval;
mod pinn_reaction;
mod problem;
mod qaoa;
mod quartic_well;
mod rosenbrock;
mod start;
mod strict_saddle;
mod tanh_plateau;
mod window_sum;
mod xor;

pub use error::ProblemError;
pub use nets::{Batching, Data, Net};
pub use on_landscape::OnLandscape;
pub use problem::Problem;
pub use qaoa::Qaoa;
pub use start::Start;

/// Builds the problem and gives it that name.
type Constructor = fn(&'static str) -> Result<Box<dyn Problem>, ProblemError>;

/// Every problem that is compiled in, in the order of the documentation.
const ALL: &[(&str, Constructor)] = &[
    ("octopus-5-1", |name| boxed(octopus::octopus(name, 5, 1.0)?)),
    ("octopus-5-2", |name| boxed(octopus::octopus(name, 5, 2.0)?)),
    ("octopus-10-1", |name| boxed(octopus::octopus(name, 10, 1.0)?)),
    ("octopus-10-2", |name| boxed(octopus::octopus(name, 10, 2.0)?)),
    ("octopus-20-2", |name| boxed(octopus::octopus(name, 20, 2.0)?)),
    ("strict-saddle", |name| boxed(strict_saddle::strict_saddle(name, 1e-3)?)),
    ("strict-saddle-flat", |name| boxed(strict_saddle::strict_saddle(name, 1e-5)?)),
    ("stiff-saddle", |name| boxed(strict_saddle::stiff_saddle(name)?)),
    ("quartic-well", |name| boxed(quartic_well::quartic_well(name)?)),
    ("gaussian-bump", |name| boxed(gaussian_bump::gaussian_bump(name)?)),
    ("monkey-well", |name| boxed(degenerate::monkey_well(name)?)),
    ("monkey-well-tiny", |name| boxed(degenerate::monkey_well_tiny(name)?)),
    ("quartic-saddle", |name| boxed(degenerate::quartic_saddle(name)?)),
    ("matrix-factorisation", |name| boxed(matrix_factorisation::matrix_factorisation(name)?)),
    ("phase-retrieval", |name| boxed(phase_retrieval::phase_retrieval(name)?)),
    ("linear-net", |name| boxed(linear_net::linear_net(name)?)),
    ("deep-linear-net", |name| boxed(linear_net::deep_linear_net(name)?)),
    ("linear-attention", |name| boxed(linear_attention::linear_attention(name)?)),
    ("linear-attention-apart", |name| boxed(linear_attention::linear_attention_apart(name)?)),
    ("identical-units", |name| boxed(identical_units::identical_units(name)?)),
    ("xor", |name| boxed(xor::xor(name)?)),
    ("matrix-sensing", |name| boxed(matrix_sensing::matrix_sensing(name))),
    ("grown-net", |name| boxed(grown_net::grown_net(name))),
    ("qaoa", |name| boxed(qaoa::qaoa(name))),
    ("rosenbrock", |name| boxed(rosenbrock::rosenbrock(name)?)),
    ("pinn-reaction", |name| boxed(pinn_reaction::pinn_reaction(name))),
    ("tanh-plateau", |name| boxed(tanh_plateau::TanhPlateau::new(name, None))),
    ("tanh-plateau-64", |name| boxed(tanh_plateau::TanhPlateau::new(name, Some(64)))),
    ("window-sum", |name| boxed(window_sum::WindowSum::all(name))),
    ("window-sum-32", |name| boxed(window_sum::WindowSum::fresh(name))),
    #[cfg(feature = "digits")]
    ("digits-autoencoder", |name| boxed(digits_autoencoder::DigitsAutoencoder::new(name))),
    #[cfg(feature = "digits")]
    ("digits-classifier", |name| boxed(digits_classifier::DigitsClassifier::new(name))),
    #[cfg(feature = "corpus")]
    ("char-gpt", |name| boxed(char_gpt::CharGpt::new(name))),
];

/// What a feature brings, for the message when it is off.
const BEHIND_FEATURES: &[(&str, &str)] =
    &[("digits-autoencoder", "digits"), ("digits-classifier", "digits"), ("char-gpt", "corpus")];

/// What takes some seconds in all.
const QUICK: &[&str] = &[
    "octopus-5-1",
    "octopus-10-2",
    "strict-saddle",
    "strict-saddle-flat",
    "gaussian-bump",
    "monkey-well",
    "phase-retrieval",
    "linear-net",
    "identical-units",
    "xor",
];

fn boxed(problem: impl Problem + 'static) -> Result<Box<dyn Problem>, ProblemError> {
    Ok(Box::new(problem))
}

/// The names that [`by_name`] knows, which depend on the features.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|&(name, _)| name).collect()
}

/// The problem of that name.
///
/// # Errors
///
/// [`ProblemError::UnknownName`], whose message lists the known names, or [`ProblemError::FeatureOff`] if the problem
/// exists but is not compiled in.
pub fn by_name(name: &str) -> Result<Box<dyn Problem>, ProblemError> {
    if let Some((known, construct)) = ALL.iter().find(|(known, _)| *known == name) {
        return construct(known);
    }
    Err(match BEHIND_FEATURES.iter().find(|(known, _)| *known == name) {
        Some(&(name, feature)) => ProblemError::FeatureOff { name, feature },
        None => ProblemError::UnknownName { name: name.to_owned() },
    })
}

/// The names of a suite: `quick` takes some seconds in all, `full` is every problem that is compiled in.
///
/// # Errors
///
/// [`ProblemError::UnknownSuite`], whose message lists the two.
pub fn suite(name: &str) -> Result<Vec<&'static str>, ProblemError> {
    match name {
        "quick" => Ok(QUICK.to_vec()),
        "full" => Ok(names()),
        _ => Err(ProblemError::UnknownSuite { name: name.to_owned() }),
    }
}
