//! The element-wise functions between the layers of a fully connected net.
//!
//! | σ(x) | σ′ from x or from y = σ(x) |
//! |---|---|
//! | tanh x | 1 − y² |
//! | 1/(1 + e^{−x}) | y (1 − y) |
//! | x Φ(x), see [`gelu`] | Φ(x) + x φ(x) |
//! | max(x, 0) | 1 where x > 0, else 0 |

use super::elementary::exp;
use super::gelu;
use super::parallel::{map, scale};
use deo_linalg::{Real, Threads};

/// An element-wise function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Activation {
    /// tanh x.
    #[default]
    Tanh,
    /// 1/(1 + e^{−x}).
    Sigmoid,
    /// x Φ(x).
    Gelu,
    /// max(x, 0); its gradient at 0 is 0.
    Relu,
}

impl Activation {
    /// y ← σ(x), component by component; x, y of one length.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn forward<T: Real>(self, threads: Threads, y: &mut [T], x: &[T]) {
        match self {
            // The library's tanh: 1 − 2/(1 + e^{2x}) would lose all digits of a small x, and small x is where
            // the saddles of a tanh net are.
            Activation::Tanh => map(threads, y, x, |x| x.tanh()),
            Activation::Sigmoid => map(threads, y, x, |x| T::ONE / (T::ONE + exp(-x))),
            Activation::Gelu => gelu::forward(threads, y, x),
            Activation::Relu => map(threads, y, x, |x| if x <= T::ZERO { T::ZERO } else { x }),
        }
    }

    /// dx ← dy ∘ σ′(x), where `dx` holds dy before; y = σ(x), all of one length.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    #[track_caller]
    pub fn backward_in_place<T: Real>(self, threads: Threads, dx: &mut [T], x: &[T], y: &[T]) {
        // y = σ(x)
        match self {
            Activation::Tanh => scale(threads, dx, y, |y| T::ONE - y * y),
            Activation::Sigmoid => scale(threads, dx, y, |y| y * (T::ONE - y)),
            Activation::Gelu => gelu::backward_in_place(threads, dx, x),
            Activation::Relu => {
                scale(threads, dx, x, |x| if x > T::ZERO { T::ONE } else { T::ZERO });
            }
        }
    }
}
