//! How a layer spreads its rows over the threads.
//!
//! An activation is a matrix with one row for each token. A layer that treats rows alike hands its matrices
//! to [`for_each`], which halves them until [`ROWS`] rows are left; the bounds depend on the number of rows
//! alone, so the bits do not depend on the number of threads. What is summed *over* rows (the gradients of
//! gains and biases) is split by columns instead, with [`for_each`] over the entries of the result: every
//! entry is then summed in the order of the rows, and no partial sums need a place.

use super::check_len;
use deo_linalg::parallel::Views;
use deo_linalg::{Real, Threads, vectorised};

/// Rows, or entries, of one task: some microseconds of work, against the fraction of one that a fork costs.
const ROWS: usize = 32;

/// Components of one task of an element-wise function, likewise.
const COMPONENTS: usize = 4096;

/// A row-major matrix that can be cut between two rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    data: &'a [T],
    width: usize,
}

/// A row-major matrix that can be cut between two rows and written.
#[derive(Debug)]
pub(crate) struct RowsMut<'a, T> {
    data: &'a mut [T],
    width: usize,
}

/// `data` as rows of `width` components.
#[track_caller]
pub(crate) fn rows<T>(data: &[T], width: usize) -> Rows<'_, T> {
    check(data.len(), width);
    Rows { data, width }
}

/// `data` as rows of `width` components, to be written.
#[track_caller]
pub(crate) fn rows_mut<T>(data: &mut [T], width: usize) -> RowsMut<'_, T> {
    check(data.len(), width);
    RowsMut { data, width }
}

#[track_caller]
fn check(len: usize, width: usize) {
    assert!(
        width > 0 && len.is_multiple_of(width),
        "{len} components are no whole number of rows of {width}"
    );
}

impl<'a, T> Rows<'a, T> {
    /// The rows in order.
    #[inline(always)]
    pub(crate) fn iter(self) -> std::slice::ChunksExact<'a, T> {
        self.data.chunks_exact(self.width)
    }

    /// All components.
    #[inline(always)]
    pub(crate) fn flat(self) -> &'a [T] {
        self.data
    }
}

impl<'a, T> RowsMut<'a, T> {
    /// The rows in order.
    #[inline(always)]
    pub(crate) fn iter(self) -> std::slice::ChunksExactMut<'a, T> {
        self.data.chunks_exact_mut(self.width)
    }

    /// All components.
    #[inline(always)]
    pub(crate) fn flat(self) -> &'a mut [T] {
        self.data
    }
}

impl<T: Sync> Views for Rows<'_, T> {
    fn len(&self) -> usize {
        self.data.len() / self.width
    }

    fn split(self, middle: usize) -> (Self, Self) {
        let (head, tail) = self.data.split_at(middle * self.width);
        (rows(head, self.width), rows(tail, self.width))
    }
}

impl<T: Send> Views for RowsMut<'_, T> {
    fn len(&self) -> usize {
        self.data.len() / self.width
    }

    fn split(self, middle: usize) -> (Self, Self) {
        let (head, tail) = self.data.split_at_mut(middle * self.width);
        (rows_mut(head, self.width), rows_mut(tail, self.width))
    }
}

/// Runs `body` over tasks of at most [`ROWS`] rows.
///
/// Mark the closure `#[inline(always)]`: it is compiled once for each instruction set, see [`vectorised`].
#[inline(always)]
pub(crate) fn for_each<V: Views>(threads: Threads, views: V, body: impl Fn(V) + Copy + Sync) {
    for_each_chunk(threads, ROWS, views, body);
}

/// Runs `body` over tasks of at most [`COMPONENTS`] rows, which are single components.
#[inline(always)]
pub(crate) fn for_each_component<V: Views>(
    threads: Threads,
    views: V,
    body: impl Fn(V) + Copy + Sync,
) {
    for_each_chunk(threads, COMPONENTS, views, body);
}

/// y ← f(x), component by component; x, y of one length. `f` is to be `#[inline(always)]`.
#[inline(always)]
#[track_caller]
pub(super) fn map<T: Real>(
    threads: Threads,
    y: &mut [T],
    x: &[T],
    f: impl Fn(T) -> T + Copy + Sync,
) {
    check_len("y", y, x.len());
    let views = (rows_mut(y, 1), rows(x, 1));
    for_each_component(
        threads,
        views,
        #[inline(always)]
        |(y, x)| {
            for (y, x) in y.flat().iter_mut().zip(x.flat()) {
                *y = f(*x);
            }
        },
    );
}

/// dx ← dx ∘ f(z), likewise.
#[inline(always)]
#[track_caller]
pub(super) fn scale<T: Real>(
    threads: Threads,
    dx: &mut [T],
    z: &[T],
    f: impl Fn(T) -> T + Copy + Sync,
) {
    check_len("dx", dx, z.len());
    let views = (rows_mut(dx, 1), rows(z, 1));
    for_each_component(
        threads,
        views,
        #[inline(always)]
        |(dx, z)| {
            for (dx, z) in dx.flat().iter_mut().zip(z.flat()) {
                *dx *= f(*z);
            }
        },
    );
}

/// Runs `body` over tasks of at most `chunk` rows.
pub(crate) fn for_each_chunk<V: Views>(
    threads: Threads,
    chunk: usize,
    views: V,
    body: impl Fn(V) + Copy + Sync,
) {
    let chunks = views.len().div_ceil(chunk);
    if chunks <= 1 {
        return vectorised(
            #[inline(always)]
            || body(views),
        );
    }
    let (left, right) = views.split(chunks.div_ceil(2) * chunk);
    threads.join(
        || for_each_chunk(threads, chunk, left, body),
        || for_each_chunk(threads, chunk, right, body),
    );
}

/// Runs `body` inside the pool, if there is one to share it out to: one hand-over for a whole pass instead of
/// one for each layer.
pub(crate) fn inside<R: Send>(threads: Threads, body: impl FnOnce() -> R + Send) -> R {
    if threads.split() && rayon::current_thread_index().is_none() {
        rayon::scope(|_| body())
    } else {
        body()
    }
}
