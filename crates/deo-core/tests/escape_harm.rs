//! Do no harm: at an equal number of gradients, a run with the default policy ends no higher than one without.
//!
//! Deep nets of saturating units start on a plateau that Adam leaves by itself. Long moves along −g paid at once there, and
//! the run ended several times higher.

use deo_core::drive::WithDeo;
use deo_core::noise::noise;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
use deo_core::space::Host;
use deo_core::{DeoSettings, Objective};

const SPACE: Host<f64> = Host::new();

const ROWS: usize = 60;
const SIZES: [usize; 5] = [12, 10, 10, 10, 6];

/// The mean cross entropy of a net of [`SIZES`] with sigmoids on noisy copies of six prototypes.
struct Net {
    inputs: Vec<f64>,
}

impl Net {
    fn new() -> Self {
        let input = |k: usize| {
            let (row, i) = (k / SIZES[0], k % SIZES[0]);
            let prototype = noise(1, (row % 6 * SIZES[0] + i) as u64).signum();
            0.5 + 0.5 * prototype + 0.35 * noise(2, k as u64)
        };
        Net { inputs: (0..ROWS * SIZES[0]).map(input).collect() }
    }

    /// Weights normal(0, 1/√inputs), biases 0.
    fn start(&self, seed: u64) -> Vec<f64> {
        let layer = |(l, w): (usize, &[usize])| {
            let deviation = (w[0] as f64).sqrt().recip();
            let weights =
                (0..w[0] * w[1]).map(move |i| deviation * noise(seed, (l * 10_000 + i) as u64));
            weights.chain(std::iter::repeat_n(0.0, w[1])).collect::<Vec<f64>>()
        };
        SIZES.windows(2).enumerate().flat_map(layer).collect()
    }

    fn evaluate(&self, x: &[f64], mut g: Option<&mut [f64]>) -> f64 {
        if let Some(g) = g.as_deref_mut() {
            g.fill(0.0);
        }
        let mut loss = 0.0;
        for (row, input) in self.inputs.chunks_exact(SIZES[0]).enumerate() {
            let mut layers = vec![input.to_vec()];
            let mut offset = 0;
            for (l, w) in SIZES.windows(2).enumerate() {
                let (weights, biases) = x[offset..].split_at(w[0] * w[1]);
                let z = (0..w[1]).map(|o| {
                    let row = &weights[o * w[0]..][..w[0]];
                    biases[o] + row.iter().zip(&layers[l]).map(|(w, a)| w * a).sum::<f64>()
                });
                let last = l + 2 == SIZES.len();
                layers.push(z.map(|z| if last { z } else { 1.0 / (1.0 + (-z).exp()) }).collect());
                offset += (w[0] + 1) * w[1];
            }
            let out = &layers[SIZES.len() - 1];
            let sum: f64 = out.iter().map(|z| z.exp()).sum();
            loss += (sum.ln() - out[row % 6]) / ROWS as f64;
            let Some(g) = g.as_deref_mut() else { continue };
            let mut d: Vec<f64> = out.iter().map(|z| z.exp() / sum / ROWS as f64).collect();
            d[row % 6] -= 1.0 / ROWS as f64;
            for (l, w) in SIZES.windows(2).enumerate().rev() {
                offset -= (w[0] + 1) * w[1];
                let mut before = vec![0.0; w[0]];
                for o in 0..w[1] {
                    g[offset + w[0] * w[1] + o] += d[o];
                    for i in 0..w[0] {
                        g[offset + o * w[0] + i] += d[o] * layers[l][i];
                        before[i] += d[o] * x[offset + o * w[0] + i];
                    }
                }
                d = before.iter().zip(&layers[l]).map(|(d, a)| d * a * (1.0 - a)).collect();
            }
        }
        loss
    }
}

impl Objective<[f64]> for Net {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.evaluate(x, None)
    }

    fn value_grad(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        self.evaluate(x, Some(g))
    }
}

#[test]
fn the_gradient_of_the_net_is_that_of_its_loss() {
    let net = Net::new();
    let x = net.start(3);
    let mut g = vec![0.0; x.len()];
    net.evaluate(&x, Some(&mut g));
    for i in (0..x.len()).step_by(17) {
        let at = |h: f64| {
            let mut x = x.clone();
            x[i] += h;
            net.evaluate(&x, None)
        };
        // The truncation of the central rule is of the order h² = 1e-8.
        assert!(((at(1e-4) - at(-1e-4)) / 2e-4 - g[i]).abs() < 1e-8, "{i}");
    }
}

/// The loss after `budget` gradients, losses at a third, with the default policy and without.
fn ends<O: Optimizer<Host<f64>>>(
    make: impl Fn(&[f64]) -> O,
    rate: f64,
    budget: f64,
    seed: u64,
) -> [f64; 2] {
    [true, false].map(|helped| {
        let mut net = Net::new();
        let mut x = net.start(seed);
        let settings = DeoSettings { seed, ..Default::default() };
        let mut run = WithDeo::new(&SPACE, &x, make(&x), settings).unwrap();
        if !helped {
            run = run.with_warmup(u64::MAX);
        }
        let mut steps = 0.0;
        while steps + run.counts().cost() + 1.0 <= budget {
            run.step(&SPACE, &mut net, &mut x, rate);
            steps += 1.0;
        }
        net.evaluate(&x, None)
    })
}

/// The geometric mean of with/without over eight seeds.
fn ratio<O: Optimizer<Host<f64>>>(
    make: impl Fn(&[f64]) -> O + Copy,
    rate: f64,
    budget: f64,
) -> f64 {
    let logs = (0..8).map(|seed| {
        let [with, without] = ends(make, rate, budget, seed);
        (with / without).ln()
    });
    (logs.sum::<f64>() / 8.0).exp()
}

#[test]
fn a_deep_net_of_sigmoids_ends_no_higher_with_escape() {
    let adam = |x: &[f64]| Adam::new(AdamSettings::adam(), &SPACE, x).unwrap();
    let nadamw = |x: &[f64]| Adam::new(AdamSettings::nadamw(), &SPACE, x).unwrap();
    let heavy = SgdSettings { momentum: 0.9, ..Default::default() };
    let heavy_ball = |x: &[f64]| Sgd::new(heavy, &SPACE, x).unwrap();
    let seen = [
        ("adam, 0.01", ratio(adam, 0.01, 200.0)),
        ("adam, 0.03", ratio(adam, 0.03, 200.0)),
        ("nadamw, 0.01", ratio(nadamw, 0.01, 200.0)),
        ("heavy ball, 0.3", ratio(heavy_ball, 0.3, 200.0)),
    ];
    // A quarter is what counts as harm in a single run; visits that find nothing cost some steps where a loss falls fast.
    assert!(seen.iter().all(|(_, ratio)| *ratio < 1.25), "{seen:.3?}");
}
