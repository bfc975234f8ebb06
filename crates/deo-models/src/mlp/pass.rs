//! The forward and the backward pass of [`mlp`](super).

use super::{Mlp, Targets};
use crate::layers::{CrossEntropy, Linear, mean_square};
use crate::layout::TensorId;
use deo_linalg::Real;

/// One linear layer, where its parameters lie, and what a pass leaves behind.
#[derive(Debug, Clone)]
pub(super) struct Layer<T> {
    pub(super) map: Linear,
    pub(super) weight: TensorId,
    pub(super) bias: TensorId,
    /// z, R × outputs; in the last layer, then its gradient.
    pub(super) z: Vec<T>,
    /// σ(z), R × outputs; empty in the last layer.
    pub(super) a: Vec<T>,
    /// The gradient of a, then of z, R × outputs; empty in the last layer.
    pub(super) d: Vec<T>,
}

impl<T: Real> Mlp<T> {
    /// z and a of every layer.
    pub(super) fn forward(&mut self, x: &[T], inputs: &[T]) {
        let (th, sigma, last) = (self.threads, self.config.activation, self.layers.len() - 1);
        for i in 0..=last {
            let (before, layer) = self.layers.split_at_mut(i);
            let below = before.last().map_or(inputs, |layer| &layer.a);
            let layer = &mut layer[0];
            let (w, b) = (self.layout.get(layer.weight, x), self.layout.get(layer.bias, x));
            layer.map.forward(th, &mut layer.z, below, w);
            layer.map.add_bias(th, &mut layer.z, b);
            if i < last {
                sigma.forward(th, &mut layer.a, &layer.z);
            }
        }
    }

    /// The loss, after [`forward`](Self::forward). For classes it leaves probabilities in place of the
    /// output.
    pub(super) fn loss(&mut self, targets: Targets<'_, T>) -> f64 {
        let classes = self.outputs();
        let last = self.layers.len() - 1;
        let (output, losses) = (&mut self.layers[last].z, &mut self.losses);
        match targets {
            Targets::Values(t) => mean_square::forward(self.threads, output, t),
            Targets::Classes(t) => {
                CrossEntropy { classes }.forward_in_place(self.threads, output, losses, t)
            }
        }
    }

    /// g ← ∇f, after [`loss`](Self::loss).
    pub(super) fn backward(&mut self, g: &mut [T], x: &[T], inputs: &[T], targets: Targets<'_, T>) {
        let (th, sigma, last) = (self.threads, self.config.activation, self.layers.len() - 1);
        let classes = self.outputs();
        let d_output = &mut self.layers[last].z;
        match targets {
            Targets::Values(t) => mean_square::backward_in_place(th, d_output, t),
            Targets::Classes(t) => CrossEntropy { classes }.backward_in_place(th, d_output, t),
        }
        for i in (0..=last).rev() {
            let (before, layer) = self.layers.split_at_mut(i);
            let layer = &layer[0];
            let dz = if i == last { &layer.z } else { &layer.d };
            // z = a Wᵀ + b
            let below = before.last().map_or(inputs, |layer| &layer.a);
            let db = self.layout.get_mut(layer.bias, g);
            layer.map.backward_bias(th, db, dz);
            let dw = self.layout.get_mut(layer.weight, g);
            layer.map.backward_weight(th, dw, dz, below);
            if let Some(below) = before.last_mut() {
                let w = self.layout.get(layer.weight, x);
                layer.map.backward_input(th, &mut below.d, dz, w);
                // a = σ(z)
                sigma.backward_in_place(th, &mut below.d, &below.z, &below.a);
            }
        }
    }
}
