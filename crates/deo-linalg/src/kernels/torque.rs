//! w ← c n − hn with three inner products of w.

use super::dot::add;
use super::{LANES, fold, same_length};
use crate::parallel::reduce;
use crate::simd::simd;
use crate::{Real, Threads};

/// w ← c n − hn; returns [⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩] for the w that was stored, with the bits of [`dots`](super::dots).
///
/// With c = ⟨n, hn⟩ for a unit vector n, w is the part of −hn across n: the direction in which to turn n for the
/// curvature to fall fastest. p is any third vector, for instance the direction of the turn before this one.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn torque<T: Real>(
    threads: Threads,
    c: f64,
    n: &[T],
    hn: &[T],
    p: &[T],
    w: &mut [T],
) -> [f64; 3] {
    [n, hn, p].iter().for_each(|x| same_length(x, w));
    reduce(threads, ([n, hn, p], w), &|([n, hn, p], w)| leaf(c, n, hn, p, w), &add)
}

simd! {
    [T: Real] fn leaf<T>(c: f64, n: &[T], hn: &[T], p: &[T], w: &mut [T]) -> [f64; 3] {
        let mut lanes = [[0.0; LANES]; 3];
        let ((ns, n), (hns, hn)) = (n.as_chunks::<LANES>(), hn.as_chunks::<LANES>());
        let ((ps, p), (ws, w)) = (p.as_chunks::<LANES>(), w.as_chunks_mut::<LANES>());
        for (((w, n), hn), p) in ws.iter_mut().zip(ns).zip(hns).zip(ps) {
            for i in 0..LANES {
                let parts = component(c, n[i], hn[i], p[i], &mut w[i]);
                for k in 0..3 {
                    lanes[k][i] += parts[k];
                }
            }
        }
        for i in 0..w.len() {
            let parts = component(c, n[i], hn[i], p[i], &mut w[i]);
            for k in 0..3 {
                lanes[k][i] += parts[k];
            }
        }
        lanes.map(fold)
    }
}

/// One component of w, and its share of the three products.
#[inline(always)]
fn component<T: Real>(c: f64, n: T, hn: T, p: T, w: &mut T) -> [f64; 3] {
    *w = T::from_f64(c * n.to_f64() - hn.to_f64());
    let stored = w.to_f64();
    [stored * stored, stored * n.to_f64(), stored * p.to_f64()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::dots;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    fn check<T: Real>(len: usize) {
        let [n, hn, p] = [1, 2, 3].map(|seed| noise::<T>(seed, len));
        for c in [0.7, -2.0, 0.0] {
            let (got, products) = unanimous(|threads| {
                let mut w = vec![T::from_f64(f64::NAN); len];
                let products = torque(threads, c, &n, &hn, &p, &mut w);
                (w, products)
            });
            let naive = |i: usize| T::from_f64(c * n[i].to_f64() - hn[i].to_f64());
            let want: Vec<T> = (0..len).map(naive).collect();
            assert!(bits(&got) == bits(&want), "n = {len}, c = {c}");
            assert_eq!(products, dots(Threads::One, [(&got, &got), (&got, &n), (&got, &p)]));
            for (product, x) in products.into_iter().zip([&got, &n, &p]) {
                let terms = || got.iter().zip(x).map(|(w, x)| w.to_f64() * x.to_f64());
                close(product, terms().sum(), terms().map(f64::abs).sum(), len);
            }
        }
    }

    #[test]
    fn torques_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
