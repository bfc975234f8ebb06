//! The opposite of the paper's rule: strengthen the gradient along a direction of negative curvature.

use crate::estimate::Estimate;
use crate::space::Space;

/// g ← g + s⟨g,n⟩n where the curvature along n is negative beyond its error, else g unchanged.
///
/// The component along n then grows by 1 + η(1+s)|λ| a step. Invariant under n → −n.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Amplify {
    /// s, the share added.
    pub strength: f64,
}

impl Amplify {
    /// Transforms `g` and returns the ⟨g, n⟩ of before, or `None` if the curvature isn't negative.
    pub fn transform<S: Space>(
        &self,
        space: &S,
        n: &S::Vector,
        estimate: &Estimate,
        g: &mut S::Vector,
    ) -> Option<f64> {
        estimate.is_negative(1.0).then(|| space.deflate(-self.strength, n, g))
    }
}
