//! The norm of a vector whose components lie in many places, with the bits that it has when they are gathered.
//!
//! A sum is bracketed by its chunks, which begin and end within the places. A chunk that lies in one is read there, any other
//! is gathered first, into memory that stays in the cache.

use crate::vectors::Scalar;
use deo_linalg::parallel::{CHUNK, reduce};
use deo_linalg::{Threads, kernels};
use std::ops::Range;
use std::sync::Mutex;

/// Components in one place.
pub(crate) enum Part<'a, T> {
    Values(&'a [T]),
    Zeros(usize),
}

impl<T> Part<'_, T> {
    fn len(&self) -> usize {
        match self {
            Part::Values(values) => values.len(),
            Part::Zeros(len) => *len,
        }
    }
}

/// Where this ⟨x, x⟩ has all its digits whatever the components are, its root is what
/// [`Space::norm`](deo_core::Space::norm) gives: for f64 with room for 2⁹² components that have lost some.
fn root<T: Scalar>(square: f64) -> Option<f64> {
    let is_single = std::mem::size_of::<T>() == 4;
    let is_whole = (f64::from_bits((1023 - 930) << 52)..=f64::MAX).contains(&square);
    (is_whole || is_single || square.is_nan()).then(|| square.sqrt())
}

/// ‖x‖; `None` where it would have to be scaled.
pub(crate) fn norm<T: Scalar>(parts: &[Part<'_, T>]) -> Option<f64> {
    let mut ends = vec![];
    let mut len = 0;
    for part in parts {
        len += part.len();
        ends.push(len);
    }
    let zero = <T as deo_core::space::Real>::from_f64(0.0);
    let gathered = Mutex::new(vec![zero; CHUNK.min(len)]);
    let leaf = |range: Range<usize>| {
        let first = ends.partition_point(|end| *end <= range.start);
        if let (Some(Part::Values(values)), Some(end)) = (parts.get(first), ends.get(first))
            && range.end <= *end
        {
            let start = end - values.len();
            let chunk = &values[range.start - start..range.end - start];
            return kernels::dot(Threads::One, chunk, chunk);
        }
        let mut chunk = gathered.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let chunk = &mut chunk[..range.len()];
        gather(
            &parts[first.min(parts.len())..],
            &ends[first.min(ends.len())..],
            range.start,
            chunk,
        );
        kernels::dot(Threads::One, chunk, chunk)
    };
    root::<T>(reduce(Threads::One, 0..len, &leaf, &|left, right| left + right))
}

/// chunk ← the components from `at` on, of which `parts` holds the first; each ends at one of `ends`.
fn gather<T: Scalar>(parts: &[Part<'_, T>], ends: &[usize], mut at: usize, mut chunk: &mut [T]) {
    for (part, end) in parts.iter().zip(ends) {
        let here = (end - at).min(chunk.len());
        let (to, rest) = chunk.split_at_mut(here);
        match part {
            Part::Values(values) => {
                let from = values.len() - (end - at);
                to.copy_from_slice(&values[from..from + here]);
            }
            Part::Zeros(_) => to.fill(<T as deo_core::space::Real>::from_f64(0.0)),
        }
        (at, chunk) = (at + here, rest);
        if chunk.is_empty() {
            return;
        }
    }
}
