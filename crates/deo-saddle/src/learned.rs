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
//! is solved entry by entry in the eigenvectors of A: B′ᵢⱼ = Rᵢⱼ/(aᵢ + aⱼ + 2).
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
//! way here is not learned again. Errors are taken as relative: the fit is made in the coordinates M^½s, M = |B₀| + μ. And
//! the length_scale is learned: of four, the one under which the last steps' gradients would have been foretold best (`relative`).
//!
//! | formula | code |
//! |---|---|
//! | sᵢ, yᵢ, the middle of the step | [`Pair`] |
//! | γ: the geometric mean of ‖yᵢ‖, weighted by wᵢ², times a factor | `prior` |
//! | A = UᵀaU | `explored`, `weights_seen` |
//! | B₀, M^½, M^−½ | [`Base`] |
//! | B = QᵀΛQ | `matrix`, `vectors`, `values` |

mod relative;

use super::eigen::symmetric_eigen;
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
    scratch: [Vec<f64>; 2],
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
            explored: square(),
            weights_seen: vec![0.0; count],
            scratch: [square(), square()],
            base: None,
        }
    }

    /// The eigenvalues of B, ascending.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
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
        let gamma = self.prior(position);
        self.gather(position, gamma);
        self.solve();
        let n = self.count;
        for i in 0..n {
            self.matrix[i * n + i] += gamma;
        }
        self.diagonalise();
    }

    /// E with AE + EA + 2E = R into `matrix`, entry by entry in the eigenvectors of A; A and R are the scratch, which is
    /// spent.
    fn solve(&mut self) {
        let n = self.count;
        let [a, r] = &mut self.scratch;
        symmetric_eigen(a, &mut self.explored, &mut self.weights_seen);
        let (u, t) = (&self.explored, a);
        // R ← U R Uᵀ, divided entry by entry, and back; `matrix` is the third buffer.
        multiply(u, r, t, n);
        for i in 0..n {
            for j in 0..n {
                let entry = dot(&t[i * n..(i + 1) * n], &u[j * n..(j + 1) * n]);
                // A is a sum of squares; what is below zero is rounding.
                let weight = self.weights_seen[i].max(0.0) + self.weights_seen[j].max(0.0);
                r[i * n + j] = entry / (weight + 2.0);
            }
        }
        multiply(r, u, t, n);
        self.matrix.fill(0.0);
        for l in 0..n {
            for i in 0..n {
                let c = u[l * n + i];
                add(c, &t[l * n..(l + 1) * n], &mut self.matrix[i * n..(i + 1) * n]);
            }
        }
    }

    /// The eigenpairs of `matrix`.
    fn diagonalise(&mut self) {
        let [t, _] = &mut self.scratch;
        t.copy_from_slice(&self.matrix);
        symmetric_eigen(t, &mut self.vectors, &mut self.values);
    }

    /// The share of the unit vector `v` that was never seen near here, in 0 … 1.
    pub(super) fn unexplored(&self, v: &[f64]) -> f64 {
        let n = self.count;
        let mut scaled = v.to_vec();
        if let Some(base) = &self.base {
            multiply_vector(&base.metric, v, &mut scaled);
            let length = norm(&scaled);
            scaled.iter_mut().for_each(|v| *v /= length);
        }
        let v = &scaled[..];
        let share = |i: usize| {
            let along = dot(&self.explored[i * n..(i + 1) * n], v);
            along * along / (1.0 + self.weights_seen[i].max(0.0))
        };
        (0..n).map(share).sum::<f64>().sqrt()
    }

    /// p ← Bs.
    pub(super) fn product(&self, s: &[f64], p: &mut [f64]) {
        for (i, p) in p.iter_mut().enumerate() {
            *p = dot(&self.matrix[i * self.count..(i + 1) * self.count], s);
        }
    }

    /// Where the pair learned last was seen.
    #[cfg(test)]
    pub(super) fn last_middle(&self) -> Option<&[f64]> {
        self.pairs.last().map(|pair| &pair.middle[..])
    }

    fn weight(&self, pair: &Pair, position: &[f64]) -> f64 {
        let square: f64 = pair.middle.iter().zip(position).map(|(m, p)| (m - p) * (m - p)).sum();
        weight(square + pair.spread, self.length_scale)
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

    /// A and R into the scratch.
    fn gather(&mut self, position: &[f64], gamma: f64) {
        let n = self.count;
        let [mut a, mut r] = std::mem::take(&mut self.scratch);
        a.fill(0.0);
        r.fill(0.0);
        let mut rest = vec![0.0; n];
        for pair in &self.pairs {
            let weight = self.weight(pair, position);
            if weight < FADED {
                continue;
            }
            let s = &pair.direction;
            for ((rest, y), s) in rest.iter_mut().zip(&pair.product).zip(s) {
                *rest = y - gamma * s;
            }
            collect([&mut a, &mut r], weight, s, &rest);
        }
        self.scratch = [a, r];
    }
}

/// y ← Av.
fn multiply_vector(a: &[f64], v: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(a.chunks(v.len())).for_each(|(y, row)| *y = dot(row, v));
}

/// A ← A + w ssᵀ and R ← R + w (rsᵀ + srᵀ).
fn collect([a, r]: [&mut [f64]; 2], weight: f64, s: &[f64], rest: &[f64]) {
    let n = s.len();
    for i in 0..n {
        add(weight * s[i], s, &mut a[i * n..(i + 1) * n]);
        let row = &mut r[i * n..(i + 1) * n];
        add(weight * rest[i], s, row);
        add(weight * s[i], rest, row);
    }
}

/// w at the mean square distance d².
fn weight(square: f64, length_scale: f64) -> f64 {
    (length_scale * length_scale / (square + (NEAR * length_scale).powi(2))).powi(2)
}

/// ⟨x, y⟩.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
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

/// z ← xy for n × n matrices, row-major.
fn multiply(x: &[f64], y: &[f64], z: &mut [f64], n: usize) {
    z.fill(0.0);
    for i in 0..n {
        for l in 0..n {
            add(x[i * n + l], &y[l * n..(l + 1) * n], &mut z[i * n..(i + 1) * n]);
        }
    }
}

#[cfg(test)]
mod tests;
