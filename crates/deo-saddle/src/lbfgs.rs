//! Limited-memory BFGS for a field that is no gradient.
//!
//! d = −B⁻¹g by the two-loop recursion (Nocedal 1980) over m pairs (s, y), scaled by ⟨s, y⟩/⟨y, y⟩ of the newest.
//! There is no line search, so a pair with ⟨s, y⟩ ≤ 0 can come, and is dropped: with it the inverse would no longer
//! be positive.

use deo_core::space::Space;
use std::borrow::Borrow;

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub(super) struct Memory<S: Space> {
    /// A ring of pairs; `newest` is the last one kept, `filled` how many there are.
    pairs: Vec<(S::Owned, S::Owned)>,
    /// ⟨s, y⟩ of each.
    products: Vec<f64>,
    weights: Vec<f64>,
    newest: usize,
    filled: usize,
    scale: f64,
}

/// A pair whose s and y are nearly orthogonal makes the inverse blow up: the angle must be a rounding away from a
/// right one.
const ORTHOGONAL: f64 = 1e-8;

impl<S: Space> Memory<S> {
    pub(super) fn new(space: &S, like: &S::Vector, memory: usize) -> Self {
        let pair = |_| (space.zeros_like(like), space.zeros_like(like));
        Memory {
            pairs: (0..memory).map(pair).collect(),
            products: vec![0.0; memory],
            weights: vec![0.0; memory],
            newest: memory - 1,
            filled: 0,
            scale: 1.0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Where the next pair is to be written: the place of the oldest, which is lost if the memory is full.
    pub(super) fn pending(&mut self) -> &mut (S::Owned, S::Owned) {
        let m = self.pairs.len();
        self.filled = self.filled.min(m - 1);
        &mut self.pairs[(self.newest + 1) % m]
    }

    /// Keeps the pending pair, if it is of use.
    pub(super) fn commit(&mut self, space: &S) {
        let next = (self.newest + 1) % self.pairs.len();
        let (s, y) = &self.pairs[next];
        let [sy, ss, yy] = space.dots([
            (s.borrow(), y.borrow()),
            (s.borrow(), s.borrow()),
            (y.borrow(), y.borrow()),
        ]);
        let scale = sy / yy;
        // Products of tiny vectors underflow, of large ones overflow: then nothing is known of their angle.
        let known = sy.is_normal() && yy.is_normal() && scale.is_normal();
        if known && sy > ORTHOGONAL * ss.sqrt() * yy.sqrt() {
            self.products[next] = sy;
            self.scale = scale;
            self.newest = next;
            self.filled += 1;
        }
    }

    /// d ← B⁻¹d.
    pub(super) fn apply(&mut self, space: &S, d: &mut S::Vector) {
        let m = self.pairs.len();
        let at = |age: usize| (self.newest + m - age) % m;
        for age in 0..self.filled {
            let (s, y) = &self.pairs[at(age)];
            let weight = space.dot(s.borrow(), d) / self.products[at(age)];
            self.weights[at(age)] = weight;
            space.axpby(-weight, y.borrow(), 1.0, d);
        }
        if self.filled > 0 {
            let newest: &S::Vector = self.pairs[self.newest].0.borrow();
            space.axpby(0.0, newest, self.scale, d);
        }
        for age in (0..self.filled).rev() {
            let (s, y) = &self.pairs[at(age)];
            let weight = self.weights[at(age)] - space.dot(y.borrow(), d) / self.products[at(age)];
            space.axpby(weight, s.borrow(), 1.0, d);
        }
    }
}
