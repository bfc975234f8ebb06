//! The laws of a [`Space`]: what every algorithm of this crate relies on, as checks.
//!
//! Problem: whoever writes a space, or overrides a provided method to fuse its passes, has to know that the
//! result means what the definition means. One line in a test does it:
//!
//! ```
//! use deo_core::{laws, space::Host};
//! laws::check(&Host::<f32>::new(), &[0.0; 100]);
//! ```
//!
//! u and v below are functions of the index, û is the vector that [`Space::fill`] makes of u.
//!
//! | law | what is compared |
//! |---|---|
//! | shape | `zeros_like` is zero and as long as its template |
//! | ε | storage tells (1 + 4ε)x from x, but not 1 + ε/16 from 1 |
//! | fill | every index once, consecutive, from 0 on unless `is_distributed`; whatever was there before is gone |
//! | dimension | against the rank of the inner product on single components: on up to 512 of them, 64 if they aren't orthogonal; above, not more than components |
//! | axpby | a û + b v̂ against the filled a u + b v, for several a and b, zeros and ones among them |
//! | vector space | commutative, associative, distributive, x − x = 0 |
//! | unread | with b = 0 a y full of NaN changes no bit; likewise every output buffer and scratch |
//! | dot | bilinear, symmetric, positive, ⟨x, y⟩² ≤ ‖x‖²‖y‖², the same bits twice |
//! | dots, norm | against `dot`, for K = 1 … 5; in f64, ‖2⁷⁰⁰x‖ = 2⁷⁰⁰‖x‖ and ‖2⁻⁷⁰⁰x‖ = 2⁻⁷⁰⁰‖x‖ |
//! | secant, deflate, displace, rotate, combine, torque, ritz_update, ritz_update_from_gradients | vector and numbers against their definitions by `axpby` and `dot` |
//! | run | each of these formulas, and one with more vectors and sums than they have, against its `define` |
//! | update, by [`check_updates`] | over all components and over parts of them, against `run` |
//!
//! Vectors are compared in the norm of the space itself. A space that ignores some components, like
//! [`Masked`](crate::space::Masked), is thereby a space of equivalence classes and passes.
//!
//! In a space over several ranks every rank calls [`check`] at once, with its own part of the template; the
//! checks make the same sequence of reductions whatever the local length.

mod dimension;
mod formulas;
mod fused;
mod operations;
mod vectors;

#[cfg(test)]
mod tests;

use crate::noise::noise;
use crate::space::{Space, Updates};
use std::borrow::{Borrow, BorrowMut};

/// Roundings that a stored component may undergo within one law, a scalar rounded to the storage type and
/// an inner product accumulated by a device in its own precision included.
const ROUNDINGS: f64 = 32.0;

/// The scalars tried: the special cases that implementations branch on, both signs, nothing symmetric.
const SCALARS: [(f64, f64); 9] = [
    (1.0, 0.0),
    (1.0, 1.0),
    (-1.0, 1.0),
    (0.0, 2.0),
    (-2.5, 0.0),
    (0.0, 0.0),
    (0.5, -3.0),
    (3.0, 0.7),
    (1e-3, 1.0),
];

/// Checks every law of [`Space`] on vectors of the shape of `template`, whose content does not matter.
///
/// The template needs at least one component that the space does not ignore; a few hundred of them, no
/// multiple of any block or vector width, exercise the tails of kernels. It takes a few hundred passes over
/// vectors of its length, and up to 512 components one more for each.
///
/// # Panics
///
/// At the first law that does not hold, with its name, the number found, the number expected and the
/// tolerance between them.
///
/// # Examples
///
/// A fused method that forgets a factor is found:
///
/// ```should_panic
/// use deo_core::{laws, space::{Host, Space}};
/// struct Broken;
/// impl Space for Broken {
///     type Vector = [f64];
///     type Owned = Vec<f64>;
/// #   fn zeros_like(&self, x: &[f64]) -> Vec<f64> { vec![0.0; x.len()] }
/// #   fn len(&self, x: &[f64]) -> usize { x.len() }
/// #   fn epsilon(&self) -> f64 { f64::EPSILON / 2.0 }
/// #   fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
/// #       Host::<f64>::new().fill(x, value);
/// #   }
/// #   fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
/// #       Host::<f64>::new().axpby(a, x, b, y);
/// #   }
/// #   fn dot(&self, x: &[f64], y: &[f64]) -> f64 { Host::<f64>::new().dot(x, y) }
///     // …
///     fn deflate(&self, _beta: f64, n: &[f64], g: &mut [f64]) -> f64 {
///         let along = self.dot(g, n);
///         self.axpby(-along, n, 1.0, g); // β is missing
///         along
///     }
/// }
/// laws::check(&Broken, &[0.0; 10]);
/// ```
#[track_caller]
pub fn check<S: Space>(space: &S, template: &S::Vector) {
    let laws = Laws { space, template };
    laws.check_shape();
    laws.check_fill();
    laws.check_axpby();
    laws.check_storage();
    laws.check_vector_space();
    laws.check_unread();
    laws.check_dot();
    laws.check_dots();
    laws.check_norm();
    laws.check_dimension();
    laws.check_secant();
    laws.check_deflate();
    laws.check_displace();
    laws.check_rotate();
    laws.check_combine();
    laws.check_torque();
    laws.check_turn();
    laws.check_formulas();
}

/// Checks that the component loop of [`Updates`] is that of [`Space::run`], over any range, beside [`check`].
///
/// # Panics
///
/// As [`check`].
#[track_caller]
pub fn check_updates<S: Updates>(space: &S, template: &S::Vector) {
    Laws { space, template }.check_updates();
}

struct Laws<'a, S: Space> {
    space: &'a S,
    template: &'a S::Vector,
}

/// Fails unless |got − want| ≤ tolerance; NaN fails.
#[track_caller]
fn agree(law: &str, got: f64, want: f64, tolerance: f64) {
    assert!(
        (got - want).abs() <= tolerance,
        "law `{law}` does not hold: got {got:e}, expected {want:e} within {tolerance:e}"
    );
}

/// Operations that return new vectors: clear rather than fast, everything by `axpby`, `dot` and `fill`.
impl<S: Space> Laws<'_, S> {
    fn filled(&self, value: &(dyn Fn(u64) -> f64 + Sync)) -> S::Owned {
        let mut x = self.space.zeros_like(self.template);
        self.space.fill(x.borrow_mut(), value);
        x
    }

    fn noise(&self, seed: u64) -> S::Owned {
        self.filled(&|i| noise(seed, i))
    }

    /// What an output buffer may hold.
    fn poison(&self) -> S::Owned {
        self.filled(&|_| f64::NAN)
    }

    /// A direction that is deliberately no unit vector: the definitions do not ask for one.
    fn axis(&self, seed: u64) -> S::Owned {
        let x = self.noise(seed);
        self.scaled(0.8 / self.norm(&x), &x)
    }

    fn scaled(&self, a: f64, x: &S::Owned) -> S::Owned {
        let mut y = self.space.zeros_like(self.template);
        self.space.axpby(a, x.borrow(), 0.0, y.borrow_mut());
        y
    }

    /// a x + b y.
    fn combined(&self, a: f64, x: &S::Owned, b: f64, y: &S::Owned) -> S::Owned {
        let mut sum = self.scaled(1.0, y);
        self.space.axpby(a, x.borrow(), b, sum.borrow_mut());
        sum
    }

    fn dot(&self, x: &S::Owned, y: &S::Owned) -> f64 {
        self.space.dot(x.borrow(), y.borrow())
    }

    fn norm(&self, x: &S::Owned) -> f64 {
        self.dot(x, x).sqrt()
    }

    /// The relative error of a stored vector.
    fn stored(&self) -> f64 {
        ROUNDINGS * self.space.epsilon()
    }

    /// The relative error of an f64 sum over all components, which grows like √N if roundings are random.
    fn summed(&self) -> f64 {
        (8.0 + 2.0 * (self.space.len(self.template) as f64).sqrt()) * f64::EPSILON / 2.0
    }

    /// Fails unless ‖got − want‖ ≤ roundings of vectors of the norm `scale`.
    #[track_caller]
    fn same(&self, law: &str, got: &S::Owned, want: &S::Owned, scale: f64) {
        let distance = self.norm(&self.combined(1.0, got, -1.0, want));
        let tolerance = self.stored() * scale;
        assert!(
            distance <= tolerance,
            "law `{law}` does not hold: the vectors, of norms {:e} and {:e}, \
             are {distance:e} apart, more than {tolerance:e}",
            self.norm(got),
            self.norm(want),
        );
    }

    /// The same for numbers, inner products of vectors whose norms multiply to `scale`.
    #[track_caller]
    fn equal(&self, law: &str, got: f64, want: f64, scale: f64) {
        agree(law, got, want, (self.stored() + self.summed()) * scale);
    }
}
