//! The data against what is published of them, the gradients against differences, the batches against the rows.

use super::table::Table;
use super::*;

const EVERY: [Activation; 4] =
    [Activation::Sigmoid, Activation::Tanh, Activation::Relu, Activation::Gelu];

#[test]
fn tables_have_the_published_rows_columns_and_classes() {
    let counts = |table: &Table| -> Vec<usize> {
        let of = |class| table.labels.iter().filter(|&&label| usize::from(label) == class).count();
        (0..table.classes).map(of).collect()
    };
    let iris = Table::of(Data::Iris);
    assert_eq!((iris.len(), iris.columns, counts(&iris)), (150, 4, vec![50, 50, 50]));
    // 212 malignant, 357 benign.
    let cancer = Table::of(Data::Cancer);
    assert_eq!((cancer.len(), cancer.columns, counts(&cancer)), (569, 30, vec![212, 357]));
    let digits = Table::of(Data::Digits);
    assert_eq!((digits.len(), digits.columns, digits.classes), (599, 64, 10));
    assert!(counts(&digits).iter().all(|&count| count >= 40), "{:?}", counts(&digits));
    for table in [iris, cancer] {
        for column in 0..table.columns {
            let values = || (0..table.len()).map(|i| table.row(i)[column]);
            let mean = values().sum::<f64>() / table.len() as f64;
            let square = values().map(|x| x * x).sum::<f64>() / table.len() as f64;
            // Rounding of sums over some hundred terms of order 1.
            assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
        }
    }
}

#[test]
fn gradients_are_those_of_the_loss() {
    for (i, activation) in EVERY.into_iter().enumerate() {
        for batching in [Batching::Full, Batching::Mini] {
            let net = Net { data: Data::Iris, depth: 2 + i, activation, batching };
            let mut problem = net.problem().unwrap();
            let x = problem.start(5);
            let mut g = vec![0.0; x.len()];
            problem.objective(5, 3).value_grad(&x, &mut g);
            let h = 1e-6;
            for at in [0, x.len() / 2, x.len() - 1] {
                let mut shifted = |by: f64| {
                    let mut x = x.clone();
                    x[at] += by;
                    problem.objective(5, 3).value(&x)
                };
                let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
                // h² f‴ and ε f/h are both about 1e-10.
                assert!((difference - g[at]).abs() < 1e-8, "{net:?} {at}: {difference} {}", g[at]);
            }
        }
    }
}

#[test]
fn a_full_batch_is_the_measure_and_mini_batches_average_to_it() {
    for data in [Data::Digits, Data::Cancer, Data::Iris] {
        let net = |batching| Net { data, depth: 2, activation: Activation::Tanh, batching };
        let mut full = net(Batching::Full).problem().unwrap();
        let x = full.start(1);
        let whole = full.measure(&x);
        assert_eq!(full.objective(1, 7).value(&x), whole);
        let mut mini = net(Batching::Mini).problem().unwrap();
        assert_eq!(mini.measure(&x), whole);
        let losses: Vec<f64> = (0..400).map(|step| mini.objective(1, step).value(&x)).collect();
        let mean = losses.iter().sum::<f64>() / 400.0;
        let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / 399.0;
        // Five standard errors.
        assert!((mean - whole).abs() < 5.0 * (variance / 400.0).sqrt(), "{mean} {whole}");
        // The same step of the same seed is the same batch, others are others.
        assert_eq!(mini.objective(1, 3).value(&x), losses[3]);
        assert!(losses[3] != losses[4] && mini.objective(2, 3).value(&x) != losses[3]);
    }
}

#[test]
fn what_is_no_net_is_refused() {
    let gpt = |activation, depth| {
        Net { data: Data::CharGpt, depth, activation, batching: Batching::Full }.problem()
    };
    let error = gpt(Activation::Relu, 2).unwrap_err();
    assert!(error.to_string().contains("char-gpt"), "{error}");
    assert!(gpt(Activation::Gelu, 0).is_err());
}

#[cfg(feature = "corpus")]
#[test]
fn the_gpt_has_batches_of_the_text() {
    let net =
        |batching| Net { data: Data::CharGpt, depth: 2, activation: Activation::Gelu, batching };
    let mut full = net(Batching::Full).problem().unwrap();
    let x = full.start(1);
    // A blind answer costs ln 66.
    let blind = 66_f64.ln();
    assert!((full.measure(&x) - blind).abs() < 0.2, "{}", full.measure(&x));
    assert_eq!(full.objective(1, 9).value(&x), full.measure(&x));
    let mut mini = net(Batching::Mini).problem().unwrap();
    let (a, b) = (mini.objective(1, 0).value(&x), mini.objective(1, 1).value(&x));
    assert!(a != b && mini.objective(1, 0).value(&x) == a);
    assert!((mini.measure(&x) - blind).abs() < 0.2);
}
