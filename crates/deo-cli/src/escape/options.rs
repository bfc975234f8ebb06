//! The options of `deo escape`, as given: on the command line, in a file, or not at all.
//!
//! One struct is both, as in [`train`](crate::train::Options), and nothing is checked here beyond its type.

use clap::Args;
use serde::Deserialize;
use std::path::PathBuf;

/// Every option; `None` where it was not given.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// Problems: quick, full, or names of problems, separated by commas; or harm, or harm-full, see below [default: quick]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = WHAT)]
    pub suite: Option<Vec<String>>,

    /// Methods, separated by commas [default: those marked below]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = WHAT)]
    pub methods: Option<Vec<String>>,

    /// Of --suite harm the cells I to J, counted from 1, both included; either end may be left out [default: all]
    #[arg(long, value_name = "I..J", help_heading = WHAT)]
    pub cells: Option<String>,

    /// Cells of --suite harm-full by name, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = WHAT)]
    pub cell: Option<Vec<String>>,

    /// Fresh seeds on which each method is judged [default: 5; of harm 20, of harm-full 8]
    #[arg(long, value_name = "N", help_heading = HOW)]
    pub seeds: Option<u64>,

    /// Other seeds on which it is tuned; with --lr, 0 leaves its other numbers at their customary values [default: 5]
    #[arg(long, value_name = "N", help_heading = HOW)]
    #[serde(alias = "tuning_seeds")]
    pub tuning_seeds: Option<u64>,

    /// Learning rates of the grid, 1, 2, 5, 10, …; more are tried if the best is at its edge [default: 7]
    #[arg(long, value_name = "N", help_heading = HOW)]
    pub grid: Option<u32>,

    /// Run every method at this learning rate instead of tuning it; its other numbers, where it has any, are tuned
    #[arg(long, value_name = "RATE", help_heading = HOW)]
    pub lr: Option<f64>,

    /// Gradients that a run may spend, a loss counting a third [default: of each problem]
    #[arg(long, value_name = "N", help_heading = HOW)]
    pub budget: Option<u64>,

    /// Seeds starts, batches, noise and axes [default: 1]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub seed: Option<u64>,

    /// Threads; the numbers don't depend on them [default: all cores]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub threads: Option<usize>,

    /// Write record.json, results.csv and an SVG for each problem there
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
}

const WHAT: &str = "Problems and methods";
const HOW: &str = "Comparison";
const RUN: &str = "Run";
const OUTPUT: &str = "Output";

/// The arguments of `deo escape`.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(after_long_help = MORE, allow_negative_numbers = true, args_override_self = true)]
pub struct EscapeArgs {
    /// What may stand in a file, too.
    #[command(flatten)]
    pub options: Options,

    /// Of --suite harm, tune the rates of the cells and print them instead of running the cells
    #[arg(long, help_heading = HOW)]
    pub rates: bool,

    /// Of --suite harm, don't run again what the directory of --out has
    #[arg(long, help_heading = OUTPUT)]
    pub resume: bool,

    /// Print the results as one JSON object instead of tables
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub config: Option<PathBuf>,
}

const MORE: &str = "\
Methods (default ones marked *):
  gd* heavy-ball* nesterov adam* adamw nadamw    a base optimizer alone
  rmsprop rprop lbfgs                            (lbfgs: one step for each gradient)
  muon                                           where some parameters are matrices
  perturbed-gd* neon* sam*                       gradient descent with noise, with negative curvature from noise,
                                                 sharpness-aware; their other numbers are tuned too
  perturbed+BASE                                 a random kick that isn't asked for, its size tuned
  escape+BASE                                    the escape strategy beside a base (* gd, heavy-ball, adam)
  line-search+BASE random-axis+BASE              controls: its line search alone; a random direction for the axis;
  highest-axis+BASE                              the axis of highest curvature (* the first two with gd)
  axis+BASE eager-axis+BASE                      parts taken away: no line search; nor a wait for a stall
  deflate+BASE amplify+BASE                      the paper's projection; its opposite (* deflate+gd)
  compat+BASE                                    the published code (* gd)
  guard+BASE                                     steps cut to what the curvature along them allows
  clip+BASE                                      gradients cut to a norm, which is tuned

Examples:
  deo escape                                       the quick suite with the default methods
  deo escape --suite octopus-10-2 --methods gd,adam,escape+gd,random-axis+gd --seeds 11
  deo escape --suite full --out runs/escape
  deo escape --suite digits-autoencoder --methods heavy-ball,escape+heavy-ball --lr 0.03
  deo escape --suite strict-saddle --methods escape+adam --json

Each method is tuned by itself on every problem: a grid of learning rates 1, 2, 5, 10, …, on seeds of their own, by
solved runs, then median cost, then median measure. Then it runs on fresh seeds. A cost is gradients plus a third of
the losses; medians take a run that didn't reach the target as one of infinite cost, so there is none unless more than
half of the runs did. The policies that deo adds run with the same default settings everywhere.

The suite harm asks whether Escape does harm where there may be nothing to escape from: small nets on real data, 61 cells in
which every two of data, depth, activation, batch, base, rate and length of the run meet. It compares the loss of the training
data with Escape and without, at an equal budget, with controls. harm-full is every combination.
  deo escape --suite harm --out runs/harm
  deo escape --suite harm --cells 1..5 --seeds 20
  deo escape --suite harm --cell digits-5-sigmoid-full-adam-x0.15-600";

impl Options {
    /// These options, and those of `file` where they are silent.
    #[must_use]
    pub fn or(self, file: Options) -> Options {
        Options {
            suite: self.suite.or(file.suite),
            methods: self.methods.or(file.methods),
            cells: self.cells.or(file.cells),
            cell: self.cell.or(file.cell),
            seeds: self.seeds.or(file.seeds),
            tuning_seeds: self.tuning_seeds.or(file.tuning_seeds),
            grid: self.grid.or(file.grid),
            lr: self.lr.or(file.lr),
            budget: self.budget.or(file.budget),
            seed: self.seed.or(file.seed),
            threads: self.threads.or(file.threads),
            out: self.out.or(file.out),
        }
    }
}
