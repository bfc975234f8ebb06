//! The check of the final axis: what a recombined product claims against what a fresh probe finds.

mod common;

use common::{Diagonal, angle_to_first, dot, median, random_unit};
use deo_core::dimer::{Recheck, Target};
use deo_core::drive::Workspace;
use deo_core::estimate::Evidence;
use deo_core::krylov::{Krylov, KrylovSettings, Which};
use deo_core::objective::FromFn;
use deo_core::space::Host;
use deo_core::{Answer, Dimer, DimerSettings, Estimate, Length, Objective, Rule, Space, Status};

const SPACE: Host<f64> = Host::new();
const N: usize = 80;

/// Σ_k (a_k s²/2 + t_k s³/6), s = ⟨u_k, x⟩ for eight random directions of eighty, curvatures a_k from 1 to 100: at 0 the
/// Hessian is Σ a_k uuᵀ ≥ 0, and the lowest eigenvalue 0. The gradient there is 0.
fn sharp(third: f64, seed: u64) -> impl Objective<[f64]> {
    let u: Vec<Vec<f64>> = (0..8).map(|k| random_unit(N, 100 * seed + k)).collect();
    FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.fill(0.0);
            for (k, u) in u.iter().enumerate() {
                let (s, a) = (dot(u, x), 100f64.powf(k as f64 / 7.0));
                let slope = s * (a + third * a * s / 2.0);
                g.iter_mut().zip(u).for_each(|(g, u)| *g += slope * u);
            }
        }
        0.0
    })
}

fn settings(recheck: Recheck, max_gradients: u64) -> DimerSettings {
    DimerSettings {
        recheck,
        max_gradients,
        length: Some(Length::Absolute(1e-3)),
        floor: 1.0,
        ..Default::default()
    }
}

/// An estimate at 0 of an objective whose gradient is 0 there, and the secant product along the axis that it ends with.
fn measure(
    objective: &mut impl Objective<[f64]>,
    settings: DimerSettings,
    seed: u64,
) -> (Estimate, Vec<f64>, Vec<f64>) {
    let x = vec![0.0; N];
    let mut dimer = Dimer::new(&SPACE, &x, settings).unwrap();
    dimer.draw(&SPACE, seed);
    let mut workspace = Workspace::new(&SPACE, &x, settings.rule);
    let estimate = dimer.measure(&SPACE, objective, &x, &x, &mut workspace);
    let axis = dimer.into_axis();
    let h = 1e-3;
    let ahead: Vec<f64> = axis.iter().map(|n| h * n).collect();
    let mut secant = x;
    objective.value_grad(&ahead, &mut secant);
    secant.iter_mut().for_each(|p| *p /= h);
    (estimate, axis, secant)
}

fn residual(axis: &[f64], product: &[f64]) -> f64 {
    let curvature = dot(axis, product);
    let off = axis.iter().zip(product).map(|(n, p)| (p - curvature * n).powi(2));
    off.sum::<f64>().sqrt()
}

#[test]
fn a_curvature_that_recombined_products_invent_is_not_believed() {
    let mut off = [vec![], vec![]];
    for seed in 0..12 {
        let mut f = sharp(30.0, seed);
        for (index, recheck) in [Recheck::Never, Recheck::Claims].into_iter().enumerate() {
            let (estimate, axis, _) = measure(&mut f, settings(recheck, 40), seed);
            // The truth, from the same function without its third derivative.
            let mut product = vec![0.0; N];
            sharp(0.0, seed).value_grad(&axis, &mut product);
            let truth = dot(&axis, &product);
            off[index].push((estimate.curvature - truth).abs());
            assert!(!estimate.is_negative(1.0), "{recheck:?} {seed}: {estimate:?}");
            assert!((estimate.curvature - truth).abs() <= 3.0 * estimate.secant_error);
            let expected = [Evidence::Recombined, Evidence::Fresh][index];
            assert!(estimate.evidence >= expected, "{estimate:?}");
        }
    }
    let [never, claims] = off.map(median);
    assert!(claims < 0.1 * never, "{claims:e} {never:e}: the check gains nothing here");
}

#[test]
fn converged_means_that_the_fresh_residual_meets_the_tolerance() {
    let mut lied = 0;
    for seed in 0..12 {
        let mut f = sharp(3.0, seed);
        for recheck in [Recheck::Never, Recheck::Claims, Recheck::Always] {
            let (estimate, axis, secant) = measure(&mut f, settings(recheck, 60), seed);
            let fresh = residual(&axis, &secant);
            let goal = 1e-2 * estimate.curvature.abs().max(1.0);
            if recheck == Recheck::Never {
                lied += u64::from(estimate.status == Status::Converged && fresh > goal);
                continue;
            }
            // The probe displaces 0 by the same 1e-3, so nothing but the last roundings differs.
            assert!((estimate.residual - fresh).abs() < 1e-9, "{estimate:?} {fresh}");
            assert!(estimate.status != Status::Converged || fresh <= goal, "{estimate:?} {fresh}");
        }
    }
    assert!(
        lied > 2,
        "{lied} of 12 unchecked estimates claim too much: the check has nothing to mend"
    );
}

#[test]
fn a_check_never_exceeds_the_allowance() {
    for rule in [Rule::Forward, Rule::Central] {
        for recheck in [Recheck::Never, Recheck::Claims, Recheck::Always] {
            for allowance in 2..30 {
                let chosen = DimerSettings { rule, tolerance: 0.0, ..settings(recheck, allowance) };
                let (estimate, ..) = measure(&mut sharp(1.0, 3), chosen, 5);
                let cost = if rule == Rule::Central { 2 } else { 1 };
                assert!(estimate.gradients <= allowance, "{rule:?} {recheck:?}: {estimate:?}");
                let checked = match recheck {
                    Recheck::Never => false,
                    Recheck::Claims => allowance >= 8 * cost,
                    Recheck::Always => true,
                };
                let rotations =
                    allowance / cost - 1 - if checked { 2 } else { 0 }.min(allowance / cost - 1);
                assert!(
                    estimate.rotations >= rotations.min(4),
                    "{rule:?} {recheck:?} {allowance}: {estimate:?}"
                );
                assert!(!checked || estimate.evidence >= Evidence::Fresh, "{estimate:?}");
            }
        }
    }
}

#[test]
fn a_check_of_pairs_never_exceeds_the_allowance() {
    for rule in [Rule::Forward, Rule::Central] {
        for recheck in [Recheck::Never, Recheck::Claims, Recheck::Always] {
            for max_gradients in 4..60 {
                let settings = KrylovSettings {
                    rule,
                    count: 2,
                    tolerance: 0.0,
                    max_gradients,
                    ..Default::default()
                };
                let krylov = process(&mut sharp(1.0, 3), settings, recheck, 5);
                assert!(
                    krylov.gradients() <= max_gradients,
                    "{rule:?} {recheck:?} {max_gradients}"
                );
                let least = if rule == Rule::Central { 32 } else { 16 };
                if recheck == Recheck::Claims && max_gradients >= least {
                    let fresh =
                        krylov.estimates().iter().take_while(|e| e.evidence >= Evidence::Fresh);
                    assert!(fresh.count() >= 1, "{:?}", krylov.estimates());
                }
            }
        }
    }
}

#[test]
fn a_visit_of_two_gradients_pays_for_no_check_and_is_as_sure_as_its_axis_probe() {
    let problem = Diagonal::gap_family(60, 0.1, 4);
    let (x, mut y) = (random_unit(60, 1), vec![0.0; 60]);
    let g = problem.product(&x);
    let mut dimer = Dimer::new(&SPACE, &x, DimerSettings::default()).unwrap();
    dimer.draw(&SPACE, 2);
    let (mut believed, mut before) = (0, f64::NAN);
    for _ in 0..40 {
        dimer.begin(&SPACE);
        dimer.limit(2);
        while let Some(probe) = dimer.ask(&SPACE) {
            let h = probe.displace(&SPACE, &x, &mut y);
            dimer.tell(&SPACE, Answer::forward(h, &g, &problem.product(&y)));
            if dimer.estimate().gradients == 1 {
                before = dimer.estimate().curvature;
                // ‖g‖ is off by ten roundoffs, at either end, and a component by 1/√N of that.
                let scale = SPACE.norm(&problem.product(&y)) / h;
                // Storage turns a displacement of q‖x‖, the default q, by at most ε/q.
                let q = (10.0 * SPACE.epsilon() / 60.0).sqrt();
                let turned = SPACE.epsilon() / q * SPACE.norm(dimer.axis_product());
                let rounding = (20.0 * SPACE.epsilon() * scale + turned) / 60f64.sqrt();
                assert!((dimer.estimate().secant_error / rounding - 1.0).abs() < 1e-9);
            }
        }
        let estimate = dimer.estimate();
        assert!(estimate.gradients <= 2 && estimate.rotations <= 1);
        if estimate.rotations == 1 {
            assert_eq!(estimate.evidence, Evidence::Recombined);
            // For z = 1 the gate is the sign of the fresh C.
            assert!(estimate.is_negative(1.0) == (before < 0.0) || before.abs() < 1e-6);
        }
        believed += u64::from(estimate.is_negative(2.0));
    }
    assert!(believed > 10, "{believed}: a tracked curvature is believed once it has settled");
}

#[test]
fn a_caller_that_has_seen_enough_gets_the_check_or_not() {
    let problem = Diagonal::gap_family(60, 0.1, 4);
    let (x, mut y) = (random_unit(60, 1), vec![0.0; 60]);
    let g = problem.product(&x);
    for (conclude, asked, evidence) in
        [(true, 2, Evidence::TwoLengths), (false, 0, Evidence::Recombined)]
    {
        let mut dimer = Dimer::new(&SPACE, &x, DimerSettings::default()).unwrap();
        dimer.draw(&SPACE, 2);
        dimer.begin(&SPACE);
        let mut after = None;
        while let Some(probe) = dimer.ask(&SPACE) {
            let h = probe.displace(&SPACE, &x, &mut y);
            dimer.tell(&SPACE, Answer::forward(h, &g, &problem.product(&y)));
            after = after.map(|count| count + 1);
            if dimer.estimate().curvature < -0.5 && after.is_none() {
                after = Some(0);
                if conclude { dimer.conclude() } else { dimer.stop() }
            }
        }
        let estimate = dimer.estimate();
        assert_eq!((after, estimate.status), (Some(asked), Status::Stopped));
        assert_eq!(estimate.evidence, evidence);
        assert_eq!(estimate.is_negative(2.0), conclude, "{estimate:?}");
    }
}

#[test]
fn exact_products_are_asked_for_once() {
    let problem = Diagonal::gap_family(60, 0.1, 4);
    let count = |recheck| {
        let mut dimer =
            Dimer::new(&SPACE, &problem.0, DimerSettings { recheck, ..Default::default() })
                .unwrap();
        dimer.draw(&SPACE, 2);
        dimer.begin(&SPACE);
        while let Some(probe) = dimer.ask(&SPACE) {
            let product = problem.product(probe.direction());
            dimer.tell(&SPACE, Answer::product(&product));
        }
        (dimer.estimate(), dimer.into_axis())
    };
    assert_eq!(count(Recheck::Always), count(Recheck::Never));
}

/// sin θ ≤ ‖r‖/gap with the gap to the nearest eigenvalue; the Ritz gap is larger, so the claim may be too small.
#[test]
fn the_angle_claimed_is_the_angle_measured() {
    for (n, gap) in [(100, 1e-1), (100, 1e-2), (1_000, 1e-1), (1_000, 1e-2)] {
        let (mut dimers, mut bounds, mut pairs) = (vec![], vec![], vec![]);
        for seed in 0..8 {
            let problem = Diagonal::gap_family(n, gap, 1000 + seed);
            // A residual at which the angle is some hundredths.
            let tolerance = 0.03 * gap;
            let chosen = DimerSettings { tolerance, max_gradients: 2_000, ..Default::default() };
            let mut dimer = Dimer::new(&SPACE, &problem.0, chosen).unwrap();
            dimer.draw(&SPACE, seed);
            dimer.begin(&SPACE);
            while let Some(probe) = dimer.ask(&SPACE) {
                let product = problem.product(probe.direction());
                dimer.tell(&SPACE, Answer::product(&product));
            }
            let estimate = dimer.estimate();
            assert_eq!(estimate.status, Status::Converged);
            let measured = angle_to_first(dimer.axis());
            let second = problem.0[1..].iter().copied().fold(f64::INFINITY, f64::min);
            // Interlacing: no Ritz gap is below the true one.
            assert!(estimate.gap.unwrap() >= second + 1.0 - 1e-9, "{estimate:?}");
            bounds.push(measured.sin() * (second - estimate.curvature) / estimate.residual);
            dimers.push(measured / estimate.angle());

            let chosen = KrylovSettings {
                tolerance,
                confirm: true,
                max_gradients: 2_000,
                ..Default::default()
            };
            let mut krylov = Krylov::new(&SPACE, &problem.0, chosen).unwrap();
            krylov.draw(&SPACE, seed);
            while let Some(probe) = krylov.ask(&SPACE) {
                let product = problem.product(probe.direction());
                krylov.tell(&SPACE, Answer::product(&product));
            }
            // The last recombination rounds M once more.
            let gaps = [krylov.estimates()[0].gap.unwrap(), krylov.gap(0).unwrap()];
            assert!((gaps[0] - gaps[1]).abs() < 1e-12, "{gaps:?}");
            pairs.push(angle_to_first(krylov.axis(0)) / krylov.estimates()[0].angle());
        }
        println!("n = {n}, gap = {gap}: dimer {dimers:.2?}, Davidson {pairs:.2?}");
        // With the true gap it is a bound.
        assert!(bounds.iter().all(|b| *b <= 1.0 + 1e-6), "{bounds:?}");
        // Confirmed pairs know their gap to a tenth; what is left of their residual after a second process lies far from
        // them, where it turns them by less than its share of the gap.
        assert!(pairs.iter().all(|p| (0.005..1.2).contains(p)), "{pairs:?}");
        // The best of a dimer's second values is nearly as good; seen were 0.19 to 1.12.
        assert!(dimers.iter().all(|d| (0.1..1.5).contains(d)), "{dimers:?}");
    }
}

fn process(
    f: &mut impl Objective<[f64]>,
    settings: KrylovSettings,
    recheck: Recheck,
    seed: u64,
) -> Krylov<Vec<f64>> {
    let x = vec![0.0; N];
    let mut krylov = Krylov::new(&SPACE, &x, settings).unwrap().with_recheck(recheck);
    krylov.draw(&SPACE, seed);
    Workspace::new(&SPACE, &x, settings.rule).answer_all(&mut krylov, &SPACE, f, &x, &x);
    krylov
}

#[test]
fn pairs_of_a_davidson_process_are_measured_afresh() {
    let (h, mut lied) = (3e-4, 0);
    for seed in 0..6 {
        for (which, count) in [(Which::Lowest, 2), (Which::Highest, 3), (Which::Both, 2)] {
            let settings = KrylovSettings {
                which,
                count,
                floor: 1.0,
                tolerance: 3e-2,
                length: Some(Length::Absolute(h)),
                ..Default::default()
            };
            for recheck in [Recheck::Never, Recheck::Claims, Recheck::Always] {
                let krylov = process(&mut sharp(30.0, seed), settings, recheck, seed);
                assert!(krylov.status().is_final(), "{:?}", krylov.estimates());
                assert!(krylov.gradients() < 60, "noise is no reason to go on");
                for (i, estimate) in krylov.estimates().iter().enumerate() {
                    let axis = krylov.axis(i);
                    let (mut exact, mut secant) = (vec![0.0; N], vec![0.0; N]);
                    sharp(0.0, seed).value_grad(axis, &mut exact);
                    let ahead: Vec<f64> = axis.iter().map(|n| h * n).collect();
                    sharp(30.0, seed).value_grad(&ahead, &mut secant);
                    secant.iter_mut().for_each(|p| *p /= h);
                    let off = (estimate.curvature - dot(axis, &exact)).abs();
                    let fresh = residual(axis, &secant);
                    let goal = settings.tolerance * estimate.curvature.abs().max(1.0);
                    if recheck == Recheck::Never {
                        lied += u64::from(fresh > 1.1 * estimate.residual);
                        continue;
                    }
                    assert!(estimate.evidence >= Evidence::Fresh, "{estimate:?}");
                    assert!((estimate.residual - fresh).abs() < 1e-9, "{estimate:?} {fresh}");
                    assert!(estimate.status != Status::Converged || fresh <= goal, "{estimate:?}");
                    if i < 2 && which != Which::Highest {
                        assert!(!estimate.is_negative(2.0), "{estimate:?}");
                    }
                    // One length doesn't see its own truncation; two do.
                    if estimate.evidence == Evidence::TwoLengths {
                        assert!(off <= 3.0 * estimate.secant_error, "{off} {estimate:?}");
                    }
                    assert!(
                        recheck != Recheck::Always || estimate.evidence == Evidence::TwoLengths
                    );
                }
            }
        }
    }
    assert!(
        lied > 2,
        "{lied} of 54 unchecked residuals were too small: the check has nothing to mend"
    );
}

#[test]
fn a_single_probe_of_pure_truncation_is_certified_too() {
    // −|x|³/6 in one variable: the first probe is the whole space, and all of C is truncation.
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g[0] = -x[0].abs() * x[0] / 2.0;
        }
        0.0
    });
    let (x, mut workspace) = (vec![0.0], Workspace::new(&SPACE, &[0.0], Rule::Forward));
    let mut krylov = Krylov::new(&SPACE, &x, KrylovSettings::default()).unwrap();
    krylov.draw(&SPACE, 1);
    workspace.answer_all(&mut krylov, &SPACE, &mut f, &x, &x);
    let mut dimer = Dimer::new(&SPACE, &x, DimerSettings::default()).unwrap();
    dimer.draw(&SPACE, 1);
    for estimate in [dimer.measure(&SPACE, &mut f, &x, &x, &mut workspace), krylov.estimates()[0]] {
        assert!(estimate.curvature < 0.0 && !estimate.is_negative(2.0), "{estimate:?}");
        assert_eq!(estimate.evidence, Evidence::TwoLengths);
    }
}

#[test]
fn a_check_of_k_pairs_costs_k_answers_and_one_more_for_each_that_is_negative() {
    let problem = Diagonal((0..N).map(|i| i as f64 - 3.0).collect());
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&problem.product(x));
        }
        0.0
    });
    // −3, −2, −1, 0 or 76 … 73.
    for (which, target, seconds) in
        [(Which::Lowest, Target::Lowest, 3), (Which::Highest, Target::Highest, 0)]
    {
        let settings = KrylovSettings { which, count: 4, floor: 1.0, ..Default::default() };
        let [plain, checked] = [Recheck::Never, Recheck::Claims]
            .map(|recheck| process(&mut f, settings, recheck, 7).gradients());
        assert_eq!(checked, plain + 4 + seconds, "{which:?}");
        let [plain, checked] = [Recheck::Never, Recheck::Claims].map(|recheck| {
            let chosen =
                DimerSettings { target, recheck, max_gradients: 200, ..Default::default() };
            measure(&mut f, chosen, 7).0.gradients
        });
        assert_eq!(checked, plain + 1 + u64::from(target == Target::Lowest), "{target:?}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn machines_saved_between_any_two_answers_of_a_check_go_on_bit_for_bit() {
    let x = vec![0.0; N];
    let chosen = DimerSettings { recheck: Recheck::Always, ..settings(Recheck::Always, 30) };
    let run = |save_at: Option<usize>| {
        let mut f = sharp(30.0, 2);
        let mut ahead = vec![0.0; N];
        let (mut y, mut asked) = (x.clone(), 0);
        let mut dimer = Dimer::new(&SPACE, &x, chosen).unwrap();
        dimer.draw(&SPACE, 2);
        dimer.begin(&SPACE);
        let of_krylov = KrylovSettings { floor: 1.0, length: chosen.length, ..Default::default() };
        let mut krylov = Krylov::new(&SPACE, &x, of_krylov).unwrap().with_recheck(Recheck::Always);
        krylov.draw(&SPACE, 2);
        while let Some(probe) = dimer.ask(&SPACE).or_else(|| krylov.ask(&SPACE)) {
            let h = probe.displace(&SPACE, &x, &mut y);
            f.value_grad(&y, &mut ahead);
            let for_dimer = dimer.ask(&SPACE).is_some();
            if save_at == Some(asked) {
                dimer = serde_json::from_str(&serde_json::to_string(&dimer).unwrap()).unwrap();
                krylov = serde_json::from_str(&serde_json::to_string(&krylov).unwrap()).unwrap();
            }
            let answer = Answer::forward(h, x.as_slice(), ahead.as_slice());
            if for_dimer {
                dimer.tell(&SPACE, answer);
            } else {
                krylov.tell(&SPACE, answer);
            }
            asked += 1;
        }
        assert!(dimer.estimate().evidence == Evidence::TwoLengths);
        (asked, dimer.estimate(), dimer.into_axis(), krylov.estimates().to_vec())
    };
    let straight = run(None);
    for at in 0..straight.0 {
        assert_eq!(run(Some(at)), straight, "saved at {at}");
    }
}
