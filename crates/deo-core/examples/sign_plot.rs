//! Draws docs/src/sign.svg: |y| on the saddle (x² − y²)/2 under gradient descent with g ← g − α⟨g,n⟩n.
//!
//! Lines are the formula |y| = y₀(1 + η(1 − α))ᵏ, dots a run in which the dimer finds n for itself.
//!
//! Run: `cargo run -p deo-core --example sign_plot > docs/src/sign.svg`

use deo_core::deo::Tracking;
use deo_core::drive::WithDeo;
use deo_core::objective::FromFn;
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::{DeoSettings, PolicySettings, space::Host};
use std::fmt::Write;

/// The learning rate η, and the distance y₀ from the saddle at which counting begins.
const RATE: f64 = 0.1;
const START: f64 = 1e-3;
/// Steps shown, and steps between two dots.
const STEPS: u32 = 50;
const STRIDE: usize = 5;
/// The area of the plot and the decades that its height shows.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 20.0;
const DECADES: [f64; 2] = [-6.0, 2.0];

const CASES: [(f64, &str, &str); 5] = [
    (-1.0, "#0072b2", "α = −1: amplified"),
    (0.0, "#000000", "α = 0: the gradient alone"),
    (0.5, "#009e73", "α = ½: slowed"),
    (1.0, "#e69f00", "α = 1: frozen"),
    (2.0, "#d55e00", "α = 2: to the saddle"),
];

/// |y| after 0, 1, … steps of a run that measures its axis at every step.
fn run(alpha: f64) -> Vec<f64> {
    let mut saddle = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0], -x[1]]);
        }
        (x[0] * x[0] - x[1] * x[1]) / 2.0
    });
    let space = Host::<f64>::new();
    let mut x = vec![1.0, START];
    let tracking = Tracking { interval: 1, ..Tracking::default() };
    let policy = PolicySettings::Deflate { alpha, tracking };
    let sgd = Sgd::new(SgdSettings::default(), &space, &x).expect("settings in range");
    let settings = DeoSettings { policy, ..DeoSettings::default() };
    let mut run = WithDeo::new(&space, &x, sgd, settings).expect("settings in range");
    let mut heights = vec![START];
    for _ in 0..STEPS {
        run.step(&space, &mut saddle, &mut x, RATE);
        heights.push(x[1].abs());
    }
    heights
}

fn at(step: f64) -> f64 {
    LEFT + WIDTH * step / f64::from(STEPS)
}

fn height(y: f64) -> f64 {
    let [low, high] = DECADES;
    TOP + HEIGHT * (high - y.log10()) / (high - low)
}

fn axes(svg: &mut String) -> std::fmt::Result {
    let [low, high] = DECADES.map(|decade| decade as i32);
    for decade in (low..=high).step_by(2) {
        let y = height(10f64.powi(decade));
        let (right, exponent) = (LEFT + WIDTH, decade.to_string().replace('-', "−"));
        writeln!(svg, r##"<path d="M{LEFT} {y:.1}H{right}" stroke="#ddd"/>"##)?;
        writeln!(
            svg,
            r#"<text x="{}" y="{:.1}" text-anchor="end">10<tspan dy="-5" font-size="9">{exponent}</tspan></text>"#,
            LEFT - 8.0,
            y + 4.0,
        )?;
    }
    for step in (0..=STEPS).step_by(10) {
        let (x, y) = (at(f64::from(step)), TOP + HEIGHT + 18.0);
        writeln!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{step}</text>"#)?;
    }
    let (x, y) = (LEFT + WIDTH / 2.0, TOP + HEIGHT + 36.0);
    writeln!(svg, r#"<text x="{x}" y="{y}" text-anchor="middle">step k</text>"#)?;
    writeln!(
        svg,
        r#"<text x="10" y="{}" font-style="italic">|y|</text>"#,
        TOP + HEIGHT * 0.375 + 4.0
    )
}

fn curve(svg: &mut String, alpha: f64, colour: &str, name: &str) -> std::fmt::Result {
    let end = START * (1.0 + RATE * (1.0 - alpha)).powf(f64::from(STEPS));
    let (x0, y0, x1, y1) = (at(0.0), height(START), at(f64::from(STEPS)), height(end));
    // In a logarithmic plot the formula is a straight line.
    writeln!(svg, r#"<path d="M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}" stroke="{colour}"/>"#)?;
    for (step, y) in run(alpha).into_iter().enumerate().step_by(STRIDE) {
        let (x, y) = (at(step as f64), height(y));
        writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#)?;
    }
    let (x, y) = (x1 + 10.0, y1 + 4.0);
    writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" fill="{colour}">{name}</text>"#)
}

fn main() -> std::fmt::Result {
    let (width, height) = (LEFT + WIDTH + 190.0, TOP + HEIGHT + 50.0);
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">"#
    )?;
    writeln!(svg, r##"<rect width="{width}" height="{height}" fill="#fff"/>"##)?;
    axes(&mut svg)?;
    for (alpha, colour, name) in CASES {
        curve(&mut svg, alpha, colour, name)?;
    }
    println!("{svg}</svg>");
    Ok(())
}
