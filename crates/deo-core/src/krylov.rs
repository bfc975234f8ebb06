//! Several extreme eigenpairs at once, with a memory: Davidson's method with thick restarts.
//!
//! Problem: the dimer's {n, w, p} keeps three directions and finds one pair. With m directions kept, the same
//! products give several pairs at either end of the spectrum and nearly the speed of a Lanczos process that
//! forgets nothing, in bounded memory.
//!
//! The basis V (orthonormal) and W = HV are both stored, so M = VᵀW is known without further products. Each
//! answer adds one column:
//!
//! 1. Rayleigh–Ritz: (θᵢ, cᵢ) of M; the wanted pairs are those at the chosen end.
//! 2. r = Σ cⱼ (wⱼ − θ vⱼ) for the first wanted pair that isn't converged; [`Krylov::precondition`] may change it.
//! 3. The next direction is r, orthogonalised twice against V. Where nothing is left of it, V is invariant, and a
//!    random direction is taken; where nothing is left of that either, V is the whole space.
//! 4. When m directions are used up, V ← CV, W ← CW with the best Ritz vectors and, "+1", the wanted Ritz vectors
//!    of the step before: with it the restarted process keeps the pace of the unrestarted one, as p does for {n, w}.
//!
//! | formula | code |
//! |---|---|
//! | m, k | [`KrylovSettings::memory`], [`KrylovSettings::count`] |
//! | V, W, M | `basis`, `products`, `matrix` |
//! | (θ, c) | `values`, `vectors` |
//! | C | `restart_rows` |
//!
//! At the end each wanted pair is measured afresh along its own axis, by one answer and by a second one at another
//! length before it is called negative; see [`Krylov::with_recheck`].
//!
//! Sources: Davidson, J. Comput. Phys. 17, 87 (1975); Stathopoulos & Saad, ETNA 7, 163 (1998) for thick restarts;
//! Stathopoulos, SIAM J. Sci. Comput. 29, 481 (2007) for +1. Departures: the products may be secants, so M is
//! symmetrised and its asymmetry, carried through every recombination, is the error of a pair; every loop is capped.
//!
//! Protocol and [`Estimate`] are those of the [`Dimer`](crate::Dimer):
//!
//! ```
//! use deo_core::krylov::{Krylov, KrylovSettings};
//! use deo_core::{Answer, space::Host};
//! let space = Host::<f64>::new();
//! let spectrum = [-3.0, -2.0, 0.5, 1.0, 4.0];
//! let settings = KrylovSettings { count: 2, memory: 6, ..Default::default() };
//! let mut krylov = Krylov::new(&space, &spectrum, settings)?;
//! krylov.draw(&space, 7);
//! while let Some(probe) = krylov.ask(&space) {
//!     let v = probe.direction();
//!     let hv: Vec<f64> = v.iter().zip(spectrum).map(|(v, l)| v * l).collect();
//!     krylov.tell(&space, Answer::product(&hv));
//! }
//! let [lowest, second] = krylov.estimates() else { panic!("two pairs were asked for") };
//! assert!((lowest.curvature + 3.0).abs() < 1e-6 && (second.curvature + 2.0).abs() < 1e-6);
//! # Ok::<(), deo_core::SettingError>(())
//! ```

mod check;
mod confirm;
mod judge;
mod known;
mod lock;
mod missed;
mod noise_level;
mod protocol;
mod quadrature;
mod reach;
mod restart;
mod settings;
mod tell;
#[cfg(test)]
mod tests;

pub use settings::{KrylovSettings, Which};

use crate::dimer::Recheck;
use crate::estimate::Estimate;
use crate::probe::{Length, Rule};
use crate::setting::SettingError;
use crate::space::Space;
use check::Check;
use confirm::Confirmation;
use noise_level::AsymmetryNoise;

/// A Davidson process over the vectors of a space `S`: plain data, resumable at any answer.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S::Owned: serde::Serialize",
        deserialize = "S::Owned: serde::de::DeserializeOwned"
    ))
)]
pub struct Krylov<S: Space> {
    settings: KrylovSettings,
    length: Length,
    /// ε^⅔, the share of the largest eigenvalue below which a value counts as zero; and that eigenvalue's magnitude, as
    /// far as it was seen.
    zero: f64,
    largest: f64,
    /// √N: the error of a curvature is that of one component of a product.
    root_dimension: f64,
    /// `memory` vectors; the first `filled` have products, the next up to `queued` wait for theirs.
    basis: Vec<S::Owned>,
    products: Vec<S::Owned>,
    /// Room for the vectors that a restart keeps.
    spare: Vec<S::Owned>,
    filled: usize,
    queued: usize,
    /// Directions queued at the start, until all of them are answered.
    starting: usize,
    /// M, `memory` × `memory` row-major, its leading `filled` × `filled` part known.
    matrix: Vec<f64>,
    /// Ritz values ascending and vectors in rows of length `filled`.
    values: Vec<f64>,
    vectors: Vec<f64>,
    /// The wanted Ritz vectors of the step before, rows of length `memory`.
    before: Vec<f64>,
    scratch: Vec<f64>,
    estimates: Vec<Estimate>,
    asking: bool,
    seed: u64,
    draws: u64,
    gradients: u64,
    /// The most that the rounding of a product can be.
    rounding: f64,
    /// What the asymmetries of M show of the noise of the products.
    noise: AsymmetryNoise,
    /// The truncation of each product as a vector, as far as the asymmetries of M show it.
    errors: Vec<f64>,
    confirmation: Confirmation,
    recheck: Recheck,
    /// Of a wanted pair beyond the cutoff only that it lies there is wanted.
    sides_only: bool,
    /// The rule of the answers to the check.
    check_rule: Rule,
    check: Check,
    /// ‖r‖ of each pair at the last check that it failed.
    failed: Vec<f64>,
    /// Some answer was a secant: exact products need no check.
    secants: bool,
}

impl<S: Space> Krylov<S> {
    /// A process for vectors of the shape of `like`. It allocates here and never again.
    ///
    /// # Errors
    ///
    /// [`SettingError`] names a setting that is out of range.
    pub fn new(
        space: &S,
        like: &S::Vector,
        settings: KrylovSettings,
    ) -> Result<Self, SettingError> {
        settings.validate()?;
        let (m, wanted) = (settings.memory, settings.wanted());
        let zeros =
            |count: usize| (0..count).map(|_| space.zeros_like(like)).collect::<Vec<S::Owned>>();
        Ok(Krylov {
            length: Length::or_balanced(settings.length, settings.rule, space, like),
            zero: space.epsilon().cbrt().powi(2),
            largest: 0.0,
            root_dimension: space.dimension(like).max(1.0).sqrt(),
            basis: zeros(m),
            products: zeros(m),
            spare: zeros(settings.kept()),
            filled: 0,
            queued: 0,
            starting: 0,
            matrix: vec![0.0; m * m],
            values: vec![0.0; m],
            vectors: vec![0.0; m * m],
            before: vec![0.0; wanted * m],
            scratch: vec![0.0; m * m],
            estimates: vec![Estimate::UNKNOWN; wanted],
            asking: false,
            seed: 0,
            draws: 0,
            gradients: 0,
            rounding: 0.0,
            noise: AsymmetryNoise::default(),
            errors: vec![0.0; m],
            confirmation: Confirmation::new(wanted, m),
            recheck: Recheck::Claims,
            sides_only: false,
            check_rule: settings.rule,
            check: Check::None,
            failed: vec![f64::MAX; wanted],
            secants: false,
            settings,
        })
    }

    /// When the wanted pairs are measured afresh at the end: [`Recheck::Claims`] unless this says otherwise.
    ///
    /// k pairs cost k answers, and another one for each that is negative, or of every sign by [`Recheck::Always`]. Ask for
    /// that where values are shown with their errors: one length doesn't see its own truncation, and the error of a
    /// positive eigenvalue may then be several times what is stated. The answers are kept back from `max_gradients`. With
    /// fewer than eight answers a pair in all, [`Recheck::Claims`] makes no check.
    #[must_use]
    pub fn with_recheck(mut self, recheck: Recheck) -> Self {
        self.recheck = recheck;
        self
    }

    /// The rule by which the wanted pairs are measured afresh at the end, that of the settings unless this says otherwise:
    /// a coarse rule may serve to find them.
    #[must_use]
    pub fn with_check_rule(mut self, rule: Rule) -> Self {
        self.check_rule = rule;
        self
    }

    /// The length of its probes but for second ones, see [`Probe::factor`](crate::Probe::factor).
    pub fn length(&self) -> Length {
        self.length
    }

    /// The rule by which the open question is to be answered.
    pub fn rule(&self) -> Rule {
        if self.check == Check::None { self.settings.rule } else { self.check_rule }
    }

    /// Of wanted pairs beyond the [`cutoff`](KrylovSettings::cutoff) only that they lie there is asked for: they are
    /// converged once their residual is a tenth of the distance, whatever the tolerance.
    #[must_use]
    pub fn with_sides_only(mut self) -> Self {
        self.sides_only = true;
        self
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &KrylovSettings {
        &self.settings
    }
}
