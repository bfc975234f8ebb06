//! What DEO's default policy adds to candle's own training step in time.
//!
//! `cargo run --release -p deo-candle --example candle_overhead -- [STEPS [WIDTH]]` (by default 400 steps of a net with two hidden
//! layers of 512 units: half a minute)
//!
//! Two trainings of the same net under AdamW, from the same weights on the same batches of digits, one of them with DEO.
//! They take their steps in turns, so a busy machine slows both. Prints the medians of the steps, the ratio of the times
//! of whole parts of the run, which have the visits in them, and what an inner product costs by either route.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{AdamW, Module, Optimizer, Sequential, VarBuilder, VarMap};
use candle_nn::{linear, loss::cross_entropy, seq};
use deo_candle::deo_core::{DeoSettings, Space};
use deo_candle::{Tensors, WithDeo, sorted_vars};
use deo_models::digits::Digits;
use std::time::Instant;

const BATCH: usize = 64;

fn net(width: usize, map: &VarMap) -> Result<Sequential> {
    let builder = VarBuilder::from_varmap(map, DType::F32, &Device::Cpu);
    Ok(seq()
        .add(linear(64, width, builder.pp("a"))?)
        .add_fn(Tensor::tanh)
        .add(linear(width, width, builder.pp("b"))?)
        .add_fn(Tensor::tanh)
        .add(linear(width, 10, builder.pp("c"))?))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let mut next = |default| arguments.next().unwrap_or(Ok(default));
    let steps: usize = next(400).map_err(candle_core::Error::wrap)?;
    let width = next(512).map_err(candle_core::Error::wrap)?;
    let (digits, _) = Digits::load().split();
    let pixels = Tensor::from_slice(&digits.pixels, (digits.len(), 64), &Device::Cpu)?
        .to_dtype(DType::F32)?;
    let labels = digits.labels.iter().map(|&label| u32::from(label)).collect::<Vec<_>>();
    let labels = Tensor::from_vec(labels, digits.len(), &Device::Cpu)?;

    let (map, other) = (VarMap::new(), VarMap::new());
    let (base, with) = (net(width, &map)?, net(width, &other)?);
    let (vars, other_vars) = (sorted_vars(&map), sorted_vars(&other));
    vars.iter().zip(&other_vars).try_for_each(|(from, to)| to.set(&from.as_tensor().copy()?))?;
    let mut adam = AdamW::new_lr(vars.clone(), 1e-3)?;
    let other_adam = AdamW::new_lr(other_vars.clone(), 1e-3)?;
    let mut run = WithDeo::new(other_vars, other_adam, DeoSettings::default())?;

    let (mut base_times, mut deo_times) = (Vec::new(), Vec::new());
    let mut losses = [0.0; 2];
    for step in 0..steps {
        let start = step * BATCH % (digits.len() - BATCH);
        let (x, y) = (pixels.narrow(0, start, BATCH)?, labels.narrow(0, start, BATCH)?);
        // Whoever goes second finds the batch in the cache, so they take turns in that as well.
        for with_deo in [step % 2 == 0, step % 2 == 1] {
            let time = Instant::now();
            if with_deo {
                losses[1] = run.backward_step(|| cross_entropy(&with.forward(&x)?, &y))?.loss;
                deo_times.push(time.elapsed().as_secs_f64());
            } else {
                let loss = cross_entropy(&base.forward(&x)?, &y)?;
                adam.backward_step(&loss)?;
                losses[0] = f64::from(loss.to_scalar::<f32>()?); // every loop logs its loss
                base_times.push(time.elapsed().as_secs_f64());
            }
        }
    }
    // Block by block, so that a pause of the machine spoils one of them.
    let block = (steps / 10).max(1);
    let blocks = base_times.chunks(block).zip(deo_times.chunks(block));
    let mut ratios: Vec<f64> =
        blocks.map(|(base, deo)| deo.iter().sum::<f64>() / base.iter().sum::<f64>()).collect();
    let [base, deo] = [median(&mut base_times), median(&mut deo_times)];
    let space = Tensors::of(DType::F32)?;
    let x = vars.iter().map(|var| var.as_detached_tensor()).collect::<Vec<_>>();
    println!("{} parameters, {steps} steps, losses {losses:.5?}", space.len(&x));
    println!(
        "median of a step: {:.3} ms, with DEO {:.3} ms: {:.4}",
        1e3 * base,
        1e3 * deo,
        deo / base
    );
    println!("median of ten parts of the run, visits included: {:.4}", median(&mut ratios));
    println!("{:?}", run.counts());
    for (name, space) in
        [("slices", Tensors::of(DType::F32)?), ("operations", space.by_operations())]
    {
        let mut times = Vec::new();
        for _ in 0..50 {
            let time = Instant::now();
            std::hint::black_box(space.dot(&x, &x));
            times.push(time.elapsed().as_secs_f64());
        }
        println!("an inner product by {name}: {:.3} ms", 1e3 * median(&mut times));
        space.check()?;
    }
    Ok(())
}
