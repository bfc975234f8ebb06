//! Spaces over other libraries' vectors, whose components are one slice.

use super::Parallel;
use crate::{Real, Threads};
use deo_core::space::{Factor, Formula, Matrices, Pass, Space, Updates};
use std::marker::PhantomData;
use std::ops::Range;

/// A stored vector whose components lie one after the other in memory.
///
/// Implement it for a vector type and [`Dense`] is a [`Space`] over it.
///
/// # Examples
///
/// ```
/// use deo_core::laws;
/// use deo_linalg::{Threads, space::{Contiguous, Dense}};
/// #[derive(Clone, Debug)]
/// struct Weights { values: Vec<f32> }
/// impl Contiguous for Weights {
///     type Scalar = f32;
///     fn zeros(len: usize) -> Self {
///         Weights { values: vec![0.0; len] }
///     }
///     fn components(&self) -> &[f32] {
///         &self.values
///     }
///     fn components_mut(&mut self) -> &mut [f32] {
///         &mut self.values
///     }
/// }
/// laws::check(&Dense::<Weights>::new(Threads::Pool), &Weights::zeros(1000));
/// ```
pub trait Contiguous: Clone + std::fmt::Debug {
    /// The type of the components, `f32` or `f64`.
    type Scalar: Real;
    /// The zero vector of `len` components.
    fn zeros(len: usize) -> Self;
    /// All components in order.
    fn components(&self) -> &[Self::Scalar];
    /// All components in order, to be written.
    fn components_mut(&mut self) -> &mut [Self::Scalar];
}

impl<T: Real> Contiguous for faer::Col<T> {
    type Scalar = T;

    fn zeros(len: usize) -> Self {
        faer::Col::zeros(len)
    }

    fn components(&self) -> &[T] {
        let column = self.as_ref().try_as_col_major();
        column.expect("a stored column is contiguous").as_slice()
    }

    fn components_mut(&mut self) -> &mut [T] {
        let column = self.as_mut().try_as_col_major_mut();
        column.expect("a stored column is contiguous").as_slice_mut()
    }
}

#[cfg(feature = "nalgebra")]
impl<T: Real + nalgebra::Scalar> Contiguous for nalgebra::DVector<T> {
    type Scalar = T;

    fn zeros(len: usize) -> Self {
        nalgebra::DVector::from_element(len, T::ZERO)
    }

    fn components(&self) -> &[T] {
        self.as_slice()
    }

    fn components_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

/// The space of vectors `V`, any type that is [`Contiguous`], with the Euclidean inner product, over the kernels of this
/// crate.
pub struct Dense<V> {
    threads: Threads,
    vector: PhantomData<fn() -> V>,
}

/// The space of faer's columns of `f32` or `f64`.
///
/// # Examples
///
/// ```
/// use deo_core::Space;
/// use deo_linalg::{Threads, space::FaerCol};
/// use faer::Col;
/// let space = FaerCol::<f64>::new(Threads::One);
/// let (x, mut y) = (Col::from_fn(3, |i| i as f64), Col::ones(3));
/// space.axpby(2.0, &x, -1.0, &mut y);
/// assert_eq!(y, Col::from_fn(3, |i| 2.0 * i as f64 - 1.0));
/// ```
pub type FaerCol<T> = Dense<faer::Col<T>>;

/// The space of nalgebra's vectors of `f32` or `f64`.
///
/// # Examples
///
/// ```
/// use deo_core::Space;
/// use deo_linalg::{Threads, space::NalgebraVector};
/// use nalgebra::DVector;
/// let space = NalgebraVector::<f64>::new(Threads::One);
/// let (x, y) = (DVector::from_vec(vec![1.0, 2.0]), DVector::from_vec(vec![3.0, 4.0]));
/// assert_eq!(space.dot(&x, &y), 11.0);
/// ```
#[cfg(feature = "nalgebra")]
pub type NalgebraVector<T> = Dense<nalgebra::DVector<T>>;

impl<V: Contiguous> Dense<V> {
    /// The space whose operations run on `threads`.
    pub const fn new(threads: Threads) -> Self {
        Dense { threads, vector: PhantomData }
    }

    /// The threads on which its operations run.
    pub const fn threads(&self) -> Threads {
        self.threads
    }

    /// The same space over the slices.
    const fn slices(&self) -> Parallel<V::Scalar> {
        Parallel::new(self.threads)
    }
}

// Derives would ask V for the same traits.
impl<V> Clone for Dense<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Dense<V> {}

impl<V> Default for Dense<V> {
    fn default() -> Self {
        Dense { threads: Threads::default(), vector: PhantomData }
    }
}

impl<V> std::fmt::Debug for Dense<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dense").field("threads", &self.threads).finish()
    }
}

impl<V: Contiguous> Space for Dense<V> {
    type Vector = V;
    type Owned = V;

    fn zeros_like(&self, x: &V) -> V {
        V::zeros(x.components().len())
    }

    fn len(&self, x: &V) -> usize {
        x.components().len()
    }

    fn epsilon(&self) -> f64 {
        V::Scalar::ROUNDOFF
    }

    fn fill(&self, x: &mut V, value: &(dyn Fn(u64) -> f64 + Sync)) {
        self.slices().fill(x.components_mut(), value);
    }

    fn axpby(&self, a: f64, x: &V, b: f64, y: &mut V) {
        self.slices().axpby(a, x.components(), b, y.components_mut());
    }

    fn dot(&self, x: &V, y: &V) -> f64 {
        self.slices().dot(x.components(), y.components())
    }

    fn dots<const K: usize>(&self, pairs: [(&V, &V); K]) -> [f64; K] {
        self.slices().dots(pairs.map(|(x, y)| (x.components(), y.components())))
    }

    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&V; R],
        written: [&mut V; W],
    ) -> [f64; K] {
        let (read, written) = (read.map(V::components), written.map(V::components_mut));
        self.slices().run(formula, read, written)
    }
}

impl<V: Contiguous> Updates for Dense<V> {
    fn update<const R: usize, const W: usize, const K: usize>(
        &self,
        range: Range<usize>,
        pass: &impl Pass<R, W, K>,
        read: [&V; R],
        written: [&mut V; W],
    ) -> [f64; K] {
        let (read, written) = (read.map(V::components), written.map(V::components_mut));
        self.slices().update(range, pass, read, written)
    }
}

impl<V: Contiguous<Scalar: deo_core::space::Real>> Matrices for Dense<V> {
    type Scalar = V::Scalar;

    fn slice<'a>(&self, range: Range<usize>, x: &'a V) -> Option<&'a [V::Scalar]> {
        x.components().get(range)
    }

    fn slice_mut<'a>(&self, range: Range<usize>, x: &'a mut V) -> Option<&'a mut [V::Scalar]> {
        x.components_mut().get_mut(range)
    }

    fn multiply(
        &self,
        shape: [usize; 3],
        alpha: f64,
        a: &[V::Scalar],
        b: Factor<'_, V::Scalar>,
        beta: f64,
        c: &mut [V::Scalar],
    ) {
        self.slices().multiply(shape, alpha, a, b, beta, c);
    }
}
