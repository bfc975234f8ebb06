//! Müller and Brown's surface: three minima and the two saddles between them.
//!
//! E(x, y) = Σₖ Aₖ exp(aₖu² + bₖuw + cₖw²), u = x − xₖ, w = y − yₖ, k = 1 … 4.
//!
//! Domain: ℝ², starts in [−1.5, 1.2] × [−0.2, 2]; far outside, the last term grows like e^{0.7(u² + w²)}.
//! Stationary points of the customary parameters, to all digits among the constants of [`MullerBrown`]:
//!
//! | | x | y | E | eigenvalues of the Hessian |
//! |---|---|---|---|---|
//! | minimum A | −0.558224 | 1.441726 | −146.6995 | 410.53113, 4068.19896 |
//! | saddle 1 | −0.822002 | 0.624313 | −40.66484 | −750.86266, 490.24071 |
//! | minimum B | −0.050011 | 0.466694 | −80.76782 | 221.03747, 1479.19692 |
//! | saddle 2 | 0.212487 | 0.292988 | −72.24894 | −735.24726, 510.88657 |
//! | minimum C | 0.623499 | 0.028038 | −108.1667 | 543.83619, 3005.40587 |
//!
//! K. Müller, L. D. Brown, Theor. Chim. Acta 53, 75 (1979).

use super::landscape::objective_by_evaluate;
use super::{Landscape, LandscapeError, StationaryPoint};

/// One term A exp(a u² + b uw + c w²), u = x − x₀, w = y − y₀.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// A, the height of the term.
    pub amplitude: f64,
    /// The coefficient of u².
    pub a: f64,
    /// The coefficient of uw.
    pub b: f64,
    /// The coefficient of w².
    pub c: f64,
    /// x₀.
    pub x: f64,
    /// y₀.
    pub y: f64,
}

impl Term {
    /// The value v of the term, and (q_x, q_y), the gradient of its exponent.
    fn parts(&self, [x, y]: [f64; 2]) -> (f64, f64, f64) {
        let (u, w) = (x - self.x, y - self.y);
        let exponent = self.a * u * u + self.b * u * w + self.c * w * w;
        let qx = 2.0 * self.a * u + self.b * w;
        let qy = self.b * u + 2.0 * self.c * w;
        (self.amplitude * exponent.exp(), qx, qy)
    }
}

/// A sum of four [`Term`]s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MullerBrown {
    terms: [Term; 4],
}

impl Default for MullerBrown {
    /// The customary parameters.
    fn default() -> Self {
        MullerBrown { terms: Self::CUSTOMARY }
    }
}

impl MullerBrown {
    /// A = (−200, −100, −170, 15), a = (−1, −1, −6.5, 0.7), b = (0, 0, 11, 0.6), c = (−10, −10, −6.5, 0.7),
    /// x₀ = (1, 0, −0.5, −1), y₀ = (0, 0.5, 1.5, 1).
    #[rustfmt::skip]
    pub const CUSTOMARY: [Term; 4] = [
        Term { amplitude: -200.0, a: -1.0, b:  0.0, c: -10.0, x:  1.0, y: 0.0 },
        Term { amplitude: -100.0, a: -1.0, b:  0.0, c: -10.0, x:  0.0, y: 0.5 },
        Term { amplitude: -170.0, a: -6.5, b: 11.0, c:  -6.5, x: -0.5, y: 1.5 },
        Term { amplitude:   15.0, a:  0.7, b:  0.6, c:   0.7, x: -1.0, y: 1.0 },
    ];

    /// (x, y) and E of the three minima A, B, C.
    pub const MINIMA: [([f64; 2], f64); 3] = [
        ([-0.5582236346330243, 1.441725841804669], -146.699517209954),
        ([-0.05001082299820606, 0.4666941048719721], -80.76781812965903),
        ([0.6234994049308765, 0.02803775852868567], -108.1667241168524),
    ];

    /// (x, y) and E of the saddle between A and B and of that between B and C.
    pub const SADDLES: [([f64; 2], f64); 2] = [
        ([-0.8220015587327321, 0.6243128028148714], -40.6648435086574),
        ([0.212486582000662, 0.2929883251073678], -72.24894011232521),
    ];

    /// The surface of four other terms, of which no stationary point is known.
    ///
    /// # Errors
    ///
    /// If a parameter is not finite.
    pub fn new(terms: [Term; 4]) -> Result<Self, LandscapeError> {
        for term in &terms {
            let Term { amplitude, a, b, c, x, y } = *term;
            LandscapeError::unless_finite("a term's parameter", &[amplitude, a, b, c, x, y])?;
        }
        Ok(MullerBrown { terms })
    }

    /// The four terms.
    pub fn terms(&self) -> &[Term; 4] {
        &self.terms
    }

    /// The Hessian at (x, y).
    pub fn hessian(&self, at: [f64; 2]) -> [[f64; 2]; 2] {
        let [mut xx, mut xy, mut yy] = [0.0; 3];
        for term in &self.terms {
            let (v, qx, qy) = term.parts(at);
            xx += v * (qx * qx + 2.0 * term.a);
            xy += v * (qx * qy + term.b);
            yy += v * (qy * qy + 2.0 * term.c);
        }
        [[xx, xy], [xy, yy]]
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let [mut value, mut gx, mut gy] = [0.0; 3];
        for term in &self.terms {
            let (v, qx, qy) = term.parts([x[0], x[1]]);
            value += v;
            gx += v * qx;
            gy += v * qy;
        }
        if let Some(gradient) = gradient {
            gradient.copy_from_slice(&[gx, gy]);
        }
        value
    }

    fn known(&self, points: &[([f64; 2], f64)]) -> Vec<StationaryPoint> {
        if self.terms != Self::CUSTOMARY {
            return Vec::new();
        }
        let point = |&(x, value): &([f64; 2], f64)| {
            let [[xx, xy], [_, yy]] = self.hessian(x);
            StationaryPoint {
                x: x.to_vec(),
                value,
                curvature: Some((xx + yy) / 2.0 - ((xx - yy) / 2.0).hypot(xy)),
            }
        };
        points.iter().map(point).collect()
    }
}

objective_by_evaluate!(MullerBrown);

impl Landscape for MullerBrown {
    fn name(&self) -> &'static str {
        "muller-brown"
    }

    fn dimension(&self) -> usize {
        2
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.5, 1.2), (-0.2, 2.0)]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        self.known(&Self::MINIMA)
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        self.known(&Self::SADDLES)
    }
}
