//! A training that is stopped half-way, saved, and gone on with by new objects, as another process would.
//!
//! `cargo run --release -p deo-candle --example candle_resume` (some seconds, after the build)

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, Sequential, VarBuilder, VarMap, linear, loss::cross_entropy, seq};
use deo_candle::deo_core::DeoSettings;
use deo_candle::{AdamW, Error, WithDeo, sorted_vars};
use deo_models::digits::Digits;
use std::path::Path;

/// A training on batches of 64 digits.
struct Training {
    net: Sequential,
    run: WithDeo<AdamW>,
    pixels: Tensor,
    labels: Tensor,
}

impl Training {
    /// A new one, or that of the file if there is one.
    fn new(file: &Path) -> Result<Self, Error> {
        let (digits, _) = Digits::load().split();
        let pixels = Tensor::from_slice(&digits.pixels, (digits.len(), 64), &Device::Cpu)?;
        let labels = digits.labels.iter().map(|&label| u32::from(label));
        let labels = Tensor::from_iter(labels, &Device::Cpu)?;
        let pixels = pixels.to_dtype(DType::F32)?;
        let map = VarMap::new();
        let builder = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        let (hidden, out) = (linear(64, 32, builder.pp("a"))?, linear(32, 10, builder.pp("b"))?);
        let net = seq().add(hidden).add_fn(Tensor::tanh).add(out);

        // ANCHOR: load
        let vars = sorted_vars(&map); // in the same order as when it was saved
        let adam = AdamW::new_lr(vars.clone(), 3e-3)?; // deo_candle's
        let mut run = WithDeo::new(vars, adam, DeoSettings::default())?.with_warmup(40);
        if file.exists() {
            run.load(file)?;
        }
        // ANCHOR_END: load
        Ok(Training { net, run, pixels, labels })
    }

    /// The loss of the last of these steps.
    fn steps(&mut self, steps: std::ops::Range<usize>) -> Result<f64, Error> {
        let mut last = f64::NAN;
        for step in steps {
            let first = step * 64 % (self.labels.elem_count() - 64);
            let pixels = self.pixels.narrow(0, first, 64)?;
            let labels = self.labels.narrow(0, first, 64)?;
            let loss = || cross_entropy(&self.net.forward(&pixels)?, &labels);
            last = self.run.backward_step(loss)?.loss;
        }
        Ok(last)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = &std::env::temp_dir().join(format!("deo-{}.safetensors", std::process::id()));
    let mut first = Training::new(file)?;
    println!("loss {:.6} after  400 steps; saved", first.steps(0..400)?);
    // ANCHOR: save
    first.run.save(file)?; // whole, or what had the name before stays
    // ANCHOR_END: save
    let straight = first.steps(400..800)?;
    println!("loss {straight:.6} after  800, without a stop, {:?}", first.run.counts());

    let mut second = Training::new(file)?; // weights drawn anew, then loaded
    let resumed = second.steps(400..800)?;
    println!("loss {resumed:.6} after  800, gone on with,   {:?}", second.run.counts());
    std::fs::remove_file(file)?;
    assert_eq!(resumed.to_bits(), straight.to_bits(), "the same bits");
    Ok(())
}
