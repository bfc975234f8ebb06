//! A Hessian learned from every pair of gradients that a search has seen.
//!
//! Problem: a step of length ℓ from x to x + ℓs has shown y = (g(x + ℓs) − g(x))/ℓ, the Hessian along s *averaged
//! over the step*. What do all such pairs, taken here and there, say about the Hessian H at the present point?
//!
//! **Model.** Before anything is seen, H is B₀ = γ1 with independent errors of its entries of some size τ. The
//! Hessian changes with the distance d by its own size over the `reach` ℓ_H, so that a pair seen at distance d says
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
//! the reach is learned: of four, the one under which the last steps' gradients would have been foretold best.
//!
//! | formula | code |
//! |---|---|
//! | sᵢ, yᵢ, the middle of the step | [`Pair`] |
//! | γ: the geometric mean of ‖yᵢ‖, weighted by wᵢ², times a factor | `prior` |
//! | A = UᵀaU | `explored`, `weights_seen` |
//! | B₀, M^½, M^−½ | [`Base`] |
//! | B = QᵀΛQ | `matrix`, `vectors`, `values` |

use super::eigen::symmetric_eigen;

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
    reach: f64,
    /// The reach as set; `reach` is the one in use.
    given: f64,
    scores: Vec<f64>,
    stiffness: f64,
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

/// A model's Hessian here, in whose metric M = |B₀| + μ its error is sought: a stiff direction errs by more than a soft one,
/// in the same proportion. It is the difference between Broyden's updates and Powell's.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Base {
    matrix: Vec<f64>,
    /// T = M^½ and its inverse.
    metric: Vec<f64>,
    inverse: Vec<f64>,
    /// Known up to a factor, and the factor.
    relative: bool,
    factor: f64,
}

/// d₀ in units of the reach: pairs nearer than that are equally good, and w stays below 2e5, so that the normal
/// equation keeps ten digits.
const NEAR: f64 = 0.05;

/// Reaches that are compared, in units of the one given: the error of a model may change over less than it is expected to, where
/// it is wrong, or over more.
const REACHES: [f64; 4] = [0.25, 0.5, 1.0, 2.0];
/// What a score keeps at every step: five steps count.
const REMEMBERED: f64 = 0.8;
/// A fifth better, over those steps, is better.
const BETTER: f64 = 0.2;

/// The least stiffness in M, in units of the mean: what a model calls soft may be as stiff as a tenth of the rest.
const SOFT: f64 = 0.1;
/// Models are taken at their word unless they are wrong by more than this factor. Lindh's is right within two.
const FAR_OFF: f64 = 3.0;

/// Pairs of less weight than this change an entry by less than 0.1 % of its prior error.
const FADED: f64 = 1e-3;

/// Pairs kept, in units of r: beyond that everything old is far away or long since repeated.
const PAIRS: usize = 6;

impl LearnedHessian {
    pub(super) fn new(count: usize, reach: f64, stiffness: f64) -> Self {
        let square = || vec![0.0; count * count];
        LearnedHessian {
            count,
            reach,
            given: reach,
            scores: vec![0.0; REACHES.len()],
            stiffness,
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

    /// Takes a model's Hessian at the present point.
    pub(super) fn set_base(&mut self, matrix: Option<&[f64]>, relative: bool) {
        let n = self.count;
        let Some(matrix) = matrix else {
            self.base = None;
            return;
        };
        let (mut copy, mut vectors, mut values) = (matrix.to_vec(), vec![0.0; n * n], vec![0.0; n]);
        symmetric_eigen(&mut copy, &mut vectors, &mut values);
        let factor = self.base.as_ref().map_or(1.0, |base| base.factor);
        let floor = SOFT * values.iter().map(|v| v.abs()).sum::<f64>() / n.max(1) as f64;
        // A matrix of zeros is as good as none.
        let floor = if floor > 0.0 { floor } else { 1.0 };
        let root = |sign: f64| {
            let mut m = vec![0.0; n * n];
            for (v, value) in vectors.chunks(n).zip(&values) {
                let c = (value.abs() + floor).sqrt().powf(sign);
                (0..n).for_each(|i| add(c * v[i], v, &mut m[i * n..(i + 1) * n]));
            }
            m
        };
        self.base = Some(Base {
            matrix: matrix.to_vec(),
            metric: root(1.0),
            inverse: root(-1.0),
            relative,
            factor,
        });
    }

    /// Takes an earlier point's matrix of the same model again.
    pub(super) fn restore(&mut self, matrix: Option<&[f64]>) {
        let relative = self.base.as_ref().is_some_and(|base| base.relative);
        self.set_base(matrix, relative);
    }

    /// p ← B₀s.
    pub(super) fn modelled(&self, s: &[f64], p: &mut [f64]) -> bool {
        let Some(base) = &self.base else { return false };
        p.iter_mut().zip(base.matrix.chunks(self.count)).for_each(|(p, row)| *p = dot(row, s));
        true
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
        for i in 0..n {
            self.matrix[i * n + i] += gamma;
        }
        t.copy_from_slice(&self.matrix);
        symmetric_eigen(t, &mut self.vectors, &mut self.values);
    }

    /// The same for the error of a model, in coordinates in which the model is one.
    fn settle_on(&mut self, mut base: Base, position: &[f64]) -> Base {
        let n = self.count;
        base.factor = self.factor(base.relative, position);
        self.fit_error(&base, position);
        let c = base.factor;
        for (b, model) in self.matrix.iter_mut().zip(&base.matrix) {
            *b += c * model;
        }
        for i in 0..n {
            for j in 0..i {
                let mean = 0.5 * (self.matrix[i * n + j] + self.matrix[j * n + i]);
                (self.matrix[i * n + j], self.matrix[j * n + i]) = (mean, mean);
            }
        }
        let [mut t, r] = std::mem::take(&mut self.scratch);
        t.copy_from_slice(&self.matrix);
        symmetric_eigen(&mut t, &mut self.vectors, &mut self.values);
        self.scratch = [t, r];
        base
    }

    /// Scores the reaches by how well each foretells the change `y` of the gradient over the step `s` from `position`, of
    /// which the model knows `modelled`, and takes the best for what comes. To be called before the step is learned.
    pub(super) fn compare(&mut self, s: &[f64], y: &[f64], modelled: &[f64], position: &[f64]) {
        let Some(base) = self.base.take() else { return };
        let chosen = self.reach;
        let kept = (self.matrix.clone(), self.explored.clone(), self.weights_seen.clone());
        let mut foretold = vec![0.0; self.count];
        for (k, factor) in REACHES.iter().enumerate() {
            self.reach = factor * self.given;
            self.fit_error(&base, position);
            self.product(s, &mut foretold);
            let misses = y.iter().zip(modelled).zip(&foretold);
            let miss: Vec<f64> = misses.map(|((y, m), e)| y - base.factor * m - e).collect();
            let score = norm(&miss).max(f64::MIN_POSITIVE).ln();
            self.scores[k] = REMEMBERED * self.scores[k] + score;
        }
        (self.matrix, self.explored, self.weights_seen) = kept;
        let best = (0..REACHES.len()).min_by(|&a, &b| self.scores[a].total_cmp(&self.scores[b]));
        let now = REACHES.iter().position(|factor| factor * self.given == chosen);
        self.reach = match (best, now) {
            (Some(best), Some(now)) if self.scores[best] < self.scores[now] - BETTER => {
                REACHES[best] * self.given
            }
            _ => chosen,
        };
        self.base = Some(base);
    }

    /// T E T into `matrix`.
    fn fit_error(&mut self, base: &Base, position: &[f64]) {
        let n = self.count;
        let c = base.factor;
        let scale = if base.relative { c.sqrt() } else { 1.0 };
        let [mut a, mut r] = std::mem::take(&mut self.scratch);
        a.fill(0.0);
        r.fill(0.0);
        let (mut rest, mut s, mut y) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for pair in &self.pairs {
            let weight = self.weight(pair, position);
            let Some(modelled) = pair.modelled.as_ref().filter(|_| weight >= FADED) else {
                continue;
            };
            for (i, rest) in rest.iter_mut().enumerate() {
                *rest = pair.product[i] - c * modelled[i];
            }
            multiply_vector(&base.metric, &pair.direction, &mut s);
            multiply_vector(&base.inverse, &rest, &mut y);
            // Of a unit vector there; T has the factor's root.
            let length = norm(&s);
            s.iter_mut().for_each(|s| *s /= length);
            y.iter_mut().for_each(|y| *y /= length * scale * scale);
            for i in 0..n {
                add(weight * s[i], &s, &mut a[i * n..(i + 1) * n]);
                let row = &mut r[i * n..(i + 1) * n];
                add(weight * y[i], &s, row);
                add(weight * s[i], &y, row);
            }
        }
        symmetric_eigen(&mut a, &mut self.explored, &mut self.weights_seen);
        let (u, t) = (&self.explored, &mut a);
        multiply(u, &r, t, n);
        for i in 0..n {
            for j in 0..n {
                let entry = dot(&t[i * n..(i + 1) * n], &u[j * n..(j + 1) * n]);
                let weight = self.weights_seen[i].max(0.0) + self.weights_seen[j].max(0.0);
                r[i * n + j] = entry / (weight + 2.0);
            }
        }
        multiply(&r, u, t, n);
        self.matrix.fill(0.0);
        for l in 0..n {
            for i in 0..n {
                let c = u[l * n + i];
                add(c, &t[l * n..(l + 1) * n], &mut self.matrix[i * n..(i + 1) * n]);
            }
        }
        // Back: T E T.
        multiply(&base.metric, &self.matrix, t, n);
        multiply(t, &base.metric, &mut self.matrix, n);
        self.matrix.iter_mut().for_each(|b| *b *= scale * scale);
        self.scratch = [a, r];
    }

    /// What the model is to be multiplied by. A relative one as γ is found. Any other by one, unless stiff directions, which
    /// lead a least-squares fit, show it to be far off: then by what brings it back within the limit.
    fn factor(&self, relative: bool, position: &[f64]) -> f64 {
        let (mut sum, mut total, mut along, mut square) = (0.0, 0.0, 0.0, 0.0);
        for pair in &self.pairs {
            let Some(modelled) = &pair.modelled else { continue };
            let (length, model) = (norm(&pair.product), norm(modelled));
            if length > 0.0 && model > 0.0 {
                let weight = self.weight(pair, position).powi(2);
                sum += weight * (length / model).ln();
                total += weight;
                along += weight * length * model;
                square += weight * model * model;
            }
        }
        if total == 0.0 {
            1.0
        } else if relative {
            (sum / total).exp()
        } else {
            let ratio = along / square;
            ratio / ratio.clamp(1.0 / FAR_OFF, FAR_OFF)
        }
    }

    /// The share of the unit vector `v` that was never seen near here, in 0 … 1.
    pub(super) fn doubt(&self, v: &[f64]) -> f64 {
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

    /// ⟨v, Mv⟩: how stiff the model is along a unit vector, in size.
    pub(super) fn stiffness(&self, v: &[f64]) -> f64 {
        let Some(base) = &self.base else { return 0.0 };
        let square = base.metric.chunks(self.count).map(|row| dot(row, v).powi(2)).sum::<f64>();
        square * if base.relative { base.factor } else { 1.0 }
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
        weight(square + pair.spread, self.reach)
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
        if total > 0.0 { self.stiffness * (sum / total).exp() } else { 1.0 }
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
            for i in 0..n {
                add(weight * s[i], s, &mut a[i * n..(i + 1) * n]);
                let row = &mut r[i * n..(i + 1) * n];
                add(weight * rest[i], s, row);
                add(weight * s[i], &rest, row);
            }
        }
        self.scratch = [a, r];
    }
}

/// y ← Av.
fn multiply_vector(a: &[f64], v: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(a.chunks(v.len())).for_each(|(y, row)| *y = dot(row, v));
}

/// w at the mean square distance d².
fn weight(square: f64, reach: f64) -> f64 {
    (reach * reach / (square + (NEAR * reach).powi(2))).powi(2)
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
mod tests {
    use super::*;
    use deo_core::noise::noise;

    fn times(h: &[f64], s: &[f64]) -> Vec<f64> {
        h.chunks(s.len()).map(|row| dot(row, s)).collect()
    }

    fn symmetric(n: usize) -> Vec<f64> {
        (0..n * n).map(|k| noise(7, ((k / n).max(k % n) * n + (k / n).min(k % n)) as u64)).collect()
    }

    fn random(n: usize, seed: u64) -> Vec<f64> {
        (0..n as u64).map(|i| noise(seed, i)).collect()
    }

    /// Probes of a constant Hessian, as many as coordinates, at the present point: it is known.
    #[test]
    fn a_quadratic_is_learned_exactly() {
        let n = 9;
        let h = symmetric(n);
        let mut b = LearnedHessian::new(n, 0.3, 0.5);
        for i in 0..n {
            let mut s = vec![0.0; n];
            s[i] = 1e-4;
            b.learn(&s, &times(&h, &s), None, [0.0; 9].into_iter());
        }
        b.settle(&[0.0; 9]);
        let v = random(n, 99);
        let (mut found, exact) = (vec![0.0; n], times(&h, &v));
        b.product(&v, &mut found);
        for (found, exact) in found.iter().zip(exact) {
            // w is 2e5: the prior still says 1e-5 of it, and the entries of R some ten times that.
            assert!((found - exact).abs() < 1e-3, "{found} {exact}");
        }
        assert!(b.doubt(&v.iter().map(|x| x / dot(&v, &v).sqrt()).collect::<Vec<_>>()) < 0.05);
    }

    #[test]
    fn the_nearer_of_two_contradictions_leads_and_doubt_grows_with_distance() {
        let mut b = LearnedHessian::new(2, 0.3, 0.5);
        b.learn(&[1e-4, 0.0], &[1e-3, 0.0], None, [0.0, 0.0].into_iter());
        b.learn(&[1e-4, 0.0], &[3e-3, 0.0], None, [0.0, 0.2].into_iter());
        let mut at = |p: [f64; 2]| {
            b.settle(&p);
            let mut product = [0.0; 2];
            b.product(&[1.0, 0.0], &mut product);
            (product[0], b.doubt(&[1.0, 0.0]), b.doubt(&[0.0, 1.0]))
        };
        let (here, certain, nothing) = at([0.0, 0.0]);
        assert!(
            (here - 10.0).abs() < 0.01 && certain < 0.01 && nothing == 1.0,
            "{here} {certain} {nothing}"
        );
        assert!((at([0.0, 0.2]).0 - 30.0).abs() < 0.01);
        // Weights of 190 and 40: the ratio of the distances to the fourth power.
        let (between, doubt, _) = at([0.0, 0.08]);
        assert!(between > 13.0 && between < 14.0 && doubt < 0.1, "{between} {doubt}");
        let (_, far, _) = at([0.0, 0.8]);
        assert!(far > 0.9, "{far}");
    }

    /// The least-squares solution against its normal equation, entry by entry.
    #[test]
    fn it_solves_its_normal_equation() {
        let (n, reach, gamma) = (5, 0.4, 1.0);
        let h = symmetric(n);
        let mut b = LearnedHessian::new(n, reach, gamma);
        let position = random(n, 3);
        let mut terms = Vec::new();
        for seed in 0..4 {
            let (s, middle) = (random(n, 20 + seed), random(n, 40 + seed));
            let length = dot(&s, &s).sqrt();
            let unit: Vec<f64> = s.iter().map(|s| s / length).collect();
            let y: Vec<f64> = times(&h, &unit);
            b.learn(
                &s,
                &y.iter().map(|y| y * length).collect::<Vec<_>>(),
                None,
                middle.iter().copied(),
            );
            let square: f64 = middle.iter().zip(&position).map(|(m, p)| (m - p).powi(2)).sum();
            let spread = length * length / 12.0;
            let nearness = reach * reach / (square + spread + (NEAR * reach).powi(2));
            terms.push((unit, y, nearness * nearness));
        }
        b.settle(&position);
        let (mut sum, mut total) = (0.0, 0.0);
        for (_, y, w) in &terms {
            sum += w * w * dot(y, y).sqrt().ln();
            total += w * w;
        }
        let prior = gamma * f64::exp(sum / total);
        // ∂/∂B of ‖B − B₀‖² + Σ w‖Bs − y‖², symmetrised, vanishes.
        for i in 0..n {
            for j in 0..n {
                let mut slope = 2.0 * (b.matrix[i * n + j] - if i == j { prior } else { 0.0 });
                for (s, y, w) in terms.iter().filter(|t| t.2 >= FADED) {
                    let bs = times(&b.matrix, s);
                    slope += w * ((bs[i] - y[i]) * s[j] + (bs[j] - y[j]) * s[i]);
                }
                assert!(slope.abs() < 1e-10, "{i} {j}: {slope:e}");
            }
        }
    }
}
