//! A function of many variables whose derivatives of every order are known.
//!
//! f(x) = Σ_k (a_k s²/2 + t_k s³/6 + q_k s⁴/24), s = ⟨u_k, x⟩, u_k random unit vectors: its gradient is computed in the
//! arithmetic of the storage, every operation rounded, its Hessian products in f64.
#![allow(dead_code, unreachable_pub)] // a module of a test binary and of an example

use deo_core::Objective;
use deo_core::noise::noise;
use deo_core::space::Real;

/// The sum of K forms in N variables, whose coefficients are exact in f32.
#[derive(Debug, Clone)]
pub struct Forms {
    n: usize,
    u: Vec<f64>,
    a: Vec<f64>,
    t: Vec<f64>,
    q: Vec<f64>,
    /// Subtracted from the gradient: −∇f(x) makes x a stationary point.
    tilt: Vec<f64>,
}

fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

impl Forms {
    /// Coefficients a, t and q of order 1, `third` and `fourth`.
    pub fn new(n: usize, k: usize, third: f64, fourth: f64) -> Self {
        let mut u: Vec<f64> = (0..(n * k) as u64).map(|i| noise(11, i)).collect();
        for row in u.chunks_mut(n) {
            let norm = row.iter().map(|u| u * u).sum::<f64>().sqrt();
            row.iter_mut().for_each(|u| *u = single(*u / norm));
        }
        let coefficients =
            |seed, scale: f64| (0..k as u64).map(|i| single(scale * noise(seed, i))).collect();
        let (a, t, q) = (coefficients(12, 1.0), coefficients(13, third), coefficients(14, fourth));
        Forms { n, u, a, t, q, tilt: vec![0.0; n] }
    }

    /// A point whose components are of order 1 and exact in f32.
    pub fn point<T: Real>(&self) -> Vec<T> {
        (0..self.n as u64).map(|i| T::from_f64(single(noise(2, i)))).collect()
    }

    /// The same function minus ⟨∇f(x), ·⟩, which has the same curvature and no gradient at x.
    pub fn stationary_at(mut self, x: &[f64]) -> Self {
        let mut g = vec![0.0; self.n];
        self.gradient(x, &mut g);
        self.tilt = g.into_iter().map(single).collect();
        self
    }

    /// g ← ∇f(x), every operation rounded to T.
    pub fn gradient<T: Real>(&self, x: &[T], g: &mut [T]) {
        let round = |value: f64| T::from_f64(value).to_f64();
        let mut sum = vec![0.0; self.n];
        for (k, u) in self.u.chunks(self.n).enumerate() {
            let s = u.iter().zip(x).fold(0.0, |s, (u, x)| round(s + round(u * x.to_f64())));
            let cubic = round(self.t[k] / 2.0 + round(self.q[k] / 6.0 * s));
            let slope = round(s * round(self.a[k] + round(s * cubic)));
            sum.iter_mut().zip(u).for_each(|(g, u)| *g = round(*g + round(slope * u)));
        }
        for ((g, sum), tilt) in g.iter_mut().zip(sum).zip(&self.tilt) {
            *g = T::from_f64(sum - tilt);
        }
    }

    /// ∇³f[n, n, n] and ∇⁴f[n, n, n, n] at x.
    pub fn higher_derivatives(&self, x: &[f64], n: &[f64]) -> [f64; 2] {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        self.u.chunks(self.n).enumerate().fold([0.0; 2], |[third, fourth], (k, u)| {
            let (s, along) = (dot(u, x), dot(u, n));
            let cubic = self.t[k] + self.q[k] * s;
            [third + cubic * along.powi(3), fourth + self.q[k] * along.powi(4)]
        })
    }

    /// Hv at x.
    pub fn product(&self, x: &[f64], v: &[f64]) -> Vec<f64> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut product = vec![0.0; self.n];
        for (k, u) in self.u.chunks(self.n).enumerate() {
            let s = dot(u, x);
            let curvature = self.a[k] + s * (self.t[k] + s * self.q[k] / 2.0);
            let along = curvature * dot(u, v);
            product.iter_mut().zip(u).for_each(|(p, u)| *p += along * u);
        }
        product
    }
}

impl<T: Real> Objective<[T]> for Forms {
    fn value(&mut self, _: &[T]) -> f64 {
        0.0 // secants need gradients only
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        self.gradient(x, gradient);
        0.0
    }
}
