//! Lists of burn tensors as vectors: the `Space` that everything else of this crate computes in.
//!
//! Problem: a module's trainable parameters are tensors of several shapes, on whatever device the user chose. Here a
//! vector is the list of them, each flattened to one dimension, in the order in which the module is visited. It is
//! the same vector as its concatenation: the same seed gives the same axis as for a flat slice in that order.
//!
//! Tensors carry no autodiff association: nothing here is recorded on a tape.
//!
//! | operation | passes over memory on the device | read by the host |
//! |---|---|---|
//! | `axpby` | 1 for each of a x, b y, + that isn't trivial; b = 0, a = 1 shares the tensor and copies nothing | – |
//! | `dot`, [`Reduction::Host`] | – | every distinct vector of the call, once; then f64 lanes, in pieces of 8 192 |
//! | `dot`, [`Reduction::Device`] | 2, and 2 more to convert if the device has f64 | ⌈N/256⌉ partial sums, or one |
//! | a formula, such as `secant` | one for each of its +, − and factors | the distinct vectors of its products |
//!
//! Departures from the rule that nothing is allocated in the steady state: burn's operations return new tensors; they
//! reuse the old y's memory where nobody else holds it.

mod sums;
mod whole;

pub use sums::Reduction;

use burn::tensor::{DType, Device, Tensor, TensorData};
use deo_core::space::{Formula, Space};
use whole::Whole;

/// A flattened parameter.
pub(crate) type Flat = Tensor<1>;

/// The space of lists of one-dimensional tensors.
///
/// # Panics
///
/// All operations panic if the lists of one call differ in the number or the lengths of their tensors.
///
/// # Examples
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use deo_burn::Tensors;
/// use deo_burn::deo_core::Space;
///
/// let device = Device::default();
/// let x = vec![Tensor::<1>::from_floats([1.0, 2.0], &device), Tensor::from_floats([3.0], &device)];
/// let space = Tensors::like(&x);
/// assert_eq!(space.len(&x), 3);
/// assert_eq!(space.dot(&x, &x), 14.0);
/// ```
#[derive(Debug, Clone)]
pub struct Tensors {
    devices: Vec<Device>,
    dtype: DType,
    reduction: Reduction,
}

impl Tensors {
    /// The space of lists like `template`, of f32 or f64.
    ///
    /// # Panics
    ///
    /// If the list is empty, or its tensors are of another type than f32 and f64 or differ in type.
    pub fn like(template: &[Tensor<1>]) -> Self {
        let dtype = template.first().expect("a vector needs at least one tensor").dtype();
        assert!(is_supported(dtype), "vectors are of f32 or f64, these are of {dtype:?}");
        for tensor in template {
            let other = tensor.dtype();
            assert_eq!(dtype, other, "all tensors of a vector must have the same type");
        }
        let devices = template.iter().map(|x| x.device().without_autodiff()).collect();
        Tensors { devices, dtype, reduction: Reduction::default() }
    }

    /// Sums there.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The tensor on the device of its parameter: one that was loaded from a file is on the default device.
    fn here(&self, i: usize, x: &Flat) -> Flat {
        let x = x.clone();
        if x.device() == self.devices[i] { x } else { x.to_device(&self.devices[i]) }
    }

    #[track_caller]
    fn fit(&self, vectors: &[&[Flat]]) {
        let count = self.devices.len();
        for vector in vectors {
            assert_eq!(vector.len(), count, "vectors of this space have {count} tensors");
            for (x, y) in vectors[0].iter().zip(*vector) {
                let (x, y) = (x.shape()[0], y.shape()[0]);
                assert_eq!(x, y, "vectors of one call must have tensors of the same lengths");
            }
        }
    }

    fn stored(&self, i: usize, numbers: impl Iterator<Item = f64>, len: usize) -> Flat {
        let data = match self.dtype {
            DType::F64 => TensorData::new(numbers.collect::<Vec<f64>>(), [len]),
            _ => TensorData::new(numbers.map(|x| x as f32).collect::<Vec<f32>>(), [len]),
        };
        Tensor::from_data(data, (&self.devices[i], self.dtype))
    }
}

/// The types with enough digits to displace by h ‖x‖ and see the difference.
pub(crate) fn is_supported(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64)
}

/// a x, where a = 1 shares x.
fn scaled(a: f64, x: Flat) -> Flat {
    if a == 1.0 { x } else { x.mul_scalar(a) }
}

/// a x + b y, where b = 0 doesn't read y.
fn combined(a: f64, x: Flat, b: f64, y: Flat) -> Flat {
    if b == 0.0 { scaled(a, x) } else { scaled(b, y).add(scaled(a, x)) }
}

/// Takes y out, so that burn may reuse its memory; x stands in for it meanwhile.
fn take(y: &mut Flat, x: &Flat) -> Flat {
    std::mem::replace(y, x.clone())
}

impl Space for Tensors {
    type Vector = [Tensor<1>];
    type Owned = Vec<Tensor<1>>;

    fn zeros_like(&self, x: &[Flat]) -> Vec<Flat> {
        self.fit(&[x]);
        let zeros = |(x, device): (&Flat, &Device)| Tensor::zeros(x.shape(), (device, self.dtype));
        x.iter().zip(&self.devices).map(zeros).collect()
    }

    fn len(&self, x: &[Flat]) -> usize {
        x.iter().map(|x| x.shape()[0]).sum()
    }

    fn epsilon(&self) -> f64 {
        match self.dtype {
            DType::F64 => f64::EPSILON / 2.0,
            _ => f64::from(f32::EPSILON) / 2.0,
        }
    }

    fn fill(&self, x: &mut [Flat], value: &(dyn Fn(u64) -> f64 + Sync)) {
        self.fit(&[x]);
        let mut first = 0;
        for (i, x) in x.iter_mut().enumerate() {
            let len = x.shape()[0];
            *x = self.stored(i, (first..first + len as u64).map(value), len);
            first += len as u64;
        }
    }

    fn axpby(&self, a: f64, x: &[Flat], b: f64, y: &mut [Flat]) {
        self.fit(&[x, y]);
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            let x = self.here(i, x);
            let old = take(y, &x);
            let old = if b == 0.0 { old } else { self.here(i, &old) };
            *y = combined(a, x, b, old);
        }
    }

    fn dot(&self, x: &[Flat], y: &[Flat]) -> f64 {
        let [dot] = self.dots([(x, y)]);
        dot
    }

    fn dots<const K: usize>(&self, pairs: [(&[Flat], &[Flat]); K]) -> [f64; K] {
        pairs.iter().for_each(|(x, y)| self.fit(&[pairs[0].0, x, y]));
        let mut sums = [0.0; K];
        for block in 0..self.devices.len() {
            // One number for a vector that occurs more than once: it is read once.
            let mut known: Vec<(*const [Flat], Whole)> = Vec::with_capacity(2 * K);
            let mut number = |x: &[Flat]| match known.iter().find(|(y, _)| std::ptr::eq(x, *y)) {
                Some((_, number)) => number.clone(),
                None => {
                    known.push((x, Whole::new(self.here(block, &x[block]))));
                    known[known.len() - 1].1.clone()
                }
            };
            let pairs = pairs.map(|(x, y)| (number(x), number(y)));
            self.add_products(pairs, &mut sums);
        }
        sums
    }

    /// The formula with whole tensors for numbers.
    fn run<const R: usize, const W: usize, const K: usize>(
        &self,
        formula: &impl Formula<R, W, K>,
        read: [&[Flat]; R],
        mut written: [&mut [Flat]; W],
    ) -> [f64; K] {
        let all: Vec<&[Flat]> = read.into_iter().chain(written.iter().map(|x| &**x)).collect();
        self.fit(&all);
        let (how, mut sums) = (formula.written(), [0.0; K]);
        for i in 0..self.devices.len() {
            let read = read.map(|x| Whole::new(self.here(i, &x[i])));
            let mut new = written.each_ref().map(|x| Whole::new(self.here(i, &x[i])));
            let pairs = formula.component(read, &mut new);
            self.add_products(pairs, &mut sums);
            for ((x, new), how) in written.iter_mut().zip(new).zip(how) {
                if how.is_result() {
                    x[i] = new.into_tensor();
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_from_elsewhere_is_brought_to_its_device() {
        // There is one device here; what can be tested is that autodiff devices don't count as others.
        let device = Device::default();
        let x: Flat = Tensor::zeros([3], &device.clone().autodiff());
        let space = Tensors::like(std::slice::from_ref(&x));
        assert!(!space.devices[0].is_autodiff());
        assert_eq!(space.here(0, &x).device(), device);
    }
}
