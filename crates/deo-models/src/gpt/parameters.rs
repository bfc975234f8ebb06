//! The parameters of a GPT: their names and shapes, and where they start.

use super::GptConfig;
use crate::layout::{Layout, TensorId};
use deo_linalg::Real;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// The arena of a GPT; fields carry the names of PyTorch's `state_dict`.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    pub(super) layout: Layout,
    pub(super) wte: TensorId,
    pub(super) wpe: TensorId,
    pub(super) blocks: Vec<Block>,
    pub(super) ln_f: TensorId,
}

/// The tensors of one transformer block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) ln_1: TensorId,
    pub(super) c_attn: TensorId,
    pub(super) c_proj: TensorId,
    pub(super) ln_2: TensorId,
    pub(super) c_fc: TensorId,
    pub(super) mlp_c_proj: TensorId,
}

/// The standard deviation of an initial weight, GPT-2's.
const DEVIATION: f64 = 0.02;

/// How a residual branch's last weight ends.
const RESIDUAL: &str = "c_proj.weight";

impl Parameters {
    pub(super) fn new(config: &GptConfig) -> Self {
        let c = config.width;
        let mut layout = Layout::new();
        let mut push = |name: String, shape: &[usize]| {
            layout.push(format!("transformer.{name}.weight"), shape)
        };
        let wte = push("wte".into(), &[config.vocabulary, c]);
        let wpe = push("wpe".into(), &[config.block, c]);
        let blocks = (0..config.layers)
            .map(|i| Block {
                ln_1: push(format!("h.{i}.ln_1"), &[c]),
                c_attn: push(format!("h.{i}.attn.c_attn"), &[3 * c, c]),
                c_proj: push(format!("h.{i}.attn.c_proj"), &[c, c]),
                ln_2: push(format!("h.{i}.ln_2"), &[c]),
                c_fc: push(format!("h.{i}.mlp.c_fc"), &[4 * c, c]),
                mlp_c_proj: push(format!("h.{i}.mlp.c_proj"), &[c, 4 * c]),
            })
            .collect();
        let ln_f = push("ln_f".into(), &[c]);
        Parameters { layout, wte, wpe, blocks, ln_f }
    }

    /// Gains 1, weights normal(0, 0.02), those that end a residual branch normal(0, 0.02/√(2 · layers)): the
    /// residual stream is a sum of 2 · layers branches, and its variance should not grow with their number.
    pub(super) fn init<T: Real>(&self, seed: u64) -> Vec<T> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let residual = DEVIATION / (2.0 * self.blocks.len() as f64).sqrt();
        let mut x = vec![T::ONE; self.layout.len()];
        for (tensor, values) in self.layout.split_mut(&mut x) {
            if tensor.shape().len() == 1 {
                continue;
            }
            let deviation = if tensor.name().ends_with(RESIDUAL) { residual } else { DEVIATION };
            let normal = Normal::new(0.0, deviation).expect("a deviation is finite");
            values.fill_with(|| T::from_f64(normal.sample(&mut rng)));
        }
        x
    }
}
