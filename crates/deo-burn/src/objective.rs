//! A module's loss on one batch as an `Objective` over its parameters.

use crate::layout::Layout;
use crate::space::Flat;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use deo_core::Objective;

/// The loss of a displaced clone of `module`.
pub(crate) struct Loss<'a, M, F> {
    pub(crate) module: &'a M,
    pub(crate) layout: &'a Layout,
    pub(crate) loss: F,
}

impl<M: Module, F: FnMut(&M) -> Tensor<1>> Loss<'_, M, F> {
    fn at(&mut self, x: &[Flat], tracked: bool) -> (M, Tensor<1>) {
        let module = self.layout.module_at(self.module.clone(), x, tracked);
        let loss = (self.loss)(&module);
        (module, loss)
    }
}

/// The number in a loss.
#[track_caller]
pub(crate) fn number(loss: Tensor<1>) -> f64 {
    let len = loss.shape()[0];
    assert_eq!(len, 1, "a loss is one number; take the mean or the sum of these {len}");
    loss.into_scalar::<f64>()
}

impl<M: Module, F: FnMut(&M) -> Tensor<1>> Objective<[Flat]> for Loss<'_, M, F> {
    fn value(&mut self, x: &[Flat]) -> f64 {
        number(self.at(x, false).1)
    }

    fn value_grad(&mut self, x: &[Flat], gradient: &mut [Flat]) -> f64 {
        let (module, loss) = self.at(x, true);
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        for (g, new) in gradient.iter_mut().zip(self.layout.gradients(&module, &gradients)) {
            *g = new;
        }
        number(loss)
    }
}
