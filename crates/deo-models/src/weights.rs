//! Weights in and out as safetensors, a format that PyTorch reads and writes too.
//!
//! Problem: a curvature can be checked by a second program if that computes it at the same point, so the point must pass
//! from one to the other unchanged. The names and shapes of a [`Layout`] are those of PyTorch's `state_dict`, hence
//!
//! ```python
//! model.load_state_dict(safetensors.torch.load_file("w.safetensors"), strict=False)  # tied tensors are stored once
//! safetensors.torch.save_model(model, "w.safetensors")
//! ```
//!
//! are all that PyTorch's side needs. A file either holds the whole layout and nothing else, or is refused:
//!
//! | in the file | taken as |
//! |---|---|
//! | `f32` for `f32` or `f64`; `f64` for `f64` | bit for bit, or widened exactly |
//! | `f64` for `f32`, half precision, integers | [`WeightsError::WrongType`]: rounding would move the point |
//! | a tensor that the layout lacks | [`WeightsError::Unexpected`]: the file's model has a part that this one lacks |
//! | … but a copy of one that it has | the second name of a tied tensor, skipped |
//! | … but a causal mask `….attn.bias`, its `….attn.masked_bias`, or no elements | no parameter, skipped |
//! | `_orig_mod.` (`torch.compile`) and `module.` (data-parallel wrappers) before a name | the name |
//! | a name in the metadata that stands for another | that other tensor: `save_model` keeps one name of a tied tensor |
//!
//! The format: github.com/huggingface/safetensors.
//!
//! # Examples
//!
//! ```
//! use deo_models::layout::Layout;
//! use deo_models::weights;
//! let mut layout = Layout::new();
//! layout.push("layers.0.weight", &[2, 3]);
//! layout.push("layers.0.bias", &[2]);
//! let params = [0.5_f32, -1.0, 2.0, 0.0, 1.5, 3.0, 0.25, -0.25];
//! let bytes = weights::to_bytes(&layout, &params);
//! assert_eq!(weights::from_bytes::<f32>(&layout, &bytes, "memory")?, params);
//! # Ok::<(), weights::WeightsError>(())
//! ```

mod error;
mod names;

pub use error::WeightsError;

use crate::layout::{Layout, Tensor};
use deo_linalg::Real;
use names::Names;
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes a model's weights.
///
/// The file has its name only when it is whole: it is written as `NAME.partial` and renamed. Where the name is a link,
/// that happens at its target.
///
/// # Errors
///
/// [`WeightsError::Write`], also if the name is that of a pipe or a device; a file that had the name is then still there.
///
/// # Panics
///
/// If `params` is not as long as the layout.
pub fn save<T: Real>(path: &Path, layout: &Layout, params: &[T]) -> Result<(), WeightsError> {
    let bytes = to_bytes(layout, params);
    let failed = |reason| WeightsError::Write { path: path.to_owned(), reason };
    let target = replaceable(path).map_err(failed)?;
    let partial = partial(&target);
    write_synced(&partial, &bytes).and_then(|()| fs::rename(&partial, &target)).map_err(|reason| {
        // What is left of the attempt is of no use; that it can't be removed would be the lesser complaint.
        let _ = fs::remove_file(&partial);
        failed(reason)
    })
}

/// What a rename may replace: the file at that path, where its links end, or one that isn't there yet.
fn replaceable(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"))
        }
        Ok(_) => fs::canonicalize(path),
        // A link to nothing has a target all the same.
        Err(_) => {
            let target = fs::read_link(path);
            Ok(target.map_or_else(|_| path.to_owned(), |to| path.with_file_name("").join(to)))
        }
    }
}

/// Reads a model's weights.
///
/// # Errors
///
/// A [`WeightsError`] that names the file and, where it is one tensor's, the tensor.
pub fn load<T: Real>(path: &Path, layout: &Layout) -> Result<Vec<T>, WeightsError> {
    let bytes = fs::read(path).map_err(|reason| {
        let path = path.to_owned();
        match reason.kind() {
            ErrorKind::NotFound => WeightsError::NoFile { path },
            _ => WeightsError::Unreadable { path, reason },
        }
    })?;
    from_bytes(layout, &bytes, path)
}

/// The content of a file of weights.
///
/// # Panics
///
/// If `params` is not as long as the layout.
pub fn to_bytes<T: Real>(layout: &Layout, params: &[T]) -> Vec<u8> {
    let dtype = dtype::<T>();
    let encoded: Vec<(&Tensor, Vec<u8>)> =
        layout.split(params).map(|(tensor, values)| (tensor, encode(values))).collect();
    let views = encoded.iter().map(|(tensor, bytes)| {
        let view = TensorView::new(dtype, tensor.shape().to_vec(), bytes);
        (tensor.name(), view.expect("a tensor has as many values as its shape says"))
    });
    // Hugging Face's loaders refuse a file that doesn't name its framework.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    serialize(views, Some(metadata)).expect("a layout's tensors are finite in number and size")
}

/// The weights in the content of a file; `path` is only its name in errors.
///
/// # Errors
///
/// As of [`load`].
pub fn from_bytes<T: Real>(
    layout: &Layout,
    bytes: &[u8],
    path: impl AsRef<Path>,
) -> Result<Vec<T>, WeightsError> {
    let path = path.as_ref();
    let refuse = |error| WeightsError::of_format(path, bytes.len(), error);
    let file = SafeTensors::deserialize(bytes).map_err(refuse)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(refuse)?;
    let names = Names::of(&file, header.metadata().as_ref());

    let mut params = vec![T::ZERO; layout.len()];
    let mut used = Vec::with_capacity(layout.tensors().len());
    for (tensor, values) in layout.split_mut(&mut params) {
        let stored = names.stored(tensor.name());
        let found = stored.and_then(|name| Some((name, file.tensor(name).ok()?)));
        let (name, view) = found.ok_or_else(|| WeightsError::MissingTensor {
            path: path.to_owned(),
            name: tensor.name().to_owned(),
            hint: names.hint(tensor.name()),
        })?;
        check::<T>(path, tensor, &view)?;
        decode(&view, values);
        used.push((name, view));
    }
    refuse_unexpected(path, &file, &used)?;
    Ok(params)
}

/// Whether a tensor of the file is the one that the layout means.
fn check<T: Real>(path: &Path, tensor: &Tensor, view: &TensorView<'_>) -> Result<(), WeightsError> {
    let (path, name) = (path.to_owned(), tensor.name().to_owned());
    if view.shape() != tensor.shape() {
        let (found, expected) = (view.shape().to_vec(), tensor.shape().to_vec());
        return Err(WeightsError::WrongShape { path, name, found, expected });
    }
    match view.dtype() {
        Dtype::F32 => Ok(()),
        Dtype::F64 if dtype::<T>() == Dtype::F64 => Ok(()),
        Dtype::F64 => Err(WeightsError::WouldRound { path, name }),
        found => Err(WeightsError::WrongType { path, name, found: format!("{found:?}") }),
    }
}

/// Refuses a tensor that nobody took, unless it repeats one that was taken.
fn refuse_unexpected(
    path: &Path,
    file: &SafeTensors<'_>,
    used: &[(&str, TensorView<'_>)],
) -> Result<(), WeightsError> {
    let mut names = file.names();
    // The file's table is a hash map; the complaint should be the same each time.
    names.sort_unstable();
    for name in names {
        if used.iter().any(|(taken, _)| *taken == name) {
            continue;
        }
        let extra = file.tensor(name).expect("it is one of the file's names");
        let repeats = used.iter().any(|(_, taken)| *taken == extra);
        if !repeats && !names::is_no_parameter(name, &extra) {
            let (path, name) = (path.to_owned(), name.to_owned());
            return Err(WeightsError::Unexpected { path, name });
        }
    }
    Ok(())
}

/// `Real` is `f32` or `f64` and nothing else.
fn dtype<T: Real>() -> Dtype {
    if size_of::<T>() == size_of::<f32>() { Dtype::F32 } else { Dtype::F64 }
}

/// Little-endian, as the format wants it on every machine. Through f64 and back an f32 is unchanged.
fn encode<T: Real>(values: &[T]) -> Vec<u8> {
    let values = values.iter().map(|value| value.to_f64());
    match dtype::<T>() {
        Dtype::F32 => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
        _ => values.flat_map(f64::to_le_bytes).collect(),
    }
}

/// Of a view that [`check`] has passed: f32 or f64, as many as there are places.
fn decode<T: Real>(view: &TensorView<'_>, values: &mut [T]) {
    if view.dtype() == Dtype::F32 {
        let (words, _) = view.data().as_chunks();
        let wide = words.iter().map(|word| f64::from(f32::from_le_bytes(*word)));
        values.iter_mut().zip(wide).for_each(|(value, wide)| *value = T::from_f64(wide));
    } else {
        let (words, _) = view.data().as_chunks();
        let wide = words.iter().map(|word| f64::from_le_bytes(*word));
        values.iter_mut().zip(wide).for_each(|(value, wide)| *value = T::from_f64(wide));
    }
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Written through to the disk: a rename that survives a power failure must not name a file that doesn't.
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
