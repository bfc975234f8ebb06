//! From arguments to a table or JSON, and files.

use super::choices::Precision;
use super::error::SpectrumError;
use super::options::SpectrumArgs;
use super::results::{Pair, Record, Results, Summary};
use super::search::{Found, Watch, search};
use super::settings::Settings;
use super::target::Target;
use crate::npy::{self, Scalar};
use crate::output::OutputDir;
use crate::table;
use deo_core::Estimate;
use indicatif::ProgressBar;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILES: [&str; 1] = ["record.json"];

/// Runs `deo spectrum` and writes its results to `stdout`.
///
/// # Errors
///
/// [`SpectrumError`], with a message of one line and an exit code.
pub fn execute(args: &SpectrumArgs, stdout: &mut dyn Write) -> Result<(), SpectrumError> {
    let settings = Settings::resolve(args)?;
    let target = Target::load(&settings)?;
    let output = args.out.as_deref().map(|dir| OutputDir::create(dir, &FILES)).transpose()?;
    let vectors = args.vectors.as_deref().map(VectorFile::create).transpose()?;
    let threads = settings.threads;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|reason| SpectrumError::Threads { threads, reason })?;

    let mut progress = Progress::new();
    // The whole search runs inside the pool: a call from outside would be handed over, kernel by kernel.
    let found = pool.install(|| match settings.precision {
        Precision::F32 => search::<f32>(&target, &settings, &mut progress),
        Precision::F64 => search::<f64>(&target, &settings, &mut progress),
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
    let kept = keep(output.as_ref(), vectors.as_ref(), &record, &rows);
    let shown = show(stdout, &record, args.json);
    kept?;
    shown.map_err(SpectrumError::Stdout)
}

fn keep(
    output: Option<&OutputDir>,
    vectors: Option<&VectorFile>,
    record: &Record<'_>,
    rows: &[Vec<f64>],
) -> Result<(), SpectrumError> {
    if let Some(file) = vectors {
        let scalar = match record.settings.precision {
            Precision::F32 => Scalar::F32,
            Precision::F64 => Scalar::F64,
        };
        let bytes = npy::to_bytes(scalar, record.results.dimension, rows);
        file.dir.write(&file.name, &bytes)?;
    }
    if let Some(dir) = output {
        dir.write_json(FILES[0], record)?;
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
    if let Some(known) = results.known_lowest {
        writeln!(stdout, "the lowest by formula: {known}")?;
    }
    let mut cost = count(results.products, "product", "products");
    if settings.rule.is_some() {
        let of = results.batches.filter(|batches| *batches > 1);
        let of = of.map_or_else(String::new, |batches| format!(", each of {batches} batches"));
        cost += &format!(", {}{of}", count(results.gradients, "gradient", "gradients"));
    }
    writeln!(stdout, "{cost}; {:.1} s", results.seconds)?;
    for sentence in &results.advice {
        writeln!(stdout, "{sentence}")?;
    }
    stdout.flush()
}

/// "804096 parameters in f32, loss 4.19, |gradient| 0.83; forward differences; seed 1"
fn numerics(settings: &Settings, results: &Results) -> String {
    let precision = match settings.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    let mut line = format!("{} in {precision}", count(results.dimension as u64, "dimension", "dimensions"));
    if let (Some(loss), Some(norm)) = (results.loss, results.gradient_norm) {
        line += &format!(", loss {loss:.4}, gradient norm {norm:.3e}");
    }
    if let Some(rule) = settings.rule {
        line += &format!("; {} differences", format!("{rule:?}").to_lowercase());
    }
    line + &format!("; seed {}", settings.seed)
}

fn pairs(pairs: &[Pair]) -> String {
    let header =
        ["pair", "eigenvalue", "residual", "secant error", "gap", "standard error", "status"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let small = |value: Option<f64>| match value.filter(|value| value.is_finite()) {
        Some(value) => format!("{value:.1e}"),
        None => "–".to_owned(),
    };
    rows.extend(pairs.iter().map(|pair| {
        vec![
            format!("{} {}", pair.end, pair.index),
            if pair.eigenvalue.is_nan() { "–".to_owned() } else { significant(pair.eigenvalue) },
            small(Some(pair.residual)),
            small(Some(pair.secant_error)),
            small(pair.gap),
            small(pair.standard_error),
            pair.status.to_owned(),
        ]
    }));
    table::align(&rows)
}

/// Seven significant digits, in plain notation where that is short.
fn significant(value: f64) -> String {
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

/// A file that can be written: its directory was tried.
struct VectorFile {
    dir: OutputDir,
    name: String,
}

impl VectorFile {
    fn create(path: &Path) -> Result<Self, SpectrumError> {
        let name = path.file_name().and_then(OsStr::to_str);
        let wanted = "the name of a file to be written";
        let name = name.ok_or_else(|| SpectrumError::setting("vectors", path.display(), wanted))?;
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let parent = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
        Ok(VectorFile { dir: OutputDir::create(&parent, &[name])?, name: name.to_owned() })
    }
}

/// A spinner on standard error, invisible where that isn't a terminal.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Self {
        Progress(ProgressBar::new_spinner())
    }
}

impl Watch for Progress {
    fn product(&mut self, products: u64, first: &Estimate) {
        let products = count(products, "product", "products");
        let Estimate { curvature, residual, .. } = first;
        self.0.set_message(format!("{products}, eigenvalue {curvature:.4e}, residual {residual:.1e}"));
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
