//! Which points are one: of equal energy and curvature and, for clusters, of equal shape.
//!
//! A surface may have no energies, only gradients: an energy that is NaN says nothing, and shape and curvature decide.
//!
//! The shape of a cluster is the sorted list of its N(N − 1)/2 distances. Turning, moving, mirroring and renaming leave
//! it; atoms displaced by δ change no entry by more than 2δ. Different shapes with equal lists and equal energies exist
//! in principle, and would be counted as one; so are mirror images. Of another program's atoms the list has the pairs of
//! each two elements by themselves, and the nearest images.

/// A point as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    energy: f64,
    curvature: f64,
    numbers: Vec<f64>,
    gradient_norm: f64,
    reach: f64,
    /// Errors of the numbers grow with them.
    relative: bool,
}

impl Shape {
    /// Sorted distances of a cluster, coordinates of anything else.
    ///
    /// The stationary point is within ‖g‖/|λ| of x, λ the `curvature` closest to zero.
    pub(super) fn new(
        cluster: bool,
        energy: f64,
        x: &[f64],
        gradient_norm: f64,
        curvature: f64,
    ) -> Self {
        let numbers = if cluster { distances(x) } else { x.to_vec() };
        let reach = gradient_norm / curvature.abs();
        Shape { energy, curvature, numbers, gradient_norm, reach, relative: true }
    }

    /// The same of atoms in Å, by their sorted `distances`, pair of elements after pair of elements.
    pub(super) fn of_atoms(
        energy: f64,
        distances: Vec<f64>,
        gradient_norm: f64,
        curvature: f64,
    ) -> Self {
        let reach = (gradient_norm / curvature.abs()).min(FARTHEST);
        Shape { energy, curvature, numbers: distances, gradient_norm, reach, relative: false }
    }

    /// Whether both may be one point, found twice.
    pub(super) fn is(&self, other: &Shape) -> bool {
        let length = CLOSE + 2.0 * (self.reach + other.reach);
        // |ΔE| ≤ ‖g‖·|Δx|
        let slope = self.gradient_norm.max(other.gradient_norm);
        let energy = ROUNDING * self.energy.abs().max(1.0) + slope * length;
        let scale = |a: &f64| if self.relative { a.abs().max(1.0) } else { 1.0 };
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= length * scale(a);
        let known = !(self.energy.is_nan() || other.energy.is_nan());
        (if known { (self.energy - other.energy).abs() <= energy } else { self.curves_as(other) })
            && self.numbers.len() == other.numbers.len()
            && self.numbers.iter().zip(&other.numbers).all(near)
    }

    /// The curvatures closest to zero may be one.
    fn curves_as(&self, other: &Shape) -> bool {
        let scale = self.curvature.abs().max(other.curvature.abs());
        (self.curvature - other.curvature).abs() <= ALIKE * scale
    }

    /// Its place among those known; appended if it is new.
    pub(super) fn place(self, known: &mut Vec<Shape>) -> usize {
        known.iter().position(|known| known.is(&self)).unwrap_or_else(|| {
            known.push(self);
            known.len() - 1
        })
    }
}

/// Points so close are one in any case: no two saddles of a surface with bonds of length 1 are.
const CLOSE: f64 = 1e-3;

/// Å: atoms of two structures differ by more, however soft the way between them.
const FARTHEST: f64 = 0.1;

/// Relative: the verification's eigenvalues are good to 1e-4, its residuals squared, and change by some per cent over the
/// distance that a gradient at its tolerance leaves.
const ALIKE: f64 = 0.1;

/// Relative: what is left of an energy's sixteen digits after a sum over pairs and a search that stopped early.
const ROUNDING: f64 = 1e-8;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_turned_mirrored_and_renamed_is_the_same() {
        let x = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.2, 0.0, 0.3, 0.0, 1.4];
        let (sin, cos) = 0.7_f64.sin_cos();
        let mut y = vec![];
        for atom in [2, 0, 3, 1] {
            let r = &x[3 * atom..3 * atom + 3];
            y.extend([cos * r[0] - sin * r[1] + 5.0, sin * r[0] + cos * r[1], -r[2]]);
        }
        let shape = |cluster, energy, x: &[f64]| Shape::new(cluster, energy, x, 1e-5, -3.0);
        let first = shape(true, -3.0, &x);
        assert!(first.is(&shape(true, -3.0, &y)));
        assert!(!shape(false, -3.0, &x).is(&shape(false, -3.0, &y)));
        assert!(!first.is(&shape(true, -3.0001, &y)));
        y[0] += 0.01;
        assert!(!first.is(&shape(true, -3.0, &y)));
    }

    #[test]
    fn points_without_energies_are_told_by_shape_and_curvature() {
        let shape = |energy, x: f64, c| Shape::new(false, energy, &[x, 1.0], 1e-5, c);
        let first = shape(f64::NAN, 0.3, -3.0);
        assert!(first.is(&shape(f64::NAN, 0.3, -3.0001)) && first.is(&shape(-7.0, 0.3, -3.0)));
        assert!(!first.is(&shape(f64::NAN, 0.31, -3.0)));
        assert!(!first.is(&shape(f64::NAN, 0.3, -5.0)) && !first.is(&shape(f64::NAN, 0.3, 3.0)));
    }

    #[test]
    fn results_on_a_flat_top_are_one_within_what_their_gradients_allow() {
        // x⁴: ‖g‖ = 4x³ = 1e-5 at x = 0.0136, where the curvature is 12x² = 2.2e-3.
        let x: f64 = (1e-5_f64 / 4.0).cbrt();
        let shape = |x: f64| Shape::new(false, x.powi(4), &[x], 1e-5, 12.0 * x * x);
        assert!(shape(x).is(&shape(0.5 * x)));
        assert!(!shape(x).is(&shape(20.0 * x)));
    }
}
