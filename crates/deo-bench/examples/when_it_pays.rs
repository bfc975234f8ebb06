//! Predicted against measured: the table of the book's page *Where it helps*.
//!
//! Run: `cargo run --release -p deo-bench --example when_it_pays -- experiments/when-it-pays/cells.csv`
//!
//! Every problem below × gradient descent, heavy ball, Adam, AdamW, L-BFGS at the rate that is best for the base alone, tuned on three seeds,
//! then judged on eight others; see `deo_bench::escape::predicted`. Names of problems and of bases after the file run these only. Twenty
//! minutes on one core.

use deo_bench::escape::predicted::{Cell, Seen, csv, see};
use deo_bench::escape::{Base, Judged, MethodKind, Policy, Settings, compare};
use deo_models::problems::by_name;
use std::error::Error;
use std::fmt::Write;

/// Those on which the thresholds were chosen.
const OPEN: [&str; 13] = [
    "octopus-5-1",
    "strict-saddle",
    "quartic-well",
    "gaussian-bump",
    "quartic-saddle",
    "matrix-factorisation",
    "linear-net",
    "deep-linear-net",
    "xor",
    "rosenbrock",
    "grown-net",
    "matrix-sensing",
    "tanh-plateau",
];

/// Those that were kept aside meanwhile.
const ASIDE: [&str; 7] = [
    "octopus-10-2",
    "strict-saddle-flat",
    "monkey-well",
    "phase-retrieval",
    "identical-units",
    "qaoa",
    "tanh-plateau-64",
];

/// Those that came later, when the thresholds stood.
const SINCE: [&str; 4] =
    ["linear-attention", "linear-attention-apart", "window-sum", "window-sum-32"];

const BASES: [Base; 5] = [Base::Gd, Base::HeavyBall, Base::Adam, Base::Adamw, Base::Lbfgs];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next();
    let (bases, wanted): (Vec<String>, Vec<String>) =
        arguments.partition(|name| BASES.iter().any(|base| base.name() == name));
    let named = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let bases: Vec<Base> = BASES.into_iter().filter(|base| named(&bases, base.name())).collect();
    let mut all = vec![];
    println!("{HEAD}");
    let mut summary = String::new();
    for (part, names) in [
        ("on which thresholds were chosen", &OPEN[..]),
        ("kept aside", &ASIDE[..]),
        ("that came later", &SINCE[..]),
    ] {
        let begun = all.len();
        for name in names.iter().filter(|name| named(&wanted, name)) {
            let cells = cells_of(name, &bases)?;
            print!("{}", rows(&cells));
            all.extend(cells);
            // What is done is kept, whatever becomes of the rest.
            if let Some(file) = &file {
                std::fs::write(file, csv(&all))?;
            }
        }
        let cells = &all[begun..];
        let agree = cells.iter().filter(|cell| cell.predicted() == cell.measured()).count();
        writeln!(summary, "{agree} of {} cells agree on problems {part}", cells.len())?;
    }
    println!("\n{summary}");
    Ok(())
}

/// One problem with each of the bases.
fn cells_of(name: &str, bases: &[Base]) -> Result<Vec<Cell>, Box<dyn Error>> {
    let settings = Settings {
        problems: vec![name.to_owned()],
        methods: bases.iter().map(|base| MethodKind::Plain(*base)).collect(),
        seeds: 8,
        tuning_seeds: 3,
        threads: 1,
        seed: 18,
        ..Settings::default()
    };
    let tuned = compare(&settings, &|_, _| {})?;
    let mut problem = by_name(name)?;
    let mut cells = vec![];
    for (&base, judged) in bases.iter().zip(&tuned[0].methods) {
        let lr =
            if solves(judged) { judged.lr } else { helped(&settings, base)?.unwrap_or(judged.lr) };
        let seeds = (0..settings.seeds).map(|i| settings.fresh_seed(i));
        let seen = seeds.map(|seed| see(&mut *problem, base, lr, seed)).collect();
        cells.push(Cell { seen });
    }
    Ok(cells)
}

/// Some rate has solved some seed.
fn solves(judged: &Judged) -> bool {
    judged.tried.iter().any(|tried| tried.solved > 0)
}

/// The rate that is best for Escape beside the base: that of a base that solves nothing at any rate is chance.
fn helped(settings: &Settings, base: Base) -> Result<Option<f64>, Box<dyn Error>> {
    let methods = vec![MethodKind::With(Policy::Escape, base)];
    let tuned = compare(&Settings { methods, ..settings.clone() }, &|_, _| {})?;
    let judged = &tuned[0].methods[0];
    Ok(solves(judged).then_some(judged.lr))
}

const HEAD: &str = "\
| problem | base | rate | sentence (seeds of 8) | predicted; measured gradients to leave | axis | axis/base | Escape/base | agrees |
|---|---|---|---|---|---|---|---|---|";

/// Markdown, a cell a line.
fn rows(cells: &[Cell]) -> String {
    let mut text = String::new();
    for cell in cells {
        let first = &cell.seen[0];
        let mid = |of: fn(&Seen) -> f64| {
            let mut all: Vec<f64> = cell.seen.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let agrees = if cell.predicted() == cell.measured() { "yes" } else { "**no**" };
        let votes = cell.seen.iter().filter(|seen| seen.verdict == cell.verdict()).count();
        writeln!(
            text,
            "| {} | {} | {} | {} ({votes}) | {:.0}; {:.0} | {:.0} | {:.2} | {:.2} | {agrees} |",
            first.problem,
            first.base,
            first.lr,
            cell.verdict(),
            mid(|seen| seen.base_predicted),
            mid(|seen| seen.base_left),
            mid(|seen| seen.axis_predicted),
            cell.quotient(),
            cell.escape_quotient(),
        )
        .expect("a string takes everything");
    }
    text
}
