//! A run of `WithDeo` that is stopped: by an oracle that fails, or to be saved and gone on with.

use deo_core::deo::Tracking;
use deo_core::drive::{Oracle, WithDeo};
use deo_core::optim::{Adam, AdamSettings};
use deo_core::space::Host;
use deo_core::{DeoSettings, Objective, PolicySettings};

const STEPS: u64 = 60;

/// A saddle at 0 with minima at (±2, 0), by a function that fails at one of its calls.
struct Failing {
    calls: u64,
    at: Option<u64>,
}

#[derive(Debug, PartialEq)]
struct Failed(u64);

impl Oracle<[f64]> for Failing {
    type Stop = Failed;

    fn try_value(&mut self, x: &[f64]) -> Result<f64, Failed> {
        self.calls += 1;
        if self.at == Some(self.calls) {
            return Err(Failed(self.calls));
        }
        Ok(x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1])
    }

    fn try_value_grad(&mut self, x: &[f64], g: &mut [f64]) -> Result<f64, Failed> {
        g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        self.try_value(x)
    }
}

type Run = WithDeo<Adam<Vec<f64>>, Host<f64>>;

const SPACE: Host<f64> = Host::new();

fn policies() -> [DeoSettings; 3] {
    let tracking = Tracking { interval: 3, ..Default::default() };
    let policy = |policy| DeoSettings { policy, ..Default::default() };
    [
        DeoSettings::default(),
        policy(PolicySettings::Deflate { alpha: 0.5, tracking }),
        policy(PolicySettings::Amplify { strength: 0.5, tracking }),
    ]
}

fn start(settings: DeoSettings) -> (Run, Vec<f64>) {
    let x = vec![1e-9, 0.5];
    let adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
    let run = WithDeo::new(&SPACE, &x, adam, settings).unwrap();
    (run.with_clip(0.7).with_warmup(2), x)
}

fn step(run: &mut Run, f: &mut Failing, x: &mut [f64]) -> Result<(), Failed> {
    run.try_step(&SPACE, f, x, 1e-3).map(|_| ())
}

#[test]
fn an_oracle_that_fails_anywhere_leaves_x_where_it_was_and_the_run_goes_on() {
    for settings in policies() {
        let (mut run, mut x) = start(settings);
        let mut whole = Failing { calls: 0, at: None };
        for _ in 0..STEPS {
            step(&mut run, &mut whole, &mut x).unwrap();
        }
        assert!(run.counts().gradients > 0 && whole.calls > STEPS, "{settings:?} has asked");
        for at in 1..=whole.calls {
            let (mut run, mut x) = start(settings);
            let mut f = Failing { calls: 0, at: Some(at) };
            let mut failures = 0;
            for _ in 0..STEPS {
                let before = x.clone();
                if let Err(failed) = step(&mut run, &mut f, &mut x) {
                    assert_eq!((failed, &x), (Failed(at), &before), "{settings:?}");
                    failures += 1;
                }
            }
            assert_eq!(failures, 1, "call {at} of {settings:?}");
            assert!(x.iter().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn steps_that_cannot_fail_are_the_same() {
    struct Whole;
    impl Objective<[f64]> for Whole {
        fn value(&mut self, x: &[f64]) -> f64 {
            Failing { calls: 0, at: None }.try_value(x).unwrap()
        }

        fn value_grad(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
            Failing { calls: 0, at: None }.try_value_grad(x, g).unwrap()
        }
    }
    for settings in policies() {
        let ((mut a, mut x), (mut b, mut y)) = (start(settings), start(settings));
        for _ in 0..STEPS {
            let one = a.step(&SPACE, &mut Whole, &mut x, 1e-3);
            let two = b.try_step(&SPACE, &mut Failing { calls: 0, at: None }, &mut y, 1e-3);
            assert_eq!((one, &x), (two.unwrap(), &y));
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_run_saved_after_any_step_goes_on_bit_for_bit() {
    for settings in policies() {
        let (mut run, mut x) = start(settings);
        let (mut again, mut y) = start(settings);
        let [mut f, mut g] = [Failing { calls: 0, at: None }, Failing { calls: 0, at: None }];
        for i in 0..STEPS {
            step(&mut run, &mut f, &mut x).unwrap();
            step(&mut again, &mut g, &mut y).unwrap();
            let file = serde_json::to_string(&(again.state(), &y)).unwrap();
            let (state, point) = serde_json::from_str(&file).unwrap();
            y = point;
            again = WithDeo::resume(&SPACE, &y, state);
            assert_eq!((&x, f.calls), (&y, g.calls), "step {i} of {settings:?}");
        }
        assert!(again.deo().continues(start(settings).0.deo(), |a, b| a.len() == b.len()));
        assert_eq!(run.counts(), again.counts());
    }
}
