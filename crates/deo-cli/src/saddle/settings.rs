//! The settings of saddle searches: every option decided, every number checked.

use super::error::SaddleError;
use super::options::{Mode, Options};
use super::potential::Potential;
use crate::setting::{SettingError, UnusedOption, threads, within};
use deo_core::Length;
use deo_saddle::{Goal, Method, MinModeSettings, NewtonSettings, Record, VerificationSettings};
use serde::Serialize;

/// Everything that decides the numbers, and the number of threads, which doesn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Settings {
    /// The surface.
    pub potential: Potential,
    /// The start as given; `None` for those that belong to the potential.
    pub start: Option<String>,
    /// σ, the standard deviation of each coordinate's displacement.
    pub displace: f64,
    /// Searches.
    pub searches: usize,
    /// k, the number of negative curvatures sought.
    pub index: usize,
    /// The gradient norm of a converged search.
    pub fmax: f64,
    /// Gradients that a search may spend.
    pub max_gradients: u64,
    /// How to search; `None` chooses by the number of coordinates.
    pub mode: Option<Mode>,
    /// The curvature below which a direction is flat.
    pub flat: f64,
    /// Whether the minima joined are looked for.
    pub connect: bool,
    /// Seeds displacements and axes.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Keeps a slip of the finger from filling the memory.
pub(super) const MOST_SEARCHES: usize = 100_000;
const MOST_GRADIENTS: u64 = 1_000_000_000;
const MOST_INDEX: usize = 100;

/// Gradients of a descent: those serve the report, and --max-gradients is for the searches. Some hundred are usual.
const DESCENT_GRADIENTS: u64 = 2_000;

/// What is flat on a landscape: the default of the verification.
const FLAT: f64 = 1e-6;
/// What is flat for a cluster: a thousandth of the softest bound modes; an atom two or three bonds away has less.
const FLAT_CLUSTER: f64 = 1e-3;

/// 2⁶⁴/φ: steps of it visit the seeds evenly, so that neighbouring --seed share no search.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Settings {
    /// The settings that `options` ask for.
    ///
    /// # Errors
    ///
    /// [`SaddleError`] with a message of one line that names the option and what would be right.
    pub fn resolve(options: Options) -> Result<Settings, SaddleError> {
        let of_engines = [
            ("run", options.run.is_some()),
            ("wait", options.wait.is_some()),
            ("clients", options.clients.is_some()),
            ("displace-around", options.displace_around.is_some()),
            ("within", options.within.is_some()),
            ("fix", options.fix.is_some()),
            ("fix-below", options.fix_below.is_some()),
            ("hessian", options.hessian.is_some()),
            ("check", options.check.is_some()),
            ("frequencies", options.frequencies),
            ("between", options.between.is_some()),
            ("axis", options.axis.is_some()),
            ("irc", options.irc),
            ("irc-step", options.irc_step.is_some()),
            ("reactant", options.reactant.is_some()),
            ("temperature", options.temperature.is_some()),
            ("trajectory", options.trajectory.is_some()),
            ("restart", options.restart.is_some()),
        ];
        if let Some(guess) = &options.guess {
            return Err(SaddleError::GuessAlone { guess: guess.clone() });
        }
        if let Some((name, _)) = of_engines.into_iter().find(|(_, given)| *given) {
            return Err(UnusedOption { name, needs: "--engine" }.into());
        }
        let name = options.potential.as_deref().ok_or(SaddleError::NoPotential)?;
        let potential = Potential::by_name(name, options.rho)?;
        let number = |name, value: f64, zero: bool| {
            let fine = value.is_finite() && (value > 0.0 || zero && value == 0.0);
            let wanted = if zero { "finite and not below 0" } else { "finite and above 0" };
            fine.then_some(value).ok_or_else(|| SettingError::new(name, value, wanted))
        };
        let flat = if potential.is_cluster() { FLAT_CLUSTER } else { FLAT };
        let index = within("index", options.index.unwrap_or(1), 0, MOST_INDEX)?;
        if options.connect && index == 0 {
            return Err(UnusedOption { name: "connect", needs: "--index 1 or above" }.into());
        }
        Ok(Settings {
            displace: number("displace", options.displace.unwrap_or(0.1), true)?,
            searches: within("searches", options.searches.unwrap_or(24), 1, MOST_SEARCHES)?,
            index,
            fmax: number("fmax", options.fmax.unwrap_or(1e-5), false)?,
            max_gradients: within(
                "max-gradients",
                options.max_gradients.unwrap_or(2000),
                1,
                MOST_GRADIENTS,
            )?,
            mode: options.mode,
            flat: number("flat", options.flat.unwrap_or(flat), true)?,
            connect: options.connect,
            seed: options.seed.unwrap_or(1),
            threads: threads(options.threads)?,
            start: options.start,
            potential,
        })
    }

    /// How `dimension` coordinates are searched.
    pub fn mode(&self, dimension: usize) -> Mode {
        self.mode.unwrap_or(if dimension <= Method::DENSE { Mode::Newton } else { Mode::Dimer })
    }

    /// The search of that number, counted from 0, over `dimension` coordinates.
    pub(super) fn method(&self, dimension: usize, search: usize, record: Record) -> Method {
        let goal = Goal {
            index: self.index,
            tolerance: self.fmax,
            max_gradients: self.max_gradients,
            record,
            ..Goal::default()
        };
        match self.mode(dimension) {
            Mode::Newton => Method::Newton(NewtonSettings { goal, ..NewtonSettings::default() }),
            Mode::Dimer => Method::MinMode(MinModeSettings {
                goal,
                // Bonds of about 1 are harmonic to 1e-4 of themselves; gradients in double precision resolve that well.
                length: Some(Length::Absolute(1e-4)),
                seed: self.search_seed(search),
                ..MinModeSettings::default()
            }),
        }
    }

    /// The way down: the same method in steps that don't leap over a basin.
    pub(super) fn descent(&self, dimension: usize) -> Method {
        let record = if dimension == 2 { Record::Positions } else { Record::Nothing };
        let mut method = self.method(dimension, 0, record);
        *method.goal_mut() = Goal { index: 0, max_gradients: DESCENT_GRADIENTS, ..*method.goal() };
        match &mut method {
            // A third of the distances that a search takes.
            Method::Newton(settings) => (settings.radius, settings.max_radius) = (0.05, 0.2),
            Method::MinMode(settings) => settings.max_step = 0.05,
            Method::Auto(_) => unreachable!("`method` has decided"),
        }
        method
    }

    /// What every converged search is put to.
    pub(super) fn verification(&self) -> VerificationSettings {
        VerificationSettings { flat: self.flat, ..VerificationSettings::default() }
    }

    /// The seed of a search, counted from 0.
    pub(super) fn search_seed(&self, search: usize) -> u64 {
        search_seed(self.seed, search)
    }
}

/// The seed of a search of a run, counted from 0.
pub(super) fn search_seed(seed: u64, search: usize) -> u64 {
    seed ^ (search as u64 + 1).wrapping_mul(GOLDEN)
}
