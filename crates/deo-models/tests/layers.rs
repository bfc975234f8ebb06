//! Every layer's backward against differences of its forward, at shapes that are no multiple of anything:
//! with random weights c, the gradient of ⟨c, y⟩ is backward at dy = c.

mod derivative;

use deo_linalg::Threads::{One, Pool};
use deo_models::layers::*;
use derivative::{TOLERANCE, assert_close, dot, gradient, noise, tokens};

/// Two tasks and a rest; more columns than the lanes of a sum, and no multiple of them.
const ROWS: usize = 37;
const WIDTH: usize = 21;

/// What a function that overwrites is handed.
fn garbage(len: usize) -> Vec<f64> {
    vec![f64::NAN; len]
}

#[test]
fn linear() {
    let layer = Linear { inputs: 5, outputs: 19 };
    let (x, w, b) = (noise(1, ROWS * 5), noise(2, 19 * 5), noise(3, 19));
    let c = noise(4, ROWS * 19);
    let loss = |x: &[f64], w: &[f64], b: &[f64]| {
        let mut y = garbage(c.len());
        layer.forward(Pool, &mut y, x, w);
        layer.add_bias(Pool, &mut y, b);
        dot(&c, &y)
    };
    let (mut dx, mut dw, mut db) = (garbage(x.len()), garbage(w.len()), garbage(b.len()));
    layer.backward_input(Pool, &mut dx, &c, &w);
    layer.backward_weight(Pool, &mut dw, &c, &x);
    layer.backward_bias(Pool, &mut db, &c);
    assert_close("dx", &dx, &gradient(&x, |x| loss(x, &w, &b)), TOLERANCE);
    assert_close("dw", &dw, &gradient(&w, |w| loss(&x, w, &b)), TOLERANCE);
    assert_close("db", &db, &gradient(&b, |b| loss(&x, &w, b)), TOLERANCE);
}

#[test]
fn linear_adds_to_the_residual_stream() {
    let layer = Linear { inputs: 5, outputs: 3 };
    let (x, w, stream) = (noise(1, 4 * 5), noise(2, 3 * 5), noise(3, 4 * 3));
    let (mut sum, mut y) = (stream.clone(), garbage(12));
    layer.forward_add(One, &mut sum, &x, &w);
    layer.forward(One, &mut y, &x, &w);
    for (y, x) in y.iter_mut().zip(&stream) {
        *y += x;
    }
    assert_close("stream", &sum, &y, 1e-15); // one rounding in another place
}

#[test]
fn layer_norm() {
    let layer = LayerNorm { width: WIDTH };
    let (x, w, c) = (noise(1, ROWS * WIDTH), noise(2, WIDTH), noise(3, ROWS * WIDTH));
    let mut kept = Normalised::default();
    kept.resize(ROWS, WIDTH);
    let mut forward = |x: &[f64], w: &[f64]| {
        let mut y = garbage(x.len());
        layer.forward(Pool, &mut y, &mut kept, x, w);
        dot(&c, &y)
    };
    let want_x = gradient(&x, |x| forward(x, &w));
    let want_w = gradient(&w, |w| forward(&x, w));
    forward(&x, &w);

    let stream = noise(4, x.len());
    let (mut dx, mut dw, mut dy) = (stream.clone(), garbage(WIDTH), c.clone());
    layer.backward_gain(Pool, &mut dw, &dy, &kept);
    layer.backward_input_add(Pool, &mut dx, &mut dy, &kept, &w);
    for (dx, stream) in dx.iter_mut().zip(&stream) {
        *dx -= stream;
    }
    assert_close("dx", &dx, &want_x, TOLERANCE);
    assert_close("dw", &dw, &want_w, TOLERANCE);
}

#[test]
fn layer_norm_gives_rows_of_mean_0_and_variance_1() {
    let layer = LayerNorm { width: WIDTH };
    let x: Vec<f64> = noise(1, 2 * WIDTH).iter().map(|x| 300.0 + 50.0 * x).collect();
    let (mut y, mut kept) = (garbage(x.len()), Normalised::default());
    kept.resize(2, WIDTH);
    layer.forward(One, &mut y, &mut kept, &x, &[1.0; WIDTH]);
    for y in y.chunks(WIDTH) {
        let mean = y.iter().sum::<f64>() / WIDTH as f64;
        let square = dot(y, y) / WIDTH as f64;
        assert!(mean.abs() < 1e-13, "{mean}"); // rounding of numbers around 300 over a deviation of 30
        assert!((square - 1.0).abs() < 1e-7, "{square}"); // ε over the variance, 1e-5/800
    }
}

#[test]
fn attention() {
    let layer = Attention { block: 7, heads: 3, width: 15 };
    let rows = 2;
    // Three times as large as the noise: probabilities far from uniform.
    let qkv: Vec<f64> = noise(1, rows * 7 * 45).iter().map(|x| 3.0 * x).collect();
    let c = noise(2, rows * 7 * 15);
    let mut p = garbage(layer.probabilities_len(rows));
    let mut forward = |qkv: &[f64]| {
        let mut y = garbage(c.len());
        layer.forward(Pool, &mut y, &mut p, qkv);
        dot(&c, &y)
    };
    let want = gradient(&qkv, &mut forward);
    forward(&qkv);
    let (mut dqkv, mut scratch) = (garbage(qkv.len()), garbage(layer.scratch_len(rows)));
    layer.backward(Pool, &mut dqkv, &c, &qkv, &p, &mut scratch);
    for (part, name) in ["dq", "dk", "dv"].into_iter().enumerate() {
        let columns = |x: &[f64]| -> Vec<f64> {
            x.chunks(45).flat_map(|row| row[15 * part..][..15].to_vec()).collect()
        };
        assert_close(name, &columns(&dqkv), &columns(&want), TOLERANCE);
    }
}

#[test]
fn attention_is_the_formula() {
    let layer = Attention { block: 5, heads: 2, width: 6 };
    let qkv = noise(1, 5 * 18);
    let (mut y, mut p) = (garbage(5 * 6), garbage(layer.probabilities_len(1)));
    layer.forward(One, &mut y, &mut p, &qkv);
    let at = |token: usize, part: usize, head: usize| &qkv[18 * token + 6 * part + 3 * head..][..3];
    for (head, i) in [(0, 0), (0, 4), (1, 2), (1, 4)] {
        let weights: Vec<f64> =
            (0..=i).map(|j| (dot(at(i, 0, head), at(j, 1, head)) / 3f64.sqrt()).exp()).collect();
        let total: f64 = weights.iter().sum();
        let want: Vec<f64> =
            (0..3).map(|d| (0..=i).map(|j| weights[j] / total * at(j, 2, head)[d]).sum()).collect();
        assert_close("y", &y[6 * i + 3 * head..][..3], &want, 1e-14); // a dozen roundings
    }
}

#[test]
fn embedding() {
    let layer = Embedding { block: 4, width: 5 };
    // The first sequence repeats a token; 6 is the edge of the vocabulary; position 4 is never used.
    let tokens = [3, 0, 3, 6, 3, 6, 1, 1];
    let (e, p, c) = (noise(1, 7 * 5), noise(2, 5 * 5), noise(3, 8 * 5));
    let loss = |e: &[f64], p: &[f64]| {
        let mut x = garbage(c.len());
        layer.forward(Pool, &mut x, &tokens, e, p);
        dot(&c, &x)
    };
    let head = noise(4, e.len());
    let (mut de, mut dp) = (head.clone(), garbage(p.len()));
    layer.backward_add(Pool, &mut de, &mut dp, &tokens, &c);
    for (de, head) in de.iter_mut().zip(&head) {
        *de -= head;
    }
    assert_close("dE", &de, &gradient(&e, |e| loss(e, &p)), TOLERANCE);
    assert_close("dP", &dp, &gradient(&p, |p| loss(&e, p)), TOLERANCE);
}

#[test]
fn cross_entropy() {
    let layer = CrossEntropy { classes: 19 };
    let logits: Vec<f64> = noise(1, ROWS * 19).iter().map(|x| 4.0 * x).collect();
    let mut targets = tokens(2, ROWS, 19);
    targets[0] = 18;
    let mut losses = garbage(ROWS);
    let mut loss = |l: &[f64]| {
        let mut l = l.to_vec();
        layer.forward_in_place(Pool, &mut l, &mut losses, &targets)
    };
    let want = gradient(&logits, &mut loss);
    let mut dl = logits.clone();
    layer.forward_in_place(Pool, &mut dl, &mut losses, &targets);
    layer.backward_in_place(Pool, &mut dl, &targets);
    assert_close("dl", &dl, &want, TOLERANCE);
}

#[test]
fn cross_entropy_survives_large_logits() {
    let layer = CrossEntropy { classes: 3 };
    let mut losses = [0.0; 2];
    // ln(e⁰ + e⁻¹ + e⁻²) above the largest, wherever that is; a class e⁻³⁰⁰⁰ likely costs 3000.
    let mut l = [1e4f32, 1e4 - 1.0, 1e4 - 2.0, -1e3, 2e3, 1e3];
    let loss = layer.forward_in_place(One, &mut l, &mut losses, &[0, 0]);
    let want = ((1.0 + (-1f64).exp() + (-2f64).exp()).ln() + 3e3) / 2.0;
    assert!((loss / want - 1.0).abs() < 1e-7, "{loss} {want}"); // f32
    assert!(l.iter().all(|p| (0.0..=1.0).contains(p)), "{l:?}");
}

#[test]
fn a_nan_reaches_the_loss() {
    let layer = CrossEntropy { classes: 20 };
    for place in [0, 7, 19] {
        let mut l = [0f32; 20];
        l[place] = f32::NAN;
        assert!(layer.forward_in_place(One, &mut l, &mut [0.0], &[3]).is_nan(), "{place}");
    }
}

#[test]
fn activations() {
    // More than one task, and none at a kink.
    let x: Vec<f64> = noise(1, 5000).iter().map(|x| 4.0 * x).filter(|x| x.abs() > 0.01).collect();
    let (len, h) = (x.len(), 1e-3);
    for sigma in [Activation::Tanh, Activation::Sigmoid, Activation::Gelu, Activation::Relu] {
        let at = |shift: f64| {
            let x: Vec<f64> = x.iter().map(|x| x + shift).collect();
            let mut y = garbage(len);
            sigma.forward(Pool, &mut y, &x);
            y
        };
        let c = noise(2, len);
        let (f1, f_1, f2, f_2) = (at(h), at(-h), at(2.0 * h), at(-2.0 * h));
        let want: Vec<f64> = (0..len)
            .map(|i| c[i] * (8.0 * (f1[i] - f_1[i]) - (f2[i] - f_2[i])) / (12.0 * h))
            .collect();
        let mut dx = c;
        sigma.backward_in_place(Pool, &mut dx, &x, &at(0.0));
        assert_close(&format!("{sigma:?}"), &dx, &want, TOLERANCE);
    }
}

#[test]
fn the_slope_that_forward_leaves_is_the_derivative_of_backward() {
    let x: Vec<f32> = noise(1, 5000).iter().map(|x| 4.0 * *x as f32).collect();
    let (mut y, mut slope) = (vec![f32::NAN; x.len()], x.clone());
    gelu::forward_with_slope(Pool, &mut y, &mut slope);
    let mut want_y = vec![f32::NAN; x.len()];
    gelu::forward(One, &mut want_y, &x);
    let (mut dx, mut want): (Vec<f32>, Vec<f32>) = (y.clone(), y.clone());
    gelu::backward_by_slope(Pool, &mut dx, &slope);
    gelu::backward_in_place(One, &mut want, &x);
    // The same operations on the same numbers: no tolerance.
    assert_eq!((y, dx), (want_y, want));
}

#[test]
fn mean_squared_error() {
    let (y, t) = (noise(1, 91), noise(2, 91));
    let mut dy = y.clone();
    mean_square::backward_in_place(Pool, &mut dy, &t);
    let want = gradient(&y, |y| mean_square::forward(Pool, y, &t));
    assert_close("dy", &dy, &want, TOLERANCE);
    assert_eq!(mean_square::forward(One, &[3.0f32, 1.0], &[1.0, 2.0]), 2.5);
}
