//! Symmetric tridiagonal eigenproblems, by divide and conquer.
//!
//! Problem: QL iterations rotate the eigenvectors n²/2 times or more, each time all of two rows. Torn in the middle,
//!
//! T = diag(T₁, T₂) + ρuuᵀ,  u = 1 at the last row of T₁ and ±1 at the first of T₂,
//!
//! it is two problems of half the size and, in their eigenvectors, D + ρzzᵀ with D diagonal. Its eigenvalues are the roots of the
//! secular equation 1 + ρ Σ zⱼ²/(dⱼ − λ) = 0, one between every two dⱼ; its eigenvectors have the components zⱼ/(dⱼ − λ), and
//! those of T are a product of matrices.
//!
//! | formula | code |
//! |---|---|
//! | dⱼ, zⱼ of what isn't deflated, ρ | [`Secular`] |
//! | λ = d_origin + μ | `root` |
//! | dⱼ − λ, without cancellation | `gaps` |
//!
//! Sources: Cuppen, Numer. Math. 36, 177 (1981); Gu & Eisenstat, SIAM J. Matrix Anal. Appl. 16, 172 (1995), whose z, made again
//! from the roots as they were found, is what keeps the eigenvectors orthogonal; Li, LAPACK working note 89 (1994), for the
//! iteration with fixed weights. Small problems are left to implicit QL iterations with Wilkinson's shift (Golub & Van Loan, §8.3.3).

mod secular;

use super::dense::{Matrix, add_product};
use secular::Secular;

/// QL iterations for one eigenvalue after which it is taken as it stands; two or three are usual.
const ITERATIONS: usize = 60;
/// Problems up to this size are faster undivided.
const SMALL: usize = 32;
/// Roundings, relative to the matrix, within which a change of it isn't seen: LAPACK's.
const DEFLATED: f64 = 4.0 * f64::EPSILON;

/// The eigenvalues of the matrix with the diagonal `d` and `e[i]` between i and i + 1, ascending, into `d`; its eigenvectors into
/// the rows of `q`. `e` is used up. Where an entry isn't finite, no eigenvalue is.
pub(super) fn tridiagonal_eigen(d: &mut [f64], e: &mut [f64], q: &mut [f64]) {
    let scale =
        d.iter().chain(&*e).fold(0.0, |m: f64, x| if x.is_nan() { *x } else { m.max(x.abs()) });
    if !scale.is_finite() || d.iter().chain(&*e).any(|x| x.is_nan()) {
        d.fill(f64::NAN);
        return;
    }
    if scale == 0.0 {
        return identity(q, d.len());
    }
    // In two steps: the inverse of a subnormal scale is infinite.
    d.iter_mut().chain(e.iter_mut()).for_each(|x| *x /= scale);
    divide(d, e, q);
    d.iter_mut().for_each(|d| *d *= scale);
}

fn identity(q: &mut [f64], n: usize) {
    q.fill(0.0);
    q.iter_mut().step_by(n + 1).for_each(|q| *q = 1.0);
}

fn divide(d: &mut [f64], e: &mut [f64], q: &mut [f64]) {
    let n = d.len();
    if n <= SMALL {
        identity(q, n);
        diagonalise(q, d, e);
        return sort_ascending(d, q);
    }
    let half = n / 2;
    let rho = e[half - 1];
    d[half - 1] -= rho.abs();
    d[half] -= rho.abs();
    let (d1, d2) = d.split_at_mut(half);
    let (e1, e2) = e.split_at_mut(half);
    let (mut q1, mut q2) = (vec![0.0; half * half], vec![0.0; (n - half) * (n - half)]);
    divide(d1, e1, &mut q1);
    divide(d2, e2, &mut q2);
    // uᵀu is 2.
    let root = f64::sqrt(0.5);
    let last = q1.chunks_exact(half).map(|row| root * row[half - 1]);
    let first = q2.chunks_exact(n - half).map(|row| root.copysign(rho) * row[0]);
    let z: Vec<f64> = last.chain(first).collect();
    Merge { n, half, rho: 2.0 * rho.abs(), z, d: d.to_vec(), rows: [q1, q2], mixed: vec![None; n] }
        .run(d, q);
}

/// D + ρzzᵀ in the eigenvectors of the halves.
struct Merge {
    n: usize,
    half: usize,
    rho: f64,
    z: Vec<f64>,
    d: Vec<f64>,
    /// The eigenvectors of the first half and of the second.
    rows: [Vec<f64>; 2],
    /// Those that are in neither half alone.
    mixed: Vec<Option<Vec<f64>>>,
}

impl Merge {
    /// The eigenvalues into `d`, and the eigenvectors into `q`.
    fn run(mut self, d: &mut [f64], q: &mut [f64]) {
        let n = self.n;
        let (kept, deflated) = self.deflate();
        let secular = Secular {
            d: kept.iter().map(|&j| self.d[j]).collect(),
            z: kept.iter().map(|&j| self.z[j]).collect(),
            rho: self.rho,
        };
        let (roots, components) = secular.solve();
        let turned = self.turn(&kept, &components);
        // Both lists are ascending but for rotated ones among the deflated.
        let mut order: Vec<(f64, usize)> = roots.into_iter().zip(0..).collect();
        order.extend(deflated.iter().zip(kept.len()..).map(|(&j, at)| (self.d[j], at)));
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        for ((d, row), (value, at)) in d.iter_mut().zip(q.chunks_exact_mut(n)).zip(order) {
            *d = value;
            match at.checked_sub(kept.len()) {
                None => row.copy_from_slice(&turned[at * n..(at + 1) * n]),
                Some(at) => self.row_into(deflated[at], row),
            }
        }
    }

    /// Splits the numbers, ascending in d, into those that the secular equation is about and those that ρzzᵀ doesn't touch:
    /// because z is nothing there, or can be made so by a rotation with a neighbour of the same d.
    fn deflate(&mut self) -> (Vec<usize>, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.n).collect();
        order.sort_by(|&a, &b| self.d[a].total_cmp(&self.d[b]));
        let largest = self.d.iter().chain(&self.z).fold(0.0, |m: f64, x| m.max(x.abs()));
        let tolerance = DEFLATED * largest;
        let (mut kept, mut deflated) = (Vec::new(), Vec::new());
        let mut pending: Option<usize> = None;
        for now in order {
            if self.rho * self.z[now].abs() <= tolerance {
                deflated.push(now);
                continue;
            }
            if let Some(before) = pending {
                let length = self.z[now].hypot(self.z[before]);
                let (c, s) = (self.z[now] / length, -self.z[before] / length);
                if ((self.d[now] - self.d[before]) * c * s).abs() <= tolerance {
                    self.rotate(before, now, c, s);
                    (self.z[before], self.z[now]) = (0.0, length);
                    deflated.push(before);
                } else {
                    kept.push(before);
                }
            }
            pending = Some(now);
        }
        kept.extend(pending);
        (kept, deflated)
    }

    /// Rows i and j ← c i + s j and c j − s i, and their d with them.
    fn rotate(&mut self, i: usize, j: usize, c: f64, s: f64) {
        let (di, dj) = (self.d[i], self.d[j]);
        (self.d[i], self.d[j]) = (c * c * di + s * s * dj, s * s * di + c * c * dj);
        let (mut x, mut y) = (vec![0.0; self.n], vec![0.0; self.n]);
        self.row_into(i, &mut x);
        self.row_into(j, &mut y);
        for (x, y) in x.iter_mut().zip(&mut y) {
            (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
        }
        let half = self.half;
        let one_half =
            [i, j].iter().all(|&at| self.mixed[at].is_none() && (at < half) == (i < half));
        for (at, row) in [(i, x), (j, y)] {
            if one_half {
                let row = if at < half { &row[..half] } else { &row[half..] };
                self.own(at).copy_from_slice(row);
            } else {
                self.mixed[at] = Some(row);
            }
        }
    }

    /// Row `at` of its half.
    fn own(&mut self, at: usize) -> &mut [f64] {
        let (half, rest) = (self.half, self.n - self.half);
        match at.checked_sub(half) {
            None => &mut self.rows[0][at * half..(at + 1) * half],
            Some(at) => &mut self.rows[1][at * rest..(at + 1) * rest],
        }
    }

    /// All of row `at`.
    fn row_into(&self, at: usize, row: &mut [f64]) {
        let (half, rest) = (self.half, self.n - self.half);
        if let Some(mixed) = &self.mixed[at] {
            return row.copy_from_slice(mixed);
        }
        row.fill(0.0);
        match at.checked_sub(half) {
            None => row[..half].copy_from_slice(&self.rows[0][at * half..(at + 1) * half]),
            Some(at) => row[half..].copy_from_slice(&self.rows[1][at * rest..(at + 1) * rest]),
        }
    }

    /// The combinations of the rows `kept` with the rows of `components`: each half of the columns needs those only that reach
    /// into it.
    fn turn(&self, kept: &[usize], components: &[f64]) -> Vec<f64> {
        let (n, half, count) = (self.n, self.half, kept.len());
        let mut turned = vec![0.0; count * n];
        if count == 0 {
            return turned;
        }
        let mut row = vec![0.0; n];
        for columns in [0..half, half..n] {
            let own = |at: usize| (at < half) == (columns.start == 0) || self.mixed[at].is_some();
            let needed: Vec<usize> = (0..count).filter(|&k| own(kept[k])).collect();
            let mut rows = Vec::with_capacity(needed.len() * columns.len());
            for &k in &needed {
                self.row_into(kept[k], &mut row);
                rows.extend_from_slice(&row[columns.clone()]);
            }
            let mut weights = Vec::with_capacity(count * needed.len());
            for all in components.chunks_exact(count) {
                weights.extend(needed.iter().map(|&k| all[k]));
            }
            let weights = Matrix::part(&weights, count, needed.len(), needed.len());
            let rows = Matrix::new(&rows, columns.len());
            add_product(&mut turned[columns.start..], n, 1.0, weights, rows);
        }
        turned
    }
}

/// Implicit QL on the tridiagonal (d, e), its rotations applied to the rows of `q`.
fn diagonalise(q: &mut [f64], d: &mut [f64], e: &mut [f64]) {
    let n = d.len();
    for l in 0..n {
        for _ in 0..ITERATIONS {
            // The first coupling from l on that no longer changes its neighbours.
            let small = |i: usize| e[i].abs() <= f64::EPSILON * (d[i].abs() + d[i + 1].abs());
            let m = (l..n - 1).find(|&i| small(i)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = length(g, 1.0);
            g = d[m] - d[l] + e[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut underflow = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = length(f, g);
                e[i + 1] = r;
                if r == 0.0 {
                    // The rotation is undefined: the matrix splits here.
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    underflow = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let (low, high) = q.split_at_mut((i + 1) * n);
                for (x, y) in low[i * n..].iter_mut().zip(&mut high[..n]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
            if !underflow {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
}

/// √(x² + y²). `hypot` takes care of everything, and as long as the rest of a rotation.
fn length(x: f64, y: f64) -> f64 {
    let square = x * x + y * y;
    // Squares in between have all their digits.
    if square > 1e-280 && square < 1e300 { square.sqrt() } else { x.hypot(y) }
}

/// Selection sort of the eigenvalues, moving the eigenvectors along.
fn sort_ascending(values: &mut [f64], vectors: &mut [f64]) {
    let n = values.len();
    for i in 0..n {
        let lowest = (i..n).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(i);
        if lowest != i {
            values.swap(i, lowest);
            let (head, tail) = vectors.split_at_mut(lowest * n);
            head[i * n..(i + 1) * n].swap_with_slice(&mut tail[..n]);
        }
    }
}
