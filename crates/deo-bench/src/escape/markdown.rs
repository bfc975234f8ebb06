//! Results for the eye: a Markdown table for each problem.

use super::compare::ProblemFacts;
use super::results::Row;

const HEADER: [&str; 8] = [
    "method",
    "solved",
    "cost to target",
    "min – max",
    "gradients",
    "losses",
    "final measure",
    "rate",
];

/// Where there is no target.
const OPEN_HEADER: [&str; 6] =
    ["method", "final measure", "min – max", "final loss", "failed", "rate"];

/// The table of a problem, with a line of facts above it.
pub fn section(problem: &ProblemFacts, rows: &[&Row]) -> String {
    let ProblemFacts { name, dimension, target, budget, batches } = problem;
    let table = if target.is_some() {
        table(HEADER, rows.iter().map(|row| line(row)))
    } else {
        table(OPEN_HEADER, rows.iter().map(|row| open_line(row)))
    };
    let target =
        target.map_or_else(|| "no target".to_owned(), |target| format!("target {}", short(target)));
    let batches = if *batches { ", mini-batches" } else { "" };
    format!("## {name}\n\nN = {dimension}{batches}, {target}, {budget} gradients a run\n\n{table}")
}

fn line(row: &Row) -> [String; 8] {
    let none = || "–".to_owned();
    let more = || format!("> {}", row.budget);
    let count = |value: Option<f64>| value.map_or_else(none, |value| format!("{value:.0}"));
    let spread = match (row.cost_min, row.cost_max) {
        (None, _) => none(),
        (Some(min), None) => format!("{min:.0} – {}", more()),
        (Some(min), Some(max)) => format!("{min:.0} – {max:.0}"),
    };
    let failed = if row.failed > 0 { format!(", {} failed", row.failed) } else { String::new() };
    [
        row.method.name(),
        format!("{}/{}{failed}", row.solved, row.seeds),
        row.cost_median.map_or_else(more, |cost| format!("{cost:.0}")),
        spread,
        count(row.gradients_median),
        count(row.losses_median),
        measure(row.final_measure_median),
        setting(row),
    ]
}

fn open_line(row: &Row) -> [String; 6] {
    [
        row.method.name(),
        measure(row.final_measure_median),
        format!("{} – {}", measure(row.final_measure_min), measure(row.final_measure_max)),
        measure(row.final_loss_median),
        format!("{}/{}", row.failed, row.seeds),
        setting(row),
    ]
}

fn measure(value: Option<f64>) -> String {
    value.map_or_else(|| "not finite".to_owned(), short)
}

/// The rate and the knobs.
fn setting(row: &Row) -> String {
    let knob = |(name, value): (&&str, &f64)| format!(", {name} {}", short(*value));
    short(row.lr) + &row.knobs.iter().map(knob).collect::<String>()
}

/// Three digits, with an exponent where that is shorter to read.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        let rounded: f64 = format!("{value:.2e}").parse().expect("a number that was just written");
        rounded.to_string()
    } else {
        let text = format!("{value:.2e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A header and lines of cells: names to the left, the last column too, numbers to the right.
fn table<const N: usize>(header: [&str; N], lines: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = [header.map(str::to_owned)].into_iter().chain(lines).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let left = |column: usize| column == 0 || column == N - 1;
    let mut lines = String::new();
    for (i, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - cell.chars().count());
            let (before, after) =
                if left(column) { (String::new(), padding) } else { (padding, String::new()) };
            lines += &format!("| {before}{cell}{after} ");
        }
        lines += "|\n";
        if i == 0 {
            for (column, &width) in widths.iter().enumerate() {
                let end = if left(column) { "-" } else { ":" };
                lines += &format!("|-{}{end}", "-".repeat(width));
            }
            lines += "|\n";
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::kinds::MethodKind;

    fn row(name: &str, solved: usize, costs: [Option<f64>; 3]) -> Row {
        let [cost_min, cost_median, cost_max] = costs;
        Row {
            problem: "p".to_owned(),
            method: MethodKind::by_name(name).unwrap(),
            lr: 0.3,
            knobs: [("radius", 0.05)].into(),
            solved,
            failed: usize::from(cost_max.is_none()),
            seeds: 5,
            budget: 4000,
            cost_median,
            cost_min,
            cost_max,
            gradients_median: cost_median,
            losses_median: cost_median.map(|_| 6.0),
            final_measure_median: Some(1.234_5e-5),
            final_measure_min: Some(1e-6),
            final_measure_max: None,
            final_loss_median: None,
            kicks_median: 0.0,
        }
    }

    #[test]
    fn a_table_says_what_was_not_reached() {
        let facts = ProblemFacts {
            name: "p".to_owned(),
            dimension: 10,
            target: Some(1e-4),
            budget: 4000,
            batches: false,
        };
        let rows = [
            row("gd", 0, [None; 3]),
            row("sam", 3, [Some(42.0), Some(51.4), None]),
            row("escape+gd", 5, [Some(42.0), Some(51.4), Some(60.0)]),
        ];
        let text = section(&facts, &rows.iter().collect::<Vec<_>>());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "N = 10, target 1e-4, 4000 gradients a run");
        let widths: Vec<usize> = lines[4..].iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|&width| width == widths[0]), "{text}");
        for (line, parts) in [
            (6, &["gd", "0/5, 1 failed", "> 4000", "–"][..]),
            (7, &["sam", "3/5", "51", "42 – > 4000", "1.23e-5"]),
            (8, &["escape+gd", "5/5", "51", "42 – 60", "0.3, radius 0.05"]),
        ] {
            assert!(parts.iter().all(|part| lines[line].contains(part)), "{}", lines[line]);
        }
    }

    #[test]
    fn without_a_target_the_measure_is_the_result() {
        let facts = ProblemFacts {
            name: "p".to_owned(),
            dimension: 10,
            target: None,
            budget: 4000,
            batches: true,
        };
        let text = section(&facts, &[&row("sam", 0, [None; 3])]);
        assert!(text.contains("N = 10, mini-batches, no target, 4000 gradients a run"), "{text}");
        let line = text.lines().last().unwrap();
        assert!(line.contains("1.23e-5") && line.contains("1e-6 – not finite"), "{line}");
        assert!(line.contains("1/5") && !line.contains('>'), "{line}");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.3, "0.3"),
            (1e-4, "1e-4"),
            (1.5e-5, "1.5e-5"),
            (0.012_345, "0.0123"),
            (1234.5, "1230"),
            (-2.5e7, "-2.5e7"),
            (0.0, "0"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
