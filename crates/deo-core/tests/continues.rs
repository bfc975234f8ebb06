//! Which states can be gone on with: those of a machine made with the same settings for vectors of the same shape.

use deo_core::budget::BudgetSettings;
use deo_core::compat::{ClampedRatio, ClampedRatioSettings, CompatDimer, CompatSettings, Tensors};
use deo_core::deo::Tracking;
use deo_core::drive::WithDeo;
use deo_core::monitor::{Monitor, MonitorSettings};
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Group, Groups, Sgd, SgdSettings};
use deo_core::space::Host;
use deo_core::trigger::TriggerSettings;
use deo_core::{Deo, DeoSettings, Dimer, DimerSettings, PolicySettings};
use std::convert::Infallible;

const X: [f64; 3] = [1e-6, 0.5, -0.2];

#[allow(clippy::ptr_arg)] // a state is generic over what it stores, which is a Vec here
fn same(a: &Vec<f64>, b: &Vec<f64>) -> bool {
    a.len() == b.len()
}

#[test]
fn a_deo_that_has_worked_continues_its_own_kind_only() {
    let space = Host::<f64>::new();
    let new = |n: usize, settings| Deo::new(&space, &vec![0.0; n], settings).unwrap();
    let default = DeoSettings::default();
    let tracking = Tracking { interval: 2, ..Default::default() };
    let deflate = |alpha| DeoSettings {
        policy: PolicySettings::Deflate { alpha, tracking },
        ..Default::default()
    };
    let amplify =
        DeoSettings { policy: PolicySettings::Amplify { strength: 0.5, tracking }, ..default };
    for settings in [default, deflate(0.5), amplify] {
        let mut x = X.to_vec();
        let sgd = Sgd::new(SgdSettings::default(), &space, &x).unwrap();
        let mut run = WithDeo::new(&space, &x, sgd, settings).unwrap();
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g.copy_from_slice(&[x[0].powi(3) - x[0], x[1], 3.0 * x[2]]);
            }
            x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1] / 2.0 + 1.5 * x[2] * x[2]
        });
        for _ in 0..40 {
            run.step(&space, &mut f, &mut x, 0.1);
        }
        assert!(run.counts().gradients > 0, "it has an axis");
        let deo = run.deo();
        let (mut vectors, there) = (vec![], deo.clone());
        let keep = |name, vector| {
            vectors.push((name, vector));
            Ok::<_, Infallible>(vec![])
        };
        let Ok(rest): Result<Deo<Host<f64>>, _> = there.map_vectors(keep);
        assert_ne!(format!("{rest:?}"), format!("{deo:?}"), "the vectors are out of it");
        let back = |name, _: Vec<f32>| {
            let (known, vector) = vectors.remove(0);
            if known == name { Ok(vector) } else { Err(name) }
        };
        let rest: Deo<Host<f32>> = rest.map_vectors(|_, _| Ok::<_, Infallible>(vec![])).unwrap();
        let back: Deo<Host<f64>> = rest.map_vectors(back).unwrap();
        assert_eq!(format!("{back:?}"), format!("{deo:?}"), "out and in again");
        assert!(deo.continues(&new(3, settings), same));
        assert!(!deo.continues(&new(4, settings), same), "another length");
        let others = [
            deflate(0.25),
            DeoSettings { policy: PolicySettings::Amplify { strength: 1.0, tracking }, ..default },
            DeoSettings { seed: 1, ..settings },
            DeoSettings { dimer: DimerSettings { tolerance: 0.5, ..settings.dimer }, ..settings },
            DeoSettings {
                trigger: TriggerSettings { interval: 9, ..settings.trigger },
                policy: default.policy,
                ..settings
            },
            DeoSettings {
                budget: BudgetSettings { allowance: 9.0, ..settings.budget },
                policy: default.policy, // a policy that tracks has no budget
                ..settings
            },
        ];
        for other in others {
            assert!(!deo.continues(&new(3, other), same), "{settings:?} is not {other:?}");
        }
    }
}

#[test]
fn dimers_and_monitors() {
    let space = Host::<f64>::new();
    let dimer =
        |n: usize, s: DimerSettings| Dimer::new(&space, vec![0.0; n].as_slice(), s).unwrap();
    let default = DimerSettings::default();
    let mut drawn = dimer(3, default);
    drawn.draw(&space, 7);
    assert!(drawn.continues(&dimer(3, default), same));
    assert!(!drawn.continues(&dimer(2, default), same));
    assert!(!drawn.continues(&dimer(3, DimerSettings { max_gradients: 3, ..default }), same));

    let monitor = |n: usize, s| Monitor::new(&space, vec![0.0; n].as_slice(), s, 5).unwrap();
    let default = MonitorSettings::default();
    let mut begun = monitor(3, default);
    begun.begin(&space);
    assert!(begun.continues(&monitor(3, default), same));
    assert!(!begun.continues(&monitor(5, default), same));
    assert!(!begun.continues(&monitor(3, MonitorSettings { gradients: 3, ..default }), same));
}

#[test]
fn optimizers() {
    let space = Host::<f64>::new();
    let sgd = |n: usize, momentum| {
        Sgd::new(SgdSettings { momentum, ..Default::default() }, &space, &vec![0.0; n]).unwrap()
    };
    let groups = || Groups::new(3, vec![Group::new(0..3).lr_scale(0.5)]).unwrap();
    assert!(sgd(3, 0.9).continues(&sgd(3, 0.9), same));
    assert!(!sgd(3, 0.9).continues(&sgd(3, 0.5), same));
    assert!(!sgd(3, 0.9).continues(&sgd(4, 0.9), same));
    assert!(!sgd(3, 0.9).continues(&sgd(3, 0.9).with_groups(groups()).unwrap(), same));

    let adam = |n: usize, settings| Adam::new(settings, &space, &vec![0.0; n]).unwrap();
    let [plain, decoupled] = [AdamSettings::adam(), AdamSettings::adamw()];
    assert!(adam(3, plain).continues(&adam(3, plain), same));
    assert!(!adam(3, plain).continues(&adam(3, decoupled), same));
    assert!(!adam(3, plain).continues(&adam(4, plain), same));
    assert!(!adam(3, plain).continues(&adam(3, plain).with_groups(groups()).unwrap(), same));
}

#[test]
fn the_published_rules() {
    let space = Host::<f64>::new();
    let (paper, adam) = (CompatSettings::paper(), CompatSettings::adam());
    let dimer = |lengths: &[usize], rule, seed| {
        let n = lengths.iter().sum();
        let tensors = Tensors::of_lengths(lengths.iter().copied());
        CompatDimer::new(&space, vec![0.0; n].as_slice(), tensors, rule, seed).unwrap()
    };
    let one = dimer(&[2, 3], paper, 1);
    assert!(one.continues(&dimer(&[2, 3], paper, 2), same), "the seed isn't kept");
    assert!(!one.continues(&dimer(&[3, 2], paper, 1), same), "other tensors");
    assert!(!one.continues(&dimer(&[2, 3], adam, 1), same), "another rule");

    let ratio = |n: usize, clip| {
        let settings = ClampedRatioSettings { clip, ..Default::default() };
        ClampedRatio::new(settings, &space, vec![0.0; n].as_slice()).unwrap()
    };
    assert!(ratio(3, 1.0).continues(&ratio(3, 1.0), same));
    assert!(!ratio(3, 1.0).continues(&ratio(3, 2.0), same));
    assert!(!ratio(3, 1.0).continues(&ratio(4, 1.0), same));
}
