//! The fully connected net against finite differences and against what must hold of it.

mod derivative;

use deo_core::Objective;
use deo_linalg::Threads;
use deo_models::layers::Activation;
use deo_models::mlp::{Mlp, MlpConfig, MlpConfigError, Targets};
use derivative::{TOLERANCE, assert_close, assert_tensors_close, gradient, noise, tokens};

fn net(sizes: &[usize], activation: Activation, threads: Threads) -> Mlp<f64> {
    Mlp::new(MlpConfig { sizes: sizes.to_vec(), activation }, threads).expect("sizes")
}

#[test]
fn the_gradient_of_every_tensor_is_that_of_finite_differences() {
    let (inputs, values) = (noise(1, 6 * 5), noise(2, 6 * 3));
    let classes = tokens(3, 6, 3);
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Gelu] {
        for targets in [Targets::Values(&values), Targets::Classes(&classes)] {
            for sizes in [&[5, 7, 4, 3][..], &[5, 3]] {
                let mut net = net(sizes, activation, Threads::Pool);
                // Biases included, unlike at the default initialisation.
                let x = noise(4, net.layout().len());
                let mut g = vec![f64::NAN; x.len()];
                net.on(&inputs, targets).value_grad(&x, &mut g);
                let want = gradient(&x, |x| net.on(&inputs, targets).value(x));
                assert_tensors_close(net.layout(), &g, &want, TOLERANCE);
            }
        }
    }
}

#[test]
fn a_relu_net_has_the_gradient_by_hand() {
    // One input, two units, one row: y = v·max(w x + b, 0) + c, f = (y − t)².
    let mut net = net(&[1, 2, 1], Activation::Relu, Threads::One);
    // w = (2, −1), b = (1, 1), v = (3, 5), c = ½; x = 2, so z = (5, −1) and y = 15.5; t = 15.
    let x = [2.0, -1.0, 1.0, 1.0, 3.0, 5.0, 0.5];
    let mut g = [f64::NAN; 7];
    assert_eq!(net.on(&[2.0], Targets::Values(&[15.0])).value_grad(&x, &mut g), 0.25);
    // 2 (y − t) = 1.
    assert_eq!(g, [6.0, 0.0, 3.0, 0.0, 5.0, 0.0, 1.0]);
}

#[test]
fn units_that_start_identical_stay_identical() {
    // The saddle that no gradient method leaves: equal units have equal gradients, to the bit.
    let mut net = net(&[3, 2, 1], Activation::Tanh, Threads::One);
    let x = [0.3, -0.2, 0.5, 0.3, -0.2, 0.5, 0.1, 0.1, 0.7, 0.7, -0.4];
    let mut g = [0.0; 11];
    let (inputs, values) = (noise(1, 12), noise(2, 4));
    net.on(&inputs, Targets::Values(&values)).value_grad(&x, &mut g);
    assert_eq!(g[0..3], g[3..6]);
    assert_eq!((g[6], g[8]), (g[7], g[9]));
    assert!(g.iter().all(|g| *g != 0.0));
}

#[test]
fn the_output_is_the_formula() {
    let mut net = net(&[2, 3, 2], Activation::Tanh, Threads::One);
    let x = noise(1, net.layout().len());
    let inputs = [0.3, -0.8];
    let hidden: Vec<f64> = (0..3)
        .map(|i| (x[2 * i] * inputs[0] + x[2 * i + 1] * inputs[1] + x[6 + i]).tanh())
        .collect();
    let want: Vec<f64> = (0..2)
        .map(|i| (0..3).map(|j| x[9 + 3 * i + j] * hidden[j]).sum::<f64>() + x[15 + i])
        .collect();
    assert_close("output", net.output(&x, &inputs), &want, 1e-14); // a handful of roundings
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    let (inputs, classes) = (noise(1, 300 * 64), tokens(2, 300, 10));
    let evaluate = |threads| {
        let mut net = net(&[64, 48, 10], Activation::Tanh, threads);
        let x = net.init(1);
        let mut g = vec![0.0; x.len()];
        let loss = net.on(&inputs, Targets::Classes(&classes)).value_grad(&x, &mut g);
        assert_eq!(loss, net.on(&inputs, Targets::Classes(&classes)).value(&x));
        (loss, g)
    };
    let want = evaluate(Threads::One);
    for count in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("a pool");
        assert!(pool.install(|| evaluate(Threads::Pool)) == want, "{count} threads");
    }
}

#[test]
fn initial_parameters_follow_the_seed() {
    let net = net(&[64, 100, 10], Activation::Tanh, Threads::One);
    let x = net.init(1);
    assert_eq!(x, net.init(1));
    assert_ne!(x, net.init(2));
    let (weight, bias) = (&x[..6400], &x[6400..6500]);
    assert!(bias.iter().all(|b| *b == 0.0));
    let deviation = (weight.iter().map(|w| w * w).sum::<f64>() / 6400.0).sqrt();
    assert!((8.0 * deviation - 1.0).abs() < 0.05, "{deviation}"); // five standard errors of 1/√64
}

#[test]
fn sizes_that_make_no_net_are_refused() {
    let refuse = |sizes: &[usize]| {
        let config = MlpConfig { sizes: sizes.to_vec(), activation: Activation::Tanh };
        Mlp::<f32>::new(config, Threads::One).map(|_| ()).unwrap_err()
    };
    assert_eq!(refuse(&[3]), MlpConfigError::TooFew { count: 1 });
    assert_eq!(refuse(&[3, 0, 2]), MlpConfigError::Zero { index: 1 });
}

#[test]
#[should_panic(expected = "class 3 for 3 outputs")]
fn a_class_outside_of_the_outputs_panics() {
    net(&[2, 3], Activation::Tanh, Threads::One).on(&[0.0; 4], Targets::Classes(&[2, 3]));
}

#[test]
#[should_panic(expected = "5 components are no whole number of rows of 2")]
fn an_incomplete_row_panics() {
    net(&[2, 3], Activation::Tanh, Threads::One).on(&[0.0; 5], Targets::Classes(&[2, 1]));
}
