//! Spectra: eigenpairs with their errors, trace, density.

use super::chart::{Chart, Line, Look};
use super::html::Html;
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::table::{Cell, Table};
use serde_json::Value;

/// Points of a density.
const POINTS: usize = 300;
/// The standard deviation with which a node is smoothed, as a share of the range of nodes: the resolution of the drawing.
const WIDTH: f64 = 0.01;
/// Decades of the density below its maximum that are drawn, as in density.svg.
const DECADES: f64 = 7.0;
/// Nodes that are smoothed: more than any run leaves by default, and few enough to be drawn at once.
const MOST_NODES: usize = 20_000;

/// The section of these spectra.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Spectra");
    html.line("h3", "Eigenvalues");
    html.append(pairs(runs, names).without_empty_columns().html());
    html.append(facts(runs).without_empty_columns().html());
    for run in runs {
        for advice in run.list("/results/advice") {
            html.line("p", &names.of(run, &super::differences::words(advice)));
        }
    }
    html.raw("<div class=\"charts\">\n");
    let id = names.id();
    html.append(strategy(runs).html(&id));
    let id = names.id();
    html.append(densities(runs).html(&id));
    html.raw("</div>\n");
}

/// The ends of each spectrum, and what the sign of the lowest one says.
pub(super) fn lead(runs: &[&Run], names: &Names) -> Vec<String> {
    let sentence = |run: &&Run| {
        let pairs = run.list("/results/pairs");
        let first = |end: &str| pairs.iter().find(|p| p["end"] == end && p["index"] == 1);
        let told = |pair: &Value| {
            let error = |key: &str| number::of(&pair[key]).unwrap_or(0.0);
            let all = error("residual") + error("secant_error") + error("standard_error");
            (number::of(&pair["eigenvalue"]), Some(all))
        };
        let with_error = |pair: &Value| {
            let (value, error) = told(pair);
            number::with_error(value, error)
        };
        let lowest = first("lowest").map(|pair| {
            let (value, error) = told(pair);
            let sign = match (value, error) {
                (Some(x), Some(error)) if x < -error => {
                    ": the loss curves downwards along its axis"
                }
                (Some(x), Some(error)) if x > error => {
                    ": no direction that was seen curves downwards"
                }
                _ => ": its sign is within the error",
            };
            format!("The lowest eigenvalue is {}{sign}.", with_error(pair))
        });
        let highest = first("highest").map(|pair| format!("The highest is {}.", with_error(pair)));
        let sentences: Vec<String> = lowest.into_iter().chain(highest).collect();
        (!sentences.is_empty()).then(|| names.of(run, &sentences.join(" ")))
    };
    runs.iter().filter_map(sentence).collect()
}

fn pairs(runs: &[&Run], names: &Names) -> Table {
    let columns = [
        "pair",
        "eigenvalue",
        "residual",
        "secant error",
        "gap",
        "standard error",
        "on fresh batches",
        "status",
    ];
    let mut table = Table::new("Eigenpairs and their errors", columns);
    for run in runs {
        for pair in run.list("/results/pairs") {
            let number = |key: &str| number::of(&pair[key]);
            let words = super::differences::words;
            let fresh = number("fresh").map_or(Cell::Absent, |fresh| {
                Cell::Shown(number::with_error(Some(fresh), number("fresh_error")))
            });
            table.row([
                Cell::text(
                    names.of(run, &format!("{} {}", words(&pair["end"]), words(&pair["index"]))),
                ),
                Cell::number(number("eigenvalue")),
                Cell::number(number("residual")),
                Cell::number(number("secant_error")),
                Cell::number(number("gap")),
                Cell::number(number("standard_error")),
                fresh,
                Cell::of(&pair["status"]),
            ]);
        }
    }
    table
}

fn facts(runs: &[&Run]) -> Table {
    let columns = [
        "run",
        "dimension",
        "loss",
        "gradient norm",
        "lowest by formula",
        "trace",
        "share negative",
        "share positive",
        "products",
        "gradients",
    ];
    let mut table = Table::new("The point, the whole spectrum, products and gradients", columns);
    for run in runs {
        let number = |key: &str| Cell::number(number::of(run.at(&format!("/results/{key}"))));
        let with_error = |of: &str, value: &str| {
            let part = run.at(&format!("/results/{of}"));
            number::of(&part[value]).map_or(Cell::Absent, |x| {
                Cell::Shown(number::with_error(Some(x), number::of(&part["standard_error"])))
            })
        };
        table.row([
            Cell::text(&run.label),
            number("dimension"),
            number("loss"),
            number("gradient_norm"),
            number("known_lowest"),
            with_error("trace", "trace"),
            with_error("density/negative", "share"),
            with_error("density/positive", "share"),
            number("products"),
            number("gradients"),
        ]);
    }
    table
}

/// The eigenvalues in order, with their residuals as bars.
fn strategy(runs: &[&Run]) -> Chart {
    let line = |run: &&Run| {
        let value = |pair: &Value, key: &str| number::of(&pair[key]).unwrap_or(f64::NAN);
        let mut pairs: Vec<(f64, f64)> = run
            .list("/results/pairs")
            .iter()
            .map(|pair| (value(pair, "eigenvalue"), value(pair, "residual")))
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let points = (1..).map(f64::from).zip(pairs.iter().map(|pair| pair.0)).collect();
        let mut line = Line::new(&run.label, Look::Dots, points);
        line.errors = pairs.iter().map(|pair| pair.1).collect();
        line
    };
    let longest = runs.iter().map(|run| run.list("/results/pairs").len()).max().unwrap_or(0);
    let mut chart =
        Chart::new("Eigenvalues, ± residual", "pair, ascending", runs.iter().map(line).collect());
    chart.y = Kind::Linear;
    chart.x_names = (1..=longest).map(|n| (n as f64, n.to_string())).collect();
    chart
}

fn densities(runs: &[&Run]) -> Chart {
    let line = |run: &&Run| Line::new(&run.label, Look::Curve, density(run.at("/results/density")));
    let lines = runs.iter().map(line).collect();
    let mut chart =
        Chart::new("Density of eigenvalues, smoothed over 1 % of their range", "eigenvalue", lines);
    chart.y = Kind::Log;
    chart
}

/// Σ w φ((λ − θ)/σ)/σ on a grid over the nodes θ.
fn density(result: &Value) -> Vec<(f64, f64)> {
    let numbers = |key: &str| -> Vec<f64> {
        let list = result[key].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().take(MOST_NODES).map(|x| number::of(x).unwrap_or(f64::NAN)).collect()
    };
    let nodes: Vec<(f64, f64)> = numbers("nodes")
        .into_iter()
        .zip(numbers("weights"))
        .filter(|(node, weight)| node.abs() < 1e150 && weight.is_finite())
        .collect();
    let low = nodes.iter().map(|node| node.0).fold(f64::INFINITY, f64::min);
    let high = nodes.iter().map(|node| node.0).fold(f64::NEG_INFINITY, f64::max);
    if nodes.is_empty() {
        return vec![];
    }
    let range = if high > low { high - low } else { low.abs().max(1.0) };
    let width = WIDTH * range;
    let (start, step) = (low - 5.0 * width, (range + 10.0 * width) / POINTS as f64);
    let at = |lambda: f64| -> f64 {
        let normal = |z: f64| (-0.5 * z * z).exp() / (width * std::f64::consts::TAU.sqrt());
        nodes.iter().map(|(node, weight)| weight * normal((lambda - node) / width)).sum()
    };
    let curve: Vec<(f64, f64)> =
        (0..=POINTS).map(|i| start + step * i as f64).map(|lambda| (lambda, at(lambda))).collect();
    let floor = curve.iter().map(|(_, y)| *y).fold(0.0, f64::max) / 10f64.powf(DECADES);
    curve.into_iter().map(|(lambda, y)| (lambda, if y > floor { y } else { f64::NAN })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_smoothed_density_keeps_its_mass() {
        let curve = density(&json!({"nodes": [-1.0, 3.0, null], "weights": [0.25, 0.75, 0.1]}));
        let step = curve[1].0 - curve[0].0;
        let mass: f64 = curve.iter().map(|(_, y)| if y.is_nan() { 0.0 } else { y * step }).sum();
        // Gauss sums over a grid of a third of the width are exact to more than is cut off at the seventh decade.
        assert!((mass - 1.0).abs() < 1e-5, "{mass}");
        assert!(density(&json!({"nodes": 3})).is_empty());
    }
}
