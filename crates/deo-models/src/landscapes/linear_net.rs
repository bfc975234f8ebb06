//! A linear net of L layers, whose only nonlinearity is the product.
//!
//! f(W) = ½ ‖W_L ⋯ W_1 − M‖²_F, every W_l ∈ ℝ^{n×n}, M = Σᵢ σᵢ uᵢvᵢᵀ of rank r ≤ n with σ₁ ≥ … ≥ σ_r > 0: the
//! squared loss on whitened inputs. With P_l = W_l ⋯ W_1 and D_l = W_{l+1}ᵀ ⋯ W_Lᵀ (P_L − M): ∇_l f = D_l P_{l−1}ᵀ.
//!
//! The vector x holds W_1, …, W_L, each row after row, N = L n². Domain: ℝᴺ, starts with entries in [−1, 1]. All
//! minima are global. Balanced stationary points, W_1 = S vᵀ, W_l = S, W_L = u S with S = diag(σ₁^{1/L}, …,
//! σ_k^{1/L}, 0, …), hold the first k singular triples:
//!
//! | point | f | lowest curvature |
//! |---|---|---|
//! | k < r, saddles, 0 included, L = 2 | ½ Σ_{i>k} σᵢ² | −σ_{k+1}; at 0 that is −σ_max(M) |
//! | the same, L ≥ 3 | the same | 0: there is no negative curvature, at 0 not even a Hessian |
//! | k = r, a minimum | 0 | 0, along W_{l+1} → W_{l+1}G⁻¹, W_l → GW_l |
//!
//! From a small start of size ε a gradient method leaves 0 after a time ∝ log 1/ε for L = 2 and ∝ ε^{2−L} for L ≥ 3,
//! and learns one singular triple after the other.
//!
//! A. M. Saxe, J. L. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear
//! neural networks, ICLR 2014, arXiv 1312.6120. K. Kawaguchi, Deep learning without poor local minima, NIPS 2016,
//! arXiv 1605.07110.

use super::landscape::objective_by_evaluate;
use super::{Basis, Landscape, LandscapeError, StationaryPoint};

/// f(W) = ½ ‖W_L ⋯ W_1 − M‖²_F.
#[derive(Debug, Clone)]
pub struct LinearNet {
    layers: usize,
    /// n.
    width: usize,
    /// σ, descending.
    singular_values: Vec<f64>,
    /// uᵢ and vᵢ.
    vectors: Vec<(Vec<f64>, Vec<f64>)>,
    /// M, n × n.
    matrix: Vec<f64>,
    /// P_1 … P_L, each n × n.
    products: Vec<f64>,
    /// D_l, and the place of D_{l−1}.
    back: [Vec<f64>; 2],
}

impl LinearNet {
    /// The net of L layers of width n, and a matrix of these singular values, descending, on random vectors.
    ///
    /// # Errors
    ///
    /// Unless L ≥ 2, 1 ≤ r ≤ n and the singular values are positive, finite and descending.
    pub fn new(
        layers: usize,
        width: usize,
        singular_values: Vec<f64>,
        seed: u64,
    ) -> Result<Self, LandscapeError> {
        let allowed = layers >= 2;
        LandscapeError::unless(allowed, "the number of layers", layers as f64, "at least 2")?;
        LandscapeError::unless_dimension("linear-net", width, 1)?;
        LandscapeError::unless_descending("the list of singular values", &singular_values, width)?;
        let (n, r) = (width, singular_values.len());
        // Any two seeds that differ give independent bases.
        let (left, right) = (Basis::random(n, r, seed), Basis::random(n, r, !seed));
        let vectors: Vec<_> = (0..r).map(|i| (left.column(i), right.column(i))).collect();
        let mut matrix = vec![0.0; n * n];
        for (sigma, (u, v)) in singular_values.iter().zip(&vectors) {
            for i in 0..n {
                for j in 0..n {
                    matrix[i * n + j] += sigma * u[i] * v[j];
                }
            }
        }
        Ok(LinearNet {
            layers,
            width,
            singular_values,
            vectors,
            matrix,
            products: vec![0.0; layers * n * n],
            back: [vec![0.0; n * n], vec![0.0; n * n]],
        })
    }

    /// Two layers of width 10, σ = 1, 0.8, 0.6, 0.4, 0.2: N = 200, five strict saddles in a row.
    pub fn two_layers() -> Self {
        Self::new(2, 10, vec![1.0, 0.8, 0.6, 0.4, 0.2], 0).expect("valid")
    }

    /// Three layers of width 5, σ = 1, ½: N = 75, no curvature at 0.
    pub fn three_layers() -> Self {
        Self::new(3, 5, vec![1.0, 0.5], 0).expect("valid")
    }

    /// L.
    pub fn layers(&self) -> usize {
        self.layers
    }

    /// n.
    pub fn width(&self) -> usize {
        self.width
    }

    /// σ, descending.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (n, size) = (self.width, self.width * self.width);
        let weight = |l: usize| &x[l * size..][..size]; // W_{l+1}
        self.products[..size].copy_from_slice(weight(0));
        for l in 1..self.layers {
            let (below, product) = self.products.split_at_mut(l * size);
            multiply(&mut product[..size], weight(l), &below[(l - 1) * size..], n);
        }
        let [d, spare] = &mut self.back;
        let output = &self.products[(self.layers - 1) * size..];
        for ((d, p), m) in d.iter_mut().zip(output).zip(&self.matrix) {
            *d = p - m;
        }
        let value = 0.5 * d.iter().map(|d| d * d).sum::<f64>();
        if let Some(gradient) = gradient {
            for l in (1..self.layers).rev() {
                let below = &self.products[(l - 1) * size..][..size];
                multiply_nt(&mut gradient[l * size..][..size], d, below, n);
                multiply_tn(spare, weight(l), d, n);
                std::mem::swap(d, spare);
            }
            gradient[..size].copy_from_slice(d);
        }
        value
    }

    /// The balanced point that holds the first k singular triples.
    fn after(&self, k: usize) -> StationaryPoint {
        let (n, layers) = (self.width, self.layers);
        let mut x = vec![0.0; self.dimension()];
        let (first, rest) = x.split_at_mut(n * n);
        let (middle, last) = rest.split_at_mut((layers - 2) * n * n);
        for (i, (u, v)) in self.vectors.iter().enumerate().take(k) {
            let s = self.singular_values[i].powf(1.0 / layers as f64);
            for j in 0..n {
                first[i * n + j] = s * v[j];
                last[j * n + i] = s * u[j];
            }
            for weight in middle.chunks_exact_mut(n * n) {
                weight[i * n + i] = s;
            }
        }
        let rest = &self.singular_values[k..];
        let curvature = match rest.first() {
            Some(next) if layers == 2 => -next,
            _ => 0.0,
        };
        let value = 0.5 * rest.iter().map(|sigma| sigma * sigma).sum::<f64>();
        StationaryPoint { x, value, curvature: Some(curvature) }
    }
}

/// c ← a b, all n × n.
fn multiply(c: &mut [f64], a: &[f64], b: &[f64], n: usize) {
    c.fill(0.0);
    for (c, a) in c.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
        for (&a, b) in a.iter().zip(b.chunks_exact(n)) {
            c.iter_mut().zip(b).for_each(|(c, b)| *c += a * b);
        }
    }
}

/// c ← aᵀ b, all n × n.
fn multiply_tn(c: &mut [f64], a: &[f64], b: &[f64], n: usize) {
    c.fill(0.0);
    for (a, b) in a.chunks_exact(n).zip(b.chunks_exact(n)) {
        for (c, &a) in c.chunks_exact_mut(n).zip(a) {
            c.iter_mut().zip(b).for_each(|(c, b)| *c += a * b);
        }
    }
}

/// c ← a bᵀ, all n × n.
fn multiply_nt(c: &mut [f64], a: &[f64], b: &[f64], n: usize) {
    for (c, a) in c.chunks_exact_mut(n).zip(a.chunks_exact(n)) {
        for (c, b) in c.iter_mut().zip(b.chunks_exact(n)) {
            *c = a.iter().zip(b).map(|(a, b)| a * b).sum();
        }
    }
}

objective_by_evaluate!(LinearNet);

impl Landscape for LinearNet {
    /// `linear-net` for two layers, `deep-linear-net` for more.
    fn name(&self) -> &'static str {
        if self.layers == 2 { "linear-net" } else { "deep-linear-net" }
    }

    fn dimension(&self) -> usize {
        self.layers * self.width * self.width
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        vec![self.after(self.singular_values.len())]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        (0..self.singular_values.len()).map(|k| self.after(k)).collect()
    }
}
