//! The best length of a secant, found by trying.

use super::{TwoLengths, TwoLengthsSettings, times};
use crate::objective::Objective;
use crate::oracle::Workspace;
use crate::probe::{Length, SHORTEST};
use crate::setting::SettingError;
use crate::space::Space;

/// A length and what a check at two lengths found there.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BestLength {
    /// The length with the smallest error of Hn among those tried; absolute unless the settings gave a relative one.
    pub length: Length,
    /// The expected error of C there.
    pub secant_error: f64,
    /// The expected error of Hn there.
    pub product_error: f64,
    /// Gradients evaluated for the search.
    pub gradients: u64,
}

/// The factor between lengths tried: at worst a factor of 2 from the best one, where the error is 1.25 (forward) or
/// 1.7 (central) times the least.
const STEP: f64 = 4.0;

/// The lengths that are tried at most: twelve decades to either side.
const TRIES: u32 = 20;

/// Searches the length at which the error of Hn along `axis` is least, downhill from that of the settings.
///
/// No formula knows it in advance: the scale on which a loss changes its curvature differs between models, and
/// between sharp and random directions of one model, by factors of a hundred. It takes two answers a length, five
/// lengths or so; do it once, along an axis that a few rotations have found.
///
/// Begin on the short side, as the default does: where h is longer than the whole landscape, secants at two lengths
/// agree with each other and with no curvature, and the search would end there.
///
/// # Errors
///
/// [`SettingError`] names a setting that is out of range.
///
/// # Examples
///
/// ```
/// use deo_core::two_lengths::{TwoLengthsSettings, best_length};
/// use deo_core::{drive::Workspace, objective::{FromFn, Objective}, space::Host};
/// let space = Host::<f64>::new();
/// // Curvature changes over distances of 1e-3, not of 1.
/// let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
///     if let Some(g) = g { g[0] = (1e3 * x[0]).sin(); g[1] = x[1]; }
///     0.0
/// });
/// let (x, mut g) = ([0.7, 0.3], vec![0.0; 2]);
/// f.value_grad(&x, &mut g);
/// let settings = TwoLengthsSettings::default();
/// let mut workspace = Workspace::new(&space, &x, settings.rule);
/// let best = best_length(&space, &mut f, &x, &g, &[1.0, 0.2], settings, &mut workspace)?;
/// let default = deo_core::Length::balanced(settings.rule, f64::EPSILON / 2.0, 2.0);
/// assert!(best.length.at(1.0) < default.at(1.0) / 5.0);
/// # Ok::<(), deo_core::SettingError>(())
/// ```
pub fn best_length<S, O>(
    space: &S,
    objective: &mut O,
    x: &S::Vector,
    g: &S::Vector,
    axis: &S::Vector,
    settings: TwoLengthsSettings,
    workspace: &mut Workspace<S>,
) -> Result<BestLength, SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let mut gradients = 0;
    let mut two_lengths = TwoLengths::new(space, x, settings)?;
    let start = settings.length.unwrap_or_else(|| component_length(space, x, &two_lengths));
    two_lengths.settings.diagnose = false;
    let mut at = |length: Length| {
        two_lengths.length = length;
        two_lengths.set_axis(space, axis);
        two_lengths.measure(space, objective, x, g, workspace);
        gradients += two_lengths.gradients();
        let (secant_error, product_error) =
            (two_lengths.expected_error(), two_lengths.product_error());
        BestLength { length, secant_error, product_error, gradients }
    };
    let norm = space.norm(x);
    let shortest = SHORTEST * space.epsilon() * norm.max(1.0);
    let first = at(start);
    let mut best = first;
    for factor in [1.0 / STEP, STEP] {
        for _ in 0..TRIES {
            let length = times(factor, best.length);
            // Storage would choose the direction, and such a length be found the best by luck only.
            if factor < 1.0 && length.at(norm) < shortest {
                break;
            }
            let next = at(length);
            // NaN where f isn't finite or the storage too coarse for h: anything else is better.
            let from_nothing = best.product_error.is_nan() && !next.product_error.is_nan();
            if next.product_error < best.product_error || from_nothing {
                best = next;
            } else {
                break;
            }
        }
        if best.length != first.length {
            break; // downhill was this way
        }
    }
    Ok(BestLength { gradients, ..best })
}

/// The balanced length at x: where the search begins.
fn component_length<S: Space>(space: &S, x: &S::Vector, two_lengths: &TwoLengths<S>) -> Length {
    let (rule, epsilon) = (two_lengths.settings.rule, space.epsilon());
    Length::Absolute(Length::balanced(rule, epsilon, two_lengths.dimension).at(space.norm(x)))
}
