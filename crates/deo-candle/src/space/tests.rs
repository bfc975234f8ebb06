//! The laws, by both routes, and what only lists of tensors can get wrong.

use super::*;
use candle_core::Device;
use deo_core::{laws, space::Host};
use std::slice::from_ref;

/// 301 components in four tensors, one of them a scalar, one of rank 3.
fn template(dtype: DType) -> Vec<Tensor> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
    vec![zeros(&[19, 11]), zeros(&[]), zeros(&[7]), zeros(&[2, 3, 14])]
}

fn filled(space: &Tensors, dtype: DType, value: impl Fn(u64) -> f64 + Sync) -> Vec<Tensor> {
    let mut x = template(dtype);
    space.fill(&mut x, &value);
    x
}

fn flat(x: &[Tensor]) -> Vec<f64> {
    let values = |x: &Tensor| x.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
    x.iter().flat_map(|x| values(x).unwrap()).collect()
}

#[test]
fn laws_hold_by_both_routes() {
    for dtype in [DType::F32, DType::F64] {
        let space = Tensors::of(dtype).unwrap();
        laws::check(&space, &template(dtype));
        let space = space.by_operations();
        laws::check(&space, &template(dtype));
        space.check().unwrap();
    }
}

#[test]
fn a_list_is_the_vector_of_its_concatenation() {
    let noise = |i: u64| (i as f64 * 0.7).sin();
    for by_operations in [false, true] {
        let mut space = Tensors::of(DType::F64).unwrap();
        if by_operations {
            space = space.by_operations();
        }
        let x = filled(&space, DType::F64, noise);
        assert_eq!(space.len(&x), 209 + 1 + 7 + 84);
        let mut host = vec![0.0; space.len(&x)];
        Host::<f64>::new().fill(&mut host, &noise);
        assert_eq!(flat(&x), host);
        let want = Host::<f64>::new().dot(&host, &host);
        assert!((space.dot(&x, &x) - want).abs() < 1e-13 * want); // some ten roundings of f64
    }
}

#[test]
fn a_dot_product_of_f32_is_summed_in_f64() {
    // 1 and then 3·2²⁰ numbers whose squares are 2⁻²⁵: summed in f32 from the left they never reach 1 + 2⁻²⁴.
    let len = 3 << 20;
    let one = Tensor::ones(1, DType::F32, &Device::Cpu).unwrap();
    let small = Tensor::full(0.5f32.powf(12.5), len, &Device::Cpu).unwrap();
    let x = vec![Tensor::cat(&[one, small], 0).unwrap()];
    let square = f64::from(0.5f32.powf(12.5)).powi(2);
    let want = 1.0 + len as f64 * square;
    for space in
        [Tensors::of(DType::F32).unwrap(), Tensors::of(DType::F32).unwrap().by_operations()]
    {
        // Equal terms round alike, so the bound is N of f64's roundings, not √N.
        let tolerance = len as f64 * f64::EPSILON / 2.0;
        assert!((space.dot(&x, &x) - want).abs() < tolerance * want);
    }
}

#[test]
fn no_operation_changes_a_tensor_that_shares_storage() {
    for space in
        [Tensors::of(DType::F32).unwrap(), Tensors::of(DType::F32).unwrap().by_operations()]
    {
        let x = filled(&space, DType::F32, |i| i as f64);
        let before = flat(&x);
        let n = filled(&space, DType::F32, |_| 0.5);
        let mut y = x.clone();
        space.axpby(2.0, &n, 1.0, &mut y);
        let mut y = x.clone();
        space.displace(0.1, &n, &x, &mut y);
        let mut y = x.clone();
        space.copy(&n, &mut y);
        space.axpby(1.0, &n, 1.0, &mut y);
        assert_eq!(flat(&x), before);
        assert_eq!(flat(&n), vec![0.5; before.len()]);
    }
}

#[test]
fn views_count_as_what_they_show() {
    let space = Tensors::of(DType::F64).unwrap();
    let matrix = Tensor::arange(0f64, 6.0, &Device::Cpu).unwrap().reshape((2, 3)).unwrap();
    let (view, row) = (matrix.t().unwrap(), matrix.get(1).unwrap());
    assert_eq!(space.dot(from_ref(&view), &[view.contiguous().unwrap()]), 55.0);
    assert_eq!(space.dot(from_ref(&row), from_ref(&row)), 9.0 + 16.0 + 25.0);
    let mut y = vec![view.clone()];
    space.axpby(1.0, from_ref(&view), 1.0, &mut y);
    assert_eq!(flat(&y), [0.0, 6.0, 2.0, 8.0, 4.0, 10.0]);
}

#[test]
fn halves_have_f32_masters() {
    let space = Tensors::of(DType::BF16).unwrap();
    assert_eq!(space.epsilon(), 1.0 / 256.0);
    let zeros = space.zeros_like(&template(DType::BF16));
    assert!(zeros.iter().all(|x| x.dtype() == DType::F32));
    assert!(matches!(Tensors::of(DType::U8), Err(Error::Storage { dtype: DType::U8, .. })));
}

#[test]
fn a_failure_of_candle_makes_numbers_nan_and_is_handed_out_once() {
    let space = Tensors::of(DType::F32).unwrap();
    let x = filled(&space, DType::F32, |_| 1.0);
    space.noted::<()>(Err(candle_core::Error::Msg("out of memory".into())));
    assert!(space.dot(&x, &x).is_nan());
    assert!(space.check().unwrap_err().to_string().contains("out of memory"));
    assert_eq!(space.dot(&x, &x), 301.0);
    space.check().unwrap();
}

#[test]
#[should_panic(expected = "same shape")]
fn shapes_must_agree() {
    let space = Tensors::of(DType::F32).unwrap();
    let x = template(DType::F32);
    let mut y = x.clone();
    y[2] = Tensor::zeros(8, DType::F32, &Device::Cpu).unwrap();
    space.axpby(1.0, &x, 1.0, &mut y);
}
