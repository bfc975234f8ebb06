//! The same net, data and seed twice: through burn, and through `Host<f32>` over one flat slice with the hand-written
//! gradients of deo-models. The two share no code but deo-core's.

use burn::module::{Module, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use deo_burn::deo_core::budget::BudgetSettings;
use deo_burn::deo_core::deo::{Counts, Tracking};
use deo_burn::deo_core::dimer::Recheck;
use deo_burn::deo_core::drive::{self, WithDeo};
use deo_burn::deo_core::optim::{Sgd, SgdSettings};
use deo_burn::deo_core::policy::EscapeSettings;
use deo_burn::deo_core::trigger::{Stall, TriggerSettings};
use deo_burn::deo_core::{
    DeoSettings, DimerSettings, Event, Length, PolicySettings, Rule, space::Host,
};
use deo_burn::{ModuleDeo, curvature};
use deo_linalg::Threads;
use deo_models::digits::Digits;
use deo_models::layers::Activation;
use deo_models::mlp::{Mlp, MlpConfig, Targets};

const SIZES: [usize; 3] = [64, 12, 10];
const ROWS: usize = 100;

/// Weights of outputs × inputs, weight before bias, as in deo-models: component i is the same number in both.
#[derive(Module, Debug)]
struct Layer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// The layers in order.
#[derive(Module, Debug)]
struct Layers {
    layers: Vec<Layer>,
}

impl Layers {
    fn at(x: &[f32], device: &Device) -> Self {
        let mut rest = x;
        let mut take = |len: usize| rest.split_off(..len).expect("as many numbers").to_vec();
        let layer = |sizes: &[usize]| {
            let (inputs, outputs) = (sizes[0], sizes[1]);
            let weight = TensorData::new(take(outputs * inputs), [outputs, inputs]);
            let bias = TensorData::new(take(outputs), [outputs]);
            Layer { weight: Param::from_data(weight, device), bias: Param::from_data(bias, device) }
        };
        Layers { layers: SIZES.windows(2).map(layer).collect() }
    }

    fn loss(&self, inputs: &Tensor<2>, classes: &Tensor<1, Int>) -> Tensor<1> {
        let mut a = inputs.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            let z = a.matmul(layer.weight.val().transpose()) + layer.bias.val().unsqueeze();
            a = if i + 1 < self.layers.len() { z.tanh() } else { z };
        }
        CrossEntropyLossConfig::new().init(&a.device()).forward(a, classes.clone())
    }
}

struct Problem {
    net: Mlp<f32>,
    x: Vec<f32>,
    pixels: Vec<f32>,
    labels: Vec<u16>,
    inputs: Tensor<2>,
    classes: Tensor<1, Int>,
    device: Device,
}

impl Problem {
    /// Weights a hundredth of their usual size: a plateau beside the saddle at zero.
    fn new() -> Self {
        let config = MlpConfig { sizes: SIZES.to_vec(), activation: Activation::Tanh };
        let net = Mlp::<f32>::new(config, Threads::One).unwrap();
        let x: Vec<f32> = net.init(11).iter().map(|w| 0.01 * w).collect();
        let digits = Digits::load();
        let pixels: Vec<f32> = digits.pixels[..64 * ROWS].iter().map(|&p| p as f32).collect();
        let labels = digits.labels[..ROWS].to_vec();
        let device = Device::default().autodiff();
        let inputs = Tensor::from_data(TensorData::new(pixels.clone(), [ROWS, 64]), &device);
        let classes: Vec<i32> = labels.iter().map(|&label| i32::from(label)).collect();
        let classes = Tensor::from_data(TensorData::new(classes, [ROWS]), &device);
        Problem { net, x, pixels, labels, inputs, classes, device }
    }
}

/// Curvatures here are of order 0.1; f32 gradients of two programs differ by some 1e-8.
const ABSOLUTE: f64 = 1e-5;

/// A dimer so long that the rounding of a gradient, some 1e-8/h, stays below that bound. Both programs have the same
/// truncation.
fn long() -> DimerSettings {
    let length = Some(Length::Absolute(0.05));
    DimerSettings { rule: Rule::Central, length, ..DimerSettings::default() }
}

#[test]
fn the_curvature_is_the_same() {
    let Problem { mut net, x, pixels, labels, inputs, classes, device } = Problem::new();
    let settings = long();
    let mut objective = net.on(&pixels, Targets::Classes(&labels));
    let (want, _) = drive::curvature(&Host::<f32>::new(), &mut objective, &x, settings, 3).unwrap();
    let module = Layers::at(&x, &device);
    let loss = |m: &Layers| m.loss(&inputs, &classes);
    let (got, _) = curvature(&module, settings, 3, loss).unwrap();
    println!("host {want:?}\nburn {got:?}");
    assert!(want.curvature < -0.01, "{want:?}");
    assert!((got.curvature - want.curvature).abs() < ABSOLUTE);
    assert_eq!(
        (got.rotations, got.gradients, got.status),
        (want.rotations, want.gradients, want.status)
    );
}

#[test]
fn the_decisions_of_the_ladder_are_the_same() {
    let escape = EscapeSettings { lengthening: 0.0, ..EscapeSettings::default() };
    let policy = PolicySettings::Escape(escape);
    let dimer = DimerSettings { recheck: Recheck::Never, ..long() };
    let counts = same_decisions(DeoSettings { policy, dimer, ..DeoSettings::default() });
    assert!(counts.moves >= 3 && counts.losses > 0, "{counts:?}");
}

#[test]
fn the_decisions_of_kicks_alone_are_the_same() {
    let escape =
        EscapeSettings { line_search: false, lengthening: 0.0, ..EscapeSettings::default() };
    let policy = PolicySettings::Escape(escape);
    // At the default length an axis has the rounding of f32 gradients in its third digit, and kicks along two such
    // axes end in two places.
    let dimer = DimerSettings { recheck: Recheck::Never, ..long() };
    let counts = same_decisions(DeoSettings { policy, dimer, ..DeoSettings::default() });
    assert!(counts.kicks >= 3 && counts.rotations > 10, "{counts:?}");
}

#[test]
fn deflated_trajectories_are_the_same() {
    let tracking = Tracking { interval: 10, first: 20, gradients: 2 };
    let policy = PolicySettings::Deflate { alpha: 0.5, tracking };
    // The long dimer again: at the default length the two programs measure two noises, and stop a rotation apart.
    let counts = same_decisions(DeoSettings { policy, dimer: long(), ..DeoSettings::default() });
    assert!(counts.visits == 30 && counts.gradients > 50, "{counts:?}");
}

/// Runs both and compares event by event, count by count, loss by loss.
fn same_decisions(settings: DeoSettings) -> Counts {
    const STEPS: usize = 300;
    const RATE: f64 = 0.2;
    let Problem { mut net, mut x, pixels, labels, inputs, classes, device } = Problem::new();
    let settings = DeoSettings {
        trigger: TriggerSettings { interval: 20, stall: Stall::Always },
        budget: BudgetSettings { share: 0.5, allowance: 40.0 },
        seed: 5,
        ..settings
    };
    let mut model = Layers::at(&x, &device);

    let space = Host::<f32>::new();
    let sgd = Sgd::new(SgdSettings::default(), &space, &x).unwrap();
    let mut run = WithDeo::new(&space, &x, sgd, settings).unwrap();
    let mut objective = net.on(&pixels, Targets::Classes(&labels));
    let host: Vec<_> = (0..STEPS).map(|_| run.step(&space, &mut objective, &mut x, RATE)).collect();

    let mut deo = ModuleDeo::new(&model, settings).unwrap();
    let mut optim = SgdConfig::new().init();
    let mut burn = vec![];
    for _ in 0..STEPS {
        let loss = model.loss(&inputs, &classes);
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let step = deo.step(model, loss, grads, |m: &Layers| m.loss(&inputs, &classes));
        burn.push((step.event(), step.loss()));
        model = step.optimize(|model, grads| optim.step(RATE, model, grads));
    }

    let names = |events: &[Event]| events.iter().map(Event::name).collect::<Vec<_>>();
    let host_events: Vec<_> = host.iter().map(|report| report.event).collect();
    let burn_events: Vec<_> = burn.iter().map(|(event, _)| *event).collect();
    assert_eq!(names(&burn_events), names(&host_events));
    assert_eq!(deo.counts(), run.counts());
    println!("{:?}, last loss {}", deo.counts(), burn[STEPS - 1].1);
    let worst = (host.iter().zip(&burn))
        .map(|(host, (_, loss))| (host.loss / loss - 1.0).abs())
        .fold(0.0, f64::max);
    println!("largest relative difference of the losses: {worst:e}");
    // Roundings grow along a trajectory; three digits are left after 300 steps on a problem that is not chaotic.
    assert!(worst < 1e-3, "{worst:e}");
    deo.counts()
}
