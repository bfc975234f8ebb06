//! Lists of candle tensors as vectors.
//!
//! Problem: the components of x, of a gradient and of an axis lie in tensors, one for each parameter, on whatever device
//! candle put them. [`Tensors`] is the product space of these tensors: the sum over them, in their order, is the inner
//! product, and `fill` counts on from one to the next, so that the list is the same vector as its concatenation.
//!
//! | where a tensor lies | y ← a x + b y, secants, displacements | ⟨x, y⟩ |
//! |---|---|---|
//! | CPU | deo-core's `Host` on candle's own slices: one pass, in f64, rounded once | the same, f64 lanes |
//! | CUDA | candle operations in the tensor's own precision, three passes | cast to f64 in chunks, products and sums on the device |
//! | Metal, which has no f64 | as on CUDA | in chunks to the CPU, there as above |
//!
//! A displaced point is rounded to what its `Var`s store, where that is less: its distance is that between rounded points.
//!
//! 1. Departure: no operation works in place. A tensor may share its storage with others, such as a `Var` with every
//!    clone a layer holds, and candle doesn't tell. So each result is a new tensor that takes the place of the old one in
//!    the list, and nobody else's numbers change. The price is an allocation for each tensor and operation.
//! 2. Departure: candle's operations can fail and those of [`Space`] can't. The first failure is kept, every number after
//!    it is NaN, on which no machine acts, and [`Tensors::check`] hands it out.

mod device;
mod slices;

use crate::Error;
use candle_core::{DType, Tensor};
use deo_core::space::{Formula, Space, formulas::Displace};
use std::cell::RefCell;

/// The space of lists of candle tensors of f32 or f64, on any device.
///
/// Weights of f16 and bf16 have f32 masters: [`zeros_like`](Space::zeros_like) of such a tensor is f32, and the space
/// of [`Tensors::of`] their type differs from that of f32 in its roundoff only. An operation on a half tensor panics.
///
/// # Panics
///
/// All operations panic if lists in one call differ in the number, shape or type of their tensors.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use deo_candle::{Tensors, deo_core::Space};
///
/// let space = Tensors::of(DType::F32)?;
/// let x = vec![Tensor::new(&[[1f32, 2.0]], &Device::Cpu)?, Tensor::new(&[3f32], &Device::Cpu)?];
/// assert_eq!(space.dot(&x, &x), 14.0);
/// space.check()?;
/// # Ok::<(), deo_candle::Error>(())
/// ```
#[derive(Debug)]
pub struct Tensors {
    epsilon: f64,
    /// Candle's operations on the CPU too.
    by_operations: bool,
    /// The types of the `Var`s whose displaced points are rounded to what these hold.
    stored: Option<Vec<DType>>,
    /// The first failure since the last check.
    failure: RefCell<Option<candle_core::Error>>,
}

impl Clone for Tensors {
    /// The same space, in which nothing has failed.
    fn clone(&self) -> Self {
        let Tensors { epsilon, by_operations, ref stored, failure: _ } = *self;
        Tensors { epsilon, by_operations, stored: stored.clone(), failure: RefCell::new(None) }
    }
}

impl Tensors {
    /// The space for weights of type `dtype`, whose roundoff sets the dimer length and the rounding part of errors.
    ///
    /// A gradient is as exact as the weights it was computed with. So a model that casts f32 weights to bf16 for each
    /// pass is at home in the space of bf16.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], with index 0, for a type that isn't f32, f64, f16 or bf16.
    pub fn of(dtype: DType) -> Result<Self, Error> {
        let epsilon = roundoff(dtype).ok_or(Error::Storage { index: 0, dtype })?;
        Ok(Tensors::with_roundoff(epsilon))
    }

    pub(crate) fn with_roundoff(epsilon: f64) -> Self {
        Tensors { epsilon, by_operations: false, stored: None, failure: RefCell::new(None) }
    }

    /// The same space, of points that `Var`s of these types are to hold.
    pub(crate) fn storing(self, types: Vec<DType>) -> Self {
        Tensors { stored: Some(types), ..self }
    }

    /// The same space by candle's operations alone, on the CPU too: what runs on other devices, to test and to time.
    #[must_use]
    pub fn by_operations(self) -> Self {
        Tensors { by_operations: true, ..self }
    }

    /// The first failure of candle since the last check; until then all inner products are NaN.
    ///
    /// # Errors
    ///
    /// That failure.
    pub fn check(&self) -> candle_core::Result<()> {
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// The result, unless candle failed.
    fn noted<R>(&self, result: candle_core::Result<R>) -> Option<R> {
        match result {
            Ok(result) => Some(result),
            Err(error) => {
                self.failure.borrow_mut().get_or_insert(error);
                None
            }
        }
    }

    fn on_slices(&self, x: &Tensor) -> bool {
        x.device().is_cpu() && !self.by_operations
    }

    /// The sums with the parts that are still on devices; NaN after a failure.
    fn collect<const K: usize>(&self, pending: device::Pending, mut sums: [f64; K]) -> [f64; K] {
        self.noted(pending.add_to(&mut sums));
        if self.failure.borrow().is_some() { [f64::NAN; K] } else { sums }
    }

    /// Puts what `make` returns for each place into `y`.
    fn put(
        &self,
        y: &mut [Tensor],
        mut make: impl FnMut(usize, &Tensor) -> candle_core::Result<Tensor>,
    ) {
        for (i, y) in y.iter_mut().enumerate() {
            if let Some(new) = self.noted(make(i, y)) {
                *y = new;
            }
        }
    }
}

/// The unit roundoff of a type of weights, 2⁻ᵖ with p significant bits.
pub(crate) fn roundoff(dtype: DType) -> Option<f64> {
    let bits = match dtype {
        DType::F64 => 53,
        DType::F32 => 24,
        DType::F16 => 11,
        DType::BF16 => 8,
        _ => return None,
    };
    Some(0.5f64.powi(bits))
}

/// The type of a component of a vector over weights of `dtype`: f32 for halves.
pub(crate) fn master(dtype: DType) -> DType {
    if dtype == DType::F64 { DType::F64 } else { DType::F32 }
}

/// `zip` truncates, and candle would fail with less to say.
#[track_caller]
fn same_shapes(x: &[Tensor], y: &[Tensor]) {
    assert_eq!(x.len(), y.len(), "vectors of one call must have the same number of tensors");
    for (i, (x, y)) in x.iter().zip(y).enumerate() {
        assert_eq!(x.shape(), y.shape(), "tensors {i} of one call must have the same shape");
        assert_eq!(x.dtype(), y.dtype(), "tensors {i} of one call must have the same type");
        assert_eq!(x.dtype(), master(x.dtype()), "tensor {i} must be its f32 or f64 master");
    }
}

impl Space for Tensors {
    type Vector = [Tensor];
    type Owned = Vec<Tensor>;

    fn zeros_like(&self, x: &[Tensor]) -> Vec<Tensor> {
        let zeros = |x: &Tensor| {
            let zeros = Tensor::zeros(x.shape(), master(x.dtype()), x.device());
            self.noted(zeros).unwrap_or_else(|| x.clone()) // whatever it holds, the failure is kept
        };
        x.iter().map(zeros).collect()
    }

    fn len(&self, x: &[Tensor]) -> usize {
        x.iter().map(Tensor::elem_count).sum()
    }

    fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn fill(&self, x: &mut [Tensor], value: &(dyn Fn(u64) -> f64 + Sync)) {
        let mut next = 0;
        self.put(x, |_, x| {
            let first = next;
            next += x.elem_count() as u64;
            let (values, device) = ((first..next).map(value), x.device());
            match x.dtype() {
                DType::F64 => Tensor::from_vec(values.collect::<Vec<_>>(), x.shape(), device),
                _ => {
                    let values = values.map(|value| value as f32).collect::<Vec<_>>();
                    Tensor::from_vec(values, x.shape(), device)
                }
            }
        });
    }

    fn axpby(&self, a: f64, x: &[Tensor], b: f64, y: &mut [Tensor]) {
        same_shapes(x, y);
        self.put(y, |i, y| match self.on_slices(y) {
            true => slices::axpby(a, &x[i], b, y),
            false => device::axpby(a, &x[i], b, y),
        });
    }

    fn dot(&self, x: &[Tensor], y: &[Tensor]) -> f64 {
        let [dot] = self.dots([(x, y)]);
        dot
    }

    /// One transfer from a device for all K.
    fn dots<const K: usize>(&self, pairs: [(&[Tensor], &[Tensor]); K]) -> [f64; K] {
        pairs.iter().for_each(|(x, y)| same_shapes(x, y));
        let mut sums = [0.0; K];
        let mut pending = device::Pending::default();
        for (k, (x, y)) in pairs.into_iter().enumerate() {
            for (x, y) in x.iter().zip(y) {
                if self.on_slices(x) {
                    sums[k] += self.noted(slices::dot(x, y)).unwrap_or(f64::NAN);
                } else {
                    self.noted(pending.push(k, x, y));
                }
            }
        }
        self.collect(pending, sums)
    }

    /// Halves are displaced in f32 and rounded; the length is then that between the rounded points.
    fn displace(&self, h: f64, n: &[Tensor], x: &[Tensor], y: &mut [Tensor]) -> f64 {
        let [realised] = self.run(&Displace { length: h }, [n, x], [&mut *y]);
        let Some(stored) = &self.stored else { return realised };
        self.put(y, |i, y| y.to_dtype(stored[i])?.to_dtype(y.dtype()));
        let mut way = y.to_vec(); // clones of handles, which the difference replaces
        self.axpby(-1.0, x, 1.0, &mut way);
        self.dot(&way, n)
    }

    /// One pass over candle's slices, or the formula with whole tensors for numbers.
    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[Tensor]; R],
        mut written: [&mut [Tensor]; W],
    ) -> [f64; K] {
        let all: Vec<&[Tensor]> = read.into_iter().chain(written.iter().map(|x| &**x)).collect();
        all.iter().for_each(|x| same_shapes(x, all[0]));
        let count = all.first().map_or(0, |x| x.len());
        let (mut sums, mut pending) = ([0.0; K], device::Pending::default());
        for i in 0..count {
            let (read, old) = (read.map(|x| &x[i]), written.each_ref().map(|x| &x[i]));
            let done = match read.iter().chain(&old).all(|x| self.on_slices(x)) {
                true => slices::run(formula, read, old, &mut sums),
                false => device::run(formula, read, old, &mut pending),
            };
            let Some(new) = self.noted(done) else { continue };
            for (x, new) in written.iter_mut().zip(new) {
                if let Some(new) = new {
                    x[i] = new;
                }
            }
        }
        self.collect(pending, sums)
    }
}

#[cfg(test)]
mod tests;
