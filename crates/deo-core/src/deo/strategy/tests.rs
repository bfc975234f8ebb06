//! The accounts of Escape: what a visit costs, what is given back, when the next one comes.

use super::pending::moved;
use super::*;
use crate::budget::BudgetSettings;
use crate::deo::DeoSettings;
use crate::dimer::{Dimer, DimerSettings};
use crate::policy::Best;
use crate::probe::Answer;
use crate::space::Host;
use crate::trigger::{Stall, TriggerSettings};

const SPACE: Host<f64> = Host::new();

/// A move by 2 along the axis, from a visit that cost 6.5 gradients and one for the step.
const PENDING: PendingMove = PendingMove {
    along: Along::Axis,
    coefficient: 2.0,
    loss: 0.0,
    decrease: 0.4,
    worth: 0.3,
    cost: 7.5,
    made: true,
    agreed: 0,
};

/// A strategy and its desk, in two dimensions by default.
fn machine(like: &[f64], settings: DeoSettings) -> (Strategy, Desk<Vec<f64>>) {
    let strategy = Strategy::new(EscapeSettings::default(), settings.trigger, settings.budget);
    let dimer = Dimer::new(&SPACE, like, settings.dimer).unwrap();
    let (visit, total) = (Counts::default(), Counts::default());
    (strategy, Desk { dimer, seed: settings.seed, visit, total })
}

/// One whose axis is the second of two, after gradients of norm 10 and 1: stalled.
fn stalled() -> (Strategy, Desk<Vec<f64>>) {
    let trigger = TriggerSettings { stall: Stall::Gradient { share: 0.5 }, ..Default::default() };
    let (mut strategy, mut desk) =
        machine(&[0.0, 0.0], DeoSettings { trigger, ..Default::default() });
    desk.dimer.set_axis(&SPACE, &[0.0, 1.0]);
    strategy.trigger.observe(5.0, 10.0);
    strategy.trigger.observe(5.0, 1.0);
    assert!(strategy.trigger.is_stalled());
    (strategy, desk)
}

#[test]
fn a_move_that_pays_is_refunded_and_shortens_the_wait() {
    let x = [1.0, 2.0];
    let pending = PendingMove {
        along: Along::Axis,
        coefficient: 1.0,
        loss: 0.0,
        decrease: 0.4,
        worth: 0.3,
        cost: 7.5,
        made: true,
        agreed: 0,
    };
    // Four times the interval of three: back to it on the same batch, half on another, twice after a failure.
    for (fall, same, interval, refund) in
        [(0.31, true, 3, 7.5), (0.31, false, 6, 7.5), (0.3, true, 24, 0.0), (0.2, false, 24, 0.0)]
    {
        let (mut strategy, _) = machine(&x, DeoSettings::default());
        (0..2).for_each(|_| strategy.trigger.failed());
        let before = strategy.available();
        strategy.keep(&pending, fall, same);
        assert_eq!(
            (strategy.trigger.interval(), strategy.available() - before),
            (interval, refund)
        );
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
        let (mut strategy, mut desk) = machine(&spectrum, settings);
        (strategy.since_estimate, strategy.crossing) = (steps, f64::MAX);
        strategy.budget.spend(spent_before);
        strategy.begin_axis(&mut desk, &SPACE);
        let mut asked = 0;
        while let Some(probe) = desk.dimer.ask(&SPACE) {
            let product: Vec<f64> =
                probe.direction().iter().zip(&spectrum).map(|(v, l)| v * l).collect();
            desk.dimer.tell(&SPACE, Answer::product(&product));
            asked += 1;
        }
        assert_eq!(asked, gradients, "{steps} steps, {spent_before} spent");
        // An estimate that couldn't be paid leaves its steps to the next.
        assert_eq!(strategy.since_estimate, if asked > 0 { 0 } else { steps });
    }
}

#[test]
fn a_move_costs_the_step_that_it_replaces_and_ends_the_stall() {
    let (mut strategy, mut desk) = stalled();
    let (mut x, before) = ([1.0, 2.0], strategy.available());
    strategy.make(&mut desk, &SPACE, &mut x[..], &PENDING);
    assert_eq!((x, before - strategy.available()), ([1.0, 4.0], 1.0));
    // The running maximum of ‖g‖ is now that of the last step: 1 ≤ ½ · 1 is false.
    assert!(!strategy.trigger.is_stalled());
    assert_eq!((desk.visit.moves, desk.visit.kicks), (1, 1));
    let along_g = PendingMove { along: Along::Gradient, ..PENDING };
    strategy.make(&mut desk, &SPACE, &mut x[..], &along_g);
    assert_eq!((desk.visit.moves, desk.visit.kicks), (2, 1));
}

#[test]
fn what_a_visit_must_pay_for_includes_the_step() {
    // Six gradients and three losses are 7, the step is the 8th; each must be worth 0.05.
    let info = StepInfo { loss: 3.0, gradient_norm: 1.0, norm: 1.0, wanted_rate: 0.05, pace: 0.0 };
    for (decrease, paid, batches) in [
        (0.41, true, Batches::Unknown),
        (0.39, false, Batches::Same),
        (0.41, true, Batches::Differ),
    ] {
        let (mut strategy, mut desk) = stalled();
        (desk.visit.gradients, desk.visit.losses, strategy.batches) = (6, 3, batches);
        let (mut x, before) = ([1.0, 2.0], strategy.available());
        let best = Best { length: 2.0, decrease };
        let outcome = Outcome::Move { along: Along::Axis, coefficient: 2.0, best };
        let g = &[0.0, 1.0][..];
        let event = strategy.conclude(&mut desk, &SPACE, &mut x[..], g, &outcome, &info);
        let pending = strategy.pending.unwrap();
        assert_eq!((pending.cost, pending.loss), (8.0, 3.0 - decrease));
        assert!((pending.worth - 0.4).abs() < 1e-15, "{pending:?}");
        if batches == Batches::Differ {
            assert_eq!((event, x, strategy.available()), (Event::Proposed, [1.0, 2.0], before));
        } else {
            let moved = Event::Moved { along: Along::Axis, length: 2.0, decrease, paid };
            assert_eq!((event, x, before - strategy.available()), (moved, [1.0, 4.0], 1.0));
        }
    }
}

#[test]
fn a_move_that_the_next_batch_refuses_is_undone_and_costs_its_step() {
    let (mut strategy, mut desk) = stalled();
    let (mut x, before) = ([1.0, 4.0], strategy.available());
    // Half of the fall must come true.
    let event = strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &PENDING, 0.19);
    assert_eq!((event, x), (Event::Reverted { fall: 0.19 }, [1.0, 2.0]));
    assert_eq!((before - strategy.available(), strategy.trigger.interval()), (1.0, 6));
    assert!(!strategy.trigger.is_stalled(), "x was moved");

    let ((mut strategy, mut desk), mut x) = (stalled(), [1.0, 4.0]);
    let event = strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &PENDING, 0.31);
    assert_eq!(
        (event, x, strategy.available() - before),
        (Event::Confirmed { fall: 0.31 }, [1.0, 4.0], 7.5)
    );

    // A proposal that is refused costs nothing, one that three batches accept the step, and it paid for its visit.
    let proposed = PendingMove { made: false, ..PENDING };
    let ((mut strategy, mut desk), mut x) = (stalled(), [1.0, 2.0]);
    let event = strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &proposed, 0.19);
    assert_eq!(
        (event, x, strategy.available()),
        (Event::Refuted { fall: 0.19 }, [1.0, 2.0], before)
    );
    assert!(strategy.trigger.is_stalled(), "x is where it was");
    for agreed in 1..3 {
        let waiting = strategy.pending.take().unwrap_or(proposed);
        let event = strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &waiting, 0.31);
        assert_eq!((event, x, strategy.available()), (Event::Proposed, [1.0, 2.0], before));
        assert_eq!(strategy.pending.unwrap(), PendingMove { agreed, ..proposed });
    }
    let proposed = strategy.pending.take().unwrap();
    let event = strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &proposed, 0.31);
    let moved = Event::Moved { along: Along::Axis, length: 2.0, decrease: 0.31, paid: true };
    assert_eq!((event, x, strategy.available() - before), (moved, [1.0, 4.0], 6.5));
}

#[test]
fn a_move_has_paid_if_it_falls_by_more_than_it_is_worth_at_any_scale() {
    for scale in [1.0, 1e-8, 1e8] {
        let pending = PendingMove { coefficient: -3.0, worth: scale * 0.3, ..PENDING };
        for (fall, pays) in [(0.31, true), (0.29, false)] {
            let event = moved(&pending, scale * fall);
            assert!(matches!(event, Event::Moved { length: 3.0, paid, .. } if paid == pays));
        }
    }
}

#[test]
fn one_loss_tells_whether_batches_differ() {
    let info = StepInfo { loss: 3.0, gradient_norm: 1.0, norm: 1.0, wanted_rate: 0.0, pace: 0.0 };
    // The step fell by 1, of which a thousandth is allowed, and 32 roundings of 4 besides.
    for (now, batches) in [
        (4.0, Batches::Same),
        (4.0009, Batches::Same),
        (4.0011, Batches::Differ),
        (3.9989, Batches::Differ),
        (f64::NAN, Batches::Unknown),
        (f64::INFINITY, Batches::Unknown),
    ] {
        let (mut strategy, _) = machine(&[0.0; 2], DeoSettings::default());
        strategy.compare(SPACE.epsilon(), &info, 4.0, now);
        assert_eq!(strategy.batches, batches, "{now}");
    }
    // Where nothing fell, rounding alone is allowed: 32 · 2⁻⁵³ of 4 are 1.4e-14.
    for (now, batches) in [(4.0 + 1e-14, Batches::Same), (4.0 + 2e-14, Batches::Differ)] {
        let (mut strategy, _) = machine(&[0.0; 2], DeoSettings::default());
        strategy.compare(SPACE.epsilon(), &StepInfo { loss: 4.0, ..info }, 4.0, now);
        assert_eq!(strategy.batches, batches, "{now}");
    }
}

#[test]
fn an_axis_outlives_a_move_along_the_gradient() {
    let info = StepInfo { loss: 3.0, gradient_norm: 5.0, norm: 1.0, wanted_rate: 0.0, pace: 0.0 };
    let (mut strategy, mut desk) = stalled();
    let best = Best { length: 2.0, decrease: 0.4 };
    let outcome = Outcome::Move { along: Along::Gradient, coefficient: -2.0, best };
    let (mut x, g) = ([1.0, 2.0], [3.0, 4.0]);
    strategy.conclude(&mut desk, &SPACE, &mut x[..], &g[..], &outcome, &info);
    assert_eq!(desk.dimer.axis(), &[0.0, 1.0]);
    let distance = |x: [f64; 2], y: [f64; 2]| (x[0] - y[0]).hypot(x[1] - y[1]);
    assert!(distance(x, [1.0 - 2.0 * 0.6, 2.0 - 2.0 * 0.8]) < 1e-15, "{x:?}");
    // Refused by the next batch, it is undone along that direction, whatever g is by then.
    let pending = strategy.pending.unwrap();
    strategy.second_opinion(&mut desk, &SPACE, &mut x[..], &pending, -1.0);
    assert!(distance(x, [1.0, 2.0]) < 1e-15, "{x:?}");
}

#[test]
fn an_axis_that_has_waited_has_its_turn_and_the_better_move_is_made() {
    let info = StepInfo { loss: 3.0, gradient_norm: 1.0, norm: 1.0, wanted_rate: 0.0, pace: 0.0 };
    let kick = |decrease| {
        let best = Best { length: 0.5, decrease };
        Outcome::Move { along: Along::Axis, coefficient: 0.5, best }
    };
    // Along −g the loss falls by 0.1 at 0.2.
    for (waited, outcome, along) in [
        (PATIENCE - 1, None, Along::Gradient),
        (PATIENCE, Some(kick(0.09)), Along::Gradient),
        (PATIENCE, Some(kick(0.11)), Along::Axis),
        (PATIENCE, Some(Outcome::Nothing), Along::Gradient),
    ] {
        let (mut strategy, mut desk) = stalled();
        (strategy.since_estimate, strategy.crossing) = (waited, f64::MAX);
        (strategy.info, desk.visit.visits) = (Some(info), 1);
        strategy.escape.begin(&info);
        let (mut x, g) = ([1.0, 2.0], [0.6, 0.8]);
        while let Some(Question::Loss(trial)) = strategy.ask(&desk, &SPACE, &g[..]) {
            let a = -trial.coefficient;
            strategy.tell_loss(3.0 - a + 2.5 * a * a);
            strategy.advance(&mut desk, &SPACE, &g[..]);
        }
        assert_eq!(strategy.escape.stage == Stage::Axis, outcome.is_some(), "{waited}");
        if let Some(outcome) = outcome {
            strategy.escape.stage = Stage::Settled(outcome);
        }
        let event = strategy.settle(&mut desk, &SPACE, &mut x[..], &g[..]);
        let made = |event| matches!(event, Event::Moved { along: r, .. } if r == along);
        assert!(made(event), "{waited}, {outcome:?}: {event:?}");
    }
}
