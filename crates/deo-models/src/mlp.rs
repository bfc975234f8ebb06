//! A fully connected net with a hand-written gradient.
//!
//! ```text
//! a_0 = inputs,   z_i = a_i W_iᵀ + b_i,   a_{i+1} = σ(z_i) for i < L − 1,   output = z_{L−1}
//! ```
//!
//! and the loss is the mean squared error or the cross entropy of the output, by what it is
//! [compared](Targets) with. It is small enough for a dense Hessian as oracle, and has the saddles of the
//! literature: units that start identical stay identical under every gradient method, and all weights zero is
//! a stationary point.
//!
//! Tensors are named `layers.0.weight` (outputs × inputs), `layers.0.bias`, and so on.
//!
//! # Examples
//!
//! ```
//! use deo_core::Objective;
//! use deo_linalg::Threads;
//! use deo_models::layers::Activation;
//! use deo_models::mlp::{Mlp, MlpConfig, Targets};
//!
//! let config = MlpConfig {
//!     sizes: vec![2, 3, 1],
//!     activation: Activation::Tanh,
//! };
//! let mut net = Mlp::<f64>::new(config, Threads::One).unwrap();
//! let x = net.init(1);
//! let mut g = vec![0.0; x.len()];
//! let inputs = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
//! let xor = Targets::Values(&[0.0, 1.0, 1.0, 0.0]);
//! let loss = net.on(&inputs, xor).value_grad(&x, &mut g);
//! assert_eq!(loss, net.on(&inputs, xor).value(&x));
//! ```

mod config;
mod pass;

pub use config::{MlpConfig, MlpConfigError};

use crate::layers::{Linear, inside};
use crate::layout::Layout;
use deo_core::Objective;
use deo_linalg::{Real, Threads};
use pass::Layer;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// What the output of a net is compared with, and thereby the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Targets<'a, T> {
    /// rows × outputs numbers: the mean squared error over all of them.
    Values(&'a [T]),
    /// The right class of each row, below the number of outputs: the mean cross entropy over the rows, in
    /// nats.
    Classes(&'a [u16]),
}

/// A fully connected net: its shape, its layout and the buffers of one pass. The parameters are the caller's.
#[derive(Debug, Clone)]
pub struct Mlp<T> {
    config: MlpConfig,
    layout: Layout,
    layers: Vec<Layer<T>>,
    threads: Threads,
    /// The loss of every row, R.
    losses: Vec<f64>,
}

impl<T: Real> Mlp<T> {
    /// A net of that shape, computing on those threads.
    ///
    /// # Errors
    ///
    /// An [`MlpConfigError`] if the sizes make no net.
    pub fn new(config: MlpConfig, threads: Threads) -> Result<Self, MlpConfigError> {
        config.validate()?;
        let mut layout = Layout::new();
        let layer = |(i, sizes): (usize, &[usize])| {
            let (inputs, outputs) = (sizes[0], sizes[1]);
            Layer {
                map: Linear { inputs, outputs },
                weight: layout.push(format!("layers.{i}.weight"), &[outputs, inputs]),
                bias: layout.push(format!("layers.{i}.bias"), &[outputs]),
                z: Vec::new(),
                a: Vec::new(),
                d: Vec::new(),
            }
        };
        let layers = config.sizes.windows(2).enumerate().map(layer).collect();
        Ok(Mlp { config, layout, layers, threads, losses: Vec::new() })
    }

    /// The shape.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    /// Where each tensor lies in the parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Initial parameters: weights normal(0, 1/√inputs), which keeps the variance of a linear layer; biases
    /// 0.
    ///
    /// Drawn by ChaCha8 from `seed`, in the order of the layout.
    pub fn init(&self, seed: u64) -> Vec<T> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut x = vec![T::ZERO; self.layout.len()];
        for layer in &self.layers {
            let deviation = (layer.map.inputs as f64).sqrt().recip();
            let normal = Normal::new(0.0, deviation).expect("a deviation is finite");
            let weight = self.layout.get_mut(layer.weight, &mut x);
            weight.fill_with(|| T::from_f64(normal.sample(&mut rng)));
        }
        x
    }

    /// The loss on these data as a function of the parameters.
    ///
    /// inputs: R × the first size, R ≥ 1.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit the net or each other, or a class is not below the number of outputs.
    #[track_caller]
    pub fn on<'a>(&'a mut self, inputs: &'a [T], targets: Targets<'a, T>) -> OnData<'a, T> {
        let rows = self.fit(inputs);
        let outputs = self.outputs();
        match targets {
            Targets::Values(values) => assert_eq!(
                values.len(),
                rows * outputs,
                "{rows} rows need as many targets for each of {outputs} outputs"
            ),
            Targets::Classes(classes) => {
                assert_eq!(classes.len(), rows, "{rows} rows need as many classes");
                if let Some(class) = classes.iter().find(|class| usize::from(**class) >= outputs) {
                    panic!("class {class} for {outputs} outputs");
                }
            }
        }
        OnData { net: self, inputs, targets }
    }

    /// The output for every row, R × the last size.
    ///
    /// inputs: R × the first size, R ≥ 1.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit the net.
    #[track_caller]
    pub fn output(&mut self, params: &[T], inputs: &[T]) -> &[T] {
        self.fit(inputs);
        inside(self.threads, || self.forward(params, inputs));
        &self.layers[self.layers.len() - 1].z
    }

    fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].map.outputs
    }

    /// Makes the buffers fit the inputs, and returns R.
    #[track_caller]
    fn fit(&mut self, inputs: &[T]) -> usize {
        let width = self.config.sizes[0];
        assert!(
            !inputs.is_empty() && inputs.len().is_multiple_of(width),
            "{} components are no whole number of rows of {width}, or none",
            inputs.len()
        );
        let rows = inputs.len() / width;
        let last = self.layers.len() - 1;
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let len = rows * layer.map.outputs;
            layer.z.resize(len, T::ZERO);
            let hidden = if i < last { len } else { 0 };
            layer.a.resize(hidden, T::ZERO);
            layer.d.resize(hidden, T::ZERO);
        }
        self.losses.resize(rows, 0.0);
        rows
    }
}

/// The loss of an [`Mlp`] on given data.
#[derive(Debug)]
pub struct OnData<'a, T> {
    net: &'a mut Mlp<T>,
    inputs: &'a [T],
    targets: Targets<'a, T>,
}

impl<T: Real> OnData<'_, T> {
    /// f(x), and g ← ∇f(x) if there is a place for it.
    fn evaluate(&mut self, x: &[T], g: Option<&mut [T]>) -> f64 {
        let (net, inputs, targets) = (&mut *self.net, self.inputs, self.targets);
        inside(net.threads, || {
            net.forward(x, inputs);
            let loss = net.loss(targets);
            if let Some(g) = g {
                net.backward(g, x, inputs, targets);
            }
            loss
        })
    }
}

impl<T: Real> Objective<[T]> for OnData<'_, T> {
    /// # Panics
    ///
    /// If `x` is not as long as the layout.
    fn value(&mut self, x: &[T]) -> f64 {
        self.evaluate(x, None)
    }

    /// # Panics
    ///
    /// If `x` or `gradient` is not as long as the layout.
    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        self.evaluate(x, Some(gradient))
    }
}
