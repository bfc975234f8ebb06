//! The energy along a reaction: the path and the minima at its ends, as a table, a trajectory and a drawing.
//!
//! | row | `kind` | s |
//! |---|---|---|
//! | the relaxed ends, where there are any | minimum | that of the path's end, and on by the distance to it |
//! | the points of the path | path | the arc length from the saddle, below zero on the other side |
//! | the saddle | saddle | 0 |

use super::irc::Irc;
use super::log::frame;
use super::oracle::Answers;
use super::sides::Side;
use super::structure::Structure;
use super::superposed::superposed;
use plotters::prelude::*;
use serde::Serialize;
use std::fmt::Write as _;

/// A row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) kind: &'static str,
    /// √u·Å.
    pub(super) arc: f64,
    /// eV.
    pub(super) energy: f64,
    /// eV above the saddle, so below zero.
    pub(super) relative: f64,
    /// eV/Å; of a minimum as the relaxation left it.
    pub(super) fmax: Option<f64>,
    #[serde(skip)]
    pub(super) x: Vec<f64>,
}

/// From the other side's minimum over the saddle to that of the one side.
pub(super) fn rows(structure: &Structure, masses: &[f64], irc: &Irc, sides: &[Side]) -> Vec<Row> {
    let saddle = irc.branches[0].points[0].energy;
    let row = |kind, arc, energy: f64, fmax, x: &[f64]| Row {
        kind,
        arc,
        energy,
        relative: energy - saddle,
        fmax,
        x: x.to_vec(),
    };
    let minimum = |place: usize, sign: f64| {
        let side = sides.get(place).filter(|side| side.barrier.is_some())?;
        let end = irc.branches[place].points.last()?;
        let arc = end.arc + sign * distance(structure, masses, &side.x, &end.x);
        Some(row("minimum", arc, side.energy, None, &side.x))
    };
    let mut rows: Vec<Row> = minimum(1, -1.0).into_iter().collect();
    rows.extend(irc.along().map(|point| {
        let kind = if point.arc == 0.0 { "saddle" } else { "path" };
        row(kind, point.arc, point.energy, Some(point.fmax), &point.x)
    }));
    rows.extend(minimum(0, 1.0));
    rows
}

/// Between two structures laid upon each other, √u·Å.
fn distance(structure: &Structure, masses: &[f64], from: &[f64], to: &[f64]) -> f64 {
    // Held atoms have the weight that `superposed` gives them.
    let mut weights = vec![1.0; structure.frame.species.len()];
    structure.free.iter().zip(masses).for_each(|(atom, mass)| weights[*atom] = *mass);
    let (from, to) = (structure.all(from), structure.all(to));
    let moved = structure.moving(&superposed(structure, &from, &to, &weights));
    let to = structure.moving(&to);
    let squares = moved.iter().zip(&to).enumerate();
    squares.map(|(i, (a, b))| masses[i / 3] * (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// kind,s,energy,relative,fmax.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut text = "kind,s/(sqrt(u)*A),energy/eV,above_saddle/eV,fmax/(eV/A)\n".to_owned();
    for Row { kind, arc, energy, relative, fmax, .. } in rows {
        let fmax = fmax.map_or_else(String::new, |fmax| format!("{fmax:.6}"));
        writeln!(text, "{kind},{arc:.6},{energy:.9},{relative:.9},{fmax}")
            .expect("a string takes all");
    }
    text
}

/// Every row as a frame.
pub(super) fn trajectory(structure: &Structure, answers: &Answers, rows: &[Row]) -> String {
    let text = |row: &Row| {
        let facts = format!(" kind={} arc={}", row.kind, row.arc);
        frame(structure, answers, &row.x, &facts)
    };
    rows.iter().map(text).collect()
}

const SIZE: (u32, u32) = (900, 520);
const BLUE: RGBColor = RGBColor(0, 114, 178);
const VERMILION: RGBColor = RGBColor(213, 94, 0);

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The drawing: the energy above the lower end over the arc length, its three stationary points labelled.
pub(super) fn svg(rows: &[Row]) -> String {
    let mut text = String::new();
    draw(&mut text, rows).expect("writing to a string doesn't fail");
    text
}

fn draw(text: &mut String, rows: &[Row]) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let lowest = rows.iter().map(|row| row.energy).fold(f64::INFINITY, f64::min);
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (row.arc, row.energy - lowest)).collect();
    let ends = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let (low, high) =
            points.iter().map(of).fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        // A path of one point has an extent, too.
        let margin = (0.06 * (high - low)).max(1e-3);
        low - margin..high + 2.0 * margin
    };
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(ends(&|p| p.0), ends(&|p| p.1))?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(RGBColor(90, 90, 90))
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 16))
        .x_desc("s, √u·Å")
        .y_desc("energy above the lower end, eV")
        .x_label_formatter(&|x| format!("{x:.2}"))
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?;
    chart.draw_series(points.iter().map(|at| Circle::new(*at, 2, BLUE.filled())))?;
    let stationary = || rows.iter().zip(&points).filter(|(row, _)| row.kind != "path");
    chart.draw_series(stationary().map(|(_, at)| Circle::new(*at, 5, VERMILION.filled())))?;
    chart.draw_series(stationary().map(|(row, at)| {
        let label = format!("{} {:.3}", row.kind, at.1);
        // To the inner side of the drawing, above the dot.
        let left = if at.0 > 0.0 { -120 } else { 8 };
        EmptyElement::at(*at) + Text::new(label, (left, -24), ("sans-serif", 15))
    }))?;
    area.present()
}
