//! The base optimizer as far as a saddle is concerned: how fast it leaves along a direction of curvature λ < 0.
//!
//! In the quadratic model the component d along an eigenvector follows a linear recurrence, so that it grows by a factor
//! e^r a step, r > 0 the logarithm of the larger root of the characteristic polynomial:
//!
//! | base | polynomial | for small η\|λ\| |
//! |---|---|---|
//! | gradient descent | z = 1 + η\|λ\| | r ≈ η\|λ\| |
//! | heavy ball | z² − (1 + μ + η\|λ\|) z + μ | η\|λ\|/(1 − μ) |
//! | Nesterov | z² − (1 + η\|λ\|)((1 + μ) z − μ) | η\|λ\|/(1 − μ) |
//! | Adam | z² − (1 + β₁ + η(1 − β₁)\|λ\|) z + β₁, λ of P⁻¹H | η\|λ\| |
//!
//! P = diag(√v̂ + ε) is taken to stand still meanwhile; weight decay is left out. With the way u that the base makes along the
//! axis in its present step, it has gone the distance D after
//!
//! ```text
//! t(D) = ln(1 + r D/u)/r
//! ```
//!
//! steps: D/u where the growth doesn't matter, ln(R)/r with R = 1 + D/d where u is r times the distance d from the saddle.

/// A base optimizer.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", tag = "base"))]
pub enum BaseKind {
    /// x ← x − ηg.
    GradientDescent,
    /// v ← μv + g, x ← x − ηv.
    HeavyBall {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// The same with a look ahead.
    Nesterov {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// Adam and its relatives: a running mean of g, over √v̂ + ε.
    Adam {
        /// β₁ in [0, 1).
        beta1: f64,
    },
}

/// A base optimizer at the point that is diagnosed.
#[derive(Debug)]
pub struct Base<'a, V: ?Sized> {
    /// Which.
    pub kind: BaseKind,
    /// η > 0.
    pub lr: f64,
    /// The step that it would take from here, x′ − x: from a copy of the optimizer. `None`: −ηg, as without any momentum.
    pub step: Option<&'a V>,
    /// The diagonal of its metric P, √v̂ + ε of Adam: `None` for the Euclidean one.
    pub metric: Option<&'a V>,
}

impl<V: ?Sized> Clone for Base<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: ?Sized> Copy for Base<'_, V> {}

impl<V: ?Sized> Base<'_, V> {
    /// Gradient descent of rate η.
    pub fn gradient_descent(lr: f64) -> Self {
        Base { kind: BaseKind::GradientDescent, lr, step: None, metric: None }
    }
}

impl BaseKind {
    /// r, the logarithm of the factor by which the component along an axis of curvature λ grows a step, 0 unless λ < 0; λ
    /// is that in the base's own metric.
    pub fn growth(self, lr: f64, curvature: f64) -> f64 {
        let push = lr * (-curvature).max(0.0);
        // The larger root of z² − bz + c is 1 + y with y² + (2 − b)y + (1 − b + c) = 0: no cancellation for a small push.
        let (b2, c1) = match self {
            BaseKind::GradientDescent => return push.ln_1p(),
            BaseKind::HeavyBall { momentum } => (1.0 - momentum - push, -push),
            BaseKind::Nesterov { momentum } => (1.0 - momentum - push * (1.0 + momentum), -push),
            BaseKind::Adam { beta1 } => {
                let push = (1.0 - beta1) * push;
                (1.0 - beta1 - push, -push)
            }
        };
        let root = (b2 * b2 - 4.0 * c1).sqrt();
        let y = if b2 > 0.0 { -2.0 * c1 / (b2 + root) } else { (root - b2) / 2.0 };
        y.ln_1p()
    }
}

/// t(D): the steps to the distance `way`, at the growth r and `pace` u of the first step. Infinite if nothing moves.
pub(super) fn steps_to(way: f64, growth: f64, pace: f64) -> f64 {
    if pace.is_nan() || pace <= 0.0 {
        return f64::INFINITY;
    }
    if growth > 0.0 { (growth * way / pace).ln_1p() / growth } else { way / pace }
}
