//! The mean negative log-likelihood of the right class.
//!
//! For R rows of logits l, with target class c in each row:
//!
//! ```text
//! f = 1/R Σ_rows (ln Σ_j exp l_j − l_c),   dl_j = (exp(l_j − ln Σ_i exp l_i) − [j = c]) / R
//! ```
//!
//! With M the largest logit of the row, ln Σ exp l_j = M + ln Σ exp(l_j − M): no exponential overflows, and
//! the sum is at least 1. The loss is small beside the logits, so M − l_c is subtracted in `f64`, and the
//! rows are added in `f64`, in order.

use super::elementary::exp;
use super::parallel::{for_each, rows, rows_mut};
use super::sums::{largest, sum};
use super::{check_len, rows_of};
use deo_linalg::{Real, Threads};

/// Cross entropy over a number of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossEntropy {
    /// Logits of a row, V.
    pub classes: usize,
}

impl CrossEntropy {
    /// f; l ← softmax(l), row by row; `losses` ← the loss of every row.
    ///
    /// l: R × V; losses, targets: R.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer, or if a target is no class.
    #[track_caller]
    pub fn forward_in_place<T: Real>(
        &self,
        threads: Threads,
        l: &mut [T],
        losses: &mut [f64],
        targets: &[u16],
    ) -> f64 {
        let count = rows_of("l", l, self.classes);
        check_len("losses", losses, count);
        check_len("targets", targets, count);
        let views = (rows_mut(l, self.classes), rows_mut(losses, 1), rows(targets, 1));
        for_each(
            threads,
            views,
            #[inline(always)]
            |(l, losses, targets)| {
                let losses = losses.flat().iter_mut();
                for ((l, loss), target) in l.iter().zip(losses).zip(targets.flat()) {
                    let greatest = largest(l);
                    let gap = greatest.to_f64() - l[usize::from(*target)].to_f64();
                    for l in l.iter_mut() {
                        *l = exp(*l - greatest);
                    }
                    let total = sum(l);
                    *loss = gap + total.to_f64().ln();
                    let inverse = T::ONE / total;
                    for l in l.iter_mut() {
                        *l *= inverse;
                    }
                }
            },
        );
        losses.iter().sum::<f64>() / count as f64
    }

    /// dl ← (softmax(l) − [j = c]) / R, where `dl` holds softmax(l) before.
    ///
    /// dl: R × V; targets: R.
    ///
    /// # Panics
    ///
    /// If the lengths of the slices do not fit the layer, or if a target is no class.
    #[track_caller]
    pub fn backward_in_place<T: Real>(&self, threads: Threads, dl: &mut [T], targets: &[u16]) {
        // f = 1/R Σ_rows (ln Σ_j exp l_j − l_c)
        let count = rows_of("dl", dl, self.classes);
        check_len("targets", targets, count);
        let weight = T::from_f64(1.0 / count as f64);
        let views = (rows_mut(dl, self.classes), rows(targets, 1));
        for_each(
            threads,
            views,
            #[inline(always)]
            |(dl, targets)| {
                for (dl, target) in dl.iter().zip(targets.flat()) {
                    dl[usize::from(*target)] -= T::ONE;
                    for dl in dl.iter_mut() {
                        *dl *= weight;
                    }
                }
            },
        );
    }
}
