//! What each part of the escape strategy is worth: gradients (losses at a third) until three problems are solved.
//!
//! Run with `cargo run --release -p deo-core --example escape_ablation`. Medians of nine seeds over gradient descent;
//! a dash stands for more than 4 000. The figures of docs/adr/0021 come from more problems than these.

use deo_core::drive::WithDeo;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::space::Host;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{DeoSettings, PolicySettings};

const SPACE: Host<f64> = Host::new();
const BUDGET: f64 = 4_000.0;

/// Solved when the loss is at most `target`.
struct Problem {
    name: &'static str,
    lr: f64,
    target: f64,
    start: fn(u64) -> Vec<f64>,
    loss: fn(&[f64], Option<&mut [f64]>) -> f64,
}

fn draw(seed: u64, n: u64, size: f64) -> Vec<f64> {
    (0..n).map(|i| size * noise(seed, i)).collect()
}

/// Σ λᵢxᵢ²/2 + Σ xᵢ⁴/4, λ₁ = −1e-3, the other 99 in [0.1, 1].
fn strict_saddle(x: &[f64], mut g: Option<&mut [f64]>) -> f64 {
    let mut loss = 0.0;
    for (i, x) in x.iter().enumerate() {
        let l = if i == 0 { -1e-3 } else { 0.1 + 0.9 * i as f64 / 99.0 };
        loss += l * x * x / 2.0 + x.powi(4) / 4.0;
        if let Some(g) = g.as_deref_mut() {
            g[i] = l * x + x.powi(3);
        }
    }
    loss
}

/// ½‖W₂W₁ − diag(1, ½, ¼)‖², both 3 × 3: three saddles in a row.
fn linear_net(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let (v, u) = x.split_at(9);
    let mut e = [0.0; 9];
    for (k, e) in e.iter_mut().enumerate() {
        let (i, j) = (k / 3, k % 3);
        let goal = if i == j { 0.5f64.powi(i as i32) } else { 0.0 };
        *e = (0..3).map(|m| u[3 * i + m] * v[3 * m + j]).sum::<f64>() - goal;
    }
    if let Some(g) = g {
        for k in 0..9 {
            let (i, j) = (k / 3, k % 3);
            g[k] = (0..3).map(|m| u[3 * m + i] * e[3 * m + j]).sum();
            g[9 + k] = (0..3).map(|m| e[3 * i + m] * v[3 * j + m]).sum();
        }
    }
    0.5 * e.iter().map(|e| e * e).sum::<f64>()
}

/// −Σ cos xᵢ from a maximum in twelve dimensions.
fn egg_box(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.iter_mut().zip(x).for_each(|(g, x)| *g = x.sin());
    }
    12.0 - x.iter().map(|x| x.cos()).sum::<f64>()
}

const PROBLEMS: [Problem; 3] = [
    Problem {
        name: "strict saddle",
        lr: 0.9,
        target: -0.9 * 0.25e-6,
        start: |seed| draw(seed, 100, 1e-7),
        loss: strict_saddle,
    },
    Problem {
        name: "linear net",
        lr: 0.3,
        target: 1e-4,
        start: |seed| draw(seed, 18, 1e-6),
        loss: linear_net,
    },
    Problem {
        name: "egg box",
        lr: 0.3,
        target: 1e-3,
        start: |seed| draw(seed, 12, 1e-9).into_iter().map(|x| x + std::f64::consts::PI).collect(),
        loss: egg_box,
    },
];

/// Gradients and a third of the losses until the problem is solved.
fn cost(problem: &Problem, settings: Option<DeoSettings>, seed: u64) -> f64 {
    let mut x = (problem.start)(seed);
    let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).expect("defaults are valid");
    let budgetless = DeoSettings {
        policy: PolicySettings::Escape(EscapeSettings {
            line_search: false,
            kick: Kick::Off,
            ..Default::default()
        }),
        ..Default::default()
    };
    let settings = DeoSettings { seed, ..settings.unwrap_or(budgetless) };
    let mut run = WithDeo::new(&SPACE, &x, sgd, settings).expect("the settings are valid");
    let mut f = FromFn(problem.loss);
    for step in 1.. {
        let report = run.step(&SPACE, &mut f, &mut x, problem.lr);
        let cost = f64::from(step) + run.counts().cost();
        if report.loss <= problem.target {
            return cost;
        }
        if cost > BUDGET {
            break;
        }
    }
    f64::INFINITY
}

fn main() {
    let strategy = |change: fn(&mut EscapeSettings)| {
        let mut escape = EscapeSettings::default();
        change(&mut escape);
        Some(DeoSettings { policy: PolicySettings::Escape(escape), ..Default::default() })
    };
    let trigger = |interval, stall| {
        Some(DeoSettings { trigger: TriggerSettings { interval, stall }, ..Default::default() })
    };
    let variants: [(&str, Option<DeoSettings>); 8] = [
        ("gradient descent", None),
        ("strategy", strategy(|_| {})),
        ("no line search", strategy(|escape| escape.line_search = false)),
        ("line search alone", strategy(|escape| escape.kick = Kick::Off)),
        ("random axis", strategy(|escape| escape.kick = Kick::Random)),
        ("highest axis", strategy(|escape| escape.kick = Kick::Highest)),
        ("no stall test", trigger(3, Stall::Always)),
        ("every ten steps", trigger(10, Stall::Gradient { share: 0.5 })),
    ];
    print!("{:20}", "");
    PROBLEMS.iter().for_each(|problem| print!("{:>15}", problem.name));
    println!();
    for (name, settings) in variants {
        print!("{name:20}");
        for problem in &PROBLEMS {
            let mut costs: Vec<f64> = (0..9).map(|seed| cost(problem, settings, seed)).collect();
            costs.sort_by(f64::total_cmp);
            let median = costs[4];
            if median.is_finite() { print!("{median:15.1}") } else { print!("{:>15}", "–") }
        }
        println!();
    }
}
