//! The plane rotation of a vector towards a combination that is never stored.

use super::same_length;
use crate::parallel::for_each;
use crate::simd::simd;
use crate::{Real, Threads};

/// (x, y) ← (c x + s q, c q − s x) with q = a w + b y, for `angle` = [c, s] and `towards` = [a, b].
///
/// As [`rotate`](super::rotate) of x and q, without storing q. With b = 0 the old y is never read.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn turn<T: Real>(
    threads: Threads,
    angle: [f64; 2],
    towards: [f64; 2],
    x: &mut [T],
    y: &mut [T],
    w: &[T],
) {
    let [a, b] = towards;
    same_length(x, y);
    same_length(x, w);
    for_each(threads, (x, y, w), &|(x, y, w)| {
        if b == 0.0 {
            first(angle, a, x, y, w);
        } else {
            next(angle, towards, x, y, w);
        }
    });
}

/// As [`turn`] with q = a (g₁ − g₀) + b y for `g` = [g₀, g₁]; the difference is taken first, in `f64`.
///
/// # Panics
///
/// If the lengths differ.
#[track_caller]
pub fn turn_secant<T: Real>(
    threads: Threads,
    angle: [f64; 2],
    towards: [f64; 2],
    g: [&[T]; 2],
    x: &mut [T],
    y: &mut [T],
) {
    let [a, b] = towards;
    same_length(x, y);
    g.iter().for_each(|g| same_length(x, g));
    for_each(threads, (x, y, g), &|(x, y, g)| {
        if b == 0.0 {
            first_secant(angle, a, x, y, g);
        } else {
            next_secant(angle, towards, x, y, g);
        }
    });
}

/// One component of x and y.
#[inline(always)]
fn component<T: Real>([c, s]: [f64; 2], q: f64, x: &mut T, y: &mut T) {
    let old = x.to_f64();
    *x = T::from_f64(c * old + s * q);
    *y = T::from_f64(c * q - s * old);
}

simd! {
    [T: Real] fn first<T>(angle: [f64; 2], a: f64, x: &mut [T], y: &mut [T], w: &[T]) {
        for ((x, y), w) in x.iter_mut().zip(y).zip(w) {
            component(angle, a * w.to_f64(), x, y);
        }
    }
}

simd! {
    [T: Real] fn next<T>(angle: [f64; 2], towards: [f64; 2], x: &mut [T], y: &mut [T], w: &[T]) {
        let [a, b] = towards;
        for ((x, y), w) in x.iter_mut().zip(y).zip(w) {
            component(angle, a * w.to_f64() + b * y.to_f64(), x, y);
        }
    }
}

simd! {
    [T: Real] fn first_secant<T>(
        angle: [f64; 2], a: f64, x: &mut [T], y: &mut [T], g: [&[T]; 2],
    ) {
        for (((x, y), g0), g1) in x.iter_mut().zip(y).zip(g[0]).zip(g[1]) {
            component(angle, a * (g1.to_f64() - g0.to_f64()), x, y);
        }
    }
}

simd! {
    [T: Real] fn next_secant<T>(
        angle: [f64; 2], towards: [f64; 2], x: &mut [T], y: &mut [T], g: [&[T]; 2],
    ) {
        let [a, b] = towards;
        for (((x, y), g0), g1) in x.iter_mut().zip(y).zip(g[0]).zip(g[1]) {
            component(angle, a * (g1.to_f64() - g0.to_f64()) + b * y.to_f64(), x, y);
        }
    }
}

#[cfg(test)]
mod tests {
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
                turn(threads, [c, s], [a, b], &mut x, &mut y, &w);
                bits(&[x, y].concat())
            });
            assert!(got == naive(&|i| w[i].to_f64()), "turn, n = {len}, b = {b}");
            let got = unanimous(|threads| {
                let (mut x, mut y) = (x.clone(), start.clone());
                turn_secant(threads, [c, s], [a, b], [&w, &g], &mut x, &mut y);
                bits(&[x, y].concat())
            });
            let want = naive(&|i| g[i].to_f64() - w[i].to_f64());
            assert!(got == want, "turn_secant, n = {len}, b = {b}");
        }
    }

    #[test]
    fn turns_are_the_naive_ones_to_the_bit() {
        for_all!(check);
    }
}
