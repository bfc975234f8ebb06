//! The published code beside a base optimizer: a dimer with the published constants.
//!
//! It is the rule that its authors' repository joins to Adam, AdamW and SGD
//! ([`CompatSettings::adam`](deo_core::compat::CompatSettings::adam)). Departure: one axis for all parameters, where
//! the code has one for each tensor, since most problems here have but one.

use super::plain::{AnyOptimizer, SPACE};
use crate::escape::kinds::{Base, Policy};
use crate::escape::meter::Metered;
use crate::escape::method::{Deeds, Method};
use deo_core::compat::{CompatDimer, CompatSettings, Tensors};
use deo_core::optim::Groups;
use deo_core::space::Host;

pub(super) struct Published {
    base: Base,
    lr: f64,
    optimizer: AnyOptimizer,
    dimer: CompatDimer<Host<f64>>,
    /// Steps begun.
    steps: u64,
    rotations: u64,
    g: Vec<f64>,
    point: Vec<f64>,
    ahead: Vec<f64>,
}

impl Published {
    pub(super) fn new(base: Base, lr: f64, seed: u64, x: &[f64], groups: &Groups) -> Self {
        let (tensors, settings) = (Tensors::whole(x.len()), CompatSettings::adam());
        let dimer = CompatDimer::new(&SPACE, x, tensors, settings, seed);
        Published {
            base,
            lr,
            optimizer: base.optimizer(x, groups),
            dimer: dimer.expect("the published constants are within their ranges"),
            steps: 0,
            rotations: 0,
            g: vec![0.0; x.len()],
            point: vec![0.0; x.len()],
            ahead: vec![0.0; x.len()],
        }
    }
}

impl Method for Published {
    fn name(&self) -> String {
        format!("{}+{}", Policy::Compat.name(), self.base.name())
    }

    fn step(&mut self, x: &mut [f64], f: &mut Metered<'_>) -> Option<f64> {
        let loss = f.gradient(x, &mut self.g)?;
        self.steps += 1;
        if self.dimer.due(self.steps) {
            self.dimer.displace(&SPACE, x, &mut self.point);
            f.gradient(&self.point, &mut self.ahead)?;
            self.dimer.tell(&SPACE, &self.g, &self.ahead);
            self.rotations += 1;
        }
        self.dimer.step(&SPACE, x, &mut self.g, self.lr, &mut self.optimizer);
        Some(loss)
    }

    fn deeds(&self) -> Deeds {
        Deeds { visits: self.rotations, ..Deeds::default() }
    }
}
