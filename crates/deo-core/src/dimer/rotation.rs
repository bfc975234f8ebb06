//! One rotation: torque, Rayleigh–Ritz in span{n, w, p}, recombination.

use super::{Dimer, Phase, Target};
use crate::estimate::Status;
use crate::probe::{Answer, gradient_error};
use crate::ritz::symmetric_eigen;
use crate::space::Space;
use std::borrow::BorrowMut;

impl<V: ?Sized> Answer<'_, V> {
    /// hv ← the product, and (⟨v, hv⟩, ⟨hv, hv⟩).
    pub(crate) fn product_into<S>(&self, space: &S, v: &V, hv: &mut V) -> (f64, f64)
    where
        S: Space<Vector = V>,
    {
        if let Some(behind) = self.behind {
            return space.secant(self.span, behind, self.ahead, v, hv);
        }
        space.axpby(1.0, self.ahead, 0.0, hv);
        let [along, square] = space.dots([(v, hv), (hv, hv)]);
        (along, square)
    }
}

impl<V> Dimer<V> {
    /// Computes the torque, and asks for its product unless the estimate is good enough or out of gradients.
    pub(super) fn prepare_rotation<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let curvature = self.estimate.curvature;
        let [torque_norm, residual] = self.compute_torque(space);
        self.estimate.residual = residual;
        let goal = self.settings.tolerance * curvature.abs().max(self.settings.floor);
        // The last gradient is kept for the certificate, if there is to be one.
        let reserve = u64::from(self.settings.certify);
        let status = if residual <= goal {
            Status::Converged
        } else if residual <= self.rounding.max(self.estimate.secant_error) || torque_norm == 0.0 {
            Status::Noise
        } else if self.allowance <= reserve {
            Status::Budget
        } else {
            self.estimate.status = Status::Running;
            self.phase = Phase::Torque;
            return;
        };
        self.finish(status);
        if self.settings.certify && self.allowance > 0 {
            self.phase = Phase::Certify;
        }
    }

    /// w ← unit(C n − Hn), orthogonal to n and p. Returns the norm of the part that was left, and ‖r‖.
    pub(super) fn compute_torque<S>(&mut self, space: &S) -> [f64; 2]
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let w = self.torque.borrow_mut();
        space.axpby(-1.0, self.axis_product.borrow(), 0.0, w);
        space.axpby(self.estimate.curvature, self.axis.borrow(), 1.0, w);
        let residual = space.norm(w);
        [self.orthonormalise_torque(space, residual), residual]
    }

    /// w ← unit(w − its parts along n and p). Returns the norm of what was left of its `length`, 0 for nothing.
    pub(super) fn orthonormalise_torque<S>(&mut self, space: &S, length: f64) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, p) = (self.axis.borrow(), self.previous.borrow());
        let w = self.torque.borrow_mut();
        if length == 0.0 {
            return 0.0;
        }
        let mut norm = length;
        // Twice is enough (Giraud et al. 2005): the first pass leaves an error of ε‖w‖ along n and p, which
        // counts where little of w remains; the second removes it.
        for _ in 0..2 {
            let [along_n, along_p] = space.dots([(w, n), (w, p)]);
            space.axpby(-along_n, n, 1.0, w);
            if self.has_previous {
                space.axpby(-along_p, p, 1.0, w);
            }
            norm = space.norm(w);
        }
        // What is left of a dependent vector is rounding, not a direction.
        if norm <= 10.0 * space.epsilon() * length {
            return 0.0;
        }
        space.axpby(0.0, n, 1.0 / norm, w);
        norm
    }

    /// p ← unit(p − ⟨p, n⟩ n): the axis may have been normalised or the storage rounded since.
    pub(super) fn orthogonalise_previous<S>(&mut self, space: &S)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, p) = (self.axis.borrow(), self.previous.borrow_mut());
        space.deflate(1.0, n, p);
        let norm = space.norm(p);
        if norm > 0.0 {
            space.axpby(0.0, n, 1.0 / norm, p);
        }
    }

    /// Rayleigh–Ritz with the product along w, then the recombination of axes and products.
    pub(super) fn tell_torque<S>(&mut self, space: &S, answer: Answer<'_, S::Vector>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let Some((matrix, asymmetry)) = self.projected_hessian(space, &answer) else {
            return self.poisoned();
        };
        let order = if self.has_previous { 3 } else { 2 };
        let (value, weights) = extreme_pair(&matrix, order, self.settings.target);
        let turn = weights[1].hypot(weights[2]);
        if turn <= f64::EPSILON {
            // The Ritz vector is n itself to the last bit: nothing to gain from this subspace.
            return self.finish(Status::Noise);
        }
        self.recombine(space, &answer, weights, turn);
        self.has_previous = true;
        self.estimate.curvature = value;
        self.estimate.secant_error = asymmetry.max(self.rounding / self.root_dimension);
        self.estimate.rotations += 1;
        self.prepare_rotation(space);
    }

    /// VᵀHV for V = (n, w, p), symmetrised, and |⟨w, Hn⟩ − ⟨n, Hw⟩|. `None` if an answer isn't finite.
    fn projected_hessian<S>(
        &self,
        space: &S,
        answer: &Answer<'_, S::Vector>,
    ) -> Option<([f64; 9], f64)>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, w, p) = (self.axis.borrow(), self.torque.borrow(), self.previous.borrow());
        let (hn, hp) = (self.axis_product.borrow(), self.previous_product.borrow());
        let (ahead, behind) = (answer.ahead, answer.behind.unwrap_or(answer.ahead));
        let [n1, w1, p1, n0, w0, p0, n_hp, w_hp, p_hp, w_hn, p_hn] = space.dots([
            (n, ahead),
            (w, ahead),
            (p, ahead),
            (n, behind),
            (w, behind),
            (p, behind),
            (n, hp),
            (w, hp),
            (p, hp),
            (w, hn),
            (p, hn),
        ]);
        // Hw itself is never stored: its inner products are differences of those of the two gradients.
        let difference = |a: f64, b: f64| match answer.behind {
            Some(_) => (a - b) / answer.span,
            None => a,
        };
        let (n_hw, w_hw, p_hw) = (difference(n1, n0), difference(w1, w0), difference(p1, p0));
        if !(n_hw.is_finite() && w_hw.is_finite() && p_hw.is_finite()) {
            return None;
        }
        let (nw, np, wp) = ((n_hw + w_hn) / 2.0, (n_hp + p_hn) / 2.0, (p_hw + w_hp) / 2.0);
        let curvature = self.estimate.curvature;
        Some(([curvature, nw, np, nw, w_hw, wp, np, wp, p_hp], (n_hw - w_hn).abs()))
    }

    /// Applies n ← c₁ n + c₂ w + c₃ p, p ← the part of the correction orthogonal to it, and both to the products.
    fn recombine<S>(
        &mut self,
        space: &S,
        answer: &Answer<'_, S::Vector>,
        [c, along_w, along_p]: [f64; 3],
        s: f64,
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, hn) = (self.axis.borrow_mut(), self.axis_product.borrow_mut());
        let (p, hp) = (self.previous.borrow_mut(), self.previous_product.borrow_mut());
        let w = self.torque.borrow_mut();
        let keep = if self.has_previous { along_p / s } else { 0.0 };
        // q = (c₂ w + c₃ p)/s is a unit vector, and n ← c n + s q a plane rotation whose other half,
        // c q − s n, is the next p: orthonormal to n by construction, all weights at most one.
        space.axpby(along_w / s, w, keep, p);
        answer.product_into(space, n, w);
        space.axpby(along_w / s, w, keep, hp);
        space.rotate(c, s, n, p, w);
        space.rotate(c, s, hn, hp, w);
    }
}

/// The lowest or highest eigenpair of the leading `order` × `order` part of a 3 × 3 matrix, first weight ≥ 0.
fn extreme_pair(matrix: &[f64; 9], order: usize, target: Target) -> (f64, [f64; 3]) {
    let mut leading = [0.0; 9];
    for i in 0..order {
        leading[i * order..][..order].copy_from_slice(&matrix[i * 3..][..order]);
    }
    let (mut vectors, mut values) = ([0.0; 9], [0.0; 3]);
    let square = order * order;
    symmetric_eigen(&mut leading[..square], &mut vectors[..square], &mut values[..order]);
    let row = match target {
        Target::Lowest => 0,
        Target::Highest => order - 1,
    };
    let mut weights = [0.0; 3];
    weights[..order].copy_from_slice(&vectors[row * order..][..order]);
    if weights[0] < 0.0 {
        weights = weights.map(|weight| -weight);
    }
    (values[row], weights)
}

/// The rounding part of the error of a curvature, from a gradient of norm `scale` over a distance `span`.
pub(crate) fn rounding_error(epsilon: f64, scale: f64, span: f64) -> f64 {
    2.0 * gradient_error(epsilon) * scale / span.abs()
}
