//! A training step with DEO in it: what moves and what doesn't.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Tensor};
use deo_burn::deo_core::budget::BudgetSettings;
use deo_burn::deo_core::deo::Tracking;
use deo_burn::deo_core::policy::EscapeSettings;
use deo_burn::deo_core::trigger::{Stall, TriggerSettings};
use deo_burn::deo_core::{DeoSettings, Event, PolicySettings};
use deo_burn::{ModuleDeo, ModuleError, Reduction};

/// Two tanh units, so that XOR has a saddle where they are alike.
#[derive(Module, Debug)]
struct Xor {
    hidden: Linear,
    output: Linear,
}

fn rows(device: &Device) -> [Tensor<2>; 2] {
    let inputs = [[-1., -1.], [-1., 1.], [1., -1.], [1., 1.]];
    let targets = [[-1.], [1.], [1.], [-1.]];
    [Tensor::from_floats(inputs, device), Tensor::from_floats(targets, device)]
}

impl Xor {
    fn symmetric(device: &Device) -> Self {
        let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let mut model = Xor { hidden: layer(2, 2), output: layer(2, 1) };
        let set = |values: [[f32; 2]; 2]| Tensor::<2>::from_floats(values, device).require_grad();
        model.hidden.weight = model.hidden.weight.map(|_| set([[0.8, 0.8], [-0.3, -0.3]]));
        let column = Tensor::<2>::from_floats([[0.5], [0.5]], device).require_grad();
        model.output.weight = model.output.weight.map(|_| column);
        let zero =
            |bias: Param<Tensor<1>>| bias.map(|b| Tensor::zeros(b.shape(), device).require_grad());
        model.hidden.bias = model.hidden.bias.map(zero);
        model.output.bias = model.output.bias.map(zero);
        model
    }

    fn loss(&self) -> Tensor<1> {
        let [inputs, targets] = rows(&self.hidden.weight.device());
        let outputs = self.output.forward(self.hidden.forward(inputs).tanh());
        (outputs - targets).square().mean() * 0.5
    }

    /// All parameters as bits.
    fn bits(&self) -> Vec<u32> {
        let layer = |l: &Linear| {
            let bias = l.bias.as_ref().unwrap().val().into_data();
            let weight = l.weight.val().into_data();
            [weight.as_slice::<f32>().unwrap(), bias.as_slice::<f32>().unwrap()].concat()
        };
        [layer(&self.hidden), layer(&self.output)].concat().iter().map(|x| x.to_bits()).collect()
    }
}

fn device() -> Device {
    Device::default().autodiff()
}

/// Escape, wherever the run stands.
fn freely(line_search: bool) -> PolicySettings {
    let lengthening = 0.0;
    PolicySettings::Escape(EscapeSettings { line_search, lengthening, ..Default::default() })
}

/// Looks often and may spend freely.
fn eager(policy: PolicySettings) -> DeoSettings {
    DeoSettings {
        policy,
        trigger: TriggerSettings { interval: 5, stall: Stall::Always },
        budget: BudgetSettings { share: 1.0, allowance: 50.0 },
        seed: 7,
        ..DeoSettings::default()
    }
}

fn train(
    mut model: Xor,
    deo: &mut ModuleDeo,
    optim: &mut ModuleOptimizer,
    steps: usize,
) -> (Xor, Vec<Event>) {
    let mut events = vec![];
    for _ in 0..steps {
        let loss = model.loss();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let step = deo.step(model, loss, grads, Xor::loss);
        events.push(step.event());
        model = step.optimize(|model, grads| optim.step(0.3, model, grads));
    }
    (model, events)
}

#[test]
fn it_leaves_a_saddle_that_gradient_descent_does_not() {
    let number = |model: &Xor| model.loss().into_scalar::<f64>();
    let mut optim = SgdConfig::new().init();
    let mut alone = Xor::symmetric(&device());
    for _ in 0..600 {
        let grads = GradientsParams::from_grads(alone.loss().backward(), &alone);
        alone = optim.step(0.3, alone, grads);
    }
    assert!(number(&alone) > 0.3, "equal units stay equal: {}", number(&alone));

    let model = Xor::symmetric(&device());
    let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
    let (model, events) = train(model, &mut deo, &mut SgdConfig::new().init(), 600);
    assert!(number(&model) < 0.01, "{} after {:?}", number(&model), deo.counts());
    let moves = events.iter().filter(|event| matches!(event, Event::Moved { .. })).count() as u64;
    assert!(deo.counts().kicks >= 1 && deo.counts().moves == moves, "{:?}", deo.counts());
}

#[test]
fn a_step_without_a_move_changes_no_bit_of_module_or_gradients() {
    let mut model = Xor::symmetric(&device());
    // Without its line search Escape asks for gradients, and finds no negative curvature once past the saddle.
    let mut deo = ModuleDeo::new(&model, eager(freely(false))).unwrap();
    let (mut optim, mut asked) = (SgdConfig::new().init(), 0);
    for _ in 0..200 {
        let (loss, before, spent) = (model.loss(), model.bits(), deo.counts().cost());
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let read = |grads: &GradientsParams, model: &Xor| {
            grads.get::<2>(model.hidden.weight.id).unwrap().into_data()
        };
        let g = read(&grads, &model);
        let step = deo.step(model, loss, grads, Xor::loss);
        let moved = step.event().moved();
        model = step.optimize(|model, grads| {
            assert!(!moved, "the gradients are those of another point");
            assert_eq!((model.bits(), read(&grads, &model)), (before.clone(), g));
            asked += usize::from(deo.counts().cost() > spent);
            optim.step(0.3, model, grads)
        });
        assert!(model.bits() != before);
    }
    assert!(asked > 0, "no step had questions and no move: the test saw nothing");
}

#[test]
fn deflation_reaches_the_optimizer_through_the_gradients() {
    let tracking = Tracking { interval: 1, first: 40, gradients: 4 };
    let policy = PolicySettings::Deflate { alpha: 2.0, tracking };
    let model = Xor::symmetric(&device());
    let mut deo = ModuleDeo::new(&model, eager(policy)).unwrap();
    let loss = model.loss();
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let along = |grads: &GradientsParams, deo: &ModuleDeo, model: &Xor| -> f64 {
        let axis = deo.axis(model);
        let mut sum = 0.0;
        for id in [model.hidden.weight.id, model.output.weight.id] {
            let product = axis.get::<2>(id).unwrap() * grads.get::<2>(id).unwrap();
            sum += product.sum().into_scalar::<f64>();
        }
        for layer in [&model.hidden, &model.output] {
            let id = layer.bias.as_ref().unwrap().id;
            let product = axis.get::<1>(id).unwrap() * grads.get::<1>(id).unwrap();
            sum += product.sum().into_scalar::<f64>();
        }
        sum
    };
    let before = GradientsParams::from_grads(model.loss().backward(), &model);
    let step = deo.step(model, loss, grads, Xor::loss);
    assert_eq!(step.event(), Event::Tracked);
    let (model, grads) = step.into_parts();
    // ⟨g − α⟨g,n⟩n, n⟩ = (1 − α)⟨g, n⟩, here −⟨g, n⟩, up to f32 roundings of g.
    let (before, after) = (along(&before, &deo, &model), along(&grads.unwrap(), &deo, &model));
    assert!(before.abs() > 1e-4 && (before + after).abs() < 1e-6, "{before} {after}");
}

#[test]
fn frozen_parameters_keep_their_bits_and_stay_frozen() {
    let mut model = Xor::symmetric(&device());
    model.output = model.output.no_grad();
    let frozen = model.output.weight.val().into_data();
    let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
    let (model, _) = train(model, &mut deo, &mut SgdConfig::new().init(), 100);
    assert!(deo.counts().cost() > 0.0);
    assert_eq!(model.output.weight.val().into_data(), frozen);
    assert!(!model.output.weight.is_require_grad() && model.hidden.weight.is_require_grad());
}

/// A double well in the first two components of x. The rest of x has gradients that are zero, `spare` has none.
#[derive(Module, Debug)]
struct Partly {
    x: Param<Tensor<1>>,
    spare: Linear,
}

impl Partly {
    fn new(device: &Device) -> Self {
        let x = Tensor::<1>::from_floats([1e-6, 0.5, 7.0, -3.0, 1e3], device);
        Partly { x: Param::from_tensor(x), spare: LinearConfig::new(2, 3).init(device) }
    }

    fn loss(&self) -> Tensor<1> {
        let squares = self.x.val().slice(0..2).square();
        (squares.clone().square() / 16.0 - squares / 2.0).sum()
    }

    /// The bits of what the loss doesn't depend on.
    fn idle(&self) -> Vec<u32> {
        let values = |data: burn::tensor::TensorData| data.as_slice::<f32>().unwrap().to_vec();
        let bias = self.spare.bias.as_ref().unwrap();
        let x = values(self.x.val().into_data());
        let spare = [self.spare.weight.val().into_data(), bias.val().into_data()].map(values);
        x[2..].iter().chain(spare.iter().flatten()).map(|x| x.to_bits()).collect()
    }
}

#[test]
fn what_the_loss_does_not_depend_on_is_never_moved() {
    for line_search in [true, false] {
        let mut model = Partly::new(&device());
        let before = model.idle();
        let mut deo = ModuleDeo::new(&model, eager(freely(line_search))).unwrap();
        let (mut optim, mut moved) = (SgdConfig::new().init(), 0);
        for _ in 0..80 {
            let loss = model.loss();
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            let step = deo.step(model, loss, grads, Partly::loss);
            moved += u32::from(step.event().moved());
            model = step.optimize(|model, grads| optim.step(0.1, model, grads));
        }
        assert!(moved > 0, "nothing moved, so nothing was seen: {:?}", deo.counts());
        assert_eq!(model.idle(), before, "after {moved} moves");
    }
}

#[test]
#[should_panic(expected = "make a new ModuleDeo")]
fn freezing_on_the_way_is_noticed() {
    let mut model = Xor::symmetric(&device());
    let mut deo = ModuleDeo::new(&model, DeoSettings::default()).unwrap();
    model.output = model.output.no_grad();
    train(model, &mut deo, &mut SgdConfig::new().init(), 1);
}

#[test]
fn a_loss_that_is_not_finite_leaves_the_module_and_the_optimizer_alone() {
    let mut model = Xor::symmetric(&device());
    let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
    for (factor, times) in [(f32::NAN, 5), (f32::INFINITY, 5)] {
        for _ in 0..times {
            let before = model.bits();
            let loss = model.loss() * factor;
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            let step = deo.step(model, loss, grads, |_| panic!("nothing to ask"));
            assert!(step.skipped() && !step.loss().is_finite());
            model = step.optimize(|_, _| panic!("no step is due"));
            assert_eq!(model.bits(), before);
        }
    }
    let (model, events) = train(model, &mut deo, &mut SgdConfig::new().init(), 50);
    assert!(model.loss().into_scalar::<f64>().is_finite() && events.iter().any(Event::moved));
}

#[test]
fn questions_answered_by_nan_move_nothing() {
    let mut model = Xor::symmetric(&device());
    let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
    let mut asked = 0;
    for _ in 0..30 {
        let loss = model.loss();
        let grads = GradientsParams::from_grads(loss.backward(), &model);
        let step = deo.step(model, loss, grads, |model| {
            asked += 1;
            model.loss() * f32::NAN
        });
        assert!(!step.event().moved());
        model = step.optimize(|model, _| model);
    }
    assert!(asked > 0);
}

#[test]
fn the_state_of_another_module_is_refused() {
    let deo = ModuleDeo::new(&Xor::symmetric(&device()), DeoSettings::default()).unwrap();
    let mut other = Xor::symmetric(&device());
    other.output = other.output.no_grad();
    let module = vec![4, 2];
    let state = vec![4, 2, 2, 1];
    assert_eq!(deo.check(&other), Err(ModuleError::OtherModule { state, module }));
}

#[test]
fn sums_on_the_device_take_the_same_decisions() {
    let run = |reduction| {
        let model = Xor::symmetric(&device());
        let settings = eager(freely(true));
        let mut deo = ModuleDeo::new(&model, settings).unwrap().with_reduction(reduction);
        let (_, events) = train(model, &mut deo, &mut SgdConfig::new().init(), 60);
        events.iter().map(Event::name).collect::<Vec<_>>()
    };
    assert_eq!(run(Reduction::Host), run(Reduction::Device));
}

/// A batch norm, whose running statistics all clones share.
#[derive(Module, Debug)]
struct Normed {
    layer: Linear,
    norm: BatchNorm,
}

impl Normed {
    fn loss(&self) -> Tensor<1> {
        let [inputs, targets] = rows(&self.layer.weight.device());
        let hidden = self.norm.forward(self.layer.forward(inputs)).tanh();
        (hidden - targets).square().mean()
    }
}

#[test]
fn running_statistics_are_those_of_the_training_steps() {
    let run = |ask: bool| {
        device().seed(5);
        let device = device();
        let layer = LinearConfig::new(2, 1).init(&device);
        let mut model = Normed { layer, norm: BatchNormConfig::new(1).init(&device) };
        let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
        for _ in 0..12 {
            let loss = model.loss();
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            if ask {
                // The parameters stay as they are, so that both runs see the same activations.
                let kept = model.clone();
                let _ = deo.step(model, loss, grads, Normed::loss).into_parts();
                model = kept;
            }
        }
        assert_eq!(deo.counts().cost() > 0.0, ask);
        let value = |state: Tensor<1>| state.into_data();
        (value(model.norm.running_mean.value_sync()), value(model.norm.running_var.value_sync()))
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn checkpointing_strategy_survives_a_move() {
    let device = Device::default().autodiff().gradient_checkpointing();
    let model = Xor::symmetric(&device);
    let mut deo = ModuleDeo::new(&model, eager(freely(true))).unwrap();
    let (model, events) = train(model, &mut deo, &mut SgdConfig::new().init(), 60);
    assert!(events.iter().any(Event::moved));
    let strategy = |tensor: Tensor<2>| tensor.gradient_checkpointing_strategy();
    assert_eq!(strategy(model.hidden.weight.val()), device.gradient_checkpointing_strategy());
}
