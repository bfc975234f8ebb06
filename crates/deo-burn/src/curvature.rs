//! The lowest curvature of a module's loss at its present parameters.

use crate::buffers::Buffers;
use crate::error::ModuleError;
use crate::layout::Layout;
use crate::objective::Loss;
use crate::space::Reduction;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use deo_core::{DimerSettings, Estimate, drive};

/// The lowest curvature of `loss` at the parameters of `module` (or the highest, by the settings) and its axis, from a
/// random start.
///
/// The axis has unit length over all trainable parameters, and one tensor for each, found by its `ParamId` as a
/// gradient is: `axis.get::<2>(module.linear.weight.id)`. `loss` is called on displaced clones; it must be the same
/// function each time (see [`ModuleDeo::step`](crate::ModuleDeo::step)).
///
/// # Errors
///
/// A [`ModuleError`] that names the parameter or the setting that doesn't do.
///
/// # Examples
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::{Device, Tensor};
/// use deo_burn::{curvature, deo_core::DimerSettings};
///
/// #[derive(Module, Debug)]
/// struct Saddle {
///     x: Param<Tensor<1>>,
/// }
/// let device = Device::default().autodiff();
/// let module = Saddle { x: Param::from_data([0.1, 0.2], &device) };
/// let half = Tensor::<1>::from_floats([0.5, -1.5], &device);
/// let loss = |module: &Saddle| (module.x.val().square() * half.clone()).sum();
///
/// let (estimate, axis) = curvature(&module, DimerSettings::default(), 1, loss)?;
/// assert!((estimate.curvature + 3.0).abs() < 1e-3);
/// let axis = axis.get::<1>(module.x.id).unwrap().into_data();
/// assert!(axis.as_slice::<f32>().unwrap()[0].abs() < 1e-2);
/// # Ok::<(), deo_burn::ModuleError>(())
/// ```
pub fn curvature<M: Module>(
    module: &M,
    settings: DimerSettings,
    seed: u64,
    loss: impl FnMut(&M) -> Tensor<1>,
) -> Result<(Estimate, GradientsParams), ModuleError> {
    let layout = Layout::checked(module)?;
    let space = layout.space(Reduction::default());
    let buffers = layout.has_others.then(|| Buffers::save(module));
    let mut objective = Loss { module, layout: &layout, loss };
    let found = drive::curvature(&space, &mut objective, &layout.parameters, settings, seed);
    if let Some(buffers) = buffers {
        buffers.restore(module);
    }
    let (estimate, axis) = found?;
    Ok((estimate, layout.to_gradients(module, &axis)))
}
