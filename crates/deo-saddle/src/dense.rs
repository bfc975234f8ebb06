//! Products of dense matrices of a few hundred rows.
//!
//! Problem: row by row, C ← C + AB reads and writes memory once for every multiplication. Here a tile of 4 × 4 entries of C stays
//! in registers while the rows of A and the columns of B that make it go by, packed so that they lie in the order in which they
//! are read. The packed part of A stays in the second-level cache, that of B in the last.
//!
//! The order of every sum depends on the shapes alone.

/// Rows and columns of a tile: its sums fill half of the sixteen registers of two numbers that every x86-64 has.
const TILE: usize = 4;
/// Terms of a sum between two visits of C: 8 kB of B's panel, which the first-level cache holds.
const DEPTH: usize = 256;
/// Rows of A packed at a time, 128 kB of them.
const ROWS: usize = 64;

/// A matrix to be read: entry (i, j) is `entries[i * steps[0] + j * steps[1]]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    entries: &'a [f64],
    rows: usize,
    columns: usize,
    steps: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// Row by row; whole rows.
    pub(super) fn new(entries: &'a [f64], columns: usize) -> Self {
        let rows = entries.len() / columns.max(1);
        Matrix { entries, rows, columns, steps: [columns, 1] }
    }

    /// `rows` and `columns` of a larger one, which has `step` entries in a row; `entries` begin with its first.
    pub(super) fn part(entries: &'a [f64], rows: usize, columns: usize, step: usize) -> Self {
        Matrix { entries, rows, columns, steps: [step, 1] }
    }

    pub(super) fn transposed(self) -> Self {
        let [row, column] = self.steps;
        Matrix { rows: self.columns, columns: self.rows, steps: [column, row], ..self }
    }
}

/// ⟨x, y⟩, in eight sums at a time.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    const WIDTH: usize = 8;
    let ((x, x_end), (y, y_end)) = (x.as_chunks::<WIDTH>(), y.as_chunks::<WIDTH>());
    let mut sums = [0.0; WIDTH];
    for (x, y) in x.iter().zip(y) {
        for i in 0..WIDTH {
            sums[i] += x[i] * y[i];
        }
    }
    let end: f64 = x_end.iter().zip(y_end).map(|(x, y)| x * y).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h)) + end
}

/// y ← Av, A row by row.
pub(super) fn multiply_vector(a: &[f64], v: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(a.chunks(v.len().max(1))).for_each(|(y, row)| *y = dot(row, v));
}

/// Av.
pub(super) fn times(a: &[f64], v: &[f64]) -> Vec<f64> {
    a.chunks(v.len().max(1)).map(|row| dot(row, v)).collect()
}

/// Which entries of a product are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    /// Those of tiles that reach the diagonal or lie below it.
    Lower,
}

/// C ← C + αAB; C has `step` entries from row to row.
///
/// # Panics
///
/// If the shapes don't fit.
pub(super) fn add_product(c: &mut [f64], step: usize, alpha: f64, a: Matrix<'_>, b: Matrix<'_>) {
    accumulate(c, step, alpha, [a, b], Part::All);
}

/// AB.
pub(super) fn product(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f64> {
    let mut c = vec![0.0; a.rows * b.columns];
    add_product(&mut c, b.columns, 1.0, a, b);
    c
}

/// C ← C + Σ AB, which is known to be symmetric, as C is: half of it is computed.
pub(super) fn add_symmetric_product(c: &mut [f64], products: &[(Matrix<'_>, Matrix<'_>)]) {
    let n = c.len().isqrt();
    for &(a, b) in products {
        accumulate(c, n, 1.0, [a, b], Part::Lower);
    }
    mirror(c, n);
}

/// The upper triangle ← the lower one.
fn mirror(c: &mut [f64], n: usize) {
    // In squares, whose columns the cache holds.
    for top in (0..n).step_by(ROWS) {
        for left in (0..=top).step_by(ROWS) {
            for i in top..(top + ROWS).min(n) {
                for j in left..(left + ROWS).min(i) {
                    c[j * n + i] = c[i * n + j];
                }
            }
        }
    }
}

fn accumulate(c: &mut [f64], step: usize, alpha: f64, [a, b]: [Matrix<'_>; 2], part: Part) {
    assert_eq!(a.columns, b.rows, "columns of A and rows of B");
    let (m, n, depth) = (a.rows, b.columns, a.columns);
    if m == 0 || n == 0 {
        return;
    }
    assert!(n <= step && (m - 1) * step + n <= c.len(), "{m} rows of {n} in {}", c.len());
    let (mut packed_a, mut packed_b) = (Vec::new(), Vec::new());
    for k in (0..depth).step_by(DEPTH) {
        let terms = k..(k + DEPTH).min(depth);
        pack(b.transposed(), 0..n, terms.clone(), &mut packed_b);
        let panel = TILE * terms.len();
        for top in (0..m).step_by(ROWS) {
            pack(a, top..(top + ROWS).min(m), terms.clone(), &mut packed_a);
            for (j, b) in packed_b.chunks_exact(panel).enumerate() {
                for (i, a) in packed_a.chunks_exact(panel).enumerate() {
                    let (i, j) = (top + TILE * i, TILE * j);
                    if part == Part::Lower && j >= i + TILE {
                        continue;
                    }
                    let sums = tile(a, b);
                    for (row, sums) in sums.iter().enumerate().take(m - i) {
                        let at = (i + row) * step + j;
                        let row = &mut c[at..at + TILE.min(n - j)];
                        row.iter_mut().zip(sums).for_each(|(c, sum)| *c += alpha * sum);
                    }
                }
            }
        }
    }
}

/// The sums over the terms of two panels.
#[inline(never)]
fn tile(a: &[f64], b: &[f64]) -> [[f64; TILE]; TILE] {
    let mut sums = [[0.0; TILE]; TILE];
    for (a, b) in a.as_chunks::<TILE>().0.iter().zip(b.as_chunks::<TILE>().0) {
        for i in 0..TILE {
            for j in 0..TILE {
                sums[i][j] += a[i] * b[j];
            }
        }
    }
    sums
}

/// Panels of four rows, term by term; rows that are missing are zeros.
fn pack(
    a: Matrix<'_>,
    rows: std::ops::Range<usize>,
    terms: std::ops::Range<usize>,
    packed: &mut Vec<f64>,
) {
    packed.clear();
    packed.resize(rows.len().div_ceil(TILE) * TILE * terms.len(), 0.0);
    let [down, right] = a.steps;
    for (panel, first) in
        packed.chunks_exact_mut(TILE * terms.len()).zip(rows.clone().step_by(TILE))
    {
        let height = TILE.min(rows.end - first);
        if down == 1 {
            for (k, place) in terms.clone().zip(panel.chunks_exact_mut(TILE)) {
                let at = first + k * right;
                place[..height].copy_from_slice(&a.entries[at..at + height]);
            }
        } else {
            for i in 0..height {
                let at = (first + i) * down + terms.start * right;
                let row = a.entries[at..].iter().step_by(right);
                panel[i..].iter_mut().step_by(TILE).zip(row).for_each(|(p, a)| *p = *a);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deo_core::noise::noise;

    fn random(len: usize, seed: u64) -> Vec<f64> {
        (0..len as u64).map(|i| noise(seed, i)).collect()
    }

    /// Shapes on both sides of a tile, of the rows packed at a time and of the depth between two visits, each factor as it
    /// is and transposed, into a part of a wider matrix.
    #[test]
    fn products_are_those_of_the_definition() {
        for (m, n, depth) in
            [(1, 1, 1), (3, 5, 7), (4, 8, 300), (70, 9, 513), (129, 66, 2), (5, 3, 0)]
        {
            let (a, b) = (random(m * depth, 1), random(depth * n, 2));
            let (mut at, mut bt) = (a.clone(), b.clone());
            for k in 0..depth {
                (0..m).for_each(|i| at[k * m + i] = a[i * depth + k]);
                (0..n).for_each(|j| bt[j * depth + k] = b[k * n + j]);
            }
            let step = n + 3;
            for turned in 0..4 {
                let a_ = [
                    Matrix::part(&a, m, depth, depth),
                    Matrix::part(&at, depth, m, m).transposed(),
                ][turned % 2];
                let b_ = [
                    Matrix::part(&b, depth, n, n),
                    Matrix::part(&bt, n, depth, depth).transposed(),
                ][turned / 2];
                let before = random(m * step, 3);
                let mut c = before.clone();
                add_product(&mut c, step, -2.0, a_, b_);
                for (at, (c, before)) in c.iter().zip(&before).enumerate() {
                    let (i, j) = (at / step, at % step);
                    let sum: f64 = (0..depth).map(|k| a[i * depth + k] * b[k * n + j % n]).sum();
                    let exact = if j < n { before - 2.0 * sum } else { *before };
                    // Roundings of so many terms below one.
                    assert!((c - exact).abs() <= 1e-15 * (depth + 2) as f64, "{m} {n} {depth}");
                }
            }
        }
    }

    #[test]
    fn symmetric_products_are_whole() {
        for n in [1, 6, 64, 131] {
            let a = random(7 * n, 4);
            let a = Matrix::new(&a, n);
            let mut c = vec![0.0; n * n];
            add_symmetric_product(&mut c, &[(a.transposed(), a), (a.transposed(), a)]);
            let whole = product(a.transposed(), a);
            for (c, whole) in c.iter().zip(&whole) {
                assert!((c - 2.0 * whole).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn every_component_is_in_an_inner_product() {
        for n in [0, 1, 7, 8, 9, 31] {
            // Integers: no sum of them rounds.
            let x: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(dot(&x, &x), f64::from(n * (n + 1) * (2 * n + 1) / 6));
        }
    }
}
