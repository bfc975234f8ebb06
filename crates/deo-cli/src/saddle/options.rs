//! The options of `deo saddle`, as given: on the command line, in a file, or not at all.
//!
//! One struct is both, as in [`train`](crate::train::Options), and nothing is checked here beyond its type.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Every option; `None` where it was not given.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// With --engine: a guess of the saddle, an extended XYZ file in Å or a .con file of eOn; of several frames the last
    #[arg(value_name = "GUESS.xyz", help_heading = ENGINE)]
    pub guess: Option<PathBuf>,

    /// In place of a guess two structures, atoms in the same order: begins at the highest of seven images between them, which go
    /// straight in their distances (IDPP), along the way there
    #[arg(long, value_names = ["A.xyz", "B.xyz"], num_args = 2, help_heading = ENGINE)]
    pub between: Option<Vec<PathBuf>>,

    /// The first axis is the line from the guess to that structure, atoms in the same order
    #[arg(long, value_name = "FILE.xyz", help_heading = ENGINE)]
    pub axis: Option<PathBuf>,

    /// Energies of another program, a client of the i-PI protocol, which connects to /tmp/ipi_NAME or to a port
    #[arg(long, value_name = "ipi:NAME|ipi:HOST:PORT", help_heading = ENGINE)]
    pub engine: Option<String>,

    /// A command of the shell that starts the client, and starts it again when it was lost
    #[arg(long, value_name = "CMD", help_heading = ENGINE)]
    pub run: Option<String>,

    /// How long to wait for a client to connect, and for an answer, in seconds [default: 3600, 86400]
    #[arg(long, value_name = "S", help_heading = ENGINE)]
    pub wait: Option<f64>,

    /// With --searches: clients that are asked at the same time, each started by --run, with its number in the environment
    /// variable DEO_CLIENT; the numbers don't depend on them [default: 1]
    #[arg(long, value_name = "K", help_heading = ENGINE)]
    pub clients: Option<usize>,

    /// With --searches: only atoms near that one are displaced, counted from 0
    #[arg(long, value_name = "ATOM", help_heading = ENGINE)]
    #[serde(alias = "displace_around")]
    pub displace_around: Option<usize>,

    /// How near, in Å [default: 3.5]
    #[arg(long, value_name = "R", help_heading = ENGINE)]
    pub within: Option<f64>,

    /// Atoms that are held, counted from 0 as by ASE: 0-8,12. Those that move_mask of the file holds are held, too
    #[arg(long, value_name = "ATOMS", help_heading = ENGINE)]
    pub fix: Option<String>,

    /// Hold the atoms with z below this, Å
    #[arg(long, value_name = "Z", help_heading = ENGINE)]
    #[serde(alias = "fix_below")]
    pub fix_below: Option<f64>,

    /// What is supposed of the Hessian before any gradient is seen [default: springs with a cell, lindh without]
    #[arg(long, value_name = "MODEL", help_heading = ENGINE)]
    pub hessian: Option<Hessian>,

    /// Force components that are compared with differences of the energy before the search; 0 leaves out the look at the
    /// noise, too [default: 2]
    #[arg(long, value_name = "N", help_heading = ENGINE)]
    pub check: Option<usize>,

    /// Vibrational frequencies of the saddle, by 6 gradients an atom that moves; with --searches and --connect those of the
    /// minima, too
    #[arg(long, help_heading = ENGINE)]
    pub frequencies: bool,

    /// The intrinsic reaction coordinate: the steepest path in mass-weighted coordinates from the saddle down to the minima on
    /// both sides, with the frequencies of the saddle
    #[arg(long, help_heading = ENGINE)]
    pub irc: bool,

    /// The length of a step of that path, in Å along the way across the saddle [default: 0.1]
    #[arg(long, value_name = "X", help_heading = ENGINE)]
    #[serde(alias = "irc_step")]
    pub irc_step: Option<f64>,

    /// The reactant, atoms in the order of the guess: is it one of the minima found? The last frame of an extended XYZ file
    #[arg(long, value_name = "FILE.xyz", help_heading = ENGINE)]
    pub reactant: Option<PathBuf>,

    /// Rates out of both minima at this temperature, by harmonic transition state theory; with the frequencies of the saddle
    /// and of the minima, 6 gradients an atom that moves for each
    #[arg(long, value_name = "K", help_heading = ENGINE)]
    pub temperature: Option<f64>,

    /// Write every step to an extended XYZ file
    #[arg(long, value_name = "FILE.xyz", help_heading = ENGINE)]
    pub trajectory: Option<PathBuf>,

    /// Keep every answer in that file, and go on from those that are there
    #[arg(long, value_name = "FILE", help_heading = ENGINE)]
    pub restart: Option<PathBuf>,

    /// A landscape such as muller-brown, or a cluster: lj13, lj38, morse13; lj or morse with --start. Reduced units, all
    /// atoms alike
    #[arg(long, value_name = "NAME", help_heading = SURFACE)]
    pub potential: Option<String>,

    /// Range parameter of a Morse potential [default: 6]
    #[arg(long, value_name = "X", help_heading = SURFACE)]
    pub rho: Option<f64>,

    /// Where from: for a cluster an XYZ file, its frames in turn; for a landscape "x,y,…" or minimum-2
    /// [default: the minima of the landscape in turn, the relaxed cluster of that name]
    #[arg(long, value_name = "FILE.xyz|POINT", help_heading = SEARCHES, allow_hyphen_values = true)]
    pub start: Option<String>,

    /// σ, the standard deviation by which each coordinate of a start is displaced [default: 0.1; with --engine in Å, 0 for a
    /// guess of several frames]
    #[arg(long, value_name = "σ", help_heading = SEARCHES)]
    pub displace: Option<f64>,

    /// Searches [default: 24]; with --engine many of them, from the guess displaced or from its frames in turn
    #[arg(long, value_name = "M", help_heading = SEARCHES)]
    pub searches: Option<usize>,

    /// Negative curvatures of the points sought: 1 for passes, 2 and more for higher saddles and maxima, 0 for minima
    /// [default: 1]
    #[arg(long, value_name = "K", help_heading = SEARCHES)]
    pub index: Option<usize>,

    /// Converged at a gradient of this norm, which no atom's force exceeds then [default: 1e-5]; with --engine at this
    /// largest atomic force [default: 0.01 eV/Å]
    #[arg(long, value_name = "X", help_heading = SEARCHES)]
    pub fmax: Option<f64>,

    /// Gradients that a search may spend; its verification is beside them [default: 2000]
    #[arg(long, value_name = "N", help_heading = SEARCHES)]
    #[serde(alias = "max_gradients")]
    pub max_gradients: Option<u64>,

    /// How to search [default: newton up to 300 coordinates, dimer above]
    #[arg(long, value_name = "MODE", help_heading = SEARCHES)]
    pub mode: Option<Mode>,

    /// Curvatures closer to zero than this are flat, and such a point no saddle [default: 1e-6, clusters 1e-3,
    /// with --engine 0.01 eV/Å²]
    #[arg(long, value_name = "X", help_heading = SEARCHES)]
    pub flat: Option<f64>,

    /// Go down on both sides of each distinct saddle, and tell the minima that it joins
    #[arg(long, help_heading = SEARCHES)]
    pub connect: bool,

    /// Seeds the displacements and the dimer's first axes [default: 1]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub seed: Option<u64>,

    /// Threads; the numbers don't depend on them [default: all cores]
    #[arg(long, value_name = "N", help_heading = RUN)]
    pub threads: Option<usize>,

    /// Write record.json there; with --engine saddle.xyz and minima.xyz, with --irc irc.csv, irc.xyz and profile.svg; in two dimensions surface.svg, for clusters and with --engine --searches saddles.xyz and minima.xyz
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
}

/// The arguments of `deo saddle`.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true, args_override_self = true)]
pub struct SaddleArgs {
    /// What may stand in a file, too.
    #[command(flatten)]
    pub options: Options,

    /// Print the results as one JSON object instead of tables
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,

    /// Take options from a TOML file, its keys the long names; the command line wins
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub config: Option<PathBuf>,
}

impl Options {
    /// These options, and those of `file` where they are silent.
    #[must_use]
    pub fn or(self, file: Options) -> Options {
        Options {
            guess: self.guess.or(file.guess),
            between: self.between.or(file.between),
            axis: self.axis.or(file.axis),
            engine: self.engine.or(file.engine),
            run: self.run.or(file.run),
            wait: self.wait.or(file.wait),
            clients: self.clients.or(file.clients),
            displace_around: self.displace_around.or(file.displace_around),
            within: self.within.or(file.within),
            fix: self.fix.or(file.fix),
            fix_below: self.fix_below.or(file.fix_below),
            hessian: self.hessian.or(file.hessian),
            check: self.check.or(file.check),
            frequencies: self.frequencies || file.frequencies,
            irc: self.irc || file.irc,
            irc_step: self.irc_step.or(file.irc_step),
            reactant: self.reactant.or(file.reactant),
            temperature: self.temperature.or(file.temperature),
            trajectory: self.trajectory.or(file.trajectory),
            restart: self.restart.or(file.restart),
            potential: self.potential.or(file.potential),
            rho: self.rho.or(file.rho),
            start: self.start.or(file.start),
            displace: self.displace.or(file.displace),
            searches: self.searches.or(file.searches),
            index: self.index.or(file.index),
            fmax: self.fmax.or(file.fmax),
            max_gradients: self.max_gradients.or(file.max_gradients),
            mode: self.mode.or(file.mode),
            flat: self.flat.or(file.flat),
            connect: self.connect || file.connect,
            seed: self.seed.or(file.seed),
            threads: self.threads.or(file.threads),
            out: self.out.or(file.out),
        }
    }
}

/// How a saddle is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A Hessian learned from all gradients, rational-function steps: work N³ a step
    Newton,
    /// The gradient reflected at the lowest mode, L-BFGS steps: work N a step
    Dimer,
}

/// A model Hessian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hessian {
    /// Stretches, bends and torsions of a molecule, by its elements and places
    Lindh,
    /// Springs between near atoms, for metals and periodic cells
    Springs,
    /// Nothing is supposed: all is learned from gradients
    None,
}

const ENGINE: &str = "Energies of another program";
const SURFACE: &str = "Surface";
const SEARCHES: &str = "Searches";
const RUN: &str = "Run";
const OUTPUT: &str = "Output";

const EXAMPLES: &str = "\
Examples:
  deo saddle --potential muller-brown --out runs/mb         both saddles, and a drawing of the paths
  deo saddle --potential muller-brown --start \"-0.5,1.4\" --searches 5
  deo saddle --potential lj13 --searches 100 --connect      passes out of the icosahedron, and where they lead
  deo saddle --potential lj --start cluster.xyz --displace 0.05 --mode dimer --out runs/cluster
  deo saddle --potential morse13 --rho 14 --json
  deo saddle --potential lj13 --index 2 --mode dimer        two directions at once
  deo saddle --config passes.toml --seed 7
  deo saddle guess.xyz --engine ipi:hcn --run \"python client.py\" --irc --temperature 300
  deo saddle slab.xyz --engine ipi:al --run \"python client.py\" --searches 40 --clients 4 --displace-around 27 --connect
  deo saddle --between reactant.xyz product.xyz --engine ipi:hcn --run \"python client.py\" --connect --reactant reactant.xyz

energy, barrier: in the units of the potential; the barrier is above the minimum below the start
named in \"from\"; +1 means that one other start led there, too.
curvature: the lowest eigenvalue of the Hessian, solved for independently of the search. index: negative eigenvalues.
gradients: the median over the searches that found it, verification not included.";
