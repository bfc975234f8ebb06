//! Aᵀ B where the rows of the stored A alias in a cache.
//!
//! A column-major A, as the transpose of a row-major matrix is, has its columns one stride apart. faer's kernels take four
//! numbers of each of 512 columns, go on to the next four, and trust that a first-level cache has kept the lines in between. A
//! cache of 64 sets of 64-byte lines puts numbers that are 4 096 bytes apart in one set, which holds 8 or 12 of them: where
//! the stride is a multiple of that, every line is fetched sixteen times, and the product runs at half of its speed. A copy of A
//! by rows costs each number once.

use super::view::MatRef;
use crate::{Real, Threads};

/// Numbers that are so many bytes apart share a set of a first-level cache.
const SETS: usize = 4096;

/// Rows and columns of a block: one cache line of `f32`, two of `f64`.
const BLOCK: usize = 16;

/// Rows of the copy that are written in one sweep over the columns of A: beyond some thousand a block finds none of its lines
/// in the translation buffer.
const SWEEP: usize = 512;

/// Rows that are copied at a time, which bounds the copy; to pack B again for each 2 048 costs nothing.
pub(super) const PANEL: usize = 2048;

/// Whether A, of which each number takes part in `n` products, is better copied by rows.
///
/// On an Intel Xeon with 48 KiB of first-level cache a copied number costs 0.3 to 0.65 ns, 25 to 50 multiplications. With strides
/// that are multiples of 4 096 bytes the product gains 10 % at 128 columns and 50 to 100 % beyond 500; of 2 048 bytes it loses
/// below 400 columns and gains 6 to 15 % beyond 700; with others it gains 3 % at most.
pub(super) fn pays<T: Real>(a: &MatRef<'_, T>, n: usize) -> bool {
    let Some(stride) = a.column_stride() else { return false };
    let bytes = stride.wrapping_mul(size_of::<T>());
    let tall = a.rows() >= BLOCK && a.cols() >= SETS / 64;
    tall && (bytes.is_multiple_of(SETS) && n >= 128 || bytes.is_multiple_of(SETS / 2) && n >= 768)
}

/// Writes the rows of a column-major A from `first` on, as many as fill `to`.
pub(super) fn rows<T: Real>(threads: Threads, a: &MatRef<'_, T>, first: usize, to: &mut [T]) {
    let k = a.cols();
    let count = to.len() / k;
    if count > SWEEP {
        let half = (count / 2).next_multiple_of(SWEEP);
        let (upper, lower) = to.split_at_mut(half * k);
        threads.join(|| rows(threads, a, first, upper), || rows(threads, a, first + half, lower));
        return;
    }
    for l in (0..k).step_by(BLOCK) {
        for i in (0..count).step_by(BLOCK) {
            let (height, width) = (BLOCK.min(count - i), BLOCK.min(k - l));
            let mut block = [[T::default(); BLOCK]; BLOCK];
            for (p, column) in block.iter_mut().enumerate().take(width) {
                column[..height].copy_from_slice(&a.column(l + p)[first + i..][..height]);
            }
            for q in 0..height {
                let row = &mut to[(i + q) * k + l..][..width];
                row.iter_mut().zip(&block).for_each(|(to, column)| *to = column[q]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_every_number_in_its_place() {
        for (height, cols, stride) in [(1, 1, 1), (16, 16, 16), (17, 33, 40), (1200, 50, 2048)] {
            let data: Vec<f32> = (0..stride * cols).map(|i| i as f32).collect();
            let a = MatRef::strided(&data, height, cols, 1, stride);
            for (threads, first) in [(Threads::One, 0), (Threads::Pool, height / 3)] {
                let mut copy = vec![f32::NAN; (height - first) * cols];
                rows(threads, &a, first, &mut copy);
                for (i, row) in copy.chunks_exact(cols).enumerate() {
                    for (j, &number) in row.iter().enumerate() {
                        assert_eq!(number, a.at(first + i, j), "({i}, {j}) of {height} × {cols}");
                    }
                }
            }
        }
    }

    #[test]
    fn it_is_for_strides_that_alias_and_wide_products() {
        let data = vec![0.0f32; 4096 * 128];
        let a = |stride| MatRef::strided(&data, 1024, 128, 1, stride);
        let wide = [a(1024), a(1040), a(2048), a(1536)].map(|a| pays(&a, 2000));
        assert_eq!(wide, [true, false, true, true]);
        let narrow = [a(1024), a(1040), a(2048), a(1536)].map(|a| pays(&a, 200));
        assert_eq!(narrow, [true, false, true, false]);
        assert!(!pays(&a(1024), 100) && !pays(&MatRef::new(&data, 512, 1024), 2000));
    }
}
