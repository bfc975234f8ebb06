//! Trainings: results, curves, what happened.

use super::chart::{Chart, Line, Look};
use super::html::Html;
use super::metrics::{Curves, Sample, Step};
use super::number;
use super::page::Names;
use super::run::Run;
use super::scale::Kind;
use super::table::{Cell, Table};
use serde_json::Value;
use std::collections::BTreeMap;

const SPENT: &str = "gradients spent, a loss counted a third";

/// The section of these trainings.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Training");
    for run in runs {
        if let Some(text) = head(run) {
            html.line("p", &names.of(run, &text));
        }
    }
    results(html, runs, names);
    curves(html, runs, names);
    events(html, runs, names);
    for run in runs {
        sample(html, run, names);
    }
}

/// What a training showed, in a sentence; nothing unless it has two runs that ended.
fn head(run: &Run) -> Option<String> {
    let [first, last] = run.list("/runs") else { return None };
    let ended = |result: &Value| number::of(&result["val_loss"]);
    let [alone, helped] = [ended(first)?, ended(last)?];
    let name = |result: &Value| result["name"].as_str().unwrap_or("?").to_owned();
    let (difference, than) = (helped - alone, if helped < alone { "lower" } else { "higher" });
    let moves = number::of(&last["moves"]).map_or(String::new(), |moves| match moves {
        0.0 => " It never moved the parameters: it found nothing worth a move.".to_owned(),
        1.0 => " It moved the parameters once.".to_owned(),
        n => format!(" It moved the parameters {n} times."),
    });
    Some(format!(
        "{} ended with a validation loss that is {:.4} {than} than that of {}, at equal cost and from one seed, which is no result: \
         deo train --seeds N tells a difference from noise.{moves}",
        name(last),
        difference.abs(),
        name(first)
    ))
}

/// What an event means, in the words of the book's page on them; nothing for a name of a later version.
fn meaning(event: &str) -> &'static str {
    match event {
        "quiet" => "no visit was due",
        "tracked" => "the axis was brought up to date",
        "line-search" => "moved along the gradient, by losses that fell",
        "kick" => "moved along the axis of lowest curvature",
        "proposed" => "a move was found; the next batches decide",
        "confirmed" => "the next batch agreed with the move",
        "refuted" => "the next batch disagreed: not moved",
        "reverted" => "the next batch disagreed: the move was undone",
        "no-negative-curvature" => "looked for an axis and found none that curves downwards",
        "rejected" => "negative curvature, but no length along it lowered the loss enough",
        "no-gain" => "losses along the gradient fell by less than the optimizer's own steps",
        "unaffordable" => "too little of the budget was left for an axis",
        "poisoned" => "a probe met a number that isn't finite",
        "skipped" => "loss or gradient wasn't finite: no step",
        _ => "",
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

/// The results in the records of these runs, with their names.
fn each<'a>(
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
    for mut chart in charts(&all) {
        chart.covers = vec![0.0, end];
        html.append(chart.html(&names.id()));
    }
    html.raw("</div>\n");
    if all.iter().any(|(_, curves)| !curves.events.is_empty()) {
        html.line("p", "Triangles at the head of the training loss are DEO's events.");
    }
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

fn events(html: &mut Html, runs: &[&Run], names: &Names) {
    let mut counts: Vec<(String, BTreeMap<String, u64>)> = vec![];
    for (_, name, result) in each(runs, names) {
        let events = result["events"].as_object().into_iter().flatten();
        counts.push((name, events.map(|(k, n)| (k.clone(), n.as_u64().unwrap_or(0))).collect()));
    }
    let kinds: Vec<String> = {
        let all: std::collections::BTreeSet<_> =
            counts.iter().flat_map(|(_, c)| c.keys()).collect();
        all.into_iter().cloned().collect()
    };
    let of_runs = counts.iter().map(|(name, _)| name.as_str());
    let columns = std::iter::once("event").chain(of_runs).chain(std::iter::once("meaning"));
    let mut table = Table::new("How often each event occurred, in steps", columns);
    for kind in kinds {
        let numbers = counts.iter().map(|(_, c)| Cell::number(c.get(&kind).map(|n| *n as f64)));
        let told = Some(meaning(&kind)).filter(|text| !text.is_empty());
        let told = told.map_or(Cell::Absent, Cell::text);
        table.row(std::iter::once(Cell::text(&kind)).chain(numbers).chain(std::iter::once(told)));
    }
    let listed = || runs.iter().flat_map(|run| run.curves.iter().map(move |c| (run, c)));
    if table.is_empty() && listed().all(|(_, curves)| curves.events.is_empty()) {
        return;
    }
    html.line("h3", "Events");
    html.append(table.html());
    for (run, curves) in listed().filter(|(_, curves)| !curves.events.is_empty()) {
        let name = names.of(run, &curves.name);
        html.raw("<details>").element("summary", &[], &format!("{name}: step by step"));
        html.append(in_order(&name, curves)).raw("</details>\n");
    }
}

fn in_order(name: &str, curves: &Curves) -> Html {
    let columns = ["step", "event", "loss before", "curvature ± residual"];
    let mut table = Table::new(&format!("Events of {name} in order"), columns);
    for &(at, kind) in &curves.events {
        let step = &curves.steps[at];
        let measured = curves.curvature.binary_search_by_key(&at, |sample| sample.at);
        table.row([
            Cell::Number(step.step as f64),
            Cell::text(&curves.kinds[kind]),
            Cell::number(Some(step.loss).filter(|x| x.is_finite())),
            measured.map_or(Cell::Absent, |i| {
                let Sample { value, error, .. } = curves.curvature[i];
                Cell::Shown(number::with_error(Some(value), Some(error)))
            }),
        ]);
    }
    table.html()
}

fn sample(html: &mut Html, run: &Run, names: &Names) {
    if let Some(text) = run.at("/sample").as_str().filter(|text| !text.trim().is_empty()) {
        html.line("h3", &names.of(run, "text that the model of the last run wrote"));
        html.element("pre", &[], text).raw("\n");
    }
}
