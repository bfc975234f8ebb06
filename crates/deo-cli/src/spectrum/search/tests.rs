//! Functions that a landscape or a network isn't: with a short scale, with noise, with a gradient that ends.

use super::*;
use crate::spectrum::secants::{Batched, Secants};
use crate::spectrum::source::{Batches, Part};
use crate::spectrum::{Ends, Precision, SpectrumArgs};
use deo_core::determinism::NoisyOracle;

struct Silent;

impl Watch for Silent {
    fn see(&mut self, _what: &str, _products: u64) {}
}

/// A gradient as a function of x and of how often it was asked.
struct Function<F>(F, u64);

impl<T: Real, F: Fn(f64, u64) -> f64> Batched<T> for Function<F> {
    fn batches(&self) -> Batches {
        Batches { own: 1, fresh: 0 }
    }

    /// The function of the first component, a parabola of the others with curvatures 1, 2, ….
    fn value_grad(&mut self, _batch: Part, x: &[T], g: &mut [T]) -> f64 {
        self.1 += 1;
        for (i, (g, x)) in g.iter_mut().zip(x).enumerate() {
            *g = T::from_f64(i as f64 * x.to_f64());
        }
        g[0] = T::from_f64((self.0)(x[0].to_f64(), self.1));
        0.0
    }
}

fn settings(more: SpectrumArgs) -> Settings {
    Settings::resolve(&SpectrumArgs {
        landscape: Some("monkey".to_owned()), // its place is taken by a function of this file
        which: Ends::Highest,
        k: 1,
        tol: 1e-3,
        ..more
    })
    .unwrap()
}

/// f = −s² Σ a cos(⟨u, x⟩/s) over two directions u that aren't orthogonal: the curvature changes over s.
struct Ripples;

const SCALE: f64 = 3e-4;
/// a and u.
const WAVES: [(f64, [f64; 2]); 2] = [(1.0, [1.0, 0.0]), (0.5, [0.6, 0.8])];

impl<T: Real> Batched<T> for Ripples {
    fn batches(&self) -> Batches {
        Batches { own: 1, fresh: 0 }
    }

    fn value_grad(&mut self, _batch: Part, x: &[T], g: &mut [T]) -> f64 {
        let along = |u: [f64; 2]| u[0] * x[0].to_f64() + u[1] * x[1].to_f64();
        for (i, g) in g.iter_mut().enumerate() {
            let slopes = WAVES.map(|(a, u)| SCALE * a * u[i] * (along(u) / SCALE).sin());
            *g = T::from_f64(slopes.iter().sum());
        }
        0.0
    }
}

#[test]
fn a_length_at_which_products_are_wrong_is_left() {
    // At 0 the Hessian is Σ a uuᵀ: trace 1.5, determinant 0.5 (1 − ⟨u₁, u₂⟩²) = 0.32.
    let exact = 0.75 + (0.75f64.powi(2) - 0.32).sqrt();
    let found = |length: Option<f64>| {
        let single = Some(Precision::F32);
        let settings = settings(SpectrumArgs { precision: single, length, ..Default::default() });
        let mut source = Secants::new(Ripples, vec![0.0f32; 2], Rule::Forward);
        let found = search(&mut source, &settings, &mut Silent).unwrap();
        (found.pairs[0].eigenvalue, found.length)
    };
    let balanced = balanced::<f32>(Rule::Forward, 2);
    let (eigenvalue, length) = found(None);
    assert!(length < balanced / 2.0, "{length} for {balanced}");
    assert!((eigenvalue - exact).abs() < 1e-3 * exact, "{eigenvalue} for {exact}");
    let (at_balanced, _) = found(Some(balanced));
    assert!((at_balanced - exact).abs() > 1e-2 * exact, "{at_balanced}: else this shows nothing");
}

#[test]
fn a_function_that_changes_between_two_calls_is_refused() {
    let noisy = |x: f64, calls: u64| x + 1e-3 * calls as f64;
    let mut source = Secants::new(Function(noisy, 0), vec![1.0, 1.0], Rule::Forward);
    assert!(matches!(source.check(), Err(NoisyOracle::Gradient { .. })));
    let mut source = Secants::new(Function(|x, _| x, 0), vec![1.0, 1.0], Rule::Forward);
    assert_eq!(source.check(), Ok(()));
}

#[test]
fn a_product_that_is_not_finite_ends_the_search() {
    // Finite at 0 and nowhere else.
    let edge = |x: f64, _: u64| if x == 0.0 { 0.0 } else { f64::NAN };
    let mut source = Secants::new(Function(edge, 0), vec![0.0, 1.0], Rule::Central);
    let error = search(&mut source, &settings(SpectrumArgs::default()), &mut Silent).err().unwrap();
    assert!(matches!(error, SpectrumError::NonFinite { product: 1, .. }), "{error}");
    assert_eq!(error.exit_code(), 1);
}

#[test]
fn the_gradients_of_a_search_are_bounded_over_all_its_rounds() {
    let most = 7;
    let settings = settings(SpectrumArgs {
        tol: 1e-9,
        max_gradients: Some(most),
        precision: Some(Precision::F32),
        ..Default::default()
    });
    let settings = Settings { tol: 1e-9, ..settings };
    let x = vec![0.01f32; 40];
    let mut source = Secants::new(Function(|x: f64, _| (1e3 * x).sin(), 0), x, Rule::Forward);
    search(&mut source, &settings, &mut Silent).unwrap();
    assert!(source.counts().products <= most, "{}", source.counts().products);
}
