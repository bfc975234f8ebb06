//! `deo train --seeds N`: the same training from N seeds, and whether the difference between its runs is beyond noise.
//!
//! Problem: two final losses of one seed differ even where nothing was gained, so one number proves nothing. The runs of a
//! seed share weights and batches, so what counts is the difference within each seed: its mean, its standard error over the
//! seeds, and Student's t for so few.

use super::error::TrainError;
use super::execute::{Ended, corpus, note, pool, stopped, train};
use super::experiment::Experiment;
use super::home::RunDirectory;
use super::options::Options;
use super::record::RunSummary;
use super::report::{Report, files};
use super::resume::Training;
use super::settings::Settings;
use crate::spread::Spread;
use crate::table::align;
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;

/// Trains from the options' seed and the `seeds` − 1 after it, and shows means and spreads.
///
/// # Errors
///
/// The [`TrainError`] of the first training that fails or is stopped; with --out the seeds before it are kept, and its own
/// checkpoint.
pub(super) fn execute(
    options: &Options,
    given: &Options,
    seeds: u64,
    json: bool,
    stdout: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<(), TrainError> {
    let first = Settings::resolve(options.clone(), given)?;
    let (corpus, pool) = (corpus(&first)?, pool(first.threads)?);
    let mut all: Vec<Vec<RunSummary>> = vec![];
    for index in 0..seeds {
        let seed = first.seed.wrapping_add(index);
        // Resolved anew: DEO's axes follow the seed, too.
        let settings = Settings::resolve(Options { seed: Some(seed), ..options.clone() }, given)?;
        let experiment = Experiment::new(&settings, &corpus)?;
        let place = options.out.as_ref().map(|out| out.join(format!("seed-{seed}")));
        let home = place.map(|dir| RunDirectory::new(dir).occupy(files(&settings), false));
        let home = home.transpose()?;
        let report = Report { experiment: &experiment, pool: &pool, home: home.as_ref(), json };
        match train(&report, Training::new(&settings, &corpus), None)? {
            Ended::Finished(session) => {
                let runs = session.training.finished.iter();
                all.push(runs.map(|run| run.record().summary).collect());
                if home.is_some() {
                    report.leave(*session, notes)?;
                }
            }
            Ended::Stopped(stop) => {
                stopped(&stop, home.as_ref(), notes)?;
                if let Some(out) = &options.out {
                    others(out, seed.wrapping_add(1), seeds - index - 1, notes);
                }
                return Ok(());
            }
        }
    }
    show(stdout, &first, &all, json).map_err(TrainError::Stdout)?;
    if let Some(out) = options.out.as_ref().filter(|_| !json) {
        let (out, last) = (out.display(), first.seed.wrapping_add(seeds - 1));
        writeln!(stdout, "each seed is kept: {out}/seed-{} to {out}/seed-{last}", first.seed)
            .map_err(TrainError::Stdout)?;
    }
    Ok(())
}

/// How the trainings come about that a stop has prevented: `left` of them, from the seed `next` on.
fn others(out: &Path, next: u64, left: u64, notes: &mut dyn Write) {
    let out = out.display();
    match left {
        0 => {}
        // One seed by itself has the directory that it is given.
        1 => note(
            notes,
            format_args!("then the same with --seed {next} --seeds 1 --out {out}/seed-{next}"),
        ),
        _ => note(notes, format_args!("then the same with --seed {next} --seeds {left}")),
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
    let verdict = match (difference.is_beyond_noise(), difference.mean < 0.0) {
        (false, _) => "no difference beyond noise",
        (true, true) => "DEO is better beyond noise",
        (true, false) => "DEO is worse beyond noise",
    };
    format!(
        "validation loss with DEO less that without, within each seed: {} (mean and standard error of {} seeds): {verdict}",
        difference.in_words(),
        difference.count
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
    fn the_sentence_has_the_verdict() {
        let clear = sentence(Spread::of(&[-1.1, -1.0, -1.0, -0.9]));
        assert!(clear.ends_with("DEO is better beyond noise"), "{clear}");
        let noise = sentence(Spread::of(&[-2.0, -1.0, -1.0, 0.0]));
        assert!(
            noise.contains("−1.0000 ± 0.4082") && noise.ends_with("no difference beyond noise")
        );
    }
}
