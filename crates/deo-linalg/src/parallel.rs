//! Deterministic parallelism: reductions and component-wise passes over a fixed tree of chunks.
//!
//! Problem: a sum of floating-point numbers depends on how it is bracketed, and a library that brackets by
//! the number of threads gives other bits on another machine. Here the bracketing is a function of the
//! length alone:
//!
//! ```text
//! reduce(v) = leaf(v)                                    if v has at most CHUNK components
//!             combine(reduce(left), reduce(right))       otherwise, left being ⌈c/2⌉ of the c chunks
//! ```
//!
//! The threads only decide which of them evaluates a node. The two halves go to [`rayon::join`], which keeps its job
//! on the stack, so a reduction needs no buffer of partial sums and allocates nothing. A tree is also more exact than
//! a sum from left to right: beyond one chunk the bound of the error grows with the logarithm of the length, not with
//! the length (N. J. Higham, The accuracy of floating point summation, SIAM J. Sci. Comput. 14, 783, 1993).

/// The threads on which a kernel runs. Its result is the same on any, to the last bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Threads {
    /// The calling thread alone: for work that is inside a parallel loop already.
    One,
    /// The current rayon pool: the one whose `install` surrounds the call, otherwise the global one.
    ///
    /// Run a whole training loop inside the pool ([`rayon::ThreadPool::install`], or
    /// [`rayon::ThreadPoolBuilder::use_current_thread`]): a call from outside hands the work over and waits
    /// for it, once for each kernel.
    #[default]
    Pool,
}

impl Threads {
    /// Whether work would be shared: in a pool of more than one thread.
    #[inline]
    pub fn split(self) -> bool {
        self == Threads::Pool && rayon::current_num_threads() > 1
    }

    /// The results of both closures, which run on two threads if the pool has a second one idle, else one after the
    /// other.
    #[inline]
    pub fn join<A: Send, B: Send>(
        self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if self.split() { rayon::join(a, b) } else { (a(), b()) }
    }
}

/// Components in one leaf of the tree.
///
/// 32 Ki `f32` of three vectors are 384 KiB, which a private second-level cache holds, and take 2–10 µs, against
/// some 50 ns for a fork that nobody steals. The number is part of the definition of every sum: changing it changes
/// bits.
pub const CHUNK: usize = 1 << 15;

/// One or several vectors of one length that can be cut at one index.
pub trait Views: Send + Sized {
    /// The number of components of each vector.
    fn len(&self) -> usize;
    /// The components before `middle` and those from there on.
    ///
    /// `middle` is at most the number of components.
    fn split(self, middle: usize) -> (Self, Self);
    /// True if there is no component.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Sync> Views for &[T] {
    #[inline]
    fn len(&self) -> usize {
        <[T]>::len(self)
    }
    #[inline]
    fn split(self, middle: usize) -> (Self, Self) {
        self.split_at(middle)
    }
}

impl<T: Send> Views for &mut [T] {
    #[inline]
    fn len(&self) -> usize {
        <[T]>::len(self)
    }
    #[inline]
    fn split(self, middle: usize) -> (Self, Self) {
        self.split_at_mut(middle)
    }
}

/// The indices of the components.
impl Views for std::ops::Range<usize> {
    #[inline]
    fn len(&self) -> usize {
        self.end - self.start
    }
    #[inline]
    fn split(self, middle: usize) -> (Self, Self) {
        let middle = self.start + middle;
        (self.start..middle, middle..self.end)
    }
}

impl<V: Views, const K: usize> Views for [V; K] {
    #[inline]
    fn len(&self) -> usize {
        self.first().map_or(0, Views::len)
    }
    #[inline]
    fn split(self, middle: usize) -> (Self, Self) {
        let mut right = [const { None }; K];
        let mut k = 0;
        let left = self.map(|view| {
            let (left, rest) = view.split(middle);
            right[k] = Some(rest);
            k += 1;
            left
        });
        (left, right.map(|view| view.expect("every view was split")))
    }
}

macro_rules! tuple {
    ($($v:ident $name:ident),+) => {
        impl<$($v: Views),+> Views for ($($v,)+) {
            #[inline]
            fn len(&self) -> usize {
                self.0.len()
            }
            #[inline]
            fn split(self, middle: usize) -> (Self, Self) {
                let ($($name,)+) = self;
                $(let $name = $name.split(middle);)+
                (($($name.0,)+), ($($name.1,)+))
            }
        }
    };
}
tuple!(A a, B b);
tuple!(A a, B b, C c);
tuple!(A a, B b, C c, D d);
tuple!(A a, B b, C c, D d, E e);

/// Reduces the chunks of `views` over the fixed tree of the [module](self)'s description.
///
/// `leaf` makes a result of at most [`CHUNK`] components; every leaf but the last gets exactly that many. `combine` joins
/// the results of two neighbours, the left one first, and need not commute. Vectors without components are one leaf.
///
/// # Panics
///
/// If the vectors of `views` differ in length (a longer one may go unnoticed where there is one chunk only: check
/// first).
///
/// # Examples
///
/// ```
/// use deo_linalg::{Threads, parallel::reduce};
/// let x = vec![-3.0f32; 100_000];
/// let largest = |x: &[f32]| x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
/// assert_eq!(reduce(Threads::Pool, &x[..], &largest, &f32::max), 3.0);
/// ```
pub fn reduce<V: Views, R: Send>(
    threads: Threads,
    views: V,
    leaf: &(impl Fn(V) -> R + Sync),
    combine: &(impl Fn(R, R) -> R + Sync),
) -> R {
    let chunks = views.len().div_ceil(CHUNK);
    if chunks <= 1 {
        return leaf(views);
    }
    let (left, right) = views.split(chunks.div_ceil(2) * CHUNK);
    let (left, right) = threads
        .join(|| reduce(threads, left, leaf, combine), || reduce(threads, right, leaf, combine));
    combine(left, right)
}

/// Runs `leaf` over every chunk of `views`, at most [`CHUNK`] components of each vector, in no fixed order.
///
/// # Panics
///
/// As [`reduce`].
///
/// # Examples
///
/// ```
/// use deo_linalg::{Threads, parallel::for_each};
/// let (x, mut y) = (vec![2.0; 50_000], vec![1.0; 50_000]);
/// for_each(Threads::Pool, (&x[..], &mut y[..]), &|(x, y): (&[f64], &mut [f64])| {
///     y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
/// });
/// assert_eq!(y, vec![3.0; 50_000]);
/// ```
pub fn for_each<V: Views>(threads: Threads, views: V, leaf: &(impl Fn(V) + Sync)) {
    reduce(threads, views, leaf, &|(), ()| ());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    /// The tree, written with brackets: a leaf is its range in chunks and components.
    fn tree(threads: Threads, n: usize) -> String {
        let leaf = |range: std::ops::Range<usize>| match Views::len(&range) {
            CHUNK => format!("{}", range.start / CHUNK),
            rest => format!("{}+{rest}", range.start / CHUNK),
        };
        reduce(threads, 0..n, &leaf, &|left, right| format!("({left} {right})"))
    }

    #[test]
    fn the_tree_is_a_function_of_the_length() {
        for (n, want) in [
            (0, "0+0"),
            (7, "0+7"),
            (CHUNK, "0"),
            (CHUNK + 1, "(0 1+1)"),
            (3 * CHUNK, "((0 1) 2)"),
            (4 * CHUNK + 5, "(((0 1) 2) (3 4+5))"),
            (8 * CHUNK, "(((0 1) (2 3)) ((4 5) (6 7)))"),
        ] {
            assert_eq!(tree(Threads::One, n), want);
            for threads in [1, 2, 8] {
                assert_eq!(
                    pool(threads).install(|| tree(Threads::Pool, n)),
                    want,
                    "{threads} threads"
                );
            }
        }
    }

    #[test]
    fn views_are_cut_together() {
        let (x, mut y) = ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9]);
        let views = ([&x[..], &x], &mut y[..], 10..15);
        let ((left, right), n) = (views.split(2), 5);
        assert_eq!((left.len(), right.len()), (2, n - 2));
        assert_eq!(left, ([&[0, 1][..], &[0, 1]], &mut [5, 6][..], 10..12));
        assert_eq!(right, ([&[2, 3, 4][..], &[2, 3, 4]], &mut [7, 8, 9][..], 12..15));
        assert!(!Views::is_empty(&right));
    }

    #[test]
    #[should_panic]
    fn views_of_different_length_cannot_be_cut() {
        let (x, mut y) = (vec![0.0; 2 * CHUNK], vec![0.0; CHUNK - 1]);
        for_each(Threads::One, (&x[..], &mut y[..]), &|_| {});
    }

    #[test]
    fn one_thread_stays_on_it() {
        let caller = std::thread::current().id();
        pool(4).install(|| {
            let here = std::thread::current().id();
            for_each(Threads::One, 0..10 * CHUNK, &|_| {
                assert_eq!(std::thread::current().id(), here);
            });
        });
        assert!(!pool(1).install(|| Threads::Pool.split()) && !Threads::One.split());
        assert_eq!(Threads::One.join(|| std::thread::current().id(), || 1), (caller, 1));
    }
}
