//! Draws docs/src/saddle.svg: gradient descent that stays at a saddle, and the same with DEO beside it, which leaves.
//!
//! The loss is that of the README's program, x⁴/16 − x²/2 + 9/8 y², with its start and its learning rate.
//!
//! Run: `cargo run -p deo-core --example saddle_plot > docs/src/saddle.svg`

use deo_core::drive::WithDeo;
use deo_core::objective::FromFn;
use deo_core::optim::{Optimizer, Sgd, SgdSettings};
use deo_core::policy::Along;
use deo_core::{DeoSettings, Event, Objective, space::Host};
use std::fmt::Write;

const START: [f64; 2] = [1e-12, 0.5];
const RATE: f64 = 0.1;
const STEPS: usize = 80;

/// What is shown of the plane, and how large.
const X: [f64; 2] = [-2.7, 2.7];
const Y: [f64; 2] = [-0.8, 0.8];
const SCALE: f64 = 140.0;
/// Heights of the contour lines: −1 is the minimum, 0 the saddle.
const LEVELS: [f64; 9] = [-0.95, -0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.7];
/// Cells of the grid for them, across and up.
const CELLS: [usize; 2] = [135, 40];

/// Half the length at which the axis is drawn; the dimer's own would be too short to be seen.
const REACH: f64 = 0.55;

const ALONE: &str = "#5b6470";
const HELPED: &str = "#0072b2";
const AXIS: &str = "#c04f00";

fn loss() -> impl Objective<[f64]> {
    FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        }
        x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
    })
}

/// The points of a run, and the first kick: from where to where, and the curvature that it was made on.
struct Run {
    path: Vec<[f64; 2]>,
    kick: Option<([f64; 2], [f64; 2], f64)>,
}

fn run(with_deo: bool) -> Run {
    let (space, mut f, mut x) = (Host::<f64>::new(), loss(), START.to_vec());
    let sgd = || Sgd::new(SgdSettings::default(), &space, &START[..]).expect("settings in range");
    let mut alone = sgd();
    let settings = DeoSettings::default();
    let mut helped = WithDeo::new(&space, &START[..], sgd(), settings).expect("settings in range");
    let mut run = Run { path: vec![START], kick: None };
    for _ in 0..STEPS {
        let before = [x[0], x[1]];
        if with_deo {
            let report = helped.step(&space, &mut f, &mut x[..], RATE);
            if matches!(report.event, Event::Moved { along: Along::Axis, .. }) && run.kick.is_none()
            {
                run.kick = Some((before, [x[0], x[1]], helped.deo().estimate().curvature));
            }
        } else {
            let mut g = vec![0.0; 2];
            f.value_grad(&x, &mut g);
            alone.step(&space, &mut x, &g, RATE);
        }
        run.path.push([x[0], x[1]]);
    }
    run
}

fn place([x, y]: [f64; 2]) -> (f64, f64) {
    (SCALE * (x - X[0]), SCALE * (Y[1] - y))
}

/// The segments of a contour line: of each cell, those between the sides that it crosses.
fn contour(f: &mut impl Objective<[f64]>, level: f64) -> String {
    let at = |i: usize, j: usize| {
        let share =
            |k: usize, n: usize, [low, high]: [f64; 2]| low + (high - low) * k as f64 / n as f64;
        [share(i, CELLS[0], X), share(j, CELLS[1], Y)]
    };
    let mut d = String::new();
    for (i, j) in (0..CELLS[0]).flat_map(|i| (0..CELLS[1]).map(move |j| (i, j))) {
        let corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)];
        let heights = corners.map(|corner| f.value(&corner) - level);
        let mut crossed = vec![];
        for side in 0..4 {
            let (from, to) = (side, (side + 1) % 4);
            if (heights[from] < 0.0) != (heights[to] < 0.0) {
                let t = heights[from] / (heights[from] - heights[to]);
                let between = |k: usize| corners[from][k] + t * (corners[to][k] - corners[from][k]);
                crossed.push(place([between(0), between(1)]));
            }
        }
        for ends in crossed.chunks_exact(2) {
            let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
            // Writing to a string doesn't fail.
            let _ = write!(d, "M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}");
        }
    }
    d
}

fn path(svg: &mut String, points: &[[f64; 2]], colour: &str, width: f64) -> std::fmt::Result {
    let mut d = String::new();
    for (i, &point) in points.iter().enumerate() {
        let (x, y) = place(point);
        write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' })?;
    }
    writeln!(
        svg,
        r#"<path d="{d}" stroke="{colour}" stroke-width="{width}" fill="none" stroke-linejoin="round"/>"#
    )?;
    for &point in points {
        let (x, y) = place(point);
        writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{}" fill="{colour}"/>"#, width + 0.4)?;
    }
    Ok(())
}

fn label(
    svg: &mut String,
    at: [f64; 2],
    shift: (f64, f64),
    anchor: &str,
    colour: &str,
    text: &str,
) -> std::fmt::Result {
    let (x, y) = place(at);
    let (x, y) = (x + shift.0, y + shift.1);
    writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="{colour}">{text}</text>"#
    )
}

fn main() -> std::fmt::Result {
    let (alone, helped) = (run(false), run(true));
    let (width, height) = place([X[1], Y[0]]);
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="15" font-weight="600">"#
    )?;
    writeln!(svg, "<title>A saddle: gradient descent stays, with DEO it leaves</title>")?;
    writeln!(svg, r##"<rect width="{width:.0}" height="{height:.0}" rx="8" fill="#fff"/>"##)?;
    let mut f = loss();
    for level in LEVELS {
        let d = contour(&mut f, level);
        writeln!(svg, r##"<path d="{d}" stroke="#cfd6de" fill="none"/>"##)?;
    }
    path(&mut svg, &helped.path, HELPED, 2.0)?;
    path(&mut svg, &alone.path, ALONE, 2.0)?;
    if let Some((from, to, _)) = helped.kick {
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let n = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
        let end = |sign: f64| [from[0] + sign * REACH * n[0], from[1] + sign * REACH * n[1]];
        let ((x0, y0), (x1, y1)) = (place(end(-1.0)), place(end(1.0)));
        writeln!(
            svg,
            r#"<path d="M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}" stroke="{AXIS}" stroke-width="3"/>"#
        )?;
        for (x, y) in [(x0, y0), (x1, y1)] {
            writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="6" fill="{AXIS}"/>"#)?;
        }
    }
    label(&mut svg, START, (-10.0, 4.0), "end", ALONE, "start")?;
    let end = alone.path[STEPS];
    label(
        &mut svg,
        end,
        (12.0, 32.0),
        "start",
        ALONE,
        "alone: still at the saddle after 80 steps",
    )?;
    if let Some((from, _, curvature)) = helped.kick {
        let curvature = format!("{curvature:.2}").replace('-', "−");
        let text = format!("axis found, curvature {curvature}");
        label(&mut svg, from, (-REACH * SCALE + 20.0, -16.0), "end", AXIS, &text)?;
    }
    let end = helped.path[STEPS];
    let text = format!("with DEO: loss {:.2}", loss().value(&end)).replace('-', "−");
    label(&mut svg, end, (0.0, -16.0), "middle", HELPED, &text)?;
    println!("{svg}</svg>");
    Ok(())
}
