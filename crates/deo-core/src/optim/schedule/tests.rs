//! Rates against their formulas and against PyTorch's.

use super::*;
use proptest::prelude::*;

const STEPS: [(u64, f64); 6] = [
    (0, 0.5),
    (2, 0.5),
    (3, 0.2),
    (8, 0.08000000000000002),
    (9, 0.03200000000000001),
    (20, 0.0020480000000000008),
];
const EXPONENTIAL: [(u64, f64); 4] =
    [(0, 0.5), (1, 0.45), (7, 0.23914845000000007), (29, 0.023550643486231246)];
const ONE_CYCLE: [(u64, f64); 7] = [
    (0, 0.020000000000000018),
    (1, 0.05322702046548655),
    (5, 0.4729644980135772),
    (6, 0.49995240706489064),
    (12, 0.3428476201283106),
    (21, 0.004746362076949228),
    (22, 2e-06),
];

#[test]
fn ends_middle_and_beyond() {
    let schedule = Schedule::warmup_cosine(0.8, 3, 13, 0.2).unwrap();
    // The exact values of the formula in the header; 1e-15 is a few roundings of numbers below 1.
    for (step, rate) in [(0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (8, 0.5), (13, 0.2), (99, 0.2)] {
        assert!((schedule.at(step) - rate).abs() < 1e-15, "step {step}");
    }
    assert_eq!((schedule.warmup(), Schedule::constant(0.1).unwrap().warmup()), (3, 0));
    let cold = Schedule::warmup_cosine(0.8, 0, 4, 0.0).unwrap();
    assert_eq!((cold.at(0), cold.at(4)), (0.8, 0.0));
    assert_eq!(Schedule::constant(0.3).unwrap().at(u64::MAX), 0.3);
}

#[test]
fn refuses_what_cannot_be_meant() {
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        assert!(Schedule::constant(bad).is_err());
        assert!(Schedule::warmup_cosine(bad, 1, 2, 0.0).is_err());
        assert!(Schedule::warmup_cosine(1.0, 1, 2, bad).is_err());
    }
    let name = |r: Result<Schedule, SettingError>| r.unwrap_err().name;
    assert_eq!(name(Schedule::warmup_cosine(1.0, 1, 2, 2.0)), "final learning rate");
    assert_eq!(name(Schedule::warmup_cosine(1.0, 2, 2, 0.0)), "warm-up");
}

/// Rates of torch 2.15 in f64, `optimizer.param_groups[0]["lr"]` before each step: `StepLR(step_size=3, gamma=0.4)` and
/// `ExponentialLR(gamma=0.9)` from 0.5, `OneCycleLR(max_lr=0.5, total_steps=23)`.
#[test]
fn the_rates_are_pytorchs() {
    let cycle = Schedule::one_cycle(0.5, 23).unwrap();
    let cases = [
        (Schedule::steps_down(0.5, 3, 0.4).unwrap(), STEPS.to_vec()),
        (Schedule::exponential(0.5, 0.9).unwrap(), EXPONENTIAL.to_vec()),
        (cycle, ONE_CYCLE.to_vec()),
    ];
    for (schedule, rates) in cases {
        for (t, rate) in rates {
            // A few roundings of numbers below 1.
            assert!((schedule.at(t) - rate).abs() < 1e-15, "{schedule:?} {t}: {}", schedule.at(t));
        }
    }
    assert_eq!(cycle.at(22), cycle.at(1000));
    assert_eq!(cycle.warmup(), 5);
}

#[test]
fn refuses_decays_that_grow_and_cycles_without_steps() {
    let refused = |r: Result<Schedule, SettingError>, name| {
        assert!(r.unwrap_err().to_string().contains(name));
    };
    for bad in [0.0, 1.1, f64::NAN] {
        refused(Schedule::exponential(1.0, bad), "factor");
    }
    refused(Schedule::steps_down(1.0, 0, 0.5), "steps between");
    refused(Schedule::one_cycle(1.0, 9), "cycle");
    refused(Schedule::one_cycle(f64::NAN, 19), "peak");
}

proptest! {
    #[test]
    fn rises_then_falls_within_its_bounds(
        warmup in 0_u64..50, decay in 1_u64..50, peak in 0.1_f64..1.0, ratio in 0.0_f64..1.0,
    ) {
        let floor = peak * ratio;
        let schedule = Schedule::warmup_cosine(peak, warmup, warmup + decay, floor).unwrap();
        let rates: Vec<f64> = (0..warmup + decay + 2).map(|t| schedule.at(t)).collect();
        let (rise, fall) = rates.split_at(warmup as usize);
        prop_assert!(rise.windows(2).all(|r| r[0] < r[1]) && rise.iter().all(|r| *r < peak));
        prop_assert!(fall.windows(2).all(|r| r[0] >= r[1]));
        // One rounding of f + (p − f).
        prop_assert!((fall[0] - peak).abs() <= f64::EPSILON * peak);
        prop_assert_eq!(*fall.last().unwrap(), floor);
    }
}
