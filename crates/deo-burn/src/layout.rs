//! Between a module and vectors: its trainable parameters as a list of flat tensors, and back.
//!
//! | direction | here |
//! |---|---|
//! | parameters → x | [`Layout::of`] |
//! | gradients → g, a missing one as zeros | [`Layout::gradients`] |
//! | x → another module with these parameters | [`Layout::module_at`] |
//! | a vector → gradients, keyed by `ParamId` | [`Layout::to_gradients`] |
//!
//! A parameter is *trainable* if it requires a gradient. Frozen parameters and buffers, such as the running
//! statistics of a batch norm, are no components of any vector and are passed on as they are.

use crate::error::ModuleError;
use crate::space::{Flat, Reduction, Tensors, is_supported};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Tensor};
use std::collections::HashSet;

/// The trainable parameters of a module, in its order.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) parameters: Vec<Flat>,
    /// The lengths of them.
    pub(crate) lengths: Vec<usize>,
    /// Whether the module has tensors that aren't trainable.
    pub(crate) has_others: bool,
}

impl Layout {
    /// Collects them; they share memory with the module's.
    pub(crate) fn of<M: Module>(module: &M) -> Self {
        let mut layout = Layout { parameters: vec![], lengths: vec![], has_others: false };
        module.visit(&mut layout);
        layout
    }

    /// The same for a module seen for the first time, checked.
    pub(crate) fn checked<M: Module>(module: &M) -> Result<Self, ModuleError> {
        let mut check = Check::default();
        module.visit(&mut check);
        match check.error {
            Some(error) => Err(error),
            None if check.seen.is_empty() => Err(ModuleError::NothingTrainable),
            None => Ok(Layout::of(module)),
        }
    }

    pub(crate) fn space(&self, reduction: Reduction) -> Tensors {
        Tensors::like(&self.parameters).with_reduction(reduction)
    }

    /// The gradients of `module`, which has this layout.
    pub(crate) fn gradients<M: Module>(&self, module: &M, from: &GradientsParams) -> Vec<Flat> {
        let mut visitor = Gradients { from, to: Vec::with_capacity(self.lengths.len()) };
        module.visit(&mut visitor);
        visitor.to
    }

    /// `module`, which has this layout, with its trainable parameters at `x`. If not `tracked` they require no
    /// gradient: a loss alone needs no tape.
    pub(crate) fn module_at<M: Module>(&self, module: M, x: &[Flat], tracked: bool) -> M {
        module.map(&mut Put { from: x.iter(), tracked })
    }

    /// The vector as gradients of `module`, which has this layout.
    pub(crate) fn to_gradients<M: Module>(&self, module: &M, from: &[Flat]) -> GradientsParams {
        let mut visitor = Register { from: from.iter(), to: GradientsParams::new() };
        module.visit(&mut visitor);
        visitor.to
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Flat {
    let tensor = tensor.without_autodiff();
    let len = tensor.shape().num_elements();
    tensor.reshape([len])
}

impl ModuleVisitor for Layout {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let parameter = flat(param.val());
            self.lengths.push(parameter.shape()[0]);
            self.parameters.push(parameter);
        } else {
            self.has_others = true;
        }
    }
}

struct Gradients<'a> {
    from: &'a GradientsParams,
    to: Vec<Flat>,
}

impl ModuleVisitor for Gradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = self.from.get::<D>(param.id).map(flat);
            self.to.push(gradient.unwrap_or_else(|| flat(param.val()).zeros_like()));
        }
    }
}

struct Register<'a> {
    from: std::slice::Iter<'a, Flat>,
    to: GradientsParams,
}

impl ModuleVisitor for Register<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let vector = self.from.next().expect("a vector has a tensor for each parameter");
            let shape = param.val().shape();
            self.to.register::<D>(param.id, vector.clone().reshape(shape));
        }
    }
}

struct Put<'a> {
    from: std::slice::Iter<'a, Flat>,
    tracked: bool,
}

impl ModuleMapper for Put<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        let (id, old, mapper) = param.consume();
        let new = self.from.next().expect("a vector has a tensor for each parameter").clone();
        let new = like(&old, new.reshape(old.shape()), id, self.tracked);
        Param::from_mapped_value(id, new, mapper)
    }
}

/// `new` with the autodiff association of `old`: one with another checkpointing strategy could not be combined with
/// the other tensors of the module.
fn like<const D: usize>(old: &Tensor<D>, new: Tensor<D>, id: ParamId, tracked: bool) -> Tensor<D> {
    let mut new = new.autodiff();
    if let Some(strategy) = old.gradient_checkpointing_strategy() {
        new = new.with_gradient_checkpointing_strategy(strategy);
    }
    if !tracked {
        return new;
    }
    new = new.require_grad();
    if old.is_distributed() { new.set_distributed(id) } else { new }
}

/// What a module must be for its parameters to make a vector.
#[derive(Default)]
struct Check {
    path: Vec<String>,
    seen: HashSet<ParamId>,
    dtype: Option<DType>,
    error: Option<ModuleError>,
}

impl ModuleVisitor for Check {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() || self.error.is_some() {
            return;
        }
        let (path, dtype) = (self.path.join("."), param.val().dtype());
        let first = *self.dtype.get_or_insert(dtype);
        if !self.seen.insert(param.id) {
            self.error = Some(ModuleError::Shared { path });
        } else if !is_supported(dtype) {
            self.error = Some(ModuleError::Type { path, dtype });
        } else if dtype != first {
            self.error = Some(ModuleError::MixedTypes { path, dtype, first });
        }
    }
}
