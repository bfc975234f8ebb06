//! What DEO did in trainings: how often, what it means, and step by step.

use super::html::Html;
use super::metrics::{Curves, Sample};
use super::number;
use super::page::Names;
use super::run::Run;
use super::table::{Cell, Table};
use super::training::each;
use super::words;
use std::collections::BTreeMap;

/// The section of the events of these trainings.
pub(super) fn append(html: &mut Html, runs: &[&Run], names: &Names) {
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
        let told = words::of_event(&kind).map_or(Cell::Absent, Cell::text);
        table.row(std::iter::once(Cell::text(&kind)).chain(numbers).chain(std::iter::once(told)));
    }
    let listed = || runs.iter().flat_map(|run| run.curves.iter().map(move |c| (run, c)));
    if table.is_empty() && listed().all(|(_, curves)| curves.events.is_empty()) {
        return;
    }
    html.line("h3", "Events");
    html.append(table.html());
    words::link(html);
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
