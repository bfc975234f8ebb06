//! How much of a missed eigenvector a random direction can have held.
//!
//! Problem: a list of eigenpairs is complete if no eigenvector u with an eigenvalue μ among those wanted lies outside the
//! basis. A random direction r has some component ε = ⟨u, r⟩ of it. How small must ε have been for u not to show?
//!
//! All that a process does to its basis is linear, and ⟨u, Hv⟩ = μ⟨u, v⟩. So γⱼ = ⟨u, vⱼ⟩/ε follows from the coefficients
//! of the process, without u:
//!
//! | step | γ |
//! |---|---|
//! | r becomes a basis vector | 1 |
//! | a locked pair, a further random direction | 0 |
//! | v = (Σ cⱼ (Hvⱼ − θ vⱼ))/norm | (μ − θ) Σ cⱼ γⱼ / norm |
//! | V ← CV | Cγ |
//!
//! The basis is orthonormal and u a unit vector, so Σ ⟨u, vⱼ⟩² ≤ 1, hence
//!
//! |ε| ≤ (Σ γⱼ²)^−½,
//!
//! the square root of the Christoffel function of r's spectral measure at μ (Nevai 1986): the most mass that the moments
//! seen so far leave room for there. The component of a unit random direction along any other is about a normal variate
//! over √N, which is below t/√N in magnitude with probability 0.8 t: [`Missed::chance`] is that t. It is largest for the μ
//! nearest to the rest of the spectrum, so that it holds for all beyond it too.
//!
//! Departure: the locked pairs are only as sharp as they have converged, and what they hold of u is left out.

/// A component is no larger, so that a state holds numbers only: with this one nothing can have been missed, and γ of values far
/// from all that is sought grows without end.
const LARGEST: f64 = 1e150;

/// The components γ that eigenvectors with certain eigenvalues would have, in units of that of the random direction.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Missed {
    /// m, the length of a row.
    memory: usize,
    /// μ, first those that decide whether the list is complete.
    values: Vec<f64>,
    deciding: usize,
    /// γ of each, a row of m for each value.
    components: Vec<f64>,
    /// The largest Σ γⱼ² of each so far: a restart forgets directions, and what they showed stays true.
    seen: Vec<f64>,
    /// The random direction is in the basis: a further one has another component.
    entered: bool,
    /// A direction was neither random nor a residual of the process, so that its γ isn't known.
    lost: bool,
}

impl Missed {
    /// For up to `values` eigenvalues and `memory` basis vectors.
    pub(super) fn new(values: usize, memory: usize) -> Self {
        Missed {
            memory,
            values: Vec::with_capacity(values),
            deciding: 0,
            components: vec![0.0; values * memory],
            seen: Vec::with_capacity(values),
            entered: false,
            lost: false,
        }
    }

    /// Forgets everything; from now on eigenvectors with these eigenvalues are looked for. Those with the `further` ones,
    /// behind them, only tell how far the list reaches.
    pub(super) fn follow(
        &mut self,
        values: impl Iterator<Item = f64>,
        further: impl Iterator<Item = f64>,
    ) {
        self.values.clear();
        self.values.extend(values);
        self.deciding = self.values.len();
        self.values.extend(further);
        self.components.fill(0.0);
        self.seen.clear();
        self.seen.resize(self.values.len(), 0.0);
        (self.entered, self.lost) = (false, false);
    }

    /// Basis vector j is a random direction.
    pub(super) fn enter(&mut self, j: usize) {
        let gamma = if self.entered { 0.0 } else { 1.0 };
        self.set(j, |_, _| gamma);
        self.entered = true;
    }

    /// There is a random direction.
    pub(super) fn has_entered(&self) -> bool {
        self.entered
    }

    /// Basis vector j isn't what it was to be.
    pub(super) fn lose(&mut self, j: usize) {
        self.set(j, |_, _| 0.0);
        self.lost = true;
    }

    /// Basis vector j is the residual of the Ritz pair (θ, `weights`), made a unit vector by 1/`norm`.
    pub(super) fn extend(&mut self, j: usize, theta: f64, weights: &[f64], norm: f64) {
        self.set(j, |mu, gamma| (mu - theta) * along(weights, gamma) / norm);
    }

    fn set(&mut self, j: usize, component: impl Fn(f64, &[f64]) -> f64) {
        let rows = self.components.chunks_exact_mut(self.memory);
        for ((mu, seen), row) in self.values.iter().zip(&mut self.seen).zip(rows) {
            row[j] = component(*mu, row).clamp(-LARGEST, LARGEST);
            *seen = seen.max(along(row, row));
        }
    }

    /// V ← CV for the first `rows` rows of C, each of `k` weights; the rest of V is empty.
    pub(super) fn recombine(
        &mut self,
        weights: &[f64],
        rows: usize,
        k: usize,
        scratch: &mut [f64],
    ) {
        for row in self.components.chunks_exact_mut(self.memory) {
            for (a, new) in scratch[..rows].iter_mut().enumerate() {
                *new = along(&weights[a * k..][..k], row);
            }
            row[..rows].copy_from_slice(&scratch[..rows]);
            row[rows..].fill(0.0);
        }
    }

    /// The largest component, in standard deviations, that the random direction can have had of an eigenvector with the
    /// i-th value, next to `pairs`, each a Ritz value, its weights and its residual: the direction of a residual is part of
    /// the basis that would come next.
    pub(super) fn chance<'a>(
        &self,
        i: usize,
        pairs: impl Iterator<Item = (f64, &'a [f64], f64)>,
        root_dimension: f64,
    ) -> f64 {
        let (mu, row) = (self.values[i], &self.components[i * self.memory..][..self.memory]);
        let next = pairs.map(|(theta, weights, residual)| {
            // A residual of 0 leads nowhere, and shows that there is nothing.
            (mu - theta) * along(weights, row) / residual.max(f64::MIN_POSITIVE)
        });
        let seen = next.fold(self.seen[i].sqrt(), |seen, gamma| seen.max(gamma.abs()));
        if self.lost { f64::INFINITY } else { root_dimension / seen }
    }

    /// How much of the random direction a vector holds.
    pub(super) fn share(&self, weights: &[f64]) -> f64 {
        let rows = self.components.chunks_exact(self.memory).take(self.deciding);
        rows.map(|row| along(weights, row).abs()).fold(0.0, f64::max)
    }

    /// The values that decide.
    pub(super) fn values(&self) -> &[f64] {
        &self.values[..self.deciding]
    }

    /// The further ones, each with the place that [`chance`](Self::chance) knows it by.
    pub(super) fn further(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.values.iter().copied().enumerate().skip(self.deciding)
    }
}

fn along(weights: &[f64], components: &[f64]) -> f64 {
    weights.iter().zip(components).map(|(c, gamma)| c * gamma).sum()
}
