//! Sums along one row of an activation, in the arithmetic of its type.
//!
//! Component i goes to lane i mod [`LANES`], and lanes are added by halves. The order of additions is
//! therefore in the source: the compiler may vectorise the loops, and every instruction set gives the same
//! bits.

use deo_linalg::Real;

/// Independent partial sums: enough to fill vector registers and to hide the latency of an addition.
const LANES: usize = 16;

/// Σ f(xᵢ, yᵢ), component i in lane i mod LANES.
#[inline(always)]
pub(crate) fn sum_of<T: Real>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    debug_assert_eq!(x.len(), y.len());
    let mut lanes = [T::ZERO; LANES];
    let ((xs, x), (ys, y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..LANES {
            lanes[i] += f(x[i], y[i]);
        }
    }
    for (i, (x, y)) in x.iter().zip(y).enumerate() {
        lanes[i] += f(*x, *y);
    }
    fold(lanes, |a, b| a + b)
}

/// Σ xᵢ.
#[inline(always)]
pub(crate) fn sum<T: Real>(x: &[T]) -> T {
    sum_of(x, x, |x, _| x)
}

/// ⟨x, y⟩.
#[inline(always)]
pub(crate) fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    sum_of(x, y, |x, y| x * y)
}

/// The largest component of a row that is not empty. A NaN may be overlooked: the exponentials that follow
/// find it.
#[inline(always)]
pub(crate) fn largest<T: Real>(x: &[T]) -> T {
    let larger = |a: T, b: T| if b > a { b } else { a };
    let mut lanes = [x[0]; LANES];
    let (xs, x) = x.as_chunks::<LANES>();
    for x in xs {
        for i in 0..LANES {
            lanes[i] = larger(lanes[i], x[i]);
        }
    }
    for (i, x) in x.iter().enumerate() {
        lanes[i] = larger(lanes[i], *x);
    }
    fold(lanes, larger)
}

/// All lanes in one, by halves.
#[inline(always)]
fn fold<T: Real>(mut lanes: [T; LANES], add: impl Fn(T, T) -> T) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = add(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_counts_once() {
        // Integers: exact in any order. Lengths below, at and around multiples of the lanes.
        for len in [1, 5, 16, 17, 47, 64] {
            let x: Vec<f64> = (1..=len).map(f64::from).collect();
            let n = f64::from(len);
            assert_eq!(sum(&x), n * (n + 1.0) / 2.0, "{len}");
            assert_eq!(dot(&x, &x), n * (n + 1.0) * (2.0 * n + 1.0) / 6.0, "{len}");
        }
    }

    #[test]
    fn the_largest_is_found_in_every_place() {
        for place in 0..37 {
            let mut x = [-3.0f32; 37];
            x[place] = -1.0;
            assert_eq!(largest(&x), -1.0, "{place}");
        }
    }
}
