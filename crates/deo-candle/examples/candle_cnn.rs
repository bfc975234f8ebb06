//! What the lowest curvature of a small CNN costs: the gradients of an estimate, at the start of a training and along it.
//!
//! `cargo run --release -p deo-candle --example candle_cnn` (a minute, after the build). burn_cnn is the same net in burn.

use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module, ParamsAdamW, VarBuilder, VarMap};
use candle_nn::{Optimizer, conv2d, linear, loss::cross_entropy};
use deo_candle::deo_core::{DeoSettings, DimerSettings, noise::noise};
use deo_candle::{AdamW, WithDeo, lowest_curvature, sorted_vars};
use deo_models::digits::Digits;

const BATCH: usize = 128;
/// Images of an estimate.
const MEASURED: usize = 512;

/// Two convolutions of 3 × 3, each with an activation and a pool of 2 × 2, and a linear layer: 1 898 parameters.
struct Cnn {
    /// SiLU and mean-pools; else ReLU and max-pools.
    smooth: bool,
    first: Conv2d,
    second: Conv2d,
    out: Linear,
}

impl Cnn {
    fn new(smooth: bool, builder: &VarBuilder<'_>) -> Result<Self> {
        let padded = Conv2dConfig { padding: 1, ..Default::default() };
        Ok(Cnn {
            smooth,
            first: conv2d(1, 8, 3, padded, builder.pp("first"))?,
            second: conv2d(8, 16, 3, padded, builder.pp("second"))?,
            out: linear(16 * 2 * 2, 10, builder.pp("out"))?,
        })
    }

    fn loss(&self, (images, labels): &(Tensor, Tensor)) -> Result<Tensor> {
        let pooled = |a: Tensor| match self.smooth {
            true => a.silu()?.avg_pool2d(2),
            false => a.relu()?.max_pool2d(2),
        };
        let a = pooled(self.first.forward(images)?)?;
        let a = pooled(self.second.forward(&a)?)?;
        cross_entropy(&self.out.forward(&a.flatten(1, D::Minus1)?)?, labels)
    }
}

/// Weights of He et al. by DEO's own noise: candle's on the CPU has no seed.
fn seed(map: &VarMap) -> Result<()> {
    let data = map.data().lock().expect("nobody panicked with it");
    for (layer, name) in [(1, "first.weight"), (2, "second.weight"), (3, "out.weight")] {
        let var = &data[name];
        let fan_in = var.elem_count() / var.dims()[0];
        let scale = (2.0 / fan_in as f64).sqrt();
        let values = (0..var.elem_count() as u64).map(|i| (scale * noise(layer, i)) as f32);
        var.set(&Tensor::from_iter(values, &Device::Cpu)?.reshape(var.shape())?)?;
    }
    for name in ["first.bias", "second.bias", "out.bias"] {
        data[name].set(&data[name].zeros_like()?)?;
    }
    Ok(())
}

/// The images `start .. start + len` of 8 × 8 pixels, and their labels.
fn part(digits: &Digits, start: usize, len: usize) -> Result<(Tensor, Tensor)> {
    let pixels = digits.pixels[start * Digits::PIXELS..][..len * Digits::PIXELS].iter();
    let pixels = Tensor::from_iter(pixels.map(|&pixel| pixel as f32), &Device::Cpu)?;
    let labels = digits.labels[start..][..len].iter().map(|&label| u32::from(label));
    Ok((pixels.reshape((len, 1, 8, 8))?, Tensor::from_iter(labels, &Device::Cpu)?))
}

/// Five estimates, each from a random axis of its own.
fn report(epoch: usize, net: &Cnn, vars: &[Var], measured: &(Tensor, Tensor)) -> Result<()> {
    let mut gradients = vec![];
    for seed in 1..=5 {
        // ANCHOR: curvature
        let settings = DimerSettings { max_gradients: 400, ..DimerSettings::default() };
        let (found, _axis) = lowest_curvature(vars, || net.loss(measured), settings, seed)?;
        // ANCHOR_END: curvature
        gradients.push(found.gradients);
        println!(
            "{epoch:5} {:9.5} {:10.5} ± {:.0e} {:10.0e} {:10} {:?}",
            net.loss(measured)?.to_scalar::<f32>()?,
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

fn main() -> Result<()> {
    [true, false].into_iter().try_for_each(train)
}

fn train(smooth: bool) -> Result<()> {
    let (train, _) = Digits::load().split();
    let measured = part(&train, 0, MEASURED)?;
    let batches = (0..train.len() / BATCH).map(|i| part(&train, i * BATCH, BATCH));
    let batches = batches.collect::<Result<Vec<_>>>()?;
    let map = VarMap::new();
    let net = Cnn::new(smooth, &VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    seed(&map)?;
    let vars = sorted_vars(&map);
    let settings = ParamsAdamW { lr: 3e-3, weight_decay: 0.0, ..ParamsAdamW::default() };
    let adam = AdamW::new(vars.clone(), settings)?;
    let mut run = WithDeo::new(vars.clone(), adam, DeoSettings::default())?;
    println!("\n{}", if smooth { "SiLU, mean-pools" } else { "ReLU, max-pools" });
    println!("{} parameters", vars.iter().map(|var| var.elem_count()).sum::<usize>());
    println!("epoch      loss      λ_min           residual  gradients");
    report(0, &net, &vars, &measured)?;
    for epoch in 1..=30 {
        for batch in &batches {
            run.backward_step(|| net.loss(batch))?;
        }
        if [3, 30].contains(&epoch) {
            report(epoch, &net, &vars, &measured)?;
        }
    }
    println!("{:?}", run.counts());
    Ok(())
}
