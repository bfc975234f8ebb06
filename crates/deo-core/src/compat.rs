//! The rules that were published as dimer-enhanced optimization, exactly, for comparison.
//!
//! Problem: to compare [`Deo`](crate::Deo) with what was published, that has to run in the same loop, with the same
//! gradients, batches and seeds. None of it is recommended for use; the second table says why.
//!
//! Sources: Hu, Cao & Liu, arXiv 2507.19968 (the paper's rule), and the authors' repository YueHuLab/DimerTrainer
//! (four optimizers with two different rotations).
//!
//! | formula | here |
//! |---|---|
//! | n; ΔR | an axis; [`CompatSettings::displacement`] |
//! | d = g₂ − g₁ | the gradient at θ + ΔR n less that at θ |
//! | C = ⟨n,d⟩/ΔR, d∥ = ⟨d,n⟩n, d⊥ = d − d∥ | the curvature along n, the two parts of d |
//! | η; s | [`CompatSettings::rotation_rate`]; [`CompatSettings::strength`] |
//!
//! | [`Variant`] | rotation: n ← unit(…) | use of the axis | n converges to |
//! |---|---|---|---|
//! | `Paper` | n + η d⊥ | g ← g − s⟨g,n⟩n, then the base | the largest eigenvalue |
//! | `Sophia` | n + η d⊥ | θ ← θ − s⟨g,n⟩n at every step | the largest eigenvalue |
//! | `Adam` | n − 2 d∥/‖d∥‖ + η d⊥/ΔR | θ ← θ + s⟨g,n⟩n if ⟨g,n⟩ < 0 | the λ nearest to 0, or C = 0 |
//!
//! Why, on a fixed quadratic: the first two multiply the component of n along the eigenvalue λ by
//! 1 + ηΔR(λ − C), so the largest λ grows fastest. In the third d∥/‖d∥‖ is n with the sign of C: where C > 0 the new
//! axis is −unit(n − η d⊥/ΔR), of lower curvature, where C < 0 it is unit(3n + η d⊥/ΔR), of higher. So a spectrum of
//! one sign is left at the eigenvalue nearest to zero, which is the lowest if all are positive, and an indefinite one
//! holds C near zero, where it alternates within −2ηr² … ⅔ηr², r the residual. That needs η(λₙ − λ₁) < 2; a wider
//! positive spectrum overshoots and stays at C = (λ₁ + λₙ)/2 − 1/η. None of the three finds the lowest mode of a saddle.
//! Tests show each of these. The step of the third depends on the sign of n: to it, n and −n are two axes.
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
//! **A lost axis.** Where d∥ = 0 the third rotation divides 0 by 0, and n is NaN for good. So it was in the published
//! training script, whose closure ran no backward pass: both gradients were the same array and d was 0, so from step 10
//! on every axis of the third variant was NaN and its steps stopped (NaN < 0 is false), while the second kept its initial
//! random axes. The same happens here if the two gradients told are the same. But a NaN axis never reaches parameters
//! or gradients: its tensor is neither displaced nor stepped, and [`CompatDimer::lost_axes`] counts it.
//!
//! Departures from the code:
//!
//! 1. Axes are drawn from [`noise`](crate::noise::noise) with an explicit seed, not from the generator of the batches.
//! 2. Both gradients are gradients, on the same batch, unless the caller does as that closure did.
//! 3. Inner products are accumulated in f64.

mod dimer;
mod ratio;
mod settings;
mod tensors;

pub use dimer::CompatDimer;
pub use ratio::{ClampedRatio, ClampedRatioSettings, ClampedRatioUpdate};
pub use settings::{CompatSettings, Variant};
pub use tensors::Tensors;
