//! The laws of `Tensors`, and its operations against `Host` on the concatenated numbers.

use burn::tensor::{DType, Device, Tensor, TensorData};
use deo_burn::deo_core::{Space, laws, space::Host};
use deo_burn::{Reduction, Tensors};

/// Lengths that are no multiples of a vector's or a row's width, one above a row of 256, one of a single number.
const LENGTHS: [usize; 4] = [7, 301, 1, 64];

fn template(dtype: DType) -> Vec<Tensor<1>> {
    let device = Device::default();
    LENGTHS.iter().map(|&len| Tensor::zeros([len], (&device, dtype))).collect()
}

fn numbers(x: &[Tensor<1>]) -> Vec<f32> {
    x.iter().flat_map(|x| x.to_data().as_slice::<f32>().unwrap().to_vec()).collect()
}

#[test]
fn the_laws_hold() {
    for dtype in [DType::F32, DType::F64] {
        for reduction in [Reduction::Host, Reduction::Device] {
            let template = template(dtype);
            laws::check(&Tensors::like(&template).with_reduction(reduction), &template);
        }
    }
}

#[test]
fn a_list_is_its_concatenation() {
    let (space, host) = (Tensors::like(&template(DType::F32)), Host::<f32>::new());
    let wave = |i: u64| (0.37 * i as f64).sin();
    let mut x = template(DType::F32);
    space.fill(&mut x, &wave);
    let mut flat = vec![0.0; LENGTHS.iter().sum()];
    host.fill(&mut flat, &wave);
    assert_eq!(numbers(&x), flat);
    // Another tree of sums over the same f64 terms.
    let (got, want) = (space.dot(&x, &x), host.dot(&flat, &flat));
    assert!((got / want - 1.0).abs() < 1e-14, "{got} against {want}");
}

#[test]
fn sums_are_in_f64_in_either_place() {
    // Σ xᵢ = 1 with terms up to 1e8: a sum in f32 is off by several units.
    let numbers: Vec<f32> = (0..1000).map(|i| if i % 2 == 0 { 1e8 } else { -1e8 }).collect();
    let device = Device::default();
    let mut data = numbers;
    data.push(1.0);
    let len = data.len();
    let x = vec![Tensor::<1>::from_data(TensorData::new(data, [len]), &device)];
    let ones = vec![Tensor::<1>::ones([len], &device)];
    for reduction in [Reduction::Host, Reduction::Device] {
        assert_eq!(
            Tensors::like(&x).with_reduction(reduction).dot(&x, &ones),
            1.0,
            "{reduction:?}"
        );
    }
}

#[test]
#[should_panic(expected = "tensors of the same lengths")]
fn vectors_of_other_lengths_are_refused() {
    let device = Device::default();
    let [x, y] = [3, 4].map(|len| vec![Tensor::<1>::zeros([len], &device)]);
    Tensors::like(&x).dot(&x, &y);
}
