//! Comparisons of methods: a table and a drawing for each problem.

use super::chart::{Chart, Line, Look};
use super::differences::words;
use super::html::Html;
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::strip::{Mark, Row, Strip};
use super::table::{Cell, Table};
use serde_json::Value;

/// The section of these comparisons.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Methods against saddles and plateaus");
    html.line(
        "p",
        "Medians over fresh seeds; a run that missed the target has an infinite cost, and so has a median that half of the runs \
         missed: > and the budget. A loss costs a third of a gradient.",
    );
    for problem in problems(runs) {
        html.line("h3", problem);
        facts(html, runs, problem, names);
        // Drawings first: on a phone a table is long.
        html.raw("<div class=\"charts\">\n");
        let id = names.id();
        html.append(costs(runs, problem, names).html(&id));
        for chart in curves(runs, problem, names) {
            let id = names.id();
            html.append(chart.html(&id));
        }
        html.raw("</div>\n");
        html.append(table(runs, problem, names).without_empty_columns().html());
    }
}

/// The problems of these comparisons, each once.
fn problems<'a>(runs: &[&'a Run]) -> Vec<&'a str> {
    let mut problems: Vec<&str> = vec![];
    for row in runs.iter().flat_map(|run| run.list("/results")) {
        let name = row["problem"].as_str().unwrap_or("?");
        if !problems.contains(&name) {
            problems.push(name);
        }
    }
    problems
}

/// Which method needed least on each problem, the next one, and how many missed.
pub(super) fn lead(runs: &[&Run], names: &Names) -> Vec<String> {
    let sentence = |problem: &&str| {
        let all: Vec<(String, &Value)> = rows(runs, "/results", problem, names).collect();
        let cost = |row: &Value| number::of(&row["cost_median"]);
        let mut solved: Vec<_> =
            all.iter().filter_map(|(name, row)| Some((cost(row)?, name, *row))).collect();
        solved.sort_by(|a, b| a.0.total_cmp(&b.0));
        let missed = all.len() - solved.len();
        let told = |(cost, name, row): &(f64, &String, &Value)| {
            let end = |key: &str| number::of(&row[key]).map(rounded);
            let high = end("cost_max").unwrap_or_else(|| format!("> {}", words(&row["budget"])));
            let low = end("cost_min").unwrap_or_default();
            format!("{name} with {} ({low} – {high})", rounded(*cost))
        };
        let missed = match missed {
            0 => String::new(),
            n => format!(" {n} of {} methods missed the target in half of their runs.", all.len()),
        };
        Some(match solved.as_slice() {
            // Without a target there is no cost.
            [] if all.iter().all(|(_, row)| row["cost_min"].is_null() && row["solved"] == 0) => {
                return None;
            }
            [] => format!("{problem}: no method reached the target in half of its runs."),
            [best] => {
                format!("{problem}: fewest gradients to the target by {}.{missed}", told(best))
            }
            [best, next, ..] => format!(
                "{problem}: fewest gradients to the target by {}, then {}.{missed}",
                told(best),
                told(next)
            ),
        })
    };
    problems(runs).iter().filter_map(sentence).collect()
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
    let facts = runs.iter().flat_map(|run| run.list("/problems"));
    let has_target = facts.filter(|f| f["name"] == problem).any(|f| !f["target"].is_null());
    for (name, row) in rows(runs, "/results", problem, names) {
        let knobs = row["knobs"].as_object().filter(|knobs| !knobs.is_empty());
        let knobs = knobs.map_or(Cell::Absent, |knobs| {
            let each = knobs.iter().map(|(name, value)| format!("{name} {}", words(value)));
            Cell::text(each.collect::<Vec<_>>().join(", "))
        });
        let number = |key: &str| Cell::number(number::of(&row[key]));
        let cost = |key: &str| match (number::of(&row[key]), number::of(&row["budget"])) {
            (None, Some(budget)) if has_target => {
                Cell::Shown(format!("> {}", number::short(budget)))
            }
            (cost, _) => Cell::number(cost),
        };
        table.row([
            Cell::text(name),
            Cell::Shown(format!("{}/{}", words(&row["solved"]), words(&row["seeds"]))),
            number("failed"),
            cost("cost_median"),
            number("cost_min"),
            cost("cost_max"),
            number("gradients_median"),
            number("losses_median"),
            number("final_measure_median"),
            number("lr"),
            knobs,
        ]);
    }
    table
}

/// Thirds of a gradient are no news.
fn rounded(cost: f64) -> String {
    format!("{cost:.0}")
}

/// What a method has beside its optimizer, by its name; what the colour of its row stands for.
fn kind(method: &str) -> (&'static str, &'static str) {
    match method.split_once('+') {
        Some(("escape", _)) => ("c1", "with DEO"),
        // A random kick beside an optimizer is a rival.
        Some(("perturbed", _)) | None => ("c0", "without"),
        Some(_) => ("c2", "controls and other rules"),
    }
}

/// What each run cost.
fn costs(runs: &[&Run], problem: &str, names: &Names) -> Strip {
    let row = |(name, result): (String, &Value)| {
        let method = result["method"].as_str().unwrap_or("?");
        Row { kind: kind(method), name, marks: vec![], median: number::of(&result["cost_median"]) }
    };
    let mut list: Vec<Row> = rows(runs, "/results", problem, names).map(row).collect();
    for (name, run) in rows(runs, "/runs", problem, names) {
        let Some(row) = list.iter_mut().find(|row| row.name == name) else { continue };
        row.marks.push(match (run["end"].as_str(), number::of(&run["cost"])) {
            (Some("solved"), Some(cost)) => Mark::Reached(cost),
            (Some("failed"), _) => Mark::Failed,
            _ => Mark::Missed,
        });
    }
    let facts = runs.iter().flat_map(|run| run.list("/problems"));
    let budget = facts.filter(|f| f["name"] == problem).filter_map(|f| number::of(&f["budget"]));
    let budget = budget.reduce(f64::max);
    Strip { title: format!("{problem}: what each run cost"), budget, rows: list }
}

/// The median run of each method: those with something beside their optimizer in a drawing of their own, on the same axes.
fn curves(runs: &[&Run], problem: &str, names: &Names) -> Vec<Chart> {
    let line = |(name, curve): (String, &Value)| {
        let point = |p: &Value| Some((number::of(&p[0])?.max(1.0), number::of(&p[1])?));
        let points = curve["points"].as_array().into_iter().flatten().filter_map(point).collect();
        let alone = kind(curve["method"].as_str().unwrap_or("?")).0 == "c0";
        let mut line = Line::new(name, Look::Path, points);
        line.ends = curve["end"] == "solved";
        (alone, line)
    };
    let lines: Vec<(bool, Line)> = rows(runs, "/curves", problem, names).map(line).collect();
    let facts = runs.iter().flat_map(|run| run.list("/problems"));
    let target = facts.filter(|f| f["name"] == problem).find_map(|f| number::of(&f["target"]));
    let all = || lines.iter().flat_map(|(_, line)| line.points.iter());
    let ends = |of: fn(&(f64, f64)) -> f64| {
        [all().map(of).fold(f64::INFINITY, f64::min), all().map(of).fold(0.0, f64::max)]
    };
    let start =
        lines.iter().filter_map(|(_, line)| line.points.first()).map(|p| p.1).fold(0.0, f64::max);
    let floor = target.filter(|target| *target > 0.0).map(|target| target / FLOOR);
    let [lowest, highest] = ends(|p| p.1);
    let within =
        [floor.map_or(lowest, |floor| floor.max(lowest)), highest.min(ABOVE_STARTS * start)];
    let drawing = |(alone, title): (bool, &str)| {
        let of_kind = lines.iter().filter(|(is, _)| *is == alone).map(|(_, line)| line.clone());
        let mut of_kind: Vec<Line> = of_kind.collect();
        for point in of_kind.iter_mut().flat_map(|line| line.points.iter_mut()) {
            point.1 = point.1.clamp(within[0].min(within[1]), within[1].max(within[0]));
        }
        let title = format!("{problem}: median runs, {title}");
        let mut chart = Chart::new(title, "gradients spent; upwards the measure", of_kind);
        (chart.x, chart.y, chart.level) = (Kind::Log, Kind::Log, target);
        (chart.covers, chart.covers_y) = (ends(|p| p.0).to_vec(), within.to_vec());
        chart
    };
    [(true, "without DEO"), (false, "with DEO and controls")].into_iter().map(drawing).collect()
}

/// A run that overshoots its target doesn't deserve decades of paper.
const FLOOR: f64 = 10.0;

/// How far above the starts the paper ends: a run that fails passes through hundreds of decades.
const ABOVE_STARTS: f64 = 10.0;
