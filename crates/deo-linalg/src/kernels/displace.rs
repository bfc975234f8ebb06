//! y ← x + h n and how far that went, the rounding of y included.

use super::{LANES, fold, same_length};
use crate::parallel::reduce;
use crate::simd::simd;
use crate::{Real, Threads};

/// y ← x + h n; returns ⟨y − x, n⟩ for the y that was stored.
///
/// For a unit vector n that is the step really made along it, which rounding makes differ from h where h n is small
/// beside x.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn displace<T: Real>(threads: Threads, h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
    same_length(n, x);
    same_length(x, y);
    reduce(threads, (n, x, y), &|(n, x, y)| leaf(h, n, x, y), &|l, r| l + r)
}

simd! {
    [T: Real] fn leaf<T>(h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
        let mut lanes = [0.0; LANES];
        let ((ns, n), (xs, x), (ys, y)) = (
            n.as_chunks::<LANES>(),
            x.as_chunks::<LANES>(),
            y.as_chunks_mut::<LANES>(),
        );
        for ((y, x), n) in ys.iter_mut().zip(xs).zip(ns) {
            for i in 0..LANES {
                lanes[i] += moved(h, n[i], x[i], &mut y[i]);
            }
        }
        for (i, ((y, x), n)) in y.iter_mut().zip(x).zip(n).enumerate() {
            lanes[i] += moved(h, *n, *x, y);
        }
        fold(lanes)
    }
}

/// Moves one component; its share of ⟨y − x, n⟩.
#[inline(always)]
fn moved<T: Real>(h: f64, n: T, x: T, y: &mut T) -> f64 {
    let (n, x) = (n.to_f64(), x.to_f64());
    *y = T::from_f64(x + h * n);
    (y.to_f64() - x) * n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    fn naive<T: Real>(h: f64, n: &[T], x: &[T]) -> (Vec<T>, f64, f64) {
        let y: Vec<T> =
            (n.iter().zip(x)).map(|(n, x)| T::from_f64(x.to_f64() + h * n.to_f64())).collect();
        let moved = |i: usize| (y[i].to_f64() - x[i].to_f64()) * n[i].to_f64();
        let (sum, scale) =
            ((0..x.len()).map(moved).sum(), (0..x.len()).map(|i| moved(i).abs()).sum());
        (y, sum, scale)
    }

    fn check<T: Real>(len: usize) {
        for h in [1e-3, -0.7, 0.0] {
            let (n, x) = (noise::<T>(1, len), noise::<T>(2, len));
            let run = |threads| {
                let mut y = vec![T::from_f64(f64::NAN); len];
                let realised = displace(threads, h, &n, &x, &mut y);
                (y, realised)
            };
            let (got, realised) = unanimous(run);
            let (want, sum, scale) = naive(h, &n, &x);
            assert!(bits(&got) == bits(&want), "n = {len}, h = {h}");
            close(realised, sum, scale, len);
        }
    }

    #[test]
    fn displacements_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }

    #[test]
    fn what_storage_loses_is_not_claimed() {
        // f32 has no number between 1 and 1 + 2⁻²³: a step of 2⁻²⁵ goes nowhere.
        let mut y = [0.0f32; 50];
        assert_eq!(displace(Threads::One, 2f64.powi(-25), &[1.0; 50], &[1.0; 50], &mut y), 0.0);
    }
}
