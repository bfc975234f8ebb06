//! The settings of Escape.

use crate::probe::Length;

/// The direction of the search for an axis. All but [`Kick::Lowest`] are controls: they say what of an escape is due to
/// the curvature, and what to a line search or to any noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kick {
    /// No search for an axis: the line search alone.
    Off,
    /// The direction of lowest curvature, where that is significantly negative.
    #[default]
    Lowest,
    /// The direction of highest curvature, whatever its sign.
    Highest,
    /// A direction drawn anew at each visit, without a rotation.
    Random,
}

/// What Escape tries, and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields, default))]
pub struct EscapeSettings {
    /// Try the line search first.
    /// Default: true.
    pub line_search: bool,
    /// The direction of the search for an axis.
    /// Default: `Lowest`.
    pub kick: Kick,
    /// c₁, the share of a predicted fall that a length must show, in both searches.
    /// Default: 0.1; 0 or above, sensible below 1, without a unit.
    pub sufficient_decrease: f64,
    /// The shortest length worth trying.
    /// Default: 1e-3 of ‖x‖; a finite length above 0, of x or relative to ‖x‖.
    pub shortest: Length,
    /// The trust radius: ‖x‖ by default. With ten times that some moves ended where the base optimizer's rate was too
    /// large, and it diverged.
    /// Default: ‖x‖; a finite length above 0, of x or relative to ‖x‖.
    pub longest: Length,
    /// A move is at least so many times as long as the base optimizer's last step, and only a run that needs that many
    /// steps for the trust radius is looked at, for as much as it can bear. 0: trigger and budget decide alone, which
    /// harms runs that get on by themselves (ADR 30).
    /// Default: 10; 0 or above, without a unit.
    pub lengthening: f64,
}

impl Default for EscapeSettings {
    fn default() -> Self {
        EscapeSettings {
            line_search: true,
            kick: Kick::Lowest,
            sufficient_decrease: 0.1,
            shortest: Length::Relative(1e-3),
            longest: Length::Relative(1.0),
            lengthening: LENGTHENING,
        }
    }
}

/// [`EscapeSettings::lengthening`] by default. Anything shorter the base optimizer does by itself soon, with its moments in
/// order. With 3 deep nets under Adam still end 3 to 4 times higher after 200 gradients, with 30 the octopus takes twice as
/// long (ADR 30).
const LENGTHENING: f64 = 10.0;
