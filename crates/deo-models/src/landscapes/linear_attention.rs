//! Linear attention that learns regression in context, its loss averaged over all tasks in closed form.
//!
//! A task is w ~ normal(0, 1) in ℝᴰ; its context is n pairs (xᵢ, wᵀxᵢ) with xᵢ ~ normal(0, Λ), and x_q of the same kind is to be
//! answered by wᵀx_q. H heads of linear attention answer βᵀUx_q, β = 1/n Σ wᵀxᵢ xᵢ = Λ̂w, with
//!
//! ```text
//! U = Σ_h v_h U_h             key and query merged: a value and a D × D matrix for each head
//! U = Σ_h v_h k_h q_hᵀ        key and query apart: a value and two vectors
//! f = E (wᵀx_q − βᵀUx_q)² = tr Λ − 2⟨Λ², U⟩ + ⟨SUΛ, U⟩,   S = E Λ̂² = Λ² + (Λ² + tr(Λ) Λ)/n
//! ```
//!
//! ∇_U f = G = 2SUΛ − 2Λ²; then ∂f/∂v_h = ⟨G, U_h⟩ and so on. The vector x holds head after head: v_h and U_h row by row, or v_h,
//! k_h, q_h. With λ₁ > … > λ_D and s₁, …, s_D the eigenvalues of Λ and S, on the same vectors eᵢ:
//!
//! | point | f | lowest curvature |
//! |---|---|---|
//! | merged: 0, a saddle | tr Λ | −2‖Λ²‖_F, H times: along v_h and Λ² |
//! | merged: U = S⁻¹Λ, minima | Σ (λᵢ − λᵢ³/sᵢ) | 0: another share for each head |
//! | apart: U = Σ_{i≤d} (λᵢ/sᵢ) eᵢeᵢᵀ, d < D, saddles, 0 included | tr Λ − Σ_{i≤d} λᵢ³/sᵢ | 0: f falls along three factors at once |
//! | apart: d = D, minima | Σ (λᵢ − λᵢ³/sᵢ) | 0: k_h → ck_h, q_h → q_h/c |
//!
//! So merged it has one strict saddle, and apart one degenerate saddle for each principal component, learned one after the other.
//!
//! Y. Zhang, A. Singh, P. Latham, A. Saxe, Training dynamics of in-context learning in linear attention, arXiv
//! 2501.16265. Departure: the loss of infinitely many tasks in place of a sample's.

use super::landscape::objective_by_evaluate;
use super::{Basis, Landscape, LandscapeError, StationaryPoint};

/// Linear attention in context.
#[derive(Debug, Clone)]
pub struct LinearAttention {
    heads: usize,
    merged: bool,
    /// λ, descending.
    eigenvalues: Vec<f64>,
    context: usize,
    basis: Basis,
    /// Λ, Λ² and S, each D × D.
    covariance: Vec<f64>,
    square: Vec<f64>,
    second_moment: Vec<f64>,
}

impl LinearAttention {
    /// H heads with key and query merged or apart, Λ of these eigenvalues, descending, in a random basis, n pairs of context.
    ///
    /// # Errors
    ///
    /// Unless H ≥ 1, and H ≥ D if key and query are apart; unless the eigenvalues are positive, finite and descending; and
    /// unless n ≥ 1.
    pub fn new(
        heads: usize,
        merged: bool,
        eigenvalues: Vec<f64>,
        context: usize,
        seed: u64,
    ) -> Result<Self, LandscapeError> {
        let size = eigenvalues.len();
        LandscapeError::unless_descending("the list of eigenvalues", &eigenvalues, size.max(1))?;
        let (least, expected) =
            if merged { (1, "at least 1") } else { (size, "at least the number of eigenvalues") };
        LandscapeError::unless(heads >= least, "the number of heads", heads as f64, expected)?;
        LandscapeError::unless(context >= 1, "the context", context as f64, "at least 1")?;
        let basis = Basis::random(size, size, seed);
        let (s, of) = (second_moments(&eigenvalues, context), |values: &[f64]| {
            let mut matrix = vec![0.0; size * size];
            for (i, value) in values.iter().enumerate() {
                let e = basis.column(i);
                for j in 0..size {
                    for k in 0..size {
                        matrix[j * size + k] += value * e[j] * e[k];
                    }
                }
            }
            matrix
        });
        let squares: Vec<f64> = eigenvalues.iter().map(|l| l * l).collect();
        let [covariance, square, second_moment] = [of(&eigenvalues), of(&squares), of(&s)];
        Ok(LinearAttention {
            heads,
            merged,
            eigenvalues,
            context,
            basis,
            covariance,
            square,
            second_moment,
        })
    }

    /// Eight heads, key and query merged, D = 4, λ = 1, 0.7, 0.5, 0.3, n = 31: N = 136.
    pub fn merged() -> Self {
        Self::new(8, true, vec![1.0, 0.7, 0.5, 0.3], 31, 0).expect("valid")
    }

    /// Five heads, key and query apart, of the same tasks: N = 45.
    pub fn apart() -> Self {
        Self::new(5, false, vec![1.0, 0.7, 0.5, 0.3], 31, 0).expect("valid")
    }

    /// D.
    pub fn size(&self) -> usize {
        self.eigenvalues.len()
    }

    /// H.
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// Λ, row by row.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// n.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Parameters of a head.
    fn stride(&self) -> usize {
        let d = self.size();
        1 + if self.merged { d * d } else { 2 * d }
    }

    /// U.
    pub fn product(&self, x: &[f64]) -> Vec<f64> {
        let d = self.size();
        let mut u = vec![0.0; d * d];
        for head in x.chunks_exact(self.stride()) {
            let (v, rest) = (head[0], &head[1..]);
            for (i, u) in u.iter_mut().enumerate() {
                let entry = if self.merged { rest[i] } else { rest[i / d] * rest[d + i % d] };
                *u += v * entry;
            }
        }
        u
    }

    fn evaluate(&mut self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (d, stride) = (self.size(), self.stride());
        let u = self.product(x);
        let curved = multiply(&multiply(&self.second_moment, &u, d), &self.covariance, d);
        let trace: f64 = self.eigenvalues.iter().sum();
        let value = trace - 2.0 * dot(&self.square, &u) + dot(&curved, &u);
        let Some(gradient) = gradient else { return value };
        let g: Vec<f64> = curved.iter().zip(&self.square).map(|(c, s)| 2.0 * (c - s)).collect();
        for (head, out) in x.chunks_exact(stride).zip(gradient.chunks_exact_mut(stride)) {
            let (v, rest) = (head[0], &head[1..]);
            if self.merged {
                out[0] = dot(&g, rest);
                out[1..].iter_mut().zip(&g).for_each(|(out, g)| *out = v * g);
                continue;
            }
            let (k, q) = rest.split_at(d);
            let with_q: Vec<f64> = g.chunks_exact(d).map(|row| dot(row, q)).collect();
            out[0] = dot(k, &with_q);
            for i in 0..d {
                out[1 + i] = v * with_q[i];
                out[1 + d + i] = v * (0..d).map(|j| g[j * d + i] * k[j]).sum::<f64>();
            }
        }
        value
    }

    /// f where the first d components are learned.
    fn value_after(&self, d: usize) -> f64 {
        let s = second_moments(&self.eigenvalues, self.context);
        let learned = self.eigenvalues.iter().zip(&s).take(d).map(|(l, s)| l.powi(3) / s);
        self.eigenvalues.iter().sum::<f64>() - learned.sum::<f64>()
    }

    /// The point where the first d components are learned, by the first heads: by one of them all, if key and query are merged.
    fn after(&self, d: usize, curvature: f64) -> StationaryPoint {
        let (size, stride) = (self.size(), self.stride());
        let mut x = vec![0.0; self.dimension()];
        let s = second_moments(&self.eigenvalues, self.context);
        let sizes: Vec<f64> = self.eigenvalues.iter().zip(&s).map(|(l, s)| l / s).collect();
        let norm = sizes.iter().take(d).map(|u| u * u).sum::<f64>().sqrt();
        for (i, u) in sizes.iter().enumerate().take(d) {
            let e = self.basis.column(i);
            if self.merged {
                // Balanced: v² = ‖U₁‖².
                x[0] = norm.sqrt();
                for j in 0..size * size {
                    x[1 + j] += u / norm.sqrt() * e[j / size] * e[j % size];
                }
            } else {
                let head = &mut x[i * stride..][..stride];
                head[0] = u.cbrt();
                for j in 0..size {
                    (head[1 + j], head[1 + size + j]) = (u.cbrt() * e[j], u.cbrt() * e[j]);
                }
            }
        }
        StationaryPoint { x, value: self.value_after(d), curvature: Some(curvature) }
    }
}

/// s: the eigenvalues of E Λ̂² for n pairs of context.
fn second_moments(eigenvalues: &[f64], context: usize) -> Vec<f64> {
    let (trace, n) = (eigenvalues.iter().sum::<f64>(), context as f64);
    eigenvalues.iter().map(|l| l * l + (l * l + trace * l) / n).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// a b, both d × d.
fn multiply(a: &[f64], b: &[f64], d: usize) -> Vec<f64> {
    let entry = |i: usize| (0..d).map(|k| a[i / d * d + k] * b[k * d + i % d]).sum();
    (0..d * d).map(entry).collect()
}

objective_by_evaluate!(LinearAttention);

impl Landscape for LinearAttention {
    fn name(&self) -> &'static str {
        if self.merged { "linear-attention" } else { "linear-attention-apart" }
    }

    fn dimension(&self) -> usize {
        self.heads * self.stride()
    }

    fn domain(&self) -> Vec<(f64, f64)> {
        vec![(-1.0, 1.0); self.dimension()]
    }

    fn minima(&self) -> Vec<StationaryPoint> {
        vec![self.after(self.size(), 0.0)]
    }

    fn saddles(&self) -> Vec<StationaryPoint> {
        if self.merged {
            let norm = self.square.iter().map(|l| l * l).sum::<f64>().sqrt();
            return vec![self.after(0, -2.0 * norm)];
        }
        (0..self.size()).map(|d| self.after(d, 0.0)).collect()
    }
}
