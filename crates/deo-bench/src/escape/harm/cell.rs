//! A cell of the suite: a level of each factor.

use crate::escape::kinds::Base;
use deo_models::layers::Activation;
use deo_models::problems::{Batching, Data, Net};
use serde::{Serialize, Serializer};

/// Factors: data, depth, activation, batch, base, rate, run.
pub(super) const FACTORS: usize = 7;

/// Their names.
pub(super) const NAMES: [&str; FACTORS] =
    ["data", "hidden layers", "activation", "batch", "base", "rate", "gradients"];

const DEPTHS: [usize; 5] = [2, 3, 4, 5, 6];
const ACTIVATIONS: [(Activation, &str); 4] = [
    (Activation::Sigmoid, "sigmoid"),
    (Activation::Tanh, "tanh"),
    (Activation::Relu, "relu"),
    (Activation::Gelu, "gelu"),
];
const BATCHES: [(Batching, &str); 2] = [(Batching::Full, "full"), (Batching::Mini, "mini")];
const BASES: [Base; 5] = [Base::Gd, Base::HeavyBall, Base::Adam, Base::Adamw, Base::Nadamw];
/// The last one is that of [`REPORTED`] only.
const SCALES: [f64; 4] = [0.3, 1.0, 3.0, 0.15];
const RUNS: [u64; 3] = [200, 600, 2_000];

/// The number of levels of each factor that are crossed.
pub(super) const LEVELS: [usize; FACTORS] = [
    Data::ALL.len(),
    DEPTHS.len(),
    ACTIVATIONS.len(),
    BATCHES.len(),
    BASES.len(),
    SCALES.len() - 1,
    RUNS.len(),
];

/// A level of each factor, by its place among the levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell(pub(super) [usize; FACTORS]);

/// Where harm was first seen: deep sigmoids on full batches of digits under Adam, at a rate of 0.003, which is well below the
/// tuned one; the loss with Escape was 2.5 times that without in the median.
pub(super) const REPORTED: Cell = Cell([0, 3, 0, 0, 2, 3, 1]);

impl Cell {
    /// The net that is trained.
    pub fn net(&self) -> Net {
        let [data, depth, activation, batch, ..] = self.0;
        Net {
            data: Data::ALL[data],
            depth: DEPTHS[depth],
            activation: ACTIVATIONS[activation].0,
            batching: BATCHES[batch].0,
        }
    }

    /// All its steps see all rows.
    pub(super) fn is_full(&self) -> bool {
        self.net().batching == Batching::Full
    }

    /// The base optimizer.
    pub fn base(&self) -> Base {
        BASES[self.0[4]]
    }

    /// Its rate, as a multiple of the tuned one.
    pub fn scale(&self) -> f64 {
        SCALES[self.0[5]]
    }

    /// The budget of a run in gradients.
    pub fn gradients(&self) -> u64 {
        RUNS[self.0[6]]
    }

    /// The name of a level of a factor.
    pub(super) fn level(factor: usize, level: usize) -> String {
        match factor {
            0 => Data::ALL[level].name().to_owned(),
            1 => DEPTHS[level].to_string(),
            2 => ACTIVATIONS[level].1.to_owned(),
            3 => BATCHES[level].1.to_owned(),
            4 => BASES[level].name().to_owned(),
            5 => format!("x{}", SCALES[level]),
            _ => RUNS[level].to_string(),
        }
    }

    fn joined(&self, factors: usize) -> String {
        let levels: Vec<String> = (0..factors).map(|f| Self::level(f, self.0[f])).collect();
        levels.join("-")
    }

    /// Its name: the levels in order, as in `digits-5-sigmoid-full-adam-x0.3-600`.
    pub fn name(&self) -> String {
        self.joined(FACTORS)
    }

    /// What its rate is tuned for: the net, its batches and the base.
    pub fn rated(&self) -> String {
        self.joined(5)
    }

    /// The cell of that name.
    pub fn by_name(name: &str) -> Option<Cell> {
        product().into_iter().chain([REPORTED]).find(|cell| cell.name() == name)
    }

    /// What a run costs, about: a gradient of the GPT takes as long as several of a net on a table.
    pub(super) fn dearness(&self) -> u64 {
        let net = self.net();
        let rows = match (net.data, net.batching) {
            (Data::CharGpt, Batching::Full) => 2_000,
            (Data::CharGpt, Batching::Mini) => 1_000,
            (Data::Digits, Batching::Full) => 600,
            (Data::Cancer, Batching::Full) => 569,
            (_, Batching::Full) => 150,
            (_, Batching::Mini) => 40,
        };
        self.gradients() * net.depth as u64 * rows
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(to)
    }
}

/// Every cell that exists, the last factor fastest.
pub(super) fn product() -> Vec<Cell> {
    let count: usize = LEVELS.iter().product();
    let cell = |mut index: usize| {
        let mut levels = [0; FACTORS];
        for (level, of) in levels.iter_mut().zip(LEVELS).rev() {
            *level = index % of;
            index /= of;
        }
        Cell(levels)
    };
    (0..count).map(cell).filter(|cell| cell.net().exists()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_every_combination_but_those_of_a_gpt_without_gelu() {
        let all = product();
        // 3 tables with 4 activations, 1 text with 1; 5 depths, 2 batches, 5 bases, 3 rates, 3 runs.
        assert_eq!(all.len(), (3 * 4 + 1) * 5 * 2 * 5 * 3 * 3);
        let mut names: Vec<String> = all.iter().map(Cell::name).collect();
        for (cell, name) in all.iter().zip(&names).step_by(97) {
            assert_eq!(Cell::by_name(name), Some(*cell));
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
        for unknown in
            ["", "digits", "char-gpt-2-relu-full-gd-x1-200", "iris-7-tanh-full-gd-x1-200"]
        {
            assert_eq!(Cell::by_name(unknown), None);
        }
    }
}
