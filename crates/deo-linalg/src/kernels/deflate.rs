//! g ← g − β⟨g, n⟩ n.

use super::{axpby, dot};
use crate::{Real, Threads};

/// g ← g − β⟨g, n⟩ n; returns ⟨g, n⟩, that of the g before the update.
///
/// For a unit vector n, β = 1 takes the component along n out of g, and β = 2 reverses it: the force of a search for
/// the saddle along n.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn deflate<T: Real>(threads: Threads, beta: f64, n: &[T], g: &mut [T]) -> f64 {
    let along = dot(threads, g, n);
    axpby(threads, -beta * along, n, 1.0, g);
    along
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    fn naive<T: Real>(beta: f64, n: &[T], g: &mut [T], along: f64) {
        for i in 0..n.len() {
            g[i] = T::from_f64(-beta * along * n[i].to_f64() + g[i].to_f64());
        }
    }

    fn check<T: Real>(len: usize) {
        for beta in [0.0, 1.0, 2.0, -0.4] {
            let (n, g) = (noise::<T>(1, len), noise::<T>(2, len));
            let run = |threads| {
                let mut g = g.clone();
                let along = deflate(threads, beta, &n, &mut g);
                (g, along)
            };
            let (got, along) = unanimous(run);
            let products = || n.iter().zip(&g).map(|(n, g)| n.to_f64() * g.to_f64());
            close(along, products().sum(), products().map(f64::abs).sum(), len);
            // The rounding of ⟨g, n⟩ was checked just now; given it, there is nothing left to round.
            let mut want = g;
            naive(beta, &n, &mut want, along);
            assert!(bits(&got) == bits(&want), "n = {len}, β = {beta}");
        }
    }

    #[test]
    fn gradients_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
