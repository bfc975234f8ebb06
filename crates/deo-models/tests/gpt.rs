//! The GPT against finite differences and against what must hold of it.

mod derivative;

use deo_core::Objective;
use deo_linalg::{Real, Threads};
use deo_models::data::Batch;
use deo_models::gpt::{Gpt, GptConfig, GptConfigError};
use derivative::{TOLERANCE, assert_tensors_close, gradient, noise, tokens};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const CONFIG: GptConfig = GptConfig { vocabulary: 7, block: 6, layers: 2, heads: 3, width: 9 };

fn gpt<T: Real>(config: GptConfig, threads: Threads) -> Gpt<T> {
    Gpt::new(config, threads).expect("the sizes fit together")
}

/// Random parameters far from the default initialisation.
fn parameters(gpt: &Gpt<f64>) -> Vec<f64> {
    let mut x: Vec<f64> = noise(5, gpt.layout().len()).iter().map(|x| 0.7 * x).collect();
    for (tensor, values) in gpt.layout().split_mut(&mut x) {
        if tensor.shape().len() == 1 {
            values.iter_mut().for_each(|gain| *gain += 1.0);
        }
    }
    x
}

fn batch(config: &GptConfig, rows: usize, block: usize) -> Batch {
    let edge = config.vocabulary as u16;
    let mut inputs = tokens(6, rows * block, edge);
    inputs[..2].fill(edge - 1);
    Batch { inputs, targets: tokens(7, rows * block, edge), rows, block }
}

#[test]
fn the_gradient_of_every_tensor_is_that_of_finite_differences() {
    let mut gpt = gpt(CONFIG, Threads::Pool);
    let x = parameters(&gpt);
    // The second is shorter than the model's block: the last positions have no gradient.
    for batch in [batch(&CONFIG, 2, 6), batch(&CONFIG, 3, 4)] {
        let mut g = vec![f64::NAN; x.len()];
        gpt.on(&batch).value_grad(&x, &mut g);
        let want = gradient(&x, |x| gpt.on(&batch).value(x));
        assert_tensors_close(gpt.layout(), &g, &want, TOLERANCE);
    }
}

#[test]
fn the_loss_is_the_same_with_and_without_a_gradient() {
    let config = GptConfig::tiny(65);
    let mut gpt = gpt::<f32>(config, Threads::Pool);
    let (x, batch) = (gpt.init(3), batch(&config, 5, 32));
    let mut g = vec![0.0; x.len()];
    let loss = gpt.on(&batch).value_grad(&x, &mut g);
    assert_eq!(gpt.on(&batch).value(&x), loss);
    assert_eq!(gpt.on(&batch).value_grad(&x, &mut g), loss);
}

#[test]
fn a_shape_seen_in_between_changes_nothing() {
    let mut gpt = gpt(CONFIG, Threads::One);
    let x = parameters(&gpt);
    let (large, small) = (batch(&CONFIG, 4, 6), batch(&CONFIG, 1, 2));
    let mut evaluate = |batch: &Batch| {
        let mut g = vec![f64::NAN; x.len()];
        (gpt.on(batch).value_grad(&x, &mut g), g)
    };
    let first = evaluate(&large);
    evaluate(&small);
    assert_eq!(evaluate(&large), first);
}

#[test]
fn every_number_of_threads_gives_the_same_bits() {
    // Enough rows for several tasks in every layer, and products larger than a tile.
    let config = GptConfig { vocabulary: 65, block: 32, layers: 2, heads: 4, width: 128 };
    let batch = batch(&config, 7, 32);
    let evaluate = |threads| {
        let mut gpt = gpt::<f32>(config, threads);
        let x = gpt.init(3);
        let mut g = vec![0.0; x.len()];
        let loss = gpt.on(&batch).value_grad(&x, &mut g);
        (loss.to_bits(), g.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
    };
    let want = evaluate(Threads::One);
    for count in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().expect("a pool");
        assert!(pool.install(|| evaluate(Threads::Pool)) == want, "{count} threads");
    }
    assert!(evaluate(Threads::Pool) == want, "from outside of the pool");
}

#[test]
fn what_is_computed_again_has_the_same_bits() {
    let config = GptConfig { vocabulary: 65, block: 16, layers: 3, heads: 2, width: 24 };
    let [mut kept, again] = [gpt::<f32>(config, Threads::Pool), gpt(config, Threads::Pool)];
    let mut again = again.with_recompute(true);
    let x = kept.init(3);
    // Shapes change in between, and a value alone leaves the last block's buffers to the next gradient.
    for (rows, block) in [(5, 16), (2, 7), (5, 16)] {
        let batch = batch(&config, rows, block);
        let mut g = [vec![0.0; x.len()], vec![f32::NAN; x.len()]];
        let loss = kept.on(&batch).value_grad(&x, &mut g[0]);
        assert_eq!(again.on(&batch).value(&x), loss);
        assert_eq!(again.on(&batch).value_grad(&x, &mut g[1]), loss);
        assert!(g[0] == g[1], "{rows} rows of {block}");
    }
}

#[test]
fn a_later_token_changes_no_earlier_logits() {
    let mut gpt = gpt(CONFIG, Threads::One);
    let x = parameters(&gpt);
    let mut text = tokens(8, 6, 7);
    let before = gpt.logits(&x, &text, 6).to_vec();
    text[3] = (text[3] + 1) % 7;
    let after = gpt.logits(&x, &text, 6);
    assert_eq!(before[..3 * 7], after[..3 * 7]);
    for t in 3..6 {
        assert_ne!(before[7 * t..][..7], after[7 * t..][..7], "token {t} sees it");
    }
}

#[test]
fn sequences_of_a_batch_do_not_see_each_other() {
    let mut gpt = gpt(CONFIG, Threads::One);
    let x = parameters(&gpt);
    let text = tokens(8, 12, 7);
    let both = gpt.logits(&x, &text, 6).to_vec();
    let second = gpt.logits(&x, &text[6..], 6);
    let error = derivative::relative_error(&both[6 * 7..], second);
    assert!(error < 1e-13, "{error}"); // products of another height may round differently
}

#[test]
fn initial_parameters_have_the_stated_spread_and_follow_the_seed() {
    let gpt = gpt::<f64>(GptConfig::paper_small(65), Threads::One);
    let x = gpt.init(1);
    assert_eq!(x, gpt.init(1));
    assert_ne!(x, gpt.init(2));
    for (tensor, values) in gpt.layout().split(&x) {
        let name = tensor.name();
        if tensor.shape().len() == 1 {
            assert!(values.iter().all(|gain| *gain == 1.0), "{name}");
            continue;
        }
        let want = if name.ends_with("c_proj.weight") { 0.02 / 8f64.sqrt() } else { 0.02 };
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|v| v * v).sum::<f64>() / n).sqrt();
        // Five standard errors of a mean and of a deviation; the seed is fixed.
        assert!(mean.abs() < 5.0 * want / n.sqrt(), "{name}: mean {mean}");
        assert!((deviation / want - 1.0).abs() < 5.0 / (2.0 * n).sqrt(), "{name}: {deviation}");
    }
    // Near-uniform predictions: the loss starts at ln 65.
    let mut gpt = gpt;
    let loss = gpt.on(&batch(&GptConfig::paper_small(65), 2, 64)).value(&x);
    assert!((loss - 65f64.ln()).abs() < 0.1, "{loss}"); // logits of variance 0.02² · 128
}

#[test]
fn names_and_shapes_are_those_of_nanogpt() {
    let gpt = gpt::<f32>(CONFIG, Threads::One);
    let layout = gpt.layout();
    let shape = |name: &str| layout.find(name).map(|tensor| tensor.shape().to_vec());
    assert_eq!(shape("transformer.wte.weight"), Some(vec![7, 9]));
    assert_eq!(shape("transformer.wpe.weight"), Some(vec![6, 9]));
    assert_eq!(shape("transformer.h.1.attn.c_attn.weight"), Some(vec![27, 9]));
    assert_eq!(shape("transformer.h.1.mlp.c_fc.weight"), Some(vec![36, 9]));
    assert_eq!(shape("transformer.h.1.mlp.c_proj.weight"), Some(vec![9, 36]));
    assert_eq!(shape("transformer.ln_f.weight"), Some(vec![9]));
    assert_eq!(shape("lm_head.weight"), None, "tied");
    assert_eq!(layout.tensors().len(), 3 + 2 * 6);
}

#[test]
fn generation_follows_the_model() {
    let mut gpt = gpt(CONFIG, Threads::One);
    let x = parameters(&gpt);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // Temperature 0 is the likeliest token of what the window shows, beyond the block as well.
    let greedy = gpt.generate(&x, &[2], 10, 0.0, &mut rng);
    let text = [&[2], &greedy[..]].concat();
    for i in 1..text.len() {
        let window = &text[i.saturating_sub(6)..i];
        let logits = gpt.logits(&x, window, window.len());
        let last = &logits[logits.len() - 7..];
        let likeliest = (0..7).max_by(|a, b| last[*a].total_cmp(&last[*b]));
        assert_eq!(likeliest, Some(usize::from(text[i])), "token {i}");
    }
    // Frequencies of one drawn token against its probability.
    let temperature = 1.7;
    let weights: Vec<f64> =
        gpt.logits(&x, &[2, 3], 2)[7..].iter().map(|l| (l / temperature).exp()).collect();
    let total: f64 = weights.iter().sum();
    let draws = 4000;
    let mut counts = [0.0; 7];
    for _ in 0..draws {
        let token = gpt.generate(&x, &[2, 3], 1, temperature, &mut rng)[0];
        counts[usize::from(token)] += 1.0;
    }
    let expected = weights.iter().map(|w| w / total * f64::from(draws));
    let chi_square: f64 = counts.iter().zip(expected).map(|(c, e)| (c - e).powi(2) / e).sum();
    assert!(chi_square < 22.5, "{chi_square}"); // 6 degrees of freedom, p = 0.001; the seed is fixed
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let refuse = |config| Gpt::<f32>::new(config, Threads::One).map(|_| ()).unwrap_err();
    assert_eq!(refuse(GptConfig { layers: 0, ..CONFIG }), GptConfigError::Zero { what: "layers" });
    let error = refuse(GptConfig { heads: 2, ..CONFIG });
    assert_eq!(error, GptConfigError::Heads { heads: 2, width: 9 });
    assert!(error.to_string().contains("2 heads do not divide a width of 9"));
    let error = refuse(GptConfig { vocabulary: 65537, ..CONFIG });
    assert_eq!(error, GptConfigError::Vocabulary { vocabulary: 65537 });
}

#[test]
#[should_panic(expected = "token 7 for a vocabulary of 7")]
fn a_token_outside_of_the_vocabulary_panics() {
    let mut batch = batch(&CONFIG, 1, 6);
    batch.targets[5] = 7;
    gpt::<f64>(CONFIG, Threads::One).on(&batch);
}

#[test]
#[should_panic(expected = "sequences of 7 tokens for a model of 1 to 6")]
fn a_sequence_longer_than_the_block_panics() {
    gpt::<f64>(CONFIG, Threads::One).on(&batch(&CONFIG, 1, 7));
}

#[test]
#[should_panic(expected = "as long as the layout")]
fn parameters_of_another_length_panic() {
    gpt::<f64>(CONFIG, Threads::One).on(&batch(&CONFIG, 1, 6)).value(&[0.0; 3]);
}

#[test]
fn a_nan_in_any_tensor_reaches_the_loss() {
    let mut gpt = gpt::<f32>(CONFIG, Threads::One);
    let batch = batch(&CONFIG, 1, 6);
    let starts: Vec<usize> = gpt.layout().tensors().iter().map(|t| t.range().start).collect();
    for start in starts {
        let mut x = gpt.init(1);
        x[start] = f32::NAN;
        assert!(gpt.on(&batch).value(&x).is_nan(), "{start}");
    }
}

#[test]
fn a_loss_that_overflows_is_not_finite() {
    let mut gpt = gpt::<f32>(CONFIG, Threads::One);
    let mut x = gpt.init(1);
    let gain = gpt.layout().find("transformer.ln_f.weight").expect("a gain").range();
    x[gain].fill(f32::MAX);
    x[..63].fill(3.0); // the embedding, which makes the logits of this gain
    x[0] = -3.0;
    assert!(!gpt.on(&batch(&CONFIG, 1, 6)).value(&x).is_finite());
}
