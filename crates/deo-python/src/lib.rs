//! `deo._deo`, the extension under the Python package `deo`: thin over deo-core and deo-linalg.
//!
//! Nothing here is meant for users. Arguments arrive checked by the Python side: vectors are one-dimensional, contiguous and
//! of one dtype; what a user's function returned has been made a pair of a float and such a vector.

mod callback;
mod certify;
mod diagnose;
mod estimates;
mod guard;
mod kernels;
mod machine;
mod monitor;
mod precision;
mod saddle;
mod scattered;
mod search;
mod tensors;
mod vectors;

use pyo3::prelude::*;

#[pymodule]
fn _deo(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("DENSE", deo_saddle::Method::DENSE)?;
    module.add_function(wrap_pyfunction!(estimates::curvature, module)?)?;
    module.add_function(wrap_pyfunction!(estimates::spectrum, module)?)?;
    module.add_function(wrap_pyfunction!(certify::certify, module)?)?;
    module.add_function(wrap_pyfunction!(certify::leave, module)?)?;
    module.add_function(wrap_pyfunction!(diagnose::diagnose, module)?)?;
    module.add_function(wrap_pyfunction!(saddle::join, module)?)?;
    module.add_class::<guard::Guard>()?;
    module.add_class::<machine::Machine>()?;
    module.add_class::<search::Search>()?;
    module.add_class::<monitor::Monitor>()
}
