//! Inner products of tensors: where they are summed, and in what pieces.

use super::whole::Whole;
use super::{Flat, Tensors};
use burn::tensor::{DType, TensorData};
use deo_core::space::{Host, Space};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Where inner products are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Reduction {
    /// The host reads the vectors and sums in f64, in the same order whatever the device and its threads. Right where
    /// the device is the CPU; elsewhere N numbers cross the bus.
    #[default]
    Host,
    /// The device multiplies and sums, in f64 if it has that; otherwise in rows of 256 in the type of the
    /// parameters, and the host sums the rows in f64. As repeatable as the device's own sums.
    Device,
}

/// Numbers that a device without f64 sums before the host takes over: their rounding stays below that of a stored
/// gradient, and the host reads 1/256 of the vector.
const ROW: usize = 256;

/// Numbers that the host reads at a time. A copy of a whole tensor is memory that the allocator asks of the system anew
/// each time: at 235 000 numbers the page faults took ten times as long as copying and summing.
const PIECE: usize = 8192;

/// The piece of x from component `first` on.
fn piece(x: &Flat, first: usize) -> TensorData {
    let len = x.shape()[0];
    if len <= PIECE {
        x.to_data()
    } else {
        x.clone().narrow(0, first, PIECE.min(len - first)).into_data()
    }
}

fn numbers<E: burn::tensor::Element>(data: &TensorData) -> &[E] {
    data.as_slice().expect("all tensors of a vector have the type of its space")
}

impl Tensors {
    /// Adds the products of one block, each distinct tensor read once.
    pub(super) fn add_products<const K: usize>(
        &self,
        pairs: [(Whole, Whole); K],
        sums: &mut [f64; K],
    ) {
        if self.reduction == Reduction::Device {
            for (sum, (x, y)) in sums.iter_mut().zip(pairs) {
                *sum += self.device_dot(x.into_tensor(), y.into_tensor());
            }
            return;
        }
        let mut distinct: Vec<Whole> = Vec::with_capacity(2 * K);
        let mut place = |x: Whole| {
            let known = distinct.iter().position(|y| Rc::ptr_eq(&x.0, &y.0));
            known.unwrap_or_else(|| {
                distinct.push(x);
                distinct.len() - 1
            })
        };
        let places = pairs.map(|(x, y)| (place(x), place(y)));
        let len = distinct.first().map_or(0, |x| x.0.shape()[0]);
        for first in (0..len).step_by(PIECE) {
            let data: Vec<_> = distinct.iter().map(|x| piece(&x.0, first)).collect();
            for (sum, (x, y)) in sums.iter_mut().zip(places) {
                *sum += self.host_dot(&data[x], &data[y]);
            }
        }
    }

    /// Σ x y on the device.
    fn device_dot(&self, x: Flat, y: Flat) -> f64 {
        if x.device().supports_dtype(DType::F64) {
            let (x, y) = (x.cast(DType::F64), y.cast(DType::F64));
            return (x * y).sum().into_scalar::<f64>();
        }
        self.row_dot(x, y)
    }

    /// The same without f64 on the device.
    fn row_dot(&self, x: Flat, y: Flat) -> f64 {
        let products = x * y;
        let len = products.shape()[0];
        let whole = len - len % ROW;
        let mut sum = 0.0;
        if whole > 0 {
            let rows = products.clone().narrow(0, 0, whole).reshape([whole / ROW, ROW]);
            sum += self.host_sum(&rows.sum_dim(1).into_data());
        }
        if whole < len {
            sum += self.host_sum(&products.narrow(0, whole, len - whole).into_data());
        }
        sum
    }

    fn host_sum(&self, data: &TensorData) -> f64 {
        match self.dtype {
            DType::F64 => numbers::<f64>(data).iter().sum(),
            _ => numbers::<f32>(data).iter().map(|&x| f64::from(x)).sum(),
        }
    }

    fn host_dot(&self, x: &TensorData, y: &TensorData) -> f64 {
        match self.dtype {
            DType::F64 => Host::<f64>::new().dot(numbers(x), numbers(y)),
            _ => Host::<f32>::new().dot(numbers(x), numbers(y)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor};

    #[test]
    fn rows_and_their_rest_make_the_sum() {
        let device = Device::default();
        for len in [1, 255, 256, 257, 1000, 1024] {
            let values: Vec<f32> = (0..len).map(|i| (0.37 * i as f32).cos()).collect();
            let want: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let x: Flat = Tensor::from_data(TensorData::new(values, [len]), &device);
            let got = Tensors::like(std::slice::from_ref(&x)).row_dot(x.clone(), x);
            // f32 sums of 256 terms of one sign, the worst case of a pairwise or sequential order.
            assert!(
                (got / want - 1.0).abs() < 256.0 * f64::from(f32::EPSILON),
                "{len}: {got} {want}"
            );
        }
    }
}
