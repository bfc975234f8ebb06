//! A run that is stopped at any step, saved, and gone on with elsewhere has the bits of one that never stopped.

use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor, TensorData};
use burn_pack::{Reader, Writer};
use deo_burn::deo_core::deo::{Counts, Tracking};
use deo_burn::deo_core::policy::EscapeSettings;
use deo_burn::deo_core::trigger::{Stall, TriggerSettings};
use deo_burn::deo_core::{DeoSettings, Event, PolicySettings};
use deo_burn::{ModuleDeo, StateError};
use std::fs;
use std::path::{Path, PathBuf};

const STEPS: u64 = 120;
const WARMUP: u64 = 5;
const RATE: f64 = 0.3;

/// Two layers of tanh units on XOR, from a plateau beside the saddle at zero.
#[derive(Module, Debug)]
struct Net {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    out: Param<Tensor<2>>,
}

fn device() -> Device {
    Device::default().autodiff()
}

impl Net {
    fn new(seed: f64, units: usize) -> Self {
        let values = |first: usize, len: usize| {
            let value = |i: usize| (0.03 * (seed * i as f64).cos()) as f32;
            (first..first + len).map(value).collect::<Vec<_>>()
        };
        let matrix = |first, rows: usize, columns: usize| {
            let data = TensorData::new(values(first, rows * columns), [rows, columns]);
            Param::from_tensor(Tensor::<2>::from_data(data, &device()))
        };
        let bias = TensorData::new(values(9, units), [units]);
        Net {
            weight: matrix(1, 2, units),
            bias: Param::from_tensor(Tensor::from_data(bias, &device())),
            out: matrix(13, units, 1),
        }
    }

    /// On the same points each time, or on others that are much like them.
    fn loss(&self, step: Option<u64>) -> Tensor<1> {
        let scale = step.map_or(1.0, |step| 1.0 + 0.03 * (step % 5) as f32);
        let sign = |bit: u64| if bit == 0 { -1f32 } else { 1.0 };
        let (mut inputs, mut targets) = (vec![], vec![]);
        for i in 0..16 {
            let size = scale * (0.7 + 0.04 * i as f32);
            inputs.extend([size * sign(i & 1), size * sign(i & 2)]);
            targets.push(-sign(i & 1) * sign(i & 2));
        }
        let rows = targets.len();
        let x = Tensor::<2>::from_data(TensorData::new(inputs, [rows, 2]), &device());
        let t = Tensor::<2>::from_data(TensorData::new(targets, [rows, 1]), &device());
        let y = (x.matmul(self.weight.val()) + self.bias.val().unsqueeze()).tanh();
        (y.matmul(self.out.val()) - t).square().mean()
    }

    fn bits(&self) -> Vec<u32> {
        let tensors = [
            self.weight.val().into_data(),
            self.bias.val().into_data(),
            self.out.val().into_data(),
        ];
        let values = |data: &TensorData| data.as_slice::<f32>().unwrap().to_vec();
        tensors.iter().flat_map(values).map(f32::to_bits).collect()
    }
}

/// Looks at every third step and may spend freely.
fn eager(policy: PolicySettings) -> DeoSettings {
    let trigger = TriggerSettings { interval: 3, stall: Stall::Always };
    let mut settings = DeoSettings { policy, trigger, seed: 11, ..DeoSettings::default() };
    settings.budget.allowance = 1e3;
    settings
}

fn escape(line_search: bool) -> DeoSettings {
    let escape = EscapeSettings { line_search, lengthening: 0.0, ..EscapeSettings::default() };
    eager(PolicySettings::Escape(escape))
}

/// Loss and gradient as bits, and what DEO did.
type Seen = (u64, u64, Event);

fn step(
    model: Net,
    deo: &mut ModuleDeo,
    optim: &mut ModuleOptimizer,
    batch: Option<u64>,
) -> (Net, Seen) {
    let loss = model.loss(batch);
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let step = deo.step(model, loss, grads, |model| model.loss(batch));
    let seen = (step.loss().to_bits(), step.gradient_norm().to_bits(), step.event());
    (step.optimize(|model, grads| optim.step(RATE, model, grads)), seen)
}

/// Saves at every step, then goes on from random ones, and from those right after a move.
fn check(
    settings: DeoSettings,
    one_batch: bool,
    make: impl Fn() -> ModuleOptimizer,
) -> Result<Counts, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let file = |step: u64, name: &str| dir.path().join(format!("{step}.{name}.bpk"));
    let batch = |step: u64| (!one_batch).then_some(step);
    let mut model = Net::new(1.3, 4);
    let mut optim = make();
    let mut deo = ModuleDeo::new(&model, settings)?.with_warmup(WARMUP);
    let mut want = vec![];
    for k in 0..STEPS {
        model.clone().into_record().save(file(k, "model"))?;
        optim.save(file(k, "optim"))?;
        deo.save(file(k, "deo"))?;
        let (next, seen) = step(model, &mut deo, &mut optim, batch(k));
        model = next;
        want.push(seen);
    }
    assert_eq!(fs::read_dir(dir.path())?.count() as u64, 3 * STEPS, "files beside the states");

    // A linear congruential generator, to stop at steps that nobody chose.
    let mut random = 12_345u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % STEPS
    };
    let after_moves = (1..STEPS).filter(|&k| want[k as usize - 1].2.moved()).take(3);
    let stops = after_moves.chain([0, 2]).chain(std::iter::repeat_with(&mut next).take(6));
    for stop in stops.collect::<Vec<_>>() {
        let mut resumed = Net::new(0.4, 4).load_record(ModuleRecord::load(file(stop, "model"))?);
        let mut optim = make().load(file(stop, "optim"))?;
        let mut again = ModuleDeo::new(&resumed, settings)?.load(file(stop, "deo"))?;
        for k in stop..STEPS {
            let (next, seen) = step(resumed, &mut again, &mut optim, batch(k));
            resumed = next;
            assert_eq!(seen, want[k as usize], "step {k} after a stop at {stop}");
        }
        assert_eq!(resumed.bits(), model.bits(), "stopped at {stop}");
        assert_eq!(again.counts(), deo.counts());
    }
    Ok(deo.counts())
}

#[test]
fn a_resumed_run_has_the_same_bits() -> Result<(), Box<dyn std::error::Error>> {
    let (sgd, adam) = (|| SgdConfig::new().init(), || AdamConfig::new().init());
    let counts = check(escape(true), true, sgd)?;
    assert!(counts.moves >= 3, "{counts:?}");
    // Moves wait for the word of three more batches here, over some steps.
    let counts = check(escape(true), false, sgd)?;
    assert!(counts.moves >= 3, "{counts:?}");
    let counts = check(escape(false), true, adam)?;
    assert!(counts.kicks >= 1, "{counts:?}");
    let tracking = Tracking { interval: 4, first: 10, gradients: 3 };
    let counts = check(eager(PolicySettings::Deflate { alpha: 0.5, tracking }), false, adam)?;
    assert!(counts.rotations > 20, "{counts:?}");
    Ok(())
}

#[test]
fn nothing_is_looked_at_during_the_warm_up() {
    let visits = |warmup: u64| {
        let mut model = Net::new(1.3, 4);
        let mut deo = ModuleDeo::new(&model, escape(true)).unwrap().with_warmup(warmup);
        let mut optim = SgdConfig::new().init();
        for _ in 0..20 {
            let (next, (_, gradient, _)) = step(model, &mut deo, &mut optim, None);
            model = next;
            assert!(f64::from_bits(gradient) > 0.0);
        }
        deo.counts().visits
    };
    assert_eq!(visits(20), 0);
    assert!(visits(0) > 0 && visits(10) > 0);
}

/// A machine that has moved, saved.
fn saved(path: &Path) -> Result<(), StateError> {
    let mut model = Net::new(1.3, 4);
    let mut deo = ModuleDeo::new(&model, escape(true)).unwrap();
    let mut optim = SgdConfig::new().init();
    for _ in 0..30 {
        model = step(model, &mut deo, &mut optim, None).0;
    }
    deo.save(path)
}

/// The message with which a machine with these settings for a net with so many units refuses the file.
fn refusal(settings: DeoSettings, units: usize, path: &Path) -> String {
    let deo = ModuleDeo::new(&Net::new(0.4, units), settings).unwrap();
    let text = deo.load(path).expect_err("it must be refused").to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    text
}

#[test]
fn a_file_that_does_not_fit_is_refused_by_name() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path: &PathBuf = &dir.path().join("deo.bpk");
    assert!(refusal(escape(true), 4, path).contains("can't be read"));
    saved(path)?;
    let text = refusal(DeoSettings { seed: 12, ..escape(true) }, 4, path);
    assert!(text.contains("saved with seed = 11; this machine has 12"), "{text}");
    let text = refusal(escape(false), 4, path);
    assert!(text.contains("saved with policy = ") && text.contains("line_search: true"), "{text}");
    let text = refusal(escape(true), 5, path);
    assert!(text.contains("lengths [8, 4, 4]; those of the module have [10, 5, 5]"), "{text}");

    let whole = fs::read(path)?;
    for len in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(path, &whole[..len])?;
        let text = refusal(escape(true), 4, path);
        assert!(text.contains("can't be read"), "{len}: {text}");
    }
    Net::new(1.0, 4).into_record().save(path)?;
    assert!(refusal(escape(true), 4, path).contains("holds no state of DEO"));
    Ok(())
}

#[test]
fn a_file_that_was_changed_is_refused_by_name() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let path = &dir.path().join("deo.bpk");
    saved(path)?;
    let whole = fs::read(path)?;
    type Change<'a> = &'a dyn Fn(&mut String, &mut Vec<burn_pack::Tensor>);
    let forged = |change: Change<'_>| -> Result<(), burn_pack::Error> {
        let reader = Reader::from_bytes(burn::tensor::Bytes::from_bytes_vec(whole.clone()))?;
        let mut text = reader.metadata()["deo"].clone();
        let mut tensors = reader.into_tensors()?;
        change(&mut text, &mut tensors);
        Writer::new(tensors).with_metadata("deo", &text).write_to_file(path)
    };
    forged(&|_, _| ())?;
    ModuleDeo::new(&Net::new(0.4, 4), escape(true))?.load(path)?;
    forged(&|text, _| *text = text.replacen("\"version\":1", "\"version\":7", 1))?;
    assert!(refusal(escape(true), 4, path).contains("has version 7 of the format"));
    forged(&|text, _| *text = text.replacen("\"warmup\":0", "\"warmup\":-1", 1))?;
    assert!(refusal(escape(true), 4, path).contains("what it says of DEO can't be read"));
    forged(&|text, _| {
        // Of the machine, not of the settings: the second of the two.
        let at = text.rfind("\"seed\":11").unwrap();
        text.replace_range(at..at + 9, "\"seed\":13");
    })?;
    assert!(refusal(escape(true), 4, path).contains("it was changed since"));
    forged(&|_, tensors| tensors.retain(|tensor| tensor.name != "axis.1"))?;
    let text = refusal(escape(true), 4, path);
    assert!(text.contains("has no tensor axis.1; this machine needs one, F32 [4]"), "{text}");
    forged(&|_, tensors| {
        let torque = tensors.iter_mut().find(|tensor| tensor.name == "torque.1").unwrap();
        torque.shape = vec![2, 2].into();
    })?;
    let text = refusal(escape(true), 4, path);
    assert!(text.contains("torque.1 is F32 [2, 2]; in this machine it is F32 [4]"), "{text}");
    Ok(())
}

#[test]
fn a_save_that_fails_leaves_what_was_there() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let missing = dir.path().join("none").join("deo.bpk");
    let error = saved(&missing).unwrap_err();
    assert!(matches!(error, StateError::Write { .. }), "{error}");
    assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
    let taken = dir.path().join("taken.bpk");
    fs::create_dir_all(taken.join("full"))?;
    saved(&taken).unwrap_err();
    assert_eq!(fs::read_dir(dir.path())?.count(), 1);
    Ok(())
}
