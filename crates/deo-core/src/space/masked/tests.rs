//! A masked space is the space of its free components, and frozen ones never move.

use super::*;
use crate::{
    Answer, Dimer, DimerSettings, laws,
    noise::noise,
    optim::{Adam, AdamSettings, Decay, Optimizer, Sgd, SgdSettings},
    space::{Blocks, Host},
};

const HOST: Host<f64> = Host::new();

/// Of 100 components, 17 + 40 are free; the first and the last are frozen.
fn space() -> Masked<Host<f64>> {
    Masked::free(HOST, 100, [3..20, 50..90]).unwrap()
}

/// Noise of which component i is `frozen` if it is frozen.
fn vector(seed: u64, frozen: f64) -> Vec<f64> {
    let free = |i: usize| (3..20).contains(&i) || (50..90).contains(&i);
    (0..100).map(|i| if free(i) { noise(seed, i as u64) } else { frozen }).collect()
}

fn frozen_part(x: &[f64]) -> Vec<u64> {
    [&x[..3], &x[20..50], &x[90..]].concat().iter().map(|x| x.to_bits()).collect()
}

#[test]
fn laws_hold() {
    laws::check(&space(), &[0.0; 100]);
    laws::check_updates(&space(), &[0.0; 100]);
    let ends = Masked::frozen(Host::<f32>::new(), 100, [1..50, 51..99]).unwrap();
    laws::check(&ends, &[0.0; 100]);
    laws::check(&Masked::free(HOST, 37, Some(0..37)).unwrap(), &[0.0; 37]);
    let blocks = Masked::frozen(Blocks::new(HOST), 3, [0..1, 2..3]).unwrap();
    laws::check(&blocks, &[vec![0.0; 30], vec![0.0; 20], vec![0.0; 10]]);
    laws::check_updates(&blocks, &[vec![0.0; 30], vec![0.0; 20], vec![0.0; 10]]);
    let masked_blocks = Blocks::new(Masked::free(HOST, 10, [0..2, 7..8]).unwrap());
    laws::check(&masked_blocks, &[vec![0.0; 10], vec![0.0; 10]]);
}

#[test]
fn free_components_are_those_of_the_small_vector() {
    let space = space();
    let small = |x: &[f64]| [&x[3..20], &x[50..90]].concat();
    let [g0, g1, n] = [1, 2, 3].map(|seed| vector(seed, f64::NAN));
    let (mut hn, mut hm) = (vec![f64::NAN; 100], vec![0.0; 57]);
    let got = space.secant(0.1, &g0, &g1, &n, &mut hn);
    let want = HOST.secant(0.1, &small(&g0), &small(&g1), &small(&n), &mut hm);
    assert_eq!(small(&hn), hm);
    assert!(frozen_part(&hn).iter().all(|&bits| bits == 0), "a product is a direction");
    // Sums of 57 terms in another order.
    let close = |a: f64, b: f64, scale: f64| assert!((a - b).abs() <= 57.0 * f64::EPSILON * scale);
    close(got.0, want.0, HOST.norm(&small(&n)) * HOST.norm(&hm));
    close(got.1, want.1, want.1);
    close(space.norm(&g0), HOST.norm(&small(&g0)), 10.0);

    // What a rotation makes of vectors that are poisoned where they are frozen.
    let [mut x, mut y, mut w] = [0.5, f64::NAN, f64::NAN].map(|frozen| vector(4, frozen));
    let product = space.torque(0.3, &n, &g0, &g1, &mut w)[2];
    assert!(product.is_finite() && frozen_part(&w).iter().all(|&bits| bits == 0));
    let kept = frozen_part(&x);
    space.ritz_update([0.6, 0.8], [1.0, 0.0], &mut x, &mut y, &mut w);
    assert!(frozen_part(&x) == kept && frozen_part(&y).iter().all(|&bits| bits == 0));
    y.fill(f64::NAN);
    space.ritz_update_from_gradients([0.6, 0.8], [1.0, 0.0], [&g0, &g1], &mut x, &mut y, &mut w);
    assert!(frozen_part(&x) == kept && frozen_part(&y).iter().all(|&bits| bits == 0));
    space.combine([(2.0, &x[..]), (1.0, &g0)], 0.0, &mut y);
    let copied: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
    assert_eq!(frozen_part(&y), frozen_part(&copied), "as axpby, of the first term");

    let mut axis = vec![f64::NAN; 100];
    space.fill(&mut axis, &|i| noise(1, i));
    assert_eq!(axis, vector(1, 0.0), "noise counts all components");
}

#[test]
fn a_displaced_point_keeps_its_frozen_parameters() {
    let (x, n) = (vector(1, 1.0 / 3.0), vector(2, f64::NAN));
    let mut y = vec![f64::NAN; 100];
    let realised = space().displace(0.25, &n, &x, &mut y);
    assert_eq!(frozen_part(&y), frozen_part(&x));
    assert!(realised.is_finite());
}

#[test]
fn no_optimizer_moves_a_frozen_parameter() {
    let space = space();
    for frozen in [7.0, f64::NAN, f64::INFINITY] {
        let (start, g) = (vector(1, 1.0 / 3.0), vector(2, frozen));
        let adamw = AdamSettings { decay: Decay::Decoupled(0.1), ..AdamSettings::adamw() };
        let sgd = SgdSettings { momentum: 0.9, weight_decay: 0.1, ..SgdSettings::default() };
        let optimizers: [Box<dyn Optimizer<Masked<Host<f64>>>>; 2] = [
            Box::new(Adam::new(adamw, &space, &start).unwrap()),
            Box::new(Sgd::new(sgd, &space, &start).unwrap()),
        ];
        for mut optimizer in optimizers {
            let mut x = start.clone();
            for _ in 0..3 {
                optimizer.step(&space, &mut x, &g, 0.1);
            }
            assert_eq!(frozen_part(&x), frozen_part(&start));
            assert!(x.iter().all(|x| x.is_finite()));
            assert!(x != start, "the free ones move");
        }
    }
}

#[test]
fn updates_count_components_and_skip_frozen_blocks() {
    let space = Masked::frozen(Blocks::new(HOST), 4, [0..1, 2..3]).unwrap();
    // Component by component, every range against the condition: in block 1 (3..7) or block 3 (9..11).
    for (start, end) in [(1, 10), (0, 11), (4, 6), (5, 10), (0, 3), (7, 9), (10, 11), (2, 4)] {
        let mut x = vec![vec![1.0; 3], vec![1.0; 4], vec![1.0; 2], vec![1.0; 2]];
        space.update(start..end, &crate::space::Scale(5.0), [], [&mut x]);
        for (i, x) in x.concat().into_iter().enumerate() {
            let updated = (start..end).contains(&i) && ((3..7).contains(&i) || i >= 9);
            assert_eq!(x, if updated { 5.0 } else { 1.0 }, "component {i} of {start}..{end}");
        }
    }
}

/// H = [[−10, 3, 1], [3, 2, 1], [1, 1, −1]] with component 0 frozen: the block [[2, 1], [1, −1]] has the
/// eigenvalues (1 ± √13)/2, the whole matrix goes down to −10.8.
#[test]
fn the_dimer_finds_the_lowest_curvature_of_the_free_block() {
    const H: [[f64; 3]; 3] = [[-10.0, 3.0, 1.0], [3.0, 2.0, 1.0], [1.0, 1.0, -1.0]];
    let product = |x: &[f64]| H.map(|row| HOST.dot(&row, x));
    let space = Masked::frozen(HOST, 3, Some(0..1)).unwrap();
    let want = (1.0 - 13f64.sqrt()) / 2.0;
    let x = [5.0, -0.4, 0.3];
    let (g, mut y) = (product(&x), [0.0; 3]);
    for exact in [false, true] {
        let mut dimer = Dimer::new(&space, &x, DimerSettings::default()).unwrap();
        dimer.draw(&space, 3);
        dimer.begin(&space);
        while let Some(probe) = dimer.ask(&space) {
            assert_eq!(probe.direction()[0], 0.0, "directions have no frozen part");
            if exact {
                let mut hv = product(probe.direction());
                space.restrict(&mut hv);
                dimer.tell(&space, Answer::product(&hv));
            } else {
                let h = probe.displace(&space, &x, &mut y);
                assert_eq!(y[0], x[0]);
                dimer.tell(&space, Answer::forward(h, &g, &product(&y)));
            }
        }
        // A quadratic has no truncation error; what remains is 2ε‖g‖/h, with h = √(10ε) about 1e-7.
        let got = dimer.estimate().curvature;
        assert!((got - want).abs() < 1e-6, "{got} against {want}");
        assert_eq!(dimer.axis()[0], 0.0);
    }
}

#[test]
fn masks_are_checked_and_merged() {
    let make = |ranges: &[Range<usize>]| Masked::free(HOST, 10, ranges.iter().cloned());
    let error = |ranges: &[Range<usize>]| make(ranges).unwrap_err();
    assert_eq!(make(&[1..3, 3..3, 3..5, 8..10]).unwrap().free_ranges(), [1..5, 8..10]);
    let all_but_one = Masked::frozen(HOST, 10, Some(9..10)).unwrap();
    assert_eq!(all_but_one.free_ranges().first(), Some(&(0..9)));
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = 4..2;
    assert_eq!(error(&[0..1, reversed.clone()]), MaskError::Reversed { range: reversed });
    assert_eq!(error(&[4..6, 5..7]), MaskError::Overlap { range: 5..7, earliest: 6 });
    assert_eq!(error(&[4..6, 0..2]), MaskError::Overlap { range: 0..2, earliest: 6 });
    assert_eq!(error(&[4..6, 6..11]), MaskError::PastEnd { range: 6..11, count: 10 });
    assert_eq!(error(&[]), MaskError::NothingFree);
    assert_eq!(error(&[2..2, 5..5]), MaskError::NothingFree);
    let none = Masked::frozen(HOST, 10, Some(0..10)).unwrap_err();
    assert_eq!(none, MaskError::NothingFree);
    assert_eq!(
        error(&[4..6, 6..11]).to_string(),
        "range 6..11 of a mask ends beyond the vector, which has 10 elements"
    );
}

#[test]
#[should_panic(expected = "left: 100\n right: 101")]
fn a_longer_vector_panics() {
    space().dot(&[0.0; 101], &[0.0; 101]);
}

#[test]
#[should_panic(expected = "out of range for slice of length 99")]
fn a_shorter_vector_panics() {
    space().dot(&[0.0; 99], &[0.0; 99]);
}
