//! A Hessian learned from every pair of gradients that a search has seen.
//!
//! Problem: a step of length ℓ from x to x + ℓs has shown y = (g(x + ℓs) − g(x))/ℓ, the Hessian along s *averaged
//! over the step*. What do all such pairs, taken here and there, say about the Hessian H at the present point?
//!
//! **Model.** Before anything is seen, H is B₀ = γ1 with independent errors of its entries of some size τ. The
//! Hessian changes with the distance d by its own size over the `length_scale` ℓ_H, so that a pair seen at distance d says
//! yᵢ = H sᵢ + error of size τ(d/ℓ_H)²; over a step of length ℓ whose middle is D away, d² is D² + ℓ²/12 on average.
//! The most probable symmetric H is the least-squares solution
//!
//! min over B = Bᵀ of  ‖B − B₀‖²_F + Σᵢ wᵢ ‖B sᵢ − yᵢ‖²,  wᵢ = (ℓ_H²/(dᵢ² + d₀²))²,
//!
//! whose normal equation AB′ + B′A + 2B′ = R, A = Σ wᵢ sᵢsᵢᵀ, R = Σ wᵢ(rᵢsᵢᵀ + sᵢrᵢᵀ), rᵢ = yᵢ − γsᵢ, B′ = B − B₀,
//! is solved entry by entry in the eigenvectors of A: B′ᵢⱼ = Rᵢⱼ/(aᵢ + aⱼ + 2). Only what was seen needs them (`fit`).
//!
//! The error of one pair grows like d, not like d². But pairs of one region share their error, which the sum takes for
//! independent: ten of them would outvote a single one that is three times nearer. The steep law gives the nearest the
//! say; with 1/d² in place of 1/d⁴ searches took a quarter more gradients (docs/adr/0024).
//!
//! Consequences: a probe at the present point (d = 0) is reproduced to 1e-5; two pairs that contradict each other,
//! because the Hessian has changed between them, are averaged with the nearer one leading; what was seen far away
//! fades by itself. Updates of the Broyden kind (TS-BFGS, Bofill's) have none of the last two: on Lennard-Jones
//! clusters, whose Hessian changes by its own size within a tenth of a bond, a
//! prototype with TS-BFGS updates and Davidson probes took five times as many gradients or more (docs/adr/0024).
//!
//! **Doubt.** The share of a direction v that no near pair has explored, Σ ⟨uᵢ, v⟩²/(1 + aᵢ), uᵢ the eigenvectors
//! of A; it is 1 where nothing is known and 0 at a direction just probed. The search probes where it is large.
//!
//! **With a model** B₀(x) (module `model`) it is the model's error E that is fitted, to what it missed of every pair,
//! rᵢ = yᵢ − B̄₀sᵢ, B̄₀ its mean over the step: B = B₀(x) + E with x the present point, so that what the model knows of the
//! way here is not learned again. Errors are taken as relative: the fit is made in the coordinates Ts, TᵀT = M = |B₀| + μ. And
//! the length_scale is learned: of four, the one under which the last steps' gradients would have been foretold best (`relative`).
//!
//! | formula | code |
//! |---|---|
//! | sᵢ, yᵢ, the middle of the step | [`Pair`] |
//! | γ: the geometric mean of ‖yᵢ‖, weighted by wᵢ², times a factor | `prior` |
//! | A = UᵀaU | `explored`, `weights_seen`, where a isn't zero |
//! | B₀, T, T⁻ᵀ | [`Base`] |
//! | B = QᵀΛQ | `matrix`, `vectors`, `values` |

mod fit;
mod relative;

pub(super) use super::dense::{dot, multiply_vector};
use super::eigen::symmetric_eigen;
use fit::Seen;
use relative::{Base, REACHES};

#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Pair {
    direction: Vec<f64>,
    product: Vec<f64>,
    /// B̄₀s/‖s‖, where there was a model.
    modelled: Option<Vec<f64>>,
    middle: Vec<f64>,
    /// ℓ²/12.
    spread: f64,
}

/// The learned Hessian of a search with r coordinates; O(r²) memory beside its pairs, O(r³) work a call of `settle`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct LearnedHessian {
    count: usize,
    length_scale: f64,
    /// The reach as set; `length_scale` is the one in use.
    given: f64,
    scores: Vec<f64>,
    prior_curvature: f64,
    /// A ring: the oldest pair makes room.
    pairs: Vec<Pair>,
    next: usize,
    matrix: Vec<f64>,
    values: Vec<f64>,
    vectors: Vec<f64>,
    explored: Vec<f64>,
    weights_seen: Vec<f64>,
    base: Option<Base>,
}

/// d₀ in units of the length_scale: pairs nearer than that are equally good, and w stays below 2e5, so that the normal
/// equation keeps ten digits.
const NEAR: f64 = 0.05;

/// Pairs of less weight than this change an entry by less than 0.1 % of its prior error.
const FADED: f64 = 1e-3;

/// Pairs kept, in units of r: beyond that everything old is far away or long since repeated.
const PAIRS: usize = 6;

impl LearnedHessian {
    pub(super) fn new(count: usize, length_scale: f64, prior_curvature: f64) -> Self {
        let square = || vec![0.0; count * count];
        LearnedHessian {
            count,
            length_scale,
            given: length_scale,
            scores: vec![0.0; REACHES.len()],
            prior_curvature,
            pairs: Vec::new(),
            next: 0,
            matrix: square(),
            values: vec![0.0; count],
            vectors: square(),
            explored: Vec::new(),
            weights_seen: Vec::new(),
            base: None,
        }
    }

    /// The eigenvalues of B, ascending.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// B, row-major.
    pub(super) fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// The eigenvector of `values()[i]`.
    pub(super) fn vector(&self, i: usize) -> &[f64] {
        &self.vectors[i * self.count..(i + 1) * self.count]
    }

    /// Learns that a displacement `s`, whose middle lay at `middle`, changed the gradient by `y`.
    pub(super) fn learn(
        &mut self,
        s: &[f64],
        y: &[f64],
        modelled: Option<&[f64]>,
        middle: impl Iterator<Item = f64>,
    ) {
        let length = norm(s);
        if length == 0.0 {
            return;
        }
        let scaled = |v: &[f64]| v.iter().map(|v| v / length).collect::<Vec<f64>>();
        let pair = Pair {
            direction: scaled(s),
            product: scaled(y),
            modelled: modelled.map(scaled),
            middle: middle.collect(),
            spread: length * length / 12.0,
        };
        if self.pairs.len() < PAIRS * self.count {
            self.pairs.push(pair);
        } else {
            self.pairs[self.next] = pair;
            self.next = (self.next + 1) % self.pairs.len();
        }
    }

    /// Makes B the Hessian at `position`, and its eigenpairs.
    pub(super) fn settle(&mut self, position: &[f64]) {
        if let Some(base) = self.base.take() {
            self.base = Some(self.settle_on(base, position));
            return;
        }
        let (n, gamma) = (self.count, self.prior(position));
        let near = self.nearest(position, self.length_scale);
        let (mut s, mut y) = (Vec::with_capacity(near.len() * n), Vec::new());
        for &(_, k) in &near {
            let Pair { direction, product, .. } = &self.pairs[k];
            s.extend_from_slice(direction);
            y.extend(product.iter().zip(direction).map(|(y, s)| y - gamma * s));
        }
        let squares = near.iter().map(|near| near.0).collect();
        let seen = Seen::new(n, [s, y], squares, &[self.length_scale]);
        let parts = seen.fit(self.length_scale).parts();
        self.matrix.fill(0.0);
        self.matrix.iter_mut().step_by(n + 1).for_each(|b| *b = gamma);
        parts.add_to(&mut self.matrix, n, 1.0, None);
        (self.explored, self.weights_seen) = (parts.u, parts.values);
        self.diagonalise();
    }

    /// The pairs that haven't faded at this reach, the nearest first: the squares of their distances, and which they are.
    fn nearest(&self, position: &[f64], reach: f64) -> Vec<(f64, usize)> {
        let square = |pair: &Pair| self.square(pair, position);
        let mut near: Vec<(f64, usize)> = self.pairs.iter().map(square).zip(0..).collect();
        near.retain(|near| weight(near.0, reach) >= FADED);
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near
    }

    /// The eigenpairs of `matrix`.
    fn diagonalise(&mut self) {
        symmetric_eigen(&mut self.matrix.clone(), &mut self.vectors, &mut self.values);
    }

    /// The share of the unit vector `v` that was never seen near here, in 0 … 1.
    pub(super) fn unexplored(&self, v: &[f64]) -> f64 {
        let n = self.count;
        let mut rest = v.to_vec();
        if let Some(base) = &self.base {
            multiply_vector(&base.root, v, &mut rest);
            let length = norm(&rest);
            rest.iter_mut().for_each(|v| *v /= length);
        }
        // What is left of v outside all that was seen counts in full.
        let mut sum = 0.0;
        for (u, a) in self.explored.chunks_exact(n.max(1)).zip(&self.weights_seen) {
            let along = dot(u, &rest);
            add(-along, u, &mut rest);
            sum += along * along / (1.0 + a);
        }
        (sum + dot(&rest, &rest)).sqrt()
    }

    /// p ← Bs.
    pub(super) fn product(&self, s: &[f64], p: &mut [f64]) {
        multiply_vector(&self.matrix, s, p);
    }

    /// Where the pair learned last was seen.
    #[cfg(test)]
    pub(super) fn last_middle(&self) -> Option<&[f64]> {
        self.pairs.last().map(|pair| &pair.middle[..])
    }

    /// The mean square distance of a pair.
    fn square(&self, pair: &Pair, position: &[f64]) -> f64 {
        let square: f64 = pair.middle.iter().zip(position).map(|(m, p)| (m - p) * (m - p)).sum();
        square + pair.spread
    }

    fn weight(&self, pair: &Pair, position: &[f64]) -> f64 {
        weight(self.square(pair, position), self.length_scale)
    }

    /// γ. The geometric mean, because lengths of products span decades; weights squared, because a prior from
    /// far away is what everything unexplored would be measured by.
    fn prior(&self, position: &[f64]) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for pair in &self.pairs {
            let length = norm(&pair.product);
            if length > 0.0 {
                let weight = self.weight(pair, position).powi(2);
                sum += weight * length.ln();
                total += weight;
            }
        }
        if total > 0.0 { self.prior_curvature * (sum / total).exp() } else { 1.0 }
    }
}

/// w at the mean square distance d².
fn weight(square: f64, length_scale: f64) -> f64 {
    (length_scale * length_scale / (square + (NEAR * length_scale).powi(2))).powi(2)
}

/// ‖x‖, also where its square would under- or overflow.
pub(super) fn norm(x: &[f64]) -> f64 {
    let plain = dot(x, x).sqrt();
    // Squares between 1e-280 and 1e300 have all their digits.
    if plain.is_nan() || plain > 1e-140 && plain < 1e150 {
        return plain;
    }
    let largest = x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * x.iter().map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}

/// y ← y + c x.
pub(super) fn add(c: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += c * x);
}

#[cfg(test)]
mod tests;
