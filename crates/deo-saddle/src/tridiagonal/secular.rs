//! The secular equation.

use super::super::dense::dot;

/// Diagonal d, ascending, plus ρzzᵀ, no z being zero.
#[derive(Debug)]
pub(super) struct Secular {
    pub(super) d: Vec<f64>,
    pub(super) z: Vec<f64>,
    pub(super) rho: f64,
}

/// Iterations for one root: five are usual, and if all were halvings these would have reached the last bit.
const MOST: usize = 120;
/// Of them every second one is a halving after so many.
const PATIENCE: usize = 8;
/// Roundings of a sum of terms of both signs.
const ROUNDINGS: f64 = 4.0;

/// 1/ρ + Σ zⱼ²/(dⱼ − λ), its derivative, and the sum of the sizes of its terms.
struct Sums {
    value: f64,
    slope: f64,
    size: f64,
}

impl Secular {
    /// The eigenvalues, ascending, and the eigenvectors' components, a row each.
    pub(super) fn solve(&self) -> (Vec<f64>, Vec<f64>) {
        let k = self.d.len();
        let (mut roots, mut gaps) = (Vec::with_capacity(k), vec![0.0; k * k]);
        let (square, mut ratios) = (dot(&self.z, &self.z), vec![0.0; k]);
        for (i, gaps) in gaps.chunks_exact_mut(k.max(1)).enumerate() {
            roots.push(self.root(i, square, gaps, &mut ratios));
        }
        // The z of which the roots found are the exact ones.
        let mut squares = vec![-1.0; k];
        for (i, row) in gaps.chunks_exact(k.max(1)).enumerate() {
            for (j, (square, gap)) in squares.iter_mut().zip(row).enumerate() {
                *square *= if i == j { *gap } else { gap / (self.d[j] - self.d[i]) };
            }
        }
        let signed = |(square, z): (&f64, &f64)| square.abs().sqrt().copysign(*z);
        let z: Vec<f64> = squares.iter().zip(&self.z).map(signed).collect();
        for row in gaps.chunks_exact_mut(k.max(1)) {
            row.iter_mut().zip(&z).for_each(|(gap, z)| *gap = z / *gap);
            let length = dot(row, row).sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        (roots, gaps)
    }

    /// The i-th root λ, and dⱼ − λ into `gaps`; `square` is ‖z‖².
    fn root(&self, i: usize, square: f64, gaps: &mut [f64], ratios: &mut [f64]) -> f64 {
        let (d, last) = (&self.d, i + 1 == self.d.len());
        let width = if last { self.rho * square } else { d[i + 1] - d[i] };
        let mut mu = 0.5 * width;
        let mut sums = self.sums(i, i, mu, gaps, ratios);
        let (mut low, mut high) = (0.0, width);
        // Measured from the nearer end, so that the gap that matters most has all its digits.
        let origin = if last || sums.value >= 0.0 { i } else { i + 1 };
        if origin > i {
            (low, mu, high) = (-width, -mu, 0.0);
            sums = self.sums(i, origin, mu, gaps, ratios);
        }
        for step in 0..MOST {
            if sums.value.abs() <= ROUNDINGS * f64::EPSILON * sums.size {
                break;
            }
            if sums.value < 0.0 {
                low = mu;
            } else {
                high = mu;
            }
            let mut next = mu + self.correction(i, origin, gaps, &sums);
            let slow = step > PATIENCE && step % 2 == 0;
            if !(next > low && next < high) || slow {
                next = 0.5 * (low + high);
            }
            if next == mu {
                break;
            }
            mu = next;
            sums = self.sums(i, origin, mu, gaps, ratios);
        }
        d[origin] + mu
    }

    /// dⱼ − λ for λ = d_origin + μ, and the sums there, of the i-th root.
    fn sums(&self, i: usize, origin: usize, mu: f64, gaps: &mut [f64], ratios: &mut [f64]) -> Sums {
        let from = self.d[origin];
        let parts = gaps.iter_mut().zip(&mut *ratios).zip(&self.d).zip(&self.z);
        parts.for_each(|(((gap, ratio), d), z)| {
            *gap = (d - from) - mu;
            *ratio = z / *gap;
        });
        // Up to i all terms are negative, beyond all are positive.
        let below = dot(&self.z[..=i], &ratios[..=i]);
        let above = 1.0 / self.rho + dot(&self.z[i + 1..], &ratios[i + 1..]);
        Sums { value: above + below, slope: dot(ratios, ratios), size: above - below }
    }

    /// By how much λ is to change: the root of c + s/(dᵢ − λ) + t/(dᵢ₊₁ − λ), whose weight at the origin is that of the
    /// equation, and whose value and slope are.
    fn correction(&self, i: usize, origin: usize, gaps: &[f64], sums: &Sums) -> f64 {
        let Sums { value, slope, .. } = *sums;
        let (left, newton) = (gaps[i], -value / slope);
        let Some(&right) = gaps.get(i + 1) else {
            let change = left * value / (value - slope * left);
            return if change * value < 0.0 { change } else { newton };
        };
        let (far, ratio) =
            if origin == i { (right, self.z[i] / left) } else { (left, self.z[i + 1] / right) };
        let apart = if origin == i { left - right } else { right - left };
        let c = value - far * slope - apart * ratio * ratio;
        let a = (left + right) * value - left * right * slope;
        let b = left * right * value;
        let root = (a * a - 4.0 * b * c).abs().sqrt();
        let change = if a <= 0.0 { (a - root) / (2.0 * c) } else { 2.0 * b / (a + root) };
        // A c of zero gives no number, and the value's sign says which way.
        if change * value < 0.0 { change } else { newton }
    }
}
