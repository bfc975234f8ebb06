//! A training that is stopped half-way, saved, and gone on with by new objects, as another process would.
//!
//! `cargo run --release -p deo-burn --example burn_resume` (some seconds, after the build)

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Int, Tensor, TensorData};
use deo_burn::ModuleDeo;
use deo_burn::deo_core::DeoSettings;
use deo_models::digits::Digits;
use std::path::Path;

#[derive(Module, Debug)]
struct Net {
    hidden: Linear,
    output: Linear,
}

impl Net {
    fn new(device: &Device) -> Self {
        let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        Net { hidden: layer(64, 32), output: layer(32, 10) }
    }

    fn loss(&self, (pixels, labels): &(Tensor<2>, Tensor<1, Int>)) -> Tensor<1> {
        let logits = self.output.forward(self.hidden.forward(pixels.clone()).tanh());
        CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels.clone())
    }
}

type Parts = (Net, ModuleOptimizer, ModuleDeo);
type Failure = Box<dyn std::error::Error>;

/// A new training, or that of the files if there are any.
fn begin(files: &Path, device: &Device) -> Result<Parts, Failure> {
    // ANCHOR: load
    let mut model = Net::new(device);
    let mut optim = AdamConfig::new().init();
    let mut deo = ModuleDeo::new(&model, DeoSettings::default())?.with_warmup(40);
    if files.join("deo.bpk").exists() {
        model = model.load_record(ModuleRecord::load(files.join("model.bpk"))?);
        optim = optim.load(files.join("optim.bpk"))?;
        deo = deo.load(files.join("deo.bpk"))?;
    }
    // ANCHOR_END: load
    Ok((model, optim, deo))
}

/// The loss of the last of these steps, each on another 64 digits.
fn train(parts: &mut Option<Parts>, steps: std::ops::Range<usize>, device: &Device) -> f64 {
    let (mut model, mut optim, mut deo) = parts.take().expect("put back below");
    let (digits, _) = Digits::load().split();
    let mut last = f64::NAN;
    for step in steps {
        let first = step * 64 % (digits.len() - 64);
        let pixels = digits.pixels[first * 64..][..64 * 64].iter().map(|&pixel| pixel as f32);
        let labels = digits.labels[first..][..64].iter().map(|&label| i32::from(label));
        let pixels = TensorData::new(pixels.collect::<Vec<_>>(), [64, 64]);
        let labels = TensorData::new(labels.collect::<Vec<_>>(), [64]);
        let batch = (Tensor::from_data(pixels, device), Tensor::from_data(labels, device));
        let loss = model.loss(&batch);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let step = deo.step(model, loss, grads, |model| model.loss(&batch));
        last = step.loss();
        model = step.optimize(|model, grads| optim.step(3e-3, model, grads));
    }
    *parts = Some((model, optim, deo));
    last
}

fn save((model, optim, deo): &Parts, files: &Path) -> Result<(), Failure> {
    // ANCHOR: save
    model.clone().into_record().save(files.join("model.bpk"))?;
    optim.save(files.join("optim.bpk"))?;
    deo.save(files.join("deo.bpk"))?; // each whole, or what had the name before stays
    // ANCHOR_END: save
    Ok(())
}

fn main() -> Result<(), Failure> {
    let device = &Device::default().autodiff();
    let files = &std::env::temp_dir().join(format!("deo-burn-{}", std::process::id()));
    std::fs::create_dir_all(files)?;
    let mut first = Some(begin(files, device)?);
    println!("loss {:.6} after  400 steps; saved", train(&mut first, 0..400, device));
    save(first.as_ref().expect("it is back"), files)?;
    let straight = train(&mut first, 400..800, device);
    println!("loss {straight:.6} after  800, without a stop");

    let mut second = Some(begin(files, device)?); // weights drawn anew, then loaded
    let resumed = train(&mut second, 400..800, device);
    println!("loss {resumed:.6} after  800, gone on with");
    std::fs::remove_dir_all(files)?;
    assert_eq!(resumed.to_bits(), straight.to_bits(), "the same bits");
    Ok(())
}
