//! A machine in a file, and back: with burn's records of the module and the optimizer, a run goes on as if it had never stopped.
//!
//! Problem: after a restart a run is to take the same decisions with the same bits. The file is burn's own format, burnpack, as
//! those of its records are, and written as they are: beside its name, synced and renamed.
//!
//! | in the file | what |
//! |---|---|
//! | tensors `NAME.I` | the vectors of the machine, one tensor for each trainable parameter: `axis.I` is the axis |
//! | metadata `deo` | the rest, as JSON: settings, counts, the accounts, what the next batch is to say |
//!
//! A file is compared with this machine before anything is changed.

mod error;

pub use error::StateError;

use crate::space::{Flat, Tensors};
use crate::{ModuleDeo, ModuleError};
use burn::tensor::{Tensor, TensorData};
use burn_pack::{Reader, Writer};
use deo_core::{Deo, DeoSettings, space::Host};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;

/// The version of the format; another number for each change.
const VERSION: u32 = 1;

/// What isn't a tensor. The machine's vectors are left empty here.
#[derive(Serialize, Deserialize)]
struct Rest {
    version: u32,
    settings: DeoSettings,
    lengths: Vec<usize>,
    warmup: u64,
    deo: Deo<Host<f64>>,
}

/// As much as any version has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl ModuleDeo {
    /// Saves this machine in a burnpack file, whole or not at all, beside the records of the module and the optimizer.
    ///
    /// Save all three between the same two steps. As burn's records do, a name without an extension gets `.bpk`.
    ///
    /// # Errors
    ///
    /// A [`StateError`]: why the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), StateError> {
        let mut tensors = vec![];
        let Ok(deo) = self.deo.clone().map_vectors::<_, Infallible>(|name, vector: Vec<Flat>| {
            for (i, x) in vector.into_iter().enumerate() {
                let (bytes, shape, dtype) = x.into_data().into_parts();
                tensors.push(burn_pack::Tensor::new(
                    format!("{name}.{i}"),
                    dtype,
                    shape,
                    None,
                    bytes,
                ));
            }
            Ok(vec![])
        });
        let (settings, lengths, warmup) = (self.settings, self.lengths.clone(), self.warmup);
        let rest = Rest { version: VERSION, settings, lengths, warmup, deo };
        let text = serde_json::to_string(&rest).map_err(StateError::NotSaved)?;
        // JSON has no infinity: a state with one would be noticed when it is too late.
        serde_json::from_str::<Rest>(&text).map_err(StateError::NotSaved)?;
        let written = Writer::new(tensors).with_metadata("deo", &text).write_to_file(&path);
        written.map_err(|source| StateError::Write { path: path.as_ref().to_owned(), source })
    }

    /// Goes on from a file that [`save`](Self::save) wrote.
    ///
    /// This machine must be made like the one that was saved: for a module with the same parameters, with the same settings.
    /// With the module and the optimizer loaded from their records, the next steps have the same bits.
    ///
    /// The [reduction](Self::with_reduction) stays as it is here.
    ///
    /// # Errors
    ///
    /// A [`StateError`] that names what doesn't fit, and what would.
    ///
    /// # Examples
    ///
    /// ```
    /// use burn::nn::LinearConfig;
    /// use burn::tensor::Device;
    /// use deo_burn::{ModuleDeo, deo_core::DeoSettings};
    ///
    /// let model = LinearConfig::new(3, 2).init(&Device::default().autodiff());
    /// let file = std::env::temp_dir().join(format!("deo-burn-{}.bpk", std::process::id()));
    /// ModuleDeo::new(&model, DeoSettings::default())?.save(&file)?;
    ///
    /// let other = DeoSettings { seed: 3, ..DeoSettings::default() };
    /// let error = ModuleDeo::new(&model, other)?.load(&file).unwrap_err();
    /// assert!(error.to_string().contains("saved with seed = 0; this machine has 3"));
    /// let _deo = ModuleDeo::new(&model, DeoSettings::default())?.load(&file)?;
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(self, path: impl AsRef<Path>) -> Result<Self, StateError> {
        let path = path.as_ref().to_owned();
        let (mut tensors, rest) = read(&path)?;
        if let Some((field, [here, file])) = self.settings.difference(&rest.settings) {
            return Err(StateError::Settings { path, field, file, here });
        }
        if rest.lengths != self.lengths {
            let (state, module) = (rest.lengths, self.lengths);
            return Err(StateError::Module {
                path,
                source: ModuleError::OtherModule { state, module },
            });
        }
        let like = self.deo.axis();
        let deo = rest.deo.map_vectors::<Tensors, _>(|name, _| {
            let named = like.iter().enumerate().map(|(i, like)| (format!("{name}.{i}"), like));
            named.map(|(name, like)| take(&mut tensors, &path, name, like)).collect()
        })?;
        let same_shapes = |x: &Vec<Flat>, y: &Vec<Flat>| {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| is_like(x, y))
        };
        if !deo.continues(&self.deo, same_shapes) {
            return Err(StateError::Unfit { path });
        }
        Ok(ModuleDeo { deo, warmup: rest.warmup, ..self })
    }
}

fn is_like(x: &Flat, y: &Flat) -> bool {
    x.shape() == y.shape() && x.dtype() == y.dtype()
}

/// All tensors by their names, and the rest.
fn read(path: &Path) -> Result<(HashMap<String, TensorData>, Rest), StateError> {
    let failed = |source| StateError::Read { path: path.to_owned(), source };
    let reader = Reader::from_file(path).map_err(failed)?;
    let Some(text) = reader.metadata().get("deo").cloned() else {
        return Err(StateError::Foreign { path: path.to_owned() });
    };
    let rest = serde_json::from_str(&text).and_then(|Version { version }| match version {
        VERSION => serde_json::from_str(&text).map(Ok),
        version => Ok(Err(StateError::Version { path: path.to_owned(), version })),
    });
    let rest = rest.map_err(|source| StateError::Rest { path: path.to_owned(), source })??;
    let mut tensors = HashMap::new();
    for tensor in reader.into_tensors().map_err(failed)? {
        let (name, dtype, shape, _, bytes) = tensor.into_parts().map_err(failed)?;
        tensors.insert(name, TensorData::from_bytes(bytes, shape, dtype));
    }
    Ok((tensors, rest))
}

/// The tensor of this name, which must be one like `like`, on the device of that.
fn take(
    tensors: &mut HashMap<String, TensorData>,
    path: &Path,
    name: String,
    like: &Flat,
) -> Result<Flat, StateError> {
    let path = || path.to_owned();
    let wanted = format!("{:?} {:?}", like.dtype(), like.shape().to_vec());
    let Some(data) = tensors.remove(&name) else {
        return Err(StateError::Missing { path: path(), name, wanted });
    };
    let found = format!("{:?} {:?}", data.dtype(), data.shape().to_vec());
    if found != wanted {
        return Err(StateError::Tensor { path: path(), name, found, wanted });
    }
    Ok(Tensor::from_data(data, (&like.device(), like.dtype())))
}
