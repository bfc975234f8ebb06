//! A spectral density as a quadrature: nodes, weights, and the curve through them.

/// Gauss quadratures of the spectral density, one for each random vector: Σ w f(θ) ≈ (1/N) Σ f(λᵢ).
///
/// The weights are positive and sum to 1.
///
/// # Examples
///
/// ```
/// use deo_core::stochastic::Density;
/// let mut density = Density::default();
/// density.push([(-1.0, 0.25), (2.0, 0.75)]);
/// assert_eq!(density.moment(1), 1.25);
/// assert_eq!(density.below(0.0), 0.25);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Density {
    nodes: Vec<f64>,
    /// Those of one vector sum to 1.
    weights: Vec<f64>,
    /// Where the nodes of each vector end.
    ends: Vec<usize>,
}

impl Density {
    /// Adds the quadrature of one more vector, (θ, w) with Σw = 1, its nodes ascending.
    pub fn push(&mut self, quadrature: impl IntoIterator<Item = (f64, f64)>) {
        for (node, weight) in quadrature {
            self.nodes.push(node);
            self.weights.push(weight);
        }
        self.ends.push(self.nodes.len());
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.weights.clear();
        self.ends.clear();
    }

    /// θ, those of one vector after those of another, each ascending.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// w, in the order of the nodes; they sum to 1.
    pub fn weights(&self) -> Vec<f64> {
        self.weights.iter().map(|w| w / self.vectors() as f64).collect()
    }

    /// The random vectors behind it.
    pub fn vectors(&self) -> usize {
        self.ends.len()
    }

    /// Mean and standard error over the vectors of (1/N) Σ f(λᵢ).
    ///
    /// The standard error is that of the choice of vectors, NaN for fewer than two; the quadrature of each is exact for
    /// polynomials up to degree 2m − 1.
    pub fn mean_of(&self, f: impl Fn(f64) -> f64) -> (f64, f64) {
        let sample: crate::statistics::Sample = (0..self.vectors())
            .map(|vector| {
                let start = if vector == 0 { 0 } else { self.ends[vector - 1] };
                let run = start..self.ends[vector];
                run.map(|i| self.weights[i] * f(self.nodes[i])).sum::<f64>()
            })
            .collect();
        (sample.mean(), sample.standard_error())
    }

    /// (1/N) Σ λᵢᵏ: 1, the mean eigenvalue tr H/N, the mean square ‖H‖²_F/N, …
    pub fn moment(&self, k: i32) -> f64 {
        self.mean_of(|node| node.powi(k)).0
    }

    /// The share of eigenvalues below λ: `below(0.0)` is the share of negative ones.
    pub fn below(&self, lambda: f64) -> f64 {
        self.mean_of(|node| f64::from(u8::from(node < lambda))).0
    }

    /// The density at λ, smoothed by a normal curve of standard deviation `width`, in units of 1/λ.
    ///
    /// # Panics
    ///
    /// If the width isn't positive.
    pub fn at(&self, lambda: f64, width: f64) -> f64 {
        self.at_with_error(lambda, width).0
    }

    /// The smoothed density at λ and its standard error from the choice of vectors.
    ///
    /// # Panics
    ///
    /// If the width isn't positive.
    pub fn at_with_error(&self, lambda: f64, width: f64) -> (f64, f64) {
        assert!(width > 0.0, "the width of a smoothed density is {width}; it must be above 0");
        let height = 1.0 / (width * (2.0 * std::f64::consts::PI).sqrt());
        self.mean_of(|node| height * (-0.5 * ((lambda - node) / width).powi(2)).exp())
    }

    /// The lowest and the highest node: the extreme eigenvalues as far as the vectors saw them. `None` if empty.
    pub fn range(&self) -> Option<(f64, f64)> {
        let low = self.nodes.iter().copied().min_by(f64::total_cmp)?;
        let high = self.nodes.iter().copied().max_by(f64::total_cmp)?;
        Some((low, high))
    }
}
