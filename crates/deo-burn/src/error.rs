//! What makes a module or a setting unusable.

use burn::tensor::DType;
use deo_core::{DeoSettingsError, SettingsError};

/// Why DEO can't be set up for a module.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModuleError {
    /// No parameter requires a gradient.
    NothingTrainable,
    /// A parameter that is neither f32 nor f64.
    Type {
        /// Its path in the module.
        path: String,
        /// Its type.
        dtype: DType,
    },
    /// A parameter of another type than the first.
    MixedTypes {
        /// Its path in the module.
        path: String,
        /// Its type.
        dtype: DType,
        /// The type of the first.
        first: DType,
    },
    /// The same parameter in two places of the module.
    Shared {
        /// The path of the second.
        path: String,
    },
    /// The state is that of another module.
    OtherModule {
        /// The lengths of the trainable parameters that the state is for.
        state: Vec<usize>,
        /// Those of this module.
        module: Vec<usize>,
    },
    /// A setting of the machine.
    Settings(DeoSettingsError),
    /// A setting of the dimer.
    Dimer(SettingsError),
}

impl From<DeoSettingsError> for ModuleError {
    fn from(error: DeoSettingsError) -> Self {
        ModuleError::Settings(error)
    }
}

impl From<SettingsError> for ModuleError {
    fn from(error: SettingsError) -> Self {
        ModuleError::Dimer(error)
    }
}

impl std::fmt::Display for ModuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ModuleError::NothingTrainable => f.write_str(
                "no parameter of the module requires a gradient; it must be on an autodiff device, and not frozen",
            ),
            ModuleError::Type { path, dtype } => write!(
                f,
                "parameter {path} is of {dtype:?}, which swallows the displacement of a probe; keep an f32 module"
            ),
            ModuleError::MixedTypes { path, dtype, first } => write!(
                f,
                "parameter {path} is of {dtype:?} and the first of {first:?}; all trainable ones must be of one type"
            ),
            ModuleError::Shared { path } => write!(
                f,
                "parameter {path} occurs in the module before; use one parameter twice in `forward` instead"
            ),
            ModuleError::OtherModule { state, module } => write!(
                f,
                "the state is for trainable parameters of lengths {state:?}; those of the module have {module:?}"
            ),
            ModuleError::Settings(error) => error.fmt(f),
            ModuleError::Dimer(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ModuleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ModuleError::Settings(error) => Some(error),
            ModuleError::Dimer(error) => Some(error),
            _ => None,
        }
    }
}
