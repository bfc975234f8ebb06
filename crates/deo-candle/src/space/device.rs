//! Tensors anywhere: the same operations by those of candle.
//!
//! Inner products are summed in f64: a naive f32 sum over N = 2²⁴ components is off by a few per cent. Both factors are
//! cast in chunks of [`CHUNK`] components, so that the copies stay small, and the sums of the chunks come back in one
//! transfer. A fused f32 product would read 8 bytes a component; this moves 8 + 16 (casts), 16 + 8 (product) and 8
//! (sum), seven times as much. On the CPU, where this route is for tests only and candle's sums are serial, it took 1.6
//! to 2.3 ms against 0.05 ms for 3·10⁵ components. The order of summation depends on the shapes alone and, within a
//! chunk, on candle's kernel, which should give the same bits twice: the laws check it on the CPU.

use candle_core::{DType, Device, Error, Result, Tensor};
use deo_core::space::{Formula, Number};
use std::ops::{Add, Div, Mul, Sub};
use std::sync::Arc;

/// Components cast at a time: 2²⁰, three f64 buffers of 8 MB each.
const CHUNK: usize = 1 << 20;

/// a x + b y; with b = 0, y is not read.
pub(super) fn axpby(a: f64, x: &Tensor, b: f64, y: &Tensor) -> Result<Tensor> {
    let scaled = |a: f64, x: &Tensor| if a == 1.0 { Ok(x.clone()) } else { x.affine(a, 0.0) };
    match (a, b) {
        (1.0, 0.0) => x.copy(), // a clone would share its storage
        (_, 0.0) => x.affine(a, 0.0),
        _ => scaled(a, x)? + scaled(b, y)?,
    }
}

/// The new tensors of a formula, `None` for what is no result; parts of its sums are added to `pending`.
pub(super) fn run<const R: usize, const W: usize, const K: usize>(
    formula: &impl Formula<R, W, K>,
    read: [&Tensor; R],
    written: [&Tensor; W],
    pending: &mut Pending,
) -> Result<[Option<Tensor>; W]> {
    let number = |x: &Tensor| Whole(Ok(x.clone()));
    let mut new = written.map(number);
    let pairs = formula.component(read.map(number), &mut new);
    for (k, (x, y)) in pairs.into_iter().enumerate() {
        pending.push(k, &x.0.map_err(once)?, &y.0.map_err(once)?)?;
    }
    let mut tensors = [const { None }; W];
    for ((tensor, new), how) in tensors.iter_mut().zip(new).zip(formula.written()) {
        if how.is_result() {
            *tensor = Some(new.0.map_err(once)?);
        }
    }
    Ok(tensors)
}

/// A tensor as the number of a formula: every operation is that of all its components, in its own precision.
#[derive(Clone)]
struct Whole(std::result::Result<Tensor, Arc<Error>>);

/// An error that may have spoilt several numbers.
fn once(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(|error| Error::Msg(error.to_string()))
}

impl Whole {
    fn then(self, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Self {
        Whole(self.0.and_then(|x| f(&x).map_err(Arc::new)))
    }

    fn and(self, other: Self, f: impl FnOnce(&Tensor, &Tensor) -> Result<Tensor>) -> Self {
        match other.0 {
            Ok(y) => self.then(|x| f(x, &y)),
            Err(error) => Whole(Err(error)),
        }
    }
}

impl Add for Whole {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.and(other, |x, y| x + y)
    }
}

impl Sub for Whole {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.and(other, |x, y| x - y)
    }
}

impl Mul<f64> for Whole {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        self.then(|x| x.affine(factor, 0.0)) // 1 too: a clone would share its storage
    }
}

impl Div<f64> for Whole {
    type Output = Self;
    fn div(self, divisor: f64) -> Self {
        self.then(|x| x / divisor)
    }
}

impl Number for Whole {
    fn stored(self) -> Self {
        self
    }
}

/// Parts of inner products, still on their devices.
#[derive(Default)]
pub(super) struct Pending {
    sums: Vec<Tensor>,
    /// The inner product that each is a part of.
    owners: Vec<usize>,
}

impl Pending {
    /// Adds ⟨x, y⟩ to the parts of inner product k.
    pub(super) fn push(&mut self, k: usize, x: &Tensor, y: &Tensor) -> Result<()> {
        let len = x.elem_count();
        let square = x.id() == y.id(); // a norm casts once
        let (x, y) = (x.flatten_all()?, y.flatten_all()?);
        for start in (0..len).step_by(CHUNK) {
            let wide = |t: &Tensor| widened(&t.narrow(0, start, CHUNK.min(len - start))?);
            let products = if square { wide(&x)?.sqr()? } else { (wide(&x)? * wide(&y)?)? };
            self.sums.push(products.sum_all()?);
            self.owners.push(k);
        }
        Ok(())
    }

    /// Adds all parts to their inner products, in the order in which they came.
    pub(super) fn add_to(self, sums: &mut [f64]) -> Result<()> {
        let Some(first) = self.sums.first() else { return Ok(()) };
        let together = self.sums.iter().all(|sum| sum.device().same_device(first.device()));
        let parts = if together {
            Tensor::stack(&self.sums, 0)?.to_vec1::<f64>()?
        } else {
            self.sums.iter().map(Tensor::to_scalar).collect::<Result<_>>()?
        };
        for (owner, part) in self.owners.into_iter().zip(parts) {
            sums[owner] += part;
        }
        Ok(())
    }
}

fn widened(x: &Tensor) -> Result<Tensor> {
    if x.device().is_metal() {
        return x.to_device(&Device::Cpu)?.to_dtype(DType::F64);
    }
    x.to_dtype(DType::F64)
}
