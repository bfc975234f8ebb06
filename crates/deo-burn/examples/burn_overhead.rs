//! What DEO's default policy costs on top of burn's own training step: both in turns, medians.
//! Run: `cargo run --release -p deo-burn --example burn_overhead` (some fifteen seconds, after the build)

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Distribution, Int, Tensor};
use deo_burn::ModuleDeo;
use deo_burn::deo_core::DeoSettings;
use std::time::Instant;

const ROUNDS: usize = 31;
const STEPS: usize = 100;

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
}

impl Net {
    fn loss(&self, inputs: &Tensor<2>, classes: &Tensor<1, Int>) -> Tensor<1> {
        let mut a = inputs.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            a = layer.forward(a);
            a = if i + 1 < self.layers.len() { a.tanh() } else { a };
        }
        CrossEntropyLossConfig::new().init(&a.device()).forward(a, classes.clone())
    }
}

/// A run that can be continued for a round.
struct Run {
    model: Option<Net>,
    optim: ModuleOptimizer,
    deo: Option<ModuleDeo>,
}

impl Run {
    /// Seconds for a round of steps.
    fn round(&mut self, batches: &[(Tensor<2>, Tensor<1, Int>)]) -> f64 {
        let start = Instant::now();
        let mut model = self.model.take().expect("put back below");
        for (inputs, classes) in batches.iter().cycle().take(STEPS) {
            let loss = model.loss(inputs, classes);
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            model = match &mut self.deo {
                None => self.optim.step(1e-3, model, grads),
                Some(deo) => {
                    let step = deo.step(model, loss, grads, |m| m.loss(inputs, classes));
                    step.optimize(|model, grads| self.optim.step(1e-3, model, grads))
                }
            };
        }
        self.model = Some(model);
        start.elapsed().as_secs_f64()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(sizes: &[usize], rows: usize, device: &Device) {
    device.seed(3);
    let batch = |_| {
        let inputs = Tensor::random([rows, sizes[0]], Distribution::Default, device);
        let classes = Tensor::<1>::random([rows], Distribution::Uniform(0.0, 10.0), device).int();
        (inputs, classes)
    };
    let batches: Vec<_> = (0..8).map(batch).collect();
    let layers = sizes.windows(2).map(|s| LinearConfig::new(s[0], s[1]).init(device)).collect();
    let model = Net { layers };
    let deo =
        ModuleDeo::new(&model, DeoSettings::default()).expect("the default settings are valid");
    let run = |deo| Run { model: Some(model.clone()), optim: AdamConfig::new().init(), deo };
    let (mut base, mut with) = (run(None), run(Some(deo)));
    // The first round of each warms up.
    base.round(&batches);
    with.round(&batches);
    let (mut alone, mut beside, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let (a, b) = (base.round(&batches), with.round(&batches));
        alone.push(a / STEPS as f64 * 1e6);
        beside.push(b / STEPS as f64 * 1e6);
        ratios.push(b / a - 1.0);
    }
    println!(
        "{:9} parameters, batch {rows}: {:8.1} µs a step, {:8.1} with DEO, overhead {:5.2} % (median of the rounds' {:5.2} %), {:?}",
        model.num_params(),
        median(alone.clone()),
        median(beside.clone()),
        100.0 * (median(beside) / median(alone) - 1.0),
        100.0 * median(ratios),
        with.deo.expect("this run has one").counts()
    );
}

fn main() {
    let device = Device::default().autodiff();
    measure(&[64, 32, 10], 128, &device);
    measure(&[64, 128, 64, 10], 128, &device);
    measure(&[784, 256, 128, 10], 64, &device);
}
