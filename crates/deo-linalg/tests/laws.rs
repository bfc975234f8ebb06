//! The spaces of this crate obey the laws of `Space`, and agree with the reference implementation.
#![cfg(feature = "deo-core")]

use deo_core::optim::{
    Adam, AdamSettings, Group, Groups, Matrices, Muon, MuonSettings, Optimizer, Update, Updates,
};
use deo_core::space::Host;
use deo_core::{laws, space};
use deo_linalg::parallel::CHUNK;
use deo_linalg::space::{Dense, FaerCol};
use deo_linalg::{Parallel, Real, Threads};

/// Below one lane, below one block, tails of all kinds, several chunks.
const LENGTHS: [usize; 6] = [1, 13, 1000, 1037, CHUNK, 3 * CHUNK + 1234];

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

fn check_slices<T: Real>() {
    for len in LENGTHS {
        laws::check(&Parallel::<T>::new(Threads::One), &vec![T::ZERO; len]);
        let space = Parallel::<T>::new(Threads::Pool);
        pool(3).install(|| laws::check(&space, &vec![T::ZERO; len]));
        pool(3).install(|| laws::check_updates(&space, &vec![T::ZERO; len]));
    }
}

#[test]
fn slices() {
    check_slices::<f32>();
    check_slices::<f64>();
}

#[test]
fn columns_of_faer() {
    for len in LENGTHS {
        laws::check(&FaerCol::<f32>::new(Threads::One), &faer::Col::zeros(len));
        laws::check(&FaerCol::<f64>::new(Threads::Pool), &faer::Col::zeros(len));
    }
    assert_eq!(Dense::<faer::Col<f64>>::default().threads(), Threads::Pool);
}

#[cfg(feature = "nalgebra")]
#[test]
fn vectors_of_nalgebra() {
    use deo_linalg::space::NalgebraVector;
    use nalgebra::DVector;
    for len in LENGTHS {
        laws::check(&NalgebraVector::<f32>::new(Threads::Pool), &DVector::zeros(len));
        laws::check(&NalgebraVector::<f64>::new(Threads::One), &DVector::zeros(len));
    }
}

/// A formula in which a change of order, precision or range would show.
struct Momentum(f64);

impl Update<1, 2> for Momentum {
    #[inline(always)]
    fn component<T: space::Real>(&self, [g]: [T; 1], [m, x]: &mut [T; 2]) {
        *m = T::from_f64(self.0 * m.to_f64() + g.to_f64());
        *x = T::from_f64(x.to_f64() - 0.1 * m.to_f64() / (1.0 + g.to_f64().abs()).sqrt());
    }
}

/// Everything that a space computes, as bits: component-wise results, then inner products.
fn battery<S: Updates<Vector = [T], Owned = Vec<T>>, T: Real>(
    space: &S,
    len: usize,
) -> [Vec<u64>; 2] {
    let template = vec![T::ZERO; len];
    let noise = |seed: f64| {
        let mut x = space.zeros_like(&template);
        space.fill(&mut x, &|i| ((i as f64 + seed) * 0.7548776662).fract() - 0.5);
        x
    };
    let [mut x, mut y, mut g, n] = [1.0, 2.5, 3.25, 4.0].map(noise);
    let (mut hn, mut scratch) = (space.zeros_like(&x), space.zeros_like(&x));
    space.axpby(0.3, &x, -1.7, &mut y);
    space.axpby(-0.9, &y, 0.0, &mut scratch);
    let mut products = vec![space.dot(&x, &y), space.norm(&g)];
    products.extend(space.dots([(&x, &g), (&y, &n), (&scratch, &scratch)]));
    let (c, square) = space.secant(0.37, &g, &y, &n, &mut hn);
    products.extend([c, square, space.displace(1e-3, &n, &x, &mut scratch)]);
    space.rotate(0.6, 0.8, &mut x, &mut y, &mut vec![T::ZERO; len]);
    let mut w = space.zeros_like(&x);
    products.extend(space.torque(0.37, &n, &hn, &g, &mut w));
    space.ritz_update_from_gradients(
        [0.8, -0.6],
        [0.3, 0.9],
        [&n, &g],
        &mut x,
        &mut y,
        &mut scratch.clone(),
    );
    space.ritz_update([0.8, 0.6], [0.5, -0.8], &mut x, &mut y, &mut w);
    space.combine([(0.4, &n[..]), (-1.1, &g)], 0.7, &mut x);
    space.update(len / 7..len, &Momentum(0.9), [&g], [&mut hn, &mut scratch]);
    let before = [&x[..], &y, &hn, &scratch].concat();
    // The last one: its components depend on a sum.
    products.push(space.deflate(0.6, &n, &mut g));
    let bits = |x: f64| x.to_bits();
    [
        before.iter().map(|x| bits(x.to_f64())).collect(),
        products.into_iter().map(bits).chain(g.iter().map(|g| bits(g.to_f64()))).collect(),
    ]
}

fn same_bits<T: Real + space::Real>(len: usize) {
    let want = battery(&Parallel::<T>::new(Threads::One), len);
    for threads in [1, 2, 8] {
        let got = pool(threads).install(|| battery(&Parallel::<T>::new(Threads::Pool), len));
        assert!(got == want, "n = {len}: {threads} threads give other bits than one");
    }
    let [components, products] = battery(&Host::<T>::new(), len);
    assert!(components == want[0], "n = {len}: other components than those of Host");
    // Only the 12 inner products: g depends on one of them.
    for (got, host) in want[1].iter().zip(&products).take(12) {
        let (got, host) = (f64::from_bits(*got), f64::from_bits(*host));
        // Two sums of n terms below 1 in different order.
        assert!(
            (got - host).abs() <= f64::EPSILON * (len * len) as f64,
            "n = {len}: {got} against {host}"
        );
    }
}

/// Three steps of AdamW on one space.
fn adamw<S: Updates<Vector = [f32], Owned = Vec<f32>>>(space: &S, len: usize) -> Vec<u32> {
    let mut x: Vec<f32> = (0..len).map(|i| (i as f32).cos()).collect();
    let mut adam = Adam::new(AdamSettings::adamw(), space, &x).expect("the presets are valid");
    for step in 1..=3 {
        let g: Vec<f32> = x.iter().map(|x| x.powi(step) - 0.3).collect();
        adam.step(space, &mut x, &g, 0.02);
    }
    x.into_iter().map(f32::to_bits).collect()
}

#[test]
fn adamw_has_the_bits_of_host() {
    let len = 3 * CHUNK + 1234;
    let want = adamw(&Host::<f32>::new(), len);
    for threads in [1, 2, 8] {
        let got = pool(threads).install(|| adamw(&Parallel::<f32>::new(Threads::Pool), len));
        assert!(got == want, "{threads} threads");
    }
}

/// Three steps of Muon on a matrix that is large enough to be shared out, a tall one and a bias.
fn muon<S>(space: &S) -> Vec<f32>
where
    S: Matrices<Vector = [f32], Owned = Vec<f32>, Scalar = f32>,
{
    let shapes = [[200, 256], [96, 32], [1, 40]];
    let mut groups = vec![];
    for (i, [rows, columns]) in shapes.into_iter().enumerate() {
        let start = groups.last().map_or(0, |group: &Group| group.range.end);
        let group = Group::new(start..start + rows * columns);
        groups.push(if i < 2 { group.matrix(rows, columns) } else { group });
    }
    let len = groups[2].range.end;
    let groups = Groups::new(len, groups).expect("end to end");
    let mut x: Vec<f32> = (0..len).map(|i| (i as f32).cos()).collect();
    let mut muon = Muon::new(MuonSettings::default(), space, &x, groups).expect("matrices");
    for step in 1..=3 {
        let g: Vec<f32> = x.iter().map(|x| x.powi(step) - 0.3).collect();
        muon.step(space, &mut x, &g, 0.02);
    }
    x
}

#[test]
fn muon_has_the_same_bits_on_any_number_of_threads_and_nearly_those_of_host() {
    let want = muon(&Parallel::<f32>::new(Threads::One));
    for threads in [1, 2, 8] {
        let got = pool(threads).install(|| muon(&Parallel::<f32>::new(Threads::Pool)));
        let same = got.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same, "{threads} threads");
    }
    let host = muon(&Host::<f32>::new());
    let worst = host.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // Sums of 256 terms in another order, magnified up to 3.4⁵ times by the iteration, on steps below 0.02 a component.
    assert!(worst < 1e-4, "{worst:e}");
}

#[test]
#[should_panic(expected = "vectors of one call must have the same length")]
fn an_update_checks_its_lengths() {
    let space = Parallel::<f64>::new(Threads::One);
    space.update(0..2, &Momentum(0.9), [&[0.0; 3]], [&mut [0.0; 2], &mut [0.0; 3]]);
}

#[test]
fn the_whole_battery_has_the_same_bits_for_any_number_of_threads() {
    for len in LENGTHS {
        same_bits::<f32>(len);
        same_bits::<f64>(len);
    }
}
