//! xᵢ ← value(i).

use crate::parallel::for_each;
use crate::{Real, Threads};

/// xᵢ ← value(i), i counting from 0, in any order.
pub fn fill<T: Real>(threads: Threads, x: &mut [T], value: &(impl Fn(u64) -> f64 + Sync + ?Sized)) {
    for_each(threads, (0..x.len(), x), &|(indices, x)| {
        for (i, x) in indices.zip(x) {
            *x = T::from_f64(value(i as u64));
        }
    });
}
