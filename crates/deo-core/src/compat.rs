//! The rules that were published as dimer-enhanced optimization, exactly, for comparison.
//!
//! Problem: whoever compares [`Deo`](crate::Deo) with what was published needs that to run in the same loop, with
//! the same gradients, batches and seeds. None of it is recommended for use; the table says why.
//!
//! Sources: Hu, Cao & Liu, arXiv 2507.19968 (the paper's rule), and the authors' repository YueHuLab/DimerTrainer
//! (four optimizers, two different rotations). d = g₂ − g₁ is the difference of the gradients at θ + ΔR n and at θ, d⊥
//! its part orthogonal to n, C = ⟨n, d⟩/ΔR the curvature along n, η the rotation rate, s the strength:
//!
//! | [`Variant`] | rotation | use of the axis | n converges to |
//! |---|---|---|---|
//! | [`Paper`](Variant::Paper) | n ← unit(n + η d⊥) | g ← g − s⟨g,n⟩n, before the base optimizer | the largest eigenvalue of H |
//! | [`Sophia`](Variant::Sophia), `dimer_optimizer` | n ← unit(n + η d⊥) | θ ← θ − s⟨g,n⟩n at every step, whatever the learning rate | the largest eigenvalue of H |
//! | [`Adam`](Variant::Adam), `dimer_{adam,adamw,sgd}` | n ← unit(n − 2 d∥/‖d∥‖ + η d⊥/ΔR) | θ ← θ + s⟨g,n⟩n where ⟨g,n⟩ < 0 | the eigenvalue nearest to 0, or C = 0 |
//!
//! Why, on a fixed quadratic: the first two multiply the component of n along the eigenvalue λ by 1 + ηΔR(λ − C), so the
//! largest λ grows fastest. In the third d∥/‖d∥‖ is n with the sign of C. Where C > 0 the rotation is −unit(n − η d⊥/ΔR),
//! towards lower curvature; where C < 0 it is unit(3n + η d⊥/ΔR), towards higher. A spectrum of one sign is thereby
//! left at the eigenvalue nearest to zero, which is the lowest if all are positive; an indefinite one holds C near 0, where
//! it alternates by about ηr² around it, r the residual: none of the three finds the lowest mode of a saddle. Tests show
//! each of these. The step of the third depends on the sign of n: n and −n are not the same axis to it.
//!
//! There is one unit axis for each parameter tensor ([`Tensors`]), all of them displaced together. The loop:
//!
//! ```
//! use deo_core::compat::{CompatDimer, CompatSettings, Tensors};
//! use deo_core::optim::{Adam, AdamSettings};
//! use deo_core::{Objective, objective::FromFn, space::Host};
//! # let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
//! #     if let Some(g) = g { g.copy_from_slice(&[x[0], 2.0 * x[1], 3.0 * x[2]]) }
//! #     (x[0] * x[0] + 2.0 * x[1] * x[1] + 3.0 * x[2] * x[2]) / 2.0
//! # });
//! let space = Host::<f64>::new();
//! let mut x = vec![1.0, 1.0, 1.0];
//! let (mut g, mut g1, mut y) = (vec![0.0; 3], vec![0.0; 3], vec![0.0; 3]);
//! let tensors = Tensors::of_lengths([2, 1]);
//! let mut dimer = CompatDimer::new(&space, &x, tensors, CompatSettings::paper(), 42)?;
//! let mut adam = Adam::new(AdamSettings::adam(), &space, &x)?;
//! for step in 1..=200 {
//!     f.value_grad(&x, &mut g);
//!     if dimer.due(step) {
//!         dimer.displace(&space, &x, &mut y);
//!         f.value_grad(&y, &mut g1); // the same batch
//!         dimer.tell(&space, &g, &g1);
//!     }
//!     dimer.step(&space, &mut x, &mut g, 0.05, &mut adam);
//! }
//! # assert!(f.value(&x).is_finite());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **A lost axis.** Where d∥ = 0 the third rotation divides 0 by 0 and n is NaN for good. So it was in the published training
//! script, whose closure ran no backward pass: both gradients were the same array, d was 0, and from step 10 on every
//! axis of the third variant was NaN (NaN < 0 is false, so its steps stopped), while the second kept its initial random n.
//! The same is seen here if both gradients told are the same. A NaN axis never reaches parameters or gradients here:
//! its tensor is neither displaced nor stepped, and [`CompatDimer::lost_axes`] counts it.
//!
//! Departures from the code:
//!
//! 1. Axes are drawn from [`noise`](crate::noise::noise) with an explicit seed, not from the generator that also draws batches.
//! 2. Both gradients are gradients, on the same batch; what the closure of the published script did is described above.
//! 3. Inner products are accumulated in f64.

mod dimer;
mod ratio;
mod settings;
mod tensors;

pub use dimer::CompatDimer;
pub use ratio::{ClampedRatio, ClampedRatioSettings, ClampedRatioUpdate};
pub use settings::{CompatError, CompatSettings, Variant};
pub use tensors::Tensors;
