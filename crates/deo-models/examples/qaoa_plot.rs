//! Draws docs/src/qaoa.svg: f along the steepest ways down from the seven transition states at depth 4 of a graph.
//!
//! Run: `cargo run -p deo-models --example qaoa_plot > docs/src/qaoa.svg`

use deo_core::certify::{CertifySettings, certify};
use deo_core::space::Host;
use deo_models::problems::Qaoa;
use deo_saddle::{IrcSettings, irc};
use std::error::Error;
use std::fmt::Write;

const VERTICES: usize = 10;
const GRAPH: u64 = 1;
const DEPTH: usize = 3;

/// The area of the plot.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 20.0;
/// What is shown of f over the largest cut, and the distance of its grid lines.
const LEVELS: [f64; 2] = [-0.965, -0.93];
const LEVEL: f64 = 0.005;

/// Two colours that remain apart in any kind of colour vision (Okabe & Ito 2008).
const SAME: &str = "#0072b2";
const EARLIER: &str = "#d55e00";

/// (s, f over the largest cut) from one minimum to the other; s < 0 on the side of the higher one.
fn way(f: &mut Qaoa, state: &[f64]) -> Result<Vec<(f64, f64)>, Box<dyn Error>> {
    let largest = f.largest_cut();
    let space = Host::<f64>::new();
    let saddle = certify(&space, f, state, None, &CertifySettings::default())?;
    // Arcs so short that the ways are smooth to the eye.
    let settings = IrcSettings { step: 0.02, ..IrcSettings::default() };
    let mut branches = vec![];
    for side in [1.0, -1.0] {
        let axis: Vec<f64> = saddle.axis.iter().map(|n| side * n).collect();
        let points = irc(f, state, &axis, &settings)?.points;
        branches.push(points.iter().map(|p| (p.arc, p.value / largest)).collect::<Vec<_>>());
    }
    let end = |branch: &Vec<(f64, f64)>| branch.last().map_or(0.0, |(_, value)| *value);
    branches.sort_by(|a, b| end(b).total_cmp(&end(a)));
    let (higher, lower) = (branches[0].iter().rev(), branches[1].iter().skip(1));
    Ok(higher.map(|(s, value)| (-s, *value)).chain(lower.copied()).collect())
}

struct Frame {
    /// The arc lengths shown.
    from: f64,
    to: f64,
}

impl Frame {
    fn x(&self, s: f64) -> f64 {
        LEFT + WIDTH * (s - self.from) / (self.to - self.from)
    }

    fn y(level: f64) -> f64 {
        let [low, high] = LEVELS;
        TOP + HEIGHT * (high - level) / (high - low)
    }

    fn axes(&self, svg: &mut String) -> std::fmt::Result {
        let [low, high] = LEVELS;
        let right = LEFT + WIDTH;
        for i in 0..=((high - low) / LEVEL).round() as i32 {
            let level = low + LEVEL * f64::from(i);
            let (y, text) = (Self::y(level), format!("{level:.3}").replace('-', "−"));
            writeln!(svg, r##"<path d="M{LEFT} {y:.1}H{right}" stroke="#ddd"/>"##)?;
            let (x, y) = (LEFT - 8.0, y + 4.0);
            writeln!(svg, r#"<text x="{x}" y="{y:.1}" text-anchor="end">{text}</text>"#)?;
        }
        for i in (2.0 * self.from).ceil() as i32..=(2.0 * self.to).floor() as i32 {
            let s = f64::from(i) / 2.0;
            let (x, y, text) = (self.x(s), TOP + HEIGHT + 18.0, s.to_string().replace('-', "−"));
            writeln!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{text}</text>"#)?;
        }
        let (x, y) = (LEFT + WIDTH / 2.0, TOP + HEIGHT + 38.0);
        writeln!(
            svg,
            r#"<text x="{x}" y="{y}" text-anchor="middle">arc length from the transition state</text>"#
        )?;
        writeln!(svg, r#"<text x="{LEFT}" y="12">f over the largest cut</text>"#)
    }

    fn curve(&self, svg: &mut String, way: &[(f64, f64)], colour: &str) -> std::fmt::Result {
        let point = |(s, level): &(f64, f64)| format!("{:.1} {:.1}", self.x(*s), Self::y(*level));
        let points: Vec<String> = way.iter().map(point).collect();
        writeln!(svg, r#"<path d="M{}" stroke="{colour}" fill="none"/>"#, points.join("L"))?;
        for (s, level) in [way[0], way[way.len() - 1]] {
            let (x, y) = (self.x(s), Self::y(level));
            writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut f = Qaoa::three_regular(VERTICES, GRAPH);
    let minimum = f.minimum(DEPTH);
    let ways: Vec<_> = Qaoa::transition_states(&minimum)
        .iter()
        .map(|state| way(&mut f, state))
        .collect::<Result<_, _>>()?;
    let (mut from, mut to) = (0.0f64, 0.0f64);
    for (s, _) in ways.iter().flatten() {
        (from, to) = (from.min(*s), to.max(*s));
    }
    let frame = Frame { from: from - 0.05, to: to + 0.05 };
    let (width, height) = (LEFT + WIDTH + 20.0, TOP + HEIGHT + 50.0);
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">"#
    )?;
    writeln!(svg, r##"<rect width="{width}" height="{height}" fill="#fff"/>"##)?;
    frame.axes(&mut svg)?;
    // The first DEPTH + 1 have their zeros in the same place.
    for (i, way) in ways.iter().enumerate() {
        frame.curve(&mut svg, way, if i <= DEPTH { SAME } else { EARLIER })?;
    }
    println!("{svg}</svg>");
    Ok(())
}
