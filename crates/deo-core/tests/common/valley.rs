//! Functions in single precision whose lowest eigenpair is known: f = Σ φᵢ(yᵢ) + ⟨tilt, x⟩, y = Qx, Q a reflection that swaps
//! the first axis and a unit vector u.
//!
//! The Hessian at x is Q diag(φᵢ″) Q; dᵢ is chosen so that λ₁ = −1 along u and the others fill [0, 1].

use deo_core::noise::noise;
use deo_core::{Objective, Space, space::Host};

/// How the curvature changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// φ = ½dy² + cy⁴/24.
    Quartic(f64),
    /// φ = ½dy² + t sin(y): changes within a distance of one, whatever y.
    Wave(f64),
}

/// How the gradient is rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Terms {
    /// Computed in f64 and rounded once.
    Whole,
    /// Every term is rounded first, as in a network, where the terms may be much larger than their sum.
    Rounded,
}

/// One of these functions at one point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) n: usize,
    /// How many components u has.
    pub(crate) support: usize,
    pub(crate) shape: Shape,
    pub(crate) terms: Terms,
    /// ∇f(x) is that of Σ φᵢ times this: 1, or 30 on a slope, or 0 at a stationary point.
    pub(crate) slope: f64,
}

#[derive(Clone)]
pub(crate) struct Valley {
    u: Vec<f64>,
    q: Vec<f64>,
    q_square: f64,
    d: Vec<f64>,
    shape: Shape,
    terms: Terms,
    tilt: Vec<f64>,
    y: Vec<f64>,
    g: Vec<f64>,
    pub(crate) x: Vec<f32>,
}

impl Valley {
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let Kind { n, support, shape, terms, slope } = kind;
        let carries = |i: usize| i.is_multiple_of((n / support).max(1));
        let component = |i: usize| if carries(i) { noise(seed, i as u64) } else { 0.0 };
        let mut u: Vec<f64> = (0..n).map(component).collect();
        let norm = u.iter().map(|u| u * u).sum::<f64>().sqrt();
        u.iter_mut().for_each(|u| *u /= norm);
        let mut q: Vec<f64> = u.iter().map(|u| -u).collect();
        q[0] += 1.0;
        let q_square = q.iter().map(|q| q * q).sum::<f64>();
        let x: Vec<f32> = (0..n).map(|i| noise(seed ^ 0xabc, i as u64) as f32).collect();
        let zeros = vec![0.0; n];
        let (d, tilt, y, g) = (zeros.clone(), zeros.clone(), zeros.clone(), zeros);
        let mut valley = Valley { u, q, q_square, shape, terms, x: x.clone(), d, tilt, y, g };
        valley.set_y(&x);
        for i in 0..n {
            // The golden ratio spreads the others over [0, 1].
            let wanted = if i == 0 { -1.0 } else { (0.618_033_988_75 * i as f64).fract() };
            valley.d[i] = wanted - valley.bend(valley.y[i]);
        }
        let mut gradient = vec![0.0f32; n];
        valley.value_grad(&x, &mut gradient);
        valley.tilt = gradient.iter().map(|g| (slope - 1.0) * f64::from(*g)).collect();
        valley
    }

    fn reflect(&self, v: impl Fn(usize) -> f64, out: &mut [f64]) {
        let d = 2.0 / self.q_square.max(f64::MIN_POSITIVE)
            * (0..self.u.len()).map(|i| self.q[i] * v(i)).sum::<f64>();
        (0..self.u.len()).for_each(|i| out[i] = v(i) - d * self.q[i]);
    }

    fn set_y(&mut self, x: &[f32]) {
        let mut y = std::mem::take(&mut self.y);
        self.reflect(|i| f64::from(x[i]), &mut y);
        self.y = y;
    }

    /// φ″ − d.
    fn bend(&self, y: f64) -> f64 {
        match self.shape {
            Shape::Quartic(c) => c * y * y / 2.0,
            Shape::Wave(t) => -t * y.sin(),
        }
    }

    fn slope(&self, y: f64) -> f64 {
        match self.shape {
            Shape::Quartic(c) => c * y.powi(3) / 6.0,
            Shape::Wave(t) => t * y.cos(),
        }
    }

    /// ⟨n, Hn⟩/⟨n, n⟩ at x, in f64.
    pub(crate) fn curvature(&mut self, n: &[f32]) -> f64 {
        let x = self.x.clone();
        self.set_y(&x);
        let mut z = vec![0.0; self.u.len()];
        self.reflect(|i| f64::from(n[i]), &mut z);
        let square: f64 = z.iter().map(|z| z * z).sum();
        (0..self.u.len()).map(|i| (self.d[i] + self.bend(self.y[i])) * z[i] * z[i]).sum::<f64>()
            / square
    }

    /// The angle between n and u.
    pub(crate) fn angle(&self, n: &[f32]) -> f64 {
        let space = Host::<f32>::new();
        let along: f64 = n.iter().zip(&self.u).map(|(n, u)| f64::from(*n) * u).sum();
        (along.abs() / space.norm(n)).min(1.0).acos()
    }
}

impl Objective<[f32]> for Valley {
    fn value(&mut self, _: &[f32]) -> f64 {
        0.0
    }

    fn value_grad(&mut self, x: &[f32], gradient: &mut [f32]) -> f64 {
        self.set_y(x);
        let mut g = std::mem::take(&mut self.g);
        let of = |i: usize| self.d[i] * self.y[i] + self.slope(self.y[i]);
        self.reflect(of, &mut g);
        for i in 0..self.u.len() {
            gradient[i] = match self.terms {
                Terms::Whole => (g[i] + self.tilt[i]) as f32,
                Terms::Rounded => g[i] as f32 + self.tilt[i] as f32,
            };
        }
        self.g = g;
        0.0
    }
}
