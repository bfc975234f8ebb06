//! NumPy's `.npy` files: matrices in, eigenvectors out.
//!
//! Problem: the matrix whose spectrum is wanted, and the eigenvectors that come out, live in NumPy. A file is
//!
//! ```text
//! magic  \x93NUMPY, version u8 u8 | header length, u16 (1.0) or u32 (2.0, 3.0), little-endian
//! header {'descr': '<f8', 'fortran_order': False, 'shape': (3, 3), }     padded with spaces, ends in \n
//! data   the numbers, nothing else
//! ```
//!
//! and this reads what `np.save(file, a)` writes for an array of `float32` or `float64` in one or two dimensions, in
//! either order of storage, little-endian. Everything else is a [`NpyError`] that says what it was and what to do.
//!
//! The crates that read the format bring a parser generator for a header of three known keys, and give its errors as
//! text; hence these lines. A data length is compared with the file's before anything is allocated for it.
//!
//! The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

mod error;
mod header;

pub use error::NpyError;
pub use header::Scalar;

use header::Header;
use std::io::ErrorKind;
use std::path::Path;

/// An array of one or two dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The extents; one or two of them.
    pub shape: Vec<usize>,
    /// The numbers, row after row, widened exactly if they were stored as `f32`.
    pub values: Vec<f64>,
    /// How they were stored.
    pub scalar: Scalar,
}

/// Reads a file.
///
/// # Errors
///
/// [`NpyError`], with the file's name.
pub fn read(path: &Path) -> Result<Array, NpyError> {
    let bytes = std::fs::read(path).map_err(|reason| {
        let path = path.to_owned();
        match reason.kind() {
            ErrorKind::NotFound => NpyError::NoFile { path },
            _ => NpyError::Unreadable { path, reason },
        }
    })?;
    from_bytes(&bytes, path)
}

/// The array in the content of a file; `path` is only its name in errors.
///
/// # Errors
///
/// [`NpyError`], as of [`read`].
pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Array, NpyError> {
    let (header, data) = Header::parse(bytes, path)?;
    let values = match header.scalar {
        Scalar::F32 => {
            let (words, _) = data.as_chunks();
            words.iter().map(|word| f64::from(f32::from_le_bytes(*word))).collect()
        }
        Scalar::F64 => {
            let (words, _) = data.as_chunks();
            words.iter().map(|word| f64::from_le_bytes(*word)).collect()
        }
    };
    let values = if header.fortran_order { by_rows(&header.shape, values) } else { values };
    Ok(Array { shape: header.shape, values, scalar: header.scalar })
}

/// The content of a file with a matrix of `rows.len()` rows, each as long as the others.
///
/// # Panics
///
/// If the rows differ in length.
pub fn to_bytes(scalar: Scalar, columns: usize, rows: &[Vec<f64>]) -> Vec<u8> {
    let shape = [rows.len(), columns];
    let mut bytes = Header { scalar, fortran_order: false, shape: shape.to_vec() }.to_bytes();
    // By what is there: without rows, `columns` may be any number.
    bytes.reserve(scalar.size() * rows.iter().map(Vec::len).sum::<usize>());
    for row in rows {
        assert_eq!(row.len(), columns, "the rows of a matrix are of one length");
        match scalar {
            Scalar::F32 => bytes.extend(row.iter().flat_map(|value| (*value as f32).to_le_bytes())),
            Scalar::F64 => bytes.extend(row.iter().flat_map(|value| value.to_le_bytes())),
        }
    }
    bytes
}

/// A matrix stored column after column, stored row after row.
fn by_rows(shape: &[usize], values: Vec<f64>) -> Vec<f64> {
    let &[rows, columns] = shape else { return values };
    (0..rows * columns).map(|k| values[(k % columns) * rows + k / columns]).collect()
}

#[cfg(test)]
mod tests;
