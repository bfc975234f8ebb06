//! A run in a file, and back: it goes on as if it had never stopped.
//!
//! Problem: after a restart a run is to take the same decisions with the same bits. So one file holds all that a later step
//! depends on, and no part of it can be of another step than the rest. It is a safetensors file, for other programs to read:
//!
//! | in the file | what |
//! |---|---|
//! | tensors `parameter.I` | what the `Var`s hold, in their order |
//! | tensors `deo.NAME.I` | the vectors of the machine: `deo.axis.I` is the axis |
//! | tensors `optimizer.NAME` | what [`Resumable::state`] tells |
//! | metadata `deo` | the rest, as JSON: settings, counts, the accounts, what the next batch is to say |
//!
//! It is written beside its name, synced and renamed, so that the name is never that of half a file. It is read whole and compared
//! with this run before anything is changed.

mod contents;

use crate::{Error, Resumable, StateError, Tensors, WithDeo};
use candle_core::Tensor;
use contents::Contents;
use deo_core::{Deo, DeoSettings, space::Host};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The version of the format; another number for each change.
const VERSION: u32 = 1;

/// What isn't a tensor. The machine's vectors are left empty here.
#[derive(Serialize, Deserialize)]
struct Rest {
    version: u32,
    settings: DeoSettings,
    warmup: u64,
    learning_rate: f64,
    deo: Deo<Host<f64>>,
}

impl<O: Resumable> WithDeo<O> {
    /// Saves this run, its `Var`s and its optimizer in a safetensors file, whole or not at all.
    ///
    /// Save between two steps. What the closures draw from, such as the order of batches, is yours to save.
    ///
    /// # Errors
    ///
    /// [`Error::State`] with the reason why the file can't be written, or what candle reports.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let mut tensors = Vec::new();
        for (i, var) in self.parameters.vars().iter().enumerate() {
            tensors.push((format!("parameter.{i}"), var.as_detached_tensor()));
        }
        for (name, tensor) in self.optimizer.state()? {
            tensors.push((format!("optimizer.{name}"), tensor));
        }
        let Ok(deo) = self.deo.clone().map_vectors::<_, Infallible>(|name, vector| {
            let named = |(i, x)| (format!("deo.{name}.{i}"), x);
            tensors.extend(vector.into_iter().enumerate().map(named));
            Ok(vec![])
        });
        let learning_rate = self.optimizer.learning_rate();
        let (settings, warmup) = (self.settings, self.warmup);
        let rest = Rest { version: VERSION, settings, warmup, learning_rate, deo };
        Ok(write(path.as_ref(), tensors, &rest)?)
    }

    /// Goes on from a file that [`save`](Self::save) wrote: sets the `Var`s, the optimizer's state and learning rate, and all that
    /// DEO knew. Call it on a run made like the one that was saved: the `Var`s in the same order, the same optimizer, the same
    /// settings. The next steps then have the same bits.
    ///
    /// # Errors
    ///
    /// [`Error::State`] names what doesn't fit, and what would. Nothing is changed then.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        let (mut file, rest) = Contents::read(path.as_ref())?;
        if let Some((field, [here, there])) = self.settings.difference(&rest.settings) {
            return Err(file.other_settings(field, there, here).into());
        }
        let vars = self.parameters.vars();
        file.has_parameters(vars.len())?;
        let numbered = vars.iter().enumerate();
        let values = numbered.map(|(i, var)| file.take(&format!("parameter.{i}"), var));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let mut optimizer = HashMap::new();
        for (name, like) in self.optimizer.state()? {
            let tensor = file.take(&format!("optimizer.{name}"), &like)?;
            optimizer.insert(name, tensor);
        }
        let like = self.deo.axis();
        let deo: Deo<Tensors> = rest.deo.map_vectors(|name, _| {
            let numbered = like.iter().enumerate();
            numbered.map(|(i, like)| file.take(&format!("deo.{name}.{i}"), like)).collect()
        })?;
        file.is_used_up()?;
        if !deo.continues(&self.deo, |here, there| same_shapes(here, there)) {
            return Err(file.is_unfit().into());
        }
        self.optimizer.resume(&optimizer)?;
        self.optimizer.set_learning_rate(rest.learning_rate);
        vars.iter().zip(&values).try_for_each(|(var, value)| var.set(value))?;
        (self.deo, self.warmup) = (deo, rest.warmup);
        Ok(())
    }
}

fn same_shapes(x: &[Tensor], y: &[Tensor]) -> bool {
    let same = |(x, y): (&Tensor, &Tensor)| x.shape() == y.shape() && x.dtype() == y.dtype();
    x.len() == y.len() && x.iter().zip(y).all(same)
}

fn write(path: &Path, tensors: Vec<(String, Tensor)>, rest: &Rest) -> Result<(), StateError> {
    let text = serde_json::to_string(rest).map_err(StateError::NotSaved)?;
    // JSON has no infinity: a state with one would be noticed when it is too late.
    serde_json::from_str::<Rest>(&text).map_err(StateError::NotSaved)?;
    let metadata = HashMap::from([("deo".to_owned(), text)]);
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = safetensors::serialize_to_file(tensors, Some(metadata), &partial)
        .map_err(io::Error::other)
        .and_then(|()| File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, path))
        .and_then(|()| sync_directory(path));
    written.map_err(|source| {
        let _ = fs::remove_file(&partial); // the reason is the error to report
        StateError::Write { path: path.to_owned(), source }
    })
}

/// A new name outlasts a power failure only when its directory is on the disk.
fn sync_directory(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // elsewhere a directory can't be opened
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
