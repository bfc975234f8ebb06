//! deo-burn on a device that isn't the CPU's memory: the same net and seed on burn's flex, ndarray and wgpu.
//!
//! What could differ: parameters are read back for the inner products, sums on the device are of f32 in another order, and
//! kernels round as their compiler likes. So the curvature is compared, every decision of a training, and the bits of two runs.
//!
//! `apt-get install mesa-vulkan-drivers`, a software Vulkan, then here `cargo run` (some minutes for the build)

use burn::module::{Module, Param};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{DType, Device, DeviceKind, Tensor, TensorData};
use deo_burn::deo_core::budget::BudgetSettings;
use deo_burn::deo_core::noise::noise;
use deo_burn::deo_core::policy::EscapeSettings;
use deo_burn::deo_core::trigger::{Stall, TriggerSettings};
use deo_burn::deo_core::{DeoSettings, DimerSettings, Event, Length, PolicySettings, Rule, Space};
use deo_burn::{ModuleDeo, Reduction, Tensors, curvature};
use std::time::Instant;

const STEPS: usize = 300;
const RATE: f64 = 0.2;
const SIZES: [usize; 4] = [16, 32, 24, 4];
const ROWS: usize = 96;

/// Tanh layers.
#[derive(Module, Debug)]
struct Net {
    weights: Vec<Param<Tensor<2>>>,
    biases: Vec<Param<Tensor<1>>>,
}

impl Net {
    /// Weights a tenth of their usual size: a plateau beside the saddle at zero.
    fn new(device: &Device) -> Self {
        let numbers = |seed, len: usize, scale: f64| {
            (0..len as u64).map(|i| (scale * noise(seed, i)) as f32).collect::<Vec<_>>()
        };
        let (mut weights, mut biases) = (vec![], vec![]);
        for (layer, pair) in SIZES.windows(2).enumerate() {
            let [from, to] = [pair[0], pair[1]];
            let values = numbers(layer as u64, from * to, 0.1 / (from as f64).sqrt());
            let values = TensorData::new(values, [from, to]);
            weights.push(Param::from_tensor(Tensor::from_data(values, device)));
            let values = TensorData::new(numbers(100 + layer as u64, to, 0.01), [to]);
            biases.push(Param::from_tensor(Tensor::from_data(values, device)));
        }
        Net { weights, biases }
    }

    fn loss(&self, (inputs, targets): &(Tensor<2>, Tensor<2>)) -> Tensor<1> {
        let mut a = inputs.clone();
        for (weight, bias) in self.weights.iter().zip(&self.biases) {
            a = (a.matmul(weight.val()) + bias.val().unsqueeze()).tanh();
        }
        (a - targets.clone()).square().mean()
    }
}

fn data(device: &Device) -> (Tensor<2>, Tensor<2>) {
    let numbers = |seed, len: usize| {
        (0..len as u64).map(|i| noise(seed, i).signum() as f32 * 0.9).collect::<Vec<_>>()
    };
    let inputs = TensorData::new(numbers(7, ROWS * SIZES[0]), [ROWS, SIZES[0]]);
    let targets = TensorData::new(numbers(8, ROWS * SIZES[3]), [ROWS, SIZES[3]]);
    (Tensor::from_data(inputs, device), Tensor::from_data(targets, device))
}

/// As deo-burn's tests against the flat vector: a dimer so long that the rounding of gradients doesn't decide.
fn settings(line_search: bool) -> DeoSettings {
    let escape = EscapeSettings { line_search, lengthening: 0.0, ..EscapeSettings::default() };
    let length = Some(Length::Absolute(0.05));
    let default = DeoSettings::default();
    DeoSettings {
        policy: PolicySettings::Escape(escape),
        dimer: DimerSettings { rule: Rule::Central, length, ..default.dimer },
        trigger: TriggerSettings { interval: 20, stall: Stall::Always },
        budget: BudgetSettings { share: 0.5, allowance: 40.0 },
        seed: 5,
    }
}

/// Losses, and what DEO did.
fn train(device: &Device, reduction: Reduction, line_search: bool) -> (Vec<f64>, Vec<Event>) {
    let batch = data(device);
    let mut model = Net::new(device);
    let deo = ModuleDeo::new(&model, settings(line_search)).expect("valid settings");
    let mut deo = deo.with_reduction(reduction);
    let mut optim = SgdConfig::new().init();
    let (mut losses, mut events) = (vec![], vec![]);
    for _ in 0..STEPS {
        let loss = model.loss(&batch);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let step = deo.step(model, loss, grads, |model: &Net| model.loss(&batch));
        losses.push(step.loss());
        events.push(step.event());
        model = step.optimize(|model, grads| optim.step(RATE, model, grads));
    }
    println!("    {:?}", deo.counts());
    (losses, events)
}

fn compare(name: &str, got: &(Vec<f64>, Vec<Event>), want: &(Vec<f64>, Vec<Event>)) {
    let names = |events: &[Event]| events.iter().map(Event::name).collect::<Vec<_>>();
    let (mine, theirs) = (names(&got.1), names(&want.1));
    let first = mine.iter().zip(&theirs).position(|(a, b)| a != b);
    let pairs = got.0.iter().zip(&want.0);
    let worst = pairs.map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    match first {
        None => println!("    {name}: all {STEPS} decisions as on flex; losses within {worst:.0e}"),
        Some(step) => println!(
            "    {name}: decision {step} differs: {} here, {} on flex; losses within {worst:.0e}",
            mine[step], theirs[step]
        ),
    }
}

/// Inner products of 10⁵ numbers against f64.
fn sums(device: &Device) {
    let values: Vec<f32> = (0..100_000).map(|i| noise(3, i) as f32).collect();
    let want: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let x = vec![Tensor::<1>::from_data(TensorData::new(values, [100_000]), device)];
    for reduction in [Reduction::Host, Reduction::Device] {
        let space = Tensors::like(&x).with_reduction(reduction);
        let got = space.dot(&x, &x);
        let start = Instant::now();
        let again = space.dot(&x, &x);
        let took = 1e3 * start.elapsed().as_secs_f64();
        println!(
            "    ⟨x, x⟩ summed by {reduction:?}: off by {:.0e}, same bits twice: {}, {took:.2} ms",
            (got / want - 1.0).abs(),
            got.to_bits() == again.to_bits()
        );
    }
}

fn main() {
    #[allow(deprecated)] // it still is what many have
    let ndarray = Device::ndarray();
    let wgpu = Device::wgpu(DeviceKind::DefaultDevice);
    let mut reference = None;
    for (name, device) in [("flex", Device::flex()), ("ndarray", ndarray), ("wgpu", wgpu)] {
        println!("{name}: {device:?}, f64 there: {}", device.supports_dtype(DType::F64));
        sums(&device);
        let device = device.autodiff();
        let (model, batch) = (Net::new(&device), data(&device));
        for (which, settings) in
            [("default", DimerSettings::default()), ("central, h = 0.05", settings(true).dimer)]
        {
            let found = curvature(&model, settings, 3, |model: &Net| model.loss(&batch));
            let (found, _) = found.expect("valid settings");
            println!(
                "    λ_min {:.7} ± {:.0e}, {} gradients, {:?} ({which})",
                found.curvature, found.secant_error, found.gradients, found.status
            );
        }
        let reductions = match name {
            "wgpu" => vec![Reduction::Host, Reduction::Device],
            _ => vec![Reduction::Host],
        };
        let start = Instant::now();
        let mut runs = vec![];
        for &reduction in &reductions {
            for line_search in [true, false] {
                runs.push(train(&device, reduction, line_search));
            }
        }
        let took = start.elapsed().as_secs_f64() / runs.len() as f64;
        println!("    {:.1} ms a step", 1e3 * took / STEPS as f64);
        let want = reference.get_or_insert_with(|| runs[..2].to_vec());
        for (i, run) in runs.iter().enumerate() {
            let policy = ["line search", "kicks alone"][i % 2];
            compare(&format!("{policy}, {:?}", reductions[i / 2]), run, &want[i % 2]);
        }
        let again = train(&device, Reduction::Host, true);
        println!("    the same bits in a second run: {}", again == runs[0]);
    }
}
