//! What would make a result better: one sentence for each weakness that it shows.

use super::choices::{Precision, SecantRule};
use super::results::{BUDGET, NOISE, Pair, Results, UNCONFIRMED};
use super::settings::Settings;

/// An angle to the eigenvector above which the axis is called vague: cos 0.1 is 0.995.
const VAGUE: f64 = 0.1;

/// The sentences, most serious first.
pub(super) fn advice(settings: &Settings, results: &Results) -> Vec<String> {
    let of_status = |status: &str| names(results, |pair| pair.status == status);
    let mut advice = vec![];
    if let Some(pairs) = of_status(BUDGET) {
        advice.push(format!(
            "{pairs}: out of gradients; raise --max-gradients ({}), --memory ({}) or --tol ({})",
            settings.max_gradients, settings.memory, settings.tol
        ));
    }
    if let Some(pairs) = of_status(UNCONFIRMED) {
        advice.push(format!(
            "{pairs}: eigenvalues, but others may have been missed: out of gradients before that was known; raise \
             --max-gradients ({})",
            settings.max_gradients
        ));
    }
    if let Some(pairs) = of_status(NOISE) {
        advice.push(format!(
            "{pairs}: the residual is below the error of the products, which resolve no more; {}",
            finer(settings)
        ));
    }
    let unproven = |pair: &Pair| pair.secant_error > pair.eigenvalue.abs();
    if let Some(pairs) = names(results, unproven) {
        advice.push(format!(
            "{pairs}: the sign is not known, the secant error is larger than the eigenvalue; {}",
            finer(settings)
        ));
    }
    let insignificant =
        |pair: &Pair| pair.margins[0].is_some_and(|margin| margin > pair.eigenvalue.abs());
    if let Some(pairs) = names(results, insignificant) {
        advice.push(format!(
            "{pairs}: no different from zero with 95 % confidence; more --batches or a larger --batch would tell"
        ));
    }
    let of_chance = |pair: &Pair| match (pair.fresh, pair.margins) {
        // Both errors count; where one is unknown, batches of the same kind have about the other's.
        (Some(fresh), [own, Some(margin)]) => {
            (fresh - pair.eigenvalue).abs() > own.unwrap_or(margin).hypot(margin)
        }
        _ => false,
    };
    if let Some(pairs) = names(results, of_chance) {
        advice.push(format!(
            "{pairs}: the curvature on fresh batches is another: the eigenvector belongs to these batches, not to the mean \
             over all data; more --batches would tell"
        ));
    }
    let vague = |pair: &Pair| pair.status != BUDGET && pair.angle().is_some_and(|a| a > VAGUE);
    if let Some(pairs) = names(results, vague) {
        advice.push(format!(
            "{pairs}: the axis is vague, residual/gap is above {VAGUE} rad: neighbouring eigenvalues are close; a smaller \
             --tol would separate them"
        ));
    }
    if results.batches == Some(1) {
        advice.push("one batch has no standard error; give --batches 2 or more".to_owned());
    }
    if !settings.confirm {
        advice.push("pairs may have been missed and gaps be too large; --confirm looks".to_owned());
    }
    advice
}

/// What resolves more than the present rule and precision.
fn finer(settings: &Settings) -> &'static str {
    match (settings.rule, settings.precision) {
        (None, Precision::F32) => "--precision f64 would",
        (None, Precision::F64) => "raise --tol",
        (Some(SecantRule::Forward), Precision::F32) => "--rule central or --precision f64 would",
        (Some(SecantRule::Forward), Precision::F64) => "--rule central would",
        (Some(SecantRule::Central), Precision::F32) => "--precision f64 would",
        (Some(SecantRule::Central), Precision::F64) => "try a longer --length, or raise --tol",
    }
}

/// "lowest 1, 2; highest 1": the pairs of which it is true.
fn names(results: &Results, true_of: impl Fn(&Pair) -> bool) -> Option<String> {
    let mut ends = vec![];
    for end in ["lowest", "highest"] {
        let of_end = results.pairs.iter().filter(|pair| pair.end == end && true_of(pair));
        let indices: Vec<String> = of_end.map(|pair| pair.index.to_string()).collect();
        if !indices.is_empty() {
            ends.push(format!("{end} {}", indices.join(", ")));
        }
    }
    (!ends.is_empty()).then(|| ends.join("; "))
}
