//! Every kernel against its naive twin: at every length around a lane and chunk boundary, for both
//! scalars, on every instruction set, by every number of threads.

#[cfg(feature = "deo-core")]
mod slices;

use super::LANES;
use crate::parallel::CHUNK;
use crate::simd::tests::with_each_isa;
use crate::{Real, Threads};

/// Lengths around every boundary of the kernels.
pub(crate) const LENGTHS: [usize; 16] = [
    0,
    1,
    2,
    7,
    LANES - 1,
    LANES,
    LANES + 1,
    3 * LANES + 5,
    1000,
    1024,
    1059,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    2 * CHUNK + 17,
    5 * CHUNK + 1025,
];

/// Numbers in (−1, 1), with some of other magnitudes among them.
pub(crate) fn noise<T: Real>(seed: u64, len: usize) -> Vec<T> {
    let value = |i: u64| {
        let bits = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (seed << 32 | seed));
        let unit = ((bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64
            / (1u64 << 52) as f64
            - 1.0;
        T::from_f64(unit * if i % 97 == 3 { 1e3 } else { 1.0 })
    };
    (0..len as u64).map(value).collect()
}

/// Fails unless the numbers agree to the rounding of an f64 sum of products of this size.
#[track_caller]
pub(crate) fn close(got: f64, want: f64, magnitude: f64, len: usize) {
    // Both sums make at most one rounding for each component.
    let tolerance = f64::EPSILON * len as f64 * magnitude;
    assert!(
        (got - want).abs() <= tolerance,
        "n = {len}: {got:e} is not {want:e} within {tolerance:e}"
    );
}

/// The one answer that `run` gives on every instruction set and by pools of several sizes.
#[track_caller]
pub(crate) fn unanimous<R: PartialEq + std::fmt::Debug + Send>(
    run: impl Fn(Threads) -> R + Sync,
) -> R {
    let mut answers = with_each_isa(|| run(Threads::One)).into_iter();
    let (_, want) = answers.next().expect("the baseline always runs");
    for (isa, got) in answers {
        assert!(got == want, "{isa:?} gives other bits than the baseline");
    }
    for size in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(size).build().unwrap();
        assert!(
            pool.install(|| run(Threads::Pool)) == want,
            "{size} threads give other bits than one"
        );
    }
    want
}

/// Bits: `==` takes 0 for −0 and NaN for different from itself.
pub(crate) fn bits<T: Real>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.to_f64().to_bits()).collect()
}

/// Runs a test for both scalars and all lengths.
macro_rules! for_all {
    ($check:ident) => {
        for len in $crate::kernels::tests::LENGTHS {
            $check::<f32>(len);
            $check::<f64>(len);
        }
    };
}
pub(crate) use for_all;
