//! The optimizers against 20 steps of PyTorch's: golden/optim.json, written by golden/optim.py.

use deo_core::optim::{
    Adam, AdamSettings, Decay, Group, Groups, Lbfgs, LbfgsSettings, Optimizer, RmsProp,
    RmsPropSettings, Rprop, RpropSettings, Sgd, SgdSettings, clip_norm,
};
use deo_core::space::{Host, Real, Space};
use serde_json::Value;

/// The optimizer under test; boxed, since the cases differ in it.
type Boxed<T> = Box<dyn Optimizer<Host<T>>>;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/optim.json")).expect("golden file")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("list");
    list.iter().map(|x| x.as_f64().expect("number")).collect()
}

/// The gradient in the header of golden/optim.py, in f64 and then rounded to storage.
fn gradient<T: Real>(golden: &Value, scale: f64, x: &[T], g: &mut [T]) {
    let a = numbers(&golden["a"]);
    let c = golden["coupling"].as_f64().unwrap();
    let x: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    for i in 0..x.len() {
        let mut sum = a[i] * x[i].powi(3) - x[i];
        if i + 1 < x.len() {
            sum -= c * (x[i + 1] - x[i]);
        }
        if i > 0 {
            sum += c * (x[i] - x[i - 1]);
        }
        g[i] = T::from_f64(scale * sum);
    }
}

fn groups(case: &Value, len: usize) -> Groups {
    let groups = case["groups"].as_array().unwrap().iter().map(|group| {
        let numbers = numbers(group);
        let (&[start, end, lr_scale, decay_scale], own) = numbers.split_first_chunk().unwrap();
        let range = start as usize..end as usize;
        let group = Group::new(range).lr_scale(lr_scale).decay_scale(decay_scale);
        match *own {
            [] => group,
            [beta1, beta2, epsilon] => group.betas(beta1, beta2).epsilon(epsilon),
            _ => panic!("a group of four numbers or seven"),
        }
    });
    Groups::new(len, groups.collect()).unwrap()
}

fn sgd<T: Real>(case: &Value, space: &Host<T>, x: &[T]) -> Sgd<Vec<T>> {
    let number = |name: &str| case["settings"][name].as_f64().unwrap_or(0.0);
    let settings = SgdSettings {
        momentum: number("momentum"),
        dampening: number("dampening"),
        nesterov: case["settings"]["nesterov"] == true,
        weight_decay: number("weight_decay"),
    };
    let sgd = Sgd::new(settings, space, x).unwrap();
    sgd.with_groups(groups(case, x.len())).unwrap()
}

fn adam<T: Real>(case: &Value, space: &Host<T>, x: &[T]) -> Adam<Vec<T>> {
    let settings = &case["settings"];
    let decay = settings["weight_decay"].as_f64().unwrap_or(0.0);
    let decoupled = case["optimizer"] == "AdamW" || settings["decoupled_weight_decay"] == true;
    let settings = AdamSettings {
        beta1: settings["betas"][0].as_f64().unwrap(),
        beta2: settings["betas"][1].as_f64().unwrap(),
        epsilon: settings["eps"].as_f64().unwrap(),
        decay: if decoupled { Decay::Decoupled(decay) } else { Decay::Coupled(decay) },
        nesterov: settings["momentum_decay"].as_f64(),
        amsgrad: settings["amsgrad"] == true,
    };
    let adam = Adam::new(settings, space, x).unwrap();
    adam.with_groups(groups(case, x.len())).unwrap()
}

fn rmsprop<T: Real>(case: &Value, space: &Host<T>, x: &[T]) -> RmsProp<Vec<T>> {
    let number = |name: &str| case["settings"][name].as_f64().unwrap_or(0.0);
    let settings = RmsPropSettings {
        alpha: number("alpha"),
        epsilon: number("eps"),
        momentum: number("momentum"),
        centered: case["settings"]["centered"] == true,
        weight_decay: number("weight_decay"),
    };
    let rmsprop = RmsProp::new(settings, space, x).unwrap();
    rmsprop.with_groups(groups(case, x.len())).unwrap()
}

fn rprop<T: Real>(case: &Value, space: &Host<T>, x: &[T]) -> Rprop<Vec<T>> {
    let pair = |name: &str| <[f64; 2]>::try_from(numbers(&case["settings"][name])).unwrap();
    let ([shrink, grow], range) = (pair("etas"), pair("step_sizes"));
    let rprop = Rprop::new(RpropSettings { shrink, grow, range }, space, x).unwrap();
    rprop.with_groups(groups(case, x.len())).unwrap()
}

fn lbfgs<T: Real>(case: &Value, space: &Host<T>, x: &[T]) -> Lbfgs<Vec<T>> {
    let memory = case["settings"]["history_size"].as_u64().unwrap() as usize;
    Lbfgs::new(LbfgsSettings { memory }, space, x).unwrap()
}

/// Runs one case and returns the largest deviation of a component or a norm, relative to the golden number.
fn deviation<T: Real>(golden: &Value, case: &Value, storage: &str, mut optimizer: Boxed<T>) -> f64 {
    let space = Host::<T>::new();
    let start = numbers(&golden["start"]);
    let mut x: Vec<T> = start.iter().map(|x| T::from_f64(*x)).collect();
    let mut g = space.zeros_like(&x);
    let recorded = numbers(&golden["recorded"]);
    let expected: Vec<Vec<f64>> =
        case[storage]["x"].as_array().unwrap().iter().map(numbers).collect();
    let norms = numbers(&case[storage]["norms"]);
    let mut worst = 0.0_f64;
    let mut compare = |ours: f64, theirs: f64| worst = worst.max((ours / theirs - 1.0).abs());
    for t in 0..golden["steps"].as_u64().unwrap() {
        gradient(golden, case["scale"].as_f64().unwrap(), &x, &mut g);
        if let Some(max) = case["clip"].as_f64() {
            compare(clip_norm(&space, max, &mut g), norms[t as usize]);
        }
        let lr = case["lr"].as_f64().unwrap();
        let lr = if case["optimizer"] == "Rprop" { lr } else { lr * (1.0 - t as f64 / 40.0) };
        optimizer.step(&space, &mut x, &g, lr);
        if let Some(at) = recorded.iter().position(|r| *r == (t + 1) as f64) {
            for (x, expected) in x.iter().zip(&expected[at]) {
                compare(x.to_f64(), *expected);
            }
        }
    }
    worst
}

fn check<T: Real>(storage: &str, tolerance: f64) {
    let (golden, space) = (golden(), Host::<T>::new());
    let x = vec![T::ZERO; numbers(&golden["start"]).len()];
    for case in golden["cases"].as_array().unwrap() {
        let optimizer: Boxed<T> = match case["optimizer"].as_str().unwrap() {
            "SGD" => Box::new(sgd(case, &space, &x)),
            "RMSprop" => Box::new(rmsprop(case, &space, &x)),
            "Rprop" => Box::new(rprop(case, &space, &x)),
            "LBFGS" => Box::new(lbfgs(case, &space, &x)),
            _ => Box::new(adam(case, &space, &x)),
        };
        let worst = deviation(&golden, case, storage, optimizer);
        println!("{storage} {}: {worst:.1e}", case["name"]);
        assert!(worst <= tolerance, "{storage} {}: {worst:e}", case["name"]);
    }
}

/// Adam and NAdam on gradients that jump by decades; the largest deviation of a component.
fn jumps<T: Real>(storage: &str) -> f64 {
    let golden: Value =
        serde_json::from_str(include_str!("golden/optim_jumps.json")).expect("golden file");
    let number = |name: &str| golden[name].as_f64().expect("number");
    let space = Host::<T>::new();
    let mut worst = 0.0_f64;
    for case in golden["cases"].as_array().unwrap() {
        let [beta1, beta2] = numbers(&case["betas"])[..] else { panic!("two betas") };
        let nesterov = (case["kind"] == "NAdam").then(|| number("psi"));
        let epsilon = number("eps");
        let settings = AdamSettings { beta1, beta2, epsilon, nesterov, ..AdamSettings::adam() };
        let mut x = vec![T::ZERO; 2];
        let mut adam = Adam::new(settings, &space, &x).unwrap();
        let steps = golden["gradients"].as_array().unwrap();
        for (g, expected) in steps.iter().zip(case[storage].as_array().unwrap()) {
            let g: Vec<T> = numbers(g).into_iter().map(T::from_f64).collect();
            adam.step(&space, &mut x, &g, number("lr"));
            for (x, expected) in x.iter().zip(numbers(expected)) {
                let error = (x.to_f64() / expected - 1.0).abs();
                assert!(
                    error < 1e-4,
                    "{storage} {} {beta1} {beta2}: {}, {expected}",
                    case["kind"],
                    x.to_f64()
                );
                worst = worst.max(error);
            }
        }
    }
    worst
}

/// Ten roundings a step; in f32 PyTorch rounds β₂ to storage as well, which the mean of squares shows by
/// 2⁻²⁵/(1 − β₂) = 3e-5 of itself at 0.999, half of that in its root.
#[test]
fn jumping_gradients_follow_pytorch_for_any_memory() {
    let [single, double] = [jumps::<f32>("f32"), jumps::<f64>("f64")];
    assert!(single < 2e-5 && double < 1e-13, "{single:e} {double:e}");
}

/// 20 steps of some ten roundings of 6e-8 each, which average out; PyTorch's own are as large.
#[test]
fn f32_follows_pytorch() {
    check::<f32>("f32", 1e-6);
}

/// The same, of 1e-16 each.
#[test]
fn f64_follows_pytorch() {
    check::<f64>("f64", 1e-14);
}
