//! The operations of [`Space`] on slices, with the rigid motions Z taken out of inner products and directions.

use super::super::{Space, Variance};
use super::{FreeBody, HOST, shape};

impl Space for FreeBody {
    type Vector = [f64];
    type Owned = Vec<f64>;

    fn zeros_like(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.len, "components of a vector and of the reference geometry");
        vec![0.0; x.len()]
    }

    /// All coordinates, the rigid motions included.
    fn len(&self, x: &[f64]) -> usize {
        x.len()
    }

    fn epsilon(&self) -> f64 {
        HOST.epsilon()
    }

    /// The coordinates less the rigid motions.
    fn dimension(&self, like: &[f64]) -> f64 {
        (like.len() - self.rigid.len()) as f64
    }

    /// ‖Zᵀg‖; and ‖Hz‖ ≤ (Σ‖ωₖ × g‖²)^½ over the turns of angular velocity ωₖ.
    fn variance(&self, gradient: &[f64]) -> Variance {
        let along = self.rigid.iter().map(|z| HOST.dot(z, gradient));
        let slope = along.fold(0.0, f64::hypot);
        let turned = |turn: &[f64; 3]| {
            let atoms = gradient.chunks_exact(3).map(|g| shape::cross(*turn, [g[0], g[1], g[2]]));
            atoms.flatten().fold(0.0, f64::hypot)
        };
        let curvature = self.turns.iter().filter(|t| **t != [0.0; 3]).map(turned);
        Variance { slope, curvature: curvature.fold(0.0, f64::hypot) }
    }

    fn fill(&self, x: &mut [f64], value: &(dyn Fn(u64) -> f64 + Sync)) {
        HOST.fill(x, value);
        self.restrict(x);
    }

    fn axpby(&self, a: f64, x: &[f64], b: f64, y: &mut [f64]) {
        if b == 0.0 {
            return HOST.axpby(a, x, 0.0, y);
        }
        // The part of the change along Z, (a x + (b − 1) y)·z, is what has to go. Where it is rounding, the vectors
        // are directions already, and taking it out would only spoil that x − x is exactly zero.
        let [square_x, square_y] = HOST.dots([(x, x), (&*y, &*y)]);
        let rounding =
            8.0 * f64::EPSILON * (a.abs() * square_x.sqrt() + (b - 1.0).abs() * square_y.sqrt());
        let mut along = [0.0; 6];
        for (along, z) in along.iter_mut().zip(&self.rigid) {
            let [x, y] = HOST.dots([(z, x), (z, &*y)]);
            let part = a * x + (b - 1.0) * y;
            *along = if part.abs() <= rounding { 0.0 } else { part };
        }
        HOST.axpby(a, x, b, y);
        for (along, z) in along.iter().zip(&self.rigid) {
            HOST.axpby(-along, z, 1.0, y);
        }
    }

    fn dot(&self, x: &[f64], y: &[f64]) -> f64 {
        let whole = HOST.dot(x, y);
        let (mut rigid, mut size) = (0.0, 0.0);
        for z in &self.rigid {
            let [x, y] = HOST.dots([(z, x), (z, y)]);
            rigid += x * y;
            size += (x * y).abs();
        }
        let dot = whole - rigid;
        // A difference within the roundings of what was taken away is nothing: x − x has no length.
        if dot.abs() <= 8.0 * f64::EPSILON * size { 0.0 } else { dot }
    }

    fn secant(&self, h: f64, g0: &[f64], g1: &[f64], n: &[f64], hn: &mut [f64]) -> (f64, f64) {
        HOST.secant(h, g0, g1, n, hn);
        self.restrict(hn);
        // What is left has no part along Z, so plain products are the space's.
        let [c, square] = HOST.dots([(n, &*hn), (&*hn, &*hn)]);
        (c, square)
    }

    fn displace(&self, h: f64, n: &[f64], x: &[f64], y: &mut [f64]) -> f64 {
        HOST.copy(x, y);
        self.axpby(h, n, 1.0, y);
        // The realised difference is small beside x: take it before the products, not after.
        let mut realised = 0.0;
        let along = self.rigid.iter().map(|z| HOST.dot(z, n)).collect::<Vec<_>>();
        for i in 0..x.len() {
            let rigid: f64 = self.rigid.iter().zip(&along).map(|(z, a)| a * z[i]).sum();
            realised += (y[i] - x[i]) * (n[i] - rigid);
        }
        realised
    }
}
