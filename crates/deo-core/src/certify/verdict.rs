//! From what was measured to the kind of the point.

use super::measure::{Certifier, Search};
use super::{Certified, Doubt, Kind};
use crate::krylov::Which;
use crate::noise::derive;
use crate::objective::Objective;
use crate::setting::SettingError;
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// All random starts, and what the lowest curvature of them says.
pub(super) fn run<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    certified: &mut Certified<S::Owned>,
    axis: Option<&S::Vector>,
) -> Result<Kind, SettingError>
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
) -> Result<Kind, SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let seed = derive(certifier.settings.seed, 1 << 32);
    let top = match highest(certifier, seed)? {
        Ok(top) => top,
        Err(doubt) => return Ok(Kind::Undecided(doubt)),
    };
    certified.highest = top.curvature;
    let least = if top.all_negative { certifier.noise.curvature } else { top.curvature };
    let largest = least.max(certified.lowest.abs());
    if !certifier.is_stationary(certified.gradient_norm, largest) {
        return Ok(Kind::Undecided(Doubt::NotStationary));
    }
    if top.all_negative {
        return Ok(Kind::Maximum);
    }
    if top.curvature < -top.error {
        return Ok(Kind::Undecided(Doubt::Unresolved)); // a higher one may have been missed
    }
    if top.curvature <= top.error {
        return Ok(Kind::Undecided(Doubt::FlatAbove));
    }
    let (index, exact) = index(certifier, certified.axis.borrow(), seed)?;
    Ok(Kind::Saddle { index, exact })
}

/// The highest curvature.
struct Top {
    curvature: f64,
    error: f64,
    /// It is negative beyond its error, and no higher one was missed.
    all_negative: bool,
}

/// The highest curvature, or why there is none; one that is negative is searched for again, and confirmed.
fn highest<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    seed: u64,
) -> Result<Result<Top, Doubt>, SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let mut look = |confirm, shares| {
        let allowance = certifier.allowance(shares);
        let search = certifier.search(Which::Highest, 1, confirm, &[], seed, allowance)?;
        let top = search.known().next().map(|e| Top {
            curvature: e.curvature,
            error: e.secant_error.abs() + search.floor,
            all_negative: confirm && e.curvature < -search.bound(e) && search.is_closed(),
        });
        Ok::<_, SettingError>((top, search.is_poisoned()))
    };
    let looked = match look(false, 4)? {
        (Some(top), _) if top.curvature < -top.error => look(true, 2)?,
        looked => looked,
    };
    Ok(match looked {
        (_, true) => Err(Doubt::NonFinite),
        (Some(top), _) => Ok(top),
        (None, _) => Err(Doubt::FlatAbove),
    })
}

/// How many curvatures are negative, and whether none beyond these is; `axis` is that of the lowest.
fn index<S, O>(
    certifier: &mut Certifier<'_, S, O>,
    axis: &S::Vector,
    seed: u64,
) -> Result<(usize, bool), SettingError>
where
    S: Space,
    O: Objective<S::Vector> + ?Sized,
{
    let (space, settings, x) = (certifier.space, certifier.settings, certifier.x);
    let most = settings.max_index.max(1) + 1;
    let (mut index, mut count) = (1, 2);
    let mut axes = vec![copied(space, axis)];
    // With one dimension there is nothing else to be negative.
    if space.dimension(x) < 2.0 {
        return Ok((index, false));
    }
    loop {
        count = count.min(most);
        let allowance = certifier.allowance(if count == most { 1 } else { 2 });
        let known: Vec<&S::Vector> = axes.iter().map(|axis| axis.borrow()).collect();
        // Directions that had no part in finding the axes.
        let seed = derive(seed, count as u64);
        let search = certifier.search(Which::Lowest, count, true, &known, seed, allowance)?;
        let negative = search.known().filter(|e| e.curvature < -search.bound(e)).count();
        index = index.max(negative);
        // All others of this list, and what lies beyond it, are positive.
        let exact = search.is_closed()
            && (negative < count && search.known().count() > negative)
            && search.known().skip(negative).all(|e| e.curvature > search.bound(e));
        let spent = certifier.gradients >= settings.max_gradients;
        if exact || negative < count || count == most || spent {
            return Ok((index, exact));
        }
        axes = (0..negative).map(|i| copied(space, search.krylov.axis(i).borrow())).collect();
        count *= 2;
    }
}

fn copied<S: Space>(space: &S, v: &S::Vector) -> S::Owned {
    let mut copy = space.zeros_like(v);
    space.axpby(1.0, v, 0.0, copy.borrow_mut());
    copy
}
