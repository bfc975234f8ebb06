//! What makes a module or a setting unusable.

use burn::tensor::DType;
use deo_core::SettingError;

/// Why DEO can't be set up for a module.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// No parameter requires a gradient.
    #[error(
        "no parameter of the module requires a gradient; it must be on an autodiff device, and not frozen"
    )]
    NothingTrainable,
    /// A parameter that is neither f32 nor f64.
    #[error(
        "parameter {path} is of {dtype:?}, which swallows the displacement of a probe; keep an f32 module"
    )]
    Type {
        /// Its path in the module.
        path: String,
        /// Its type.
        dtype: DType,
    },
    /// A parameter of another type than the first.
    #[error(
        "parameter {path} is of {dtype:?} and the first of {first:?}; all trainable ones must be of one type"
    )]
    MixedTypes {
        /// Its path in the module.
        path: String,
        /// Its type.
        dtype: DType,
        /// The type of the first.
        first: DType,
    },
    /// The same parameter in two places of the module.
    #[error(
        "parameter {path} occurs in the module before; use one parameter twice in `forward` instead"
    )]
    Shared {
        /// The path of the second.
        path: String,
    },
    /// The state is that of another module.
    #[error(
        "the state is for trainable parameters of lengths {state:?}; those of the module have {module:?}"
    )]
    OtherModule {
        /// The lengths of the trainable parameters that the state is for.
        state: Vec<usize>,
        /// Those of this module.
        module: Vec<usize>,
    },
    /// A setting out of its range.
    #[error(transparent)]
    Settings(#[from] SettingError),
}
