//! From what was measured to the kind of the point.

use super::measure::{Certifier, Search};
use super::{Certified, Doubt, Kind};
use crate::krylov::{KrylovError, Which};
use crate::noise::derive;
use crate::objective::Objective;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// All random starts, and what the lowest curvature of them says.
pub(super) fn run<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    certified: &mut Certified<S::Owned>,
    axis: Option<&S::Vector>,
) -> Result<Kind, KrylovError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (space, settings) = (certifier.space, certifier.settings);
    let starts = settings.starts.max(1);
    let mut closed = true;
    let mut lowest: Option<Search<S>> = None;
    let mut bound: f64 = 0.0;
    for start in 0..starts {
        // The index needs about as much as two starts.
        let allowance = certifier.allowance(u64::from(starts - start) + 2);
        let seed = derive(settings.seed, u64::from(start));
        let first = axis.filter(|_| start == 0);
        let axes: Vec<&S::Vector> = first.into_iter().collect();
        let search = certifier.search(Which::Lowest, 1, true, &axes, seed, allowance)?;
        certified.starts += 1;
        if search.is_poisoned() {
            return Ok(Kind::Undecided(Doubt::NonFinite));
        }
        closed &= search.is_closed();
        let Some(e) = search.known().next().copied() else {
            closed = false;
            continue;
        };
        bound = bound.max(search.bound(&e));
        let lower = lowest.as_ref().and_then(|l| l.known().next()).map(|e| e.curvature);
        if lower.is_none_or(|lower| e.curvature < lower) {
            lowest = Some(search);
        }
        // More starts can't make a negative curvature positive.
        if e.curvature < -bound {
            break;
        }
    }
    let Some(search) = lowest else { return Ok(Kind::Undecided(Doubt::Unresolved)) };
    let pair = *search.known().next().expect("the lowest of the starts has a pair");
    space.axpby(1.0, search.krylov.axis(0).borrow(), 0.0, certified.axis.borrow_mut());
    (certified.lowest, certified.error) =
        certifier.measure(certified.axis.borrow(), certified.gradient_norm);
    certified.residual = pair.residual;
    if !certified.lowest.is_finite() {
        return Ok(Kind::Undecided(Doubt::NonFinite));
    }
    // A minimum needs the sign of every curvature: the residual is that of the worst start.
    certified.resolvable = bound + certified.error;
    if certified.is_negative() {
        return below(certifier, certified);
    }
    let largest = certifier.noise.curvature.max(certified.lowest.abs());
    Ok(if certified.lowest.min(pair.curvature) <= certified.resolvable {
        Kind::Undecided(if closed { Doubt::Flat } else { Doubt::Unresolved })
    } else if !closed {
        Kind::Undecided(Doubt::Unresolved)
    } else if !certifier.is_stationary(certified.gradient_norm, largest) {
        Kind::Undecided(Doubt::NotStationary)
    } else {
        Kind::Minimum
    })
}

/// The kind of a point whose lowest curvature is negative.
fn below<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    certified: &mut Certified<S::Owned>,
) -> Result<Kind, KrylovError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (space, settings) = (certifier.space, certifier.settings);
    let dimension = space.dimension(certifier.x);
    let seed = derive(settings.seed, 1 << 32);
    let allowance = certifier.allowance(4);
    let mut top = certifier.search(Which::Highest, 1, false, &[], seed, allowance)?;
    let above = |top: &Search<S>| {
        top.known().next().map(|e| (e.curvature, e.secant_error.abs() + top.floor, top.bound(e)))
    };
    let Some((mut highest, mut error, _)) = above(&top) else {
        return Ok(Kind::Undecided(if top.is_poisoned() {
            Doubt::NonFinite
        } else {
            Doubt::FlatAbove
        }));
    };
    if highest < -error {
        let allowance = certifier.allowance(2);
        top = certifier.search(Which::Highest, 1, true, &[], seed, allowance)?;
        let Some((c, e, bound)) = above(&top) else {
            return Ok(Kind::Undecided(Doubt::FlatAbove));
        };
        (highest, error) = (c, e);
        if c < -bound && top.is_closed() {
            certified.highest = highest;
            let largest = certifier.noise.curvature.max(certified.lowest.abs());
            let stationary = certifier.is_stationary(certified.gradient_norm, largest);
            return Ok(if stationary {
                Kind::Maximum
            } else {
                Kind::Undecided(Doubt::NotStationary)
            });
        }
    }
    certified.highest = highest;
    let largest = highest.max(certified.lowest.abs());
    if !certifier.is_stationary(certified.gradient_norm, largest) {
        return Ok(Kind::Undecided(Doubt::NotStationary));
    }
    if highest <= error {
        return Ok(Kind::Undecided(Doubt::FlatAbove));
    }
    let (mut index, mut exact) = (1, false);
    let mut axes = vec![space.zeros_like(certifier.x)];
    space.axpby(1.0, certified.axis.borrow(), 0.0, axes[0].borrow_mut());
    let most = settings.max_index.max(1) + 1;
    let mut count = 2;
    // With one dimension there is nothing else to be negative.
    while !exact && dimension >= 2.0 {
        count = count.min(most);
        let allowance = certifier.allowance(if count == most { 1 } else { 2 });
        let known: Vec<&S::Vector> = axes.iter().map(|axis| axis.borrow()).collect();
        // Directions that had no part in finding the axes.
        let seed = derive(seed, count as u64);
        let search = certifier.search(Which::Lowest, count, true, &known, seed, allowance)?;
        let negative = search.known().filter(|e| e.curvature < -search.bound(e)).count();
        index = index.max(negative);
        // All others of this list, and what lies beyond it, are positive.
        exact = search.is_closed()
            && (negative < count && search.known().count() > negative)
            && search.known().skip(negative).all(|e| e.curvature > search.bound(e));
        if exact
            || negative < count
            || count == most
            || certifier.gradients >= settings.max_gradients
        {
            break;
        }
        axes = (0..negative)
            .map(|i| {
                let mut copy = space.zeros_like(certifier.x);
                space.axpby(1.0, search.krylov.axis(i).borrow(), 0.0, copy.borrow_mut());
                copy
            })
            .collect();
        count *= 2;
    }
    Ok(Kind::Saddle { index, exact })
}
