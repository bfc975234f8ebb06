//! The accounts of the ladder: what a visit costs, what is given back, when the next one comes.

use super::*;
use crate::budget::BudgetSettings;
use crate::deo::{Deo, DeoSettings};
use crate::dimer::DimerSettings;
use crate::policy::Best;
use crate::probe::Answer;
use crate::space::Host;
use crate::trigger::{Stall, TriggerSettings};

const SPACE: Host<f64> = Host::new();

/// A move by 2 along the axis, from a visit that cost 6.5 gradients and one for the step.
const PROMISE: Promise = Promise {
    rung: Rung::Kick,
    coefficient: 2.0,
    loss: 0.0,
    decrease: 0.4,
    worth: 0.3,
    cost: 7.5,
    made: true,
};

/// A machine whose axis is the second of two, after gradients of norm 10 and 1: stalled.
fn stalled() -> Deo<Vec<f64>> {
    let trigger = TriggerSettings { stall: Stall::Gradient { share: 0.5 }, ..Default::default() };
    let settings = DeoSettings { trigger, ..Default::default() };
    let mut deo = Deo::new(&SPACE, &[0.0, 0.0][..], settings).unwrap();
    deo.dimer.set_axis(&SPACE, &[0.0, 1.0]);
    deo.trigger.observe(5.0, 10.0);
    deo.trigger.observe(5.0, 1.0);
    assert!(deo.trigger.is_stalled());
    deo
}

#[test]
fn a_move_that_pays_is_refunded_and_shortens_the_wait() {
    let x = [1.0, 2.0];
    let promise = Promise {
        rung: Rung::Kick,
        coefficient: 1.0,
        loss: 0.0,
        decrease: 0.4,
        worth: 0.3,
        cost: 7.5,
        made: true,
    };
    // Four times the interval of three: back to it on the same batch, half on another, twice after a failure.
    for (fall, same, interval, refund) in
        [(0.31, true, 3, 7.5), (0.31, false, 6, 7.5), (0.3, true, 24, 0.0), (0.2, false, 24, 0.0)]
    {
        let mut deo = Deo::new(&Host::<f64>::new(), &x, DeoSettings::default()).unwrap();
        (0..2).for_each(|_| deo.trigger.failed());
        let before = deo.budget();
        deo.keep(&promise, fall, same);
        assert_eq!((deo.trigger.interval(), deo.budget() - before), (interval, refund));
    }
}

#[test]
fn an_estimate_may_spend_two_gradients_and_a_fifth_for_each_step_since_the_last() {
    // Hard enough that no estimate ends by itself: a thousand curvatures, and no residual is small enough.
    let spectrum: Vec<f64> = (0..1_000).map(|i| f64::from(i) - 3.0).collect();
    let dimer = DimerSettings { tolerance: 0.0, max_gradients: 1_000, ..Default::default() };
    let trigger = TriggerSettings { stall: Stall::Always, ..Default::default() };
    let budget = BudgetSettings { share: 0.0, allowance: 30.5 };
    for (steps, spent_before, gradients) in [
        (0, 0.0, 2),
        (4, 0.0, 2),
        (5, 0.0, 3),
        (44, 0.0, 10),
        (45, 0.0, 11),
        (400, 0.0, 30),
        (400, 20.0, 10),
        (40, 28.5, 2),
        (40, 28.6, 0),
    ] {
        let settings = DeoSettings { dimer, trigger, budget, ..Default::default() };
        let mut deo = Deo::new(&SPACE, &spectrum, settings).unwrap();
        (deo.since_estimate, deo.crossing) = (steps, f64::MAX);
        deo.budget.spend(spent_before);
        deo.begin_axis(&SPACE);
        let mut asked = 0;
        while let Some(probe) = deo.dimer.ask(&SPACE) {
            let product: Vec<f64> =
                probe.direction().iter().zip(&spectrum).map(|(v, l)| v * l).collect();
            deo.dimer.tell(&SPACE, Answer::product(&product));
            asked += 1;
        }
        assert_eq!(asked, gradients, "{steps} steps, {spent_before} spent");
        // An estimate that couldn't be paid leaves its steps to the next.
        assert_eq!(deo.since_estimate, if asked > 0 { 0 } else { steps });
    }
}

#[test]
fn a_move_costs_the_step_that_it_replaces_and_ends_the_stall() {
    let mut deo = stalled();
    let (mut x, before) = ([1.0, 2.0], deo.budget());
    deo.make(&SPACE, &mut x[..], &PROMISE);
    assert_eq!((x, before - deo.budget()), ([1.0, 4.0], 1.0));
    // The running maximum of ‖g‖ is now that of the last step: 1 ≤ ½ · 1 is false.
    assert!(!deo.trigger.is_stalled());
    assert_eq!((deo.visit.moves, deo.visit.kicks), (1, 1));
    deo.make(&SPACE, &mut x[..], &Promise { rung: Rung::Gradient, ..PROMISE });
    assert_eq!((deo.visit.moves, deo.visit.kicks), (2, 1));
}

#[test]
fn what_a_visit_must_pay_for_includes_the_step() {
    // Six gradients and three losses are 7, the step is the 8th; each must be worth 0.05.
    let scene = Scene { loss: 3.0, gradient_norm: 1.0, norm: 1.0, wanted_rate: 0.05, pace: 0.0 };
    for (decrease, paid, batches_differ) in
        [(0.41, true, false), (0.39, false, false), (0.41, true, true)]
    {
        let mut deo = stalled();
        (deo.visit.gradients, deo.visit.losses, deo.batches_differ) = (6, 3, batches_differ);
        let (mut x, before) = ([1.0, 2.0], deo.budget());
        let best = Best { length: 2.0, decrease };
        let outcome = Outcome::Move { rung: Rung::Kick, coefficient: 2.0, best };
        let event = deo.conclude(&SPACE, &mut x[..], &[0.0, 1.0][..], &outcome, &scene);
        let promise = deo.promise.unwrap();
        assert_eq!((promise.cost, promise.loss), (8.0, 3.0 - decrease));
        assert!((promise.worth - 0.4).abs() < 1e-15, "{promise:?}");
        if batches_differ {
            assert_eq!((event, x, deo.budget()), (Event::Proposed, [1.0, 2.0], before));
        } else {
            let moved = Event::Moved { rung: Rung::Kick, length: 2.0, decrease, paid };
            assert_eq!((event, x, before - deo.budget()), (moved, [1.0, 4.0], 1.0));
        }
    }
}

#[test]
fn a_move_that_the_next_batch_refuses_is_undone_and_costs_its_step() {
    let mut deo = stalled();
    let (mut x, before) = ([1.0, 4.0], deo.budget());
    // Half of the fall must come true.
    let event = deo.second_opinion(&SPACE, &mut x[..], &PROMISE, 0.19);
    assert_eq!((event, x), (Event::Reverted { fall: 0.19 }, [1.0, 2.0]));
    assert_eq!((before - deo.budget(), deo.trigger.interval()), (1.0, 6));
    assert!(!deo.trigger.is_stalled(), "x was moved");

    let (mut deo, mut x) = (stalled(), [1.0, 4.0]);
    let event = deo.second_opinion(&SPACE, &mut x[..], &PROMISE, 0.31);
    assert_eq!(
        (event, x, deo.budget() - before),
        (Event::Confirmed { fall: 0.31 }, [1.0, 4.0], 7.5)
    );

    // A proposal that is refused costs nothing, one that is accepted the step, and it paid for its visit.
    let proposed = Promise { made: false, ..PROMISE };
    let (mut deo, mut x) = (stalled(), [1.0, 2.0]);
    let event = deo.second_opinion(&SPACE, &mut x[..], &proposed, 0.19);
    assert_eq!((event, x, deo.budget()), (Event::Refuted { fall: 0.19 }, [1.0, 2.0], before));
    assert!(deo.trigger.is_stalled(), "x is where it was");
    let event = deo.second_opinion(&SPACE, &mut x[..], &proposed, 0.31);
    let moved = Event::Moved { rung: Rung::Kick, length: 2.0, decrease: 0.31, paid: true };
    assert_eq!((event, x, deo.budget() - before), (moved, [1.0, 4.0], 6.5));
}

#[test]
fn a_move_has_paid_if_it_falls_by_more_than_it_is_worth_at_any_scale() {
    for scale in [1.0, 1e-8, 1e8] {
        let promise = Promise { coefficient: -3.0, worth: scale * 0.3, ..PROMISE };
        for (fall, pays) in [(0.31, true), (0.29, false)] {
            let event = moved(&promise, scale * fall);
            assert!(matches!(event, Event::Moved { length: 3.0, paid, .. } if paid == pays));
        }
    }
}
