//! y ← Σ aₖ xₖ + b y.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// y ← Σ aₖ xₖ + b y for the K `terms` (aₖ, xₖ), added in their order in `f64` and rounded once.
///
/// With b = 0 the old y is never read. Without a term, K = 0, the call does not compile.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn combine<T: Real, const K: usize>(
    threads: Threads,
    terms: [(f64, &[T]); K],
    b: f64,
    y: &mut [T],
) {
    const { assert!(K > 0, "a combination needs at least one term") };
    let (a, x) = (terms.map(|(a, _)| a), terms.map(|(_, x)| x));
    x.iter().for_each(|x| same_length(x, y));
    for_each(threads, (x, y), &|(x, y)| {
        if b == 0.0 {
            new(a, x, y);
        } else {
            added(a, x, b, y);
        }
    });
}

/// Σ aₖ xₖ of component i.
#[inline(always)]
fn sum<T: Real, const K: usize>(a: [f64; K], x: [&[T]; K], i: usize) -> f64 {
    let terms: [f64; K] = std::array::from_fn(|k| a[k] * x[k][i].to_f64());
    let mut sum = terms[0];
    for k in 1..K {
        sum += terms[k];
    }
    sum
}

simd! {
    [T: Real, const K: usize] fn new<T, K>(a: [f64; K], x: [&[T]; K], y: &mut [T]) {
        let len = y.len();
        // Cut to one length: the compiler then needs no check in the loop.
        let x = x.map(|x| &x[..len]);
        for i in 0..len {
            y[i] = T::from_f64(sum(a, x, i));
        }
    }
}

simd! {
    [T: Real, const K: usize] fn added<T, K>(a: [f64; K], x: [&[T]; K], b: f64, y: &mut [T]) {
        let len = y.len();
        let x = x.map(|x| &x[..len]);
        for i in 0..len {
            y[i] = T::from_f64(sum(a, x, i) + b * y[i].to_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::axpby;
    use crate::kernels::tests::{bits, for_all, noise, unanimous};

    fn naive<T: Real>(terms: &[(f64, &[T])], b: f64, y: &[T]) -> Vec<T> {
        let sum = |i: usize| {
            let terms = terms.iter().map(|(a, x)| a * x[i].to_f64());
            let sum = terms.reduce(|sum, term| sum + term).expect("a term");
            T::from_f64(if b == 0.0 { sum } else { sum + b * y[i].to_f64() })
        };
        (0..y.len()).map(sum).collect()
    }

    fn check<T: Real>(len: usize) {
        let [x, y, z] = [1, 2, 3].map(|seed| noise::<T>(seed, len));
        for b in [0.0, 1.0, -0.7] {
            let terms = [(0.3, &x[..]), (-1.9, &z[..])];
            let start = if b == 0.0 { vec![T::from_f64(f64::NAN); len] } else { y.clone() };
            let got = unanimous(|threads| {
                let mut y = start.clone();
                combine(threads, terms, b, &mut y);
                bits(&y)
            });
            assert!(got == bits(&naive(&terms, b, &start)), "n = {len}, b = {b}");
            let (mut one, mut other) = (start.clone(), start);
            combine(Threads::One, [(0.3, &x[..])], b, &mut one);
            axpby(Threads::One, 0.3, &x, b, &mut other);
            assert!(bits(&one) == bits(&other), "n = {len}, b = {b}: one term is axpby");
        }
    }

    #[test]
    fn combinations_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
