//! A step that isn't finite settles what the last move promised: the move is undone, a proposal is dropped.

use deo_core::drive::WithDeo;
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Optimizer, Sgd, SgdSettings};
use deo_core::policy::{EscapeSettings, Kick};
use deo_core::space::Host;
use deo_core::{Answer, Deo, DeoSettings, Event, PolicySettings, Question, Space};

const SPACE: Host<f64> = Host::new();

/// x₁⁴/16 − x₁²/2 + 9/8 x₂²: a saddle at 0, minima at (±2, 0).
fn well(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    if let Some(g) = g {
        g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
    }
    x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
}

/// What of a step isn't finite.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Poison {
    Loss(f64),
    Gradient(f64),
    Both(f64),
}

const POISONS: [Poison; 6] = [
    Poison::Loss(f64::NAN),
    Poison::Loss(f64::INFINITY),
    Poison::Gradient(f64::NAN),
    Poison::Gradient(f64::NEG_INFINITY),
    Poison::Both(f64::NAN),
    Poison::Both(f64::INFINITY),
];

impl Poison {
    fn poison(self, loss: &mut f64, g: Option<&mut [f64]>) {
        let (on_loss, on_g) = match self {
            Poison::Loss(value) => (Some(value), None),
            Poison::Gradient(value) => (None, Some(value)),
            Poison::Both(value) => (Some(value), Some(value)),
        };
        if let (Some(value), Some(g)) = (on_g, g) {
            g[1] = value;
        }
        *loss = on_loss.unwrap_or(*loss);
    }
}

/// Steps until the first move, then one on a batch that is poisoned wherever `x` is: x of before the move and after.
fn undone<O: Optimizer<Host<f64>>>(optimizer: O, settings: DeoSettings, poison: Poison) {
    let mut x = vec![1e-12, 0.5];
    let mut run = WithDeo::new(&SPACE, &x, optimizer, settings).unwrap();
    let mut before = x.clone();
    let moved = (0..200).any(|_| {
        before.copy_from_slice(&x);
        matches!(run.step(&SPACE, &mut FromFn(well), &mut x, 0.1).event, Event::Moved { .. })
    });
    assert!(moved && x != before);
    let mut poisoned = FromFn(|x: &[f64], mut g: Option<&mut [f64]>| {
        let mut loss = well(x, g.as_deref_mut());
        poison.poison(&mut loss, g);
        loss
    });
    let report = run.step(&SPACE, &mut poisoned, &mut x, 0.1);
    assert!(report.skipped, "{poison:?}: the optimizer has no gradient to step with");
    assert!(matches!(report.event, Event::Reverted { .. }) && report.event.moved(), "{report:?}");
    // x + Δ − Δ, to rounding.
    assert!(
        x.iter().zip(&before).all(|(x, b)| (x - b).abs() < 1e-12),
        "{poison:?} {x:?} {before:?}"
    );
    // Once: a second bad step finds nothing to undo.
    let at = x.clone();
    let report = run.step(&SPACE, &mut poisoned, &mut x, 0.1);
    assert_eq!((report.event, report.skipped, &x), (Event::Quiet, true, &at));
}

#[test]
fn a_move_that_leads_to_what_is_not_finite_is_undone() {
    let x = [0.0; 2];
    for poison in POISONS {
        let kicks = EscapeSettings { line_search: false, ..Default::default() };
        let gradient = EscapeSettings { kick: Kick::Off, ..Default::default() };
        for escape in [EscapeSettings::default(), kicks, gradient] {
            let settings =
                DeoSettings { policy: PolicySettings::Escape(escape), ..Default::default() };
            undone(Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap(), settings, poison);
            undone(
                Sgd::new(SgdSettings { momentum: 0.9, ..Default::default() }, &SPACE, &x).unwrap(),
                settings,
                poison,
            );
        }
        let adam = Adam::new(AdamSettings::adam(), &SPACE, &x).unwrap();
        undone(adam, DeoSettings::default(), poison);
    }
}

#[test]
fn a_run_beside_a_cliff_is_not_stuck_behind_it() {
    // Beyond |x₁| = ½ every loss of a *training* step overflows, as in a layer of half precision; trials don't see it.
    for poison in POISONS {
        let mut x = vec![1e-12, 0.5];
        let sgd = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
        let mut run = WithDeo::new(&SPACE, &x, sgd, DeoSettings::default()).unwrap();
        let (mut skipped, mut reverted) = (0, 0);
        for _ in 0..200 {
            let mut first = true;
            let mut f = FromFn(|x: &[f64], mut g: Option<&mut [f64]>| {
                let mut loss = well(x, g.as_deref_mut());
                if std::mem::take(&mut first) && x[0].abs() > 0.5 {
                    poison.poison(&mut loss, g);
                }
                loss
            });
            let report = run.step(&SPACE, &mut f, &mut x, 0.01);
            skipped += usize::from(report.skipped);
            reverted += usize::from(matches!(report.event, Event::Reverted { .. }));
        }
        // 200 steps of 0.01 from 1e-12 don't reach the cliff by themselves.
        assert!(reverted > 0 && skipped == reverted, "{poison:?}: {skipped} {reverted}");
        assert!(x[0].abs() < 0.5, "{x:?}");
    }
}

/// One step of the loop that asks and answers; `poison` makes its loss one that isn't finite.
fn step(deo: &mut Deo<Vec<f64>>, x: &mut [f64], shift: f64, poison: bool) -> Event {
    let tilted = |x: &[f64], g: Option<&mut [f64]>| {
        let g = g.map(|g| (g[0] += 0.0, g).1);
        well(x, g) + shift * x[1]
    };
    let (mut g, mut ahead, mut y) = (vec![0.0; 2], vec![0.0; 2], vec![0.0; 2]);
    let mut loss = tilted(x, Some(&mut g));
    g[1] += shift;
    if poison {
        loss = f64::NAN;
    }
    deo.observe(&SPACE, x, loss, &g);
    while let Some(question) = deo.ask(&SPACE, &g) {
        assert!(!poison, "nothing is asked on a step that isn't finite");
        match question {
            Question::Gradient(probe) => {
                let h = probe.displace(&SPACE, x, &mut y);
                tilted(&y, Some(&mut ahead));
                ahead[1] += shift;
                deo.tell_gradient(&SPACE, Answer::forward(h, &g, &ahead));
            }
            Question::Loss(trial) => {
                trial.displace(&SPACE, x, &mut y);
                deo.tell_loss(tilted(&y, None));
            }
        }
    }
    deo.apply(&SPACE, x, &mut g)
}

#[test]
fn a_proposal_is_dropped_by_a_step_that_is_not_finite() {
    let mut x = vec![1e-9, 0.5];
    let escape = EscapeSettings { line_search: false, ..Default::default() };
    let settings = DeoSettings { policy: PolicySettings::Escape(escape), ..Default::default() };
    let mut deo = Deo::new(&SPACE, &x, settings).unwrap();
    let mut proposed = false;
    for t in 0..400 {
        // Batches that differ, so that moves are proposed after the first.
        let event = step(&mut deo, &mut x, 0.2 * f64::from(t % 3), false);
        if event == Event::Proposed {
            proposed = true;
            break;
        }
        if event.moved() {
            x = vec![1e-9, 0.5]; // beside the saddle again, whatever came of it
        }
        x[1] *= 0.9;
    }
    assert!(proposed);
    let at = x.clone();
    let event = step(&mut deo, &mut x, 0.0, true);
    assert!(matches!(event, Event::Refuted { .. }) && x == at, "{event:?}");
    // The next step that is finite doesn't come back to it.
    let event = step(&mut deo, &mut x, 0.1, false);
    assert!(!matches!(event, Event::Moved { .. } | Event::Refuted { .. } | Event::Reverted { .. }));
}

#[test]
fn a_loop_that_leaves_out_a_bad_step_is_asked_again_at_the_next() {
    // Loops of old leave a bad step without `apply`: the promise then waits for the next.
    let mut x = vec![1e-12, 0.5];
    let mut deo = Deo::new(&SPACE, &x, DeoSettings::default()).unwrap();
    let mut before = x.clone();
    let moved = (0..50).any(|_| {
        before.copy_from_slice(&x);
        step(&mut deo, &mut x, 0.0, false).moved()
    });
    assert!(moved);
    deo.observe(&SPACE, &x, f64::NAN, &[f64::NAN; 2]);
    deo.observe(&SPACE, &x, f64::NAN, &[f64::NAN; 2]);
    let mut g = vec![f64::NAN; 2];
    assert!(matches!(deo.apply(&SPACE, &mut x, &mut g), Event::Reverted { .. }));
    assert!(SPACE.norm(&x).is_finite() && (x[0] - before[0]).abs() < 1e-12);
}

#[test]
fn where_only_the_old_point_is_not_finite_the_move_stands() {
    let mut x = vec![1e-12, 0.5];
    let mut deo = Deo::new(&SPACE, &x, DeoSettings::default()).unwrap();
    while !step(&mut deo, &mut x, 0.0, false).moved() {}
    let at = x.clone();
    // Another batch, finite here; its answer at the old x isn't.
    let mut g = vec![0.0; 2];
    let loss = well(&x, Some(&mut g)) + 1.0;
    deo.observe(&SPACE, &x, loss, &g);
    assert!(matches!(deo.ask(&SPACE, &g), Some(Question::Loss(_))));
    deo.tell_loss(f64::NAN);
    let event = deo.apply(&SPACE, &mut x, &mut g);
    assert!(matches!(event, Event::Confirmed { .. }) && x == at, "{event:?}");
}
