//! What estimates and steps do to the `Var`s, and what they find where the answer is known.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{AdamW, Optimizer, SGD, VarBuilder, VarMap};
use deo_candle::{Error, Parameters, Tensors, WithDeo, answer_all, lowest_curvature, sorted_vars};
use deo_core::policy::EscapeSettings;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{
    DeoSettings, Dimer, DimerSettings, Event, Length, PolicySettings, Rule, Space, Status,
};
use deo_core::{deo::Tracking, dimer::Target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice::from_ref;

/// Two tensors of 4 × 3 and 5 components whose Hessian is diagonal: −3, −1, 0.5, 1, 1.5, … .
struct Quadratic {
    vars: Vec<Var>,
    scales: Vec<Tensor>,
}

impl Quadratic {
    fn new(dtype: DType) -> Result<Self> {
        Quadratic::with_others(dtype, 1.0)
    }

    /// The others of the spectrum, and x in the place of −3, by a factor.
    fn with_others(dtype: DType, factor: f64) -> Result<Self> {
        let cpu = &Device::Cpu;
        let mut x = (0..17).map(|i| (1.3 * f64::from(i)).cos()).collect::<Vec<_>>();
        // The lowest curvature belongs to a component in the middle of the second tensor.
        let mut scales = (1..=17).map(|i| factor * 0.5 * f64::from(i)).collect::<Vec<_>>();
        (scales[14], scales[2]) = (-3.0, -factor);
        x[14] *= factor;
        let cut = |x: &[f64]| -> Result<Vec<Tensor>> {
            let first = Tensor::from_slice(&x[..12], (4, 3), cpu)?.to_dtype(dtype)?;
            Ok(vec![first, Tensor::from_slice(&x[12..], 5, cpu)?.to_dtype(dtype)?])
        };
        let vars = cut(&x)?.iter().map(Var::from_tensor).collect::<Result<_>>()?;
        Ok(Quadratic { vars, scales: cut(&scales)? })
    }

    fn loss(&self) -> Result<Tensor> {
        let term = |i: usize| (self.vars[i].sqr()? * &self.scales[i])?.sum_all();
        (term(0)? + term(1)?)? / 2.0
    }
}

/// All bits of all `Var`s; f32 holds every half and its own kind, f64 the rest.
fn bits(vars: &[Var]) -> Vec<u64> {
    let values = |x: &Var| x.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
    vars.iter().flat_map(|x| values(x).unwrap()).map(f64::to_bits).collect()
}

/// A visit at every step.
fn eager() -> DeoSettings {
    let trigger = TriggerSettings { interval: 1, stall: Stall::Always };
    let escape = EscapeSettings { lengthening: 0.0, ..EscapeSettings::default() };
    let policy = PolicySettings::Escape(escape);
    let mut settings = DeoSettings { policy, trigger, ..DeoSettings::default() };
    settings.budget.allowance = 1e3;
    settings
}

#[test]
fn ends_of_a_known_spectrum_are_found_and_the_vars_are_back_to_the_bit() -> anyhow::Result<()> {
    for (dtype, tolerance) in [(DType::F64, 1e-7), (DType::F32, 1e-4)] {
        let quadratic = Quadratic::new(dtype)?;
        let before = bits(&quadratic.vars);
        for rule in [Rule::Forward, Rule::Central] {
            for (target, want, place) in [(Target::Lowest, -3.0, 2), (Target::Highest, 8.5, 4)] {
                let settings =
                    DimerSettings { rule, target, tolerance: 1e-4, ..DimerSettings::default() };
                let loss = || quadratic.loss();
                let (estimate, axis) = lowest_curvature(&quadratic.vars, loss, settings, 7)?;
                let error = (estimate.curvature / want - 1.0).abs();
                assert!(error < tolerance, "{dtype:?} {rule:?} {target:?}: {estimate:?}");
                let along = axis[1].to_dtype(DType::F64)?.to_vec1::<f64>()?[place];
                assert!((along.abs() - 1.0).abs() < 1e-3, "{axis:?}");
                assert_eq!(bits(&quadratic.vars), before);
            }
        }
    }
    Ok(())
}

#[test]
fn operations_alone_find_it_too() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F32)?;
    let parameters = Parameters::new(quadratic.vars.clone())?;
    let space = Tensors::of(DType::F32)?.by_operations();
    let mut dimer = Dimer::new(&space, &parameters.values()?, DimerSettings::default())?;
    dimer.draw(&space, 7);
    dimer.begin(&space);
    answer_all(&mut dimer, &parameters, &space, Rule::Forward, || quadratic.loss())?;
    // λ − C is of second order in the residual, 1 % of 3, over the gap, 2.
    assert!((dimer.estimate().curvature + 3.0).abs() < 1e-3, "{:?}", dimer.estimate());
    Ok(())
}

#[test]
fn bf16_weights_are_probed_on_f32_masters() -> anyhow::Result<()> {
    // A small gradient: an estimate ends at the noise of gradients that are good to a few 2⁻⁸.
    let quadratic = Quadratic::with_others(DType::BF16, 0.05)?;
    let before = bits(&quadratic.vars);
    let loss = || quadratic.loss();
    let (estimate, axis) = lowest_curvature(&quadratic.vars, loss, DimerSettings::default(), 7)?;
    assert!(axis.iter().all(|axis| axis.dtype() == DType::F32));
    assert!((estimate.curvature + 3.0).abs() < 0.1, "{estimate:?}"); // 3 %: a few 2⁻⁸
    assert_eq!(bits(&quadratic.vars), before);
    Ok(())
}

#[test]
fn the_length_of_a_probe_is_that_between_rounded_weights() -> anyhow::Result<()> {
    // At 1 bf16 has steps of 2⁻⁷ and 2⁻⁸, so 0.006 is rounded by a third; −2x² has gradients that are exact.
    let x = Var::from_tensor(&Tensor::new(&[1f32], &Device::Cpu)?.to_dtype(DType::BF16)?)?;
    let settings =
        DimerSettings { length: Some(Length::Absolute(0.006)), ..DimerSettings::default() };
    let loss = || x.sqr()?.affine(-2.0, 0.0)?.sum_all();
    let (estimate, _) = lowest_curvature(from_ref(&x), loss, settings, 1)?;
    assert!((estimate.curvature + 4.0).abs() < 1e-6, "{estimate:?}"); // f32's own rounding
    Ok(())
}

#[test]
fn masters_that_each_pass_casts_to_bf16_need_the_space_of_bf16() -> anyhow::Result<()> {
    let quadratic = Quadratic::with_others(DType::F32, 0.05)?;
    let parameters = Parameters::new(quadratic.vars.clone())?;
    let loss = || {
        let half = |x: &Tensor| x.to_dtype(DType::BF16);
        let (x, scales) = (&quadratic.vars, &quadratic.scales);
        let term = |i: usize| (half(&x[i])?.sqr()? * half(&scales[i])?)?.sum_all();
        (term(0)? + term(1)?)? / 2.0
    };
    let error = |space: Tensors| -> anyhow::Result<f64> {
        let mut dimer = Dimer::new(&space, &parameters.values()?, DimerSettings::default())?;
        dimer.draw(&space, 7);
        dimer.begin(&space);
        answer_all(&mut dimer, &parameters, &space, Rule::Forward, loss)?;
        Ok((dimer.estimate().curvature / -3.0 - 1.0).abs())
    };
    let (of_bf16, of_f32) = (error(Tensors::of(DType::BF16)?)?, error(Tensors::of(DType::F32)?)?);
    assert!(of_bf16 < 0.1, "{of_bf16}");
    // The short probe of f32 is swallowed by the cast of most components, and blown up by that of a few.
    assert!(of_f32.is_nan() || of_f32 > 0.2, "{of_f32}");
    Ok(())
}

#[test]
fn bf16_weights_leave_a_saddle() -> anyhow::Result<()> {
    // x₁⁴/16 − x₁²/2 + 9/8 x₂² from beside the saddle.
    let x = Var::from_tensor(&Tensor::new(&[1e-6f32, 0.5], &Device::Cpu)?.to_dtype(DType::BF16)?)?;
    let loss = || {
        let (x1, x2) = (x.get(0)?.to_dtype(DType::F32)?, x.get(1)?.to_dtype(DType::F32)?);
        let x1 = x1.sqr()?;
        ((x1.sqr()? / 16.0)? - (x1 / 2.0)?)? + (x2.sqr()? * 1.125)?
    };
    let mut run = WithDeo::new(vec![x.clone()], SGD::new(vec![x.clone()], 0.1)?, eager())?;
    let mut moved = false;
    for _ in 0..60 {
        moved |= run.backward_step(loss)?.event.moved();
    }
    let x1 = x.get(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    assert!(moved && (x1.abs() - 2.0).abs() < 0.05, "x₁ = {x1}");
    Ok(())
}

#[test]
fn the_vars_are_back_after_an_error_and_after_a_panic() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F32)?;
    let before = bits(&quadratic.vars);
    for fail_at in 2..5 {
        let mut calls = 0;
        let failing = || {
            calls += 1;
            if calls == fail_at {
                assert_ne!(bits(&quadratic.vars), before, "it is away");
                candle_core::bail!("the batch is gone");
            }
            quadratic.loss()
        };
        let vars = &quadratic.vars;
        let error = lowest_curvature(vars, failing, DimerSettings::default(), 1).unwrap_err();
        assert!(matches!(error, Error::Candle(_)));
        assert!(error.to_string().contains("the batch is gone"), "{error}");
        assert_eq!(bits(vars), before);
    }

    let mut run =
        WithDeo::new(quadratic.vars.clone(), AdamW::new_lr(quadratic.vars.clone(), 0.1)?, eager())?;
    let mut calls = 0;
    let panicking = || {
        calls += 1;
        assert!(calls < 3, "third call");
        quadratic.loss()
    };
    catch_unwind(AssertUnwindSafe(|| run.backward_step(panicking))).unwrap_err();
    assert_eq!(bits(&quadratic.vars), before);
    // And the machine goes on.
    let report = run.backward_step(|| quadratic.loss())?;
    assert!(!report.skipped);
    Ok(())
}

#[test]
fn a_step_without_a_move_is_the_optimizers_own_to_the_bit() -> anyhow::Result<()> {
    let (with, without) = (Quadratic::new(DType::F32)?, Quadratic::new(DType::F32)?);
    let mut alone = AdamW::new_lr(without.vars.clone(), 1e-3)?;
    let adam = AdamW::new_lr(with.vars.clone(), 1e-3)?;
    // It looks at every step, and any move would have to be one of 10⁻³⁰ at least and 10⁻³⁰ at most.
    let nothing = Length::Absolute(1e-30);
    let escape = EscapeSettings {
        shortest: nothing,
        longest: nothing,
        lengthening: 0.0,
        ..Default::default()
    };
    let settings = DeoSettings { policy: PolicySettings::Escape(escape), ..eager() };
    let mut run = WithDeo::new(with.vars.clone(), adam, settings)?;
    for _ in 0..20 {
        let report = run.backward_step(|| with.loss())?;
        assert!(!report.event.moved(), "{report:?}");
        alone.backward_step(&without.loss()?)?;
        assert_eq!(bits(&with.vars), bits(&without.vars));
    }
    let counts = run.counts();
    assert!(counts.losses >= 5 && counts.gradients >= 5, "it did look: {counts:?}");
    Ok(())
}

#[test]
fn a_var_without_a_gradient_counts_as_zero_and_is_left_alone() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F64)?;
    let unused = Var::new(&[1.0, 2.0], &Device::Cpu)?;
    let mut vars = quadratic.vars.clone();
    vars.insert(1, unused.clone());
    let parameters = Parameters::new(vars.clone())?;
    let grads = quadratic.loss()?.backward()?;
    let g = parameters.gradients(&grads)?;
    assert_eq!(g[1].to_vec1::<f64>()?, [0.0, 0.0]);
    let space = parameters.space();
    let (estimate, axis) =
        lowest_curvature(&vars, || quadratic.loss(), DimerSettings::default(), 3)?;
    assert!((estimate.curvature + 3.0).abs() < 1e-3, "{estimate:?}");
    assert!(space.norm(&axis[1..2]) < 0.02, "{axis:?}"); // the residual is 1 %

    // Deflation changes gradients; the optimizer still gets none for this one, and decays nothing.
    let tracking = Tracking { interval: 1, ..Tracking::default() };
    let policy = PolicySettings::Deflate { alpha: 1.0, tracking };
    let adam = AdamW::new_lr(vars.clone(), 0.1)?;
    let mut run = WithDeo::new(vars, adam, DeoSettings { policy, ..DeoSettings::default() })?;
    run.backward_step(|| quadratic.loss())?;
    assert_eq!(unused.to_vec1::<f64>()?, [1.0, 2.0]);
    Ok(())
}

#[test]
fn deflation_reaches_the_optimizer() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F64)?;
    let tracking = Tracking { interval: 1, first: 60, gradients: 20 };
    let policy = PolicySettings::Deflate { alpha: 1.0, tracking };
    let settings = DeoSettings { policy, ..DeoSettings::default() };
    let before = quadratic.vars[1].to_vec1::<f64>()?;
    let sgd = SGD::new(quadratic.vars.clone(), 0.1)?;
    let mut run = WithDeo::new(quadratic.vars.clone(), sgd, settings)?;
    assert_eq!(run.backward_step(|| quadratic.loss())?.event, Event::Tracked);
    let after = quadratic.vars[1].to_vec1::<f64>()?;
    // Component 2 is the axis: its step is gone, up to a residual of 1 %; component 4 has Hessian 8.5 and its whole step.
    assert!((after[2] - before[2]).abs() < 0.03 * (0.1 * 3.0 * before[2]).abs() + 0.02);
    assert!((after[4] - before[4] * (1.0 - 0.85)).abs() < 0.05 * before[4].abs());
    Ok(())
}

#[test]
fn what_is_not_finite_is_data() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F32)?;
    let before = bits(&quadratic.vars);
    let adam = AdamW::new_lr(quadratic.vars.clone(), 0.1)?;
    let mut run = WithDeo::new(quadratic.vars.clone(), adam, eager())?;
    for poison in [f64::NAN, f64::INFINITY] {
        let report = run.backward_step(|| quadratic.loss()?.affine(1.0, poison))?;
        assert!(report.skipped && !report.loss.is_finite(), "{report:?}");
        let report = run.backward_step(|| quadratic.loss()?.affine(poison, 0.0))?;
        assert!(report.skipped && !report.gradient_norm.is_finite(), "{report:?}");
    }
    assert_eq!(bits(&quadratic.vars), before);

    // Finite at x, not where the dimer looks.
    let mut calls = 0;
    let loss = || {
        calls += 1;
        quadratic.loss()?.affine(if calls == 1 { 1.0 } else { f64::NAN }, 0.0)
    };
    let (estimate, _) = lowest_curvature(&quadratic.vars, loss, DimerSettings::default(), 1)?;
    assert_eq!(estimate.status, Status::NonFinite);
    assert_eq!(bits(&quadratic.vars), before);
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused_by_name() -> anyhow::Result<()> {
    let quadratic = Quadratic::new(DType::F32)?;
    let [first, second] = [0, 1].map(|i| quadratic.vars[i].clone());
    let count = Var::new(&[3u32], &Device::Cpu)?;
    assert!(matches!(Parameters::new(vec![]), Err(Error::NoParameters)));
    assert!(matches!(Parameters::new(vec![count.clone()]), Err(Error::NoParameters)));
    let twice = Parameters::new(vec![first.clone(), second, first.clone()]);
    assert!(matches!(twice, Err(Error::Repeated { first: 0, second: 2 })));
    assert_eq!(Parameters::new(vec![count, first.clone()])?.vars().len(), 1);

    let vector = || first.sqr();
    let error = lowest_curvature(from_ref(&first), vector, DimerSettings::default(), 1);
    assert!(matches!(error, Err(Error::LossShape { .. })));
    let settings = DimerSettings { tolerance: -1.0, ..DimerSettings::default() };
    let error = lowest_curvature(from_ref(&first), || quadratic.loss(), settings, 1).unwrap_err();
    let error = candle_core::Error::from(error).to_string();
    assert!(error.contains("tolerance"), "{error}");
    Ok(())
}

#[test]
fn vars_are_sorted_by_name() -> anyhow::Result<()> {
    let map = VarMap::new();
    let builder = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
    for (name, len) in [("b", 2), ("c.weight", 3), ("a", 1), ("c.bias", 4)] {
        builder.get(len, name)?;
    }
    let lengths = sorted_vars(&map).iter().map(|var| var.elem_count()).collect::<Vec<_>>();
    assert_eq!(lengths, [1, 2, 4, 3]);
    Ok(())
}

#[test]
fn a_var_that_the_loss_does_not_depend_on_is_not_kicked() -> anyhow::Result<()> {
    // The double well x₁⁴/16 − x₁²/2 + 9/8 x₂² beside its saddle and in a well, with two tensors that it doesn't use.
    for dtype in [DType::F32, DType::F64] {
        for start in [[1e-6, 0.5], [1.7, 0.5]] {
            let var = |x: &[f64]| -> Result<Var> {
                Var::from_tensor(&Tensor::new(x, &Device::Cpu)?.to_dtype(dtype)?)
            };
            let (well, unused) = (var(&start)?, [var(&[7.0])?, var(&[3.0, -4.0, 5.0])?]);
            let vars = vec![well.clone(), unused[0].clone(), unused[1].clone()];
            let before = bits(&unused);
            let optimizer = AdamW::new_lr(vars.clone(), 0.002)?;
            let mut run = WithDeo::new(vars, optimizer, DeoSettings::default())?;
            for _ in 0..300 {
                run.backward_step(|| {
                    let [x, y] = [well.get(0)?, well.get(1)?];
                    let quartic = (x.sqr()?.sqr()? / 16.0)?;
                    quartic - (x.sqr()? / 2.0)? + (y.sqr()? * 1.125)?
                })?;
            }
            assert_eq!(bits(&unused), before, "{dtype:?} from {start:?}: {:?}", run.deo().counts());
        }
    }
    Ok(())
}

#[test]
fn rows_that_never_occur_are_not_kicked() -> anyhow::Result<()> {
    // Their gradient isn't absent but zero: rows 1 and 3 of a table, of which rows 0 and 2 are looked up.
    for dtype in [DType::F64, DType::F32] {
        let rows = Tensor::new(&[0u32, 2], &Device::Cpu)?;
        let table = [[1e-6, 0.5], [7.0, -3.0], [0.2, -0.1], [1e3, 1e-3]];
        let table = Var::from_tensor(&Tensor::new(&table, &Device::Cpu)?.to_dtype(dtype)?)?;
        let idle = || -> Result<Vec<f64>> {
            let all = table.to_dtype(DType::F64)?.to_vec2::<f64>()?;
            Ok([&all[1][..], &all[3][..]].concat())
        };
        let before = idle()?;
        let loss = || {
            // x⁴/16 − x²/2 of each component.
            let squares = table.index_select(&rows, 0)?.sqr()?;
            ((squares.sqr()? / 16.0)? - (squares / 2.0)?)?.sum_all()
        };
        let vars = vec![table.clone()];
        let mut run = WithDeo::new(vars.clone(), SGD::new(vars, 0.1)?, eager())?;
        let mut moved = 0;
        for _ in 0..60 {
            moved += u32::from(run.backward_step(loss)?.event.moved());
        }
        assert!(moved > 0, "{dtype:?}: nothing moved, so nothing was seen");
        assert_eq!(idle()?, before, "{dtype:?} after {moved} moves");
    }
    Ok(())
}

#[test]
fn a_move_that_leads_to_what_is_not_finite_is_undone() -> anyhow::Result<()> {
    let x = Var::new(&[1e-6_f64, 0.5], &Device::Cpu)?;
    let sgd = SGD::new(vec![x.clone()], 0.1)?;
    let mut run = WithDeo::new(vec![x.clone()], sgd, DeoSettings::default())?;
    let well = || {
        let [x, y] = [x.get(0)?, x.get(1)?];
        (x.sqr()?.sqr()? / 16.0)? - (x.sqr()? / 2.0)? + (y.sqr()? * 1.125)?
    };
    let mut before = vec![];
    let moved = (0..100).any(|_| {
        before = x.to_vec1::<f64>().unwrap();
        run.backward_step(well).unwrap().event.moved()
    });
    assert!(moved);
    let report = run.backward_step(|| well()? * f64::NAN)?;
    assert!(report.skipped && matches!(report.event, Event::Reverted { .. }), "{report:?}");
    let after = x.to_vec1::<f64>()?;
    assert!(after.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-12), "{after:?} {before:?}");
    Ok(())
}
