//! xᵢ ← value(i).

use crate::parallel::for_each;
use crate::{Real, Threads};

/// xᵢ ← value(i) for i = 0 … N − 1, rounded once.
///
/// `value` is called once for each i, in no fixed order, with [`Threads::Pool`] on several threads at once.
pub fn fill<T: Real>(threads: Threads, x: &mut [T], value: &(impl Fn(u64) -> f64 + Sync + ?Sized)) {
    for_each(threads, (0..x.len(), x), &|(indices, x)| {
        for (i, x) in indices.zip(x) {
            *x = T::from_f64(value(i as u64));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::tests::{bits, for_all, unanimous};

    fn check<T: Real>(len: usize) {
        let value = |i: u64| (i as f64 * 0.1).sin();
        let got = unanimous(|threads| {
            let mut x = vec![T::from_f64(f64::NAN); len];
            fill(threads, &mut x, &value);
            x
        });
        let want: Vec<T> = (0..len as u64).map(|i| T::from_f64(value(i))).collect();
        assert!(bits(&got) == bits(&want), "n = {len}");
    }

    #[test]
    fn every_component_gets_its_own_value() {
        for_all!(check);
    }
}
