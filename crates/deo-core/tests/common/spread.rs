//! A function in a rotated basis whose Hessian at x is known with all its eigenpairs, and whose curvature changes along each.
//!
//! f(x) = Σ φᵢ(tᵢ) + κ ⟨a, t⟩³/6, t = Q(x − x₀), φᵢ = bᵢ t + λᵢt²/2 + cᵢt³/6 + qᵢt⁴/24, Q a product of reflections. At x₀ the
//! Hessian is Qᵀ diag(λ) Q, whatever c, q and κ; a secant of length h along eigenvector i is off by ½h cᵢ + …, and the
//! coupling κ turns it.

use deo_core::Objective;
use deo_core::noise::noise;
use deo_core::space::Real;

/// How large the derivatives beyond the second are, and how gradients are rounded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) n: usize,
    /// The shift of the spectrum: below 1, some are negative.
    pub(crate) shift: f64,
    /// Some eigenvalues that stand out at the upper end, as those of networks do.
    pub(crate) outliers: bool,
    pub(crate) third: f64,
    pub(crate) fourth: f64,
    pub(crate) coupling: f64,
    /// ‖∇f(x₀)‖.
    pub(crate) slope: f64,
    /// Terms are rounded to f32 before they are summed.
    pub(crate) rounded: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Spread {
    reflections: Vec<Vec<f64>>,
    /// λ ascending.
    pub(crate) lambda: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
    q: Vec<f64>,
    a: Vec<f64>,
    kind: Kind,
    pub(crate) x: Vec<f64>,
    t: Vec<f64>,
    g: Vec<f64>,
}

fn unit(n: usize, seed: u64) -> Vec<f64> {
    let mut v: Vec<f64> = (0..n as u64).map(|i| noise(seed, i)).collect();
    let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
    v.iter_mut().for_each(|v| *v /= norm);
    v
}

impl Spread {
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let n = kind.n;
        let draw = |which: u64, scale: f64| -> Vec<f64> {
            (0..n as u64).map(|i| scale * noise(seed ^ (which << 32), i)).collect()
        };
        // Of a few hundred normal numbers the largest are 3: the ends are no further apart than those of random matrices.
        let mut lambda: Vec<f64> = draw(1, 0.4).iter().map(|l| l + kind.shift).collect();
        if kind.outliers {
            lambda.iter_mut().rev().take((n / 10).max(1)).for_each(|l| *l = 4.0 + 3.0 * *l);
        }
        lambda.sort_by(f64::total_cmp);
        let mut b = unit(n, seed ^ 7);
        b.iter_mut().for_each(|b| *b *= kind.slope);
        Spread {
            reflections: (0..3).map(|i| unit(n, seed ^ (0x51 + i))).collect(),
            lambda,
            b,
            c: draw(3, kind.third),
            q: draw(4, kind.fourth),
            a: unit(n, seed ^ 5),
            kind,
            x: draw(6, 1.0).iter().map(|x| f64::from(*x as f32)).collect(),
            t: vec![0.0; n],
            g: vec![0.0; n],
        }
    }

    pub(crate) fn point<T: Real>(&self) -> Vec<T> {
        self.x.iter().map(|x| T::from_f64(*x)).collect()
    }

    fn reflect(reflections: &[Vec<f64>], v: &mut [f64], backwards: bool) {
        let count = reflections.len();
        for i in 0..count {
            let u = &reflections[if backwards { count - 1 - i } else { i }];
            let along = 2.0 * u.iter().zip(&*v).map(|(u, v)| u * v).sum::<f64>();
            v.iter_mut().zip(u).for_each(|(v, u)| *v -= along * u);
        }
    }
}

impl<T: Real> Objective<[T]> for Spread {
    fn value(&mut self, _: &[T]) -> f64 {
        f64::NAN // not asked for here
    }

    fn value_grad(&mut self, x: &[T], gradient: &mut [T]) -> f64 {
        let round = |v: f64| if self.kind.rounded { f64::from(v as f32) } else { v };
        self.t.iter_mut().zip(x).zip(&self.x).for_each(|((t, x), x0)| *t = x.to_f64() - x0);
        Self::reflect(&self.reflections, &mut self.t, false);
        let s: f64 = self.a.iter().zip(&self.t).map(|(a, t)| a * t).sum();
        for i in 0..self.t.len() {
            let t = self.t[i];
            let linear = round(self.b[i] + self.lambda[i] * t);
            let higher = round(self.c[i] * t * t / 2.0 + self.q[i] * t.powi(3) / 6.0);
            self.g[i] = linear + higher + self.kind.coupling * s * s / 2.0 * self.a[i];
        }
        Self::reflect(&self.reflections, &mut self.g, true);
        gradient.iter_mut().zip(&self.g).for_each(|(g, v)| *g = T::from_f64(*v));
        f64::NAN
    }
}
