//! One start, two runs: the base optimizer alone, and with DEO beside it.

use super::rivals::{BUDGET, PROBLEM};
use deo_core::drive::{WithDeo, Workspace, curvature};
use deo_core::noise::noise;
use deo_core::optim::{Optimizer, Sgd, SgdSettings};
use deo_core::policy::Along;
use deo_core::probe::Rule;
use deo_core::space::Host;
use deo_core::two_lengths::{TwoLengths, TwoLengthsSettings};
use deo_core::{DeoSettings, DimerSettings, Event, Objective, Space};
use deo_models::problems::{self, Problem, ProblemError};

/// μ of heavy ball, the customary one.
const MOMENTUM: f64 = 0.9;

/// Points of the section along a kick: some three pixels apart in its drawing.
const SECTION: i32 = 120;

const VALID: &str = "customary settings are within their ranges";

const SPACE: Host<f64> = Host::new();

/// One of the two runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// (cost, loss) at every step; a cost is gradients and a third of the losses.
    pub(super) curve: Vec<(f64, f64)>,
    /// Where it ended.
    pub(super) end: Vec<f64>,
    /// The loss there.
    pub(super) loss: f64,
    /// Spent in all.
    pub(super) cost: f64,
    /// The loss reached the target.
    pub(super) solved: bool,
    /// Moves of x by DEO, in order.
    pub(super) moves: Vec<Move>,
}

/// ⟨n, Hn⟩ and its error bar, from secants at two lengths; the gradients are not charged to any run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curvature {
    pub(super) value: f64,
    /// Holds in 95 of 100 cases.
    pub(super) error: f64,
}

/// A move of x by DEO.
#[derive(Debug, Clone)]
pub(super) struct Move {
    /// Spent when it was made.
    pub(super) cost: f64,
    /// The loss before.
    pub(super) loss: f64,
    /// The loss after.
    pub(super) after: f64,
    /// ‖Δx‖.
    pub(super) length: f64,
    /// Along the axis of lowest curvature, and not along the gradient.
    pub(super) kick: bool,
    /// The curvature along it, measured for the reader.
    pub(super) curvature: Curvature,
    /// Δx/‖Δx‖, and x before.
    pub(super) direction: Vec<f64>,
    pub(super) from: Vec<f64>,
}

/// Both runs, and what is to be shown of them.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) seed: u64,
    pub(super) rate: f64,
    pub(super) alone: Told,
    pub(super) helped: Told,
    /// The lowest curvature where the run alone ended.
    pub(super) stuck: Curvature,
    /// ‖g‖ there.
    pub(super) slope: f64,
    /// (a, f(x + a n)) along the first kick, from x before it.
    pub(super) section: Vec<(f64, f64)>,
}

/// Tells it from the start of that seed.
///
/// # Errors
///
/// [`ProblemError`] if the problem can't be set up.
pub(super) fn tell(seed: u64, rate: f64) -> Result<Story, ProblemError> {
    let mut problem = problems::by_name(PROBLEM)?;
    let target = problem.target().unwrap_or(0.0);
    let alone = run(&mut *problem, seed, rate, target, false);
    let helped = run(&mut *problem, seed, rate, target, true);
    let f = problem.objective(seed, 0);
    let mut g = alone.end.clone();
    f.value_grad(&alone.end, &mut g);
    let settings = DimerSettings {
        rule: Rule::Central,
        tolerance: 1e-4,
        max_gradients: 200,
        ..DimerSettings::default()
    };
    let (_, lowest) =
        curvature(&SPACE, &mut *f, &alone.end[..], settings, own(seed, b"measure ")).expect(VALID);
    let stuck = measure(f, &alone.end, &lowest);
    let section = helped.kick().map_or_else(Vec::new, |kick| along(f, kick));
    let slope = SPACE.norm(&g);
    Ok(Story { seed, rate, alone, helped, stuck, slope, section })
}

impl Told {
    /// The first move along the axis.
    pub(super) fn kick(&self) -> Option<&Move> {
        self.moves.iter().find(|one| one.kick)
    }
}

/// A seed for axes, which must not follow the numbers that the problem draws from the same one. That of "a method" is the
/// comparison's own, so that the run with DEO is one of the runs that the table counts.
fn own(seed: u64, purpose: &[u8; 8]) -> u64 {
    noise(seed, u64::from_le_bytes(*purpose)).to_bits()
}

fn run(problem: &mut dyn Problem, seed: u64, rate: f64, target: f64, with_deo: bool) -> Told {
    let mut x = problem.start(seed);
    let settings = SgdSettings { momentum: MOMENTUM, ..SgdSettings::default() };
    let mut alone = Sgd::new(settings, &SPACE, &x[..]).expect(VALID);
    let sgd = Sgd::new(settings, &SPACE, &x[..]).expect(VALID);
    let settings = DeoSettings { seed: own(seed, b"a method"), ..DeoSettings::default() };
    let mut helped = WithDeo::new(&SPACE, &x[..], sgd, settings).expect(VALID);
    let (mut told, mut g) = (Told::default(), x.clone());
    for step in 0.. {
        told.cost = step as f64 + helped.counts().cost();
        told.loss = problem.measure(&x);
        told.curve.push((told.cost, told.loss));
        told.solved = told.loss <= target;
        if told.solved || told.cost + 1.0 > BUDGET as f64 {
            break;
        }
        let f = problem.objective(seed, step);
        if !with_deo {
            f.value_grad(&x, &mut g);
            alone.step(&SPACE, &mut x, &g, rate);
            continue;
        }
        let before = x.clone();
        let report = helped.step(&SPACE, f, &mut x[..], rate);
        if let Event::Moved { along, length, .. } = report.event {
            let mut direction = x.clone();
            SPACE.axpby(-1.0 / length, &before, 1.0 / length, &mut direction);
            told.moves.push(Move {
                cost: step as f64 + helped.counts().cost(),
                loss: report.loss,
                after: problem.measure(&x),
                length,
                kick: along == Along::Axis,
                curvature: measure(problem.objective(seed, step), &before, &direction),
                direction,
                from: before,
            });
        }
    }
    told.end = x;
    told
}

/// The curvature at `x` along a unit vector.
fn measure(f: &mut dyn Objective<[f64]>, x: &[f64], axis: &[f64]) -> Curvature {
    // The central rule, since beside such small curvatures third derivatives would show in a forward difference.
    let settings = TwoLengthsSettings { rule: Rule::Central, ..TwoLengthsSettings::default() };
    let mut two_lengths = TwoLengths::new(&SPACE, x, settings).expect(VALID);
    two_lengths.set_axis(&SPACE, axis);
    let mut g = x.to_vec();
    f.value_grad(x, &mut g);
    let mut workspace = Workspace::new(&SPACE, x, settings.rule);
    two_lengths.measure(&SPACE, f, x, &g, &mut workspace);
    Curvature { value: two_lengths.curvature(), error: two_lengths.secant_error() }
}

/// The loss along the kick, as far behind its beginning as half its length, and twice as far beyond.
fn along(f: &mut dyn Objective<[f64]>, kick: &Move) -> Vec<(f64, f64)> {
    let mut y = kick.from.clone();
    (-SECTION..=SECTION)
        .map(|i| {
            let a = 1.6 * kick.length * f64::from(i) / f64::from(SECTION);
            y.copy_from_slice(&kick.from);
            SPACE.axpby(a, &kick.direction, 1.0, &mut y);
            (a, f.value(&y))
        })
        .collect()
}
