use super::*;
use deo_core::space::{FreeBody, Host, Masked};

/// ⟨eᵢ, eⱼ⟩ = δᵢⱼ, and there are as many as dimensions.
fn check<S: Space<Vector = [f64], Owned = Vec<f64>>>(space: &S, like: &[f64], name: &str) {
    let c = Coordinates::new(space, like);
    assert_eq!(c.count() as f64, space.dimension(like).round(), "{name}");
    for (i, a) in c.basis.iter().enumerate() {
        for (j, b) in c.basis.iter().enumerate() {
            let wanted = f64::from(u8::from(i == j));
            let dot = space.dot(a, b);
            // Z is made of random mixtures of the motions: rounding over the share of the rarest.
            assert!((dot - wanted).abs() < 1e-10, "{name}: {i} {j}: {dot}");
        }
    }
}

/// The shortcuts give what Gram–Schmidt gives.
fn same<S: Space<Vector = [f64], Owned = Vec<f64>>>(space: &S, like: &[f64], name: &str) {
    check(space, like, name);
    let (fast, slow) = (Coordinates::new(space, like), Coordinates::by_gram_schmidt(space, like));
    for (i, (a, b)) in fast.basis.iter().zip(&slow.basis).enumerate() {
        let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        // The last vectors are made of what little is left of units: 1e-16 over that.
        assert!(apart < 1e-9, "{name}: {i}: {apart:e}");
    }
}

fn random(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64).map(|i| noise(seed, i)).collect()
}

#[test]
fn the_shortcuts_give_what_gram_schmidt_gives() {
    let host = Host::<f64>::new();
    same(&host, &[0.0; 7], "plain");
    same(&host, &[0.0; 1], "one");
    same(&Masked::frozen(host, 9, [1..3, 6..7]).unwrap(), &[0.0; 9], "masked");
    for atoms in [2, 3, 4, 7, 20] {
        let x = random(3 * atoms, atoms as u64);
        same(&FreeBody::new(&x), &x, "body");
        let masses: Vec<f64> = (0..atoms).map(|i| 1.0 + 5.0 * i as f64).collect();
        same(&FreeBody::weighted(&x, &masses), &x, "weighted");
    }
    for atoms in [2, 3, 6] {
        for axis in [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.3, -0.5, 0.8]] {
            let x: Vec<f64> = (0..3 * atoms).map(|k| (k / 3) as f64 * axis[k % 3]).collect();
            check(&FreeBody::new(&x), &x, "straight");
        }
    }
    let atom = [1.0, 2.0, 3.0];
    assert_eq!(Coordinates::new(&FreeBody::new(&atom), &atom).count(), 0);
    assert_eq!(Coordinates::new(&host, &[]).count(), 0);
}

/// ⟨x, y⟩ = xᵀMy, M neither diagonal nor a projection.
#[derive(Debug)]
struct Metric;

impl Space for Metric {
    type Vector = [f64];
    type Owned = Vec<f64>;

    fn zeros_like(&self, x: &[f64]) -> Vec<f64> {
        vec![0.0; x.len()]
    }

    fn len(&self, x: &[f64]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        f64::EPSILON / 2.0
    }

    fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
        Host::<f64>::new().fill(x, value);
    }

    fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
        Host::<f64>::new().axpby(a, x, b, y);
    }

    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let neighbours = x.windows(2).zip(y.windows(2)).map(|(x, y)| x[0] * y[1] + x[1] * y[0]);
        2.0 * dot(x, y) + 0.5 * neighbours.sum::<f64>()
    }

    fn dimension(&self, like: &[f64]) -> f64 {
        like.len() as f64
    }
}

#[test]
fn any_other_metric_is_orthonormalised() {
    check(&Metric, &[0.0; 12], "metric");
}
