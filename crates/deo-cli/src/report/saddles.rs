//! Searches for saddles: what was found, and between which minima.

use super::chart::{Chart, Line, Look};
use super::differences::words;
use super::engines::vibrations_of_many;
use super::html::Html;
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::surface::Surface;
use super::table::{Cell, Table};
use std::collections::BTreeMap;

/// Passes that a drawing has room for.
const MOST_PASSES: usize = 12;

/// The section of these searches.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    of("Saddles", html, runs, names);
}

/// That of many searches on another program's energies.
pub(super) fn on_an_engine(html: &mut Html, runs: &[&Run], names: &mut Names) {
    of("Many searches on an engine's energies, in eV and Å", html, runs, names);
}

fn of(heading: &str, html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", heading);
    // Drawings first: on a phone a table is long.
    html.raw("<div class=\"charts\">\n");
    for run in runs {
        if let Some(mut surface) = Surface::of_record(&run.record) {
            let (id, name) = (names.id(), words(run.at("/settings/potential/name")));
            html.append(surface.html(&id, &names.of(run, &name)));
        }
        let id = names.id();
        html.append(profile(run, names).html(&id));
    }
    html.raw("</div>\n");
    html.line("h3", "Distinct saddles");
    html.append(distinct(runs, names).without_empty_columns().html());
    html.append(passes(runs, names).html());
    for table in [events(runs, names).without_empty_columns(), vibrations_of_many(runs, names)] {
        if !table.is_empty() {
            html.append(table.html());
        }
    }
    html.line("h3", "Searches");
    html.append(searches(runs).html());
}

/// What was found, in a sentence for each run.
pub(super) fn lead(runs: &[&Run], names: &Names) -> Vec<String> {
    let sentence = |run: &&Run| {
        let searches = run.list("/results/searches");
        let distinct = run.list("/results/distinct");
        if searches.is_empty() {
            return None;
        }
        let converged = searches.iter().filter(|search| search["status"] == "converged").count();
        let what = match number::of(run.at("/settings/index")) {
            None | Some(1.0) if distinct.len() == 1 => "distinct saddle".to_owned(),
            None | Some(1.0) => "distinct saddles".to_owned(),
            Some(index) => format!("distinct points of index {index}"),
        };
        let barriers = distinct.iter().filter_map(|saddle| number::of(&saddle["barrier"]));
        let lowest = barriers.reduce(f64::min).map_or(String::new(), |barrier| {
            format!(
                "; the lowest barrier above the minimum below a start is {}",
                number::short(barrier)
            )
        });
        let (all, found) = (searches.len(), distinct.len());
        let text = format!("{converged} of {all} searches converged, to {found} {what}{lowest}.");
        Some(names.of(run, &text))
    };
    runs.iter().filter_map(sentence).collect()
}

fn distinct(runs: &[&Run], names: &Names) -> Table {
    let columns =
        ["saddle", "energy", "barrier", "from", "curvature", "index", "found", "gradients"];
    let mut table = Table::new(
        "Each saddle once, by energy; gradients are the median of its searches",
        columns,
    );
    for run in runs {
        for (i, saddle) in run.list("/results/distinct").iter().enumerate() {
            let number = |key: &str| Cell::number(number::of(&saddle[key]));
            let from = saddle["from"].as_array().map_or(&[][..], Vec::as_slice);
            let from: Vec<String> = from.iter().map(|origin| words(&origin["start"])).collect();
            table.row([
                Cell::text(names.of(run, &(i + 1).to_string())),
                number("energy"),
                number("barrier"),
                Cell::text(from.join(", ")),
                number("curvature"),
                number("index"),
                number("found"),
                number("gradients"),
            ]);
        }
    }
    table
}

fn passes(runs: &[&Run], names: &Names) -> Table {
    let columns = ["saddle", "minimum", "energy", "barrier", "other minimum", "energy", "barrier"];
    let mut table = Table::new("The minima that each saddle joins", columns);
    for run in runs {
        for (i, saddle) in run.list("/results/distinct").iter().enumerate() {
            let Some([one, other]) = saddle["joins"].as_array().map(Vec::as_slice) else {
                continue;
            };
            let number = |x: &serde_json::Value| Cell::number(number::of(x));
            table.row([
                Cell::text(names.of(run, &(i + 1).to_string())),
                number(&one["minimum"]),
                number(&one["energy"]),
                number(&one["barrier"]),
                number(&other["minimum"]),
                number(&other["energy"]),
                number(&other["barrier"]),
            ]);
        }
    }
    table
}

/// Over which saddle, how fast.
fn events(runs: &[&Run], names: &Names) -> Table {
    let columns = [
        "saddle",
        "from minimum",
        "to minimum",
        "barrier, eV",
        "with zero-point energies",
        "prefactor, 1/s",
        "rate, 1/s",
        "rate of quanta, 1/s",
        "temperature, K",
        "no rate, because",
    ];
    let mut table = Table::new("The ways out of the minima, and the rates over them", columns);
    for run in runs {
        for event in run.list("/events/events") {
            let of = |key: &str| Cell::number(number::of(&event[key]));
            let place = |key: &str| event[key].as_u64().map_or("–".to_owned(), |n| n.to_string());
            table.row([
                Cell::text(names.of(run, &place("saddle"))),
                Cell::text(place("from")),
                Cell::text(place("to")),
                of("barrier"),
                of("zero_point_barrier"),
                of("prefactor"),
                of("classical"),
                of("quantum"),
                Cell::number(number::of(run.at("/events/temperature"))),
                Cell::text(event["refused"].as_str().unwrap_or_default()),
            ]);
        }
    }
    table
}

/// Minimum, saddle, minimum; the next pass after a gap.
fn profile(run: &Run, names: &Names) -> Chart {
    let (mut points, mut ticks) = (vec![], vec![]);
    for (i, saddle) in run.list("/results/distinct").iter().enumerate() {
        let Some([one, other]) = saddle["joins"].as_array().map(Vec::as_slice) else { continue };
        if ticks.len() == MOST_PASSES {
            break;
        }
        let x = 3.0 * ticks.len() as f64;
        let energy = |of: &serde_json::Value| number::of(&of["energy"]).unwrap_or(f64::NAN);
        points.extend([(x, energy(one)), (x + 1.0, energy(saddle)), (x + 2.0, energy(other))]);
        points.push((x + 2.5, f64::NAN));
        ticks.push((x + 1.0, (i + 1).to_string()));
    }
    let line = Line::new("minimum – saddle – minimum", Look::Joined, points);
    let title = names.of(run, "energies along the passes");
    let mut chart = Chart::new(title, "saddle", vec![line]);
    (chart.y, chart.x_names) = (Kind::Linear, ticks);
    chart
}

fn searches(runs: &[&Run]) -> Table {
    let columns = ["run", "ended", "searches", "gradients", "of verifications"];
    let mut table = Table::new("How the searches ended", columns);
    for run in runs {
        let mut ends: BTreeMap<String, [f64; 3]> = BTreeMap::new();
        for search in run.list("/results/searches") {
            let sums = ends.entry(words(&search["status"])).or_default();
            let number = |key: &str| number::of(&search[key]).unwrap_or(0.0);
            let these = [1.0, number("gradients"), number("verification")];
            sums.iter_mut().zip(these).for_each(|(sum, x)| *sum += x);
        }
        for (end, sums) in ends {
            let cells = [Cell::text(&run.label), Cell::text(end)];
            table.row(cells.into_iter().chain(sums.map(Cell::Number)));
        }
    }
    table
}
