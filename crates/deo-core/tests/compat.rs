//! The published rules: against an independent statement in NumPy (golden/compat.py), and what they converge to.

use deo_core::compat::{
    ClampedRatio, ClampedRatioSettings, CompatDimer, CompatSettings, Tensors, Variant,
};
use deo_core::noise::noise;
use deo_core::optim::{Adam, AdamSettings, Decay, Optimizer, Sgd, SgdSettings};
use deo_core::space::{Blocks, Host, Sliced, Space};
use serde_json::Value;

const HOST: Host<f64> = Host::new();

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/compat.json")).expect("golden file")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("list");
    list.iter().map(|x| x.as_f64().expect("number")).collect()
}

/// The gradient of golden/compat.py.
fn gradient(golden: &Value, x: &[f64]) -> Vec<f64> {
    let rows = golden["h"].as_array().unwrap().iter();
    (rows.zip(x)).map(|(row, x_i)| HOST.dot(&numbers(row), x) + 0.1 * x_i.powi(3)).collect()
}

fn settings(case: &Value) -> CompatSettings {
    let number = |name: &str| case[name].as_f64().unwrap();
    CompatSettings {
        variant: match case["variant"].as_str().unwrap() {
            "paper" => Variant::Paper,
            "sophia" => Variant::Sophia,
            "adam" => Variant::Adam,
            other => panic!("variant {other}"),
        },
        interval: case["interval"].as_u64().unwrap(),
        rotation_rate: number("rotation_rate"),
        displacement: number("displacement"),
        strength: number("strength"),
    }
}

fn base<S>(case: &Value, space: &S, x: &S::Vector) -> Box<dyn Optimizer<S>>
where
    S: deo_core::optim::Updates<Owned: 'static>,
{
    let adam = |beta1, beta2, epsilon, decay| {
        let settings = AdamSettings { beta1, beta2, epsilon, decay, ..AdamSettings::adam() };
        Box::new(Adam::new(settings, space, x).unwrap())
    };
    match case["base"].as_str().unwrap() {
        "sgd" => Box::new(Sgd::new(SgdSettings::default(), space, x).unwrap()),
        "adam" => adam(0.8, 0.95, 1e-3, Decay::Coupled(0.0)),
        "adamw" => adam(0.85, 0.97, 1e-5, Decay::Decoupled(0.3)),
        "ratio" => {
            let settings =
                ClampedRatioSettings { beta: 0.8, hessian_beta: 0.9, clip: 0.7, epsilon: 1e-4 };
            Box::new(ClampedRatio::new(settings, space, x).unwrap())
        }
        other => panic!("base {other}"),
    }
}

/// Runs a case in a space, between whose vectors and flat ones `split` and `join` convert.
fn check_case<S>(
    case: &Value,
    space: &S,
    tensors: Tensors,
    split: impl Fn(&[f64]) -> S::Owned,
    join: impl Fn(&S::Vector) -> Vec<f64>,
) where
    S: Sliced + deo_core::optim::Updates<Owned: 'static>,
{
    use std::borrow::{Borrow, BorrowMut};
    let golden = golden();
    let mut x = split(&numbers(&golden["start"]));
    let mut y = split(&[f64::NAN; 7]);
    let seed = case["seed"].as_u64().unwrap();
    let mut dimer = CompatDimer::new(space, x.borrow(), tensors, settings(case), seed).unwrap();
    let mut base = base(case, space, x.borrow());
    let lr = case["lr"].as_f64().unwrap();
    let mut records = case["records"].as_array().unwrap().iter().peekable();
    for step in 1..=30 {
        let mut g = split(&gradient(&golden, &join(x.borrow())));
        if dimer.due(step) {
            dimer.displace(space, x.borrow(), y.borrow_mut());
            let g1 = split(&gradient(&golden, &join(y.borrow())));
            dimer.tell(space, g.borrow(), g1.borrow());
        }
        dimer.step(space, x.borrow_mut(), g.borrow_mut(), lr, &mut base);
        if records.peek().is_some_and(|record| record["step"] == step) {
            let record = records.next().unwrap();
            let axes = join(dimer.axes().borrow());
            for (name, got) in [("x", join(x.borrow())), ("axes", axes)] {
                for (got, want) in got.iter().zip(numbers(&record[name])) {
                    // Roundings of 1e-16, which the differences g₂ − g₁ amplify by 1/ΔR and a rotation or two by ten.
                    assert!(
                        (got - want).abs() <= 1e-11 * (1.0 + want.abs()),
                        "{name} at step {step}: {got} against {want} in {case}"
                    );
                }
            }
        }
    }
    assert!(records.next().is_none(), "all records were compared");
}

#[test]
fn trajectories_are_those_of_the_independent_statement() {
    let golden = golden();
    let flat = |x: &[f64]| x.to_vec();
    for case in golden["cases"].as_array().unwrap() {
        check_case(case, &HOST, Tensors::of_lengths([3, 4]), flat, flat);
        check_case(
            case,
            &Blocks::new(HOST),
            Tensors::blocks(2),
            |x| vec![x[..3].to_vec(), x[3..].to_vec()],
            |x| x.concat(),
        );
    }
}

/// A dense symmetric matrix with this spectrum: diag(λ) reflected at a random hyperplane.
struct Quadratic {
    spectrum: Vec<f64>,
    normal: Vec<f64>,
}

impl Quadratic {
    fn new(spectrum: &[f64]) -> Self {
        let mut normal = vec![0.0; spectrum.len()];
        HOST.fill(&mut normal, &|i| noise(77, i));
        Quadratic { spectrum: spectrum.into(), normal }
    }

    fn reflect(&self, x: &mut [f64]) {
        HOST.deflate(2.0 / HOST.dot(&self.normal, &self.normal), &self.normal, x);
    }

    fn product(&self, x: &[f64]) -> Vec<f64> {
        let mut x = x.to_vec();
        self.reflect(&mut x);
        x.iter_mut().zip(&self.spectrum).for_each(|(x, lambda)| *x *= lambda);
        self.reflect(&mut x);
        x
    }

    /// The Rayleigh quotient: the published norms are 1 − 1e-8.
    fn curvature(&self, n: &[f64]) -> f64 {
        HOST.dot(n, &self.product(n)) / HOST.dot(n, n)
    }

    /// Rotates at x = 0, where g₁ = 0 and g₂ = ΔR Hn are exact; returns the curvatures of the last 1000 axes.
    fn rotate(&self, settings: CompatSettings, rotations: usize) -> Vec<f64> {
        let x = vec![0.0; self.spectrum.len()];
        let mut y = x.clone();
        let tensors = Tensors::whole(x.len());
        let mut dimer = CompatDimer::new(&HOST, &x, tensors, settings, 5).unwrap();
        let mut curvatures = Vec::new();
        for rotation in 0..rotations {
            dimer.displace(&HOST, &x, &mut y);
            dimer.tell(&HOST, &x, &self.product(&y));
            if rotation + 1000 >= rotations {
                curvatures.push(self.curvature(dimer.axes()));
            }
        }
        curvatures
    }
}

#[test]
fn paper_and_sophia_rotate_to_the_largest_eigenvalue() {
    let spectra: [&[f64]; 5] = [
        &[-1.0, 0.5, 1.0, 2.0, 4.0],
        &[1.0, 2.0, 3.0, 4.0],
        &[-3.0, -2.0, -1.0],
        &[-4.0, 0.1, 1.0],
        &[-1.0, -0.5, 0.0, 0.5],
    ];
    for spectrum in spectra {
        let quadratic = Quadratic::new(spectrum);
        let largest = spectrum.last().unwrap();
        for settings in [CompatSettings::paper(), CompatSettings::sophia()] {
            // A gap of 0.5 at ηΔR = 6e-4 gains 3e-4 a rotation: e^30 in 100 000.
            let curvatures = quadratic.rotate(settings, 100_000);
            let got = curvatures.last().unwrap();
            assert!((got - largest).abs() < 1e-8, "{got} in {spectrum:?}, {settings:?}");
        }
        // Another rate and length, the same limit.
        let (rotation_rate, displacement) = (0.5, 0.1);
        for variant in [Variant::Paper, Variant::Sophia] {
            let settings =
                CompatSettings { variant, rotation_rate, displacement, ..CompatSettings::paper() };
            let curvatures = quadratic.rotate(settings, 2000);
            let got = curvatures.last().unwrap();
            assert!((got - largest).abs() < 1e-8, "{got} in {spectrum:?}, {settings:?}");
        }
    }
}

#[test]
fn adam_rotates_to_the_eigenvalue_nearest_to_zero_if_all_have_one_sign() {
    let spectra: [(&[f64], f64); 4] = [
        (&[1.0, 2.0, 3.0, 4.0], 1.0),
        (&[0.1, 1.0, 10.0], 0.1),
        (&[-3.0, -2.0, -1.0], -1.0),
        (&[-5.0, -0.5], -0.5),
    ];
    for (spectrum, nearest) in spectra {
        for rotation_rate in [0.1, 0.03] {
            let settings = CompatSettings { rotation_rate, ..CompatSettings::adam() };
            let curvatures = Quadratic::new(spectrum).rotate(settings, 5000);
            let got = curvatures.last().unwrap();
            assert!((got - nearest).abs() < 1e-8, "{got} in {spectrum:?}");
        }
    }
}

/// Where the multipliers of the two ends, 1 − η(λ₁ − C) and 1 − η(λₙ − C), are equal and opposite.
#[test]
fn adam_overshoots_on_a_spectrum_wider_than_two_over_the_rate() {
    let spectra: [&[f64]; 3] = [&[1.0, 22.0], &[1.0, 2.0, 50.0], &[1.0, 10.0, 30.0]];
    for spectrum in spectra {
        let curvatures = Quadratic::new(spectrum).rotate(CompatSettings::adam(), 5000);
        let (got, ends) = (curvatures.last().unwrap(), spectrum[0] + spectrum[spectrum.len() - 1]);
        let want = ends / 2.0 - 10.0;
        assert!((got - want).abs() < 1e-6, "{got} against {want} in {spectrum:?}");
    }
}

#[test]
fn adam_parks_at_zero_curvature_if_the_spectrum_is_indefinite() {
    let spectra: [&[f64]; 3] = [&[-1.0, 0.5, 1.0, 2.0, 4.0], &[-1.0, 4.0], &[-0.1, 0.2, 0.3]];
    for spectrum in spectra {
        let quadratic = Quadratic::new(spectrum);
        for rotation_rate in [0.1, 0.01, 0.001] {
            let settings = CompatSettings { rotation_rate, ..CompatSettings::adam() };
            let curvatures = quadratic.rotate(settings, 300_000);
            let low = curvatures.iter().copied().fold(f64::INFINITY, f64::min);
            let high = curvatures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(low < 0.0 && high > 0.0, "it alternates: {low}, {high} in {spectrum:?}");
            // To first order a rotation from C > 0 lowers C by 2ηr², one from C < 0 raises it by a third of that;
            // and r² ≤ |λ₁|λₙ where C = 0 (Bhatia & Davis 2000). A fifth more for the second order.
            let step = -2.4 * rotation_rate * spectrum[0] * spectrum[spectrum.len() - 1];
            assert!(
                low > -step && high < step / 3.0,
                "{low}, {high} at {rotation_rate} in {spectrum:?}"
            );
            assert!(low > 0.7 * spectrum[0], "far from the lowest mode: {low} in {spectrum:?}");
        }
    }
}

/// The published script's closure ran no backward pass, so both gradients were the same array.
#[test]
fn with_equal_gradients_adam_loses_its_axes_and_sophia_keeps_them() {
    let x = [0.3, -0.2, 0.5, 0.1, 0.4];
    let g = [1.0, 2.0, -1.0, 0.5, 0.25];
    let new =
        |settings| CompatDimer::new(&HOST, &x, Tensors::of_lengths([2, 3]), settings, 8).unwrap();
    for settings in [CompatSettings::sophia(), CompatSettings::paper()] {
        let mut dimer = new(settings);
        let start = dimer.axes().clone();
        dimer.tell(&HOST, &g, &g);
        for (n, start) in dimer.axes().iter().zip(&start) {
            // The norm is divided by once more, with its 1e-8.
            assert!((n - start).abs() < 2e-8, "{n} against {start}");
        }
        assert_eq!(dimer.lost_axes(), 0);
    }
    let mut dimer = new(CompatSettings::adam());
    dimer.tell(&HOST, &g, &g);
    assert!(dimer.axes().iter().all(|n| n.is_nan()));
    assert_eq!(dimer.lost_axes(), 2);
}

#[test]
fn a_lost_axis_reaches_neither_parameters_nor_gradient() {
    for settings in [CompatSettings::adam(), CompatSettings::paper(), CompatSettings::sophia()] {
        let mut x = vec![0.3, -0.2, 0.5, 0.1, 0.4];
        let mut dimer =
            CompatDimer::new(&HOST, &x, Tensors::of_lengths([2, 3]), settings, 8).unwrap();
        // The gradient at the displaced point overflows in the first tensor only.
        dimer.tell(&HOST, &[1.0; 5], &[f64::INFINITY, 1.0, 1.5, 1.0, 1.2]);
        assert_eq!(dimer.lost_axes(), 1);
        let mut y = vec![0.0; 5];
        dimer.displace(&HOST, &x, &mut y);
        assert_eq!(y[..2], x[..2]);
        assert!(y[2..].iter().zip(&x[2..]).all(|(y, x)| y.is_finite() && y != x));

        let (start, mut g) = (x.clone(), vec![1.0, -2.0, 1.5, -0.5, 1.0]);
        let [a, b, c] = [2, 3, 4].map(|i| dimer.axes()[i]);
        if 1.5 * a - 0.5 * b + c > 0.0 {
            // The third variant moves where ⟨g,n⟩ < 0.
            g[2..].iter_mut().for_each(|g| *g = -*g);
        }
        let before = g.clone();
        dimer.transform(&HOST, &mut g);
        dimer.apply(&HOST, &mut x, &g);
        assert_eq!((&x[..2], &g[..2]), (&start[..2], &before[..2]), "{settings:?}");
        assert!(x.iter().chain(&g).all(|v| v.is_finite()));
        assert!(x[2..] != start[2..] || g[2..] != before[2..], "the other tensor goes on");
    }
}

#[test]
fn an_overflowed_gradient_moves_nothing_by_itself() {
    for settings in [CompatSettings::adam(), CompatSettings::sophia()] {
        let mut x = vec![1.0, 2.0];
        let dimer = CompatDimer::new(&HOST, &x, Tensors::whole(2), settings, 1).unwrap();
        for g in [[f64::INFINITY, 0.0], [f64::NEG_INFINITY, 0.0], [f64::NAN, 1.0]] {
            dimer.apply(&HOST, &mut x, &g);
        }
        assert_eq!(x, [1.0, 2.0]);
    }
}

#[test]
fn axes_are_units_of_each_tensor_and_depend_on_the_seed_only() {
    let axes = |tensors: Tensors, seed| {
        let settings = CompatSettings::paper();
        CompatDimer::new(&HOST, &[0.0; 9], tensors, settings, seed).unwrap().axes().clone()
    };
    let two = axes(Tensors::of_lengths([4, 0, 5]), 3);
    for part in [&two[..4], &two[4..]] {
        assert!((HOST.norm(part) - 1.0).abs() < 1e-15);
    }
    assert_eq!(two, axes(Tensors::of_lengths([4, 5]), 3));
    assert_ne!(two, axes(Tensors::of_lengths([4, 5]), 4));
    let one = axes(Tensors::whole(9), 3);
    assert!((HOST.norm(&one) - 1.0).abs() < 1e-15);
    let ratio = one[0] / two[0];
    assert!((one[3] / two[3] - ratio).abs() < 1e-12, "the same noise, another norm");
}

#[test]
fn rotations_are_due_at_every_interval_from_the_first_step_on() {
    let settings = CompatSettings { interval: 4, ..CompatSettings::sophia() };
    let dimer = CompatDimer::new(&HOST, &[0.0], Tensors::whole(1), settings, 1).unwrap();
    let due: Vec<u64> = (0..13).filter(|&step| dimer.due(step)).collect();
    assert_eq!(due, [4, 8, 12]);
}

#[test]
fn the_published_constants_are_the_defaults() {
    for settings in [CompatSettings::paper(), CompatSettings::sophia(), CompatSettings::adam()] {
        let CompatSettings { interval, rotation_rate, displacement, .. } = settings;
        assert_eq!((interval, rotation_rate, displacement), (10, 0.1, 0.006));
    }
    assert_eq!(CompatSettings::sophia().strength, 5.0);
    assert_eq!(CompatSettings::adam().strength, 5.0);
    assert_eq!(CompatSettings::paper().strength, 1.0);
}

#[test]
fn settings_out_of_range_are_refused() {
    let good = CompatSettings::adam();
    let bad = [
        (CompatSettings { interval: 0, ..good }, "interval"),
        (CompatSettings { rotation_rate: 0.0, ..good }, "rotation_rate"),
        (CompatSettings { rotation_rate: f64::INFINITY, ..good }, "rotation_rate"),
        (CompatSettings { displacement: -0.1, ..good }, "displacement"),
        (CompatSettings { displacement: f64::NAN, ..good }, "displacement"),
        (CompatSettings { strength: f64::NAN, ..good }, "strength"),
    ];
    for (settings, name) in bad {
        let error = CompatDimer::new(&HOST, &[0.0], Tensors::whole(1), settings, 1).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
    let good = ClampedRatioSettings::default();
    let bad = [
        (ClampedRatioSettings { beta: 1.0, ..good }, "beta"),
        (ClampedRatioSettings { hessian_beta: -0.1, ..good }, "hessian_beta"),
        (ClampedRatioSettings { clip: 0.0, ..good }, "clip"),
        (ClampedRatioSettings { epsilon: f64::NAN, ..good }, "epsilon"),
    ];
    for (settings, bad_name) in bad {
        let error = ClampedRatio::new(settings, &HOST, &[0.0]).unwrap_err();
        assert_eq!(error.name.split(' ').next(), Some(bad_name));
    }
}

#[test]
#[should_panic(expected = "left: 7\n right: 9")]
fn tensors_of_another_vector_panic() {
    let settings = CompatSettings::paper();
    _ = CompatDimer::new(&HOST, &[0.0; 9], Tensors::of_lengths([3, 4]), settings, 1);
}
