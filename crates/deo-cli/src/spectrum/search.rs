//! The search: deo-core's Krylov process asks, a source answers, and what was found is verified.
//!
//! ```text
//! length ← balanced, or as given
//! loop  pairs ← Krylov at this length, from the axes known so far
//!       verify every pair along its own axis, at the best length there
//!       stop unless a pair isn't converged and its best length is shorter
//!       length ← the shortest of those
//! ```
//!
//! The balanced length suits most functions; where it doesn't, products are wrong without notice, hence the verification.

use super::choices::Ends;
use super::error::SpectrumError;
use super::report::count;
use super::results::Pair;
use super::settings::Settings;
use super::source::{Of, Source, answer_all};
use super::verify::verify;
use crate::setting::SettingError;
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::{Estimate, Length, Rule, Space, Status};
use deo_linalg::{Parallel, Real, Threads};

/// Who watches: it gets what is being done and the products so far.
pub(super) trait Watch {
    fn see(&mut self, what: &str, products: u64);
}

/// Eigenpairs, and at which length they were found.
pub(super) struct Search<T> {
    pub(super) pairs: Vec<Pair>,
    /// Unit vectors; missing for a pair that the budget didn't suffice for.
    pub(super) axes: Vec<Option<Vec<T>>>,
    /// Relative to max(‖x‖, 1).
    pub(super) length: f64,
}

/// Searches at other lengths: each is less than half of the one before.
const RETRIES: usize = 3;

/// A verified residual may exceed the tolerance by this factor: the search stops as soon as it is below by its own
/// products, which differ from the verification's.
const SLACK: f64 = 2.0;

/// The loop of the module's header.
pub(super) fn search<T: Real>(
    source: &mut dyn Source<T>,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Search<T>, SpectrumError> {
    check_count(settings, source.dimension())?;
    let mut krylov = settings.krylov();
    let rule = krylov.rule;
    // Exact products have no length: any will do.
    let given = if rule == Rule::Product { Some(1.0) } else { settings.length };
    let mut length = given.unwrap_or_else(|| balanced::<T>(rule, source.dimension()));
    let mut axes = vec![];
    for retries_left in (0..=RETRIES).rev() {
        krylov.length = Some(Length::Relative(length));
        let run = run(source, settings, krylov, &axes, watch)?;
        krylov.max_gradients = krylov.max_gradients.saturating_sub(run.gradients);
        axes = run.axes;
        let mut pairs = run.pairs;
        let mut shortest = length;
        for (pair, axis) in pairs.iter_mut().zip(&axes) {
            let Some(axis) = axis else { continue };
            let verified = verify(source, axis, rule, given)?;
            pair.verify(&verified, SLACK);
            if !pair.is_converged() {
                shortest = shortest.min(verified.length);
            }
        }
        if shortest > length / 2.0 || krylov.max_gradients == 0 || retries_left == 0 {
            return Ok(Search { pairs, axes, length });
        }
        length = shortest;
    }
    unreachable!("the last round returns")
}

/// The balanced length, relative to max(‖x‖, 1).
fn balanced<T: Real>(rule: Rule, n: usize) -> f64 {
    Length::balanced(rule, T::ROUNDOFF, n as f64).at(1.0)
}

/// There must be as many eigenvalues as are wanted.
fn check_count(settings: &Settings, n: usize) -> Result<(), SpectrumError> {
    if settings.wanted() <= n {
        return Ok(());
    }
    let (most, each) = match settings.which {
        Ends::Both => (n / 2, " and k are wanted at each end"),
        _ => (n, ""),
    };
    if most == 0 {
        let wanted = "lowest or highest, for there is one eigenvalue";
        return Err(SettingError::new("which", "both", wanted).into());
    }
    let range = if most == 1 { "1".to_owned() } else { format!("between 1 and {most}") };
    let are = if n == 1 { "is" } else { "are" };
    let there = count(n as u64, "eigenvalue", "eigenvalues");
    let wanted = format!("{range}, for there {are} {there}{each}");
    Err(SettingError::new("k", settings.k, wanted).into())
}

/// What one process left.
struct Run<T> {
    pairs: Vec<Pair>,
    axes: Vec<Option<Vec<T>>>,
    gradients: u64,
}

/// Runs a process to its end, from known axes or from a random direction.
fn run<T: Real>(
    source: &mut dyn Source<T>,
    settings: &Settings,
    of_krylov: KrylovSettings,
    axes: &[Option<Vec<T>>],
    watch: &mut dyn Watch,
) -> Result<Run<T>, SpectrumError> {
    let space = Parallel::<T>::new(Threads::Pool);
    let like = vec![T::ZERO; source.dimension()];
    let mut krylov = Krylov::new(&space, &like, of_krylov)?;
    let known: Vec<&[T]> = axes.iter().flatten().map(Vec::as_slice).collect();
    if known.is_empty() {
        krylov.draw(&space, settings.seed);
    } else {
        krylov.start_from(&space, &known, settings.seed);
    }
    answer_all(source, Of::Mean, &mut krylov, |krylov, counts| {
        let Estimate { curvature, residual, .. } = krylov.estimates()[0];
        let state = format!("eigenvalue {curvature:.4e}, residual {residual:.1e}");
        watch.see(&state, counts.products);
    });
    if krylov.estimates().iter().any(|estimate| estimate.status == Status::NonFinite) {
        return Err(SpectrumError::non_finite(settings, source.counts().products));
    }
    let axis = |i| {
        let mut axis = like.clone();
        krylov.ritz_vector(&space, i, &mut axis).then_some(axis)
    };
    let axes = (0..settings.wanted()).map(axis).collect();
    Ok(Run { pairs: pairs(&krylov, settings), axes, gradients: krylov.gradients() })
}

fn pairs<S: Space>(krylov: &Krylov<S>, settings: &Settings) -> Vec<Pair> {
    let pair = |(i, estimate): (usize, &Estimate)| {
        let highest = settings.which == Ends::Highest || i >= settings.k;
        let end = if highest { "highest" } else { "lowest" };
        let known = estimate.curvature.is_finite();
        let complete_to = krylov.exclusion(i).filter(|_| known);
        Pair::new(end, i % settings.k + 1, estimate, krylov.goal(i), complete_to)
    };
    krylov.estimates().iter().enumerate().map(pair).collect()
}

#[cfg(test)]
mod tests;
