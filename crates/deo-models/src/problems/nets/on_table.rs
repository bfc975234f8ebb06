//! A fully connected net that classifies the rows of a table.

use super::table::Table;
use super::{Batching, Data, Net, rows};
use crate::mlp::{Mlp, MlpConfig, Targets};
use crate::problems::Problem;
use deo_core::Objective;
use deo_core::optim::Groups;
use deo_linalg::Threads;

/// Rows of a mini-batch.
const BATCH: usize = 32;

/// The problem, the data and the rows of the current step.
#[derive(Debug, Clone)]
pub(super) struct OnTable {
    data: Data,
    table: Table,
    batching: Batching,
    current: Current,
}

/// The cross entropy on the rows that it holds.
#[derive(Debug, Clone)]
struct Current {
    net: Mlp<f64>,
    inputs: Vec<f64>,
    labels: Vec<u16>,
}

/// Units of a hidden layer.
fn width(data: Data) -> usize {
    if data == Data::Digits { 32 } else { 16 }
}

impl OnTable {
    pub(super) fn new(net: &Net) -> Self {
        let Net { data, depth, activation, batching } = *net;
        let table = Table::of(data);
        let mut sizes = vec![table.columns];
        sizes.extend(std::iter::repeat_n(width(data), depth));
        sizes.push(table.classes);
        // A step takes a millisecond or less, too little to share out.
        let net = Mlp::new(MlpConfig { sizes, activation }, Threads::One).expect("no size is 0");
        let (inputs, labels) = match batching {
            Batching::Full => (table.inputs.clone(), table.labels.clone()),
            Batching::Mini => (vec![0.0; BATCH * table.columns], vec![0; BATCH]),
        };
        OnTable { data, table, batching, current: Current { net, inputs, labels } }
    }

    fn draw(&mut self, seed: u64, step: u64) {
        let Current { inputs, labels, .. } = &mut self.current;
        let drawn = rows::drawn(seed, step, BATCH, self.table.len());
        let places = inputs.chunks_exact_mut(self.table.columns).zip(labels);
        for ((row, label), i) in places.zip(drawn) {
            row.copy_from_slice(self.table.row(i));
            *label = self.table.labels[i];
        }
    }
}

impl Objective<[f64]> for Current {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.net.on(&self.inputs, Targets::Classes(&self.labels)).value(x)
    }

    fn value_grad(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.net.on(&self.inputs, Targets::Classes(&self.labels)).value_grad(x, gradient)
    }
}

impl Problem for OnTable {
    fn name(&self) -> &str {
        self.data.name()
    }

    fn dimension(&self) -> usize {
        self.current.net.layout().len()
    }

    fn groups(&self) -> Groups {
        self.current.net.layout().groups(|_| true)
    }

    fn start(&self, seed: u64) -> Vec<f64> {
        self.current.net.init(seed)
    }

    fn objective(&mut self, seed: u64, step: u64) -> &mut dyn Objective<[f64]> {
        if self.batching == Batching::Mini {
            self.draw(seed, step);
        }
        &mut self.current
    }

    fn measure(&mut self, x: &[f64]) -> f64 {
        let Table { inputs, labels, .. } = &self.table;
        self.current.net.on(inputs, Targets::Classes(labels)).value(x)
    }

    fn target(&self) -> Option<f64> {
        None
    }

    fn budget(&self) -> u64 {
        600
    }

    fn has_batches(&self) -> bool {
        self.batching == Batching::Mini
    }
}
