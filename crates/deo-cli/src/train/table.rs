//! The results of a training as a table of plain text.

use super::record::{MonitorSummary, RunSummary};
use crate::table::align;

/// The results of the runs.
pub(super) fn results<'a>(runs: impl IntoIterator<Item = &'a RunSummary>) -> String {
    let header = [
        "run",
        "train loss",
        "val. loss",
        "gradients",
        "losses",
        "seconds",
        "rotations",
        "kicks",
        "curvature",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(runs.into_iter().map(|run| {
        vec![
            run.name.clone(),
            format!("{:.4}", run.train_loss),
            format!("{:.4}", run.val_loss),
            run.gradients.to_string(),
            run.losses.to_string(),
            format!("{:.1}", run.seconds),
            run.rotations.to_string(),
            run.kicks.to_string(),
            run.curvature.map_or_else(|| "–".to_owned(), |curvature| format!("{curvature:.3}")),
        ]
    }));
    align(&rows)
}

/// What the monitors of the runs saw at the end, and what they cost; empty without monitors.
pub(super) fn monitors<'a>(runs: impl IntoIterator<Item = &'a RunSummary>) -> String {
    let header =
        ["monitor", "λ_min", "± residual", "λ_max", "± residual", "visits", "gradients", "seconds"];
    let monitored = runs.into_iter().filter_map(|run| Some((&run.name, run.monitor?)));
    let mut rows: Vec<Vec<String>> = monitored
        .map(|(name, MonitorSummary { lowest, highest, visits, gradients, seconds })| {
            let number = |x: f64| if x.is_finite() { format!("{x:.3}") } else { "–".to_owned() };
            vec![
                name.clone(),
                number(lowest.curvature),
                number(lowest.residual),
                number(highest.curvature),
                number(highest.residual),
                visits.to_string(),
                gradients.to_string(),
                format!("{seconds:.1}"),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, header.map(str::to_owned).to_vec());
    align(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_what_is_unknown_is_a_dash() {
        let run = |name: &str, curvature| RunSummary {
            name: name.to_owned(),
            train_loss: 1.23456,
            val_loss: f64::NAN,
            gradients: 1000,
            losses: 7,
            seconds: 12.34,
            rotations: 3,
            kicks: 1,
            curvature,
            monitor: None,
        };
        let table = results([&run("adamw", None), &run("adamw+escape", Some(-0.5))]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        let ends = |line: &str| line.chars().count();
        assert!(lines.iter().all(|line| ends(line) == ends(lines[0])), "{table}");
        assert!(lines[1].starts_with("adamw  ") && lines[1].ends_with('–'));
        assert!(lines[1].contains("1.2346") && lines[1].contains("NaN"));
        assert!(lines[2].ends_with("-0.500"));
    }
}
