//! Norms of a vector whose components lie in many places, with the bits that they have when it is gathered.
//!
//! A sum is bracketed by its chunks, which begin and end within the places. A chunk that lies in one is read there, any other
//! is gathered first, into memory that stays in the cache.

use crate::vectors::Scalar;
use deo_core::Space;
use deo_core::space::{Formula, Number, Written};
use deo_linalg::parallel::{CHUNK, reduce};
use deo_linalg::{Parallel, Threads, kernels};
use std::borrow::{Borrow, BorrowMut};
use std::ops::Range;
use std::sync::Mutex;

/// Components in one place.
pub(crate) enum Part<'a, T> {
    Values(&'a [T]),
    Zeros(usize),
}

/// A vector in many places.
pub(crate) struct Scattered<'a, T> {
    parts: Vec<Part<'a, T>>,
    /// Where each part ends.
    ends: Vec<usize>,
    /// Of one chunk.
    gathered: Mutex<Vec<T>>,
}

fn zero<T: Scalar>() -> T {
    <T as deo_core::space::Real>::from_f64(0.0)
}

/// The root of ⟨x, x⟩ where that is the norm that [`Space::norm`](deo_core::Space::norm) gives: where it has all its digits
/// whatever the components are, which for f64 is a range with room for 2⁹² components that have lost some.
fn root<T: Scalar>(square: f64) -> Option<f64> {
    let is_single = std::mem::size_of::<T>() == 4;
    let is_whole = (f64::from_bits((1023 - 930) << 52)..=f64::MAX).contains(&square);
    (is_whole || is_single || square.is_nan()).then(|| square.sqrt())
}

/// [⟨y − x, y − x⟩, ⟨x, x⟩], of (x, y), y − x rounded as where it is stored.
struct Distance;

impl Formula<2, 0, 2> for Distance {
    fn written(&self) -> [Written; 0] {
        []
    }

    #[inline(always)]
    fn component<N: Number>(&self, [x, y]: [N; 2], []: &mut [N; 0]) -> [(N, N); 2] {
        let difference = (y - x.clone()).stored();
        [(difference.clone(), difference), (x.clone(), x)]
    }

    fn define<S: Space + ?Sized>(
        &self,
        space: &S,
        [x, y]: [&S::Vector; 2],
        []: [&mut S::Vector; 0],
    ) -> [f64; 2] {
        let mut difference = space.zeros_like(x);
        space.axpby(1.0, y, 0.0, difference.borrow_mut());
        space.axpby(-1.0, x, 1.0, difference.borrow_mut());
        let difference = difference.borrow();
        space.dots([(difference, difference), (x, x)])
    }
}

impl<'a, T: Scalar> Scattered<'a, T> {
    pub(crate) fn new(parts: Vec<Part<'a, T>>) -> Self {
        let mut len = 0;
        let mut ends = vec![];
        for part in &parts {
            len += match part {
                Part::Values(values) => values.len(),
                Part::Zeros(zeros) => *zeros,
            };
            ends.push(len);
        }
        Scattered { parts, ends, gathered: Mutex::new(vec![zero(); CHUNK.min(len)]) }
    }

    fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// ‖x‖; `None` where it would have to be scaled.
    pub(crate) fn norm(&self) -> Option<f64> {
        let leaf = |range| self.with_chunk(range, |chunk| kernels::dot(Threads::One, chunk, chunk));
        root::<T>(reduce(Threads::One, 0..self.len(), &leaf, &|left, right| left + right))
    }

    /// ‖y − x‖, whose components are rounded as y − x is where it is stored, and ‖x‖. `None` as of [`norm`](Self::norm), or
    /// if y has another length.
    pub(crate) fn distance(&self, y: &[T]) -> Option<[f64; 2]> {
        if y.len() != self.len() {
            return None;
        }
        let space = Parallel::<T>::new(Threads::One);
        let leaf = |range: Range<usize>| {
            self.with_chunk(range.clone(), |x| space.run(&Distance, [x, &y[range]], []))
        };
        let add = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a + c, b + d];
        let [distance, norm] = reduce(Threads::One, 0..y.len(), &leaf, &add);
        Some([root::<T>(distance)?, root::<T>(norm)?])
    }

    /// to ← x, of the same length.
    pub(crate) fn copy_to(&self, to: &mut [T]) {
        self.gather(0, 0, to);
    }

    fn with_chunk<R>(&self, range: Range<usize>, run: impl FnOnce(&[T]) -> R) -> R {
        let first = self.ends.partition_point(|end| *end <= range.start);
        if let (Some(Part::Values(values)), Some(end)) =
            (self.parts.get(first), self.ends.get(first))
            && range.end <= *end
        {
            let start = end - values.len();
            return run(&values[range.start - start..range.end - start]);
        }
        let mut gathered = self.gathered.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let chunk = &mut gathered[..range.len()];
        self.gather(first, range.start, chunk);
        run(chunk)
    }

    /// chunk ← the components from `at` on, of which part `first` holds that one.
    fn gather(&self, first: usize, mut at: usize, mut chunk: &mut [T]) {
        for (part, end) in self.parts.iter().zip(&self.ends).skip(first) {
            let here = (end - at).min(chunk.len());
            let (to, rest) = chunk.split_at_mut(here);
            match part {
                Part::Values(values) => {
                    let from = values.len() - (end - at);
                    to.copy_from_slice(&values[from..from + here]);
                }
                Part::Zeros(_) => to.fill(zero()),
            }
            (at, chunk) = (at + here, rest);
            if chunk.is_empty() {
                return;
            }
        }
    }
}
