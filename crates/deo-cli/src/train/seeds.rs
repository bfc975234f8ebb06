//! `deo train --seeds N`: the same training from N seeds, and whether the difference between its runs is beyond noise.
//!
//! Problem: two final losses of one seed differ even where nothing was gained, so one number proves nothing. The runs of a
//! seed share weights and batches, so what counts is the difference within each seed: its mean, its standard error over the
//! seeds, and Student's t for so few.

use super::error::TrainError;
use super::execute::{Ended, pool, stopped, train};
use super::experiment::Experiment;
use super::record::RunSummary;
use super::report::Report;
use super::resume::Training;
use super::settings::Settings;
use crate::table::align;
use deo_core::statistics::student_t;
use deo_models::data::Corpus;
use serde_json::json;
use std::io::{self, Write};

/// Trains from `settings.seed` and the `seeds` − 1 after it, and shows means and spreads.
///
/// # Errors
///
/// The [`TrainError`] of the first training that fails or is stopped: nothing is kept.
pub(super) fn execute(
    settings: &Settings,
    corpus: &Corpus,
    seeds: u64,
    json: bool,
    stdout: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<(), TrainError> {
    let pool = pool(settings.threads)?;
    let mut all: Vec<Vec<RunSummary>> = vec![];
    for index in 0..seeds {
        let settings = Settings { seed: settings.seed.wrapping_add(index), ..settings.clone() };
        let experiment = Experiment::new(&settings, corpus)?;
        let report = Report { experiment: &experiment, pool: &pool, home: None, json };
        match train(&report, Training::new(&settings, corpus), None)? {
            Ended::Finished(session) => {
                all.push(
                    session.training.finished.iter().map(|run| run.record().summary).collect(),
                );
            }
            Ended::Stopped(stop) => return stopped(&stop, None, notes),
        }
    }
    show(stdout, settings, &all, json).map_err(TrainError::Stdout)
}

/// A mean over the seeds, and the standard deviation between them.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    mean: f64,
    deviation: f64,
    count: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { f64::NAN };
        Spread { mean, deviation, count }
    }

    /// The standard error of the mean.
    fn error(self) -> f64 {
        self.deviation / (self.count as f64).sqrt()
    }

    /// Zero lies outside of the mean's 95 % interval.
    fn is_beyond_noise(self) -> bool {
        self.mean.abs() > student_t(2.0, self.count as u64) * self.error()
    }
}

/// The losses of the run in that place, one for each seed.
fn of(all: &[Vec<RunSummary>], run: usize, loss: impl Fn(&RunSummary) -> f64) -> Vec<f64> {
    all.iter().filter_map(|runs| runs.get(run)).map(loss).collect()
}

/// The difference of the validation loss within each seed, of the second run from the first; none with one run.
fn difference(all: &[Vec<RunSummary>]) -> Option<Spread> {
    let [alone, helped] = [0, 1].map(|run| of(all, run, |run| run.val_loss));
    let differences: Vec<f64> = helped.iter().zip(&alone).map(|(h, a)| h - a).collect();
    (!differences.is_empty()).then(|| Spread::of(&differences))
}

/// What the seeds say, in a sentence.
fn sentence(difference: Spread) -> String {
    let Spread { mean, count, .. } = difference;
    let verdict = match (difference.is_beyond_noise(), mean < 0.0) {
        (false, _) => "no difference beyond noise",
        (true, true) => "DEO is better beyond noise",
        (true, false) => "DEO is worse beyond noise",
    };
    let sign = if mean < 0.0 { "−" } else { "+" };
    format!(
        "validation loss with DEO less that without, within each seed: {sign}{:.4} ± {:.4} (mean and standard error of {count} \
         seeds): {verdict}",
        mean.abs(),
        difference.error()
    )
}

fn show(
    stdout: &mut dyn Write,
    settings: &Settings,
    all: &[Vec<RunSummary>],
    json: bool,
) -> io::Result<()> {
    let seeds: Vec<u64> = (0..all.len() as u64).map(|i| settings.seed.wrapping_add(i)).collect();
    let difference = difference(all);
    if json {
        let spread = difference.map(|d| {
            json!({
                "mean": d.mean, "standard_error": d.error(), "seeds": d.count,
                "beyond_noise": d.is_beyond_noise(),
            })
        });
        let object = json!({
            "command": "train", "preset": settings.preset, "seeds": seeds, "trainings": all,
            "val_loss_difference": spread,
        });
        return writeln!(stdout, "{object}");
    }
    let header = ["run", "train loss", "val. loss", "gradients", "losses", "rotations", "kicks"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (place, run) in all.first().into_iter().flatten().enumerate() {
        let loss = |of_run: fn(&RunSummary) -> f64| {
            let Spread { mean, deviation, .. } = Spread::of(&of(all, place, of_run));
            format!("{mean:.4} ± {deviation:.4}")
        };
        let mean = |of_run: fn(&RunSummary) -> f64| {
            format!("{:.1}", Spread::of(&of(all, place, of_run)).mean)
        };
        rows.push(vec![
            run.name.clone(),
            loss(|run| run.train_loss),
            loss(|run| run.val_loss),
            mean(|run| run.gradients as f64),
            mean(|run| run.losses as f64),
            mean(|run| run.rotations as f64),
            mean(|run| run.kicks as f64),
        ]);
    }
    writeln!(
        stdout,
        "means over the seeds {} to {}, ± their standard deviation\n",
        seeds[0],
        seeds[seeds.len() - 1]
    )?;
    writeln!(stdout, "{}", align(&rows))?;
    if let Some(difference) = difference {
        writeln!(stdout, "{}", sentence(difference))?;
    }
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_from_a_difference_by_students_t() {
        // Mean −1, deviation 1: the standard error of four is ½, and t of three degrees of freedom at 95 % 3.18, of which
        // `student_t(2, 4)` = 3.31 is the value for two normal deviations.
        let spread = Spread::of(&[-2.0, -1.0, -1.0, 0.0]);
        assert_eq!(spread.mean, -1.0);
        assert!((spread.deviation - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(!spread.is_beyond_noise(), "1 < 3.31 · 0.408");
        let clear = Spread::of(&[-1.1, -1.0, -1.0, -0.9]);
        assert!(clear.is_beyond_noise());
        assert!(sentence(clear).ends_with("DEO is better beyond noise"), "{}", sentence(clear));
        assert!(sentence(spread).contains("−1.0000 ± 0.4082"), "{}", sentence(spread));
        assert!(!Spread::of(&[5.0]).is_beyond_noise(), "one seed is no result");
    }
}
