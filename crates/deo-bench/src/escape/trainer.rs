//! A base optimizer that can be looked at: what step it would take next, and in which metric.

use super::kinds::Base;
use deo_core::diagnose::{Base as BaseAt, BaseKind};
use deo_core::optim::{
    Adam, AdamSettings, Groups, Lbfgs, LbfgsSettings, Muon, MuonRate, MuonSettings, Optimizer,
    RmsProp, RmsPropSettings, Rprop, RpropSettings, Sgd, SgdSettings,
};
use deo_core::space::Host;

const SPACE: Host<f64> = Host::new();

/// μ of heavy ball and of Nesterov's method: the customary one.
const MOMENTUM: f64 = 0.9;

/// A base optimizer with its customary parameters, over slices of `f64`.
#[derive(Debug, Clone)]
pub struct Trainer {
    base: Base,
    optimizer: State,
}

#[derive(Debug, Clone)]
enum State {
    Sgd(Sgd<Vec<f64>>),
    Adam(Adam<Vec<f64>>),
    RmsProp(RmsProp<Vec<f64>>),
    Rprop(Rprop<Vec<f64>>),
    Lbfgs(Box<Lbfgs<Vec<f64>>>),
    Muon(Box<Muon<Vec<f64>, f64>>),
}

/// What a diagnosis wants to know of an optimizer at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    kind: BaseKind,
    lr: f64,
    /// The step that it would take.
    pub step: Vec<f64>,
    /// What the step divides the gradient by, component by component: √v̂ + ε of Adam and RMSprop, |g|/s of
    /// Rprop, the scale of B of L-BFGS, ‖g‖/‖step‖ over η of a matrix of Muon.
    pub metric: Option<Vec<f64>>,
}

impl Outlook {
    /// The base as a diagnosis takes it.
    pub fn base(&self) -> BaseAt<'_, [f64]> {
        let Outlook { kind, lr, step, metric } = self;
        BaseAt { kind: *kind, lr: *lr, step: Some(step), metric: metric.as_deref() }
    }
}

impl Trainer {
    /// The optimizer for vectors like `x`, at rest; `groups` say which parameters are matrices.
    ///
    /// # Panics
    ///
    /// Unless the base [runs on](Base::runs_on) these groups.
    pub fn new(base: Base, x: &[f64], groups: &Groups) -> Self {
        const VALID: &str = "customary parameters are within their ranges";
        let sgd = |momentum, nesterov| {
            let settings = SgdSettings { momentum, nesterov, ..SgdSettings::default() };
            State::Sgd(Sgd::new(settings, &SPACE, x).expect(VALID))
        };
        let adam = |settings| State::Adam(Adam::new(settings, &SPACE, x).expect(VALID));
        let optimizer = match base {
            Base::Gd => sgd(0.0, false),
            Base::HeavyBall => sgd(MOMENTUM, false),
            Base::Nesterov => sgd(MOMENTUM, true),
            Base::Adam => adam(AdamSettings::adam()),
            Base::Adamw => adam(AdamSettings::adamw()),
            Base::Nadamw => adam(AdamSettings::nadamw()),
            Base::Rmsprop => {
                State::RmsProp(RmsProp::new(RmsPropSettings::default(), &SPACE, x).expect(VALID))
            }
            Base::Rprop => {
                State::Rprop(Rprop::new(RpropSettings::default(), &SPACE, x).expect(VALID))
            }
            Base::Lbfgs => {
                let lbfgs = Lbfgs::new(LbfgsSettings::default(), &SPACE, x);
                State::Lbfgs(Box::new(lbfgs.expect(VALID)))
            }
            // One rate for all parameters, and no decay, as with Adam.
            Base::Muon => {
                let rate = MuonRate::MatchAdamw;
                let (weight_decay, adam) = (0.0, AdamSettings::adam());
                let settings = MuonSettings { rate, weight_decay, adam, ..MuonSettings::default() };
                let muon = Muon::new(settings, &SPACE, x, groups.clone());
                State::Muon(Box::new(muon.expect("whoever asks for Muon has matrices")))
            }
        };
        Trainer { base, optimizer }
    }

    /// What it would do at x, where the gradient is `g`.
    pub fn outlook(&self, x: &[f64], g: &[f64], lr: f64) -> Outlook {
        let (mut ahead, mut there) = (self.clone(), x.to_vec());
        ahead.step(&SPACE, &mut there, g, lr);
        let step: Vec<f64> = there.iter().zip(x).map(|(there, x)| there - x).collect();
        let momentum = MOMENTUM;
        let (kind, metric) = match (&ahead.optimizer, self.base) {
            (State::Adam(adam), _) => {
                let AdamSettings { beta1, beta2, epsilon, .. } = *adam.settings();
                let correction = 1.0 - beta2.powf(adam.steps() as f64);
                let root = |v: &f64| (v / correction).sqrt() + epsilon;
                let metric = adam.second_moment().iter().map(root).collect();
                (BaseKind::Adam { beta1 }, Some(metric))
            }
            // Neither has a memory of its direction.
            (State::RmsProp(rmsprop), _) => {
                let root = |v: &f64| v.sqrt() + rmsprop.settings().epsilon;
                let metric = rmsprop.mean_square().iter().map(root).collect();
                (BaseKind::Adam { beta1: 0.0 }, Some(metric))
            }
            (State::Rprop(rprop), _) => {
                let over = |(g, s): (&f64, &f64)| (g.abs() / s).max(f64::MIN_POSITIVE);
                let metric = g.iter().zip(rprop.lengths()).map(over).collect();
                (BaseKind::Adam { beta1: 0.0 }, Some(metric))
            }
            // Where the curvature is negative no pair is kept: B is there what its scale is.
            (State::Lbfgs(lbfgs), _) => {
                let metric = vec![lbfgs.pairs().scale().recip(); x.len()];
                (BaseKind::GradientDescent, Some(metric))
            }
            (State::Muon(muon), _) => {
                let beta1 = muon.settings().momentum;
                (BaseKind::Adam { beta1 }, Some(metric_of_muon(muon, g, &step, lr)))
            }
            (_, Base::Gd) => (BaseKind::GradientDescent, None),
            (_, Base::Nesterov) => (BaseKind::Nesterov { momentum }, None),
            _ => (BaseKind::HeavyBall { momentum }, None),
        };
        Outlook { kind, lr, step, metric }
    }
}

impl Optimizer<Host<f64>> for Trainer {
    fn step(&mut self, space: &Host<f64>, x: &mut [f64], g: &[f64], lr: f64) {
        match &mut self.optimizer {
            State::Sgd(sgd) => sgd.step(space, x, g, lr),
            State::Adam(adam) => adam.step(space, x, g, lr),
            State::RmsProp(rmsprop) => rmsprop.step(space, x, g, lr),
            State::Rprop(rprop) => rprop.step(space, x, g, lr),
            State::Lbfgs(lbfgs) => lbfgs.step(space, x, g, lr),
            State::Muon(muon) => muon.step(space, x, g, lr),
        }
    }

    fn jumped(&mut self, space: &Host<f64>) {
        match &mut self.optimizer {
            State::Sgd(sgd) => sgd.jumped(space),
            State::Adam(adam) => Optimizer::<Host<f64>>::jumped(adam, space),
            State::RmsProp(rmsprop) => rmsprop.jumped(space),
            State::Rprop(rprop) => rprop.jumped(space),
            State::Lbfgs(lbfgs) => lbfgs.jumped(space),
            State::Muon(muon) => muon.jumped(space),
        }
    }
}

/// Muon's metric, block by block: what its step divides the gradient by, on the average over a matrix, and Adam's for the others.
fn metric_of_muon(muon: &Muon<Vec<f64>, f64>, g: &[f64], step: &[f64], lr: f64) -> Vec<f64> {
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let adam = muon.adam();
    let correction = 1.0 - adam.settings().beta2.powf(adam.steps() as f64);
    let mut metric = vec![0.0; g.len()];
    for group in muon.groups() {
        let range = group.range.clone();
        if group.matrix.is_some() {
            let quotient = lr * norm(&g[range.clone()]) / norm(&step[range.clone()]);
            metric[range].fill(if quotient.is_finite() { quotient } else { 0.0 });
        } else {
            for (p, v) in metric[range.clone()].iter_mut().zip(&adam.second_moment()[range]) {
                *p = (v / correction).sqrt();
            }
        }
    }
    // Nothing is divided by zero.
    metric.iter_mut().for_each(|p| *p += adam.settings().epsilon);
    metric
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::optim::Group;

    #[test]
    fn the_outlook_is_the_step_that_follows_and_changes_nothing() {
        for base in Base::ALL {
            let mut x = vec![1.0, -2.0, 0.5];
            // A row of three is a matrix.
            let groups = Groups::new(3, vec![Group::new(0..3).matrix(1, 3)]).unwrap();
            let mut trainer = Trainer::new(base, &x, &groups);
            for _ in 0..3 {
                let g: Vec<f64> = x.iter().map(|x| 3.0 * x).collect();
                let outlook = trainer.outlook(&x, &g, 0.01);
                assert_eq!(outlook, trainer.outlook(&x, &g, 0.01), "{base:?}");
                let before = x.clone();
                trainer.step(&SPACE, &mut x, &g, 0.01);
                let step: Vec<f64> = x.iter().zip(&before).map(|(a, b)| a - b).collect();
                assert_eq!(outlook.step, step, "{base:?}");
                let metric = ![Base::Gd, Base::HeavyBall, Base::Nesterov].contains(&base);
                assert_eq!(outlook.metric.is_some(), metric);
            }
        }
        // The first metric of Adam is |g| + ε.
        let outlook =
            Trainer::new(Base::Adam, &[1.0], &Groups::whole(1)).outlook(&[1.0], &[-4.0], 0.1);
        assert!((outlook.metric.unwrap()[0] - 4.0).abs() < 1e-6);
    }
}
