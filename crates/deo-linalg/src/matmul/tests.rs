use super::{Accumulate, Cut, MatMut, MatRef, Split, matmul};
use crate::{Real, Threads};
use proptest::prelude::*;

/// The definition, in f64.
fn naive<T: Real>(
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    accumulate: Accumulate,
    c: &mut MatMut<'_, T>,
) {
    for i in 0..c.rows() {
        for j in 0..c.cols() {
            let sum: f64 = (0..a.cols()).map(|l| a.at(i, l).to_f64() * b.at(l, j).to_f64()).sum();
            let old = match accumulate {
                Accumulate::Replace => 0.0,
                Accumulate::Add => c.rb().at(i, j).to_f64(),
            };
            *c.at_mut(i, j) = T::from_f64(alpha.to_f64() * sum + old);
        }
    }
}

/// Numbers in (−1, 1) that repeat nowhere.
fn noise<T: Real>(seed: usize, len: usize) -> Vec<T> {
    let value = |i: usize| {
        let x = ((i + 1 + seed * 7919) as f64 * 0.754_877_666_246_692_7).fract(); // 1/plastic number
        T::from_f64(2.0 * ((x * 4096.0).fract()) - 1.0)
    };
    (0..len).map(value).collect()
}

/// The layouts of one operand.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Rows,
    Cols,
    /// Row-major with gaps between rows and between columns.
    Gaps,
}

impl Layout {
    const ALL: [Layout; 3] = [Layout::Rows, Layout::Cols, Layout::Gaps];

    fn strides(self, rows: usize, cols: usize) -> (usize, usize) {
        match self {
            Layout::Rows => (cols, 1),
            Layout::Cols => (1, rows),
            Layout::Gaps => (3 * cols + 5, 3),
        }
    }

    fn len(self, rows: usize, cols: usize) -> usize {
        let (row, col) = self.strides(rows, cols);
        rows.saturating_sub(1) * row + cols.saturating_sub(1) * col + 1
    }

    fn view<T: Real>(self, data: &[T], rows: usize, cols: usize) -> MatRef<'_, T> {
        let (row, col) = self.strides(rows, cols);
        MatRef::strided(data, rows, cols, row, col)
    }

    fn view_mut<T: Real>(self, data: &mut [T], rows: usize, cols: usize) -> MatMut<'_, T> {
        let (row, col) = self.strides(rows, cols);
        MatMut::strided(data, rows, cols, row, col)
    }
}

/// One product of every layout against the definition, gaps of C included.
fn check<T: Real>(
    threads: Threads,
    (m, n, k): (usize, usize, usize),
    layouts: [Layout; 3],
    alpha: f64,
    accumulate: Accumulate,
) {
    let [la, lb, lc] = layouts;
    let (a, b) = (noise::<T>(1, la.len(m, k)), noise::<T>(2, lb.len(k, n)));
    let (a, b) = (la.view(&a, m, k), lb.view(&b, k, n));
    let alpha = T::from_f64(alpha);
    let old = match accumulate {
        // The old C is not read: NaN must not survive, except in the gaps.
        Accumulate::Replace => vec![T::from_f64(f64::NAN); lc.len(m, n)],
        Accumulate::Add => noise::<T>(3, lc.len(m, n)),
    };
    let (mut got, mut want) = (old.clone(), old);
    matmul(threads, alpha, a, b, accumulate, lc.view_mut(&mut got, m, n));
    naive(alpha, a, b, accumulate, &mut lc.view_mut(&mut want, m, n));
    // Every product is below 1; a sum of k + 2 of them is wrong by at most its number of roundings.
    let tolerance = T::ROUNDOFF * (k + 2) as f64 * (k as f64 * alpha.to_f64().abs() + 2.0);
    for (got, want) in got.iter().zip(&want) {
        let error = (got.to_f64() - want.to_f64()).abs();
        assert!(
            error <= tolerance || (got.to_f64().is_nan() && want.to_f64().is_nan()),
            "({m}, {n}, {k}) {layouts:?}: {got} is not {want}"
        );
    }
}

#[test]
fn every_small_shape_and_layout_is_the_triple_loop() {
    for m in [0, 1, 2, 3, 5, 8, 13, 17, 20] {
        for n in [0, 1, 2, 4, 7, 9, 16, 19] {
            for k in [0, 1, 2, 3, 6, 11, 18] {
                for la in Layout::ALL {
                    for lb in Layout::ALL {
                        for lc in Layout::ALL {
                            check::<f32>(
                                Threads::One,
                                (m, n, k),
                                [la, lb, lc],
                                1.0,
                                Accumulate::Replace,
                            );
                            check::<f64>(
                                Threads::One,
                                (m, n, k),
                                [la, lb, lc],
                                0.7,
                                Accumulate::Add,
                            );
                        }
                    }
                }
            }
        }
    }
}

/// One product whose operands begin at these offsets and end with their allocations, so that a sanitizer sees whatever
/// reads beyond; before them is NaN, which would spoil C, and which no write may replace.
fn check_offsets<T: Real>((m, n, k): (usize, usize, usize), [oa, ob, oc]: [usize; 3]) {
    let after = |offset: usize, seed: usize, len: usize| -> Vec<T> {
        let guard = std::iter::repeat_n(T::from_f64(f64::NAN), offset);
        guard.chain(noise::<T>(seed, len)).collect()
    };
    let (a, b) = (after(oa, 1, m * k), after(ob, 2, k * n));
    let (a, b) = (MatRef::new(&a[oa..], m, k), MatRef::new(&b[ob..], k, n));
    let mut got = after(oc, 3, m * n);
    let mut want = got.clone();
    matmul(Threads::One, T::ONE, a, b, Accumulate::Add, MatMut::new(&mut got[oc..], m, n));
    naive(T::ONE, a, b, Accumulate::Add, &mut MatMut::new(&mut want[oc..], m, n));
    // As in `check`, with α = 1.
    let tolerance = T::ROUNDOFF * ((k + 2) * (k + 2)) as f64;
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        let off = (got.to_f64() - want.to_f64()).abs();
        let guard = i < oc;
        assert!(
            if guard { got.to_f64().is_nan() } else { off <= tolerance },
            "({m}, {n}, {k}) at {oa}, {ob}, {oc}: place {i} is {got}, not {want}"
        );
    }
}

#[test]
fn every_size_up_to_a_hundred_at_odd_offsets_is_the_triple_loop() {
    for size in 0..=100 {
        for offsets in [[0; 3], [1, 3, 5], [7, 2, 1]] {
            for shape in [(size, 5, 7), (3, size, 9), (6, 11, size), (size, size, 3)] {
                check_offsets::<f32>(shape, offsets);
                check_offsets::<f64>(shape, offsets);
            }
        }
    }
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Rows), Just(Layout::Cols), Just(Layout::Gaps)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_product_is_the_triple_loop(
        shape in (0..70usize, 0..70usize, 0..70usize),
        layouts in [layout(), layout(), layout()],
        alpha in prop_oneof![Just(0.0), Just(1.0), -2.0..2.0],
        accumulate in prop_oneof![Just(Accumulate::Replace), Just(Accumulate::Add)],
    ) {
        check::<f32>(Threads::One, shape, layouts, alpha, accumulate);
        check::<f64>(Threads::One, shape, layouts, alpha, accumulate);
    }
}

#[test]
fn split_products_are_the_triple_loop() {
    for shape in [
        (520, 200, 33),
        (130, 100, 300),
        (96, 450, 64),
        (1, 9000, 300),
        (9000, 1, 300),
        (1024, 150, 70), // of a transposed A that is copied, if the layout says so
        (3072, 130, 65), // in two panels
        (13, 1030, 520), // cut for the cache on one thread
    ] {
        for layouts in [
            [Layout::Rows; 3],
            [Layout::Cols, Layout::Rows, Layout::Rows],
            [Layout::Gaps, Layout::Cols, Layout::Cols],
        ] {
            for threads in [Threads::One, Threads::Pool] {
                check::<f32>(threads, shape, layouts, 1.0, Accumulate::Replace);
                check::<f64>(threads, shape, layouts, -1.0, Accumulate::Add);
            }
        }
    }
}

/// Products of one shape by pools of several sizes and by the calling thread, bit for bit.
fn same_bits<T: Real>(m: usize, n: usize, k: usize, layouts: [Layout; 3]) {
    let [la, lb, lc] = layouts;
    let (a, b) = (noise::<T>(1, la.len(m, k)), noise::<T>(2, lb.len(k, n)));
    let c = noise::<T>(3, lc.len(m, n));
    let run = |threads| {
        let mut c = c.clone();
        let (a, b) = (la.view(&a, m, k), lb.view(&b, k, n));
        matmul(threads, T::ONE, a, b, Accumulate::Add, lc.view_mut(&mut c, m, n));
        c
    };
    let want = run(Threads::One);
    for size in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(size).build().unwrap();
        let got = pool.install(|| run(Threads::Pool));
        // Equality of numbers is equality of bits here: there is no NaN and no zero in C.
        assert_eq!(want, got, "({m}, {n}, {k}) {layouts:?}, {size} threads");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    use Layout::{Cols, Rows};
    for (m, k, n, la, lb) in [
        (768, 128, 512, Rows, Rows),
        (768, 384, 1536, Rows, Rows),
        (128, 768, 512, Cols, Rows),
        (768, 512, 128, Rows, Cols),
        (128, 768, 128, Cols, Rows),
        (3, 5000, 777, Rows, Rows),
        (771, 129, 515, Rows, Rows),
        (1, 3000, 3001, Rows, Rows),
        (3001, 3000, 1, Rows, Rows),
        (1025, 1, 999, Rows, Rows),
        (1024, 700, 200, Cols, Rows),
        (1024, 100, 800, Cols, Cols),
    ] {
        same_bits::<f32>(m, n, k, [la, lb, Rows]);
        same_bits::<f64>(m, n, k, [la, lb, Rows]);
    }
    same_bits::<f32>(512, 768, 100, [Rows, Rows, Cols]);
}

#[test]
fn the_split_occupies_threads_where_there_is_work() {
    let leaves = |m, n, k| {
        fn count(split: Split, m: usize, n: usize, k: usize) -> usize {
            match split.cut(m, n, k) {
                None => 1,
                Some(Cut::Row(i)) => count(split, i, n, k) + count(split, m - i, n, k),
                Some(Cut::Col(j)) => count(split, m, j, k) + count(split, m, n - j, k),
            }
        }
        count(Split::new::<f32>(m, n, k), m, n, k)
    };
    assert_eq!(leaves(64, 64, 64), 1);
    assert_eq!(leaves(64, 64, 1 << 30), 1);
    for (m, n, k) in [
        (768, 512, 128),
        (128, 512, 768),
        (768, 128, 512),
        (128, 128, 768),
        (4096, 4096, 4096),
        (5000, 1, 5000),
    ] {
        let leaves = leaves(m, n, k);
        assert!((2..=128).contains(&leaves), "({m}, {n}, {k}): {leaves} leaves");
    }
}

#[test]
fn a_matrix_without_elements_may_have_any_strides() {
    let (a, b) =
        (MatRef::strided(&[], 1000, 0, usize::MAX, 9), MatRef::strided(&[], 0, 2, 7, usize::MAX));
    let mut c = [1.0f32; 2000];
    matmul(Threads::Pool, 1.0, a, b, Accumulate::Add, MatMut::new(&mut c, 1000, 2));
    assert_eq!(c, [1.0; 2000]);
    matmul(Threads::Pool, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, 1000, 2));
    assert_eq!(c, [0.0; 2000]);
    let (a, b) = (MatRef::new(&[1.0], 1, 1), MatRef::strided(&[], 1, 0, 3, usize::MAX));
    let c = MatMut::strided(&mut [], 1, 0, usize::MAX, 1);
    matmul(Threads::Pool, 1.0f32, a, b, Accumulate::Add, c);
}

#[test]
fn nan_goes_through() {
    let (a, b) = ([f64::NAN, 0.0], [0.0, 1.0]);
    let mut c = [5.0];
    let (a, b) = (MatRef::new(&a, 1, 2), MatRef::new(&b, 2, 1));
    matmul(Threads::One, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, 1, 1));
    assert!(c[0].is_nan());
}

#[test]
#[should_panic(expected = "C is 2 × 2, A is 2 × 3, B is 2 × 2")]
fn shapes_must_fit() {
    let (a, b) = ([0.0f32; 6], [0.0f32; 4]);
    let mut c = [0.0f32; 4];
    let (a, b) = (MatRef::new(&a, 2, 3), MatRef::new(&b, 2, 2));
    matmul(Threads::One, 1.0, a, b, Accumulate::Replace, MatMut::new(&mut c, 2, 2));
}

#[test]
#[should_panic(expected = "a slice of 5 components is no 2 × 3 matrix")]
fn a_view_fills_its_slice() {
    MatRef::new(&[0.0f32; 5], 2, 3);
}

#[test]
#[should_panic(expected = "needs 12 components, the slice has 11")]
fn a_strided_view_stays_inside() {
    MatMut::strided(&mut [0.0f32; 11], 3, 2, 5, 1);
}

#[test]
#[should_panic(expected = "needs 18446744073709551615 components")]
fn an_extent_that_overflows_fits_nowhere() {
    MatRef::strided(&[0.0f32; 11], usize::MAX, 2, usize::MAX, 1);
}

#[test]
#[should_panic(expected = "overlaps itself")]
fn a_mutable_view_has_distinct_elements() {
    MatMut::strided(&mut [0.0f32; 20], 3, 4, 3, 1);
}

#[test]
#[should_panic(expected = "overlaps itself")]
fn a_mutable_view_has_no_zero_stride() {
    MatMut::strided(&mut [0.0f32; 20], 3, 1, 0, 1);
}
