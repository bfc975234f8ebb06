//! Tables of numbers with a class for each row, from the crate `smartcore`.
//!
//! | table | rows | from |
//! |---|---|---|
//! | digits | every third of 1 797 | [`Digits`] |
//! | breast cancer | 569 | W. Wolberg, W. Street, O. Mangasarian, "Breast Cancer Wisconsin (Diagnostic)", UCI, CC BY 4.0 |
//! | iris | 150 | R. Fisher 1936, UCI, CC BY 4.0 |
//!
//! Columns of the last two are standardised, x ← (x − mean)/deviation over all rows: their units differ by a factor of 10⁵.

use super::Data;
use crate::digits::Digits;
use smartcore::dataset::{Dataset, breast_cancer, iris};

/// Rows of numbers, and the class of each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// R × columns.
    pub(super) inputs: Vec<f64>,
    /// R.
    pub(super) labels: Vec<u16>,
    pub(super) columns: usize,
    pub(super) classes: usize,
}

impl Table {
    /// The rows that a net is trained on.
    ///
    /// # Panics
    ///
    /// For the text of the GPT, which is no table.
    pub(super) fn of(data: Data) -> Self {
        match data {
            Data::Digits => digits(3),
            Data::Cancer => standardised(breast_cancer::load_dataset(), 2),
            Data::Iris => standardised(iris::load_dataset(), 3),
            Data::CharGpt => unreachable!("a text is no table"),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.inputs[i * self.columns..][..self.columns]
    }
}

/// Every `stride`-th image: the writers follow one another, so all of them are in it.
fn digits(stride: usize) -> Table {
    let all = Digits::load();
    let (mut inputs, mut labels) = (vec![], vec![]);
    for i in (0..all.len()).step_by(stride) {
        let (pixels, label) = all.image(i);
        inputs.extend_from_slice(pixels);
        labels.push(label);
    }
    Table { inputs, labels, columns: Digits::PIXELS, classes: Digits::CLASSES }
}

fn standardised(data: Dataset<f32, u32>, classes: usize) -> Table {
    let (rows, columns) = (data.num_samples, data.num_features);
    let mut inputs: Vec<f64> = data.data.iter().map(|&x| f64::from(x)).collect();
    for column in 0..columns {
        let values = || inputs.iter().skip(column).step_by(columns);
        let mean = values().sum::<f64>() / rows as f64;
        let variance = values().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
        let deviation = variance.sqrt();
        for x in inputs.iter_mut().skip(column).step_by(columns) {
            *x = (*x - mean) / deviation;
        }
    }
    let labels = data.target.iter().map(|&class| class as u16).collect();
    Table { inputs, labels, columns, classes }
}
