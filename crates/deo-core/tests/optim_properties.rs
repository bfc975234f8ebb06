//! What must hold of the optimizers for any gradient: groups, kicks, fresh starts, the bits.

use deo_core::optim::{
    Adam, AdamSettings, Decay, Group, Groups, OptimError, Optimizer, RmsProp, RmsPropSettings,
    Rprop, RpropSettings, Sgd, SgdSettings,
};
use deo_core::space::Host;
use proptest::prelude::*;

const N: usize = 23;
const SPACE: Host<f32> = Host::new();

/// An optimizer with groups of each kind.
fn optimizers(groups: &Groups) -> Vec<Box<dyn Optimizer<Host<f32>>>> {
    let x = vec![0.0; N];
    let sgd = |momentum, dampening, nesterov| {
        let settings = SgdSettings { momentum, dampening, nesterov, weight_decay: 0.3 };
        Box::new(Sgd::new(settings, &SPACE, &x).unwrap().with_groups(groups.clone()).unwrap())
    };
    let adam = |settings| {
        Box::new(Adam::new(settings, &SPACE, &x).unwrap().with_groups(groups.clone()).unwrap())
    };
    let rmsprop = |centered| {
        let settings = RmsPropSettings { centered, weight_decay: 0.1, ..Default::default() };
        Box::new(RmsProp::new(settings, &SPACE, &x).unwrap().with_groups(groups.clone()).unwrap())
    };
    let rprop = Rprop::new(RpropSettings::default(), &SPACE, &x).unwrap();
    let coupled = AdamSettings { decay: Decay::Coupled(0.2), ..AdamSettings::adam() };
    vec![
        sgd(0.0, 0.0, false),
        sgd(0.7, 0.4, false),
        sgd(0.7, 0.0, true),
        adam(coupled),
        adam(AdamSettings::adamw()),
        adam(AdamSettings::nadamw()),
        rmsprop(false),
        rmsprop(true),
        Box::new(rprop.with_groups(groups.clone()).unwrap()),
        adam(AdamSettings { amsgrad: true, ..AdamSettings::adamw() }),
    ]
}

/// Three gradients of mixed scales, from one seed.
fn gradients() -> impl Strategy<Value = Vec<Vec<f32>>> {
    prop::collection::vec(prop::collection::vec(-10.0_f32..10.0, N), 3)
}

fn start() -> Vec<f32> {
    (0..N).map(|i| (i as f32 * 1.7).sin()).collect()
}

fn run(optimizer: &mut dyn Optimizer<Host<f32>>, gradients: &[Vec<f32>]) -> Vec<f32> {
    let mut x = start();
    for g in gradients {
        optimizer.step(&SPACE, &mut x, g, 0.05);
    }
    x
}

proptest! {
    #[test]
    fn equal_groups_are_one_group_bit_for_bit(gradients in gradients(), a in 0..=N, b in 0..=N) {
        let (a, b) = (a.min(b), a.max(b));
        // Out of order, and possibly empty.
        let split = Groups::new(N, [b..N, 0..a, a..b].map(Group::new).to_vec()).unwrap();
        for (one, three) in optimizers(&Groups::whole(N)).iter_mut().zip(&mut optimizers(&split)) {
            prop_assert_eq!(run(one, &gradients), run(three, &gradients));
        }
    }

    #[test]
    fn a_group_without_learning_rate_stays_and_the_others_move(gradients in gradients()) {
        let groups = vec![Group::new(0..9), Group::new(9..N).lr_scale(0.0)];
        for optimizer in &mut optimizers(&Groups::new(N, groups).unwrap()) {
            let x = run(optimizer, &gradients);
            prop_assert_eq!(&x[9..], &start()[9..]);
            prop_assert!(x[..9] != start()[..9]);
        }
    }

    #[test]
    fn after_a_kick_sgd_starts_afresh_and_adam_goes_on(gradients in gradients()) {
        // RMSprop and Rprop, which come after these, have tests of their own.
        for (i, optimizer) in optimizers(&Groups::whole(N)).iter_mut().enumerate().take(6) {
            run(optimizer, &gradients);
            optimizer.jumped(&SPACE);
            let after = run(optimizer, &gradients);
            let mut fresh = optimizers(&Groups::whole(N));
            prop_assert_eq!(after == run(&mut fresh[i], &gradients), i < 3);
            // The same without a kick: Adam cannot tell the difference.
            let mut unkicked = optimizers(&Groups::whole(N));
            run(&mut unkicked[i], &gradients);
            prop_assert_eq!(after == run(&mut unkicked[i], &gradients), i == 0 || i >= 3);
        }
    }

    #[test]
    fn the_first_step_of_adam_is_as_long_as_lr_whatever_the_scale(scale in 1e-3_f64..1e3) {
        let space = Host::<f64>::new();
        let mut x = vec![0.0, 0.0];
        let mut adam = Adam::new(AdamSettings::adam(), &space, &x).unwrap();
        adam.step(&space, &mut x, &[scale, -2.0 * scale], 0.1);
        // ε = 1e-8 beside a gradient of at least 1e-3.
        prop_assert!((x[0] + 0.1).abs() < 1e-5 * 0.1 * 1.1 && (x[1] - 0.1).abs() < 1e-5 * 0.1 * 1.1);
    }
}

#[test]
fn a_velocity_is_kept_only_with_momentum_and_is_zero_after_a_kick() {
    let x = start();
    let plain = Sgd::new(SgdSettings::default(), &SPACE, &x).unwrap();
    assert_eq!(plain.velocity(), None);
    let settings = SgdSettings { momentum: 0.9, ..SgdSettings::default() };
    let mut sgd = Sgd::new(settings, &SPACE, &x).unwrap();
    let mut y = x.clone();
    sgd.step(&SPACE, &mut y, &x, 0.1);
    assert_eq!(sgd.velocity(), Some(&x));
    sgd.jumped(&SPACE);
    assert_eq!(sgd.velocity(), Some(&vec![0.0; N]));
}

#[test]
fn adam_settings_that_cannot_be_meant_are_refused() {
    let new = |settings| Adam::new(settings, &SPACE, &[0.0]).err();
    let d = AdamSettings::adam();
    assert!([d, AdamSettings::adamw(), AdamSettings::nadamw()].iter().all(|s| new(*s).is_none()));
    let nan = f64::NAN;
    let bad = [1.0, -0.1, nan].map(|b| ("beta1", AdamSettings { beta1: b, ..d })).into_iter();
    let bad = bad.chain([1.0, -0.1, nan].map(|b| ("beta2", AdamSettings { beta2: b, ..d })));
    let bad = bad.chain([0.0, 1e-31, nan].map(|e| ("epsilon", AdamSettings { epsilon: e, ..d })));
    let bad = bad.chain([-0.1, nan, f64::INFINITY].into_iter().flat_map(|decay| {
        [Decay::Coupled(decay), Decay::Decoupled(decay)]
            .map(|decay| ("decay", AdamSettings { decay, ..d }))
    }));
    let bad =
        bad.chain([-1.0, nan].map(|psi| ("nesterov", AdamSettings { nesterov: Some(psi), ..d })));
    for (name, settings) in bad {
        let error = new(settings).expect(name).to_string();
        assert!(error.contains(name), "{error}");
    }
}

/// The smallest ε that is accepted still keeps a component without gradient where it is, in f32.
#[test]
fn the_smallest_epsilon_survives_storage() {
    let settings = AdamSettings { epsilon: 1e-30, beta2: 1.0 - 1e-16, ..AdamSettings::adam() };
    assert!(settings.beta2 < 1.0);
    let mut x = vec![0.5];
    let mut adam = Adam::new(settings, &SPACE, &x).unwrap();
    adam.step(&SPACE, &mut x, &[0.0], 0.1);
    assert_eq!(x, [0.5]);
}

#[test]
fn settings_of_a_group_are_refused_where_there_are_none() {
    let own = |group: Group| Groups::new(3, vec![group]).unwrap();
    let group = || Group::new(0..3);
    let sgd = || Sgd::new(SgdSettings::default(), &SPACE, &[0.0; 3]).unwrap();
    let rprop = Rprop::new(RpropSettings::default(), &SPACE, &[0.0; 3]).unwrap();
    let rmsprop = || RmsProp::new(RmsPropSettings::default(), &SPACE, &[0.0; 3]).unwrap();
    let refused = |error: Option<OptimError>, name, optimizer| {
        assert_eq!(error, Some(OptimError::GroupSetting { range: 0..3, name, optimizer }));
    };
    refused(sgd().with_groups(own(group().epsilon(1e-3))).err(), "epsilon", "SGD");
    refused(rprop.with_groups(own(group().betas(0.9, 0.9))).err(), "beta1", "Rprop");
    refused(rmsprop().with_groups(own(group().betas(0.9, 0.9))).err(), "beta1", "RMSprop");
    // What it has, and what it needn't know.
    assert!(rmsprop().with_groups(own(group().epsilon(1e-3).matrix(1, 3))).is_ok());
    assert!(sgd().with_groups(own(group().matrix(3, 1))).is_ok());
    let both = AdamSettings { amsgrad: true, ..AdamSettings::nadamw() };
    assert_eq!(Adam::new(both, &SPACE, &[0.0]).err(), Some(OptimError::AmsgradNesterov));
}

#[test]
fn groups_of_another_length_are_refused() {
    let sgd = Sgd::new(SgdSettings::default(), &SPACE, &[0.0; 3]).unwrap();
    let error = sgd.with_groups(Groups::whole(4)).unwrap_err();
    assert_eq!(error, OptimError::GroupsLength { groups: 4, vector: 3 });
}

#[test]
#[should_panic(expected = "learning rate NaN")]
fn a_nan_learning_rate_panics() {
    let mut sgd = Sgd::new(SgdSettings::default(), &SPACE, &[0.0]).unwrap();
    sgd.step(&SPACE, &mut [0.0], &[1.0], f64::NAN);
}

#[test]
#[should_panic(expected = "left: 2\n right: 3")]
fn a_gradient_of_another_length_panics() {
    let mut sgd = Sgd::new(SgdSettings::default(), &SPACE, &[0.0; 2]).unwrap();
    sgd.step(&SPACE, &mut [0.0; 2], &[1.0; 3], 0.1);
}

/// An interrupted run goes on as if it had not been.
#[cfg(feature = "serde")]
#[test]
fn stored_state_continues_bit_for_bit() {
    use deo_core::optim::{Lbfgs, LbfgsSettings, Muon, MuonSettings};
    fn interrupted<O>(mut optimizer: O)
    where
        O: Optimizer<Host<f32>> + serde::Serialize + serde::de::DeserializeOwned,
    {
        let gradients: Vec<Vec<f32>> =
            (0..6).map(|t| (0..N).map(|i| ((i + N * t) as f32).cos() / 3.0).collect()).collect();
        run(&mut optimizer, &gradients);
        let stored = serde_json::to_string(&optimizer).unwrap();
        let mut restored: O = serde_json::from_str(&stored).unwrap();
        assert_eq!(run(&mut restored, &gradients), run(&mut optimizer, &gradients));
    }
    let x = start();
    let groups = Groups::new(N, vec![Group::new(0..9), Group::new(9..N).lr_scale(0.3)]).unwrap();
    let settings = SgdSettings { momentum: 0.6, dampening: 0.3, ..Default::default() };
    interrupted(Sgd::new(settings, &SPACE, &x).unwrap().with_groups(groups.clone()).unwrap());
    for settings in [AdamSettings::adam(), AdamSettings::adamw(), AdamSettings::nadamw()] {
        interrupted(Adam::new(settings, &SPACE, &x).unwrap().with_groups(groups.clone()).unwrap());
    }
    let amsgrad = AdamSettings { amsgrad: true, ..AdamSettings::adam() };
    let own = vec![Group::new(0..9).betas(0.5, 0.6), Group::new(9..N).epsilon(1e-3)];
    let own = Groups::new(N, own).unwrap();
    interrupted(Adam::new(amsgrad, &SPACE, &x).unwrap().with_groups(own).unwrap());
    interrupted(Lbfgs::new(LbfgsSettings { memory: 3 }, &SPACE, &x).unwrap());
    let matrices = vec![Group::new(0..9), Group::new(9..N).matrix(2, 7)];
    let matrices = Groups::new(N, matrices).unwrap();
    interrupted(Muon::new(MuonSettings::default(), &SPACE, &x, matrices).unwrap());
}

#[cfg(feature = "serde")]
#[test]
fn stored_groups_are_checked_again() {
    let stored = serde_json::to_string(&Groups::whole(5)).unwrap();
    assert_eq!(serde_json::from_str::<Groups>(&stored).unwrap(), Groups::whole(5));
    let damaged = stored.replace("\"end\":5", "\"end\":4");
    let error = serde_json::from_str::<Groups>(&damaged).unwrap_err().to_string();
    assert!(error.contains("4..5"), "{error}");
}

/// A gradient whose square is no number of the storage: its mean stays infinite, so that the component takes no step from there
/// on, as in PyTorch, and doesn't become NaN.
#[test]
fn a_square_that_overflows_stops_a_component() {
    fn check<T: deo_core::space::Real + PartialEq>(spike: f64) {
        let space = Host::<T>::new();
        let of = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
        let start = of(&[1.0, -2.0]);
        let adam = |settings| Box::new(Adam::new(settings, &space, &start).unwrap());
        let plain = AdamSettings { decay: Decay::Decoupled(0.0), ..AdamSettings::nadamw() };
        let rmsprop = |centered, momentum, alpha| {
            let settings = RmsPropSettings { centered, momentum, alpha, ..Default::default() };
            Box::new(RmsProp::new(settings, &space, &start).unwrap())
        };
        let all: Vec<Box<dyn Optimizer<Host<T>>>> = vec![
            adam(AdamSettings::adam()),
            adam(AdamSettings { beta2: 0.3, ..AdamSettings::adam() }),
            adam(AdamSettings { beta1: 0.0, beta2: 0.0, ..AdamSettings::adam() }),
            adam(plain),
            rmsprop(false, 0.0, 0.99),
            rmsprop(true, 0.0, 0.99),
            rmsprop(true, 0.0, 0.4),
        ];
        for (which, mut optimizer) in all.into_iter().enumerate() {
            let mut x = start.clone();
            for step in 0..6 {
                let before = x.clone();
                let g = [if step == 2 || step == 3 { spike } else { 0.3 }, 0.2];
                optimizer.step(&space, &mut x, &of(&g), 0.01);
                assert!(x.iter().all(|x| x.to_f64().is_finite()), "{which}, {step}: {x:?}");
                assert!((x[0] == before[0]) == (step >= 2), "{which}, {step}: {x:?}");
                assert!(x[1] != before[1], "{which}, {step}");
            }
        }
    }
    for spike in [1e20, -1e25, 1e38] {
        check::<f32>(spike);
    }
    for spike in [1e160, -1e200, 1e307] {
        check::<f64>(spike);
    }
}
