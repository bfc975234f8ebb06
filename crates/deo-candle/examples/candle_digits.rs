//! A small net on 8 × 8 digits under AdamW, with DEO beside it: the loss, λ_min of its Hessian, and what DEO did.
//!
//! `cargo run --release -p deo-candle --example candle_digits` (some seconds; in the dev profile as well)

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, VarBuilder, VarMap, linear, loss::cross_entropy};
use deo_candle::deo_core::{DeoSettings, DimerSettings, deo::Counts};
use deo_candle::{WithDeo, lowest_curvature, sorted_vars};
use deo_models::digits::Digits;

const BATCH: usize = 64;
const EPOCHS: usize = 20;

struct Net(Vec<Linear>);

impl Net {
    fn new(sizes: &[usize], builder: &VarBuilder<'_>) -> Result<Self> {
        let layer = |(i, pair): (usize, &[usize])| {
            linear(pair[0], pair[1], builder.pp(format!("layer{i}")))
        };
        Ok(Net(sizes.windows(2).enumerate().map(layer).collect::<Result<_>>()?))
    }

    fn logits(&self, pixels: &Tensor) -> Result<Tensor> {
        let (last, hidden) = self.0.split_last().expect("a net has layers");
        let a = hidden.iter().try_fold(pixels.clone(), |a, layer| layer.forward(&a)?.tanh())?;
        last.forward(&a)
    }

    fn loss(&self, (pixels, labels): &(Tensor, Tensor)) -> Result<Tensor> {
        cross_entropy(&self.logits(pixels)?, labels)
    }

    fn accuracy(&self, (pixels, labels): &(Tensor, Tensor)) -> Result<f32> {
        let right = self.logits(pixels)?.argmax(1)?.eq(labels)?;
        right.to_dtype(DType::F32)?.mean_all()?.to_scalar()
    }
}

/// The images `start .. start + len`.
fn part(digits: &Digits, start: usize, len: usize) -> Result<(Tensor, Tensor)> {
    let pixels = &digits.pixels[start * Digits::PIXELS..][..len * Digits::PIXELS];
    let labels = digits.labels[start..][..len].iter().map(|&label| u32::from(label));
    Ok((
        Tensor::from_slice(pixels, (len, Digits::PIXELS), &Device::Cpu)?.to_dtype(DType::F32)?,
        Tensor::from_vec(labels.collect(), len, &Device::Cpu)?,
    ))
}

fn main() -> Result<()> {
    let (train, held_out) = Digits::load().split();
    let whole = part(&train, 0, train.len())?;
    let held_out = part(&held_out, 0, held_out.len())?;
    let batches = (0..train.len() / BATCH)
        .map(|i| part(&train, i * BATCH, BATCH))
        .collect::<Result<Vec<_>>>()?;

    // ANCHOR: ten_lines
    let map = VarMap::new();
    let builder = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
    let net = Net::new(&[64, 48, 32, 10], &builder)?;
    let vars = sorted_vars(&map); // in the order of their names
    let adam = AdamW::new_lr(vars.clone(), 3e-3)?;
    let mut run = WithDeo::new(vars.clone(), adam, DeoSettings::default())?; // added
    for epoch in 1..=EPOCHS {
        for batch in &batches {
            run.backward_step(|| net.loss(batch))?; // was adam.backward_step(&net.loss(batch)?)?
        }
        if epoch % 4 == 0 {
            report(epoch, &net, &vars, [&whole, &held_out], run.counts())?;
        }
    }
    // ANCHOR_END: ten_lines
    Ok(())
}

fn report(
    epoch: usize,
    net: &Net,
    vars: &[Var],
    [whole, held_out]: [&(Tensor, Tensor); 2],
    counts: Counts,
) -> Result<()> {
    // ANCHOR: curvature
    let settings = DimerSettings { max_gradients: 100, ..DimerSettings::default() };
    let (estimate, _axis) = lowest_curvature(vars, || net.loss(whole), settings, 1)?;
    // ANCHOR_END: curvature
    println!(
        "epoch {epoch:2}  loss {:.5}  held out {:.1} %  λ_min {:.4}, residual {:.4} ({:?})",
        net.loss(whole)?.to_scalar::<f32>()?,
        100.0 * net.accuracy(held_out)?,
        estimate.curvature,
        estimate.residual,
        estimate.status,
    );
    println!("          {counts:?}");
    Ok(())
}
