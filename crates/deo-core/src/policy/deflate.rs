//! The paper's rule: take a share of the gradient along the axis away.

use crate::space::Space;

/// g ← g − α⟨g,n⟩n.
///
/// α = 1 is the projection of the paper (arXiv 2507.19968), α = 2 the reflection of the dimer method, which
/// converges *to* saddles. Invariant under n → −n.
///
/// # Examples
///
/// ```
/// use deo_core::{policy::Deflate, space::Host};
/// let mut g = [3.0, 4.0];
/// Deflate { alpha: 1.0 }.transform(&Host::<f64>::new(), &[1.0, 0.0], &mut g);
/// assert_eq!(g, [0.0, 4.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Deflate {
    /// α, the share taken away.
    pub alpha: f64,
}

impl Deflate {
    /// Transforms `g` and returns the ⟨g, n⟩ of before. `n` must have unit length.
    pub fn transform<S: Space>(&self, space: &S, n: &S::Vector, g: &mut S::Vector) -> f64 {
        space.deflate(self.alpha, n, g)
    }
}
