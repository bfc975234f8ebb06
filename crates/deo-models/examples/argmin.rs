//! DEO as a solver of argmin, with its observers, its checkpoints and its stopping rules.
//!
//! Run: `cargo run -p deo-models --example argmin`
//!
//! The loss has a saddle at 0 and minima at (±2, 0); the start is beside the saddle. The solver is run to the end, and
//! again with a stop in between, from whose checkpoint it goes on to the same bits.

// ANCHOR: solver
use argmin::core::checkpointing::CheckpointingFrequency;
use argmin::core::observers::{Observe, ObserverMode};
use argmin::core::{
    CostFunction, Error, Executor, Gradient, IterState, KV, Problem, Solver, State,
};
use argmin_checkpointing_file::FileCheckpoint;
use deo_core::drive::Workspace;
use deo_core::objective::FromFn;
use deo_core::optim::{Optimizer, Sgd, SgdSettings};
use deo_core::{Deo, DeoSettings, Rule, Space, space::Host};
use serde::{Deserialize, Serialize};

/// Heavy ball with DEO beside it.
#[derive(Serialize, Deserialize)]
struct DeoSolver {
    lr: f64,
    deo: Deo<Vec<f64>>,
    optimizer: Sgd<Vec<f64>>,
}

type Descent = IterState<Vec<f64>, Vec<f64>, (), (), (), f64>;

impl<O> Solver<O, Descent> for DeoSolver
where
    O: CostFunction<Param = Vec<f64>, Output = f64>
        + Gradient<Param = Vec<f64>, Gradient = Vec<f64>>,
{
    fn name(&self) -> &str {
        "DEO + heavy ball"
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<O>,
        mut state: Descent,
    ) -> Result<(Descent, Option<KV>), Error> {
        let space = Host::<f64>::new();
        let mut x = state.take_param().ok_or_else(|| Error::msg("a start is needed: param(x)"))?;
        let (loss, mut g) = (problem.cost(&x)?, problem.gradient(&x)?);
        // What DEO asks for comes from argmin's problem. Where that fails, the answer is NaN and the error is kept.
        let mut failed = None;
        let mut f = FromFn(|at: &[f64], gradient: Option<&mut [f64]>| {
            let answer = match gradient {
                // Probes take gradients only, trials the loss only.
                Some(out) => {
                    problem.gradient(&at.to_vec()).map(|g| (out.copy_from_slice(&g), 0.0).1)
                }
                None => problem.cost(&at.to_vec()),
            };
            answer.unwrap_or_else(|error| (failed = Some(error), f64::NAN).1)
        });
        let mut workspace = Workspace::new(&space, &x, Rule::Forward);
        self.deo.observe(&space, &x, loss, &g);
        self.deo.visit(&space, &mut f, &x, &g, &mut workspace);
        if let Some(error) = failed {
            return Err(error);
        }
        let event = self.deo.apply(&space, &mut x, &mut g);
        if event.moved() {
            self.optimizer.jumped(&space);
        } else if loss.is_finite() && space.norm(&g).is_finite() {
            self.optimizer.step(&space, &mut x, &g, self.lr);
        }
        let curvature = self.deo.estimate().curvature;
        let seen = argmin::kv!("curvature" => curvature; "event" => format!("{event:?}"););
        // argmin wants the cost of the parameters beside it: that of before the step, as the gradient.
        Ok((state.param(x).gradient(g).cost(loss), Some(seen)))
    }
}
// ANCHOR_END: solver

/// x₁⁴/16 − x₁²/2 + 9/8 x₂².
struct TwoValleys;

impl CostFunction for TwoValleys {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        Ok(x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1])
    }
}

impl Gradient for TwoValleys {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(vec![x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]])
    }
}

/// Prints every tenth iteration, and those whose event is not `Quiet`.
struct Print;

impl Observe<Descent> for Print {
    fn observe_iter(&mut self, state: &Descent, seen: &KV) -> Result<(), Error> {
        let value = |name| seen.get(name).map_or_else(String::new, |value| value.as_string());
        let (iteration, loss, event) = (state.get_iter(), state.get_cost(), value("event"));
        if iteration % 10 == 0 || event != "Quiet" {
            println!("{iteration:3}  loss {loss:9.6}  curvature {}  {event}", value("curvature"));
        }
        Ok(())
    }
}

fn run(checkpoint: FileCheckpoint) -> Result<Descent, Error> {
    let space = Host::<f64>::new();
    let x = vec![1e-12, 0.5];
    let heavy_ball = SgdSettings { momentum: 0.5, ..SgdSettings::default() };
    let solver = DeoSolver {
        lr: 0.1,
        deo: Deo::new(&space, &x, DeoSettings::default())?,
        optimizer: Sgd::new(heavy_ball, &space, &x)?,
    };
    let executor = Executor::new(TwoValleys, solver)
        .configure(|state| state.param(x).max_iters(100).counting(true))
        .add_observer(Print, ObserverMode::Always)
        .checkpointing(checkpoint);
    Ok(executor.run()?.state)
}

fn main() -> Result<(), Error> {
    let dir = std::env::temp_dir().join(format!("deo-argmin-{}", std::process::id()));
    let checkpoint = || {
        FileCheckpoint::new(&*dir.to_string_lossy(), "descent", CheckpointingFrequency::Every(70))
    };
    let straight = run(checkpoint())?;
    println!("again, from the checkpoint");
    let resumed = run(checkpoint())?;
    std::fs::remove_dir_all(&dir)?;

    let x = straight.get_param().ok_or_else(|| Error::msg("no result"))?;
    println!("x = {x:?}, counts {:?}", straight.get_func_counts());
    assert!((x[0].abs() - 2.0).abs() < 1e-2, "the saddle was not left");
    assert_eq!(resumed.get_param(), Some(x), "a resumed run gives the same bits");
    Ok(())
}
