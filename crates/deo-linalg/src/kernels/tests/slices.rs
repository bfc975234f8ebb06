//! Every kernel on slices of 0 to 100 components at odd offsets: nothing outside of them is read or written.
//!
//! The numbers around a slice are NaN. One that was read would spoil a sum or a component, one that was written would
//! be gone. Slices that end with their allocation are where a sanitizer sees a read beyond it (`.ci/sanitize`).

use super::noise;
use crate::kernels::{axpby, dot, dots, fill};
use crate::simd::tests::with_each_isa;
use crate::space::parallel::tests::{
    combine, deflate, displace, ritz_update, ritz_update_from_gradients, rotate, secant, torque,
};
use crate::{Real, Threads};

/// Where the slices of one call begin in their allocations: aligned as one, each otherwise, and beyond a lane.
const OFFSETS: [[usize; 4]; 4] = [[0; 4], [1; 4], [3, 0, 7, 2], [9, 33, 5, 17]];

/// The components that follow a slice in its allocation.
const TAILS: [usize; 2] = [0, 3];

/// `len` numbers in (−1, 1).
fn values<T: Real>(seed: u64, len: usize) -> Vec<f64> {
    let noise = noise::<T>(seed, len);
    noise.iter().map(|x| x.to_f64()).map(|x| if x.abs() > 1.0 { x * 1e-3 } else { x }).collect()
}

/// A kernel on four vectors, against what it makes of one component of each, and against the products it sums.
fn check<T: Real, const K: usize>(
    name: &str,
    kernel: impl Fn([&mut [T]; 4]) -> [f64; K],
    component: impl Fn([f64; 4]) -> [f64; 4],
    products: impl Fn([f64; 4], [f64; 4]) -> [f64; K],
) {
    let rounded = |x: f64| T::from_f64(x).to_f64();
    for len in 0..=100 {
        let old: [Vec<f64>; 4] = [1, 2, 3, 4].map(|seed| values::<T>(seed, len));
        let at = |i: usize| -> [f64; 4] { std::array::from_fn(|k| rounded(old[k][i])) };
        let mut sums = [0.0; K];
        let new: Vec<[f64; 4]> = (0..len)
            .map(|i| {
                let new = component(at(i)).map(rounded);
                let products = products(at(i), new);
                sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
                new
            })
            .collect();
        for (offsets, tail) in OFFSETS.iter().flat_map(|o| TAILS.map(|tail| (o, tail))) {
            let run = || {
                let mut data: [Vec<T>; 4] = std::array::from_fn(|k| {
                    let mut data = vec![T::from_f64(f64::NAN); offsets[k] + len + tail];
                    let slice = &mut data[offsets[k]..][..len];
                    slice.iter_mut().zip(&old[k]).for_each(|(x, old)| *x = T::from_f64(*old));
                    data
                });
                let mut k = 0;
                let slices = data.each_mut().map(|data| {
                    k += 1;
                    &mut data[offsets[k - 1]..][..len]
                });
                (kernel(slices), data)
            };
            for (isa, (got, data)) in with_each_isa(run) {
                let place = format!("{name}, {isa:?}, n = {len} at {offsets:?} before {tail}");
                // All numbers are below 2 and come from a few roundings, sums from some for each component.
                let tolerance = 20.0 * T::ROUNDOFF;
                for (got, want) in got.iter().zip(&sums) {
                    let off = (got - want).abs();
                    assert!(off <= tolerance * len as f64, "{place}: {got} is not {want}");
                }
                for (k, data) in data.iter().enumerate() {
                    let (before, rest) = data.split_at(offsets[k]);
                    let (slice, after) = rest.split_at(len);
                    let untouched = before.iter().chain(after).all(|x| x.to_f64().is_nan());
                    assert!(untouched, "{place}: vector {k} was written outside");
                    for (i, x) in slice.iter().enumerate() {
                        let off = (x.to_f64() - new[i][k]).abs();
                        assert!(off <= tolerance, "{place}: component {i} of vector {k} is {x}");
                    }
                }
            }
        }
    }
}

/// The kernels that return nothing or what depends on the components one by one.
fn passes<T: Real>() {
    let one = Threads::One;
    check::<T, 0>(
        "axpby",
        |[x, y, ..]| {
            axpby(one, 0.3, x, -0.7, y);
            []
        },
        |[x, y, z, w]| [x, 0.3 * x - 0.7 * y, z, w],
        |_, _| [],
    );
    check::<T, 0>(
        "axpby, b = 0",
        |[x, y, ..]| {
            axpby(one, 0.3, x, 0.0, y);
            []
        },
        |[x, _, z, w]| [x, 0.3 * x, z, w],
        |_, _| [],
    );
    check::<T, 0>(
        "combine",
        |[x, y, z, w]| {
            combine(one, [(0.3, &*x), (-0.2, y), (0.4, z)], 0.6, w);
            []
        },
        |[x, y, z, w]| [x, y, z, 0.3 * x - 0.2 * y + 0.4 * z + 0.6 * w],
        |_, _| [],
    );
    check::<T, 0>(
        "combine, b = 0",
        |[x, y, _, w]| {
            combine(one, [(0.3, &*x), (-0.2, y)], 0.0, w);
            []
        },
        |[x, y, z, _]| [x, y, z, 0.3 * x - 0.2 * y],
        |_, _| [],
    );
    check::<T, 0>(
        "rotate",
        |[x, y, ..]| {
            rotate(one, 0.6, 0.8, x, y);
            []
        },
        |[x, y, z, w]| [0.6 * x + 0.8 * y, 0.6 * y - 0.8 * x, z, w],
        |_, _| [],
    );
    for b in [0.5, 0.0] {
        check::<T, 0>(
            "ritz_update",
            |[x, y, w, _]| {
                ritz_update(one, [0.6, 0.8], [0.7, b], x, y, w);
                []
            },
            |[x, y, w, z]| {
                let q = 0.7 * w + b * y;
                [0.6 * x + 0.8 * q, 0.6 * q - 0.8 * x, w, z]
            },
            |_, _| [],
        );
        check::<T, 0>(
            "ritz_update_from_gradients",
            |[x, y, g0, g1]| {
                ritz_update_from_gradients(one, [0.6, 0.8], [0.4, b], [&*g0, &*g1], x, y);
                []
            },
            |[x, y, g0, g1]| {
                let q = 0.4 * (g1 - g0) + b * y;
                [0.6 * x + 0.8 * q, 0.6 * q - 0.8 * x, g0, g1]
            },
            |_, _| [],
        );
    }
    check::<T, 0>(
        "fill",
        |[_, _, _, w]| {
            fill(one, w, &|_| 0.25);
            []
        },
        |[x, y, z, _]| [x, y, z, 0.25],
        |_, _| [],
    );
}

/// The kernels that sum.
fn reductions<T: Real>() {
    let one = Threads::One;
    check::<T, 1>("dot", |[x, y, ..]| [dot(one, x, y)], |vectors| vectors, |[x, y, ..], _| [x * y]);
    check::<T, 3>(
        "dots",
        |[x, y, z, w]| dots(one, [(&*x, &*y), (z, w), (w, w)]),
        |vectors| vectors,
        |[x, y, z, w], _| [x * y, z * w, w * w],
    );
    check::<T, 1>(
        "displace",
        |[n, x, y, _]| [displace(one, 0.5, n, x, y)],
        |[n, x, _, w]| [n, x, x + 0.5 * n, w],
        |[n, x, ..], [_, _, y, _]| [(y - x) * n],
    );
    check::<T, 2>(
        "secant",
        |[g0, g1, n, hn]| {
            let (along, square) = secant(one, 2.0, g0, g1, n, hn);
            [along, square]
        },
        |[g0, g1, n, _]| [g0, g1, n, (g1 - g0) / 2.0],
        |_, [_, _, n, hn]| [n * hn, hn * hn],
    );
    check::<T, 3>(
        "torque",
        |[n, hn, p, w]| torque(one, 0.5, n, hn, p, w),
        |[n, hn, p, _]| [n, hn, p, 0.5 * n - hn],
        |_, [n, _, p, w]| [w * w, w * n, w * p],
    );
}

/// [`deflate`] apart: its components depend on its sum.
fn deflation<T: Real>() {
    for len in 0..=100 {
        let (n, g) = (values::<T>(1, len), values::<T>(2, len));
        let along: f64 = n.iter().zip(&g).map(|(n, g)| n * g).sum();
        for (before, tail) in [(0, 0), (1, 0), (7, 3)] {
            let run = || {
                let of = |values: &[f64], before: usize| {
                    let mut data = vec![T::from_f64(f64::NAN); before + len + tail];
                    let slice = &mut data[before..][..len];
                    slice.iter_mut().zip(values).for_each(|(x, v)| *x = T::from_f64(*v));
                    data
                };
                let (n, mut g) = (of(&n, before), of(&g, before + 2));
                let got =
                    deflate(Threads::One, 0.5, &n[before..][..len], &mut g[before + 2..][..len]);
                (got, g)
            };
            for (isa, (got, data)) in with_each_isa(run) {
                // As above, and the error of the sum once more in each component.
                let tolerance = 20.0 * T::ROUNDOFF * (len + 1) as f64;
                assert!((got - along).abs() <= tolerance, "{isa:?}, n = {len}: {got} {along}");
                for (i, x) in data.iter().enumerate() {
                    match i.checked_sub(before + 2).filter(|i| *i < len) {
                        Some(i) => {
                            let off = (x.to_f64() - (g[i] - 0.5 * along * n[i])).abs();
                            assert!(off <= tolerance, "{isa:?}, n = {len}: {i} is {x}");
                        }
                        None => assert!(x.to_f64().is_nan(), "{isa:?}, n = {len}: {i} is {x}"),
                    }
                }
            }
        }
    }
}

#[test]
fn passes_stay_inside_their_slices() {
    passes::<f32>();
    passes::<f64>();
}

#[test]
fn reductions_stay_inside_their_slices() {
    reductions::<f32>();
    reductions::<f64>();
}

#[test]
fn deflation_stays_inside_its_slices() {
    deflation::<f32>();
    deflation::<f64>();
}
