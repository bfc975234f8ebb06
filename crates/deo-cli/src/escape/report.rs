//! From arguments to tables or JSON, and files.

use super::error::EscapeError;
use super::harm::{self, Wish};
use super::options::{EscapeArgs, Options};
use super::settings::OF_HARM;
use crate::config;
use crate::heartbeat::Heartbeat;
use crate::output::{OutputDir, RECORD};
use crate::setting::UnusedOption;
use deo_bench::escape::results::{Record, Row, Summary, csv, rows};
use deo_bench::escape::{Compared, Settings, compare, curves, markdown};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};

const RESULTS: &str = "results.csv";

const STYLE: &str = "{bar:30} {pos}/{len} methods on problems, {msg}, {elapsed}";

/// Runs `deo escape` and writes its results to `stdout`.
///
/// # Errors
///
/// [`EscapeError`], with a message of one line and an exit code.
pub fn execute(arguments: EscapeArgs, stdout: &mut dyn Write) -> Result<(), EscapeError> {
    let EscapeArgs { options, rates, resume, json, config } = arguments;
    let file: Options = config.map_or(Ok(Options::default()), |path| config::read(&path))?;
    let options = options.or(file);
    if options.want_harm() {
        return harm::execute(&options, Wish { rates, resume, json }, stdout);
    }
    if let Some((name, _)) = [("rates", rates), ("resume", resume)].into_iter().find(|wish| wish.1)
    {
        return Err(UnusedOption { name, needs: OF_HARM }.into());
    }
    let out = options.out.clone();
    let settings = options.resolve()?;
    let files = files(&settings);
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = out.map(|dir| OutputDir::create(&dir, "escape", &names)).transpose()?;
    let style = ProgressStyle::with_template(STYLE).expect("a constant that tests draw");
    let pairs = settings.problems.len() * settings.methods.len();
    let bar = ProgressBar::new(pairs as u64).with_style(style).with_message("tuning");
    bar.tick();
    let heartbeat = Heartbeat::new();
    let compared = compare(&settings, &|problem, method| {
        bar.set_message(format!("{} on {problem} done", method.name()));
        bar.inc(1);
        heartbeat.beat(|| format!("{} of {pairs} methods on problems done", bar.position()));
    });
    bar.finish_and_clear();
    let compared = compared?;
    let rows = rows(&compared);
    // Results are shown even if they can't be kept.
    let kept = output.as_ref().map_or(Ok(()), |output| keep(output, &settings, &compared, &rows));
    let shown = show(stdout, &settings, &compared, &rows, json, output.as_ref());
    kept?;
    shown.map_err(EscapeError::Stdout)
}

fn plot_name(problem: &str) -> String {
    format!("{problem}.svg")
}

/// The names of the files of a run.
fn files(settings: &Settings) -> Vec<String> {
    let plots = settings.problems.iter().map(|name| plot_name(name));
    [RECORD, RESULTS].into_iter().map(str::to_owned).chain(plots).collect()
}

fn keep(
    output: &OutputDir,
    settings: &Settings,
    compared: &[Compared],
    rows: &[Row],
) -> Result<(), EscapeError> {
    output.write_json(RECORD, &Record::new(settings, compared, rows))?;
    output.write(RESULTS, csv(rows).as_bytes())?;
    for problem in compared {
        output.write(&plot_name(&problem.problem.name), curves::svg(problem).as_bytes())?;
    }
    Ok(())
}

fn show(
    stdout: &mut dyn Write,
    settings: &Settings,
    compared: &[Compared],
    rows: &[Row],
    json: bool,
    output: Option<&OutputDir>,
) -> io::Result<()> {
    if json {
        let summary = Summary::new(settings, rows);
        serde_json::to_writer(&mut *stdout, &summary)?;
        return writeln!(stdout);
    }
    for Compared { problem, .. } in compared {
        let of_problem: Vec<&Row> = rows.iter().filter(|row| row.problem == problem.name).collect();
        writeln!(stdout, "{}", markdown::section(problem, &of_problem))?;
    }
    let (tuned, seeds) = (
        settings.tuning_seeds > 0 && settings.methods.iter().any(|kind| !kind.knobs().is_empty()),
        settings.tuning_seeds,
    );
    let rates = match settings.lr {
        Some(lr) if tuned => {
            format!("The rate {lr} is given, other numbers are tuned on {seeds} other seeds.")
        }
        Some(lr) => format!("The rate {lr} is given, nothing is tuned."),
        None => format!("Rates and other numbers are tuned on {seeds} other seeds."),
    };
    writeln!(
        stdout,
        "Medians over {} fresh seeds; a run that missed the target has an infinite cost, and a loss costs a third of a \
         gradient. {rates}",
        settings.seeds
    )?;
    if let Some(output) = output {
        writeln!(stdout, "{} are in {}", files(settings).join(", "), output.path().display())?;
    }
    stdout.flush()
}
