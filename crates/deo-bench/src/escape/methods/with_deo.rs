//! A policy of deo-core beside a base optimizer, with its default settings.
//!
//! This is the loop of [`deo_core::deo`], with one addition: a question that the budget can't pay isn't answered,
//! which ends the visit. After a move the optimizer is told, which resets a velocity and keeps Adam's moments.

use super::plain::{AnyOptimizer, SPACE};
use crate::escape::kinds::{Base, Policy};
use crate::escape::meter::Metered;
use crate::escape::method::{Deeds, Method};
use deo_core::budget::BudgetSettings;
use deo_core::deo::{Counts, Tracking};
use deo_core::drive::Workspace;
use deo_core::optim::Groups;
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::space::Host;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{Deo, DeoSettings, PolicySettings};

pub(super) struct Helped {
    policy: Policy,
    base: Base,
    lr: f64,
    optimizer: AnyOptimizer,
    deo: Deo<Host<f64>>,
    g: Vec<f64>,
    workspace: Workspace<Host<f64>>,
}

/// The defaults of deo-core with that policy.
fn settings(policy: Policy, seed: u64) -> DeoSettings {
    let escape = EscapeSettings::default();
    let strategy = |kick| PolicySettings::Escape(EscapeSettings { kick, ..escape });
    let tracking = Tracking::default();
    let mut trigger = TriggerSettings::default();
    if policy == Policy::EagerAxis {
        trigger.stall = Stall::Always;
    }
    let policy = match policy {
        Policy::Escape => strategy(Kick::Lowest),
        Policy::LineSearch => strategy(Kick::Off),
        Policy::RandomAxis => strategy(Kick::Random),
        Policy::HighestAxis => strategy(Kick::Highest),
        Policy::Axis | Policy::EagerAxis => {
            PolicySettings::Escape(EscapeSettings { line_search: false, ..escape })
        }
        Policy::Deflate => PolicySettings::Deflate { alpha: 1.0, tracking },
        Policy::Amplify => PolicySettings::Amplify { strength: 1.0, tracking },
        Policy::Compat | Policy::Guard | Policy::Clip | Policy::Perturbed => {
            unreachable!("{} is no policy of Deo", policy.name())
        }
    };
    DeoSettings { policy, seed, trigger, ..DeoSettings::default() }
}

impl Helped {
    pub(super) fn new(
        (policy, base): (Policy, Base),
        lr: f64,
        seed: u64,
        x: &[f64],
        groups: &Groups,
    ) -> Self {
        Self::with((policy, base), lr, settings(policy, seed), x, groups)
    }

    /// With the budget of a run that is known to be of `gradients`.
    pub(super) fn for_run(
        (policy, base): (Policy, Base),
        lr: f64,
        seed: u64,
        gradients: u64,
        x: &[f64],
        groups: &Groups,
    ) -> Self {
        let budget = BudgetSettings::for_run(gradients);
        let settings = DeoSettings { budget, ..settings(policy, seed) };
        Self::with((policy, base), lr, settings, x, groups)
    }

    fn with(
        (policy, base): (Policy, Base),
        lr: f64,
        settings: DeoSettings,
        x: &[f64],
        groups: &Groups,
    ) -> Self {
        let deo = Deo::new(&SPACE, x, settings);
        Helped {
            policy,
            base,
            lr,
            optimizer: base.optimizer(x, groups),
            deo: deo.expect("default settings are within their ranges"),
            g: vec![0.0; x.len()],
            workspace: Workspace::new(&SPACE, x, settings.dimer.rule),
        }
    }
}

impl Method for Helped {
    fn name(&self) -> String {
        format!("{}+{}", self.policy.name(), self.base.name())
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        let norm = self.deo.observe(&SPACE, x, loss, &self.g);
        if !(loss.is_finite() && norm.is_finite()) {
            // A run that the base alone has led there has failed; a move that has is undone.
            if !self.deo.apply(&SPACE, x, &mut self.g).moved() {
                return Some(f64::NAN);
            }
            self.optimizer.jumped(&SPACE);
            return Some(f64::MAX);
        }
        // A question left open is one for `apply` to close; the gradient of this step is paid and used.
        let _ = self.workspace.try_answer_all(&mut self.deo, &SPACE, f, x, &self.g);
        if self.deo.apply(&SPACE, x, &mut self.g).moved() {
            self.optimizer.jumped(&SPACE);
        } else {
            self.optimizer.step(&SPACE, x, &self.g, self.lr);
        }
        Some(loss)
    }

    fn deeds(&self) -> Deeds {
        let Counts { visits, moves, kicks, .. } = self.deo.counts();
        Deeds { visits, moves, kicks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ledger;
    use deo_core::objective::FromFn;

    #[test]
    fn what_the_ladder_asks_is_paid_and_nothing_else() {
        // x₁⁴/16 − x₁²/2 + 9/8 x₂², from next to its saddle.
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
            }
            x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
        });
        let others = [Policy::Compat, Policy::Guard, Policy::Clip, Policy::Perturbed];
        for policy in Policy::ALL.into_iter().filter(|policy| !others.contains(policy)) {
            let (mut x, mut ledger) = (vec![1e-9, 0.5], Ledger::new(1000));
            let mut method = Helped::new((policy, Base::Gd), 0.1, 7, &x, &Groups::whole(2));
            for _ in 0..60 {
                method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
            }
            let Counts { gradients, losses, visits, .. } = method.deo.counts();
            assert!(visits > 0, "{policy:?}");
            assert_eq!(
                (ledger.gradients(), ledger.losses()),
                (60 + gradients, losses),
                "{policy:?}"
            );
        }
    }

    #[test]
    fn a_visit_that_cannot_be_paid_still_leaves_an_ordinary_step() {
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g[0] = x[0];
            }
            0.5 * x[0] * x[0]
        });
        // The tenth step is Deflate's first visit, and the budget ends with its gradient.
        let (mut x, mut ledger) = (vec![1.0], Ledger::new(10));
        let mut method = Helped::new((Policy::Deflate, Base::Gd), 0.5, 7, &x, &Groups::whole(1));
        for _ in 0..10 {
            method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)).unwrap();
        }
        assert_eq!((x[0], ledger.gradients()), (0.5_f64.powi(10), 10));
        assert_eq!(method.step(&mut x, &mut Metered::new(&mut f, &mut ledger)), None);
    }
}
