//! Running statistics that probes must not change.
//!
//! Problem: burn's `RunningState`, the mean and variance of a batch norm, is shared by all clones of a module, so a
//! forward pass of a displaced clone counts in the statistics of the original. So they are saved before the first
//! question of a step and put back after the last. What a pass has computed waits beside the value, for each thread,
//! until the next pass or until `valid` merges it: hence the calls of `valid` whose result is dropped.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use std::any::Any;

/// All float tensors of a module that aren't trainable. They share memory with the module's until one changes.
pub(crate) struct Buffers {
    saved: Vec<Box<dyn Any>>,
}

impl Buffers {
    pub(crate) fn save<M: Module>(module: &M) -> Self {
        drop(module.valid());
        let mut buffers = Buffers { saved: vec![] };
        module.visit(&mut buffers);
        buffers
    }

    /// Puts them back into `module` and all its clones.
    pub(crate) fn restore<M: Module>(self, module: &M) {
        drop(module.valid());
        // The clone's frozen parameters are its own, but its running statistics are those of the module.
        drop(module.clone().map(&mut Restore(self.saved.into_iter())));
    }
}

impl ModuleVisitor for Buffers {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            self.saved.push(Box::new(param.val()));
        }
    }
}

struct Restore(std::vec::IntoIter<Box<dyn Any>>);

impl ModuleMapper for Restore {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.is_require_grad() {
            return param;
        }
        let saved = self.0.next().and_then(|saved| saved.downcast().ok());
        let saved = saved.expect("a module is visited and mapped in the same order");
        param.map(|_| *saved)
    }
}
