use super::*;
use crate::objective::FromFn;
use crate::space::Host;

fn quadratic(spectrum: &[f64]) -> impl Objective<[f64]> + '_ {
    FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            for i in 0..x.len() {
                g[i] = spectrum[i] * x[i];
            }
        }
        x.iter().zip(spectrum).map(|(x, l)| l * x * x / 2.0).sum()
    })
}

fn kind(spectrum: &[f64]) -> Kind {
    let x = vec![0.0; spectrum.len()];
    let settings = CertifySettings::default();
    certify(&Host::<f64>::new(), &mut quadratic(spectrum), &x, None, &settings).unwrap().kind
}

#[test]
fn the_kind_is_that_of_the_spectrum() {
    let saddle = |index| Kind::Saddle { index, exact: true };
    assert_eq!(kind(&[1.0, 2.0, 3.0]), Kind::Minimum);
    assert_eq!(kind(&[-1.0, 2.0, 3.0]), saddle(1));
    assert_eq!(kind(&[3.0, -1e-3, -1.0, 2.0]), saddle(2));
    assert_eq!(kind(&[-1.0, -2.0, -3.0]), Kind::Maximum);
    assert_eq!(kind(&[-2.0]), Kind::Maximum);
    assert_eq!(kind(&[2.0]), Kind::Minimum);
    assert_eq!(kind(&[0.0, 1.0]), Kind::Undecided(Doubt::Flat));
    assert_eq!(kind(&[-2.0, 0.0]), Kind::Undecided(Doubt::FlatAbove));
    // Repeated, and more than a search asks for first.
    let mut spectrum = vec![1.0; 30];
    spectrum[3..9].fill(-0.5);
    assert_eq!(kind(&spectrum), saddle(6));
}

/// The whole space of so few dimensions is seen, and an index that is called exact has no way of being off.
#[test]
fn the_index_counts_repeated_curvatures() {
    for (n, times) in
        [5, 7, 9, 12].into_iter().flat_map(|n| (2..=6.min(n - 1)).map(move |t| (n, t)))
    {
        for (size, seed) in
            [1.0, 1e-2, 1e-3].into_iter().flat_map(|s| (0..8).map(move |seed| (s, seed)))
        {
            let positive = |i| 2.0 + crate::noise::noise(seed, i).clamp(-1.5, 1.5);
            let mut spectrum: Vec<f64> = (0..n as u64).map(positive).collect();
            (0..times).for_each(|i| spectrum[if n % 5 == 0 { i } else { (5 * i + 1) % n }] = -size);
            let settings = CertifySettings { seed, ..Default::default() };
            let x = vec![0.0; n];
            let certified =
                certify(&Host::<f64>::new(), &mut quadratic(&spectrum), &x, None, &settings)
                    .unwrap();
            let saddle = Kind::Saddle { index: times, exact: true };
            assert_eq!(certified.kind, saddle, "{n}, {times} of −{size}, seed {seed}");
        }
    }
}

#[test]
fn no_saddle_is_called_a_minimum_however_few_its_negative_directions_are() {
    let mut decided = 0;
    for seed in 0..100u64 {
        let n = [3, 10, 30, 60][seed as usize % 4];
        let size = |i| 10f64.powf(crate::noise::noise(seed, i).clamp(-2.0, 2.0));
        let mut spectrum: Vec<f64> = (0..n).map(size).collect();
        let place = (seed * 7) as usize % spectrum.len();
        spectrum[place] = -(10f64.powi(-((seed / 4 % 5) as i32)));
        match kind(&spectrum) {
            Kind::Saddle { index: 1, .. } => decided += 1,
            Kind::Undecided(Doubt::Unresolved) => {}
            other => panic!("{other:?}: seed {seed}, n {n}"),
        }
    }
    // What is far below the largest curvature may be beyond the gradients allowed.
    assert!(decided >= 95, "{decided} of 100");
}

/// A quadratic whose gradient and loss have noise of this size, a function of x.
fn noisy(spectrum: &[f64], sigma: f64) -> impl Objective<[f64]> + '_ {
    let mut calls = 0;
    FromFn(move |x: &[f64], g: Option<&mut [f64]>| {
        calls += 1;
        if let Some(g) = g {
            for i in 0..x.len() {
                g[i] = spectrum[i] * x[i] + sigma * crate::noise::noise(calls, i as u64);
            }
        }
        let loss: f64 = x.iter().zip(spectrum).map(|(x, l)| l * x * x / 2.0).sum();
        loss + sigma * crate::noise::noise(calls, u64::MAX)
    })
}

#[test]
fn noise_makes_doubt_and_never_a_wrong_kind() {
    let mut spectrum = vec![1.0; 20];
    let x = vec![0.1; 20];
    let settings = CertifySettings { max_gradient: Some(f64::MAX), ..Default::default() };
    for lowest in [1.0, 1e-2, -1e-2, -1e-4] {
        spectrum[7] = lowest;
        for exponent in 2..13 {
            let sigma = 10f64.powi(-exponent);
            let mut f = noisy(&spectrum, sigma);
            let c = certify(&Host::<f64>::new(), &mut f, &x, None, &settings).unwrap();
            match c.kind {
                Kind::Minimum => assert!(lowest > 0.0, "{lowest} {sigma}: {c:?}"),
                Kind::Saddle { index, exact } => {
                    assert!(lowest < 0.0 && index == 1, "{lowest} {sigma} {exact}");
                }
                Kind::Maximum => panic!("{lowest} {sigma}"),
                Kind::Undecided(_) => assert!(
                    lowest.abs() < 4.0 * c.resolvable || sigma > 1e-4,
                    "{lowest} {sigma}: {c:?}"
                ),
            }
            assert!((c.gradient_noise / sigma - 1.0).abs() < 0.9, "{sigma}: {}", c.gradient_noise);
        }
    }
}

#[test]
fn a_curvature_that_vanishes_is_flat_however_the_function_rises() {
    for power in [2, 3, 5] {
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                g.copy_from_slice(&[x[0], x[1].abs().powi(power) * x[1].signum()]);
            }
            0.0
        });
        let c = certify(&Host::<f64>::new(), &mut f, &[0.0, 0.0], None, &Default::default());
        let c = c.unwrap();
        assert_eq!(c.kind, Kind::Undecided(Doubt::Flat), "{power}: {c:?}");
    }
}

#[test]
fn the_level_floor_of_a_valley_is_no_saddle() {
    // ½(x₁x₂ − 1)²: minima on a hyperbola. Beside it, where an optimizer stops, λ_min is about −(1 − x₁x₂).
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        let r = x[0] * x[1] - 1.0;
        if let Some(g) = g {
            g.copy_from_slice(&[r * x[1], r * x[0]]);
        }
        r * r / 2.0
    });
    for off in [0.0, 1e-4, -1e-4, 1e-7, -1e-7] {
        let c = certify(&Host::<f64>::new(), &mut f, &[1.0 + off, 1.0], None, &Default::default());
        let c = c.unwrap();
        assert_eq!(c.kind, Kind::Undecided(Doubt::Flat), "{off}: {c:?}");
    }
}

#[test]
fn a_slope_is_no_stationary_point() {
    let mut f = quadratic(&[1.0, 2.0]);
    let settings = CertifySettings::default();
    let c = certify(&Host::<f64>::new(), &mut f, &[1.0, 1.0], None, &settings).unwrap();
    assert_eq!(c.kind, Kind::Undecided(Doubt::NotStationary));
    // Its curvature is known all the same.
    assert!((c.lowest - 1.0).abs() < 1e-6);
}

#[test]
fn a_poisoned_gradient_ends_it() {
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g[0] = if x[0] == 0.0 { 0.0 } else { f64::NAN };
        }
        0.0
    });
    let settings = CertifySettings::default();
    let c = certify(&Host::<f64>::new(), &mut f, &[0.0], None, &settings).unwrap();
    assert_eq!(c.kind, Kind::Undecided(Doubt::NonFinite));
    assert!(c.gradients < 30);
}

/// Of a maximum nothing is flat above, whenever the numbers or the budget end.
#[test]
fn what_ends_a_certificate_on_the_way_is_never_flatness() {
    let x = [0.0; 5];
    let mut poisoned = 0;
    for sound in 1..80 {
        let mut gradients = 0;
        let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
            if let Some(g) = g {
                gradients += 1;
                let end = if gradients > sound { f64::NAN } else { 1.0 };
                (0..x.len()).for_each(|i| g[i] = -end * (i + 1) as f64 * x[i]);
            }
            x.iter().enumerate().map(|(i, x)| -((i + 1) as f64) * x * x / 2.0).sum()
        });
        let settings = CertifySettings::default();
        let c = certify(&Host::<f64>::new(), &mut f, &x, None, &settings).unwrap();
        poisoned += u32::from(c.kind == Kind::Undecided(Doubt::NonFinite));
        assert_ne!(c.kind, Kind::Undecided(Doubt::FlatAbove), "after {sound} gradients");
    }
    assert!(poisoned > 5, "{poisoned}");
    let spectrum = [-1.0, -2.0, -3.0, -4.0, -5.0];
    for max_gradients in 1..80 {
        let settings = CertifySettings { max_gradients, ..CertifySettings::default() };
        let c = certify(&Host::<f64>::new(), &mut quadratic(&spectrum), &x, None, &settings);
        let kind = c.unwrap().kind;
        assert_ne!(kind, Kind::Undecided(Doubt::FlatAbove), "of {max_gradients} gradients");
    }
}

#[test]
fn leaving_finds_the_lower_side_and_is_seen_beyond_the_noise() {
    // The fall is to the left only: x³ beside −x²/2·1e-3.
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[-1e-3 * x[0] + 3.0 * x[0] * x[0], x[1]]);
        }
        1e3 - 5e-4 * x[0] * x[0] + x[0].powi(3) + x[1] * x[1] / 2.0
    });
    let space = Host::<f64>::new();
    let x = [0.0, 0.0];
    let c = certify(&space, &mut f, &x, None, &Default::default()).unwrap();
    assert!(matches!(c.kind, Kind::Saddle { index: 1, exact: true }), "{c:?}");
    let left = leave(&space, &mut f, &x, &c, &Default::default());
    assert!(left.moved && left.x[0] < 0.0 && left.loss < 1e3 && left.decrease > 1e-13, "{left:?}");
    assert!((left.decrease - (1e3 - left.loss)).abs() < 1e-12);
    // A minimum is not left, and nothing is evaluated.
    let mut bowl = quadratic(&[1.0, 1.0]);
    let c = certify(&space, &mut bowl, &x, None, &Default::default()).unwrap();
    let stays = leave(&space, &mut bowl, &x, &c, &Default::default());
    assert!(!stays.moved && stays.losses == 0 && stays.x == x);
}

#[test]
fn an_axis_that_is_given_is_tried() {
    let mut f = quadratic(&[1.0, -1.0, 2.0]);
    let axis = [0.0, 1.0, 0.0];
    let c =
        certify(&Host::<f64>::new(), &mut f, &[0.0; 3], Some(&axis), &Default::default()).unwrap();
    assert_eq!(c.kind, Kind::Saddle { index: 1, exact: true });
}

#[test]
fn f32_is_certified_too() {
    let mut f = FromFn(|x: &[f32], g: Option<&mut [f32]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) - x[0], 2.0 * x[1]]);
        }
        f64::from(x[0].powi(4) / 4.0 - x[0] * x[0] / 2.0 + x[1] * x[1])
    });
    let space = Host::<f32>::new();
    let c = certify(&space, &mut f, &[0.0, 0.0], None, &Default::default()).unwrap();
    assert_eq!(c.kind, Kind::Saddle { index: 1, exact: true }, "{c:?}");
    let left = leave(&space, &mut f, &[0.0, 0.0], &c, &Default::default());
    assert!(left.moved);
    let c = certify(&space, &mut f, &[1.0, 0.0], None, &Default::default()).unwrap();
    assert_eq!(c.kind, Kind::Minimum, "{c:?}");
}
