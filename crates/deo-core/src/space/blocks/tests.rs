//! A list of blocks is the flat vector.

use super::*;
use crate::space::Update;
use crate::{
    laws,
    noise::noise,
    optim::{Adam, AdamSettings, Decay, Optimizer},
    space::{Host, Real},
};

const SPACE: Blocks<Host<f32>> = Blocks::new(Host::new());
const FLAT: Host<f32> = Host::new();

/// An empty block, one shorter than a vector register, one with a tail.
const LENGTHS: [usize; 5] = [1, 0, 7, 64, 37];
const N: usize = 109;

fn zeros() -> Vec<Vec<f32>> {
    LENGTHS.map(|len| vec![0.0; len]).into()
}

/// The same noise as a list and as one slice.
fn pair(seed: u64) -> (Vec<Vec<f32>>, Vec<f32>) {
    let (mut list, mut flat) = (zeros(), vec![0.0; N]);
    SPACE.fill(&mut list, &|i| noise(seed, i));
    FLAT.fill(&mut flat, &|i| noise(seed, i));
    (list, flat)
}

/// Two f64 sums of N terms in different orders: N roundings at the most.
fn close(got: f64, want: f64, scale: f64) {
    let tolerance = N as f64 * f64::ROUNDOFF * scale;
    assert!((got - want).abs() <= tolerance, "{got} against {want}");
}

#[test]
fn laws_hold() {
    laws::check(&SPACE, &zeros());
    laws::check_updates(&SPACE, &zeros());
    laws::check(&Blocks::new(Host::<f64>::new()), &[vec![0.0; 3], vec![0.0; 40]]);
    laws::check(&Blocks::new(SPACE), &[zeros(), vec![], zeros()]);
}

#[test]
fn blocks_are_the_flat_vector() {
    let ((g0, f0), (g1, f1), (mut n, mut m)) = (pair(1), pair(2), pair(3));
    assert_eq!((g0.concat(), g1.concat()), (f0.clone(), f1.clone()), "fill");
    let scale = FLAT.norm(&f0) * FLAT.norm(&f1);
    close(SPACE.dot(&g0, &g1), FLAT.dot(&f0, &f1), scale);

    let (mut hn, mut hm) = (zeros(), vec![0.0; N]);
    let got = SPACE.secant(0.03, &g0, &g1, &n, &mut hn);
    let want = FLAT.secant(0.03, &f0, &f1, &m, &mut hm);
    assert_eq!(hn.concat(), hm, "secant");
    close(got.0, want.0, FLAT.norm(&m) * FLAT.norm(&hm));
    close(got.1, want.1, want.1);

    let (mut y, mut z) = (zeros(), vec![0.0; N]);
    let got = SPACE.displace(0.01, &n, &g0, &mut y);
    let want = FLAT.displace(0.01, &m, &f0, &mut z);
    assert_eq!(y.concat(), z, "displace");
    close(got, want, 0.01 * FLAT.dot(&m, &m));

    SPACE.rotate(0.6, 0.8, &mut n, &mut y, &mut hn);
    FLAT.rotate(0.6, 0.8, &mut m, &mut z, &mut hm);
    assert_eq!((n.concat(), y.concat()), (m, z), "rotate");
}

#[test]
fn optimizers_see_the_flat_vector() {
    let ((g, f), (mut x, mut y)) = (pair(1), pair(2));
    let settings = AdamSettings { decay: Decay::Decoupled(0.3), ..AdamSettings::adamw() };
    let mut by_blocks = Adam::new(settings, &SPACE, &x).unwrap();
    let mut flat = Adam::new(settings, &FLAT, &y).unwrap();
    for _ in 0..3 {
        by_blocks.step(&SPACE, &mut x, &g, 0.01);
        flat.step(&FLAT, &mut y, &f, 0.01);
    }
    assert_eq!(x.concat(), y);
}

/// Counts its components: x ← x + 1.
struct Increment;

impl Update<0, 1> for Increment {
    fn component<T: Real>(&self, []: [T; 0], [x]: &mut [T; 1]) {
        *x = T::from_f64(x.to_f64() + 1.0);
    }
}

#[test]
fn every_range_is_updated_as_in_the_flat_vector() {
    for range in [0..N, 0..0, 0..1, 1..8, 3..5, 5..70, 72..N, N..N] {
        let (mut x, mut y) = (zeros(), vec![0.0; N]);
        SPACE.update(range.clone(), &Increment, [], [&mut x]);
        FLAT.update(range.clone(), &Increment, [], [&mut y]);
        assert_eq!(x.concat(), y, "{range:?}");
    }
}

#[test]
#[should_panic(expected = "ends at component 110 of a vector that has 109")]
fn a_range_past_the_end_panics() {
    SPACE.update(3..N + 1, &Increment, [], [&mut zeros()]);
}

#[test]
#[should_panic(expected = "left: 1\n right: 2")]
fn a_missing_block_panics() {
    SPACE.dot(&[vec![1.0]], &[vec![1.0], vec![1.0]]);
}

#[test]
#[should_panic(expected = "left: 2\n right: 1")]
fn a_missing_block_of_a_later_pair_panics() {
    let (two, one) = ([vec![1.0], vec![1.0]], [vec![1.0]]);
    SPACE.dots([(&one, &one), (&two, &two)]);
}
