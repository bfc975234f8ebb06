//! Against closed forms, and against optimizers that are let run.

use super::*;
use crate::noise::noise;
use crate::objective::{FromFn, Objective};
use crate::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
use crate::space::{Host, Space};
use std::convert::Infallible;

const SPACE: Host<f64> = Host::new();

/// ½ Σ λᵢ yᵢ² + ¼ κ y₀⁴ at y = Qx, Q = 1 − 2vvᵀ a reflection, so that no axis is a coordinate; minimal at y₀ = √(−λ₀/κ).
struct Wall {
    spectrum: Vec<f64>,
    kappa: f64,
}

impl Wall {
    fn reflect(&self, x: &[f64]) -> Vec<f64> {
        let v: Vec<f64> = (0..x.len() as u64).map(|i| noise(9, i)).collect();
        let (along, square) = (SPACE.dot(&v, x), SPACE.dot(&v, &v));
        x.iter().zip(&v).map(|(x, v)| x - 2.0 * along / square * v).collect()
    }

    /// x of y.
    fn at(&self, y: &[f64]) -> Vec<f64> {
        self.reflect(y)
    }
}

impl Objective<[f64]> for Wall {
    fn value(&mut self, x: &[f64]) -> f64 {
        let y = self.reflect(x);
        let quadratic: f64 = y.iter().zip(&self.spectrum).map(|(y, l)| 0.5 * l * y * y).sum();
        quadratic + 0.25 * self.kappa * y[0].powi(4)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let y = self.reflect(x);
        let mut g: Vec<f64> = y.iter().zip(&self.spectrum).map(|(y, l)| l * y).collect();
        g[0] += self.kappa * y[0].powi(3);
        gradient.copy_from_slice(&self.reflect(&g));
        self.value(x)
    }
}

fn wall(lowest: f64, kappa: f64) -> Wall {
    let spectrum = [lowest].into_iter().chain((1..20).map(|i| 0.2 * f64::from(i))).collect();
    Wall { spectrum, kappa }
}

fn at(f: &mut impl Objective<[f64]>, x: &[f64], base: &Base<'_, [f64]>) -> Diagnosis<Vec<f64>> {
    diagnose(&SPACE, f, &mut [], x, base, &DiagnoseSettings::default()).unwrap()
}

#[test]
fn a_saddle_with_a_quartic_wall_is_measured_as_its_formula_says() {
    for (lowest, kappa) in [(-1.0, 1.0), (-0.05, 0.5), (-1e-3, 1e-4)] {
        let mut f = wall(lowest, kappa);
        let d0 = 1e-6;
        let y: Vec<f64> = (0..20).map(|i| if i == 0 { d0 } else { 1e-9 }).collect();
        let x = f.at(&y);
        let d = at(&mut f, &x, &Base::gradient_descent(0.1));
        let error =
            |e: &Estimate, exact: f64| (e.curvature - exact).abs() - e.residual - e.secant_error;
        assert!(error(&d.lowest, lowest) <= 1e-7 && error(&d.highest, 3.8) <= 1e-7, "{d:?}");
        let turn = f64::sqrt(-lowest / kappa);
        assert!((d.turn.at.abs() / turn - 1.0).abs() < 0.1, "{:?}, exact {turn}", d.turn);
        let fall = lowest * lowest / (4.0 * kappa);
        assert!((d.turn.fall / fall - 1.0).abs() < 0.1, "{:?}, exact {fall}", d.turn);
        // One direction of twenty.
        assert!(d.unstable < 0.4, "{}", d.unstable);
        // ln R/r with R = D/d.
        let steps = (turn / d0).ln() / (-0.1 * lowest).ln_1p();
        assert!((d.base_gradients / steps - 1.0).abs() < 0.25, "{} of {steps}", d.base_gradients);
        assert_eq!(d.verdict, Verdict::Saddle);
        assert!(d.axis_gradients <= d.gradients as f64 + d.losses as f64 / 3.0);
    }
}

/// Steps until the first component has gone half of the way to the wall.
fn run(
    f: &mut Wall,
    x: &[f64],
    optimizer: &mut dyn Optimizer<Host<f64>>,
    lr: f64,
    way: f64,
) -> f64 {
    let (mut x, mut g) = (x.to_vec(), vec![0.0; x.len()]);
    for step in 0..200_000 {
        if f.reflect(&x)[0].abs() > 0.5 * way {
            return f64::from(step);
        }
        f.value_grad(&x, &mut g);
        optimizer.step(&SPACE, &mut x, &g, lr);
    }
    f64::INFINITY
}

#[test]
fn the_base_leaves_when_it_was_predicted_to() {
    let mut f = wall(-0.02, 0.02);
    let y: Vec<f64> = (0..20).map(|i| if i == 0 { 1e-5 } else { 1e-7 }).collect();
    let x = f.at(&y);
    let mut g = vec![0.0; 20];
    f.value_grad(&x, &mut g);
    let sgd = |momentum, nesterov| {
        Sgd::new(SgdSettings { momentum, nesterov, ..Default::default() }, &SPACE, &x).unwrap()
    };
    let momentum = 0.9;
    for (kind, mut optimizer, lr) in [
        (BaseKind::GradientDescent, sgd(0.0, false), 0.3),
        (BaseKind::HeavyBall { momentum }, sgd(momentum, false), 0.05),
        (BaseKind::Nesterov { momentum }, sgd(momentum, true), 0.05),
    ] {
        let d = at(&mut f, &x, &Base { kind, ..Base::gradient_descent(lr) });
        let steps = run(&mut f, &x, &mut optimizer, lr, 1.0);
        assert!((0.7..1.5).contains(&(d.base_gradients / steps)), "{kind:?}: {steps}, {d:?}");
    }
    // Adam from its first step moves by lr in every component, whatever the gradient: a saddle that gd needs a thousand steps for.
    let lr = 1e-3;
    let mut adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
    let mut there = x.clone();
    adam.clone().step(&SPACE, &mut there, &g, lr);
    let step: Vec<f64> = there.iter().zip(&x).map(|(a, b)| a - b).collect();
    let metric: Vec<f64> = g.iter().map(|g| g.abs() + 1e-8).collect();
    let kind = BaseKind::Adam { beta1: 0.9 };
    let base = Base { kind, lr, step: Some(&step[..]), metric: Some(&metric[..]) };
    let d = at(&mut f, &x, &base);
    let steps = run(&mut f, &x, &mut adam, lr, 1.0);
    // With √v̂ standing still it would be much faster: the prediction is an optimistic one, for v̂ follows the gradient.
    assert!(d.base_gradients < steps && d.base_gradients.is_finite(), "{steps}, {d:?}");
}

#[test]
fn the_growth_is_that_of_the_recurrence() {
    let (lambda, momentum, beta1) = (0.03, 0.8, 0.7);
    for lr in [0.01, 1.0, 30.0] {
        for kind in [
            BaseKind::GradientDescent,
            BaseKind::HeavyBall { momentum },
            BaseKind::Nesterov { momentum },
            BaseKind::Adam { beta1 },
        ] {
            let (mut d, mut v, mut last) = (1e-200, 0.0, 0.0_f64);
            for _ in 0..400 {
                let g = -lambda * d;
                let before = d;
                match kind {
                    BaseKind::GradientDescent => d -= lr * g,
                    BaseKind::HeavyBall { momentum } => {
                        v = momentum * v + g;
                        d -= lr * v;
                    }
                    BaseKind::Nesterov { momentum } => {
                        v = momentum * v + g;
                        d -= lr * (g + momentum * v);
                    }
                    BaseKind::Adam { beta1 } => {
                        v = beta1 * v + (1.0 - beta1) * g;
                        d -= lr * v;
                    }
                }
                last = (d / before).ln();
                if d > 1e100 {
                    (d, v) = (d * 1e-200, v * 1e-200);
                }
            }
            let growth = kind.growth(lr, -lambda);
            assert!((growth / last - 1.0).abs() < 1e-6, "{kind:?} {lr}: {growth} {last}");
            assert_eq!(kind.growth(lr, lambda), 0.0, "no growth where the curvature is positive");
        }
    }
}

#[test]
fn each_sentence_has_its_case() {
    let start = |d0: f64| -> Vec<f64> { (0..20).map(|i| if i == 0 { d0 } else { 1e-9 }).collect() };
    let mut f = wall(-0.5, 0.5);
    // At a rate near 2/λ_max and from a distance of 0.2 the base is there in a few steps.
    let x = f.at(&start(0.2));
    assert_eq!(at(&mut f, &x, &Base::gradient_descent(0.4)).verdict, Verdict::BaseLeaves);
    // The same point with a step of 0.3: the wall, 0.8 away, is three of them.
    let step = f.reflect(&start(0.3));
    let base = Base { step: Some(&step[..]), ..Base::gradient_descent(0.4) };
    assert_eq!(at(&mut f, &x, &base).verdict, Verdict::Bend);
    // Beyond the turn.
    let mut valley = wall(0.01, 1.0);
    let x = valley.at(&start(0.2));
    assert_eq!(at(&mut valley, &x, &Base::gradient_descent(0.1)).verdict, Verdict::Valley);
    assert_eq!(at(&mut valley, &[0.0; 20], &Base::gradient_descent(0.1)).verdict, Verdict::Minimum);
    // A minimum with flat directions, whose curvature is 0 but for rounding.
    let mut flat = wall(0.0, 0.0);
    flat.spectrum[1..6].fill(0.0);
    let d = at(&mut flat, &[0.0; 20], &Base::gradient_descent(0.1));
    assert_eq!((d.verdict, d.unstable), (Verdict::Minimum, 0.0), "{d:?}");
    let mut broken = FromFn(|_: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.fill(f64::NAN);
        }
        0.0
    });
    let d = at(&mut broken, &[1.0; 3], &Base::gradient_descent(0.1));
    assert_eq!(d.verdict, Verdict::NotFinite);
}

#[test]
fn at_the_saddle_itself_nothing_moves_a_base_that_has_no_noise() {
    let mut f = wall(-0.5, 0.5);
    let d = at(&mut f, &[0.0; 20], &Base::gradient_descent(0.1));
    assert!(d.base_gradients.is_infinite() && d.is_blind() && d.reach().is_infinite());
    assert_eq!(d.verdict, Verdict::Saddle);
    let x = f.at(&[1e-3; 20]);
    assert!(!at(&mut f, &x, &Base::gradient_descent(0.1)).is_blind());
}

#[test]
fn a_direction_of_one_batch_is_no_direction_of_the_loss() {
    // Each batch has a negative direction of its own beside the wall's spectrum, or all have the same.
    let batch = |own: usize, lowest: f64| {
        let mut f = wall(0.3, 0.0);
        f.spectrum[own] = lowest;
        f
    };
    let x = wall(0.3, 0.0).at(&[1e-3; 20]);
    let base = Base::gradient_descent(1e-3);
    let settings = DiagnoseSettings::default();
    for batches in [1, 4] {
        let among = |others: &mut [Wall]| {
            let mut others: Vec<&mut dyn Oracle<[f64], Stop = Infallible>> =
                others.iter_mut().map(|f| f as _).collect();
            diagnose(&SPACE, &mut batch(1, -0.2), &mut others, &x, &base, &settings).unwrap()
        };
        let mut own: Vec<Wall> = (0..batches).map(|b| batch(b + 2, -0.2)).collect();
        let d = among(&mut own);
        assert_eq!(d.verdict, Verdict::BatchDirection, "{d:?}");
        let mut same: Vec<Wall> = (0..batches).map(|b| batch(1, -0.2 + 0.01 * b as f64)).collect();
        let d = among(&mut same);
        assert_ne!(d.verdict, Verdict::BatchDirection, "{d:?}");
        let others = d.others.unwrap();
        assert_eq!(others.batches, batches as u64);
        assert!((others.curvature + 0.2).abs() < 0.05);
        assert!(d.gradients > 2 * batches as u64);
    }
}

#[test]
fn the_share_of_unstable_directions_is_that_of_the_spectrum() {
    // On average over starts: a third of sixty directions.
    let spectrum =
        (0..60).map(|i| if i < 20 { -1.0 - f64::from(i) / 20.0 } else { f64::from(i) / 10.0 });
    let mut f = Wall { spectrum: spectrum.collect(), kappa: 0.0 };
    let shares = (0..20).map(|seed| {
        let settings = DiagnoseSettings { seed, tolerance: 1e-3, ..Default::default() };
        let base = Base::gradient_descent(0.1);
        diagnose(&SPACE, &mut f, &mut [], &[0.0; 60], &base, &settings).unwrap().unstable
    });
    let shares: crate::statistics::Sample = shares.collect();
    assert!((shares.mean() - 1.0 / 3.0).abs() < 4.0 * shares.standard_error(), "{shares:?}");
    // √(2 s/N) is the scale of one vector's error.
    assert!(shares.deviation() < (2.0 / 3.0 / 60.0_f64).sqrt() * 1.5, "{shares:?}");
    // In a space that the basis fills the share is counted.
    let mut small = Wall { spectrum: vec![-1.0, -0.5, 1.0, 2.0], kappa: 0.0 };
    let d = at(&mut small, &[0.0; 4], &Base::gradient_descent(0.1));
    assert_eq!((d.unstable, d.unstable_range), (0.5, [0.5; 2]), "{d:?}");
}

/// A bulk that few gradients don't tell from zero, as networks have: the range holds what is true of it.
#[test]
fn the_share_of_unstable_directions_is_open_where_it_is_not_resolved() {
    let n = 300;
    let mut widest: f64 = 0.0;
    for negative in [1, 15, 150] {
        let spectrum: Vec<f64> = (0..n)
            .map(|i| match i {
                _ if i < negative => -0.5 / f64::from(1 + i).powi(2),
                _ if i < 290 => 1e-6 * f64::from(i),
                _ => f64::from(i - 289),
            })
            .collect();
        let truth = f64::from(negative) / f64::from(n);
        // What the start holds of them: four standard deviations.
        let error = 4.0 * (2.0 * truth / f64::from(n)).sqrt();
        for max_gradients in [4, 8, 20, 60] {
            for seed in 0..10 {
                let mut f = Wall { spectrum: spectrum.clone(), kappa: 0.0 };
                let settings = DiagnoseSettings { seed, max_gradients, ..Default::default() };
                let base = Base::gradient_descent(0.01);
                let x = vec![0.0; n as usize];
                let d = diagnose(&SPACE, &mut f, &mut [], &x, &base, &settings).unwrap();
                let [least, most] = d.unstable_range;
                assert!(least <= d.unstable && d.unstable <= most, "{d:?}");
                assert!(
                    least <= truth + error && truth - error <= most,
                    "{negative} of {n}, {max_gradients} gradients: {least} to {most}"
                );
                widest = widest.max(most - least);
            }
        }
    }
    assert!(widest > 0.5, "{widest}");
}

#[test]
fn curvature_in_a_metric_is_that_of_the_scaled_matrix() {
    // Diagonal Hessian, diagonal metric: λᵢ/pᵢ; the lowest is not along the Euclidean axis.
    let spectrum = [-1.0, -0.5, 0.2, 1.0, 2.0, 3.0];
    let metric = [10.0, 0.1, 1.0, 1.0, 1.0, 1.0];
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        let products = x.iter().zip(spectrum).map(|(x, l)| l * x);
        if let Some(g) = g {
            g.iter_mut().zip(products.clone()).for_each(|(g, p)| *g = p);
        }
        x.iter().zip(products).map(|(x, p)| 0.5 * x * p).sum()
    });
    let kind = BaseKind::Adam { beta1: 0.9 };
    let base = Base { kind, lr: 1e-3, step: None, metric: Some(&metric[..]) };
    let settings = DiagnoseSettings { tolerance: 1e-6, ..Default::default() };
    let d = diagnose(&SPACE, &mut f, &mut [], &[1e-3; 6], &base, &settings).unwrap();
    assert!((d.lowest.curvature + 1.0).abs() < 1e-4);
    assert!((d.base_curvature + 5.0).abs() < 1e-3, "{}", d.base_curvature);
    assert!((d.growth - kind.growth(1e-3, -5.0)).abs() < 1e-5);
}

#[test]
fn an_oracle_may_stop() {
    struct Paid(Wall, u32);
    #[derive(Debug, PartialEq)]
    struct Spent;
    impl Oracle<[f64]> for Paid {
        type Stop = Spent;
        fn try_value(&mut self, x: &[f64]) -> Result<f64, Spent> {
            Ok(self.0.value(x))
        }
        fn try_value_grad(&mut self, x: &[f64], g: &mut [f64]) -> Result<f64, Spent> {
            self.1 = self.1.checked_sub(1).ok_or(Spent)?;
            Ok(self.0.value_grad(x, g))
        }
    }
    let (base, settings) = (Base::gradient_descent(0.1), DiagnoseSettings::default());
    for gradients in [0, 1, 5] {
        let mut f = Paid(wall(-1.0, 1.0), gradients);
        let stopped = diagnose(&SPACE, &mut f, &mut [], &[0.1; 20], &base, &settings);
        assert_eq!(stopped.unwrap_err(), DiagnoseError::Stopped(Spent));
    }
    let settings = DiagnoseSettings { memory: 2, ..settings };
    let mut f = Paid(wall(-1.0, 1.0), 99);
    let refused = diagnose(&SPACE, &mut f, &mut [], &[0.1; 20], &base, &settings);
    assert!(matches!(refused, Err(DiagnoseError::Settings(_))));
}
