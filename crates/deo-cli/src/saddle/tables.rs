//! The tables of many searches, for a terminal.

use super::results::{Distinct, Results, Search};
use crate::table;
use std::io::{self, Write};

/// Failed searches that the table shows; the record has them all.
const SHOWN: usize = 20;

/// All of them that have a row, `events` after them if there are any, and the sums.
pub(super) fn write_tables(
    stdout: &mut dyn Write,
    results: &Results,
    connect: bool,
    index: usize,
    events: &str,
) -> io::Result<()> {
    if !results.distinct.is_empty() {
        writeln!(stdout, "\n{}", saddles(&results.distinct))?;
    }
    if connect && !results.distinct.is_empty() {
        writeln!(stdout, "{}", joins(&results.distinct))?;
    }
    if !events.is_empty() {
        writeln!(stdout, "{events}")?;
    }
    let failed = failures(&results.searches, index);
    if !failed.is_empty() {
        writeln!(stdout, "{failed}")?;
    }
    writeln!(stdout, "{}", sums(results))?;
    stdout.flush()
}

/// Each saddle once.
fn saddles(distinct: &[Distinct]) -> String {
    let header =
        ["saddle", "energy", "barrier", "from", "curvature", "index", "found", "gradients"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(distinct.iter().enumerate().map(|(i, saddle)| {
        let more = saddle.from.len() - 1;
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        vec![
            (i + 1).to_string(),
            format!("{:.8}", saddle.energy),
            decimals(saddle.barrier),
            saddle.from[0].start.clone() + &more,
            format!("{:.4}", saddle.curvature),
            saddle.index.to_string(),
            saddle.found.to_string(),
            saddle.gradients.to_string(),
        ]
    }));
    table::align(&rows)
}

/// The minima that they join.
fn joins(distinct: &[Distinct]) -> String {
    let header = ["saddle", "minimum", "energy", "barrier", "minimum", "energy", "barrier"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (i, saddle) in distinct.iter().enumerate() {
        let mut row = vec![(i + 1).to_string()];
        for side in &saddle.joins {
            row.push(side.minimum.map_or_else(|| side.status.to_owned(), |m| m.to_string()));
            row.push(decimals(Some(side.energy)));
            row.push(decimals(side.barrier));
        }
        rows.push(row);
    }
    table::align(&rows)
}

/// Searches without a confirmed saddle; empty if there are none.
fn failures(searches: &[Search], sought: usize) -> String {
    let header = ["search", "start", "status", "energy", "gradient norm", "gradients"];
    let failed = || searches.iter().enumerate().filter(|(_, search)| !search.is_converged());
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(failed().take(SHOWN).map(|(i, search)| {
        let status = match search.index {
            // All of the k + 1 curvatures that were looked at are negative: there may be more.
            Some(index) if index > sought => format!("{}: {index} or more", search.status),
            Some(index) => format!("{}: {index}", search.status),
            None => search.status.to_owned(),
        };
        vec![
            (i + 1).to_string(),
            search.start.clone(),
            status,
            decimals(Some(search.energy)),
            format!("{:.1e}", search.gradient_norm),
            search.gradients.to_string(),
        ]
    }));
    match failed().count() {
        0 => String::new(),
        count if count > SHOWN => table::align(&rows) + &format!("and {} more\n", count - SHOWN),
        _ => table::align(&rows),
    }
}

/// "24 searches: 22 converged to 2 saddles; 513 gradients and 160 of verifications; 0.0 s"
fn sums(results: &Results) -> String {
    let Results { searches, distinct, .. } = results;
    let converged = searches.iter().filter(|search| search.is_converged()).count();
    let gradients: u64 = searches.iter().map(|search| search.gradients).sum();
    let verification: u64 = searches.iter().map(|search| search.verification).sum();

    format!(
        "{}: {converged} converged to {}; {} and {verification} of verifications; {:.1} s",
        count(searches.len() as u64, "search", "searches"),
        count(distinct.len() as u64, "saddle", "saddles"),
        count(gradients, "gradient", "gradients"),
        results.seconds
    )
}

/// Six decimals, fewer where the number is long, or a dash where it isn't known.
fn decimals(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        // Eight digits before the point are an explosion, of which the size is enough.
        Some(value) if value.abs() >= 1e7 => format!("{value:.3e}"),
        Some(value) => format!("{value:.6}"),
        None => "–".to_owned(),
    }
}

/// "1 saddle", "2 saddles".
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
