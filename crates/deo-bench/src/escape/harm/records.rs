//! The results as they are written: the object of `--json`, `record.json`, `results.csv`.

use super::cell::Cell;
use super::columns::Column;
use super::pair::Pair;
use super::settings::HarmSettings;
use super::verdict::Verdict;
use crate::escape::statistics::median;
use serde::Serialize;

/// A cell with all that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRecord {
    /// Its number in the suite.
    pub number: usize,
    /// The cell.
    pub cell: Cell,
    /// The rate that it ran at.
    pub lr: f64,
    /// In the order of [`Column::ALL`].
    pub verdicts: Vec<Verdict>,
    /// Its runs, one for each seed, in order.
    pub pairs: Vec<Pair>,
}

impl CellRecord {
    pub(super) fn new(number: usize, cell: Cell, lr: f64, pairs: Vec<Pair>) -> Self {
        let verdicts = Column::ALL.map(|column| Verdict::of(pairs.iter(), column)).to_vec();
        CellRecord { number, cell, lr, verdicts, pairs }
    }

    /// The median loss without.
    pub fn loss(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.without.loss))
    }

    /// What is said of a column.
    pub fn verdict(&self, column: Column) -> &Verdict {
        &self.verdicts[column as usize]
    }
}

/// A column over all cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Total {
    /// Over all seeds of all cells.
    #[serde(flatten)]
    pub(super) all: Verdict,
    pub(super) cells: usize,
    /// Cells that don't pass, by name.
    pub(super) failing: Vec<String>,
    /// Those of them that *again* doesn't pass either.
    pub(super) failing_with_again: usize,
}

impl Total {
    pub(super) fn of(cells: &[CellRecord], column: Column) -> Self {
        let failing = || cells.iter().filter(|cell| !cell.verdict(column).passes());
        let noisy = failing().filter(|cell| !cell.verdict(Column::Again).passes());
        Total {
            all: Verdict::of(cells.iter().flat_map(|cell| &cell.pairs), column),
            cells: cells.len(),
            failing: failing().map(|cell| cell.cell.name()).collect(),
            failing_with_again: noisy.count(),
        }
    }
}

/// A row of the results; its seeds are in `runs.jsonl`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    number: usize,
    cell: Cell,
    lr: f64,
    /// The median loss without.
    loss: f64,
    verdicts: &'a [Verdict],
}

impl<'a> From<&'a CellRecord> for Row<'a> {
    fn from(record: &'a CellRecord) -> Self {
        let CellRecord { number, cell, lr, verdicts, .. } = record;
        Row { number: *number, cell: *cell, lr: *lr, loss: record.loss(), verdicts }
    }
}

/// The object of `--json`.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    command: &'static str,
    suite: &'static str,
    seed: u64,
    results: Vec<Row<'a>>,
    totals: Vec<Total>,
}

impl<'a> Summary<'a> {
    /// Of a suite with these settings and what came of its cells.
    pub fn new(settings: &HarmSettings, cells: &'a [CellRecord]) -> Self {
        Summary {
            command: "escape",
            suite: settings.suite,
            seed: settings.seed,
            results: cells.iter().map(Row::from).collect(),
            totals: Column::ALL.map(|column| Total::of(cells, column)).to_vec(),
        }
    }
}

/// `record.json`.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    command: &'static str,
    version: &'static str,
    settings: &'a HarmSettings,
    results: Vec<Row<'a>>,
    totals: Vec<Total>,
}

impl<'a> Record<'a> {
    /// Of a suite with these settings and what came of its cells.
    pub fn new(settings: &'a HarmSettings, cells: &'a [CellRecord]) -> Self {
        Record {
            command: "escape",
            version: env!("CARGO_PKG_VERSION"),
            settings,
            results: cells.iter().map(Row::from).collect(),
            totals: Column::ALL.map(|column| Total::of(cells, column)).to_vec(),
        }
    }
}

/// `results.csv`: a row for each cell and column. No name here needs quotes.
pub fn csv(cells: &[CellRecord]) -> String {
    let mut lines = String::from(
        "number,cell,lr,loss,column,ratio,error,median,worst,higher,lower,seeds,floor,moves,kicks,mean_holds,seeds_hold\n",
    );
    for cell in cells {
        for v in &cell.verdicts {
            lines += &format!(
                "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                cell.number,
                cell.cell.name(),
                cell.lr,
                cell.loss(),
                v.column.name(),
                v.ratio,
                v.error,
                v.median,
                v.worst,
                v.higher,
                v.lower,
                v.seeds,
                v.floor,
                v.moves,
                v.kicks,
                v.mean_holds,
                v.seeds_hold
            );
        }
    }
    lines
}
