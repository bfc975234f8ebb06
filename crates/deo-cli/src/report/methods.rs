//! Comparisons of methods: a table and a drawing for each problem.

use super::chart::{Chart, Line, Look};
use super::differences::words;
use super::html::Html;
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::table::{Cell, Table};
use serde_json::Value;

/// The section of these comparisons.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Methods against saddles and plateaus");
    html.line(
        "p",
        "Medians over fresh seeds; a run that missed the target has an infinite cost, which is shown as a dash. A loss costs \
         a third of a gradient.",
    );
    let mut problems: Vec<&str> = vec![];
    for run in runs {
        for row in run.list("/results") {
            let name = row["problem"].as_str().unwrap_or("?");
            if !problems.contains(&name) {
                problems.push(name);
            }
        }
    }
    for problem in problems {
        html.line("h3", problem);
        facts(html, runs, problem, names);
        html.append(table(runs, problem, names).without_empty_columns().html());
        html.raw("<div class=\"charts\">\n");
        let id = names.id();
        html.append(costs(runs, problem, names).html(&id));
        html.raw("</div>\n");
    }
}

fn facts(html: &mut Html, runs: &[&Run], problem: &str, names: &Names) {
    for run in runs {
        if let Some(facts) = run.list("/problems").iter().find(|facts| facts["name"] == problem) {
            let value = |key: &str| words(&facts[key]);
            let text = format!(
                "{} coordinates, target {}, {} gradients a run",
                value("dimension"),
                value("target"),
                value("budget")
            );
            html.line("p", &names.of(run, &text));
        }
    }
}

/// The rows of a problem with their names.
fn rows<'a>(
    runs: &'a [&'a Run],
    list: &'a str,
    problem: &'a str,
    names: &'a Names,
) -> impl Iterator<Item = (String, &'a Value)> {
    runs.iter().flat_map(move |run| {
        let rows = run.list(list).iter().filter(move |row| row["problem"] == problem);
        rows.map(|row| (names.of(run, row["method"].as_str().unwrap_or("?")), row))
    })
}

fn table(runs: &[&Run], problem: &str, names: &Names) -> Table {
    let columns = [
        "method",
        "solved",
        "failed",
        "cost to target",
        "lowest",
        "highest",
        "gradients",
        "losses",
        "final measure",
        "rate",
        "other numbers",
    ];
    let mut table = Table::new(&format!("{problem}: cost to the target"), columns);
    for (name, row) in rows(runs, "/results", problem, names) {
        let knobs = row["knobs"].as_object().filter(|knobs| !knobs.is_empty());
        let knobs = knobs.map_or(Cell::Absent, |knobs| {
            let each = knobs.iter().map(|(name, value)| format!("{name} {}", words(value)));
            Cell::text(each.collect::<Vec<_>>().join(", "))
        });
        let number = |key: &str| Cell::number(number::of(&row[key]));
        table.row([
            Cell::text(name),
            Cell::Shown(format!("{}/{}", words(&row["solved"]), words(&row["seeds"]))),
            number("failed"),
            number("cost_median"),
            number("cost_min"),
            number("cost_max"),
            number("gradients_median"),
            number("losses_median"),
            number("final_measure_median"),
            number("lr"),
            knobs,
        ]);
    }
    table
}

/// A dot for each run that reached the target: what it cost.
fn costs(runs: &[&Run], problem: &str, names: &Names) -> Chart {
    let mut lines: Vec<Line> = vec![];
    for (name, row) in rows(runs, "/runs", problem, names) {
        let place = lines.iter().position(|line| line.name == name).unwrap_or_else(|| {
            lines.push(Line::new(name, Look::Dots, vec![]));
            lines.len() - 1
        });
        let solved = row["end"] == "solved";
        let cost = number::of(&row["cost"]).filter(|_| solved).unwrap_or(f64::NAN);
        let line = &mut lines[place];
        // Seeds beside each other within the method's column.
        let x = place as f64 + 1.0 + 0.06 * (line.points.len() % 9) as f64 - 0.24;
        line.points.push((x, cost));
    }
    let columns = lines.len();
    let mut chart = Chart::new(
        format!("{problem}: cost of each run that reached the target"),
        "method, in the order of the table",
        lines,
    );
    chart.y = Kind::Open;
    chart.covers = vec![0.5, columns as f64 + 0.5];
    chart.x_names = (1..=columns).map(|n| (n as f64, n.to_string())).collect();
    chart
}
