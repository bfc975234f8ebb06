//! A symmetric matrix from a file.

use super::error::SpectrumError;
use super::settings::{Settings, TargetSettings};
use super::source::{AtPoint, Batches, Counts, Part, Source};
use crate::npy::{self, Array, Scalar};
use deo_core::SettingError;
use deo_core::determinism::NoisyOracle;
use deo_core::{Answer, Probe};
use deo_linalg::{Real, Threads, kernels};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A matrix that was found to be square, finite and symmetric.
#[derive(Debug)]
pub(super) struct MatrixTarget {
    path: PathBuf,
    order: usize,
    /// (A + Aᵀ)/2, row after row.
    values: Vec<f64>,
}

/// Asymmetry, relative to the largest |aᵢⱼ|, that is taken for rounding: that of sums of a million products that differ in
/// order alone is some 1e-13 in double precision and 1e-5 in single precision; the first as in `deo_linalg::eigen`, with
/// a margin.
fn asymmetry_allowed(scalar: Scalar) -> f64 {
    match scalar {
        Scalar::F32 => 1e-4,
        Scalar::F64 => 1e-10,
    }
}

impl MatrixTarget {
    /// Reads and checks the matrix.
    pub(super) fn load(settings: &Settings) -> Result<Self, SpectrumError> {
        let TargetSettings::Matrix { path } = &settings.target else {
            unreachable!("the target is a matrix")
        };
        Self::new(path, npy::read(path)?)
    }

    fn new(path: &Path, array: Array) -> Result<Self, SpectrumError> {
        let Array { shape, mut values, scalar } = array;
        let path = path.to_owned();
        let n = match shape[..] {
            [rows, columns] if rows == columns && rows > 0 => rows,
            _ => return Err(SpectrumError::NotSquare { path, shape }),
        };
        check_finite(&path, n, &values)?;
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let allowed = asymmetry_allowed(scalar);
        for row in 0..n {
            for col in 0..row {
                let (value, mirrored) = (values[row * n + col], values[col * n + row]);
                // Half of each, for the difference of two large numbers may overflow.
                if (0.5 * value - 0.5 * mirrored).abs() > 0.5 * allowed * largest {
                    return Err(SpectrumError::NotSymmetric { path, row, col, value, mirrored });
                }
                let mean = 0.5 * value + 0.5 * mirrored;
                (values[row * n + col], values[col * n + row]) = (mean, mean);
            }
        }
        Ok(MatrixTarget { path, order: n, values })
    }

    /// Its products.
    pub(super) fn source<T: Real>(&self) -> Result<Box<dyn Source<T>>, SpectrumError> {
        let matrix: Vec<T> = self.values.iter().map(|value| T::from_f64(*value)).collect();
        check_finite(&self.path, self.order, &matrix)?;
        let product = vec![T::ZERO; self.order];
        Ok(Box::new(Products { matrix, product, counts: Counts::default() }))
    }

    pub(super) fn title(&self) -> String {
        format!("{}, a symmetric matrix", self.path.display())
    }
}

fn check_finite<T: Real>(path: &Path, n: usize, values: &[T]) -> Result<(), SpectrumError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(k) => Err(SpectrumError::NonFiniteInput {
            what: format!("{path:?}"),
            value: values[k].to_f64(),
            place: format!("component ({}, {})", k / n, k % n),
        }),
    }
}

/// Products of a stored matrix.
#[derive(Debug)]
struct Products<T> {
    /// N × N, row after row.
    matrix: Vec<T>,
    product: Vec<T>,
    counts: Counts,
}

impl<T: Real> Source<T> for Products<T> {
    fn dimension(&self) -> usize {
        self.product.len()
    }

    fn at_point(&self) -> Option<AtPoint> {
        None
    }

    fn check(&mut self) -> Result<(), NoisyOracle> {
        Ok(()) // the matrix is in memory
    }

    fn answer(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]> {
        self.counts.products += 1;
        let v = probe.direction();
        let rows = self.matrix.par_chunks_exact(v.len());
        // A row's inner product has the same bits on every thread.
        (self.product.par_iter_mut().zip(rows))
            .for_each(|(out, row)| *out = T::from_f64(kernels::dot(Threads::One, row, v)));
        Answer::product(&self.product)
    }

    fn open_batch(&mut self, _batch: Part) {}

    fn answer_batch(&mut self, probe: Probe<'_, [T]>) -> Answer<'_, [T]> {
        self.answer(probe)
    }

    fn best_length(&mut self, _n: &[T]) -> Result<f64, SettingError> {
        Ok(1.0) // exact products have no length
    }

    fn batches(&self) -> Batches {
        Batches { own: 1, fresh: 0 }
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}
