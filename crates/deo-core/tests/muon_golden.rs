//! Muon against 20 steps of PyTorch's Muon and AdamW: golden/muon.json, written by golden/muon.py.

use deo_core::optim::{
    AdamSettings, Decay, Group, Groups, Muon, MuonRate, MuonSettings, NewtonSchulz, Optimizer,
};
use deo_core::space::{Host, Real, Space};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("list").iter().map(|x| x.as_f64().expect("number")).collect()
}

fn settings(case: &Value) -> MuonSettings {
    let (muon, adam) = (&case["muon"], &case["adam"]);
    let number = |of: &Value, name: &str| of[name].as_f64().expect("number");
    MuonSettings {
        momentum: number(muon, "momentum"),
        nesterov: muon["nesterov"] == true,
        weight_decay: number(muon, "weight_decay"),
        newton_schulz: NewtonSchulz {
            coefficients: numbers(&muon["ns_coefficients"]).try_into().expect("three"),
            iterations: muon["ns_steps"].as_u64().expect("count") as usize,
            epsilon: number(muon, "eps"),
        },
        rate: match muon["adjust_lr_fn"].as_str().expect("name") {
            "original" => MuonRate::Original,
            "match_rms_adamw" => MuonRate::MatchAdamw,
            _ => MuonRate::Spectral,
        },
        adam: AdamSettings {
            beta1: numbers(&adam["betas"])[0],
            beta2: numbers(&adam["betas"])[1],
            epsilon: number(adam, "eps"),
            decay: Decay::Decoupled(number(adam, "weight_decay")),
            ..AdamSettings::adamw()
        },
    }
}

fn groups(case: &Value, len: usize) -> Groups {
    let group = |group: &Value| {
        let at = |i: usize| group[i].as_f64().expect("number");
        let range = at(0) as usize..at(1) as usize;
        let one = Group::new(range).lr_scale(at(3)).decay_scale(at(4));
        if group[2].is_null() {
            return one;
        }
        let shape = numbers(&group[2]);
        one.matrix(shape[0] as usize, shape[1] as usize)
    };
    let groups = case["groups"].as_array().expect("list").iter().map(group).collect();
    Groups::new(len, groups).expect("groups")
}

/// The gradient of golden/optim.py.
fn gradient<T: Real>(golden: &Value, x: &[T]) -> Vec<T> {
    let (a, c) = (numbers(&golden["a"]), golden["coupling"].as_f64().expect("number"));
    let x: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    let at = |i: usize| {
        let mut sum = a[i] * x[i].powi(3) - x[i];
        if i + 1 < x.len() {
            sum -= c * (x[i + 1] - x[i]);
        }
        if i > 0 {
            sum += c * (x[i] - x[i - 1]);
        }
        T::from_f64(sum)
    };
    (0..x.len()).map(at).collect()
}

/// The largest deviation of a component, relative, or to the way it has gone since the start.
fn worst<T: Real>(storage: &str, to_the_way: bool) -> f64 {
    let text = include_str!("golden/muon.json");
    let golden: Value = serde_json::from_str(text).expect("golden file");
    let (space, start) = (Host::<T>::new(), numbers(&golden["start"]));
    let recorded = numbers(&golden["recorded"]);
    let mut worst = 0.0_f64;
    for case in golden["cases"].as_array().expect("list") {
        let mut x = space.zeros_like(&vec![T::ZERO; start.len()]);
        x.iter_mut().zip(&start).for_each(|(x, s)| *x = T::from_f64(*s));
        let mut muon = Muon::new(settings(case), &space, &x, groups(case, x.len())).expect("valid");
        let lr = case["lr"].as_f64().expect("number");
        for t in 0..golden["steps"].as_u64().expect("count") {
            let g = gradient(&golden, &x);
            muon.step(&space, &mut x, &g, lr * (1.0 - t as f64 / 40.0));
            let Some(at) = recorded.iter().position(|r| *r == (t + 1) as f64) else { continue };
            let theirs = numbers(&case[storage][at]);
            let way: f64 = theirs.iter().zip(&start).map(|(x, s)| (x - s).powi(2)).sum();
            for (x, theirs) in x.iter().zip(&theirs) {
                let scale = if to_the_way { way.sqrt() } else { theirs.abs() };
                worst = worst.max((x.to_f64() - theirs).abs() / scale);
            }
        }
        println!("{storage} {}: {worst:.1e} so far", case["name"]);
    }
    worst
}

/// Roundings as those of the other optimizers, magnified 3.4⁵ = 500 times where a singular value is small, on steps of a
/// hundredth of x.
#[test]
fn f32_follows_pytorch_without_bfloat16() {
    let worst = worst::<f32>("f32", false);
    assert!(worst < 3e-6, "{worst:e}");
}

#[test]
fn f64_follows_pytorch_without_bfloat16() {
    let worst = worst::<f64>("f64", false);
    assert!(worst < 1e-14, "{worst:e}");
}

/// bfloat16 has eight bits: a step that is rounded to it differs by some 2⁻⁸ a product, fifteen products a step.
#[test]
fn the_way_is_that_of_pytorch_as_it_is() {
    let worst = worst::<f32>("bfloat16", true);
    assert!(worst < 0.05, "{worst:e}");
    assert!(worst > 1e-4, "{worst:e}: that was not rounded to bfloat16");
}
