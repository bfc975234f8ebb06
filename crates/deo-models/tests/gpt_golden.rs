//! The GPT against PyTorch: loss, the gradient of every tensor, and ten steps of AdamW, from
//! tests/golden/gpt.py.

mod derivative;

use deo_core::Objective;
use deo_core::optim::{Adam, AdamSettings, Decay, Group, Groups, Optimizer};
use deo_core::space::{Host, Space};
use deo_linalg::{Real, Threads};
use deo_models::data::Batch;
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::layout::Layout;
use derivative::assert_close;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use std::collections::HashMap;

const TENSORS: &[u8] = include_bytes!("golden/gpt.safetensors");
const RECORD: &str = include_str!("golden/gpt.json");

#[derive(Deserialize)]
struct Record {
    vocabulary: usize,
    block: usize,
    layers: usize,
    heads: usize,
    width: usize,
    rows: usize,
    inputs: Vec<u16>,
    targets: Vec<u16>,
    rate: f64,
    betas: (f64, f64),
    epsilon: f64,
    decay: f64,
    losses: HashMap<String, Vec<f64>>,
}

/// A tensor as numbers; f32 is exact in f64.
fn numbers(tensor: &safetensors::tensor::TensorView<'_>) -> Vec<f64> {
    match tensor.dtype() {
        Dtype::F32 => {
            let (words, _) = tensor.data().as_chunks();
            words.iter().map(|word| f64::from(f32::from_le_bytes(*word))).collect()
        }
        Dtype::F64 => {
            let (words, _) = tensor.data().as_chunks();
            words.iter().map(|word| f64::from_le_bytes(*word)).collect()
        }
        other => panic!("a tensor of {other:?}"),
    }
}

/// All tensors with one prefix, laid out.
fn arena(layout: &Layout, prefix: &str) -> Vec<f64> {
    let file = SafeTensors::deserialize(TENSORS).expect("a safetensors file");
    let mut x = vec![0.0; layout.len()];
    for (tensor, values) in layout.split_mut(&mut x) {
        let view = file.tensor(&format!("{prefix}.{}", tensor.name())).expect("PyTorch's names");
        assert_eq!(view.shape(), tensor.shape(), "{}", tensor.name());
        values.copy_from_slice(&numbers(&view));
    }
    x
}

/// Relative errors that are allowed. In double precision the two agree to 1e-14, in single precision to 2e-6:
/// products are summed in another order. A step of AdamW divides by the gradient's own size and so passes the
/// error of the gradient on; ten of them do not add up to more.
struct Tolerances {
    loss: f64,
    gradient: f64,
    trained_loss: f64,
    trained: f64,
}

fn check<T: Real + deo_core::space::Real>(key: &str, tolerances: &Tolerances)
where
    Host<T>: Space<Vector = [T], Owned = Vec<T>>,
{
    let record: Record = serde_json::from_str(RECORD).expect("the record");
    let Record { vocabulary, block, layers, heads, width, .. } = record;
    let config = GptConfig { vocabulary, block, layers, heads, width };
    let mut gpt = Gpt::<T>::new(config, Threads::Pool).expect("a model");
    let layout = gpt.layout().clone();
    let batch = Batch { inputs: record.inputs, targets: record.targets, rows: record.rows, block };
    let to_f64 = |x: &[T]| -> Vec<f64> { x.iter().map(|x| Real::to_f64(*x)).collect() };
    let close = |what: &str, got: &[T], prefix: &str, tolerance| {
        let (got, want) = (to_f64(got), arena(&layout, prefix));
        for ((tensor, got), (_, want)) in layout.split(&got).zip(layout.split(&want)) {
            assert_close(&format!("{what} of {}", tensor.name()), got, want, tolerance);
        }
    };

    let mut x: Vec<T> = arena(&layout, "weight").into_iter().map(<T as Real>::from_f64).collect();
    let mut g = vec![<T as Real>::from_f64(f64::NAN); x.len()];
    let loss = gpt.on(&batch).value_grad(&x, &mut g);
    assert_close("loss", &[loss], &record.losses[key][..1], tolerances.loss);
    close("gradient", &g, &format!("gradient.{key}"), tolerances.gradient);
    close("gradient", &g, "gradient.f64", tolerances.gradient);

    let space = Host::<T>::new();
    let groups = layout.tensors().iter().map(|tensor| {
        Group::new(tensor.range()).decay_scale(if tensor.decay() { 1.0 } else { 0.0 })
    });
    let groups = Groups::new(layout.len(), groups.collect()).expect("the tensors cover the arena");
    let settings = AdamSettings {
        beta1: record.betas.0,
        beta2: record.betas.1,
        epsilon: record.epsilon,
        decay: Decay::Decoupled(record.decay),
        ..AdamSettings::adamw()
    };
    let mut adamw = Adam::new(settings, &space, &x[..]).expect("settings");
    adamw = adamw.with_groups(groups).expect("groups of the same length");
    for (t, want) in record.losses[key].iter().enumerate() {
        let loss = gpt.on(&batch).value_grad(&x, &mut g);
        assert_close(&format!("loss {t}"), &[loss], &[*want], tolerances.trained_loss);
        adamw.step(&space, &mut x, &g, record.rate);
    }
    close("ten steps", &x, &format!("final.{key}"), tolerances.trained);
}

#[test]
fn double_precision() {
    check::<f64>(
        "f64",
        &Tolerances { loss: 1e-10, gradient: 1e-9, trained_loss: 1e-9, trained: 1e-9 },
    );
}

#[test]
fn single_precision() {
    check::<f32>(
        "f32",
        &Tolerances { loss: 1e-5, gradient: 1e-4, trained_loss: 1e-5, trained: 1e-5 },
    );
}
