//! What a file holds, taken out piece by piece, each compared with what this run has.

use super::{Rest, VERSION};
use crate::StateError;
use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The tensors of a file that nobody has taken yet.
pub(super) struct Contents {
    path: PathBuf,
    tensors: HashMap<String, Tensor>,
}

/// As much as any version has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Contents {
    pub(super) fn read(path: &Path) -> Result<(Self, Rest), StateError> {
        let path = path.to_owned();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(StateError::Read { path, source }),
        };
        let header = match SafeTensors::read_metadata(&bytes) {
            Ok((_, header)) => header,
            Err(source) => return Err(StateError::Format { path, source: source.into() }),
        };
        let Some(text) = header.metadata().as_ref().and_then(|metadata| metadata.get("deo")) else {
            return Err(StateError::Foreign { path });
        };
        let rest = match serde_json::from_str(text) {
            Ok(Version { version: VERSION }) => serde_json::from_str::<Rest>(text),
            Ok(Version { version }) => {
                return Err(StateError::Version { path, version, reads: VERSION });
            }
            Err(error) => Err(error),
        };
        let rest = match rest {
            Ok(rest) => rest,
            Err(source) => return Err(StateError::Rest { path, source }),
        };
        match candle_core::safetensors::load_buffer(&bytes, &Device::Cpu) {
            Ok(tensors) => Ok((Contents { path, tensors }, rest)),
            Err(source) => Err(StateError::Format { path, source }),
        }
    }

    /// The tensor of this name, which must be one like `like`, on the device of that.
    pub(super) fn take(&mut self, name: &str, like: &Tensor) -> Result<Tensor, StateError> {
        let path = || self.path.clone();
        let of = |tensor: &Tensor| format!("{:?} {:?}", tensor.dtype(), tensor.dims());
        let Some((name, tensor)) = self.tensors.remove_entry(name) else {
            return Err(StateError::Missing {
                path: path(),
                name: name.to_owned(),
                wanted: of(like),
            });
        };
        if tensor.dtype() != like.dtype() || tensor.shape() != like.shape() {
            let (found, wanted) = (of(&tensor), of(like));
            return Err(StateError::Tensor { path: path(), name, found, wanted });
        }
        tensor
            .to_device(like.device())
            .map_err(|source| StateError::Format { path: path(), source })
    }

    /// It holds as many parameters.
    pub(super) fn has_parameters(&self, wanted: usize) -> Result<(), StateError> {
        let found = self.tensors.keys().filter(|name| name.starts_with("parameter.")).count();
        match found == wanted {
            true => Ok(()),
            false => Err(StateError::Parameters { path: self.path.clone(), found, wanted }),
        }
    }

    /// Nothing is left: what this run has no place for is of another one.
    pub(super) fn is_used_up(&self) -> Result<(), StateError> {
        match self.tensors.keys().min() {
            None => Ok(()),
            Some(name) => Err(StateError::Left { path: self.path.clone(), name: name.clone() }),
        }
    }

    pub(super) fn other_settings(
        &self,
        field: &'static str,
        file: String,
        here: String,
    ) -> StateError {
        StateError::Settings { path: self.path.clone(), field, file, here }
    }

    pub(super) fn is_unfit(&self) -> StateError {
        StateError::Unfit { path: self.path.clone() }
    }
}
