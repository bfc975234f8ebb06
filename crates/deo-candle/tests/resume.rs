//! A run that is stopped at any step, saved, and gone on with elsewhere has the bits of one that never stopped.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{Optimizer, SGD, VarBuilder, VarMap};
use deo_candle::deo_core::deo::{Counts, Tracking};
use deo_candle::deo_core::policy::EscapeSettings;
use deo_candle::deo_core::trigger::{Stall, TriggerSettings};
use deo_candle::deo_core::{DeoSettings, PolicySettings};
use deo_candle::{AdamW, Error, Resumable, StateError, StepReport, WithDeo};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

const STEPS: u64 = 150;
const WARMUP: u64 = 5;

/// Two layers of tanh units on XOR, from a plateau beside the saddle at zero.
struct Net {
    vars: Vec<Var>,
    dtype: DType,
    one_batch: bool,
}

impl Net {
    fn new(dtype: DType, seed: f64, one_batch: bool) -> Result<Self> {
        let var = |shape: &[usize], first: usize| {
            let len = shape.iter().product::<usize>();
            let values = (first..first + len).map(|i| (0.03 * (seed * i as f64).cos()) as f32);
            Var::from_tensor(
                &Tensor::from_iter(values, &Device::Cpu)?.reshape(shape)?.to_dtype(dtype)?,
            )
        };
        let vars = vec![var(&[2, 4], 1)?, var(&[4], 9)?, var(&[4, 1], 13)?];
        Ok(Net { vars, dtype, one_batch })
    }

    /// On the batch of this step: the same points each time, or others that are much like them.
    fn loss(&self, step: u64) -> Result<Tensor> {
        let scale = if self.one_batch { 1.0 } else { 1.0 + 0.03 * (step % 5) as f32 };
        let sign = |bit: u64| if bit == 0 { -1f32 } else { 1.0 };
        let (mut inputs, mut targets) = (vec![], vec![]);
        for i in 0..16 {
            let size = scale * (0.7 + 0.04 * i as f32);
            inputs.extend([size * sign(i & 1), size * sign(i & 2)]);
            targets.push(-sign(i & 1) * sign(i & 2));
        }
        let rows = targets.len();
        let x = Tensor::from_vec(inputs, (rows, 2), &Device::Cpu)?.to_dtype(self.dtype)?;
        let t = Tensor::from_vec(targets, (rows, 1), &Device::Cpu)?.to_dtype(self.dtype)?;
        let [w, b, out] = &self.vars[..] else { unreachable!("three of them") };
        let y = x.matmul(w)?.broadcast_add(b)?.tanh()?.matmul(out)?;
        (y - t)?.sqr()?.mean_all()?.to_dtype(DType::F32)
    }

    fn bits(&self) -> Vec<u64> {
        let values = |x: &Var| x.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
        self.vars.iter().flat_map(|x| values(x).unwrap()).map(f64::to_bits).collect()
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

fn step<O: Resumable>(run: &mut WithDeo<O>, net: &Net, step: u64) -> anyhow::Result<StepReport> {
    if step.is_multiple_of(50) {
        // Between the changes a resumed run has only what was saved.
        run.optimizer_mut().set_learning_rate(0.2 / (1 + step / 50) as f64);
    }
    Ok(run.backward_step(|| net.loss(step))?)
}

/// Bits, so that equality is that of numbers that aren't finite, too.
fn seen(report: &StepReport) -> String {
    let StepReport { loss, gradient_norm, event, skipped } = report;
    format!("{:x} {:x} {event:?} {skipped}", loss.to_bits(), gradient_norm.to_bits())
}

/// Saves at every step, then goes on from random ones, and from those right after a move.
fn check<O: Resumable>(
    name: &str,
    settings: DeoSettings,
    net: impl Fn(f64) -> Result<Net>,
    make: impl Fn(Vec<Var>) -> Result<O>,
) -> anyhow::Result<Counts> {
    let dir = tempfile::tempdir()?;
    let file = |step: u64| dir.path().join(format!("{step}.safetensors"));
    let straight = net(1.3)?;
    let optimizer = make(straight.vars.clone())?;
    let mut run = WithDeo::new(straight.vars.clone(), optimizer, settings)?.with_warmup(WARMUP);
    let mut reports = vec![];
    for k in 0..STEPS {
        run.save(file(k))?;
        reports.push(step(&mut run, &straight, k)?);
    }
    assert_eq!(fs::read_dir(dir.path())?.count() as u64, STEPS, "files beside the states");

    // A linear congruential generator, to stop at steps that nobody chose.
    let mut random = 12_345u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % STEPS
    };
    let after_moves = (1..STEPS).filter(|&k| reports[k as usize - 1].event.moved()).take(3);
    let stops = after_moves.chain([0, 2]).chain(std::iter::repeat_with(&mut next).take(6));
    for stop in stops.collect::<Vec<_>>() {
        let resumed = net(0.4)?;
        let mut run = WithDeo::new(resumed.vars.clone(), make(resumed.vars.clone())?, settings)?;
        run.load(file(stop))?;
        for k in stop..STEPS {
            let got = step(&mut run, &resumed, k)?;
            let want = &reports[k as usize];
            assert_eq!(seen(&got), seen(want), "{name}: step {k} after a stop at {stop}");
        }
        assert_eq!(resumed.bits(), straight.bits(), "{name}: stopped at {stop}");
    }
    Ok(run.counts())
}

#[test]
fn a_resumed_run_has_the_same_bits() -> anyhow::Result<()> {
    let sgd = |vars| SGD::new(vars, 0.5);
    let adam = |vars| AdamW::new_lr(vars, 0.5);
    let f32s = |one_batch| move |seed| Net::new(DType::F32, seed, one_batch);
    let halves = |seed| Net::new(DType::BF16, seed, true);

    let moved = check("line search, one batch", escape(true), f32s(true), sgd)?.moves;
    assert!(moved >= 3, "{moved} moves");
    // Moves wait for the word of three more batches here, over some steps.
    let counts = check("line search, batches", escape(true), f32s(false), sgd)?;
    assert!(counts.moves >= 3, "{counts:?}");
    let counts = check("kicks, AdamW", escape(false), f32s(true), adam)?;
    assert!(counts.kicks >= 1, "{counts:?}");
    let counts = check("bf16, AdamW", escape(true), halves, adam)?;
    assert!(counts.moves >= 1, "{counts:?}");
    let tracking = Tracking { interval: 4, first: 10, gradients: 3 };
    let deflate = eager(PolicySettings::Deflate { alpha: 0.5, tracking });
    let counts = check("deflation", deflate, f32s(false), adam)?;
    assert!(counts.rotations > 30, "{counts:?}");
    Ok(())
}

#[test]
fn nothing_is_looked_at_during_the_warm_up() -> anyhow::Result<()> {
    let visits = |warmup: Option<u64>| -> anyhow::Result<u64> {
        let net = Net::new(DType::F32, 1.3, true)?;
        let mut run =
            WithDeo::new(net.vars.clone(), SGD::new(net.vars.clone(), 0.1)?, escape(true))?;
        if let Some(steps) = warmup {
            run = run.with_warmup(steps);
        }
        for k in 0..20 {
            assert!(run.backward_step(|| net.loss(k))?.gradient_norm > 0.0);
        }
        Ok(run.counts().visits)
    };
    assert_eq!(visits(Some(20))?, 0);
    assert!(visits(None)? > 0 && visits(Some(10))? > 0);
    Ok(())
}

/// A run that has moved, saved; and what the next step of it has to be.
fn saved(path: &Path) -> anyhow::Result<()> {
    let net = Net::new(DType::F32, 1.3, true)?;
    let adam = AdamW::new_lr(net.vars.clone(), 0.1)?;
    let mut run = WithDeo::new(net.vars.clone(), adam, escape(true))?;
    for k in 0..30 {
        run.backward_step(|| net.loss(k))?;
    }
    Ok(run.save(path)?)
}

/// The message with which `run` refuses the file; it goes on as it would have.
fn refused<O: Resumable>(mut run: WithDeo<O>, net: &Net, path: &Path) -> anyhow::Result<String> {
    let (before, rate) = (net.bits(), run.optimizer().learning_rate());
    let state = format!("{:?}", run.deo());
    let error = run.load(path).expect_err("it must be refused");
    assert!(matches!(error, Error::State(_)), "{error:?}");
    assert_eq!((net.bits(), run.optimizer().learning_rate()), (before, rate), "{error}");
    assert_eq!(format!("{:?}", run.deo()), state, "{error}");
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    Ok(text)
}

#[test]
fn a_file_that_does_not_fit_is_refused_by_name() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = &dir.path().join("run.safetensors");
    saved(path)?;
    let net = Net::new(DType::F32, 0.4, true)?;
    let vars = || net.vars.clone();
    let with = |settings| WithDeo::new(vars(), AdamW::new_lr(vars(), 0.3)?, settings);

    let text = refused(with(DeoSettings { seed: 12, ..escape(true) })?, &net, path)?;
    assert!(text.contains("saved with seed = 11; this run has 12"), "{text}");
    let text = refused(with(escape(false))?, &net, path)?;
    assert!(text.contains("saved with policy = ") && text.contains("line_search: true"), "{text}");

    let run = WithDeo::new(vars(), SGD::new(vars(), 0.1)?, escape(true))?;
    let text = refused(run, &net, path)?;
    assert!(text.contains("a tensor optimizer.first.0; this run has none"), "{text}");

    let fewer = vars()[..2].to_vec();
    let run = WithDeo::new(fewer.clone(), AdamW::new_lr(fewer, 0.1)?, escape(true))?;
    let text = refused(run, &net, path)?;
    assert!(text.contains("has 3 parameters; this run has 2"), "{text}");

    let mut turned = vars();
    turned.swap(1, 2);
    let run = WithDeo::new(turned.clone(), AdamW::new_lr(turned, 0.1)?, escape(true))?;
    let text = refused(run, &net, path)?;
    assert!(text.contains("parameter.1 is F32 [4]; in this run it is F32 [4, 1]"), "{text}");

    let half = Net::new(DType::BF16, 0.4, true)?;
    let adam = AdamW::new_lr(half.vars.clone(), 0.1)?;
    let text = refused(WithDeo::new(half.vars.clone(), adam, escape(true))?, &half, path)?;
    assert!(text.contains("parameter.0 is F32 [2, 4]; in this run it is BF16 [2, 4]"), "{text}");
    Ok(())
}

#[test]
fn a_file_that_is_none_is_refused_by_name() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = &dir.path().join("run.safetensors");
    let net = Net::new(DType::F32, 0.4, true)?;
    let vars = || net.vars.clone();
    let with = || WithDeo::new(vars(), AdamW::new_lr(vars(), 0.3)?, escape(true));
    assert!(refused(with()?, &net, path)?.contains("can't be read"));

    saved(path)?;
    let whole = fs::read(path)?;
    for len in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(path, &whole[..len])?;
        let text = refused(with()?, &net, path)?;
        assert!(text.contains("is no whole safetensors file"), "{len}: {text}");
    }
    let map = VarMap::new();
    VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu).get(3, "weight")?;
    map.save(path)?;
    assert!(refused(with()?, &net, path)?.contains("but no state of a run"));

    // What JSON and tensors say, changed by a text editor.
    let forged =
        |change: &dyn Fn(&mut String, &mut HashMap<String, Tensor>)| -> anyhow::Result<()> {
            let (_, header) = safetensors::SafeTensors::read_metadata(&whole)?;
            let mut text = header.metadata().as_ref().unwrap()["deo"].clone();
            let mut tensors = candle_core::safetensors::load_buffer(&whole, &Device::Cpu)?;
            change(&mut text, &mut tensors);
            let metadata = HashMap::from([("deo".to_owned(), text)]);
            Ok(safetensors::serialize_to_file(tensors, Some(metadata), path)?)
        };
    forged(&|_, _| ())?;
    with()?.load(path)?;
    forged(&|text, _| *text = text.replacen("\"version\":1", "\"version\":7", 1))?;
    assert!(refused(with()?, &net, path)?.contains("has version 7 of the format"));
    forged(&|text, _| *text = text.replacen("\"warmup\":0", "\"warmup\":-1", 1))?;
    assert!(refused(with()?, &net, path)?.contains("what it says of DEO can't be read"));
    forged(&|text, _| {
        // Of the machine, not of the settings: the second of the two.
        let at = text.rfind("\"seed\":11").unwrap();
        text.replace_range(at..at + 9, "\"seed\":13");
    })?;
    assert!(refused(with()?, &net, path)?.contains("it was changed since"));
    forged(&|_, tensors| drop(tensors.remove("deo.axis.1")))?;
    let text = refused(with()?, &net, path)?;
    assert!(text.contains("has no tensor deo.axis.1; this run needs one, F32 [4]"), "{text}");
    let other = || Tensor::zeros(5, DType::F32, &Device::Cpu).unwrap();
    forged(&|_, tensors| drop(tensors.insert("deo.torque.1".into(), other())))?;
    let text = refused(with()?, &net, path)?;
    assert!(text.contains("deo.torque.1 is F32 [5]; in this run it is F32 [4]"), "{text}");
    Ok(())
}

#[test]
fn a_save_that_fails_leaves_what_was_there() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let missing = dir.path().join("none").join("run.safetensors");
    let error = saved(&missing).unwrap_err().downcast::<Error>()?;
    assert!(matches!(error, Error::State(StateError::Write { .. })), "{error}");
    assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");

    // Where the rename is what fails, the complete file is removed again.
    let taken = dir.path().join("taken");
    fs::create_dir_all(taken.join("full"))?;
    saved(&taken).unwrap_err();
    assert_eq!(fs::read_dir(dir.path())?.count(), 1);
    Ok(())
}
