//! Verifications of stationary points of known index: right, wrong and their gradients.
use deo_core::objective::{FromFn, Objective};
use deo_core::{noise::noise, space::Host};
use deo_saddle::{Verdict, Verification, VerificationSettings};

fn main() {
    let seeds: u64 = std::env::var("SEEDS").map_or(50, |s| s.parse().unwrap());
    let space = Host::<f64>::new();
    for kind in [
        "simple",
        "lowest twice",
        "pairs",
        "index 0",
        "index 2 sought, third close",
        "negative pair among 3",
    ] {
        for n in [10usize, 30, 57, 100, 300] {
            let (mut right, mut false_yes, mut false_no, mut unresolved, mut gradients) =
                (0, 0, 0, 0, 0);
            for seed in 0..seeds {
                let (sought, negative) = match kind {
                    "simple" => (1, 1),
                    "lowest twice" | "pairs" => (1, 2),
                    "index 0" => (0, (seed % 2) as usize),
                    "index 2 sought, third close" => (2, 2 + (seed % 2) as usize),
                    _ => (2, 3),
                };
                let lambda: Vec<f64> = (0..n as u64)
                    .map(|i| {
                        let positive = 0.1 + 4.0 * noise(seed, i).abs();
                        match kind {
                            "lowest twice" if i < 2 => -1.0,
                            "pairs" if i < 2 => -1.0,
                            "pairs" => 0.1 + 4.0 * noise(seed + 1000, i / 2).abs(),
                            "negative pair among 3" if i < 3 => {
                                if i == 0 {
                                    -2.0
                                } else {
                                    -0.5
                                }
                            }
                            _ if (i as usize) < negative => -0.3 - noise(seed + 7, i).abs(),
                            _ => positive,
                        }
                    })
                    .collect();
                let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
                    if let Some(g) = g {
                        g.iter_mut()
                            .zip(x)
                            .zip(&lambda)
                            .for_each(|((g, x), l)| *g = l * x + x.powi(3));
                    }
                    0.0
                });
                let x = vec![0.0; n];
                let settings = VerificationSettings { index: sought, seed, ..Default::default() };
                let mut v = Verification::new(&space, &x, settings).unwrap();
                let mut g = x.clone();
                while let Some(p) = v.ask() {
                    f.value_grad(p, &mut g);
                    v.tell(&space, &g);
                }
                gradients += v.gradients();
                match (v.verdict(), sought == negative) {
                    (Verdict::Confirmed, true) | (Verdict::WrongIndex { .. }, false) => right += 1,
                    (Verdict::Confirmed, false) => false_yes += 1,
                    (Verdict::WrongIndex { .. }, true) => false_no += 1,
                    _ => unresolved += 1,
                }
            }
            println!(
                "{kind:28} N {n:3}: right {right}, wrongly confirmed {false_yes}, wrongly refused {false_no}, open {unresolved}; {:.1} gradients",
                gradients as f64 / seeds as f64
            );
        }
    }
}
