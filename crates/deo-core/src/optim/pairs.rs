//! What steps and gradients tell of the Hessian: the pairs of limited-memory BFGS.
//!
//! | formula | here |
//! |---|---|
//! | s = x₊ − x, y = g₊ − g | [`Pairs::pending`], [`Pairs::commit`] |
//! | kept if ⟨s, y⟩ > 1e-8 ‖s‖‖y‖ | `ORTHOGONAL` |
//! | q ← d; from the newest pair on: aᵢ = ⟨sᵢ, q⟩/⟨sᵢ, yᵢ⟩, q ← q − aᵢyᵢ | [`Pairs::apply`] |
//! | r ← q ⟨s, y⟩/⟨y, y⟩ of the newest | |
//! | from the oldest on: r ← r + (aᵢ − ⟨yᵢ, r⟩/⟨sᵢ, yᵢ⟩) sᵢ; r = B⁻¹d | |
//!
//! Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comp. 35, 773 (1980).
//!
//! Where there is no line search, or the field is no gradient, a pair with ⟨s, y⟩ ≤ 0 can come. It is dropped: with it the
//! inverse would no longer be positive.

use crate::space::Space;
use std::borrow::BorrowMut;

/// A ring of pairs (s, y), and the inverse Hessian B⁻¹ that they make: the identity without any.
///
/// # Examples
///
/// ```
/// use deo_core::optim::Pairs;
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// let mut pairs = Pairs::new(&space, &[0.0; 2], 3);
/// // Of H = diag(2, 8), two steps along the axes.
/// for (s, y) in [([1.0, 0.0], [2.0, 0.0]), ([0.0, 1.0], [0.0, 8.0])] {
///     let pair = pairs.pending();
///     (pair.0.copy_from_slice(&s), pair.1.copy_from_slice(&y));
///     assert!(pairs.commit(&space));
/// }
/// let mut d = [2.0, 8.0];
/// pairs.apply(&space, &mut d);
/// assert_eq!(d, [1.0, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pairs<V> {
    /// `newest` is the last one kept, `filled` how many there are.
    pairs: Vec<(V, V)>,
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

impl<V> Pairs<V> {
    /// No pair yet, and room for `memory` of them, one at least.
    pub fn new<S: Space<Owned = V>>(space: &S, like: &S::Vector, memory: usize) -> Self {
        let memory = memory.max(1);
        let pair = |_| (space.zeros_like(like), space.zeros_like(like));
        Pairs {
            pairs: (0..memory).map(pair).collect(),
            products: vec![0.0; memory],
            weights: vec![0.0; memory],
            newest: memory - 1,
            filled: 0,
            scale: 1.0,
        }
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Whether nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// The curvature's scale: B⁻¹ across all pairs is this times the identity.
    pub fn scale(&self) -> f64 {
        if self.filled > 0 { self.scale } else { 1.0 }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        let memory = self.pairs.len();
        let same = |((s, y), (s0, y0)): (&(V, V), &(V, V))| same_shape(s, s0) && same_shape(y, y0);
        memory == new.pairs.len()
            && self.products.len() == memory
            && self.weights.len() == memory
            && self.newest < memory
            && self.filled <= memory
            && self.pairs.iter().zip(&new.pairs).all(same)
    }

    /// Where the next pair is to be written: the place of the oldest, which is lost if the memory is full.
    pub fn pending(&mut self) -> &mut (V, V) {
        let m = self.pairs.len();
        self.filled = self.filled.min(m - 1);
        &mut self.pairs[(self.newest + 1) % m]
    }

    /// Keeps the pending pair, if it is of use; says whether it was.
    pub fn commit<S: Space<Owned = V>>(&mut self, space: &S) -> bool
    where
        V: BorrowMut<S::Vector>,
    {
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
        let kept = known && sy > ORTHOGONAL * ss.sqrt() * yy.sqrt();
        if kept {
            self.products[next] = sy;
            self.scale = scale;
            self.newest = next;
            self.filled += 1;
        }
        kept
    }

    /// d ← B⁻¹d.
    pub fn apply<S: Space<Owned = V>>(&mut self, space: &S, d: &mut S::Vector)
    where
        V: BorrowMut<S::Vector>,
    {
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
