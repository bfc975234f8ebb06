//! The numbers of a diagnosis on a function that is quickly written down in any language, for tests of the other ones.
//!
//! Run: `cargo run -p deo-core --example diagnosis > crates/deo-python/tests/golden/diagnosis.json`
//!
//! f(x) = Σ λᵢ xᵢ²/2 + xᵢ⁴/4, λ = −0.2, 0.32, 0.34, … of 40; x₀ = 10⁻³, the other xᵢ = 10⁻²/(i + 1). The bases of rate 0.1
//! step by −0.15 g, Adam's metric is 0.5 + i/40; on other batches all λ are higher by 0.1 and 0.3.

use deo_core::diagnose::{Base, BaseKind, DiagnoseSettings, diagnose};
use deo_core::objective::FromFn;
use deo_core::oracle::Oracle;
use deo_core::space::Host;
use std::convert::Infallible;

const N: usize = 40;

fn loss(raised: f64) -> impl deo_core::Objective<[f64]> {
    FromFn(move |x: &[f64], mut g: Option<&mut [f64]>| {
        let mut sum = 0.0;
        for (i, x) in x.iter().enumerate() {
            let curvature = if i == 0 { -0.2 } else { 0.3 + 0.02 * i as f64 } + raised;
            sum += curvature * x * x / 2.0 + x.powi(4) / 4.0;
            if let Some(g) = &mut g {
                g[i] = curvature * x + x.powi(3);
            }
        }
        sum
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x: Vec<f64> = (0..N).map(|i| if i == 0 { 1e-3 } else { 1e-2 / (i as f64 + 1.0) }).collect();
    let (space, mut f) = (Host::<f64>::new(), loss(0.0));
    let mut step = vec![0.0; N];
    deo_core::Objective::value_grad(&mut f, &x[..], &mut step[..]);
    step.iter_mut().for_each(|g| *g *= -0.15);
    let metric: Vec<f64> = (0..N).map(|i| 0.5 + i as f64 / N as f64).collect();
    let bases = [
        ("gd", BaseKind::GradientDescent, None),
        ("heavy-ball", BaseKind::HeavyBall { momentum: 0.9 }, None),
        ("nesterov", BaseKind::Nesterov { momentum: 0.9 }, None),
        ("adam", BaseKind::Adam { beta1: 0.9 }, Some(&metric[..])),
    ];
    println!("{{");
    for (i, (name, kind, metric)) in bases.into_iter().enumerate() {
        let base = Base { kind, lr: 0.1, step: Some(&step[..]), metric };
        let (mut second, mut third) = (loss(0.1), loss(0.3));
        let mut others: [&mut dyn Oracle<[f64], Stop = Infallible>; 2] = [&mut second, &mut third];
        let found =
            diagnose(&space, &mut f, &mut others, &x[..], &base, &DiagnoseSettings::default())?;
        let others = found.others.ok_or("λ_min is negative, so the other batches were asked")?;
        println!(" \"{name}\": {{");
        println!("  \"verdict\": \"{}\",", found.verdict.name());
        for (key, number) in [
            ("lowest", found.lowest.curvature),
            ("highest", found.highest.curvature),
            ("others", others.curvature),
            ("slope", found.slope),
            ("ritz_update", found.turn.at),
            ("fall", found.turn.fall),
            ("reach", found.reach()),
            ("unstable", found.unstable),
            ("base_curvature", found.base_curvature),
            ("growth", found.growth),
            ("step_norm", found.step_norm),
            ("base_gradients", found.base_gradients),
            ("axis_gradients", found.axis_gradients),
        ] {
            println!("  \"{key}\": {number:e},");
        }
        println!("  \"gradients\": {}, \"losses\": {}", found.gradients + 1, found.losses);
        println!(" }}{}", if i == 3 { "" } else { "," });
    }
    println!("}}");
    Ok(())
}
