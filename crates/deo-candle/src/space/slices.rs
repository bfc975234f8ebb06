//! Tensors on the CPU: deo-core's kernels on the slices that candle stores.
//!
//! A result is a new tensor, see [`Tensors`](super::Tensors). Views that aren't contiguous are copied first.

use candle_core::{DType, Error, Layout, Result, Storage, Tensor, WithDType};
use deo_core::{
    Space,
    space::{Host, Real},
};

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

/// (g₁ − g₀)/h.
pub(super) fn secant(h: f64, g0: &Tensor, g1: &Tensor) -> Result<Tensor> {
    fn of<T: Real + WithDType>(h: f64, g0: &Tensor, g1: &Tensor) -> Result<Tensor> {
        let quotient = with_slices([g0, g1], |[g0, g1]: [&[T]; 2]| -> Vec<T> {
            let difference = |(g0, g1): (&T, &T)| Real::to_f64(*g1) - Real::to_f64(*g0);
            g0.iter().zip(g1).map(|pair| Real::from_f64(difference(pair) / h)).collect()
        })?;
        Tensor::from_vec(quotient, g0.shape(), g0.device())
    }
    by_dtype!(g0, of(h, g0, g1))
}

/// x + h n, and ⟨x + h n − x, n⟩ as it was rounded.
pub(super) fn displace(h: f64, n: &Tensor, x: &Tensor) -> Result<(Tensor, f64)> {
    fn of<T: Real + WithDType>(h: f64, n: &Tensor, x: &Tensor) -> Result<(Tensor, f64)> {
        let (y, realised) = with_slices([n, x], |[n, x]: [&[T]; 2]| {
            let mut y = vec![Real::ZERO; x.len()];
            let realised = Host::new().displace(h, n, x, &mut y);
            (y, realised)
        })?;
        Ok((Tensor::from_vec(y, x.shape(), x.device())?, realised))
    }
    by_dtype!(x, of(h, n, x))
}

/// Σ aₖ xₖ + b y; with b = 0, y is not read.
pub(super) fn combine<const K: usize>(
    a: [f64; K],
    x: [&Tensor; K],
    b: f64,
    y: &Tensor,
) -> Result<Tensor> {
    fn of<T: Real + WithDType, const K: usize>(
        a: [f64; K],
        x: [&Tensor; K],
        b: f64,
        y: &Tensor,
    ) -> Result<Tensor> {
        let mut sum = if b == 0.0 { vec![Real::ZERO; y.elem_count()] } else { copied::<T>(y)? };
        with_slices(x, |x: [&[T]; K]| {
            let terms = std::array::from_fn::<_, K, _>(|k| (a[k], x[k]));
            Host::new().combine(terms, b, &mut sum);
        })?;
        Tensor::from_vec(sum, y.shape(), y.device())
    }
    match y.dtype() {
        DType::F64 => of::<f64, K>(a, x, b, y),
        _ => of::<f32, K>(a, x, b, y), // `with_slices` refuses all others
    }
}

/// x and y turned by `Host::turn_secant` towards q = a (g₁ − g₀) + b y; with b = 0, y is not read.
pub(super) fn turn_secant(
    angle: [f64; 2],
    towards: [f64; 2],
    g: [&Tensor; 2],
    xy: [&Tensor; 2],
) -> Result<[Tensor; 2]> {
    fn of<T: Real + WithDType>(
        angle: [f64; 2],
        towards: [f64; 2],
        g: [&Tensor; 2],
        xy: [&Tensor; 2],
    ) -> Result<[Tensor; 2]> {
        let (mut x, mut y) = (copied::<T>(xy[0])?, copied::<T>(xy[1])?);
        with_slices(g, |g| {
            let mut scratch = vec![Real::ZERO; x.len()];
            Host::new().turn_secant(angle, towards, g, &mut x, &mut y, &mut scratch);
        })?;
        let [like, _] = xy;
        let tensor = |x| Tensor::from_vec(x, like.shape(), like.device());
        Ok([tensor(x)?, tensor(y)?])
    }
    by_dtype!(xy[0], of(angle, towards, g, xy))
}

/// The same by `Host::turn` towards q = a w + b y.
pub(super) fn turn(
    angle: [f64; 2],
    towards: [f64; 2],
    w: &Tensor,
    xy: [&Tensor; 2],
) -> Result<[Tensor; 2]> {
    fn of<T: Real + WithDType>(
        angle: [f64; 2],
        towards: [f64; 2],
        w: &Tensor,
        xy: [&Tensor; 2],
    ) -> Result<[Tensor; 2]> {
        let (mut x, mut y, mut w) = (copied::<T>(xy[0])?, copied::<T>(xy[1])?, copied::<T>(w)?);
        Host::new().turn(angle, towards, &mut x, &mut y, &mut w);
        let [like, _] = xy;
        let tensor = |x| Tensor::from_vec(x, like.shape(), like.device());
        Ok([tensor(x)?, tensor(y)?])
    }
    by_dtype!(w, of(angle, towards, w, xy))
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
