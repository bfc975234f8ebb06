//! From a checkpoint to the training that goes on.
//!
//! Problem: a resumed training must be the one that was stopped, or be refused. What decides its numbers comes from the
//! checkpoint; an option given beside `--resume` must agree with it, unless it changes no number of the training; the
//! text must be the same; and this program must make the same settings of the same options.

mod error;
mod fingerprint;

pub use error::ResumeError;

use super::error::TrainError;
use super::experiment::Experiment;
use super::finished::Finished;
use super::options::Options;
use super::run::RunState;
use super::save::{KIND, has_checkpoints};
use super::settings::Settings;
use crate::output::{CHECKPOINTS, RECORD, inside};
use deo_models::checkpoint::Store;
use deo_models::data::Corpus;
use fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What a checkpoint holds besides the run in progress.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Training {
    version: String,
    /// Every one that decides a number, spelt out.
    options: Options,
    /// What the program made of them, as JSON.
    settings: String,
    text: Fingerprint,
    /// Bytes of the file of metrics.
    pub(super) metrics: u64,
    /// The runs before this one.
    pub(super) finished: Vec<Finished>,
}

impl Training {
    pub(super) fn new(settings: &Settings, corpus: &Corpus) -> Self {
        Training {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            options: settings.options(),
            settings: json(settings),
            text: Fingerprint::of(corpus),
            metrics: 0,
            finished: vec![],
        }
    }

    /// The steps of the runs before this one.
    pub(super) fn steps(&self) -> u64 {
        // Saturating, since a checkpoint can say anything.
        self.finished.iter().map(Finished::steps).fold(0, u64::saturating_add)
    }
}

/// A checkpoint that was found.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) training: Training,
    pub(super) run: RunState,
    /// One line for each newer checkpoint that couldn't be used.
    pub(super) damaged: Vec<String>,
}

/// Where the checkpoints of a training lie.
pub(super) fn checkpoints(dir: &Path) -> PathBuf {
    dir.join(CHECKPOINTS)
}

/// The newest whole checkpoint of the training in `dir`.
///
/// # Errors
///
/// [`TrainError::Resume`] if there is none, [`TrainError::Checkpoint`] if none is whole.
pub(super) fn load(dir: &Path) -> Result<Loaded, TrainError> {
    let store = Store::new(&checkpoints(dir), KIND);
    let found = store.latest::<(Training, RunState)>().map_err(TrainError::Checkpoint)?;
    let found = found.ok_or_else(|| none_in(dir))?;
    let (training, run) = found.value;
    let damaged = found.damaged.iter().map(|(_, error)| error.to_string()).collect();
    Ok(Loaded { number: found.number, path: found.path, training, run, damaged })
}

/// Why there is nothing to go on with in `dir`: there may be in what `--seeds` has left there.
fn none_in(dir: &Path) -> ResumeError {
    let inside = inside(dir, |dir| has_checkpoints(&checkpoints(dir)));
    let dir = dir.to_owned();
    if inside.is_empty() {
        ResumeError::NoCheckpoint { dir }
    } else {
        ResumeError::Inside { dir, inside }
    }
}

/// Whether the training in `dir` came to its end: there is nothing to go on with, and its record says so.
pub(super) fn is_finished(dir: &Path) -> bool {
    if has_checkpoints(&checkpoints(dir)) {
        return false;
    }
    let record = fs::read(dir.join(RECORD)).ok();
    let record = record.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    record.is_some_and(|record| record["command"] == "train" && record["failure"].is_null())
}

/// Removes the directory of the checkpoints, which a training that is finished has no use for: killed at its very end, it
/// left that.
pub(super) fn clear_up(dir: &Path) {
    // What stays costs room only.
    let _ = fs::remove_dir_all(checkpoints(dir));
}

impl Loaded {
    /// The settings to go on with, given what was asked for beside `--resume`.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Changed`], [`ResumeError::Program`].
    pub(super) fn settings(&mut self, dir: &Path, asked: Options) -> Result<Settings, TrainError> {
        let Training { options: kept, settings, version, .. } = &self.training;
        let same = Settings::resolve(kept.clone(), &Options::default())?;
        if json(&same) != *settings {
            return Err(ResumeError::Program { version: version.clone() }.into());
        }
        agree(kept, &asked)?;
        if let Some(out) = asked.out.filter(|out| out != dir) {
            let [old, new] = [dir, &out].map(|path| path.display().to_string());
            return Err(ResumeError::Changed { name: "out".to_owned(), old, new }.into());
        }
        let options = Options {
            threads: asked.threads.or(kept.threads),
            sample: asked.sample.or(kept.sample),
            recompute: asked.recompute.or(kept.recompute),
            save_every: asked.save_every.or(kept.save_every),
            text: asked.text.or_else(|| kept.text.clone()),
            ..kept.clone()
        };
        let settings = Settings::resolve(options, &Options::default())?;
        self.training.options = settings.options();
        self.training.settings = json(&settings);
        Ok(settings)
    }

    /// Checks that this is a state of one of the experiment's runs, on the same text.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Text`], [`ResumeError::Inconsistent`].
    pub(super) fn check(
        &self,
        experiment: &Experiment<'_>,
        corpus: &Corpus,
    ) -> Result<(), ResumeError> {
        let (here, there) = (Fingerprint::of(corpus), self.training.text);
        if here != there {
            let text = experiment.text().source;
            return Err(ResumeError::Text { text, here: here.characters, there: there.characters });
        }
        let turn = experiment.runs().get(self.training.finished.len());
        let parameters = experiment.layout().len();
        let before = self.training.finished.iter().all(|run| run.parameters.len() == parameters);
        let number = self.training.steps().checked_add(self.run.steps());
        let fits = turn == Some(&self.run.helped()) && before && number == Some(self.number);
        if fits && experiment.fits(&self.run) {
            Ok(())
        } else {
            Err(ResumeError::Inconsistent { path: self.path.clone() })
        }
    }
}

/// Options that change no number of a training.
const FREE: [&str; 4] = ["threads", "sample", "recompute", "save-every"];

/// Whether what is asked for is what was decided, option by option.
fn agree(kept: &Options, asked: &Options) -> Result<(), ResumeError> {
    let [kept, asked] = [kept, asked].map(|options| {
        // The text is known by its content; the directory is the one of the checkpoint.
        let options = Options { text: None, out: None, ..options.clone() };
        serde_json::to_value(options).expect("a struct of numbers and names")
    });
    for (name, new) in asked.as_object().into_iter().flatten() {
        let old = &kept[name];
        if !new.is_null() && new != old && !FREE.contains(&name.as_str()) {
            let say = |value: &Value| match value {
                Value::Null => "not used".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return Err(ResumeError::Changed { name: name.clone(), old: say(old), new: say(new) });
        }
    }
    Ok(())
}

fn json(settings: &Settings) -> String {
    serde_json::to_string(settings).expect("settings have string keys only, their path is UTF-8")
}
