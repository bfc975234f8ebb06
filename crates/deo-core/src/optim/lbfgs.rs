//! L-BFGS with a learning rate in place of a line search, as `torch.optim.LBFGS(max_iter=1)` defines it.
//!
//! | formula | here |
//! |---|---|
//! | s = the last step, y = g − g of before; kept if ⟨s, y⟩ is clearly positive | [`Pairs`] |
//! | d = −B⁻¹g by the two-loop recursion over the last m pairs | [`LbfgsSettings::memory`] |
//! | x ← x + η d | η = `lr` |
//! | x ← x − η min(1, 1/‖g‖) g at the first step | |
//!
//! One step for each gradient, like the other optimizers: PyTorch's inner loop of twenty steps, each with a gradient of
//! its own, is the caller's loop here. It is for full batches: on small ones y is mostly the difference of two batches.
//! Where the curvature along a step is negative the pair says so and is dropped, so that near a saddle B is what was
//! learned elsewhere.
//!
//! Departures from PyTorch:
//! 1. The first step takes ‖g‖ = √⟨g, g⟩, that of the space; PyTorch's sum of |gᵢ| depends on the choice of axes, and a space
//!    need not have components.
//! 2. A pair is kept by the angle between s and y, not by ⟨s, y⟩ > 1e-10, which depends on the scale of f.
//! 3. No tolerance ends it: where g = 0 it stays, as the others do.
//! 4. After a jump it begins anew: y would be a difference over a way that isn't s, and the curvature is that of elsewhere.

use super::{Optimizer, Pairs, check_step};
use crate::setting::{SettingError, at_least_one};
use crate::space::Space;
use std::borrow::{Borrow, BorrowMut};

/// The settings of [`Lbfgs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LbfgsSettings {
    /// m ≥ 1, the pairs that it remembers: 2m vectors.
    /// Default: 10, as of most others; PyTorch's is 100.
    pub memory: usize,
}

impl Default for LbfgsSettings {
    fn default() -> Self {
        LbfgsSettings { memory: 10 }
    }
}

/// Limited-memory BFGS, one step for each gradient, on every space: it takes nothing but sums and inner products.
///
/// `V` is the stored vector of the space. The state is plain data, 2m + 2 vectors: clone it, serialise it, continue bit for
/// bit. It has no parameter groups, as PyTorch's hasn't; freeze components by [`Masked`](crate::space::Masked).
///
/// # Examples
///
/// ```
/// use deo_core::optim::{Lbfgs, LbfgsSettings, Optimizer};
/// use deo_core::space::Host;
///
/// let space = Host::<f64>::new();
/// let mut x = vec![1.0, -2.0, 3.0];
/// let mut lbfgs = Lbfgs::new(LbfgsSettings::default(), &space, &x)?;
/// for _ in 0..30 {
///     let g = [x[0], 30.0 * x[1], 900.0 * x[2]];
///     lbfgs.step(&space, &mut x, &g, 1.0);
/// }
/// assert!(x.iter().all(|x| x.abs() < 1e-9), "{x:?}");
/// # Ok::<(), deo_core::SettingError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lbfgs<V> {
    settings: LbfgsSettings,
    pairs: Pairs<V>,
    /// g of the last step, and the direction in which it went.
    previous: V,
    direction: V,
    /// How far it went, in units of the direction; `None` before the first step and after a jump.
    length: Option<f64>,
    components: usize,
}

impl<V> Lbfgs<V> {
    /// The optimizer for vectors of the shape of `x`, which knows no curvature yet.
    ///
    /// # Errors
    ///
    /// If the memory is 0.
    pub fn new<S>(settings: LbfgsSettings, space: &S, x: &S::Vector) -> Result<Self, SettingError>
    where
        S: Space<Owned = V>,
    {
        let LbfgsSettings { memory } = settings;
        at_least_one("L-BFGS memory", memory as u64)?;
        Ok(Lbfgs {
            settings,
            pairs: Pairs::new(space, x, memory),
            previous: space.zeros_like(x),
            direction: space.zeros_like(x),
            length: None,
            components: space.len(x),
        })
    }

    /// Whether this can be a later state of `new`; see [`Dimer::continues`](crate::Dimer::continues).
    pub fn continues(&self, new: &Self, same_shape: impl Fn(&V, &V) -> bool) -> bool {
        self.settings == new.settings
            && self.components == new.components
            && self.pairs.continues(&new.pairs, &same_shape)
            && same_shape(&self.previous, &new.previous)
            && same_shape(&self.direction, &new.direction)
    }

    /// The settings.
    pub fn settings(&self) -> &LbfgsSettings {
        &self.settings
    }

    /// The pairs that it remembers.
    pub fn pairs(&self) -> &Pairs<V> {
        &self.pairs
    }
}

impl<S: Space> Optimizer<S> for Lbfgs<S::Owned> {
    fn step(&mut self, space: &S, x: &mut S::Vector, g: &S::Vector, lr: f64) {
        check_step(lr, self.components, space.len(x));
        if let Some(length) = self.length {
            let (s, y) = self.pairs.pending();
            space.axpby(length, self.direction.borrow(), 0.0, s.borrow_mut());
            space.copy(g, y.borrow_mut());
            space.axpby(-1.0, self.previous.borrow(), 1.0, y.borrow_mut());
            self.pairs.commit(space);
        }
        space.copy(g, self.previous.borrow_mut());
        space.axpby(-1.0, g, 0.0, self.direction.borrow_mut());
        let mut length = lr;
        if self.length.is_none() {
            // Of a gradient of 0 the quotient is infinite, and the least of the two 1.
            length *= (1.0 / space.norm(g)).min(1.0);
        } else {
            self.pairs.apply(space, self.direction.borrow_mut());
            // B is positive, but a product with its rounded inverse needn't be downhill.
            if space.dot(g, self.direction.borrow()) > 0.0 {
                self.pairs.clear();
                space.axpby(-1.0, g, 0.0, self.direction.borrow_mut());
                length *= (1.0 / space.norm(g)).min(1.0);
            }
        }
        space.axpby(length, self.direction.borrow(), 1.0, x);
        self.length = Some(length);
    }

    /// It begins anew.
    fn jumped(&mut self, _: &S) {
        self.pairs.clear();
        self.length = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Host;

    const SPACE: Host<f64> = Host::new();

    fn new(memory: usize) -> Result<Lbfgs<Vec<f64>>, SettingError> {
        Lbfgs::new(LbfgsSettings { memory }, &SPACE, &[0.0; 2])
    }

    #[test]
    fn a_memory_of_nothing_is_refused() {
        let error = new(0).unwrap_err().to_string();
        assert!(error.contains("L-BFGS memory is 0"), "{error}");
    }

    #[test]
    fn the_first_step_is_no_longer_than_the_rate_and_a_jump_begins_anew() {
        let mut lbfgs = new(3).unwrap();
        let mut x = vec![0.0; 2];
        lbfgs.step(&SPACE, &mut x, &[30.0, -40.0], 0.5);
        assert_eq!(x, [-0.3, 0.4]);
        lbfgs.step(&SPACE, &mut x, &[20.0, -25.0], 0.5);
        assert_eq!(lbfgs.pairs().len(), 1);
        Optimizer::<Host<f64>>::jumped(&mut lbfgs, &SPACE);
        // A gradient shorter than 1 is taken as it is.
        x = vec![0.0; 2];
        lbfgs.step(&SPACE, &mut x, &[0.6, 0.0], 0.5);
        assert_eq!((x, lbfgs.pairs().len()), (vec![-0.3, 0.0], 0));
        lbfgs.step(&SPACE, &mut [0.0; 2], &[0.0; 2], 0.5);
    }

    /// On a convex quadratic, memory N and full steps end at the minimum; where it bends down the pair isn't kept.
    #[test]
    fn pairs_of_negative_curvature_are_dropped() {
        let mut lbfgs = new(3).unwrap();
        let mut x = vec![1e-3, 0.1];
        for _ in 0..4 {
            let g = [-x[0], x[1]];
            let before = x.clone();
            lbfgs.step(&SPACE, &mut x, &g, 0.1);
            let downhill = (x[0] - before[0]) * g[0] + (x[1] - before[1]) * g[1];
            assert!(downhill < 0.0);
        }
        // Along −x₀ alone there is nothing but negative curvature.
        let (mut lbfgs, mut x) = (new(3).unwrap(), vec![1e-3, 0.0]);
        (0..4).for_each(|_| {
            let g = [-x[0], 0.0];
            lbfgs.step(&SPACE, &mut x, &g, 0.1);
        });
        assert!(lbfgs.pairs().is_empty() && x[0] > 1e-3);
    }
}
