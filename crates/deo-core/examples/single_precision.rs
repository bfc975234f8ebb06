//! Prints what the default estimate in single precision finds where λ_min = −1 is known, for up to 1e7 parameters.
//!
//! | column | meaning |
//! |---|---|
//! | right | the share of runs with C within 1 % of −1 and an angle of at most 0.1 rad |
//! | noise | the share that ended as noise |
//! | bar | the share with \|C − ⟨n, Hn⟩\| ≤ `secant_error`, the product exact |
//! | C, angle, gradients | medians |
//!
//! Run: `cargo run --release -p deo-core --example single_precision -- EXPONENT [RUNS]`; 7 takes a quarter of an hour.

#[path = "../tests/common/valley.rs"]
mod valley;

use deo_core::SettingError;
use deo_core::drive::curvature;
use deo_core::{DimerSettings, Rule, Status, space::Host};
use valley::{Kind, Shape, Terms, Valley};

fn main() -> Result<(), SettingError> {
    let mut arguments =
        std::env::args().skip(1).filter_map(|argument| argument.parse::<f64>().ok());
    let n = 10f64.powf(arguments.next().unwrap_or(4.0)).round() as usize;
    let runs = arguments.next().unwrap_or(3.0) as u64;
    println!("N = {n}");
    println!(
        "| u | shape | rounding | slope | rule | right | noise | bar | C | angle | gradients |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for support in [n, (n / 100).clamp(1, 100)] {
        for shape in [Shape::Quartic(1.0), Shape::Wave(1.0)] {
            for terms in [Terms::Whole, Terms::Rounded] {
                for slope in [1.0, 30.0, 1e-3, 0.0] {
                    for rule in [Rule::Forward, Rule::Central] {
                        row(Kind { n, support, shape, terms, slope }, rule, runs)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn row(kind: Kind, rule: Rule, runs: u64) -> Result<(), SettingError> {
    let (mut right, mut noise, mut held) = (0, 0, 0);
    let [mut curvatures, mut angles, mut gradients] = [vec![], vec![], vec![]];
    for seed in 0..runs {
        let mut f = Valley::new(kind, seed + 1);
        let x = f.x.clone();
        let settings = DimerSettings { rule, max_gradients: 100, ..Default::default() };
        let (e, axis) = curvature(&Host::<f32>::new(), &mut f, &x, settings, seed + 7)?;
        let angle = f.angle(&axis);
        right += u64::from((e.curvature + 1.0).abs() <= 0.01 && angle <= 0.1);
        noise += u64::from(e.status == Status::Noise);
        held += u64::from((e.curvature - f.curvature(&axis)).abs() <= e.secant_error);
        curvatures.push(e.curvature);
        angles.push(angle);
        gradients.push(e.gradients as f64);
    }
    let of = |count: u64| 100 * count / runs.max(1);
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    println!(
        "| {} | {:?} | {:?} | {} | {rule:?} | {} % | {} % | {} % | {:.4} | {:.3} | {} |",
        if kind.support == kind.n { "dense" } else { "sparse" },
        kind.shape,
        kind.terms,
        kind.slope,
        of(right),
        of(noise),
        of(held),
        median(curvatures),
        median(angles),
        median(gradients)
    );
    Ok(())
}
