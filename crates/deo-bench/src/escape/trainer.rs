//! A base optimizer that can be looked at: what step it would take next, and in which metric.

use super::kinds::Base;
use deo_core::diagnose::{Base as BaseAt, BaseKind};
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
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
}

/// What a diagnosis wants to know of an optimizer at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    kind: BaseKind,
    lr: f64,
    /// The step that it would take.
    pub step: Vec<f64>,
    /// √v̂ + ε of that step.
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
    /// The optimizer for vectors like `x`, at rest.
    pub fn new(base: Base, x: &[f64]) -> Self {
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
        };
        Trainer { base, optimizer }
    }

    /// What it would do at x, where the gradient is `g`.
    pub fn outlook(&self, x: &[f64], g: &[f64], lr: f64) -> Outlook {
        let (mut ahead, mut there) = (self.clone(), x.to_vec());
        ahead.step(&SPACE, &mut there, g, lr);
        let step = there.iter().zip(x).map(|(there, x)| there - x).collect();
        let momentum = MOMENTUM;
        let (kind, metric) = match (&ahead.optimizer, self.base) {
            (State::Adam(adam), _) => {
                let AdamSettings { beta1, beta2, epsilon, .. } = *adam.settings();
                let correction = 1.0 - beta2.powf(adam.steps() as f64);
                let root = |v: &f64| (v / correction).sqrt() + epsilon;
                let metric = adam.second_moment().iter().map(root).collect();
                (BaseKind::Adam { beta1 }, Some(metric))
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
        }
    }

    fn jumped(&mut self, space: &Host<f64>) {
        match &mut self.optimizer {
            State::Sgd(sgd) => sgd.jumped(space),
            State::Adam(adam) => Optimizer::<Host<f64>>::jumped(adam, space),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outlook_is_the_step_that_follows_and_changes_nothing() {
        for base in Base::ALL {
            let mut x = vec![1.0, -2.0, 0.5];
            let mut trainer = Trainer::new(base, &x);
            for _ in 0..3 {
                let g: Vec<f64> = x.iter().map(|x| 3.0 * x).collect();
                let outlook = trainer.outlook(&x, &g, 0.01);
                assert_eq!(outlook, trainer.outlook(&x, &g, 0.01), "{base:?}");
                let before = x.clone();
                trainer.step(&SPACE, &mut x, &g, 0.01);
                let step: Vec<f64> = x.iter().zip(&before).map(|(a, b)| a - b).collect();
                assert_eq!(outlook.step, step, "{base:?}");
                let metric = [Base::Adam, Base::Adamw, Base::Nadamw].contains(&base);
                assert_eq!(outlook.metric.is_some(), metric);
            }
        }
        // The first metric of Adam is |g| + ε.
        let outlook = Trainer::new(Base::Adam, &[1.0]).outlook(&[1.0], &[-4.0], 0.1);
        assert!((outlook.metric.unwrap()[0] - 4.0).abs() < 1e-6);
    }
}
