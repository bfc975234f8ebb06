//! Results for the eye: a row for each cell, then what fails, then where it fails.

use super::cell::{Cell, FACTORS, LEVELS, NAMES};
use super::columns::Column;
use super::records::{CellRecord, Total};
use super::settings::HarmSettings;
use super::verdict::Verdict;
use crate::escape::markdown::short;

/// Everything that is printed.
pub fn text(settings: &HarmSettings, cells: &[CellRecord]) -> String {
    let mut text = table(
        &[
            "#",
            "cell",
            "rate",
            "loss",
            "again",
            "fewer steps",
            "line search",
            "**Escape**",
            "**for_run**",
            "fails",
        ],
        cells.iter().map(line),
    );
    text += &format!(
        "\nLoss with / loss without, geometric mean ± standard error over {} seeds; in parentheses the seeds that ended \
         more than 25 % higher, if any.\n\
         `loss`: the median without, of the training data, after as many gradients as the name says. A mark in `fails` says \
         that the mean is above 1.01 by more than its error (mean), or that more than one seed in twenty ended more than \
         25 % higher (seeds); (again) that the base once more fails, too.\n\n",
        settings.seeds
    );
    text += &totals(cells);
    if cells.len() > 1 {
        text += "\n";
        text += &levels(cells);
    }
    text
}

fn line(cell: &CellRecord) -> Vec<String> {
    let mut line =
        vec![cell.number.to_string(), cell.cell.name(), short(cell.lr), short(cell.loss())];
    line.extend(cell.verdicts.iter().map(ratio));
    line.push(marks(cell));
    line
}

/// `1.023 ± 0.011 (2)`.
fn ratio(verdict: &Verdict) -> String {
    let Verdict { ratio, error, higher, .. } = verdict;
    let higher = if *higher > 0 { format!(" ({higher})") } else { String::new() };
    // The error of a mean of logarithms is relative.
    format!("{ratio:.3} ± {:.3}{higher}", ratio * error)
}

/// What doesn't hold for the columns that are judged.
fn marks(cell: &CellRecord) -> String {
    let of = |column: Column| {
        let verdict = cell.verdict(column);
        let marks = match (verdict.mean_holds, verdict.seeds_hold) {
            (true, true) => return None,
            (false, true) => "mean",
            (true, false) => "seeds",
            (false, false) => "mean, seeds",
        };
        Some(format!("{}: {marks}", column.name()))
    };
    let mut marks: Vec<String> = Column::JUDGED.into_iter().filter_map(of).collect();
    if !marks.is_empty() && !cell.verdict(Column::Again).passes() {
        marks.push("(again)".to_owned());
    }
    marks.join("; ")
}

/// One row for each column over all cells.
fn totals(cells: &[CellRecord]) -> String {
    let line = |column: Column| {
        let Total { all, cells, failing, failing_with_again } = Total::of(cells, column);
        vec![
            column.name().to_owned(),
            format!("{} of {cells}", failing.len()),
            failing_with_again.to_string(),
            format!("{:.1} %", 100.0 * all.higher as f64 / all.seeds as f64),
            format!("{:.1} %", 100.0 * all.lower as f64 / all.seeds as f64),
            ratio_alone(&all),
            format!("{:.3}", all.median),
            format!("{:.2}", all.worst),
        ]
    };
    table(
        &[
            "all cells",
            "cells that fail",
            "again fails, too",
            "> 25 % higher",
            "> 20 % lower",
            "mean",
            "median",
            "worst",
        ],
        Column::ALL.into_iter().map(line),
    )
}

fn ratio_alone(verdict: &Verdict) -> String {
    format!("{:.3} ± {:.3}", verdict.ratio, verdict.ratio * verdict.error)
}

/// Mean and share of seeds that ended higher for each level of each factor: where harm sits.
fn levels(cells: &[CellRecord]) -> String {
    // One more than is crossed, for the rate of the cell that was reported.
    let levels =
        (0..FACTORS).flat_map(|factor| (0..=LEVELS[factor]).map(move |level| (factor, level)));
    let lines = levels.filter_map(|(factor, level)| {
        let of_level = || cells.iter().filter(move |cell| cell.cell.0[factor] == level);
        let count = of_level().count();
        if count == 0 {
            return None;
        }
        let mut line =
            vec![NAMES[factor].to_owned(), Cell::level(factor, level), count.to_string()];
        let column = |column| {
            let all = Verdict::of(of_level().flat_map(|cell| &cell.pairs), column);
            let higher = 100.0 * all.higher as f64 / all.seeds as f64;
            format!("{}, {higher:.0} %", ratio_alone(&all))
        };
        line.extend(Column::ALL.into_iter().map(column));
        Some(line)
    });
    table(
        &[
            "factor",
            "level",
            "cells",
            "again",
            "fewer steps",
            "line search",
            "**Escape**",
            "**for_run**",
        ],
        lines,
    )
}

fn table(header: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(header.len()));
    for line in lines {
        text += &format!("| {} |\n", line.join(" | "));
    }
    text
}
