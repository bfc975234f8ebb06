//! The fused operations against their naive twins, as the kernels are: at every length around a lane and chunk boundary,
//! for both scalars, on every instruction set, by every number of threads.

use super::Parallel;
use crate::{Real, Threads};
use deo_core::Space;

pub(crate) fn secant<T: Real>(
    threads: Threads,
    h: f64,
    g0: &[T],
    g1: &[T],
    n: &[T],
    hn: &mut [T],
) -> (f64, f64) {
    Parallel::new(threads).secant(h, g0, g1, n, hn)
}

pub(crate) fn deflate<T: Real>(threads: Threads, beta: f64, n: &[T], g: &mut [T]) -> f64 {
    Parallel::new(threads).deflate(beta, n, g)
}

pub(crate) fn displace<T: Real>(threads: Threads, h: f64, n: &[T], x: &[T], y: &mut [T]) -> f64 {
    Parallel::new(threads).displace(h, n, x, y)
}

/// No scratch: what isn't read may be of any content.
fn unread<T: Real>(x: &[T]) -> Vec<T> {
    vec![T::from_f64(f64::NAN); x.len()]
}

pub(crate) fn rotate<T: Real>(threads: Threads, c: f64, s: f64, x: &mut [T], y: &mut [T]) {
    let mut scratch = unread(x);
    Parallel::new(threads).rotate(c, s, x, y, &mut scratch);
}

pub(crate) fn combine<T: Real, const K: usize>(
    threads: Threads,
    terms: [(f64, &[T]); K],
    b: f64,
    y: &mut [T],
) {
    Parallel::new(threads).combine(terms, b, y);
}

pub(crate) fn torque<T: Real>(
    threads: Threads,
    c: f64,
    n: &[T],
    hn: &[T],
    p: &[T],
    w: &mut [T],
) -> [f64; 3] {
    Parallel::new(threads).torque(c, n, hn, p, w)
}

pub(crate) fn ritz_update<T: Real>(
    threads: Threads,
    angle: [f64; 2],
    towards: [f64; 2],
    x: &mut [T],
    y: &mut [T],
    w: &[T],
) {
    Parallel::new(threads).ritz_update(angle, towards, x, y, &mut w.to_vec());
}

pub(crate) fn ritz_update_from_gradients<T: Real>(
    threads: Threads,
    angle: [f64; 2],
    towards: [f64; 2],
    g: [&[T]; 2],
    x: &mut [T],
    y: &mut [T],
) {
    let mut scratch = unread(x);
    Parallel::new(threads).ritz_update_from_gradients(angle, towards, g, x, y, &mut scratch);
}

mod secant {
    use super::*;
    use crate::kernels::dots;
    use crate::kernels::tests::{bits, close, for_all, noise, unanimous};

    fn naive<T: Real>(h: f64, g0: &[T], g1: &[T]) -> Vec<T> {
        (g0.iter().zip(g1)).map(|(g0, g1)| T::from_f64((g1.to_f64() - g0.to_f64()) / h)).collect()
    }

    fn check<T: Real>(len: usize) {
        for h in [1e-3, -0.7, 3.0] {
            let [g0, g1, n] = [1, 2, 3].map(|seed| noise::<T>(seed, len));
            let run = |threads| {
                let mut hn = vec![T::from_f64(f64::NAN); len];
                let numbers = secant(threads, h, &g0, &g1, &n, &mut hn);
                (hn, numbers)
            };
            let (got, (c, square)) = unanimous(run);
            let want = naive(h, &g0, &g1);
            assert!(bits(&got) == bits(&want), "n = {len}, h = {h}");
            assert_eq!([c, square], dots(Threads::One, [(&n, &got), (&got, &got)]));
            let products = || n.iter().zip(&got).map(|(n, hn)| n.to_f64() * hn.to_f64());
            close(c, products().sum(), products().map(f64::abs).sum(), len);
        }
    }

    #[test]
    fn secants_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }

    #[test]
    fn close_gradients_are_subtracted_exactly() {
        // 1 + 2⁻⁵² − 1. Dividing each by h first would round both at 2⁻⁵² and leave no correct digit.
        let mut hn = [0.0];
        secant(Threads::One, 0.3, &[1.0], &[1.0 + f64::EPSILON], &[1.0], &mut hn);
        assert_eq!(hn[0], f64::EPSILON / 0.3);
    }
}

mod deflate {
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

mod displace {
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

mod rotate {
    use super::*;
    use crate::kernels::tests::{bits, for_all, noise, unanimous};

    fn naive<T: Real>(c: f64, s: f64, x: &mut [T], y: &mut [T]) {
        for i in 0..x.len() {
            let (old_x, old_y) = (x[i].to_f64(), y[i].to_f64());
            (x[i], y[i]) = (T::from_f64(c * old_x + s * old_y), T::from_f64(c * old_y - s * old_x));
        }
    }

    fn check<T: Real>(len: usize) {
        for (c, s) in [(0.6, 0.8), (0.0, -1.0), (1.0, 0.0)] {
            let (x, y) = (noise::<T>(1, len), noise::<T>(2, len));
            let run = |threads| {
                let (mut x, mut y) = (x.clone(), y.clone());
                rotate(threads, c, s, &mut x, &mut y);
                (x, y)
            };
            let (got_x, got_y) = unanimous(run);
            let (mut want_x, mut want_y) = (x.clone(), y.clone());
            naive(c, s, &mut want_x, &mut want_y);
            assert!(
                bits(&got_x) == bits(&want_x) && bits(&got_y) == bits(&want_y),
                "n = {len}, c = {c}"
            );
        }
    }

    #[test]
    fn rotations_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}

mod combine {
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

mod torque {
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

mod turn {
    use super::*;
    use crate::kernels::tests::{bits, for_all, noise, unanimous};

    fn check<T: Real>(len: usize) {
        let [x, y, w, g] = [1, 2, 3, 4].map(|seed| noise::<T>(seed, len));
        for ([c, s], [a, b]) in [([0.6, 0.8], [0.28, -0.96]), ([0.8, -0.6], [1.0, 0.0])] {
            let start = if b == 0.0 { vec![T::from_f64(f64::NAN); len] } else { y.clone() };
            let naive = |w: &dyn Fn(usize) -> f64| -> Vec<u64> {
                let q = |i: usize| match b {
                    0.0 => a * w(i),
                    _ => a * w(i) + b * start[i].to_f64(),
                };
                let new_x = |i: usize| T::from_f64(c * x[i].to_f64() + s * q(i));
                let new_y = |i: usize| T::from_f64(c * q(i) - s * x[i].to_f64());
                bits(&(0..len).map(new_x).chain((0..len).map(new_y)).collect::<Vec<_>>())
            };
            let got = unanimous(|threads| {
                let (mut x, mut y) = (x.clone(), start.clone());
                ritz_update(threads, [c, s], [a, b], &mut x, &mut y, &w);
                bits(&[x, y].concat())
            });
            assert!(got == naive(&|i| w[i].to_f64()), "ritz_update, n = {len}, b = {b}");
            let got = unanimous(|threads| {
                let (mut x, mut y) = (x.clone(), start.clone());
                ritz_update_from_gradients(threads, [c, s], [a, b], [&w, &g], &mut x, &mut y);
                bits(&[x, y].concat())
            });
            let want = naive(&|i| g[i].to_f64() - w[i].to_f64());
            assert!(got == want, "ritz_update_from_gradients, n = {len}, b = {b}");
        }
    }

    #[test]
    fn turns_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
