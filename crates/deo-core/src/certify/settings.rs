//! The settings of a certificate.

/// How a point is certified.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertifySettings {
    /// Random starts of the search for the lowest curvature.
    /// Default: 3; 0 counts as 1.
    pub starts: u32,
    /// The residual of each eigenpair, relative to its curvature.
    /// Default: 0.01; above 0, without a unit.
    pub tolerance: f64,
    /// Gradients that may be spent.
    /// Default: 4000; 1 or above.
    pub max_gradients: u64,
    /// Directions kept between the products; two vectors each.
    /// Default: 40; any, it is raised to what the pairs wanted need.
    pub memory: usize,
    /// Negative curvatures that are counted; of a saddle with more the index is not exact.
    /// Default: 16; 0 counts as 1.
    pub max_index: usize,
    /// The largest ‖g‖ of a stationary point; `None` judges by `stationary`.
    /// Default: `None`; 0 or above, in the units of f over x.
    pub max_gradient: Option<f64>,
    /// ‖g‖ is at most this share of the gradient that the curvature makes at a distance of max(‖x‖, 1).
    /// Default: 1e-4; 0 or above, without a unit.
    pub stationary: f64,
    /// The seed of the random starts.
    /// Default: 0xce27; any.
    pub seed: u64,
}

impl Default for CertifySettings {
    /// Three starts, residuals of 1e-2, at most 4 000 gradients, an index of up to 16.
    fn default() -> Self {
        CertifySettings {
            starts: 3,
            tolerance: 1e-2,
            max_gradients: 4_000,
            memory: 40,
            max_index: 16,
            max_gradient: None,
            stationary: 1e-4,
            seed: 0xce27,
        }
    }
}
