//! A training loop of one's own with DEO's questions answered in it: XOR on two tanh units that start alike.
//! Equal units have equal gradients for ever, so gradient descent trains one unit and stops at a saddle.
//! Run: `cargo run -p deo-core --example own_loop`

use deo_core::{Answer, Deo, DeoSettings, Question, Space, space::Host};

/// ½ mean (Σ vⱼ tanh(uⱼ·(a, b, 1)) + c − t)² at x = (u₁, v₁, u₂, v₂, c), and its gradient.
fn xor(x: &[f64], g: &mut [f64]) -> f64 {
    let mut loss = 0.0;
    g.fill(0.0);
    for [a, b, t] in [[-1., -1., -1.], [-1., 1., 1.], [1., -1., 1.], [1., 1., -1.]] {
        let unit = |j: usize| (x[j] * a + x[j + 1] * b + x[j + 2]).tanh();
        let error = (x[3] * unit(0) + x[7] * unit(4) + x[8] - t) / 4.0;
        for j in [0, 4] {
            let slope = x[j + 3] * (1.0 - unit(j).powi(2));
            for (k, term) in [slope * a, slope * b, slope, unit(j)].into_iter().enumerate() {
                g[j + k] += error * term;
            }
        }
        g[8] += error;
        loss += 2.0 * error * error;
    }
    loss
}

fn train(escape: bool) {
    let space = Host::<f64>::new();
    let mut x = vec![0.8, -0.3, 0.1, 0.5, 0.8, -0.3, 0.1, 0.5, 0.0];
    let (mut y, mut g, mut g1) = (x.clone(), x.clone(), x.clone());
    let mut deo = Deo::new(&space, &x, DeoSettings::default()).expect("settings in range");
    let (mut steps, mut loss) = (0, 0.0);
    while steps + deo.counts().gradients < 3_000 {
        (steps, loss) = (steps + 1, xor(&x, &mut g));
        if escape {
            deo.observe(&space, &x, loss, &g); // without it nothing is ever asked
        }
        while let Some(question) = deo.ask(&space, &g) {
            match question {
                Question::Gradient(probe) => {
                    let h = probe.displace(&space, &x, &mut y);
                    xor(&y, &mut g1); // on the same batch, if there are batches
                    deo.tell_gradient(&space, Answer::forward(h, &g, &g1));
                }
                Question::Loss(trial) => {
                    trial.displace(&space, &x, &mut y);
                    deo.tell_loss(xor(&y, &mut g1)); // only the loss is wanted
                }
            }
        }
        if !deo.apply(&space, &mut x, &mut g).moved() && loss.is_finite() {
            space.axpby(-0.3, &g, 1.0, &mut x); // the optimizer's step: any optimizer
        }
    }
    println!("escape: {escape}, loss {loss:.6} after {steps} steps and {:?}", deo.counts());
}

fn main() {
    [false, true].into_iter().for_each(train);
}
