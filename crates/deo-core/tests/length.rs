//! The measured error of a secant follows the predicted one, over six decades of length, in both precisions, by both
//! rules, far from a stationary point and at one.

#[path = "common/forms.rs"]
mod forms;

use deo_core::drive::Workspace;
use deo_core::noise::noise;
use deo_core::objective::FromFn;
use deo_core::space::{Host, Real};
use deo_core::two_lengths::{Regime, TwoLengths, TwoLengthsSettings, best_length};
use deo_core::{Length, Objective, Rule, Space, Status};
use forms::Forms;

const N: usize = 500;
const AXES: u64 = 12;

fn wide<T: Real>(x: &[T]) -> Vec<f64> {
    x.iter().map(|x| x.to_f64()).collect()
}

/// A fraction of ‖x‖.
fn of_norm<T: Real>(fraction: f64, x: &[T]) -> Length {
    Length::Absolute(fraction * Host::new().norm(x))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn random_axis<T: Real>(seed: u64) -> Vec<T> {
    (0..N as u64).map(|i| T::from_f64(noise(seed, i))).collect()
}

/// The eigenvector of the largest |λ|, by power iteration on exact products.
fn sharpest(forms: &Forms, x: &[f64]) -> Vec<f64> {
    let mut v: Vec<f64> = random_axis(77);
    for _ in 0..200 {
        let product = forms.product(x, &v);
        let norm = dot(&product, &product).sqrt();
        v = product.iter().map(|p| p / norm).collect();
    }
    v
}

/// Root mean squares over the axes of: the error of C and its prediction, the error of Hn and its prediction.
///
/// Each axis has a point of its own, a few roundings from the others, so that no rounding of a base gradient is
/// common to all.
fn errors<T: Real>(forms: &Forms, axes: &[Vec<T>], rule: Rule, fraction: f64) -> [f64; 4] {
    let space = Host::<T>::new();
    let mut x: Vec<T> = forms.point();
    let mut forms = forms.clone();
    let mut g = space.zeros_like(&x);
    let settings =
        TwoLengthsSettings { rule, length: Some(of_norm(fraction, &x)), diagnose: false };
    let mut two_lengths = TwoLengths::new(&space, &x, settings).unwrap();
    let mut workspace = Workspace::new(&space, &x, rule);
    let mut squares = [0.0; 4];
    for (index, axis) in axes.iter().enumerate() {
        let nudge: Vec<T> = random_axis(1000 + index as u64);
        space.axpby(8.0 * space.epsilon(), &nudge, 1.0, &mut x);
        forms.value_grad(&x, &mut g);
        two_lengths.set_axis(&space, axis);
        two_lengths.measure(&space, &mut forms, &x, &g, &mut workspace);
        assert_eq!(two_lengths.status(), Status::Converged);
        let n = wide(two_lengths.axis());
        let exact = forms.product(&wide(&x), &n);
        let off: Vec<f64> =
            wide(two_lengths.product()).iter().zip(&exact).map(|(a, b)| a - b).collect();
        let found = [
            two_lengths.curvature() - dot(&n, &exact),
            two_lengths.expected_error(),
            dot(&off, &off).sqrt(),
            two_lengths.product_error(),
        ];
        squares.iter_mut().zip(found).for_each(|(s, f)| *s += f * f);
    }
    squares.map(|s| (s / axes.len() as f64).sqrt())
}

#[track_caller]
fn follows<T: Real>(name: &str, forms: &Forms, axes: &[Vec<T>], shortest: i32) {
    for rule in [Rule::Forward, Rule::Central] {
        for half_decade in 0..=12 {
            let fraction = 10f64.powf(f64::from(shortest) + f64::from(half_decade) / 2.0);
            let [curvature, predicted, product, product_predicted] =
                errors(forms, axes, rule, fraction);
            let ratio = predicted / curvature;
            let case = format!("{name} {rule:?} {fraction:.1e}");
            assert!((1.0 / 3.0..3.0).contains(&ratio), "{case}: C {curvature:e}, {ratio}");
            let ratio = product_predicted / product;
            // Hn has many components, so one difference is sample enough.
            assert!((0.5..2.0).contains(&ratio), "{case}: Hn {product:e}, {ratio}");
        }
    }
}

#[test]
fn the_error_follows_its_prediction_along_random_axes() {
    let forms = Forms::new(N, 100, 3.0, 5.0);
    let axes: Vec<Vec<f64>> = (0..AXES).map(|seed| random_axis(seed + 100)).collect();
    follows("f64", &forms, &axes, -9);
    let axes: Vec<Vec<f32>> = (0..AXES).map(|seed| random_axis(seed + 100)).collect();
    follows("f32", &forms, &axes, -7);
}

#[test]
fn the_error_follows_its_prediction_at_a_stationary_point() {
    // ‖g‖ is that of one rounding here, and a bar of ε‖g‖/h would be too small by 1/ε.
    let forms = Forms::new(N, 100, 3.0, 5.0);
    let forms = forms.clone().stationary_at(&forms.point::<f64>());
    let axes: Vec<Vec<f32>> = (0..AXES).map(|seed| random_axis(seed + 100)).collect();
    follows("f32", &forms, &axes, -7);
    // The tilt is exact in f32 only, so in f64 ‖g‖ is a hundred-millionth of its terms.
    let axes: Vec<Vec<f64>> = (0..AXES).map(|seed| random_axis(seed + 100)).collect();
    follows("f64", &forms, &axes, -9);
}

#[test]
fn the_error_follows_its_prediction_along_sharp_axes() {
    // Axes close to one eigenvector: all see the same truncation, each its own rounding.
    let forms = Forms::new(N, 100, 3.0, 5.0);
    let sharp = sharpest(&forms, &forms.point::<f64>());
    fn near<T: Real>(sharp: &[f64]) -> Vec<Vec<T>> {
        let axis = |seed: u64| {
            let noise: Vec<f64> = random_axis(seed);
            sharp.iter().zip(noise).map(|(s, z)| T::from_f64(s + 1e-3 * z)).collect()
        };
        (0..AXES).map(axis).collect()
    }
    // Not up to 0.1 ‖x‖: along a sharp axis the next order counts there.
    follows("f32", &forms, &near::<f32>(&sharp), -8);
    follows("f64", &forms, &near::<f64>(&sharp), -9);
}

#[test]
fn a_third_length_tells_truncation_from_rounding() {
    let space = Host::<f64>::new();
    let mut forms = Forms::new(N, 100, 3.0, 5.0);
    let x: Vec<f64> = forms.point();
    let mut g = space.zeros_like(&x);
    forms.value_grad(&x, &mut g);
    // In units of ‖x‖, far below and far above the best length, which is 3e-8 and 1e-5.
    for (rule, fraction, expected, gradients) in [
        (Rule::Forward, 3e-9, Regime::Rounding, 3),
        (Rule::Forward, 1e-4, Regime::Truncation, 3),
        (Rule::Central, 1e-8, Regime::Rounding, 6),
        (Rule::Central, 1e-3, Regime::Truncation, 6),
    ] {
        let settings =
            TwoLengthsSettings { rule, length: Some(of_norm(fraction, &x)), diagnose: true };
        let mut two_lengths = TwoLengths::new(&space, &x, settings).unwrap();
        let mut workspace = Workspace::new(&space, &x, rule);
        let mut right = 0;
        for seed in 0..AXES {
            two_lengths.set_axis(&space, &random_axis::<f64>(seed));
            two_lengths.measure(&space, &mut forms, &x, &g, &mut workspace);
            assert_eq!(two_lengths.gradients(), gradients);
            right += u64::from(two_lengths.regime() == Some(expected));
        }
        // Rounding is random: one verdict in ten or so is wrong.
        assert!(right >= AXES - 3, "{rule:?} {fraction}: {right} of {AXES}");
    }
}

#[test]
fn the_best_length_is_found_from_far_off() {
    fn search<T: Real>(forms: &Forms, start: f64, rule: Rule) -> (f64, f64, u64) {
        let space = Host::<T>::new();
        let (x, mut forms): (Vec<T>, _) = (forms.point(), forms.clone());
        let mut g = space.zeros_like(&x);
        forms.value_grad(&x, &mut g);
        let axis = random_axis::<T>(3);
        let length = Some(of_norm(start, &x));
        let settings = TwoLengthsSettings { rule, length, diagnose: true };
        let mut workspace = Workspace::new(&space, &x, rule);
        let best =
            best_length(&space, &mut forms, &x, &g, &axis, settings, &mut workspace).unwrap();
        (best.length.at(1.0) / space.norm(&x), best.product_error, best.gradients)
    }
    let forms = Forms::new(N, 100, 3.0, 5.0);
    for (rule, lengths, errors) in
        [(Rule::Forward, [3e-8, 4e-4], [2e-7, 5e-3]), (Rule::Central, [1e-5, 6e-3], [5e-10, 3e-4])]
    {
        for off in [1e-3, 1.0, 1e3] {
            // The best lengths and errors are those of the example `length`.
            let found = [
                search::<f64>(&forms, off * lengths[0], rule),
                search::<f32>(&forms, (off * lengths[1]).min(0.1), rule),
            ];
            for ((length, error, gradients), (best, least)) in
                found.into_iter().zip(lengths.into_iter().zip(errors))
            {
                let case = format!("{rule:?} from {off} times the best: {length:e} {error:e}");
                assert!((0.15..7.0).contains(&(length / best)), "{case}");
                assert!(error < 2.0 * least, "{case}");
                assert!(gradients <= if rule == Rule::Central { 40 } else { 20 }, "{case}");
            }
        }
    }
}

#[test]
fn a_degenerate_point_is_not_certified_negative() {
    // −(x₁x₂…x_d)-like forms: H = 0 at 0, and every secant is all truncation.
    let space = Host::<f64>::new();
    for power in [3, 4, 5] {
        for rule in [Rule::Forward, Rule::Central] {
            for side in [1.0, -1.0] {
                let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                    if let Some(g) = g {
                        g.iter_mut().zip(x).for_each(|(g, x)| *g = -side * x.powi(power - 1));
                    }
                    0.0
                });
                let x = [0.0; 3];
                let settings = TwoLengthsSettings { rule, ..Default::default() };
                let mut two_lengths = TwoLengths::new(&space, &x, settings).unwrap();
                two_lengths.set_axis(&space, &[1.0, 0.5, -0.3]);
                let mut workspace = Workspace::new(&space, &x, rule);
                two_lengths.measure(&space, &mut f, &x, &x, &mut workspace);
                assert!(!two_lengths.is_negative(2.0), "x^{power} {rule:?}: {two_lengths:?}");
            }
        }
    }
}

#[test]
fn a_check_at_two_lengths_ends_at_an_answer_that_is_not_finite() {
    let space = Host::<f64>::new();
    let mut two_lengths = TwoLengths::new(&space, &[0.0; 2], Default::default()).unwrap();
    two_lengths.set_axis(&space, &[0.0, 4.0]);
    assert_eq!(two_lengths.axis(), &[0.0, 1.0]);
    two_lengths.tell(&space, deo_core::Answer::forward(1.0, &[0.0; 2], &[f64::NAN, 0.0]));
    assert_eq!(two_lengths.status(), Status::NonFinite);
    assert!(two_lengths.ask(&space).is_none() && !two_lengths.is_negative(0.0));
    let refused = TwoLengths::<Vec<f64>>::new(
        &space,
        &[0.0; 2],
        TwoLengthsSettings { length: Some(Length::Absolute(0.0)), ..Default::default() },
    );
    assert!(refused.unwrap_err().to_string().contains("above 0"));
}
