//! A small net on the 8 × 8 digits, started on a plateau, with and without DEO beside burn's SGD.
//! Run: `cargo run --release -p deo-burn --example burn_digits` (some ten seconds, after the build)

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use deo_burn::deo_core::{DeoSettings, DimerSettings};
use deo_burn::{ModuleDeo, ModuleError, curvature};
use deo_models::digits::Digits;

const STEPS: usize = 1_500;
const ROWS: usize = 128;
const RATE: f64 = 0.1;

#[derive(Module, Debug)]
struct Net {
    hidden: Linear,
    output: Linear,
}

/// Images and their labels.
struct Batch {
    pixels: Tensor<2>,
    labels: Tensor<1, Int>,
}

impl Net {
    /// Weights so small that the net starts beside the saddle at zero.
    fn new(device: &Device) -> Self {
        let small = Initializer::Normal { mean: 0.0, std: 1e-3 };
        let layer = |inputs, outputs| {
            LinearConfig::new(inputs, outputs).with_initializer(small.clone()).init(device)
        };
        Net { hidden: layer(64, 32), output: layer(32, 10) }
    }

    fn logits(&self, pixels: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.hidden.forward(pixels).tanh())
    }

    fn loss(&self, batch: &Batch) -> Tensor<1> {
        let logits = self.logits(batch.pixels.clone());
        CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, batch.labels.clone())
    }

    fn accuracy(&self, batch: &Batch) -> f64 {
        let guesses = self.logits(batch.pixels.clone()).argmax(1).flatten::<1>(0, 1);
        guesses.equal(batch.labels.clone()).float().mean().into_scalar()
    }
}

fn batch(digits: &Digits, rows: impl Iterator<Item = usize>, device: &Device) -> Batch {
    let (mut pixels, mut labels) = (vec![], vec![]);
    for row in rows {
        let (image, label) = digits.image(row % digits.len());
        pixels.extend(image.iter().map(|&pixel| pixel as f32));
        labels.push(i32::from(label));
    }
    let len = labels.len();
    Batch {
        pixels: Tensor::from_data(TensorData::new(pixels, [len, Digits::PIXELS]), device),
        labels: Tensor::from_data(TensorData::new(labels, [len]), device),
    }
}

/// The lowest curvature on all training images, and how good the net is.
fn report(step: usize, model: &Net, all: &Batch, held_out: &Batch) -> Result<(), ModuleError> {
    // ANCHOR: curvature
    let loss = |model: &Net| model.loss(all);
    let (lowest, _axis) = curvature(model, DimerSettings::default(), 42, loss)?;
    // ANCHOR_END: curvature
    println!(
        "{step:5} {:8.4} {:11.4} ± {:.0e} {:9.1} %",
        loss(model).into_scalar::<f64>(),
        lowest.curvature,
        lowest.secant_error,
        100.0 * model.accuracy(held_out)
    );
    Ok(())
}

fn train(device: &Device, escape: bool) -> Result<(), ModuleError> {
    device.seed(1);
    let (train, held_out) = Digits::load().split();
    let whole = |digits: &Digits| batch(digits, 0..digits.len(), device);
    let (all, held_out) = (whole(&train), whole(&held_out));
    // 577 has no factor in common with the 1 438 images: a fixed shuffle.
    let rows = |k| (k * ROWS..(k + 1) * ROWS).map(|i| 577 * i);
    let batches = (0..STEPS).map(|k| batch(&train, rows(k), device));
    let mut model = Net::new(device);
    let mut optim = SgdConfig::new().init();
    println!("\nDEO: {escape}\n step     loss              λ_min    held out");
    report(0, &model, &all, &held_out)?;

    // ANCHOR: loop
    let mut deo = ModuleDeo::new(&model, DeoSettings::default())?;
    for (k, batch) in batches.enumerate() {
        let loss = model.loss(&batch);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        // ANCHOR_END: loop
        if !escape {
            model = optim.step(RATE, model, grads);
        } else {
            // ANCHOR: step
            let step = deo.step(model, loss, grads, |model| model.loss(&batch));
            // ANCHOR_END: step
            if step.event().moved() {
                println!("      {:?} in step {}", step.event(), k + 1);
            }
            // ANCHOR: optimize
            model = step.optimize(|model, grads| optim.step(RATE, model, grads));
            // ANCHOR_END: optimize
        }
        if (k + 1) % 250 == 0 {
            report(k + 1, &model, &all, &held_out)?;
        }
    }
    println!("      {:?}", deo.counts());
    Ok(())
}

fn main() -> Result<(), ModuleError> {
    let device = Device::default().autodiff();
    [false, true].into_iter().try_for_each(|escape| train(&device, escape))
}
