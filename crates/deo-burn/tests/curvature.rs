//! Curvatures that are known in closed form, and what a probe leaves alone.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor};
use deo_burn::deo_core::{DimerSettings, Rule};
use deo_burn::{ModuleError, curvature};

/// ½ Σ λᵢ (Qᵀ x)ᵢ² over two tensors of different rank, Q = I − 2 v vᵀ for a unit vector v.
#[derive(Module, Debug)]
struct Quadratic {
    matrix: Param<Tensor<2>>,
    vector: Param<Tensor<1>>,
}

const SPECTRUM: [f32; 8] = [4.0, 0.5, -1.25, 3.0, 2.0, -0.5, 1.0, 0.25];

impl Quadratic {
    fn new(device: &Device, dtype: DType) -> Self {
        let tensor = |values: [f32; 4]| Tensor::<1>::from_data(values, (device, dtype));
        let matrix = tensor([0.3, -0.2, 0.5, 0.7]).reshape([2, 2]);
        let vector = tensor([-0.4, 0.1, 0.9, 0.6]);
        Quadratic { matrix: Param::from_tensor(matrix), vector: Param::from_tensor(vector) }
    }

    fn loss(&self) -> Tensor<1> {
        let (device, dtype) = (self.vector.device(), self.vector.dtype());
        let x = Tensor::cat(vec![self.matrix.val().reshape([4]), self.vector.val()], 0);
        let v = Tensor::<1>::from_data(reflector(), (&device, dtype));
        let spectrum = Tensor::<1>::from_data(SPECTRUM, (&device, dtype));
        let rotated = x.clone() - v.clone() * (v * x).sum() * 2.0;
        (rotated.clone() * rotated * spectrum).sum() * 0.5
    }
}

/// The unit vector along (1, 2, …, 8).
fn reflector() -> [f64; 8] {
    std::array::from_fn(|i| (i + 1) as f64 / 204f64.sqrt())
}

#[test]
fn both_ends_of_a_known_spectrum_and_the_axis() {
    let device = Device::default().autodiff();
    // f32: the rounding of a secant at the default length, ε_g^½ · √N · λ_max; f64: the residual below.
    for (dtype, tolerance) in [(DType::F32, 5e-3), (DType::F64, 4e-6)] {
        let module = Quadratic::new(&device, dtype);
        for rule in [Rule::Forward, Rule::Central] {
            // The error of C is ‖r‖²/gap, here (1.25e-3)²/0.75.
            let settings = DimerSettings { rule, tolerance: 1e-3, ..DimerSettings::default() };
            let (estimate, axis) = curvature(&module, settings, 3, Quadratic::loss).unwrap();
            assert!((estimate.curvature + 1.25).abs() < tolerance, "{dtype:?} {estimate:?}");

            // The eigenvector is column 2 of Q: e₂ − 2 v₂ v.
            let v = reflector();
            let read = |x: Tensor<1>| x.into_data_as::<f64>().as_slice::<f64>().unwrap().to_vec();
            let mut n = read(axis.get::<2>(module.matrix.id).unwrap().reshape([4]));
            n.extend(read(axis.get::<1>(module.vector.id).unwrap()));
            let along: f64 = (0..8).map(|i| n[i] * (f64::from(i == 2) - 2.0 * v[2] * v[i])).sum();
            assert!((along.abs() - 1.0).abs() < 1e-4, "{dtype:?}: {along}");
        }
    }
}

#[test]
fn probes_change_no_bit_of_the_module() {
    let device = Device::default().autodiff();
    let module = Quadratic::new(&device, DType::F32);
    let bits = |m: &Quadratic| (m.matrix.val().into_data(), m.vector.val().into_data());
    let before = bits(&module);
    curvature(&module, DimerSettings::default(), 3, Quadratic::loss).unwrap();
    assert_eq!(bits(&module), before);
}

#[test]
fn a_parameter_without_gradient_counts_as_flat() {
    let device = Device::default().autodiff();
    let module = Quadratic::new(&device, DType::F32);
    let loss = |m: &Quadratic| m.matrix.val().square().sum() * 0.5;
    let (estimate, axis) = curvature(&module, DimerSettings::default(), 5, loss).unwrap();
    assert!(estimate.curvature.abs() < 1e-3, "{estimate:?}");
    let norm = axis.get::<1>(module.vector.id).unwrap().square().sum().into_scalar::<f64>();
    assert!((norm - 1.0).abs() < 1e-3, "the axis lies in the flat parameter: {norm}");
}

#[test]
fn frozen_parameters_are_no_part_of_the_vector() {
    let device = Device::default().autodiff();
    let mut module = Quadratic::new(&device, DType::F32);
    module.vector = module.vector.set_require_grad(false);
    let mut seen = 0;
    let frozen = module.vector.val().into_data();
    let (estimate, axis) = curvature(&module, DimerSettings::default(), 5, |m: &Quadratic| {
        seen += 1;
        assert_eq!(m.vector.val().into_data(), frozen);
        assert!(!m.vector.is_require_grad());
        m.loss()
    })
    .unwrap();
    assert!(seen > 1 && axis.get::<1>(module.vector.id).is_none());
    // By interlacing, the lowest curvature of a block is no lower than that of the whole.
    assert!(estimate.curvature > -1.25 + 5e-3, "{estimate:?}");
}

#[test]
fn unusable_modules_are_refused_by_name() {
    let device = Device::default().autodiff();
    let module = Quadratic::new(&device, DType::F32);
    let refused = |module: &Quadratic| {
        curvature(module, DimerSettings::default(), 0, Quadratic::loss).map(drop).unwrap_err()
    };
    assert_eq!(refused(&module.clone().no_grad()), ModuleError::NothingTrainable);
    assert_eq!(refused(&module.valid()), ModuleError::NothingTrainable);
    let half = module.clone().vector.map(|x| x.inner().cast(DType::BF16).autodiff().require_grad());
    let mixed = Quadratic { vector: half, ..module.clone() };
    let (path, dtype) = ("vector".to_owned(), DType::BF16);
    assert_eq!(refused(&mixed), ModuleError::Type { path, dtype });
    let double =
        module.clone().vector.map(|x| x.inner().cast(DType::F64).autodiff().require_grad());
    let (path, dtype, first) = ("vector".to_owned(), DType::F64, DType::F32);
    let mixed = Quadratic { vector: double, ..module };
    assert_eq!(refused(&mixed), ModuleError::MixedTypes { path, dtype, first });
}

/// One parameter in two places.
#[derive(Module, Debug)]
struct Tied {
    first: Quadratic,
    second: Quadratic,
}

#[test]
fn a_parameter_in_two_places_is_refused() {
    let first = Quadratic::new(&Device::default().autodiff(), DType::F32);
    let tied = Tied { second: first.clone(), first };
    let settings = DimerSettings::default();
    let refused = curvature(&tied, settings, 0, |m: &Tied| m.first.loss() + m.second.loss());
    let path = "second.matrix".to_owned();
    assert_eq!(refused.map(drop).unwrap_err(), ModuleError::Shared { path });
}
