//! The methods by name.
//!
//! | name | what |
//! |---|---|
//! | `gd`, `heavy-ball`, `nesterov`, `adam`, `adamw`, `nadamw`, `rmsprop`, `rprop`, `lbfgs`, `muon` | a base optimizer with its customary parameters; `muon` where some parameters are matrices |
//! | `perturbed-gd`, `neon` | gradient descent with noise, or with negative curvature from noise |
//! | `sam` | sharpness-aware gradient descent |
//! | `perturbed+BASE` | a base with noise where the gradient is small: a random kick that nobody asks for, its size tuned |
//! | `escape+BASE` | the escape strategy beside a base optimizer |
//! | `line-search+BASE`, `random-axis+BASE`, `highest-axis+BASE` | Escape with another search for an axis, or with none: controls |
//! | `axis+BASE`, `eager-axis+BASE` | Escape without its line search; and without waiting for a stall: parts taken away |
//! | `deflate+BASE`, `amplify+BASE` | a component of the gradient along the lowest axis taken away, or doubled |
//! | `compat+BASE` | the published code |
//! | `guard+BASE` | steps cut to what the curvature along them allows |
//! | `clip+BASE` | gradients cut to a norm, which is tuned: what one does without curvatures |

use deo_core::optim::Groups;
use serde::Serialize;

/// A base optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Gradient descent.
    Gd,
    /// With a velocity.
    HeavyBall,
    /// With a velocity and a look ahead.
    Nesterov,
    /// Adam.
    Adam,
    /// Adam with decoupled decay.
    Adamw,
    /// AdamW with a look ahead.
    Nadamw,
    /// The gradient over the root of its mean square.
    Rmsprop,
    /// The signs of the gradient.
    Rprop,
    /// Limited-memory BFGS, a step for each gradient.
    Lbfgs,
    /// Matrices by their orthogonalised momentum, AdamW for all else.
    Muon,
}

/// What works beside a base optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The escape strategy.
    Escape,
    /// Its line search alone.
    LineSearch,
    /// With a random direction in place of the axis of lowest curvature.
    RandomAxis,
    /// With the axis of highest curvature.
    HighestAxis,
    /// Without the line search.
    Axis,
    /// Without the line search, and at every visit, stalled or not.
    EagerAxis,
    /// g ← g − ⟨g,n⟩n, the paper's rule.
    Deflate,
    /// g ← g + ⟨g,n⟩n where the curvature is negative.
    Amplify,
    /// The published code.
    Compat,
    /// A cap on the step's length from the curvature along it.
    Guard,
    /// A cap on the gradient's norm.
    Clip,
    /// A small random step wherever the gradient is small.
    Perturbed,
}

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodKind {
    /// A base optimizer alone.
    Plain(Base),
    /// Perturbed gradient descent.
    PerturbedGd,
    /// Negative curvature from noise.
    Neon,
    /// Sharpness-aware gradient descent.
    Sam,
    /// A policy beside a base optimizer.
    With(Policy, Base),
}

impl Base {
    /// All of them.
    pub const ALL: [Base; 10] = [
        Base::Gd,
        Base::HeavyBall,
        Base::Nesterov,
        Base::Adam,
        Base::Adamw,
        Base::Nadamw,
        Base::Rmsprop,
        Base::Rprop,
        Base::Lbfgs,
        Base::Muon,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Base::Gd => "gd",
            Base::HeavyBall => "heavy-ball",
            Base::Nesterov => "nesterov",
            Base::Adam => "adam",
            Base::Adamw => "adamw",
            Base::Nadamw => "nadamw",
            Base::Rmsprop => "rmsprop",
            Base::Rprop => "rprop",
            Base::Lbfgs => "lbfgs",
            Base::Muon => "muon",
        }
    }

    /// Whether it can run on parameters with these groups: Muon wants a matrix.
    pub fn runs_on(self, groups: &Groups) -> bool {
        self != Base::Muon || groups.iter().any(|group| group.matrix.is_some())
    }
}

impl Policy {
    /// All of them.
    pub const ALL: [Policy; 12] = [
        Policy::Escape,
        Policy::LineSearch,
        Policy::RandomAxis,
        Policy::HighestAxis,
        Policy::Axis,
        Policy::EagerAxis,
        Policy::Deflate,
        Policy::Amplify,
        Policy::Compat,
        Policy::Guard,
        Policy::Clip,
        Policy::Perturbed,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Escape => "escape",
            Policy::LineSearch => "line-search",
            Policy::RandomAxis => "random-axis",
            Policy::HighestAxis => "highest-axis",
            Policy::Axis => "axis",
            Policy::EagerAxis => "eager-axis",
            Policy::Deflate => "deflate",
            Policy::Amplify => "amplify",
            Policy::Compat => "compat",
            Policy::Guard => "guard",
            Policy::Clip => "clip",
            Policy::Perturbed => "perturbed",
        }
    }
}

impl MethodKind {
    /// What a reader wants to see first: baselines, controls, Escape.
    pub const DEFAULT: [MethodKind; 13] = [
        MethodKind::Plain(Base::Gd),
        MethodKind::Plain(Base::HeavyBall),
        MethodKind::Plain(Base::Adam),
        MethodKind::PerturbedGd,
        MethodKind::Neon,
        MethodKind::Sam,
        MethodKind::With(Policy::LineSearch, Base::Gd),
        MethodKind::With(Policy::RandomAxis, Base::Gd),
        MethodKind::With(Policy::Deflate, Base::Gd),
        MethodKind::With(Policy::Compat, Base::Gd),
        MethodKind::With(Policy::Escape, Base::Gd),
        MethodKind::With(Policy::Escape, Base::HeavyBall),
        MethodKind::With(Policy::Escape, Base::Adam),
    ];

    /// Those that are more than a base optimizer, but no policy.
    const OTHERS: [MethodKind; 3] = [MethodKind::PerturbedGd, MethodKind::Neon, MethodKind::Sam];

    /// The method of that name.
    pub fn by_name(name: &str) -> Option<MethodKind> {
        let base = |name: &str| Base::ALL.into_iter().find(|base| base.name() == name);
        if let Some((policy, of)) = name.split_once('+') {
            let policy = Policy::ALL.into_iter().find(|known| known.name() == policy)?;
            return Some(MethodKind::With(policy, base(of)?));
        }
        let other = || Self::OTHERS.into_iter().find(|other| other.name() == name);
        base(name).map(MethodKind::Plain).or_else(other)
    }

    /// The names, for a message.
    pub fn known() -> String {
        let bases = Base::ALL.map(Base::name).join(", ");
        let others = Self::OTHERS.map(MethodKind::name).join(", ");
        let policies = Policy::ALL.map(Policy::name).join(", ");
        format!("{bases}, {others}, or POLICY+BASE with a policy of {policies}")
    }

    /// Its name on the command line.
    pub fn name(self) -> String {
        match self {
            MethodKind::Plain(base) => base.name().to_owned(),
            MethodKind::PerturbedGd => "perturbed-gd".to_owned(),
            MethodKind::Neon => "neon".to_owned(),
            MethodKind::Sam => "sam".to_owned(),
            MethodKind::With(policy, base) => format!("{}+{}", policy.name(), base.name()),
        }
    }

    /// The optimizer that takes its ordinary steps.
    pub fn base(self) -> Base {
        match self {
            MethodKind::Plain(base) | MethodKind::With(_, base) => base,
            MethodKind::PerturbedGd | MethodKind::Neon | MethodKind::Sam => Base::Gd,
        }
    }
}

impl Serialize for MethodKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name_and_only_by_it() {
        let with = |policy| Base::ALL.map(|base| MethodKind::With(policy, base));
        let all = (Base::ALL.map(MethodKind::Plain).into_iter())
            .chain(MethodKind::OTHERS)
            .chain(Policy::ALL.into_iter().flat_map(with));
        for kind in all {
            assert_eq!(MethodKind::by_name(&kind.name()), Some(kind));
        }
        for unknown in ["", "sgd", "GD", "+gd", "escape+", "escape", "escape+sam", "gd+escape"] {
            assert_eq!(MethodKind::by_name(unknown), None, "{unknown}");
        }
        assert!(
            MethodKind::DEFAULT.iter().all(|kind| MethodKind::known().contains(kind.base().name()))
        );
    }
}
