//! One rotation: torque, Rayleigh–Ritz in span{n, w, p}, recombination.

use super::{Dimer, Phase, Target};
use crate::estimate::Status;
use crate::probe::Answer;
use crate::ritz::symmetric_eigen;
use crate::secant_error::UNSEEN;
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
        space.axpby(1.0 / self.span, self.ahead, 0.0, hv);
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
        match self.judge(space) {
            Some(Status::Noise) if self.measures_noise() => {}
            Some(status) => self.conclude_as(status),
            None => self.rotate_on(),
        }
    }

    /// Asks for H times the torque direction.
    pub(super) fn rotate_on(&mut self) {
        self.estimate.status = Status::Running;
        self.phase = Phase::Torque;
    }

    /// Computes residual and torque. Returns how the estimate ends, `None` if it is to be rotated.
    pub(super) fn judge<S>(&mut self, space: &S) -> Option<Status>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let [torque_norm, residual] = self.compute_torque(space);
        self.estimate.residual = residual;
        let goal = self.goal();
        let known = UNSEEN * self.axis_error;
        let hidden = residual > known && residual <= self.rounding;
        self.suspected = self.noise.is_nan() && hidden && torque_norm > 0.0;
        // A residual that is small by an erroneous product isn't known to be small.
        if residual <= goal && self.axis_error <= goal {
            Some(Status::Converged)
        } else if residual <= self.rounding.max(known) || torque_norm == 0.0 {
            Some(Status::Noise)
        } else {
            (!self.affords(1 + self.reserve())).then_some(Status::Budget)
        }
    }

    /// max(|C|, floor).
    pub(super) fn size(&self) -> f64 {
        self.estimate.curvature.abs().max(self.settings.floor / self.unit)
    }

    /// The residual at which the estimate has converged.
    pub(super) fn goal(&self) -> f64 {
        self.settings.tolerance * self.size()
    }

    /// w ← unit(C n − Hn), orthogonal to n and p. Returns the norm of the part that was left, and ‖r‖.
    pub(super) fn compute_torque<S>(&mut self, space: &S) -> [f64; 2]
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, hn, p) = (self.axis.borrow(), self.axis_product.borrow(), self.previous.borrow());
        let w = self.torque.borrow_mut();
        let products = space.torque(self.estimate.curvature, n, hn, p, w);
        [self.orthonormalise_torque(space, products), products[0].sqrt()]
    }

    /// w ← unit(w − its parts along n and p), given ⟨w, w⟩, ⟨w, n⟩, ⟨w, p⟩. Returns the norm of what was left, 0 for
    /// nothing.
    pub(super) fn orthonormalise_torque<S>(&mut self, space: &S, products: [f64; 3]) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let length = products[0].sqrt();
        if length == 0.0 {
            return 0.0;
        }
        let norm = self.take_parts_away(space, products);
        // A pass leaves an error of ε‖w‖ along n and p, which counts where little of w remains. Twice is enough
        // (Giraud et al. 2005), and once where half of w or more remained, the rule of a residual.
        if norm >= 0.5 * length {
            return norm;
        }
        let (n, p, w) = (self.axis.borrow(), self.previous.borrow(), self.torque.borrow());
        let rest = space.dots([(w, w), (w, n), (w, p)]);
        let norm = norm * self.take_parts_away(space, rest);
        // What is left of a dependent vector is rounding, not a direction.
        if norm <= 10.0 * space.epsilon() * length { 0.0 } else { norm }
    }

    /// One pass of that. Returns the norm that was left before w was made a unit vector.
    fn take_parts_away<S>(&mut self, space: &S, [square, along_n, along_p]: [f64; 3]) -> f64
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (n, p, w) = (self.axis.borrow(), self.previous.borrow(), self.torque.borrow_mut());
        // p may hold anything before the first rotation.
        let along_p = if self.has_previous { along_p } else { 0.0 };
        // Pythagoras: n and p are orthonormal. What rounding makes of a difference of equals is not below 10 ε, and
        // the second pass measures it.
        let left = square - along_n * along_n - along_p * along_p;
        let floor = 10.0 * space.epsilon() * square.sqrt();
        let norm = left.max(0.0).sqrt().max(floor);
        if self.has_previous {
            space.combine([(-along_n / norm, n), (-along_p / norm, p)], 1.0 / norm, w);
        } else {
            space.combine([(-along_n / norm, n)], 1.0 / norm, w);
        }
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
        let RitzPair { value, second, weights } =
            extreme_pair(&matrix, order, self.settings.target);
        self.note_second(second);
        let turn = weights[1].hypot(weights[2]);
        if turn <= f64::EPSILON {
            // The Ritz vector is n itself to the last bit: nothing to gain from this subspace.
            return self.conclude_as(Status::Noise);
        }
        self.recombine(space, &answer, weights, turn);
        self.propagate_errors(asymmetry, weights, turn);
        self.has_previous = true;
        self.set_rounding();
        self.set_curvature(value);
        self.estimate.rotations += 1;
        self.prepare_rotation(space);
    }

    /// VᵀHV for V = (n, w, p), symmetrised, and its asymmetry in the row of w. `None` if an answer isn't finite.
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
            None => a / answer.span,
        };
        let (n_hw, w_hw, p_hw) = (difference(n1, n0), difference(w1, w0), difference(p1, p0));
        if !(n_hw.is_finite() && w_hw.is_finite() && p_hw.is_finite()) {
            return None;
        }
        let (nw, np, wp) = ((n_hw + w_hn) / 2.0, (n_hp + p_hn) / 2.0, (p_hw + w_hp) / 2.0);
        let curvature = self.estimate.curvature;
        let of_p = if self.has_previous { p_hw - w_hp } else { 0.0 };
        let asymmetry = (n_hw - w_hn).hypot(of_p);
        Some(([curvature, nw, np, nw, w_hw, wp, np, wp, p_hp], asymmetry))
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
        let across = along_w / s;
        space.ritz_update([c, s], [across, keep], n, p, w);
        if let Some(behind) = answer.behind {
            let towards = [across / answer.span, keep];
            space.ritz_update_from_gradients([c, s], towards, [behind, answer.ahead], hn, hp, w);
        } else {
            space.axpby(1.0 / answer.span, answer.ahead, 0.0, w);
            space.ritz_update([c, s], [across, keep], hn, hp, w);
        }
    }
}

/// A Ritz pair at the end of the spectrum, and the Ritz value next to it.
struct RitzPair {
    value: f64,
    second: f64,
    weights: [f64; 3],
}

/// The lowest or highest eigenpair of the leading `order` × `order` part of a 3 × 3 matrix, first weight ≥ 0.
fn extreme_pair(matrix: &[f64; 9], order: usize, target: Target) -> RitzPair {
    let mut leading = [0.0; 9];
    for i in 0..order {
        leading[i * order..][..order].copy_from_slice(&matrix[i * 3..][..order]);
    }
    let (mut vectors, mut values) = ([0.0; 9], [0.0; 3]);
    let square = order * order;
    symmetric_eigen(&mut leading[..square], &mut vectors[..square], &mut values[..order]);
    let (row, next) = match target {
        Target::Lowest => (0, 1),
        Target::Highest => (order - 1, order - 2),
    };
    let mut weights = [0.0; 3];
    weights[..order].copy_from_slice(&vectors[row * order..][..order]);
    if weights[0] < 0.0 {
        weights = weights.map(|weight| -weight);
    }
    RitzPair { value: values[row], second: values[next], weights }
}
