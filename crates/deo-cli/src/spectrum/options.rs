//! The options of `deo spectrum`, as given.
//!
//! Nothing is checked here beyond its type: [`Settings::resolve`](super::Settings::resolve) supplies the defaults,
//! refuses what is out of range, and refuses an option that the chosen target has no use for.

use super::choices::{Ends, Precision, SecantRule};
use crate::model::ModelArgs;
use clap::Args;
use std::path::PathBuf;

/// The arguments of `deo spectrum`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true, args_override_self = true)]
pub struct SpectrumArgs {
    /// A network.
    #[command(flatten, next_help_heading = TARGET)]
    pub model: ModelArgs,

    /// An analytic function, such as muller-brown
    #[arg(long, value_name = "NAME", help_heading = TARGET)]
    pub landscape: Option<String>,

    /// Where on it: "x,y,…", or a known point: saddle, saddle-2, minimum, … [default: its first saddle]
    #[arg(long, value_name = "POINT", help_heading = TARGET, allow_hyphen_values = true)]
    pub at: Option<String>,

    /// A symmetric matrix of float32 or float64, as by np.save
    #[arg(long, value_name = "FILE.npy", help_heading = TARGET)]
    pub matrix: Option<PathBuf>,

    /// Fixed batches whose mean loss is the function; two or more give standard errors [default: 8]
    #[arg(long, value_name = "B", help_heading = TARGET)]
    pub batches: Option<usize>,

    /// Batches that the search doesn't see, to judge what it found [default: as many; 0 if there is one]
    #[arg(long, value_name = "B", help_heading = TARGET)]
    pub fresh: Option<usize>,

    /// Sequences in a batch [default: 16 (tiny), 12 (paper-…)]
    #[arg(long, value_name = "N", help_heading = TARGET)]
    pub batch: Option<usize>,

    /// Characters in a sequence, the model's context [default: 32 (tiny), 64 (paper-…)]
    #[arg(long, value_name = "N", help_heading = TARGET)]
    pub block: Option<usize>,

    /// Eigenpairs at an end
    #[arg(long, value_name = "N", help_heading = PAIRS, default_value_t = 1)]
    pub k: usize,

    /// Which end of the spectrum
    #[arg(long, value_name = "END", help_heading = PAIRS, value_enum, default_value_t = Ends::Lowest)]
    pub which: Ends,

    /// A pair is converged at a residual of this times its |eigenvalue|
    #[arg(long, value_name = "X", help_heading = PAIRS, default_value_t = 1e-3)]
    pub tol: f64,

    /// Directions kept between products [default: 20, or more if more pairs are wanted]
    #[arg(long, value_name = "M", help_heading = PAIRS)]
    pub memory: Option<usize>,

    /// Gradients that the search may spend, each the mean over all batches; for a matrix, products; what verifies each pair is
    /// beside them [default: 1000]
    #[arg(long, value_name = "N", help_heading = PAIRS)]
    pub max_gradients: Option<u64>,

    /// Search on for pairs that were missed, and for the next one, which bounds the gap (the default)
    #[arg(long, help_heading = PAIRS, overrides_with = "no_confirm")]
    pub confirm: bool,

    /// Stop at the first pairs that converge: half the price, less certain
    #[arg(long, help_heading = PAIRS, overrides_with = "confirm")]
    pub no_confirm: bool,

    /// Storage of vectors and networks [default: f64]
    #[arg(long, value_name = "TYPE", help_heading = NUMERICS)]
    pub precision: Option<Precision>,

    /// One displaced gradient a product, or two [default: forward]
    #[arg(long, value_name = "RULE", help_heading = NUMERICS)]
    pub rule: Option<SecantRule>,

    /// The displacement, relative to max(‖x‖, 1) [default: balances truncation and rounding]
    #[arg(long, value_name = "H", help_heading = NUMERICS)]
    pub length: Option<f64>,

    /// Estimate the density of eigenvalues by stochastic Lanczos quadrature
    #[arg(long, help_heading = WHOLE)]
    pub density: bool,

    /// Lanczos steps of each random vector [default: 40]
    #[arg(long, value_name = "N", help_heading = WHOLE)]
    pub density_steps: Option<usize>,

    /// Random vectors [default: 4]
    #[arg(long, value_name = "N", help_heading = WHOLE)]
    pub density_vectors: Option<usize>,

    /// Estimate the trace by Hutchinson's method
    #[arg(long, help_heading = WHOLE)]
    pub trace: bool,

    /// Random vectors for the trace [default: 30]
    #[arg(long, value_name = "N", help_heading = WHOLE)]
    pub probes: Option<usize>,

    /// Seeds initial weights, batches and random directions, each with a stream of its own
    #[arg(long, value_name = "N", help_heading = RUN, default_value_t = 1)]
    pub seed: u64,

    /// Threads; the numbers don't depend on them [default: all cores]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub threads: Option<usize>,

    /// Write the eigenvectors, one a row, in the order of the table
    #[arg(long, value_name = "FILE.npy", help_heading = OUTPUT)]
    pub vectors: Option<PathBuf>,

    /// Write the tokens of the batches: inputs then targets, a sequence a row, to check the numbers elsewhere
    #[arg(long, value_name = "FILE.npy", help_heading = OUTPUT)]
    pub tokens: Option<PathBuf>,

    /// Write record.json there and, with --density, density.svg
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,

    /// Print the results as one JSON object instead of a table
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub config: Option<PathBuf>,
}

const TARGET: &str = "Target: a preset, a landscape or a matrix";
const PAIRS: &str = "Eigenpairs";
const NUMERICS: &str = "Numerics";
const WHOLE: &str = "The whole spectrum";
const RUN: &str = "Run";
const OUTPUT: &str = "Output";

const EXAMPLES: &str = "\
Examples:
  deo spectrum --preset tiny --which both        lowest and highest curvature of a GPT, with error bars
  deo spectrum --preset paper-small --weights w.safetensors --batches 16 --k 5
  deo spectrum --landscape muller-brown --at saddle-2 --k 2
  deo spectrum --landscape rosenbrock --at \"-1.2,1\" --rule central
  deo spectrum --matrix h.npy --which highest --k 3 --vectors v.npy
  deo spectrum --preset tiny --density --trace --out runs/spectrum

residual: an eigenvalue lies within it of the one shown. secant error: the error of finite differences, measured along the
eigenvector. gap: the distance to the next eigenvalue found; the angle to the eigenvector is about residual/gap. standard
error: over the batches, of the curvature along the eigenvector. on fresh batches: the curvature along it there, which the
choice of the eigenvector on the other batches doesn't flatter. gradients: each the mean over all batches.";
