//! What the lowest curvature of a small CNN costs: the gradients of an estimate, at the start of a training and along it.
//!
//! `cargo run --release -p deo-burn --example burn_cnn` (a minute, after the build). candle_cnn is the same net in candle.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{relu, silu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use deo_burn::deo_core::{DeoSettings, DimerSettings, noise::noise};
use deo_burn::{ModuleDeo, ModuleError, curvature};
use deo_models::digits::Digits;

const BATCH: usize = 128;
/// Images of an estimate.
const MEASURED: usize = 512;

/// Two convolutions of 3 × 3, each with an activation and a pool of 2 × 2, and a linear layer: 1 898 parameters.
#[derive(Module, Debug)]
struct Cnn {
    first: Conv2d,
    second: Conv2d,
    out: Linear,
}

/// Images and their labels.
struct Batch {
    images: Tensor<4>,
    labels: Tensor<1, Int>,
}

impl Cnn {
    /// Weights of He et al. by DEO's own noise, as candle_cnn has them.
    fn new(device: &Device) -> Self {
        let weight = |layer: u64, fan_in: usize, i: usize| {
            ((2.0 / fan_in as f64).sqrt() * noise(layer, i as u64)) as f32
        };
        let convolution = |layer: u64, [from, to]: [usize; 2]| {
            let same = PaddingConfig2d::Explicit(1, 1, 1, 1);
            let mut new = Conv2dConfig::new([from, to], [3, 3]).with_padding(same).init(device);
            let values = (0..9 * from * to).map(|i| weight(layer, 9 * from, i)).collect::<Vec<_>>();
            let data = TensorData::new(values, [to, from, 3, 3]);
            new.weight = Param::from_tensor(Tensor::from_data(data, device));
            new.bias = Some(Param::from_tensor(Tensor::zeros([to], device)));
            new
        };
        let mut out = LinearConfig::new(64, 10).init(device);
        // burn stores the transpose of candle's.
        let values = (0..640).map(|i| weight(3, 64, i % 10 * 64 + i / 10)).collect::<Vec<_>>();
        out.weight =
            Param::from_tensor(Tensor::from_data(TensorData::new(values, [64, 10]), device));
        out.bias = Some(Param::from_tensor(Tensor::zeros([10], device)));
        Cnn { first: convolution(1, [1, 8]), second: convolution(2, [8, 16]), out }
    }

    /// With SiLU and mean-pools if it is to be `smooth`, else with ReLU and max-pools.
    fn loss(&self, batch: &Batch, smooth: bool) -> Tensor<1> {
        let pooled = |a: Tensor<4>| match smooth {
            true => AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(silu(a)),
            false => MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init().forward(relu(a)),
        };
        let a = pooled(self.first.forward(batch.images.clone()));
        let a = pooled(self.second.forward(a));
        let logits = self.out.forward(a.flatten(1, 3));
        CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, batch.labels.clone())
    }
}

/// The images `start .. start + len` of 8 × 8 pixels.
fn part(digits: &Digits, start: usize, len: usize, device: &Device) -> Batch {
    let pixels = digits.pixels[start * Digits::PIXELS..][..len * Digits::PIXELS].iter();
    let pixels = pixels.map(|&pixel| pixel as f32).collect::<Vec<_>>();
    let labels = digits.labels[start..][..len].iter().map(|&label| i32::from(label));
    let labels = TensorData::new(labels.collect::<Vec<_>>(), [len]);
    Batch {
        images: Tensor::from_data(TensorData::new(pixels, [len, 1, 8, 8]), device),
        labels: Tensor::from_data(labels, device),
    }
}

/// Five estimates, each from a random axis of its own.
fn report(epoch: usize, model: &Cnn, measured: &Batch, smooth: bool) -> Result<(), ModuleError> {
    let mut gradients = vec![];
    for seed in 1..=5 {
        // ANCHOR: curvature
        let settings = DimerSettings { max_gradients: 400, ..DimerSettings::default() };
        let loss = |model: &Cnn| model.loss(measured, smooth);
        let (found, _axis) = curvature(model, settings, seed, loss)?;
        // ANCHOR_END: curvature
        gradients.push(found.gradients);
        println!(
            "{epoch:5} {:9.5} {:10.5} ± {:.0e} {:10.0e} {:10} {:?}",
            loss(model).into_scalar::<f64>(),
            found.curvature,
            found.secant_error,
            found.residual,
            found.gradients,
            found.status
        );
    }
    gradients.sort_unstable();
    println!("      median {} gradients, {} to {}", gradients[2], gradients[0], gradients[4]);
    Ok(())
}

fn main() -> Result<(), ModuleError> {
    [true, false].into_iter().try_for_each(train)
}

fn train(smooth: bool) -> Result<(), ModuleError> {
    let device = &Device::default().autodiff();
    let (train, _) = Digits::load().split();
    let measured = part(&train, 0, MEASURED, device);
    let batches = (0..train.len() / BATCH).map(|i| part(&train, i * BATCH, BATCH, device));
    let batches = batches.collect::<Vec<_>>();
    let mut model = Cnn::new(device);
    let mut optim = AdamConfig::new().with_epsilon(1e-8).init();
    let mut deo = ModuleDeo::new(&model, DeoSettings::default())?;
    println!("\n{}", if smooth { "SiLU, mean-pools" } else { "ReLU, max-pools" });
    println!("{} parameters", model.num_params());
    println!("epoch      loss      λ_min           residual  gradients");
    report(0, &model, &measured, smooth)?;
    for epoch in 1..=30 {
        for batch in &batches {
            let loss = model.loss(batch, smooth);
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            let step = deo.step(model, loss, grads, |model| model.loss(batch, smooth));
            model = step.optimize(|model, grads| optim.step(3e-3, model, grads));
        }
        if [3, 30].contains(&epoch) {
            report(epoch, &model, &measured, smooth)?;
        }
    }
    println!("{:?}", deo.counts());
    Ok(())
}
