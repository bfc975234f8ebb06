//! NumPy's arrays: one that is as long as its header says, or a complaint of one line.

use deo_cli::npy::{from_bytes, to_bytes};
use std::path::Path;

pub(crate) fn run(data: &[u8]) {
    let path = Path::new("a.npy");
    let array = match from_bytes(data, path) {
        Err(error) => return assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        Ok(array) => array,
    };
    assert_eq!(array.shape.iter().product::<usize>(), array.values.len());
    // A matrix without columns may have any number of rows, which nothing in memory is to stand for.
    let &[_, columns] = array.shape.as_slice() else { return };
    if columns == 0 {
        return;
    }
    let rows: Vec<Vec<f64>> = array.values.chunks(columns).map(<[f64]>::to_vec).collect();
    let again = from_bytes(&to_bytes(array.scalar, columns, &rows), path).expect("our own file");
    assert_eq!((again.shape, again.scalar), (array.shape, array.scalar));
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    assert!(again.values.iter().zip(&array.values).all(same));
}
