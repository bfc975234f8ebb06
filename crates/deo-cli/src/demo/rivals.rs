//! What the same problem costs by other means: tuned, judged on fresh starts, at equal budgets.

use deo_bench::escape::results::{Row, rows};
use deo_bench::escape::{Base, CompareError, MethodKind, Policy, Settings, compare};

/// The problem of the demo.
pub(super) const PROBLEM: &str = "identical-units";

/// The optimizer of the story.
pub(super) const BASE: Base = Base::HeavyBall;

/// Gradients that a run may spend: enough for DEO beside every base, and some seconds for all rivals.
pub(super) const BUDGET: u64 = 5_000;

/// Starts of the judgement, and others of the tuning.
const SEEDS: u64 = 5;

/// Learning rates tried at first; more if the best lies at the edge.
const GRID: u32 = 5;

/// The methods and what a newcomer would call them.
const METHODS: [(MethodKind, &str); 9] = [
    (MethodKind::Plain(Base::Gd), "gradient descent"),
    (MethodKind::Plain(Base::HeavyBall), "heavy ball (momentum 0.9)"),
    (MethodKind::Plain(Base::Adam), "Adam"),
    (MethodKind::PerturbedGd, "random kicks (perturbed GD)"),
    // The fairest of the rivals: on this problem any noise helps, and Adam goes on from it in its own metric.
    (MethodKind::With(Policy::Perturbed, Base::Adam), "random kicks beside Adam"),
    (MethodKind::With(Policy::RandomAxis, Base::HeavyBall), "heavy ball, DEO with a random axis"),
    (MethodKind::With(Policy::Escape, Base::Gd), "gradient descent with DEO"),
    (MethodKind::With(Policy::Escape, Base::Adam), "Adam with DEO"),
    (MethodKind::With(Policy::Escape, Base::HeavyBall), "heavy ball with DEO"),
];

/// A method as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Rival {
    pub(super) name: &'static str,
    pub(super) row: Row,
    /// None needs fewer gradients.
    pub(super) best: bool,
}

/// How many methods there are.
pub(super) const COUNT: usize = METHODS.len();

/// The comparison that the demo makes.
pub(super) fn settings(seed: u64, threads: usize) -> Settings {
    Settings {
        problems: vec![PROBLEM.to_owned()],
        methods: METHODS.map(|(kind, _)| kind).to_vec(),
        seeds: SEEDS,
        tuning_seeds: SEEDS,
        grid: GRID,
        lr: None,
        budget: Some(BUDGET),
        seed,
        threads,
    }
}

/// Runs it; `done` is called after each method.
pub(super) fn run(
    settings: &Settings,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Rival>, CompareError> {
    let rows = rows(&compare(settings, &|_, _| done())?);
    let least = rows.iter().filter_map(|row| row.cost_median).fold(f64::INFINITY, f64::min);
    let named = METHODS.iter().zip(rows);
    Ok(named
        .map(|((_, name), row)| Rival { name, best: row.cost_median == Some(least), row })
        .collect())
}

impl Rival {
    /// The median cost to the target.
    pub(super) fn median(&self) -> String {
        self.row.cost_median.map_or_else(|| format!("> {BUDGET}"), |cost| format!("{cost:.0}"))
    }

    /// The least and the greatest.
    pub(super) fn range(&self) -> String {
        match (self.row.cost_min, self.row.cost_max) {
            (None, _) => "–".to_owned(),
            (Some(least), None) => format!("{least:.0} – > {BUDGET}"),
            (Some(least), Some(most)) => format!("{least:.0} – {most:.0}"),
        }
    }

    /// Starts from which it reached the target.
    pub(super) fn solved(&self) -> String {
        format!("{} of {}", self.row.solved, self.row.seeds)
    }

    /// What was tuned.
    pub(super) fn tuned(&self) -> String {
        let knobs = self.row.knobs.iter().map(|(name, value)| format!(", {name} {value}"));
        format!("rate {}{}", self.row.lr, knobs.collect::<String>())
    }
}

/// The learning rate that the tuning found for the base with DEO.
pub(super) fn rate(rivals: &[Rival]) -> f64 {
    let told = rivals.iter().find(|r| r.row.method == MethodKind::With(Policy::Escape, BASE));
    told.map_or(0.1, |rival| rival.row.lr)
}
