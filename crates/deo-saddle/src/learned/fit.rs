//! The least-squares fit of `learned`, in no more coordinates than were seen.
//!
//! Problem: of r coordinates m pairs have seen a span of at most m, and beyond it A = Σ wᵢ sᵢsᵢᵀ is zero. With S = LQ, the pairs'
//! directions as rows, L lower triangular and the rows of Q orthonormal, W the weights and Y the pairs' products,
//!
//! A = QᵀA′Q, A′ = LᵀWL,  R = QᵀLᵀWY + its transpose,
//!
//! and in the eigenvectors of A′ alone, A′ = PᵀaP, U = PQ, the solution of AE + EA + 2E = R is
//!
//! E = UᵀXU + UᵀZ + ZᵀU,  Xᵢⱼ = (Dᵢⱼ + Dⱼᵢ)/(aᵢ + aⱼ + 2),  Zᵢ = (K(Y − FQ))ᵢ/(aᵢ + 2),
//!
//! K = PLᵀW, F = YQᵀ, D = KFPᵀ: X within what was seen, Z between it and the rest, and nothing within the rest.
//!
//! Pairs are in the order of their distance, and so are the rows of L and Q: the m nearest ones are their first m rows, and a
//! shorter reach needs no other Q. Where m isn't well below r, Q is 1 and L is S.
//!
//! | formula | code |
//! |---|---|
//! | S, Y | [`Seen`] |
//! | Q, L, F | `Frame` |
//! | a, P, U, X, K | [`Fit`] |

use super::super::dense::{Matrix, add_product, add_symmetric_product, product, times};
use super::super::eigen::symmetric_eigen;
use super::super::reflections::lower_and_orthonormal;
use super::{FADED, add, dot, weight};

/// The rank, in units of r, below which the coordinates that were seen are worth looking for: measured.
const NARROW: f64 = 0.75;

/// What pairs have shown, the nearest first: unit vectors S, what was missed of their products Y, and the squares of their
/// distances.
pub(super) struct Seen {
    count: usize,
    s: Vec<f64>,
    y: Vec<f64>,
    squares: Vec<f64>,
    frame: Option<Frame>,
}

/// Coordinates of the span of the nearest pairs.
struct Frame {
    rank: usize,
    q: Vec<f64>,
    l: Vec<f64>,
    f: Vec<f64>,
}

impl Seen {
    /// `reaches` are those that will be asked for.
    pub(super) fn new(
        count: usize,
        [s, y]: [Vec<f64>; 2],
        squares: Vec<f64>,
        reaches: &[f64],
    ) -> Self {
        let mut seen = Seen { count, s, y, squares, frame: None };
        let narrow = |m: &usize| (*m as f64) < NARROW * count as f64;
        let rank = reaches.iter().map(|l| seen.near(*l)).filter(narrow).max().unwrap_or(0);
        if rank > 0 {
            let (l, q) = lower_and_orthonormal(seen.s[..rank * count].to_vec(), count);
            let y = Matrix::new(&seen.y[..rank * count], count);
            let f = product(y, Matrix::new(&q, count).transposed());
            seen.frame = Some(Frame { rank, q, l, f });
        }
        seen
    }

    /// How many pairs have not faded.
    fn near(&self, reach: f64) -> usize {
        self.squares.partition_point(|square| weight(*square, reach) >= FADED)
    }

    /// E for a reach.
    pub(super) fn fit(&self, reach: f64) -> Fit<'_> {
        let (n, m) = (self.count, self.near(reach));
        if m == 0 {
            return Fit::nothing(self);
        }
        let weights: Vec<f64> = self.squares[..m].iter().map(|s| weight(*s, reach)).collect();
        match self.frame.as_ref().filter(|frame| m <= frame.rank) {
            Some(frame) => self.within(frame, &weights),
            None => self.full(n, &weights),
        }
    }

    fn full(&self, n: usize, weights: &[f64]) -> Fit<'_> {
        let m = weights.len();
        let weighted = rows_times(&self.s[..m * n], weights);
        let weighted = Matrix::new(&weighted, n).transposed();
        let mut a = vec![0.0; n * n];
        add_symmetric_product(&mut a, &[(weighted, Matrix::new(&self.s[..m * n], n))]);
        let (p, values) = eigen(a);
        let d = product(weighted, Matrix::new(&self.y[..m * n], n));
        let x = divided(conjugated(&p, &d, n), &values);
        Fit { rank: n, values, p, x, k: vec![], ..Fit::nothing(self) }
    }

    fn within<'a>(&'a self, frame: &'a Frame, weights: &[f64]) -> Fit<'a> {
        let m = weights.len();
        let part = |a| Matrix::part(a, m, m, frame.rank);
        // The rows of L end at the diagonal.
        let mut weighted = vec![0.0; m * m];
        for ((row, l), w) in
            weighted.chunks_exact_mut(m).zip(frame.l.chunks(frame.rank)).zip(weights)
        {
            row.iter_mut().zip(l).for_each(|(x, l)| *x = w * l);
        }
        let weighted = Matrix::new(&weighted, m).transposed();
        let mut a = vec![0.0; m * m];
        add_symmetric_product(&mut a, &[(weighted, part(&frame.l))]);
        let (p, values) = eigen(a);
        let k = product(Matrix::new(&p, m), weighted);
        let d = product(weighted, part(&frame.f));
        let x = divided(conjugated(&p, &d, m), &values);
        Fit { rank: m, values, p, x, k, frame: Some(frame), seen: self }
    }
}

/// The solution: E, by what it is made of.
pub(super) struct Fit<'a> {
    seen: &'a Seen,
    frame: Option<&'a Frame>,
    rank: usize,
    values: Vec<f64>,
    p: Vec<f64>,
    x: Vec<f64>,
    k: Vec<f64>,
}

/// E = UᵀH + HᵀU, or where U reaches all coordinates, UᵀH.
pub(super) struct Parts {
    pub(super) values: Vec<f64>,
    pub(super) u: Vec<f64>,
    h: Vec<f64>,
    is_full: bool,
}

impl<'a> Fit<'a> {
    fn nothing(seen: &'a Seen) -> Self {
        Fit { seen, frame: None, rank: 0, values: vec![], p: vec![], x: vec![], k: vec![] }
    }

    /// Et.
    pub(super) fn product(&self, t: &[f64]) -> Vec<f64> {
        let (n, m) = (self.seen.count, self.rank);
        if m == 0 {
            return vec![0.0; n];
        }
        let Some(frame) = self.frame else {
            return combined(&times(&self.x, &times(&self.p, t)), &self.p, n);
        };
        let (q, y) = (&frame.q[..m * n], &self.seen.y[..m * n]);
        let f = frame.f.chunks(frame.rank).take(m);
        let along = times(q, t);
        let u = times(&self.p, &along);
        // Xu + Zt = Xu + K(Yt − FQt)/(a + 2).
        let mut missed = times(y, t);
        missed.iter_mut().zip(f.clone()).for_each(|(missed, f)| *missed -= dot(&f[..m], &along));
        let (coupled, mut within) = (times(&self.k, &missed), times(&self.x, &u));
        for ((within, coupled), a) in within.iter_mut().zip(coupled).zip(&self.values) {
            *within += coupled / (a + 2.0);
        }
        // Uᵀ of that and Zᵀu = (Y − FQ)ᵀKᵀ u/(a + 2).
        let mut inner = combined(&within, &self.p, m);
        let halved: Vec<f64> = u.iter().zip(&self.values).map(|(u, a)| u / (a + 2.0)).collect();
        let outer = combined(&halved, &self.k, m);
        outer.iter().zip(f).for_each(|(c, f)| add(-c, f, &mut inner));
        let mut all = combined(&inner, q, n);
        outer.iter().zip(y.chunks(n)).for_each(|(c, y)| add(*c, y, &mut all));
        all
    }

    /// Its parts, to be put together in other coordinates.
    pub(super) fn parts(self) -> Parts {
        let (n, m) = (self.seen.count, self.rank);
        let Some(frame) = self.frame else {
            let h = product(Matrix::new(&self.x, m), Matrix::new(&self.p, m));
            return Parts { values: self.values, u: self.p, h, is_full: true };
        };
        let q = Matrix::new(&frame.q[..m * n], n);
        let p = Matrix::new(&self.p, m);
        let u = product(p, q);
        // H = (½XP − KF/(a + 2)) Q + KY/(a + 2).
        let k =
            rows_times(&self.k, &self.values.iter().map(|a| 1.0 / (a + 2.0)).collect::<Vec<_>>());
        let k = Matrix::new(&k, m);
        let mut inner = vec![0.0; m * m];
        add_product(&mut inner, m, 0.5, Matrix::new(&self.x, m), p);
        add_product(&mut inner, m, -1.0, k, Matrix::part(&frame.f, m, m, frame.rank));
        let mut h = product(Matrix::new(&inner, m), q);
        add_product(&mut h, n, 1.0, k, Matrix::new(&self.seen.y[..m * n], n));
        Parts { values: self.values, u, h, is_full: false }
    }
}

impl Parts {
    /// B ← B + c TᵀET; no T is 1.
    pub(super) fn add_to(&self, b: &mut [f64], n: usize, c: f64, t: Option<&[f64]>) {
        if self.u.is_empty() {
            return;
        }
        let turned = |a: &[f64]| t.map(|t| product(Matrix::new(a, n), Matrix::new(t, n)));
        let (u, h) = (turned(&self.u), turned(&self.h));
        let u = u.as_deref().unwrap_or(&self.u);
        let mut h = h.unwrap_or_else(|| self.h.clone());
        h.iter_mut().for_each(|h| *h *= c);
        let (u, h) = (Matrix::new(u, n), Matrix::new(&h, n));
        if self.is_full {
            add_symmetric_product(b, &[(u.transposed(), h)]);
        } else {
            add_symmetric_product(b, &[(u.transposed(), h), (h.transposed(), u)]);
        }
    }
}

/// Σ cᵢ times row i of `n` numbers.
fn combined(c: &[f64], rows: &[f64], n: usize) -> Vec<f64> {
    let mut sum = vec![0.0; n];
    c.iter().zip(rows.chunks(n)).for_each(|(c, row)| add(*c, row, &mut sum));
    sum
}

/// The eigenvectors of A as rows, and its eigenvalues.
fn eigen(mut a: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let n = a.len().isqrt();
    let (mut p, mut values) = (vec![0.0; n * n], vec![0.0; n]);
    symmetric_eigen(&mut a, &mut p, &mut values);
    // A is a sum of squares; what is below zero is rounding.
    values.iter_mut().for_each(|a| *a = a.max(0.0));
    (p, values)
}

/// P(D + Dᵀ)Pᵀ.
fn conjugated(p: &[f64], d: &[f64], n: usize) -> Vec<f64> {
    let mut r = d.to_vec();
    for i in 0..n {
        for j in 0..n {
            r[i * n + j] += d[j * n + i];
        }
    }
    let p = Matrix::new(p, n);
    let half = product(p, Matrix::new(&r, n));
    let mut x = vec![0.0; n * n];
    add_symmetric_product(&mut x, &[(Matrix::new(&half, n), p.transposed())]);
    x
}

/// Each entry divided by aᵢ + aⱼ + 2.
fn divided(mut x: Vec<f64>, a: &[f64]) -> Vec<f64> {
    for (row, ai) in x.chunks_exact_mut(a.len()).zip(a) {
        row.iter_mut().zip(a).for_each(|(x, aj)| *x /= ai + aj + 2.0);
    }
    x
}

/// Each row times its own number.
fn rows_times(rows: &[f64], c: &[f64]) -> Vec<f64> {
    let n = rows.len() / c.len().max(1);
    let mut scaled = rows.to_vec();
    for (row, c) in scaled.chunks_exact_mut(n.max(1)).zip(c) {
        row.iter_mut().for_each(|x| *x *= c);
    }
    scaled
}
