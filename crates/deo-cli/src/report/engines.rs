//! Searches on another program's energies: the saddle, the minima it joins, the way between them and the way there.

use super::chart::{Chart, Line, Look};
use super::differences::words;
use super::html::Html;
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::table::{Cell, Table};
use serde_json::Value;

/// The section of these searches.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Saddles on an engine's energies");
    html.append(saddles(runs).without_empty_columns().html());
    let sides = sides(runs, names);
    if !sides.is_empty() {
        html.append(sides.without_empty_columns().html());
    }
    let frequencies = frequencies(runs, names);
    if !frequencies.is_empty() {
        html.append(frequencies.html());
    }
    html.raw("<div class=\"charts\">\n");
    for run in runs {
        for chart in [profile(run, names), forces(run, names), curvatures(run, names)] {
            let id = names.id();
            html.append(chart.html(&id));
        }
    }
    html.raw("</div>\n");
}

/// How each search ended, at which energy, and how high it lies above the minima.
pub(super) fn lead(runs: &[&Run], names: &Names) -> Vec<String> {
    let sentence = |run: &&Run| {
        let status = run.at("/status").as_str()?;
        let gradients = number::of(run.at("/gradients"))
            .map_or(String::new(), |n| format!(" after {n} gradients"));
        let barriers = run.list("/minima").iter().filter_map(|side| number::of(&side["barrier"]));
        let barriers: Vec<String> = barriers.map(number::short).collect();
        let above = match barriers.as_slice() {
            [] => String::new(),
            barriers => format!(
                "; the saddle lies {} eV above the minima that it joins",
                barriers.join(" and ")
            ),
        };
        Some(names.of(run, &format!("The search ended as {status:?}{gradients}{above}.")))
    };
    runs.iter().filter_map(sentence).collect()
}

fn saddles(runs: &[&Run]) -> Table {
    let columns = [
        "run",
        "status",
        "index",
        "energy, eV",
        "fmax, eV/Å",
        "curvature, eV/Å²",
        "error",
        "gradients",
        "of the verification",
        "answers in all",
    ];
    let mut table = Table::new("What each search came to", columns);
    for run in runs {
        let number = |pointer: &str| Cell::number(number::of(run.at(pointer)));
        table.row([
            Cell::text(&run.label),
            Cell::text(words(run.at("/status"))),
            number("/index"),
            number("/energy"),
            number("/fmax"),
            number("/curvatures/0"),
            number("/curvature_errors/0"),
            number("/gradients"),
            number("/verification"),
            number("/answers"),
        ]);
    }
    table
}

/// As the program calls them.
const SIDES: [&str; 2] = ["one side", "other side"];

fn sides(runs: &[&Run], names: &Names) -> Table {
    let columns = [
        "side",
        "status",
        "energy, eV",
        "barrier, eV",
        "with zero-point energies",
        "prefactor, 1/s",
        "rate, 1/s",
        "rate of quanta, 1/s",
        "farthest from the reactant, Å",
    ];
    let mut table =
        Table::new("The minima that the saddle joins, and the rates out of them", columns);
    for run in runs {
        for (i, side) in run.list("/minima").iter().enumerate().take(SIDES.len()) {
            let rate = run.at("/rates/sides").get(i).unwrap_or(&Value::Null);
            let of = |value: &Value, key: &str| Cell::number(number::of(&value[key]));
            table.row([
                Cell::text(names.of(run, SIDES[i])),
                Cell::text(words(&side["status"])),
                of(side, "energy"),
                of(side, "barrier"),
                of(rate, "zero_point_barrier"),
                of(rate, "prefactor"),
                of(rate, "classical"),
                of(rate, "quantum"),
                of(side, "from_reactant"),
            ]);
        }
    }
    table
}

fn frequencies(runs: &[&Run], names: &Names) -> Table {
    let mut table = vibrations_table();
    for run in runs {
        let rates = run.list("/rates/sides").iter().zip(SIDES);
        let minima = rates.map(|(rate, side)| (side, &rate["vibrations"]));
        for (name, vibrations) in std::iter::once(("saddle", run.at("/frequencies"))).chain(minima)
        {
            add_vibrations(&mut table, &names.of(run, name), vibrations);
        }
    }
    table
}

/// Those of many searches' structures.
pub(super) fn vibrations_of_many(runs: &[&Run], names: &Names) -> Table {
    let mut table = vibrations_table();
    for run in runs {
        for (name, list) in [("saddle", "/events/saddles"), ("minimum", "/events/minima")] {
            for (i, vibrations) in run.list(list).iter().enumerate() {
                let name = names.of(run, &format!("{name} {}", i + 1));
                add_vibrations(&mut table, &name, vibrations);
            }
        }
    }
    table
}

fn vibrations_table() -> Table {
    let columns = ["point", "frequencies, cm⁻¹ (i: imaginary)", "zero-point energy, eV"];
    Table::new("Vibrations", columns)
}

fn add_vibrations(table: &mut Table, name: &str, vibrations: &Value) {
    let Some(wavenumbers) = vibrations["wavenumbers"].as_array() else { return };
    let shown = wavenumbers.iter().filter_map(number::of).map(|nu| match nu {
        nu if nu < 0.0 => format!("{:.1}i", -nu),
        nu => format!("{nu:.1}"),
    });
    table.row([
        Cell::text(name),
        Cell::text(shown.collect::<Vec<_>>().join(" ")),
        Cell::number(number::of(&vibrations["zero_point_energy"])),
    ]);
}

/// Along the path, or minimum, saddle, minimum where none was followed.
fn profile(run: &Run, names: &Names) -> Chart {
    let energy = |of: &Value| number::of(&of["energy"]).unwrap_or(f64::NAN);
    let rows = run.list("/profile");
    let title = names.of(run, "energy along the way, eV above the saddle");
    let saddle = number::of(run.at("/energy")).unwrap_or(f64::NAN);
    let line = |points| vec![Line::new("energy", Look::Joined, points)];
    if rows.is_empty() {
        let minima = run.list("/minima");
        let points = match minima {
            [one, other] => {
                let ends = [energy(other) - saddle, 0.0, energy(one) - saddle];
                ends.into_iter().enumerate().map(|(i, y)| (i as f64, y)).collect()
            }
            _ => vec![],
        };
        let ticks = ["other side", "saddle", "one side"].into_iter().enumerate();
        let mut chart = Chart::new(title, "point", line(points));
        chart.x_names = ticks.map(|(i, name)| (i as f64, name.to_owned())).collect();
        chart.y = Kind::Linear;
        return chart;
    }
    let points =
        rows.iter().map(|row| (number::of(&row["arc"]).unwrap_or(f64::NAN), energy(row) - saddle));
    let mut chart = Chart::new(title, "arc length, √u·Å", line(points.collect()));
    chart.y = Kind::Linear;
    chart
}

/// A number of each step by the gradients spent.
fn steps(run: &Run, key: &str) -> Vec<(f64, f64)> {
    let value = |of: &Value, key: &str| number::of(&of[key]).unwrap_or(f64::NAN);
    run.list("/steps").iter().map(|step| (value(step, "gradients"), value(step, key))).collect()
}

fn forces(run: &Run, names: &Names) -> Chart {
    let mut lines = vec![Line::new("largest atomic force", Look::Joined, steps(run, "fmax"))];
    if let (Some(fmax), Some((last, _))) =
        (number::of(run.at("/settings/fmax")), lines[0].points.last().copied())
    {
        lines.push(Line::new("fmax", Look::Joined, vec![(1.0, fmax), (last, fmax)]));
    }
    Chart::new(names.of(run, "largest atomic force, eV/Å"), "gradients", lines)
}

fn curvatures(run: &Run, names: &Names) -> Chart {
    let line = Line::new("as the search knew it", Look::Joined, steps(run, "curvature"));
    let mut chart = Chart::new(names.of(run, "lowest curvature, eV/Å²"), "gradients", vec![line]);
    chart.y = Kind::Linear;
    chart
}
