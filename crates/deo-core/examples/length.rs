//! Prints the error of a secant, measured and predicted, against the dimer length, for the page *Numerics*.
//!
//! f = Σ (½a s² + t s³/6 + q s⁴/24), s = ⟨u, x⟩ for 100 random u in ℝ⁵⁰⁰, with the gradient in the arithmetic of the
//! storage and exact Hessian products in f64. Every number is a root mean square over twelve random axes:
//!
//! | column | meaning |
//! |---|---|
//! | C | the error of C, and in parentheses what a check at two lengths predicts |
//! | Hn | the same for Hn as a vector |
//! | ½hT, h²Q/6 | the truncation of C in theory, T = ∇³f[n, n, n], Q = ∇⁴f[n, n, n, n] |
//! | ε‖g‖/h | the scale of the customary bound on rounding, for comparison |
//!
//! Run: `cargo run -p deo-core --example length`

#[path = "../tests/common/forms.rs"]
mod forms;

use deo_core::SettingError;
use deo_core::drive::Workspace;
use deo_core::noise::noise;
use deo_core::space::{Host, Real};
use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
use deo_core::{Length, Objective, Rule, Space};
use forms::Forms;

const N: usize = 500;
const AXES: u64 = 12;

fn wide<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

/// One row, for h a fraction of ‖x‖.
fn row<T: Real>(forms: &Forms, rule: Rule, fraction: f64) -> Result<String, SettingError> {
    let space = Host::<T>::new();
    let x: Vec<T> = forms.point();
    let mut f = forms.clone();
    let mut g = space.zeros_like(&x);
    f.value_grad(&x, &mut g);
    let h = fraction * space.norm(&x);
    let length = Some(Length::Absolute(h));
    let settings = TwoLengthsSettings { rule, length, diagnose: false };
    let mut two_lengths = TwoLengths::new(&space, &x, settings)?;
    let mut workspace = Workspace::new(&space, &x, rule);
    let mut squares = [0.0; 5];
    for seed in 0..AXES {
        let axis: Vec<T> = (0..N as u64).map(|i| T::from_f64(noise(seed + 100, i))).collect();
        two_lengths.set_axis(&space, &axis);
        two_lengths.measure(&space, &mut f, &x, &g, &mut workspace);
        let (x, n) = (wide(&x), wide(two_lengths.axis()));
        let exact = forms.product(&x, &n);
        let product = wide(two_lengths.product());
        let off = |i: usize| product[i] - exact[i];
        let [third, fourth] = forms.higher_derivatives(&x, &n);
        let truncation = if rule == Rule::Central { h * h * fourth / 6.0 } else { h * third / 2.0 };
        let found = [
            two_lengths.curvature() - (0..N).map(|i| n[i] * exact[i]).sum::<f64>(),
            two_lengths.expected_error(),
            (0..N).map(|i| off(i) * off(i)).sum::<f64>().sqrt(),
            two_lengths.product_error(),
            truncation,
        ];
        squares.iter_mut().zip(found).for_each(|(square, x)| *square += x * x);
    }
    let [c, c_bar, hn, hn_bar, truncation] = squares.map(|s| (s / AXES as f64).sqrt());
    let bound = space.epsilon() * space.norm(&g) / h;
    Ok(format!("{c:.0e} ({c_bar:.0e}) | {hn:.0e} ({hn_bar:.0e}) | {truncation:.0e} | {bound:.0e}"))
}

fn table<T: Real>(forms: &Forms, storage: &str, rule: Rule) -> Result<(), SettingError> {
    let truncation = if rule == Rule::Central { "h²Q/6" } else { "½hT" };
    println!("\n| {storage} {rule:?}, h/‖x‖ | C | Hn | {truncation} | ε‖g‖/h |");
    println!("|---|---|---|---|---|");
    let shortest = if storage == "f32" { -7 } else { -9 };
    for exponent in shortest..=shortest + 6 {
        println!("| 1e{exponent} | {} |", row::<T>(forms, rule, 10f64.powi(exponent))?);
    }
    Ok(())
}

fn main() -> Result<(), SettingError> {
    let forms = Forms::new(N, 100, 3.0, 5.0);
    for rule in [Rule::Forward, Rule::Central] {
        table::<f64>(&forms, "f64", rule)?;
        table::<f32>(&forms, "f32", rule)?;
    }
    Ok(())
}
