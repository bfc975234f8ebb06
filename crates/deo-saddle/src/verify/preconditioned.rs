//! The part of a verification that works in other variables, and comes back from them.
//!
//! Problem: signs of curvatures are told in y = T⁻¹x (`preconditioner.rs`), and what is asked for are curvatures and axes in x.
//!
//! 1. The gradient in y at T⁻¹x + ℓv is Tg at x + hd, d = Tv/‖Tv‖ and ℓ = h/‖Tv‖: [`Krylov`] sees another function. It
//!    begins with the k lowest eigenvectors of the guess, and looks for what they miss from a random direction, as ever.
//! 2. At its end D = TV and HD = T⁻¹W + flat·D are known, without further products, and so are the best axes that V has in
//!    x, by Rayleigh–Ritz: DᵀHD c = λ DᵀD c.
//! 3. The k + 1 lowest are measured afresh, on both sides. A curvature is that of its direction, so that those of k orthogonal
//!    axes below −flat are k eigenvalues below it (Courant and Fischer). That there are no others is what 1 says.
//!
//! | formula | code |
//! |---|---|
//! | ‖Tv‖ | `stretch` |
//! | D, HD | `Plane` |

use super::guess::HessianGuess;
use super::preconditioner::Preconditioner;
use super::{Verdict, VerificationSettings};
use crate::eigen::symmetric_eigen;
use crate::learned::dot;
use deo_core::estimate::{Estimate, Evidence};
use deo_core::krylov::{Krylov, KrylovError, KrylovSettings};
use deo_core::probe::Answer;
use deo_core::space::Space;
use std::borrow::BorrowMut;

/// The residual in y that tells a sign, relative to the curvature.
const SIGN: f64 = 0.1;

/// What a verification has beside its process.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Preconditioned<V> {
    preconditioner: Preconditioner<V>,
    flat: f64,
    /// ‖Tv‖ of the open probe.
    stretch: f64,
    /// Gradients in y at the two ends of a probe.
    ends: [V; 2],
    /// The pairs in x, how many of them have been measured, and their axes with what their products should be.
    estimates: Vec<Estimate>,
    measured: Option<usize>,
    axes: Vec<(V, V)>,
}

impl<V> Preconditioned<V> {
    /// `None` if the guess says nothing.
    pub(super) fn new<S>(
        space: &S,
        x: &S::Vector,
        settings: &VerificationSettings,
        guess: &HessianGuess<V>,
    ) -> Result<Option<(Self, Krylov<V>)>, KrylovError>
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let usual = settings.krylov(space.epsilon());
        // Measuring takes two gradients a pair.
        let kept = 2 * usual.count as u64;
        let max_gradients = usual.max_gradients.saturating_sub(kept).max(1);
        let tolerance = SIGN.max(settings.tolerance);
        let krylov = KrylovSettings { tolerance, floor: 0.0, max_gradients, ..usual };
        let mut krylov = Krylov::new(space, x, krylov)?
            .with_sides_only()
            .with_recheck(deo_core::dimer::Recheck::Never);
        let Some(preconditioner) = Preconditioner::new(guess.at(space, x)) else {
            return Ok(None);
        };
        let mut axes: Vec<V> = (0..settings.index).map(|_| space.zeros_like(x)).collect();
        let known = axes.iter_mut().enumerate();
        let known = known.filter_map(|(i, axis)| {
            preconditioner.axis_into(space, i, axis.borrow_mut()).then_some(&*axis)
        });
        let known: Vec<&S::Vector> = known.map(|axis| axis.borrow()).collect();
        krylov.start_from(space, &known, settings.seed);
        let zeros = || space.zeros_like(x);
        let preconditioned = Preconditioned {
            preconditioner,
            flat: settings.flat,
            stretch: 1.0,
            ends: [zeros(), zeros()],
            estimates: vec![Estimate::UNKNOWN; settings.index + 1],
            measured: None,
            axes: (0..=settings.index).map(|_| (zeros(), zeros())).collect(),
        };
        Ok(Some((preconditioned, krylov)))
    }

    /// The process has ended, and its pairs are being measured.
    pub(super) fn is_measuring(&self) -> bool {
        self.measured.is_some()
    }

    pub(super) fn estimates(&self) -> &[Estimate] {
        &self.estimates
    }

    pub(super) fn axis(&self, i: usize) -> &V {
        &self.axes[i].0
    }

    /// The direction to be probed; false at the end. `left` gradients may be spent.
    pub(super) fn ask<S>(
        &mut self,
        space: &S,
        krylov: &Krylov<V>,
        left: u64,
        direction: &mut S::Vector,
    ) -> bool
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if let Some(probe) = krylov.ask(space) {
            let scratch = self.ends[0].borrow_mut();
            self.preconditioner.root(space, probe.direction(), scratch);
            self.stretch = space.norm(scratch);
            space.axpby(1.0 / self.stretch, scratch, 0.0, direction);
            return self.stretch > 0.0;
        }
        if self.measured.is_none() {
            self.solve_in_x(space, krylov);
            self.measured = Some(0);
        }
        let next = self.measured.unwrap_or(0);
        let open = self.estimates.get(next).is_some_and(|e| e.curvature.is_finite()) && left >= 2;
        if open {
            space.copy(self.axes[next].0.borrow(), direction);
        }
        open
    }

    /// Takes the gradients at both ends, each with its signed distance along `direction`.
    pub(super) fn tell<S>(
        &mut self,
        space: &S,
        krylov: &mut Krylov<V>,
        direction: &S::Vector,
        ends: [(f64, &S::Vector); 2],
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        if let Some(i) = self.measured {
            let least =
                krylov.exclusion(0).map(|next| self.flat + next * self.preconditioner.softest());
            self.measure(space, i, least, ends);
            self.measured = Some(i + 1);
            return;
        }
        for ((h, gradient), y) in ends.into_iter().zip(&mut self.ends) {
            // H − flat·1 in the place of H.
            space.copy(gradient, y.borrow_mut());
            space.axpby(-self.flat * h, direction, 1.0, y.borrow_mut());
            let shifted = crate::copied(space, y.borrow());
            self.preconditioner.root(space, shifted.borrow(), y.borrow_mut());
        }
        let [from, to] = ends.map(|(h, _)| h / self.stretch);
        let [behind, ahead] = &self.ends;
        let answer = if from == 0.0 {
            Answer::forward(to, behind.borrow(), ahead.borrow())
        } else {
            Answer::central(-from, behind.borrow(), to, ahead.borrow())
        };
        krylov.tell(space, answer);
    }

    /// Step 2.
    fn solve_in_x<S>(&mut self, space: &S, krylov: &Krylov<V>)
    where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let mut d: Vec<V> = vec![];
        let mut hd: Vec<V> = vec![];
        for (v, w) in krylov.subspace() {
            let (mut dv, mut hv) = (space.zeros_like(v.borrow()), space.zeros_like(v.borrow()));
            self.preconditioner.root(space, v.borrow(), dv.borrow_mut());
            self.preconditioner.inverse(space, w.borrow(), hv.borrow_mut());
            space.axpby(self.flat, dv.borrow(), 1.0, hv.borrow_mut());
            d.push(dv);
            hd.push(hv);
        }
        let n = d.len();
        let gram = |a: &[V], b: &[V]| {
            let entry = |i: usize, j: usize| space.dot(a[i].borrow(), b[j].borrow());
            (0..n * n)
                .map(|k| 0.5 * (entry(k / n, k % n) + entry(k % n, k / n)))
                .collect::<Vec<f64>>()
        };
        let (values, weights) = pencil(&gram(&d, &hd), &gram(&d, &d), n);
        let pairs = self.estimates.iter_mut().zip(&mut self.axes);
        for (i, (estimate, (axis, product))) in pairs.enumerate().take(n) {
            estimate.curvature = values[i];
            let c = &weights[i * n..(i + 1) * n];
            for (combined, of) in [(axis, &d), (product, &hd)] {
                for (j, (c, v)) in c.iter().zip(of).enumerate() {
                    let keep = if j == 0 { 0.0 } else { 1.0 };
                    space.axpby(*c, v.borrow(), keep, combined.borrow_mut());
                }
            }
        }
    }

    /// Pair i from a probe along its axis; no positive eigenvalue is below `least`.
    fn measure<S>(
        &mut self,
        space: &S,
        i: usize,
        least: Option<f64>,
        [(from, behind), (to, ahead)]: [(f64, &S::Vector); 2],
    ) where
        S: Space<Owned = V>,
        V: BorrowMut<S::Vector>,
    {
        let (estimate, (axis, product)) = (&mut self.estimates[i], &mut self.axes[i]);
        let [fresh, off] = &mut self.ends;
        let (axis, fresh, off) = (axis.borrow(), fresh.borrow_mut(), off.borrow_mut());
        space.copy(ahead, fresh);
        space.axpby(-1.0 / (to - from), behind, 1.0 / (to - from), fresh);
        let curvature = space.dot(axis, fresh);
        space.copy(fresh, off);
        space.axpby(-curvature, axis, 1.0, off);
        estimate.residual = space.norm(off);
        space.copy(product.borrow(), off);
        space.axpby(-1.0, fresh, 1.0, off);
        if let Some(least) = least.filter(|least| *least > 0.0 && curvature > *least) {
            // Of a soft axis the residual is what stiff ones leave in it, and says little of its own.
            estimate.residual = estimate.residual.min(curvature - least);
        }
        let change = (curvature - estimate.curvature).abs();
        // What a forward rule or another length makes of a product, as one of N components.
        let share = space.norm(off) / space.dimension(axis).max(1.0).sqrt();
        estimate.curvature = curvature;
        estimate.secant_error = change.max(share);
        estimate.evidence = Evidence::Fresh;
    }

    /// What follows for the index.
    pub(super) fn verdict(&self, settings: &VerificationSettings, krylov: &Krylov<V>) -> Verdict {
        let known = || self.estimates.iter().filter(|e| e.curvature.is_finite());
        let bound = |e: &Estimate| settings.flat + e.secant_error;
        let measured = || known().filter(|e| e.evidence == Evidence::Fresh);
        let negative = measured().filter(|e| e.curvature < -bound(e)).count();
        if negative > settings.index {
            return Verdict::WrongIndex { negative };
        }
        let closed = krylov.estimates().iter().filter(|e| e.curvature.is_finite());
        let closed =
            closed.clone().all(|e| e.status.is_final()) && known().count() == measured().count();
        let Some(next) = krylov.exclusion(0).filter(|_| closed) else {
            return Verdict::Unresolved;
        };
        let hidden = krylov.estimates().iter().map(|e| e.secant_error).fold(0.0, f64::max);
        if known().any(|e| e.curvature.abs() <= bound(e)) || next <= hidden {
            Verdict::Flat
        } else if negative == settings.index {
            Verdict::Confirmed
        } else {
            Verdict::WrongIndex { negative }
        }
    }
}

/// The pairs of A c = λ G c with cᵀGc = 1, ascending, the vectors in rows; G is positive.
fn pencil(a: &[f64], gram: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut g, mut u, mut squares) = (gram.to_vec(), vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut g, &mut u, &mut squares);
    // Rows of R = Γ^−½U: RGRᵀ = 1. Directions of T V that depend on the others to rounding are left out by their weight.
    let least = 1e-14 * squares.last().copied().unwrap_or(0.0);
    for (row, square) in u.chunks_mut(n.max(1)).zip(&squares) {
        let scale = 1.0 / square.max(least).max(f64::MIN_POSITIVE).sqrt();
        row.iter_mut().for_each(|u| *u *= scale);
    }
    let column = |j: usize| {
        (0..n).map(|i| dot(&a[i * n..(i + 1) * n], &u[j * n..(j + 1) * n])).collect::<Vec<f64>>()
    };
    let columns: Vec<Vec<f64>> = (0..n).map(column).collect();
    let mut projected: Vec<f64> =
        (0..n * n).map(|k| dot(&u[k / n * n..(k / n + 1) * n], &columns[k % n])).collect();
    let (mut z, mut values) = (vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut projected, &mut z, &mut values);
    let mut weights = vec![0.0; n * n];
    for (weights, z) in weights.chunks_mut(n.max(1)).zip(z.chunks(n.max(1))) {
        for (z, row) in z.iter().zip(u.chunks(n.max(1))) {
            weights.iter_mut().zip(row).for_each(|(w, u)| *w += z * u);
        }
    }
    (values, weights)
}
