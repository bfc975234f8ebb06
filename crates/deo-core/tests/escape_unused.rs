//! What the loss doesn't depend on stays where the base optimizer leaves it.

mod common;

use deo_core::deo::Tracking;
use deo_core::drive::WithDeo;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::space::Host;
use deo_core::{DeoSettings, Objective, PolicySettings};

const SPACE: Host<f64> = Host::new();

/// x₁⁴/16 − x₁²/2 + 9/8 x₂² over the first two; the rest are unused.
fn beside(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.fill(0.0);
        g[..2].copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
    }
    x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
}

type Base = Box<dyn Optimizer<Host<f64>>>;

fn optimizers(x: &[f64]) -> Vec<(&'static str, Base)> {
    let sgd = |settings| Box::new(Sgd::new(settings, &SPACE, x).unwrap());
    let adam = |settings| Box::new(Adam::new(settings, &SPACE, x).unwrap());
    vec![
        ("sgd", sgd(SgdSettings::default()) as Base),
        ("heavy ball", sgd(SgdSettings { momentum: 0.9, ..Default::default() })),
        ("adam", adam(AdamSettings::adam())),
        ("adamw", adam(AdamSettings::adamw())),
        ("nadamw", adam(AdamSettings::nadamw())),
    ]
}

fn policies() -> Vec<(&'static str, PolicySettings)> {
    let tracking = Tracking { interval: 2, first: 10, gradients: 2 };
    let escape = |escape| PolicySettings::Escape(escape);
    let no_gradient = EscapeSettings { line_search: false, ..Default::default() };
    vec![
        ("escape", escape(EscapeSettings::default())),
        ("kicks", escape(no_gradient)),
        ("highest", escape(EscapeSettings { kick: Kick::Highest, ..no_gradient })),
        ("amplify", PolicySettings::Amplify { strength: 2.0, tracking }),
        ("deflate", PolicySettings::Deflate { alpha: 0.9, tracking }),
    ]
}

#[test]
fn unused_parameters_stay_where_every_base_leaves_them() {
    for (start, rate) in [([1e-12, 0.5], 0.1), ([1.7, 0.5], 0.1), ([0.3, -0.2], 0.02)] {
        let mut x0 = vec![start[0], start[1], 3.0, -4.0, 5.0];
        x0.extend((0..20).map(|i| noise(3, i)));
        for (policy_name, policy) in policies() {
            for seed in 0..3 {
                for ((name, with), (_, mut alone)) in
                    optimizers(&x0).into_iter().zip(optimizers(&x0))
                {
                    let (mut x, mut plain) = (x0.clone(), x0.clone());
                    let mut g = vec![0.0; x0.len()];
                    let settings = DeoSettings { policy, seed, ..Default::default() };
                    let mut run = WithDeo::new(&SPACE, &x, with, settings).unwrap();
                    let mut f = FromFn(beside);
                    let mut steps = 0;
                    for _ in 0..300 {
                        let report = run.step(&SPACE, &mut f, &mut x, rate);
                        // AdamW shrinks what it steps with; a move replaces a step.
                        if !report.event.moved() {
                            f.value_grad(&plain, &mut g);
                            alone.step(&SPACE, &mut plain, &g, rate);
                            steps += 1;
                        }
                    }
                    assert!(steps > 150, "{policy_name} over {name}: {steps} steps");
                    assert_eq!(x[2..], plain[2..], "{policy_name} over {name}, seed {seed}");
                }
            }
        }
    }
}

/// Some rows of a table are never looked up, and some units never fire: a two-layer ReLU net over an embedding.
///
/// x = (table 6 × 3, weights 4 × 3, biases 4, out 4). Rows 0 … 2 occur. Unit 3 has the bias −50.
fn lookup(x: &[f64], mut g: Option<&mut [f64]>) -> f64 {
    let (table, rest) = x.split_at(18);
    let (w, rest) = rest.split_at(12);
    let (b, out) = rest.split_at(4);
    if let Some(g) = g.as_deref_mut() {
        g.fill(0.0);
    }
    let mut loss = 0.0;
    for (row, goal) in [(0, 1.0), (1, -1.0), (2, 0.3)] {
        let e = &table[3 * row..][..3];
        let z: Vec<f64> = (0..4).map(|u| b[u] + common::dot(&w[3 * u..][..3], e)).collect();
        let a: Vec<f64> = z.iter().map(|z| z.max(0.0)).collect();
        let error = common::dot(&a, out) - goal;
        loss += error * error / 2.0;
        if let Some(g) = g.as_deref_mut() {
            for u in 0..4 {
                g[34 + u] += error * a[u];
                if z[u] > 0.0 {
                    let d = error * out[u];
                    g[30 + u] += d;
                    for k in 0..3 {
                        g[18 + 3 * u + k] += d * e[k];
                        g[3 * row + k] += d * w[3 * u + k];
                    }
                }
            }
        }
    }
    loss
}

#[test]
fn rows_that_never_occur_and_units_that_never_fire_stay() {
    for seed in 0..10 {
        let mut x: Vec<f64> = (0..38).map(|i| 0.4 * noise(seed, i)).collect();
        x[33] = -50.0;
        let unused = |x: &[f64]| [&x[9..18], &x[27..30], &x[33..34], &x[37..38]].concat();
        let before = unused(&x);
        let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
        let settings = DeoSettings { seed, ..Default::default() };
        let mut run = WithDeo::new(&SPACE, &x, sgd, settings).unwrap();
        for _ in 0..400 {
            run.step(&SPACE, &mut FromFn(lookup), &mut x, 0.05);
        }
        assert_eq!(unused(&x), before, "seed {seed}");
    }
}

/// f(A x) with A wide: a row space of dimension 3 in ten. Returns the loss and its gradient.
fn wide(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let row = |r: u64| (0..10).map(move |i| noise(900 + r, i));
    let y: Vec<f64> = (0..3).map(|r| row(r).zip(x).map(|(a, x)| a * x).sum()).collect();
    let d = [y[0].powi(3) / 4.0 - y[0], 2.25 * y[1], 0.5 * y[2]];
    if let Some(g) = g {
        g.fill(0.0);
        for (r, d) in d.iter().enumerate() {
            g.iter_mut().zip(row(r as u64)).for_each(|(g, a)| *g += d * a);
        }
    }
    y[0].powi(4) / 16.0 - y[0] * y[0] / 2.0 + 1.125 * y[1] * y[1] + 0.25 * y[2] * y[2]
}

/// The part of x across the rows of `wide`, by Gram–Schmidt.
fn across(x: &[f64]) -> Vec<f64> {
    let mut basis: Vec<Vec<f64>> = vec![];
    let clean = |v: &mut Vec<f64>, basis: &[Vec<f64>]| {
        for _ in 0..2 {
            for b in basis {
                let along = common::dot(v, b);
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= along * b);
            }
        }
    };
    for r in 0..3 {
        let mut row: Vec<f64> = (0..10).map(|i| noise(900 + r, i)).collect();
        clean(&mut row, &basis);
        let norm = common::dot(&row, &row).sqrt();
        row.iter_mut().for_each(|v| *v /= norm);
        basis.push(row);
    }
    let mut x = x.to_vec();
    clean(&mut x, &basis);
    x
}

#[test]
fn the_null_space_of_a_wide_layer_stays() {
    // Gradient descent moves within the rows only, so what lies across them is as at the start.
    for seed in 0..20 {
        // Beside the saddle and away from it, and three far across the rows.
        let scale = if seed % 2 == 0 { 1e-6 } else { 0.2 };
        let mut x: Vec<f64> = (0..10).map(|i| scale * noise(seed, i)).collect();
        let start: Vec<f64> = (0..10).map(|i| noise(seed + 50, i)).collect();
        x.iter_mut().zip(across(&start)).for_each(|(x, far)| *x += far);
        let before = across(&x);
        let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
        let settings = DeoSettings { seed, ..Default::default() };
        let mut run = WithDeo::new(&SPACE, &x, sgd, settings).unwrap();
        for _ in 0..600 {
            run.step(&SPACE, &mut FromFn(wide), &mut x, 0.01);
        }
        let moved: Vec<f64> = across(&x).iter().zip(&before).map(|(a, b)| a - b).collect();
        // A secant tells zero from its rounding, ε‖g‖/h ≈ 1e-8 and its truncation; ‖x‖ is about 3.
        let far = common::dot(&moved, &moved).sqrt();
        assert!(far < 1e-4, "seed {seed}: {far}");
    }
}

#[test]
fn tied_weights_stay_tied() {
    // f(u + v): the difference u − v is nothing to the loss.
    let tied = |x: &[f64], g: Option<&mut [f64]>| {
        let sum = [x[0] + x[2], x[1] + x[3]];
        let mut d = [0.0; 2];
        let loss = beside(&sum, Some(&mut d));
        if let Some(g) = g {
            g.copy_from_slice(&[d[0], d[1], d[0], d[1]]);
        }
        loss
    };
    for seed in 0..20 {
        for start in [1e-12, 0.4, 1.1] {
            let mut x = vec![3.0 + start, -1.0, -3.0, 1.3];
            let before = [x[0] - x[2], x[1] - x[3]];
            let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
            let settings = DeoSettings { seed, ..Default::default() };
            let mut run = WithDeo::new(&SPACE, &x, sgd, settings).unwrap();
            for _ in 0..300 {
                run.step(&SPACE, &mut FromFn(tied), &mut x, 0.05);
            }
            for (now, before) in [x[0] - x[2], x[1] - x[3]].into_iter().zip(before) {
                assert!((now - before).abs() < 1e-6, "seed {seed}: {now} {before}");
            }
        }
    }
}

#[test]
fn the_scale_of_a_scale_invariant_layer_stays() {
    // f(x/‖x‖) = ½ Σ λᵢ uᵢ², u = x/‖x‖: the radius is nothing to the loss. Gradients are orthogonal to x, so gradient
    // descent makes the radius grow, by η²‖g‖²/2‖x‖ a step, and a tangential move by (√(1 + (a/‖x‖)²) − 1)‖x‖.
    let lambda: Vec<f64> = (0..12).map(|i| 1.0 + f64::from(i) / 4.0).collect();
    for seed in 0..10 {
        let start: Vec<f64> = if seed % 2 == 0 {
            (0..12).map(|i| noise(seed, i)).collect()
        } else {
            // Beside the saddle at the second axis.
            (0..12).map(|i| f64::from(u8::from(i == 1)) + 1e-9 * noise(seed, i)).collect()
        };
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            let square = common::dot(x, x);
            let loss = x.iter().zip(&lambda).map(|(x, l)| l * x * x).sum::<f64>() / square / 2.0;
            if let Some(g) = g {
                for ((g, x), l) in g.iter_mut().zip(x).zip(&lambda) {
                    *g = (l * x - 2.0 * loss * x) / square;
                }
            }
            loss
        });
        let mut x = start;
        let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
        let settings = DeoSettings { seed, ..Default::default() };
        let mut run = WithDeo::new(&SPACE, &x, sgd, settings).unwrap();
        for _ in 0..1_000 {
            let before = x.clone();
            let report = run.step(&SPACE, &mut f, &mut x, 0.05);
            if report.event.moved() {
                let norm = common::dot(&before, &before).sqrt();
                let radial = before.iter().zip(&x).map(|(b, x)| b * (x - b)).sum::<f64>() / norm;
                let moved: f64 = before.iter().zip(&x).map(|(b, x)| (x - b).powi(2)).sum();
                assert!(
                    radial.abs() < 0.02 * moved.sqrt(),
                    "seed {seed}: {radial} of {}, {report:?}",
                    moved.sqrt()
                );
            }
        }
    }
}
