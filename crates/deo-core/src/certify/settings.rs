//! The settings of a certificate.

/// How a point is certified.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertifySettings {
    /// Random starts of the search for the lowest curvature.
    pub starts: u32,
    /// The residual of each eigenpair, relative to its curvature.
    pub tolerance: f64,
    /// Gradients that may be spent.
    pub max_gradients: u64,
    /// Directions kept between the products; two vectors each.
    pub memory: usize,
    /// Negative curvatures that are counted; of a saddle with more the index is not exact.
    pub max_index: usize,
    /// The largest ‖g‖ of a stationary point; `None` judges by `stationary`.
    pub max_gradient: Option<f64>,
    /// ‖g‖ is at most this share of the gradient that the curvature makes at a distance of max(‖x‖, 1).
    pub stationary: f64,
    /// The seed of the random starts.
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
