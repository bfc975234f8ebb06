//! From arguments to a table or JSON, and files.

use super::choices::Precision;
use super::curve;
use super::error::SpectrumError;
use super::measure::{Found, measure};
use super::options::SpectrumArgs;
use super::results::{Pair, Record, Results, Summary};
use super::search::Watch;
use super::settings::Settings;
use super::target::Target;
use super::whole::{DensityResult, Share, TraceResult};
use crate::heartbeat::Heartbeat;
use crate::npy::{self, Scalar};
use crate::output::{OutputDir, OutputFile, RECORD};
use crate::setting::{SettingError, apart};
use crate::table;
use indicatif::ProgressBar;
use std::io::{self, Write};
use std::path::Path;

const FILES: [&str; 2] = [RECORD, "density.svg"];

/// Runs `deo spectrum` and writes its results to `stdout`.
///
/// # Errors
///
/// [`SpectrumError`], with a message of one line and an exit code.
pub fn execute(args: &SpectrumArgs, stdout: &mut dyn Write) -> Result<(), SpectrumError> {
    let settings = Settings::resolve(args)?;
    let target = Target::load(&settings)?;
    let output =
        args.out.as_deref().map(|dir| OutputDir::create(dir, "spectrum", &FILES)).transpose()?;
    let read = [&args.matrix, &args.model.weights, &args.model.text].map(Option::as_deref);
    for (name, path, other) in
        [("vectors", &args.vectors, None), ("tokens", &args.tokens, args.vectors.as_deref())]
    {
        let others = read.into_iter().chain([other]).flatten();
        path.as_deref().map_or(Ok(()), |path| apart(name, path, others))?;
    }
    let vectors = args.vectors.as_deref().map(|path| array_file("vectors", path)).transpose()?;
    let tokens = args.tokens.as_deref().map(|path| array_file("tokens", path)).transpose()?;
    let threads = settings.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|reason| SpectrumError::Threads { threads, reason })?;

    let mut progress = Progress(ProgressBar::new_spinner(), Heartbeat::new());
    // The whole search runs inside the pool: a call from outside would be handed over, kernel by kernel.
    let found = pool.install(|| match settings.precision {
        Precision::F32 => measure::<f32>(&target, &settings, &mut progress),
        Precision::F64 => measure::<f64>(&target, &settings, &mut progress),
    });
    progress.0.finish_and_clear();
    let Found { results, vectors: rows } = found?;
    let record = Record {
        command: "spectrum",
        version: env!("CARGO_PKG_VERSION"),
        settings: &settings,
        target: target.title(),
        results: &results,
    };
    // Results are shown even if they can't be kept.
    let arrays = [
        (vectors, rows, settings.precision),
        (tokens, target.tokens(), Precision::F32), // whole numbers below 65536
    ];
    let kept = keep(output.as_ref(), arrays, &record);
    let shown = show(stdout, &record, args.json);
    kept?;
    shown.map_err(SpectrumError::Stdout)
}

fn keep(
    output: Option<&OutputDir>,
    arrays: [(Option<OutputFile>, Vec<Vec<f64>>, Precision); 2],
    record: &Record<'_>,
) -> Result<(), SpectrumError> {
    for (file, rows, precision) in arrays {
        let Some(file) = file else { continue };
        let scalar = match precision {
            Precision::F32 => Scalar::F32,
            Precision::F64 => Scalar::F64,
        };
        let columns = rows.first().map_or(0, Vec::len);
        file.write(&npy::to_bytes(scalar, columns, &rows))?;
    }
    if let Some(dir) = output {
        dir.write_json(FILES[0], record)?;
        if let Some(DensityResult { density, .. }) = &record.results.density {
            let svg = curve::svg(&record.target, density, &record.results.pairs);
            dir.write(FILES[1], svg.as_bytes())?;
        }
    }
    Ok(())
}

fn show(stdout: &mut dyn Write, record: &Record<'_>, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, &Summary::of(record))?;
        return writeln!(stdout);
    }
    let Record { settings, results, .. } = record;
    writeln!(stdout, "{}", record.target)?;
    writeln!(stdout, "{}\n", numerics(settings, results))?;
    writeln!(stdout, "{}", pairs(&results.pairs))?;
    for sentence in reach(&results.pairs) {
        writeln!(stdout, "{sentence}")?;
    }
    if let Some(known) = results.known_lowest {
        writeln!(stdout, "the lowest by formula: {known}")?;
    }
    if let Some(TraceResult { trace, standard_error, vectors }) = results.trace {
        let error = small(Some(standard_error));
        let vectors = count(vectors, "random vector", "random vectors");
        writeln!(stdout, "trace: {}, standard error {error} over {vectors}", significant(trace))?;
    }
    if let Some(density) = &results.density {
        let share = |of: &Share| format!("{:.2e} ± {}", of.share, small(Some(of.standard_error)));
        let (negative, positive) = (share(&density.negative), share(&density.positive));
        let flat = density.flat;
        writeln!(
            stdout,
            "share of eigenvalues below -{flat:.2e}: {negative}; above {flat:.2e}: {positive}"
        )?;
    }
    writeln!(stdout, "{}", cost(settings, results))?;
    for sentence in &results.advice {
        writeln!(stdout, "{sentence}")?;
    }
    stdout.flush()
}

/// "31 products, 35 gradients, each of 4 batches; 1.8 s"
fn cost(settings: &Settings, results: &Results) -> String {
    let mut cost = count(results.products, "product", "products");
    if settings.rule.is_some() {
        let of = results.batches.filter(|batches| *batches > 1);
        let of = of.map_or_else(String::new, |batches| format!(", each of {batches} batches"));
        cost += &format!(", {}{of}", count(results.gradients, "gradient", "gradients"));
    }
    cost + &format!("; {:.1} s", results.seconds)
}

/// "804224 dimensions in f64, loss 2.0841, gradient norm 5.753e-1; forward differences of length 3.3e-8; seed 1"
fn numerics(settings: &Settings, results: &Results) -> String {
    let precision = match settings.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    let mut line =
        format!("{} in {precision}", count(results.dimension as u64, "dimension", "dimensions"));
    if let (Some(loss), Some(norm)) = (results.loss, results.gradient_norm) {
        line += &format!(", loss {loss:.4}, gradient norm {norm:.3e}");
    }
    if let (Some(rule), Some(length)) = (settings.rule, results.length) {
        let rule = format!("{rule:?}").to_lowercase();
        line += &format!("; {rule} differences of length {length:.1e}");
    }
    line + &format!("; seed {}", settings.seed)
}

fn pairs(pairs: &[Pair]) -> String {
    let header =
        ["pair", "eigenvalue", "residual", "secant error", "gap", "standard error", "status"];
    let mut header = header.map(str::to_owned).to_vec();
    let fresh = pairs.iter().any(|pair| pair.fresh.is_some());
    if fresh {
        header.insert(6, "on fresh batches".to_owned());
    }
    let mut rows = vec![header];
    rows.extend(pairs.iter().map(|pair| {
        let mut row = vec![
            format!("{} {}", pair.end, pair.index),
            significant(pair.eigenvalue),
            small(Some(pair.residual)),
            small(Some(pair.secant_error)),
            small(pair.gap),
            small(pair.standard_error),
            pair.status.to_owned(),
        ];
        if fresh {
            let curvature = pair.fresh.map_or_else(|| "–".to_owned(), |c| format!("{c:.4}"));
            let error = pair.fresh_error.map_or_else(String::new, |e| format!(" ± {e:.1e}"));
            row.insert(6, curvature + &error);
        }
        row
    }));
    table::align(&rows)
}

/// "complete: no other eigenvalue below 0.4142", for each end whose list was confirmed.
fn reach(pairs: &[Pair]) -> impl Iterator<Item = String> {
    [("lowest", "below"), ("highest", "above")].into_iter().filter_map(|(end, side)| {
        let value = pairs.iter().find(|pair| pair.end == end)?.complete_to?;
        Some(format!("complete: no other eigenvalue {side} {}", significant(value)))
    })
}

/// An error: two digits, or a dash where it isn't known.
fn small(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite()) {
        Some(value) => format!("{value:.1e}"),
        None => "–".to_owned(),
    }
}

/// Seven significant digits, in plain notation where that is short; a dash where it isn't known.
fn significant(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let exponent = value.abs().log10().floor();
    if value == 0.0 || (-4.0..7.0).contains(&exponent) {
        let digits = if value == 0.0 { 6.0 } else { (6.0 - exponent).max(0.0) };
        format!("{value:.*}", digits as usize)
    } else {
        format!("{value:.6e}")
    }
}

/// "1 batch", "8 batches".
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A file that can be written.
fn array_file(option: &'static str, path: &Path) -> Result<OutputFile, SpectrumError> {
    if path.file_name().is_none() {
        let wanted = "the name of a file to be written";
        return Err(SettingError::new(option, path.display(), wanted).into());
    }
    Ok(OutputFile::create(path)?)
}

/// A spinner on standard error, invisible where that isn't a terminal.
struct Progress(ProgressBar, Heartbeat);

impl Watch for Progress {
    fn see(&mut self, what: &str, products: u64) {
        let message = || format!("{}, {what}", count(products, "product", "products"));
        self.0.set_message(message());
        self.1.beat(message);
        self.0.tick();
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn numbers_keep_seven_digits() {
        for (value, text) in [
            (-750.8626628412, "-750.8627"),
            (1.0, "1.000000"),
            (0.0, "0.000000"),
            (-0.00012345678, "-0.0001234568"),
            (1.23456789e-9, "1.234568e-9"),
            (12_345_678.9, "1.234568e7"),
        ] {
            assert_eq!(significant(value), text);
        }
    }
}
