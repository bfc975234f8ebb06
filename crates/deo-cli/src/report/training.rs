//! Trainings: results, curves, what happened.

use super::chart::{Chart, Line, Look};
use super::events;
use super::html::Html;
use super::metrics::{Curves, Sample, Step};
use super::number;
use super::page::Names;
use super::paired::{Paired, paired};
use super::run::Run;
use super::scale::Kind;
use super::table::{Cell, Table};
use serde_json::Value;

const SPENT: &str = "gradients spent, a loss counted a third";

/// The section of these trainings.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Training");
    results(html, runs, names);
    curves(html, runs, names);
    events::append(html, runs, names);
    for run in runs {
        sample(html, run, names);
    }
}

fn results(html: &mut Html, runs: &[&Run], names: &Names) {
    html.line("h3", "Results");
    let columns = [
        "run",
        "train loss",
        "val. loss",
        "best val. loss",
        "gradients",
        "losses",
        "steps",
        "skipped",
        "seconds",
        "rotations",
        "kicks",
        "curvature ± residual",
    ];
    let mut table = Table::new("Losses at the end, in nats per character, and their cost", columns);
    for (_, name, result) in each(runs, names) {
        // That no step was skipped goes without saying.
        let said = |key: &str, x: &f64| key != "skipped" || *x != 0.0;
        let number = |key: &str| Cell::number(number::of(&result[key]).filter(|x| said(key, x)));
        let curvature = match number::of(&result["curvature"]) {
            Some(_) => Cell::Shown(with_residual(result)),
            None => Cell::Absent,
        };
        let first = [Cell::text(name)];
        let middle = [
            "train_loss",
            "val_loss",
            "best_val_loss",
            "gradients",
            "losses",
            "steps",
            "skipped",
            "seconds",
            "rotations",
            "kicks",
        ];
        table.row(first.into_iter().chain(middle.map(number)).chain([curvature]));
    }
    html.append(table.without_empty_columns().html());
    monitors(html, runs, names);
    so_far(html, runs, names);
}

/// What these trainings showed: a sentence for each run beside its base.
pub(super) fn lead(runs: &[&Run]) -> Vec<String> {
    let pairs = paired(runs);
    let several = pairs.iter().any(|pair| pair.labels != pairs[0].labels);
    let sentence = |pair: &Paired| {
        let labels = if several { format!("{}: ", pair.labels.join(", ")) } else { String::new() };
        Some(labels + &pair.sentence()?)
    };
    pairs.iter().filter_map(sentence).collect()
}

/// The results in the records of these runs, with their names.
pub(super) fn each<'a>(
    runs: &'a [&'a Run],
    names: &'a Names,
) -> impl Iterator<Item = (&'a Run, String, &'a Value)> {
    runs.iter().flat_map(|run| {
        let named = |result: &'a Value| names.of(run, result["name"].as_str().unwrap_or("?"));
        run.list("/runs").iter().map(move |result| (*run, named(result), result))
    })
}

fn with_residual(end: &Value) -> String {
    number::with_error(number::of(&end["curvature"]), number::of(&end["residual"]))
}

fn monitors(html: &mut Html, runs: &[&Run], names: &Names) {
    let columns =
        ["run", "λ_min ± residual", "ended", "λ_max ± residual", "ended", "visits", "gradients"];
    let mut table = Table::new("What the monitor saw at the end", columns);
    for (_, name, result) in
        each(runs, names).filter(|(_, _, result)| result["monitor"].is_object())
    {
        let monitor = &result["monitor"];
        let end = |key: &str| Cell::Shown(with_residual(&monitor[key]));
        table.row([
            Cell::text(name),
            end("lowest"),
            Cell::of(&monitor["lowest"]["status"]),
            end("highest"),
            Cell::of(&monitor["highest"]["status"]),
            Cell::of(&monitor["visits"]),
            Cell::of(&monitor["gradients"]),
        ]);
    }
    html.append(table.html());
}

/// What is known of runs that no record speaks of yet.
fn so_far(html: &mut Html, runs: &[&Run], names: &Names) {
    let columns = ["run", "steps", "gradients spent", "loss", "val. loss", "gradient norm"];
    let mut table = Table::new("As far as the steps go", columns);
    for run in runs {
        let recorded =
            |curves: &Curves| run.list("/runs").iter().any(|r| r["name"] == curves.name.as_str());
        for curves in run.curves.iter().filter(|curves| !recorded(curves)) {
            let Some(last) = curves.steps.last() else { continue };
            let known = |x: f64| Cell::number(Some(x).filter(|x| x.is_finite()));
            table.row([
                Cell::text(names.of(run, &curves.name)),
                Cell::Number(last.step as f64),
                Cell::Number(last.cost),
                known(last.loss),
                Cell::number(curves.val_loss.last().map(|sample| sample.value)),
                known(last.gradient_norm),
            ]);
        }
    }
    html.append(table.without_empty_columns().html());
}

fn curves(html: &mut Html, runs: &[&Run], names: &mut Names) {
    let all: Vec<(String, &Curves)> = runs
        .iter()
        .flat_map(|run| run.curves.iter().map(|curves| (names.of(run, &curves.name), curves)))
        .collect();
    if all.is_empty() {
        return;
    }
    html.line("h3", "Curves");
    for (name, curves) in &all {
        if curves.without_loss() > 0 {
            let (count, steps) = (curves.without_loss(), curves.steps.len());
            let note = format!(
                "{name}: in {count} of {steps} steps the loss was not finite; its line has gaps there."
            );
            html.element("p", &[("class", "note")], &note).raw("\n");
        }
    }
    html.raw("<div class=\"charts\">\n");
    let end = all.iter().filter_map(|(_, curves)| curves.steps.last()).map(|step| step.cost);
    let end = end.fold(0.0, f64::max);
    let mut charts = charts(&all);
    // Beside the curves of which it is the difference.
    charts.insert(2, difference(runs));
    for mut chart in charts {
        chart.covers = vec![0.0, end];
        html.append(chart.html(&names.id()));
    }
    html.raw("</div>\n");
    if all.iter().any(|(_, curves)| !curves.events.is_empty()) {
        html.line("p", "Triangles at the head of the training loss are DEO's events. Where two curves lie on each other, their difference has a \
             drawing of its own.");
    }
}

/// The validation loss of each run less that of its base: the mean over seeds, and a band of its standard error.
fn difference(runs: &[&Run]) -> Chart {
    let pairs = paired(runs);
    let several = pairs.iter().any(|pair| pair.labels != pairs[0].labels);
    let line = |pair: &Paired| {
        let Paired { name, base, labels, points, .. } = pair;
        let of = match (several, labels.as_slice()) {
            (false, [_]) => String::new(),
            (true, [label]) => format!("{label}: "),
            (_, labels) => format!("{} seeds: ", labels.len()),
        };
        let means = points.iter().map(|(cost, spread)| (*cost, spread.mean)).collect();
        let mut line = Line::new(format!("{of}{name} less {base}"), Look::Banded, means);
        line.errors = points.iter().map(|(_, spread)| spread.error()).collect();
        line
    };
    let title = "Difference of the validation loss, ± standard error over seeds";
    let mut chart = Chart::new(title, SPENT, pairs.iter().map(line).collect());
    (chart.y, chart.level) = (Kind::Linear, Some(0.0));
    chart
}

fn charts(all: &[(String, &Curves)]) -> Vec<Chart> {
    let steps = |title: &str, of: fn(&Step) -> f64| {
        let line = |(name, curves): &(String, &Curves)| {
            let points = curves.steps.iter().map(|step| (step.cost, of(step))).collect();
            Line::new(name, Look::Curve, points)
        };
        Chart::new(title, SPENT, all.iter().map(line).collect())
    };
    let samples = |title: &str, kind: Kind, suffix: &str, of: fn(&Curves) -> &[Sample]| {
        let line = |(name, curves): &(String, &Curves)| {
            let cost = |sample: &Sample| curves.steps[sample.at].cost;
            let points = of(curves).iter().map(|sample| (cost(sample), sample.value)).collect();
            let mut line = Line::new(format!("{name}{suffix}"), Look::Joined, points);
            line.errors = of(curves).iter().map(|sample| sample.error).collect();
            line
        };
        let mut chart = Chart::new(title, SPENT, all.iter().map(line).collect());
        chart.y = kind;
        chart
    };
    let mut loss = steps("Training loss, nats per character", |step| step.loss);
    for (line, (_, curves)) in loss.lines.iter_mut().zip(all) {
        let mark = |&(at, kind): &(usize, usize)| {
            let Step { step, cost, .. } = curves.steps[at];
            (cost, format!("{} in step {step}", curves.kinds[kind]))
        };
        line.marks = curves.events.iter().map(mark).collect();
    }
    vec![
        loss,
        samples("Validation loss, nats per character", Kind::Open, "", |c| &c.val_loss),
        samples("Lowest curvature as DEO measured it, ± residual", Kind::Linear, "", |c| {
            &c.curvature
        }),
        samples("λ_min of the monitor, ± residual", Kind::Linear, "", |c| &c.lowest),
        samples("λ_max of the monitor, ± residual", Kind::Open, "", |c| &c.highest),
        steps("Norm of the gradient", |step| step.gradient_norm),
        steps("Learning rate", |step| step.lr),
    ]
}

fn sample(html: &mut Html, run: &Run, names: &Names) {
    if let Some(text) = run.at("/sample").as_str().filter(|text| !text.trim().is_empty()) {
        html.line("h3", &names.of(run, "text that the model of the last run wrote"));
        html.element("pre", &[], text).raw("\n");
    }
}
