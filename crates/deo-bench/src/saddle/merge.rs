//! Which points are one: of equal energy and, for clusters, of equal shape.
//!
//! The shape of a cluster is the sorted list of its N(N − 1)/2 distances. Turning, moving, mirroring and renaming leave
//! it; atoms displaced by δ change no entry by more than 2δ. Different shapes with equal lists and equal energies exist
//! in principle, and would be counted as one; so are mirror images.

use super::settings::Settings;

/// A point as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    energy: f64,
    numbers: Vec<f64>,
}

impl Shape {
    /// Sorted distances of a cluster, coordinates of anything else.
    pub(super) fn new(cluster: bool, energy: f64, x: &[f64]) -> Self {
        Shape { energy, numbers: if cluster { distances(x) } else { x.to_vec() } }
    }
}

fn distances(x: &[f64]) -> Vec<f64> {
    let atoms: Vec<&[f64]> = x.chunks_exact(3).collect();
    let mut distances = Vec::with_capacity(atoms.len() * atoms.len() / 2);
    for (i, a) in atoms.iter().enumerate() {
        for b in &atoms[..i] {
            distances.push(a.iter().zip(*b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt());
        }
    }
    distances.sort_by(f64::total_cmp);
    distances
}

/// How far two results of one point may be apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tolerance {
    length: f64,
    energy: f64,
}

impl Tolerance {
    pub(super) fn new(settings: &Settings) -> Self {
        // A gradient of norm g is at most g/|λ| from the stationary point. Curvatures of 0.1 and more are allowed for,
        // and 1e-3 in any case: no two saddles of a surface with bonds of length 1 are so close.
        let length = 1e-3 + 10.0 * settings.fmax;
        // |ΔE| ≤ ‖g‖·|Δx|, and the rounding of a sum.
        Tolerance { length, energy: 1e-8 + settings.fmax * length }
    }

    pub(super) fn same(&self, a: &Shape, b: &Shape) -> bool {
        let scale = a.energy.abs().max(1.0);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= self.length * a.abs().max(1.0);
        (a.energy - b.energy).abs() <= self.energy * scale
            && a.numbers.len() == b.numbers.len()
            && a.numbers.iter().zip(&b.numbers).all(near)
    }

    /// The place of `shape` among those known; appended if it is new.
    pub(super) fn place(&self, known: &mut Vec<Shape>, shape: Shape) -> usize {
        known.iter().position(|known| self.same(known, &shape)).unwrap_or_else(|| {
            known.push(shape);
            known.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saddle::SaddleArgs;

    #[test]
    fn a_cluster_turned_mirrored_and_renamed_is_the_same() {
        let args = SaddleArgs {
            potential: Some("lj13".to_owned()),
            searches: 1,
            fmax: 1e-5,
            max_gradients: 1,
            ..SaddleArgs::default()
        };
        let tolerance = Tolerance::new(&Settings::resolve(&args).unwrap());
        let x = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.2, 0.0, 0.3, 0.0, 1.4];
        let (sin, cos) = 0.7_f64.sin_cos();
        let mut y = vec![];
        for atom in [2, 0, 3, 1] {
            let r = &x[3 * atom..3 * atom + 3];
            y.extend([cos * r[0] - sin * r[1] + 5.0, sin * r[0] + cos * r[1], -r[2]]);
        }
        let a = Shape::new(true, -3.0, &x);
        assert!(tolerance.same(&a, &Shape::new(true, -3.0, &y)));
        assert!(!tolerance.same(&a, &Shape::new(false, -3.0, &y)));
        assert!(!tolerance.same(&a, &Shape::new(true, -3.0001, &y)));
        y[0] += 0.01;
        assert!(!tolerance.same(&a, &Shape::new(true, -3.0, &y)));
    }
}
