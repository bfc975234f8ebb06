//! Prints the error of a measured curvature against the dimer length, for the page *Numerics*.
//!
//! f = Σ (½λᵢxᵢ² + t xᵢ³/6 + q xᵢ⁴/24), whose curvature along any n is Σ (λᵢ + t xᵢ + ½q xᵢ²)nᵢ² exactly, is
//! measured along one random direction by both rules, in f32 and in f64.
//!
//! Run: `cargo run -p deo-core --example length`

use deo_core::drive::Workspace;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::{Host, Real};
use deo_core::{Dimer, DimerSettings, Length, Objective, Rule, SettingsError};

const N: usize = 10_000;
const THIRD: f64 = 3.0;
const FOURTH: f64 = 5.0;

fn eigenvalue(i: usize) -> f64 {
    2.0 + noise(1, i as u64)
}

/// (|C − exact|, what the estimate gives as its error), both relative to the exact curvature.
fn errors<T: Real>(rule: Rule, length: Option<Length>) -> Result<[f64; 2], SettingsError> {
    let space = Host::<T>::new();
    let x: Vec<T> = (0..N as u64).map(|i| T::from_f64(noise(2, i))).collect();
    let mut f = FromFn(|x: &[T], g: Option<&mut [T]>| {
        for (i, (g, x)) in g.expect("only gradients are asked for").iter_mut().zip(x).enumerate() {
            let x = x.to_f64();
            *g = T::from_f64(x * (eigenvalue(i) + x * (THIRD / 2.0 + x * FOURTH / 6.0)));
        }
        0.0
    });
    // Two answers: the axis, and the certificate from its other side.
    let max_gradients = if rule == Rule::Central { 4 } else { 2 };
    let settings =
        DimerSettings { rule, length, certify: true, max_gradients, ..Default::default() };
    let mut dimer = Dimer::new(&space, &x, DimerSettings { tolerance: 1e9, ..settings })?;
    dimer.draw(&space, 3);
    let exact: f64 = (dimer.axis().iter().zip(&x).enumerate())
        .map(|(i, (n, x))| {
            let (n, x) = (n.to_f64(), x.to_f64());
            (eigenvalue(i) + x * (THIRD + x * FOURTH / 2.0)) * n * n
        })
        .sum();
    let mut g = x.clone();
    f.value_grad(&x, &mut g);
    let estimate = dimer.measure(&space, &mut f, &x, &g, &mut Workspace::new(&space, &x, rule));
    Ok([(estimate.curvature - exact).abs() / exact, estimate.secant_error / exact])
}

fn row<T: Real>(length: Option<Length>) -> Result<String, SettingsError> {
    let [forward, central] =
        [errors::<T>(Rule::Forward, length)?, errors::<T>(Rule::Central, length)?];
    let show = |[error, bar]: [f64; 2]| format!("{error:.0e} ({bar:.0e})");
    Ok(format!("{} | {}", show(forward), show(central)))
}

fn main() -> Result<(), SettingsError> {
    println!("| h/‖x‖ | f64 forward | f64 central | f32 forward | f32 central |");
    println!("|---|---|---|---|---|");
    for exponent in [-8, -7, -6, -5, -4, -3, -2, -1] {
        let length = Some(Length::Relative(10f64.powi(exponent)));
        println!("| 1e{exponent} | {} | {} |", row::<f64>(length)?, row::<f32>(length)?);
    }
    println!("| default | {} | {} |", row::<f64>(None)?, row::<f32>(None)?);
    Ok(())
}
