//! Tensors on the CPU: deo-core's kernels on the slices that candle stores.
//!
//! A result is a new tensor, see [`Tensors`](super::Tensors). Views that aren't contiguous are copied first.

use candle_core::{DType, Error, Layout, Result, Storage, Tensor, WithDType};
use deo_core::space::{Formula, Host, Real, Space};

/// A function for f32 or f64, by the type of a tensor.
macro_rules! by_dtype {
    ($x:expr, $function:ident($($argument:expr),*)) => {
        match $x.dtype() {
            DType::F32 => $function::<f32>($($argument),*),
            DType::F64 => $function::<f64>($($argument),*),
            other => Err(Error::UnsupportedDTypeForOp(other, "deo_candle::Tensors").bt()),
        }
    };
}

/// a x + b y; with b = 0, y is not read.
pub(super) fn axpby(a: f64, x: &Tensor, b: f64, y: &Tensor) -> Result<Tensor> {
    fn of<T: Real + WithDType>(a: f64, x: &Tensor, b: f64, y: &Tensor) -> Result<Tensor> {
        let sum = with_slices([x, y], |[x, y]: [&[T]; 2]| {
            let mut sum = if b == 0.0 { vec![Real::ZERO; x.len()] } else { y.to_vec() };
            Host::new().axpby(a, x, b, &mut sum);
            sum
        })?;
        Tensor::from_vec(sum, y.shape(), y.device())
    }
    by_dtype!(y, of(a, x, b, y))
}

/// ⟨x, y⟩.
pub(super) fn dot(x: &Tensor, y: &Tensor) -> Result<f64> {
    fn of<T: Real + WithDType>(x: &Tensor, y: &Tensor) -> Result<f64> {
        with_slices([x, y], |[x, y]: [&[T]; 2]| Host::new().dot(x, y))
    }
    by_dtype!(x, of(x, y))
}

/// The new tensors of a formula, `None` for what is no result; its sums are added to `sums`.
pub(super) fn run<const R: usize, const W: usize, const K: usize>(
    formula: &impl Formula<R, W, K>,
    read: [&Tensor; R],
    written: [&Tensor; W],
    sums: &mut [f64; K],
) -> Result<[Option<Tensor>; W]> {
    fn of<T: Real + WithDType, const R: usize, const W: usize, const K: usize>(
        formula: &impl Formula<R, W, K>,
        read: [&Tensor; R],
        written: [&Tensor; W],
        sums: &mut [f64; K],
    ) -> Result<[Option<Tensor>; W]> {
        let how = formula.written();
        let mut new: [Vec<T>; W] = [const { Vec::new() }; W];
        for ((new, old), how) in new.iter_mut().zip(written).zip(how) {
            // What isn't read needn't be copied.
            let zeros = || vec![Real::ZERO; old.elem_count()];
            *new = if how.is_read() { copied(old)? } else { zeros() };
        }
        let parts = with_slices(read, |read: [&[T]; R]| {
            Host::new().run(formula, read, new.each_mut().map(Vec::as_mut_slice))
        })?;
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        let mut tensors = [const { None }; W];
        for (k, new) in new.into_iter().enumerate() {
            if how[k].is_result() {
                tensors[k] = Some(Tensor::from_vec(new, written[k].shape(), written[k].device())?);
            }
        }
        Ok(tensors)
    }
    match read.iter().chain(&written).next().map(|x| x.dtype()) {
        Some(DType::F64) => of::<f64, R, W, K>(formula, read, written, sums),
        _ => of::<f32, R, W, K>(formula, read, written, sums), // `with_slices` refuses all others
    }
}

fn copied<T: WithDType>(x: &Tensor) -> Result<Vec<T>> {
    with_slices([x], |[x]: [&[T]; 1]| x.to_vec())
}

/// Calls `f` with the components of the tensors.
///
/// It holds read locks, two on one storage where a tensor meets itself; nothing here writes while it does.
fn with_slices<T: WithDType, R, const K: usize>(
    tensors: [&Tensor; K],
    f: impl FnOnce([&[T]; K]) -> R,
) -> Result<R> {
    let mut dense = tensors.map(Tensor::clone);
    for tensor in &mut dense {
        *tensor = tensor.contiguous()?;
    }
    let locked = dense.each_ref().map(Tensor::storage_and_layout);
    let mut slices: [&[T]; K] = [&[]; K];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&locked) {
        *slice = slice_of(storage, layout)?;
    }
    Ok(f(slices))
}

fn slice_of<'a, T: WithDType>(storage: &'a Storage, layout: &Layout) -> Result<&'a [T]> {
    let Storage::Cpu(storage) = storage else {
        candle_core::bail!("a tensor on the CPU has its storage elsewhere");
    };
    let (start, end) = (layout.start_offset(), layout.start_offset() + layout.shape().elem_count());
    Ok(&storage.as_slice::<T>()?[start..end])
}
