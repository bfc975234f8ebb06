//! The dimension against the number of independent directions that the inner product sees.
//!
//! With eᵢ the vector that `fill` makes of component i alone, N is the rank of the matrix ⟨eᵢ, eⱼ⟩: of a metric all of
//! them, of a mask the free ones, of a projection those that are left.

use super::{Laws, ROUNDINGS, agree};
use crate::{Space, noise::noise};

/// Above so many components N is compared with their number only: one product for each is enough.
const MOST_COUNTED: u64 = 512;

/// Above so many, where the eᵢ aren't orthogonal, likewise: the rank takes a product for each pair.
const MOST_PAIRED: usize = 64;

impl<S: Space> Laws<'_, S> {
    #[track_caller]
    pub(super) fn check_dimension(&self) {
        let n = self.space.dimension(self.template);
        assert!(n >= 1.0 && n.fract() == 0.0, "law `dimension is a whole number above 0`: got {n}");
        // Each rank fills in its own.
        let [claims, x] = [n, 1.0].map(|factor| self.filled(&|i| factor * noise(1, i)));
        let square = self.dot(&x, &x);
        self.equal(
            "dimension is the same on every rank",
            self.dot(&claims, &x),
            n * square,
            n * square,
        );

        let end = self.end();
        assert!(
            n <= end as f64,
            "law `dimension ≤ components`: got {n}, and components beyond the first {end} change nothing"
        );
        if end <= MOST_COUNTED {
            self.check_rank(n, end);
        }
    }

    /// The number of components without those at the end that change nothing.
    fn end(&self) -> u64 {
        let tail = |from| self.filled(&|i| if i >= from { noise(2, i) } else { 0.0 });
        let ends = |at| self.norm(&tail(at)) == 0.0;
        let mut beyond = 1_u64;
        while beyond < 1 << 62 && !ends(beyond) {
            beyond *= 2;
        }
        let mut before = beyond / 2;
        // Something is at `before` or later, nothing at `beyond` or later.
        while beyond - before > 1 {
            let middle = before.midpoint(beyond);
            *(if ends(middle) { &mut beyond } else { &mut before }) = middle;
        }
        beyond
    }

    #[track_caller]
    fn check_rank(&self, n: f64, end: u64) {
        const LAW: &str =
            "dimension is the number of independent directions, whatever their lengths";
        let unit = |k: u64| self.filled(&|i| f64::from(u8::from(i == k)));
        let squares: Vec<f64> = (0..end).map(|k| self.norm(&unit(k)).powi(2)).collect();
        let sum: f64 = squares.iter().sum();
        let orthogonal = (0..4).all(|seed| {
            let signs = self.filled(&|i| 1f64.copysign(noise(seed, i)));
            let tolerance = (self.stored() + self.summed()) * sum;
            (self.dot(&signs, &signs) - sum).abs() <= tolerance
        });
        let seen: Vec<u64> = (0..end).filter(|k| squares[*k as usize] > 0.0).collect();
        if orthogonal {
            agree(LAW, n, seen.len() as f64, 0.0);
        } else if seen.len() <= MOST_PAIRED {
            let scaled =
                seen.iter().map(|k| self.scaled(squares[*k as usize].sqrt().recip(), &unit(*k)));
            agree(LAW, n, self.rank(scaled.collect()) as f64, 0.0);
        }
    }

    /// The number of independent ones among vectors of unit length, by Gram and Schmidt with pivots.
    fn rank(&self, mut vectors: Vec<S::Owned>) -> usize {
        let count = vectors.len();
        // What rounding leaves of a vector that depends on all the others.
        let nothing = ROUNDINGS * count as f64 * self.space.epsilon();
        for rank in 0..count {
            let squares: Vec<f64> = vectors[rank..].iter().map(|v| self.dot(v, v)).collect();
            let best = (0..squares.len()).max_by(|a, b| squares[*a].total_cmp(&squares[*b]));
            let Some(best) = best.filter(|best| squares[*best] > nothing * nothing) else {
                return rank;
            };
            vectors.swap(rank, rank + best);
            let pivot = self.scaled(squares[best].sqrt().recip(), &vectors[rank]);
            for v in &mut vectors[rank + 1..] {
                let along = self.dot(v, &pivot);
                *v = self.combined(-along, &pivot, 1.0, v);
            }
        }
        count
    }
}
