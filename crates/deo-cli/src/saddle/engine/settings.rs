//! The settings of a search on another program's energies: every option decided, every number checked.

use super::error::EngineError;
use crate::saddle::error::SaddleError;
use crate::saddle::options::{Hessian, Mode, Options};
use crate::saddle::settings::MOST_SEARCHES;
use crate::setting::{SettingError, UnusedOption, apart, maybe_shown, shown, within};
use deo_core::Length;
use deo_ipi::{Address, AddressError, Limits};
use deo_saddle::{Goal, Method, MinModeSettings, NewtonSettings, VerificationSettings};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that decides the numbers, and where they come from and go to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Settings {
    #[serde(serialize_with = "shown")]
    pub(super) guess: PathBuf,
    /// With --between the guess is the first of the two ends, and this the second.
    #[serde(serialize_with = "maybe_shown")]
    pub(super) other_end: Option<PathBuf>,
    #[serde(serialize_with = "maybe_shown")]
    pub(super) axis: Option<PathBuf>,
    pub(super) engine: String,
    #[serde(skip)]
    pub(super) address: Address,
    pub(super) run: Option<String>,
    /// Clients asked at the same time.
    pub(super) clients: usize,
    /// Many searches, as given.
    pub(super) searches: Option<usize>,
    /// Å; `None` follows from the number of starts.
    pub(super) displace: Option<f64>,
    /// The atom around which others are displaced.
    pub(super) displace_around: Option<usize>,
    /// How far around it, Å.
    pub(super) within: f64,
    #[serde(skip)]
    pub(super) limits: Limits,
    /// As given.
    pub(super) fix: Option<String>,
    pub(super) fix_below: Option<f64>,
    pub(super) index: usize,
    pub(super) mode: Option<Mode>,
    /// As given.
    pub(super) hessian: Option<Hessian>,
    /// The largest atomic force of a converged search, eV/Å.
    pub(super) fmax: f64,
    pub(super) max_gradients: u64,
    /// eV/Å²; `None` follows from the noise.
    pub(super) flat: Option<f64>,
    pub(super) check: usize,
    pub(super) connect: bool,
    pub(super) frequencies: bool,
    pub(super) irc: bool,
    /// The length of a step of the path, Å of its mode at the saddle.
    pub(super) irc_step: f64,
    #[serde(serialize_with = "maybe_shown")]
    pub(super) reactant: Option<PathBuf>,
    /// K.
    pub(super) temperature: Option<f64>,
    pub(super) seed: u64,
    #[serde(serialize_with = "maybe_shown")]
    pub(super) trajectory: Option<PathBuf>,
    #[serde(serialize_with = "maybe_shown")]
    pub(super) restart: Option<PathBuf>,
}

/// That of a way down: beside the narrow basins of small molecules a search's steps are long.
const MAX_RADIUS_DOWN: f64 = 0.15;
/// The distance to a probe, Å: a hundredth of a bond, in which a force changes by some 0.1 eV/Å, a hundred times what
/// loosely converged calculations are off by.
pub(super) const PROBE: f64 = 1e-2;
/// Curvatures below that are flat, eV/Å²: the frequencies of a proton and of a gold atom are 52 and 4 cm⁻¹ there.
pub(super) const FLAT: f64 = 0.01;
/// Of a curvature, the residual of its axis: the sign is all that a verdict needs, an eigenvalue is good to the square of
/// this, and forces from tables have no Hessian to more.
const RESIDUAL: f64 = 0.05;
/// A verification that has spent more than so many dense Hessians by central differences won't end …
const HESSIANS: u64 = 3;
/// … or than so many gradients, of few coordinates.
const FEWEST: u64 = 50;
/// Gradients of a way down.
const DESCENT_GRADIENTS: u64 = 2_000;
/// That of the path, Å: a tenth of a bond.
const IRC_STEP: f64 = 0.1;
/// A step below the first takes thousands of gradients, one above the second leaps over bonds.
const IRC_STEPS: [f64; 2] = [1e-3, 0.5];
/// More are a slip of the finger.
const MOST_CLIENTS: usize = 1_000;
/// Å: beyond the nearest neighbours of an atom of a metal, 2.5 to 2.9 Å away.
const WITHIN: f64 = 3.5;
/// More than that are a Hessian.
const MOST_CHECKS: usize = 1_000;

/// Lengths, which the noise may lengthen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Lengths {
    /// The distance to a probe, Å.
    pub(super) probe: f64,
    /// The curvature below which a direction is flat, eV/Å².
    pub(super) flat: f64,
}

impl Settings {
    /// Those that `options` ask for; `engine` is one of them.
    ///
    /// # Errors
    ///
    /// [`SaddleError`] names the option and what would be right.
    pub(super) fn resolve(options: Options, engine: String) -> Result<Self, SaddleError> {
        let of_surfaces = [
            ("potential", options.potential.is_some()),
            ("rho", options.rho.is_some()),
            ("start", options.start.is_some()),
            ("threads", options.threads.is_some()),
        ];
        if let Some((name, _)) = of_surfaces.into_iter().find(|(_, given)| *given) {
            return Err(
                UnusedOption { name, needs: "one of our own potentials, no --engine" }.into()
            );
        }
        let of_many = [
            ("displace", options.displace.is_some()),
            ("displace-around", options.displace_around.is_some()),
            ("clients", options.clients.is_some()),
        ];
        let of_one = [
            ("between", options.between.is_some()),
            ("axis", options.axis.is_some()),
            ("irc", options.irc),
            ("reactant", options.reactant.is_some()),
            ("trajectory", options.trajectory.is_some()),
        ];
        let given = |(_, given): &&(&'static str, bool)| *given;
        if let (None, Some((name, _))) = (options.searches, of_many.iter().find(given)) {
            return Err(UnusedOption { name, needs: "--searches" }.into());
        }
        if let (Some(_), Some((name, _))) = (options.searches, of_one.iter().find(given)) {
            return Err(UnusedOption { name, needs: "one search, no --searches" }.into());
        }
        if options.within.is_some() && options.displace_around.is_none() {
            return Err(UnusedOption { name: "within", needs: "--displace-around" }.into());
        }
        let (guess, other_end) = match (options.guess, options.between) {
            (guess, None) => (guess.ok_or(EngineError::NoGuess)?, None),
            (Some(guess), Some(_)) => return Err(SaddleError::GuessAndEnds { guess }),
            (None, Some(ends)) => {
                let [one, other] = <[PathBuf; 2]>::try_from(ends).map_err(|ends| {
                    SettingError::new("between", format!("{} files", ends.len()), "two")
                })?;
                (one, Some(other))
            }
        };
        if options.axis.is_some() && other_end.is_some() {
            return Err(UnusedOption { name: "axis", needs: "a guess, no --between" }.into());
        }
        let Some(address) = engine.strip_prefix("ipi:") else {
            return Err(EngineError::Kind { engine }.into());
        };
        let address =
            address.parse().map_err(|error| EngineError::Ipi(AddressError::into(error)))?;
        let positive = |name, value: f64| {
            let fine = value.is_finite() && value > 0.0;
            fine.then_some(value)
                .ok_or_else(|| SettingError::new(name, value, "finite and above 0"))
        };
        let index = within("index", options.index.unwrap_or(1), 0, 100)?;
        if options.connect && index == 0 {
            return Err(UnusedOption { name: "connect", needs: "--index 1 or above" }.into());
        }
        let unused = |name, needs| Err(UnusedOption { name, needs }.into());
        let down = options.connect || options.irc;
        match index {
            1 => {}
            _ if options.irc => return unused("irc", "--index 1"),
            _ if options.temperature.is_some() => return unused("temperature", "--index 1"),
            _ => {}
        }
        if options.irc_step.is_some() && !options.irc {
            return unused("irc-step", "--irc");
        }
        if options.reactant.is_some() && !down {
            return unused("reactant", "--connect or --irc");
        }
        if options.temperature.is_some() && !down {
            return unused("temperature", "the minima of --connect or --irc");
        }
        if options.hessian.is_some() && options.mode == Some(Mode::Dimer) {
            return Err(UnusedOption { name: "hessian", needs: "--mode newton" }.into());
        }
        let mut limits = Limits::default();
        if let Some(wait) = options.wait {
            // A year: what is longer is a mistake.
            let wait = within("wait", positive("wait", wait)?, 1e-3, 3.2e7)?;
            let wait = Duration::from_secs_f64(wait);
            (limits.client, limits.answer) = (wait, wait);
        }
        let finite = |name, value: f64| {
            let fine = value.is_finite();
            fine.then_some(value).ok_or_else(|| SettingError::new(name, value, "finite"))
        };
        let read =
            [Some(&guess), other_end.as_ref(), options.axis.as_ref(), options.reactant.as_ref()];
        for (name, path, other) in [
            ("trajectory", &options.trajectory, None),
            ("restart", &options.restart, options.trajectory.as_ref()),
        ] {
            let others = read.into_iter().chain([other]).flatten().map(PathBuf::as_path);
            path.as_deref().map_or(Ok(()), |path| apart(name, path, others))?;
        }
        let not_negative = |name, value: f64| {
            let fine = value.is_finite() && value >= 0.0;
            fine.then_some(value)
                .ok_or_else(|| SettingError::new(name, value, "finite and not below 0"))
        };
        let max_gradients = options.max_gradients.unwrap_or(2000);
        Ok(Settings {
            address,
            engine,
            limits,
            index,
            fix_below: options.fix_below.map(|z| finite("fix-below", z)).transpose()?,
            fmax: positive("fmax", options.fmax.unwrap_or(0.01))?,
            max_gradients: within("max-gradients", max_gradients, 1, 1_000_000_000)?,
            flat: options.flat.map(|flat| positive("flat", flat)).transpose()?,
            check: within("check", options.check.unwrap_or(2), 0, MOST_CHECKS)?,
            seed: options.seed.unwrap_or(1),
            run: options.run,
            clients: within("clients", options.clients.unwrap_or(1), 1, MOST_CLIENTS)?,
            searches: options
                .searches
                .map(|searches| within("searches", searches, 1, MOST_SEARCHES))
                .transpose()?,
            displace: options.displace.map(|sigma| not_negative("displace", sigma)).transpose()?,
            displace_around: options.displace_around,
            within: positive("within", options.within.unwrap_or(WITHIN))?,
            fix: options.fix,
            mode: options.mode,
            hessian: options.hessian,
            connect: options.connect,
            frequencies: options.frequencies,
            irc: options.irc,
            irc_step: within(
                "irc-step",
                positive("irc-step", options.irc_step.unwrap_or(IRC_STEP))?,
                IRC_STEPS[0],
                IRC_STEPS[1],
            )?,
            reactant: options.reactant,
            temperature: options.temperature.map(|t| positive("temperature", t)).transpose()?,
            trajectory: options.trajectory,
            restart: options.restart,
            axis: options.axis,
            other_end,
            guess,
        })
    }

    /// Vibrations of the saddle are wanted, or needed for something that is.
    pub(super) fn vibrate(&self) -> bool {
        self.frequencies || self.irc || self.temperature.is_some()
    }

    /// The minima are wanted.
    pub(super) fn down(&self) -> bool {
        self.connect || self.irc
    }

    /// The search that `dimension` coordinates are left to.
    pub(super) fn mode(&self, dimension: usize) -> Mode {
        let auto = if dimension <= Method::DENSE { Mode::Newton } else { Mode::Dimer };
        self.mode.unwrap_or(auto)
    }

    /// How `dimension` coordinates are searched.
    pub(super) fn method(&self, dimension: usize, lengths: Lengths) -> Method {
        self.method_by(dimension, lengths, self.seed)
    }

    /// The same with another seed of the dimer's first axis.
    pub(super) fn method_by(&self, dimension: usize, lengths: Lengths, seed: u64) -> Method {
        let goal = Goal {
            index: self.index,
            tolerance: self.fmax,
            max_gradients: self.max_gradients,
            ..Goal::default()
        };
        match self.mode(dimension) {
            Mode::Newton => Method::Newton(NewtonSettings {
                probe: lengths.probe,
                flat: lengths.flat,
                ..NewtonSettings::for_atoms(goal)
            }),
            Mode::Dimer => Method::MinMode(MinModeSettings {
                goal,
                length: Some(Length::Absolute(lengths.probe)),
                seed,
                ..MinModeSettings::default()
            }),
        }
    }

    /// The way down.
    pub(super) fn descent(&self, dimension: usize, lengths: Lengths) -> Method {
        let mut method = self.method(dimension, lengths);
        *method.goal_mut() = Goal { index: 0, max_gradients: DESCENT_GRADIENTS, ..*method.goal() };
        if let Method::Newton(settings) = &mut method {
            settings.max_radius = MAX_RADIUS_DOWN;
        }
        method
    }

    pub(super) fn verification(&self, dimension: usize, lengths: Lengths) -> VerificationSettings {
        VerificationSettings {
            flat: lengths.flat,
            tolerance: RESIDUAL,
            max_gradients: HESSIANS * 2 * dimension as u64 + FEWEST,
            length: Some(Length::Absolute(lengths.probe)),
            ..VerificationSettings::default()
        }
    }
}
