//! The decisions, by losses along rays that are known.

use super::*;

const INFO: StepInfo =
    StepInfo { loss: 2.0, gradient_norm: 1.0, norm: 1.0, wanted_rate: 0.0, pace: 0.0 };

fn kick(escape: &mut Escape, curvature: f64, along: f64) {
    let estimate = Estimate { curvature, ..Estimate::UNKNOWN };
    escape.judge_axis(&estimate, &INFO, along, 1.0);
}

/// Answers the search of a kick by the loss at the signed length, and ends it.
fn answer(escape: &mut Escape, f: impl Fn(f64) -> f64) -> (f64, f64) {
    let Stage::Kick { mut search, sign, reversible } = escape.stage else {
        panic!("no kick: {:?}", escape.stage)
    };
    let first = search.ask().unwrap();
    while let Some(length) = search.ask() {
        search.tell(f(sign * length));
    }
    escape.judge_kick(&search, sign, reversible, &INFO);
    (sign, first)
}

#[test]
fn a_control_tries_the_other_side_and_the_lowest_axis_does_not() {
    let only_up = |a: f64| if a > 0.0 { 2.0 - a } else { 3.0 };
    for (kind, tries) in [(Kick::Random, true), (Kick::Highest, true), (Kick::Lowest, false)] {
        let mut escape = Escape::new(EscapeSettings { kick: kind, ..Default::default() });
        // f falls along −n at 0, so that side comes first.
        kick(&mut escape, -1.0, 0.5);
        assert_eq!(answer(&mut escape, only_up).0, -1.0);
        if tries {
            assert_eq!(answer(&mut escape, only_up).0, 1.0, "{kind:?}");
            let up = |stage| matches!(stage, Stage::Settled(Outcome::Move { coefficient, .. }) if coefficient > 0.0);
            assert!(up(escape.stage), "{kind:?}: {:?}", escape.stage);
        } else {
            assert_eq!(escape.stage, Stage::Settled(Outcome::Nothing));
        }
    }
}

#[test]
fn a_kick_is_certified_by_its_curvature() {
    // c₁ ½|C|a² = 0.1 a².
    for (fall, certified) in [(0.11, true), (0.09, false)] {
        let mut escape = Escape::new(EscapeSettings::default());
        kick(&mut escape, -2.0, 0.0);
        answer(&mut escape, |a| 2.0 - fall * a * a);
        let moved = matches!(escape.stage, Stage::Settled(Outcome::Move { .. }));
        assert_eq!(moved, certified, "{fall}");
    }
}

#[test]
fn no_kick_ends_nearer_than_the_saddle() {
    // |⟨g, n⟩|/|C| = 0.4: nearer than that a loss that falls linearly is the slope's doing.
    let mut escape = Escape::new(EscapeSettings::default());
    kick(&mut escape, -0.5, 0.2);
    let Stage::Kick { mut search, .. } = escape.stage else { panic!("{:?}", escape.stage) };
    let mut shortest = f64::INFINITY;
    while let Some(length) = search.ask() {
        shortest = shortest.min(length);
        search.tell(if length < 0.39 { 1.0 } else { 2.01 });
    }
    assert!(shortest >= 0.4 - 1e-15 && search.best().is_none(), "{shortest}");
    // Beyond the trust radius there is no kick at all.
    kick(&mut escape, -0.1, 0.2);
    assert_eq!(escape.stage, Stage::Settled(Outcome::Nothing));
}

#[test]
fn no_move_is_shorter_than_ten_steps_of_the_base() {
    let mut escape = Escape::new(EscapeSettings::default());
    let info = StepInfo { pace: 0.03, ..INFO };
    escape.begin(&info);
    let Stage::Gradient(mut search) = escape.stage else { panic!("{:?}", escape.stage) };
    // Every loss is a little too high, so lengths fall.
    let mut shortest = 1.0_f64;
    while let Some(length) = search.ask() {
        shortest = shortest.min(length);
        search.tell(2.01);
    }
    assert!((0.3 - 1e-15..1.0).contains(&shortest), "{shortest}");
    escape.judge_axis(&Estimate { curvature: -1.0, ..Estimate::UNKNOWN }, &info, 1e-3, 1.0);
    assert!((answer(&mut escape, |a| 2.0 - a * a).1 - 0.3).abs() < 1e-15);
}

#[test]
fn an_axis_is_sharp_when_its_product_is_still_of_negative_curvature() {
    let escape = Escape::new(EscapeSettings::default());
    // H = diag(−c, s), n = (cos, sin) of a small angle t: C ≈ −c + (s + c)t², ‖r‖ ≈ (s + c)t. Hn/C is at s t/c.
    for (c, s) in [(1.0, 1.0), (1e-2, 1.0), (1e-5, 1.0)] {
        for t in [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8] {
            let curvature = -c + (s + c) * t * t;
            let estimate = Estimate { curvature, residual: (s + c) * t, ..Estimate::UNKNOWN };
            let purged = s * t / c;
            if escape.is_sharp(&estimate, s) {
                assert!(-c + s * purged * purged < 0.0, "{c} {s} {t}");
            }
        }
        let exact = Estimate { curvature: -c, residual: 0.0, ..Estimate::UNKNOWN };
        assert!(escape.is_sharp(&exact, s));
    }
}

#[test]
fn a_search_begins_by_the_length_that_the_last_one_found() {
    let mut escape = Escape::new(EscapeSettings::default());
    // −a + a²/1.2: least at 0.6.
    let f = |a: f64| 2.0 - a.abs() + a * a / 1.2;
    let mut expected = FIRST_LENGTH * 1e-3;
    for _ in 0..2 {
        escape.begin(&INFO);
        let Stage::Gradient(mut search) = escape.stage else { panic!("{:?}", escape.stage) };
        assert_eq!(search.ask(), Some(expected));
        while let Some(length) = search.ask() {
            search.tell(f(length));
        }
        expected = search.best().unwrap().length;
        assert!(expected > 0.4, "a length of its own: {expected}");
        escape.judge_gradient(&search, &INFO, 1.0, false);
    }
    // Without a slope along the axis a kick begins at the shortest length, then at the last one, where as much is enough.
    kick(&mut escape, -2.0, 0.0);
    let (_, first) = answer(&mut escape, f);
    assert_eq!(first, 1e-3);
    let Stage::Settled(Outcome::Move { best, .. }) = escape.stage else { panic!() };
    for (share, losses) in [(1.0, 1), (0.98, 2)] {
        kick(&mut escape, -2.0, 0.0);
        let mut asked = 0;
        let Stage::Kick { mut search, .. } = escape.stage else { panic!("{:?}", escape.stage) };
        assert_eq!(search.ask(), Some(best.length));
        while let Some(length) = search.ask() {
            search.tell(2.0 - share * (2.0 - f(length)));
            asked += 1;
        }
        assert_eq!(asked.min(2), losses, "{share}");
    }
}
