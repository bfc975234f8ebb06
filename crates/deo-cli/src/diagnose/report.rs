//! From arguments to a table or JSON, and a plot.

use super::error::DiagnoseError;
use super::options::DiagnoseArgs;
use super::plot::{self, Curves};
use super::results::Results;
use super::settings::Settings;
use super::target;
use crate::heartbeat::Heartbeat;
use crate::output::OutputFile;
use crate::table::align;
use deo_bench::escape::{Point, Trainer, look};
use deo_core::diagnose::{Diagnosis, Verdict};
use deo_core::estimate::{Estimate, Status};
use deo_core::optim::Optimizer;
use deo_core::space::Host;
use deo_models::problems::Problem;
use std::io::{self, Write};

const SPACE: Host<f64> = Host::new();

/// Runs `deo diagnose` and writes its results to `stdout`.
///
/// # Errors
///
/// [`DiagnoseError`], with a message of one line and an exit code.
pub fn execute(args: &DiagnoseArgs, stdout: &mut dyn Write) -> Result<(), DiagnoseError> {
    let settings = Settings::resolve(args)?;
    let mut problem = target::load(&settings)?;
    let file = args.plot.as_deref().map(OutputFile::create).transpose()?;
    let (x, trainer) = at_the_point(&mut *problem, &settings)?;
    let &Settings { lr, seed, steps, others, .. } = &settings;
    let point = Point { x: &x, trainer: &trainer, lr, seed, step: steps };
    let found = look(&mut *problem, point, others as u64, &settings.diagnose());
    let (diagnosis, outlook) = found.expect("the settings were checked");
    let results = Results::new(settings, problem.name().to_owned(), &diagnosis);
    let kept = file.map_or(Ok(()), |file| {
        let curves = curves(&mut *problem, &results, &x, &diagnosis, &outlook.step);
        file.write(plot::svg(&results, &curves).as_bytes())
    });
    // Results are shown even if they can't be kept.
    let shown = show(stdout, &results, args.json);
    kept?;
    shown.map_err(DiagnoseError::Stdout)
}

/// Where the base is after its steps, and the base.
fn at_the_point(
    problem: &mut dyn Problem,
    settings: &Settings,
) -> Result<(Vec<f64>, Trainer), DiagnoseError> {
    let &Settings { seed, base, lr, steps, .. } = settings;
    let (mut x, groups) = (problem.start(seed), problem.groups());
    if !base.runs_on(&groups) {
        return Err(DiagnoseError::NoMatrix {
            base: base.name(),
            problem: problem.name().to_owned(),
        });
    }
    let mut trainer = Trainer::new(base, &x, &groups);
    let mut g = vec![0.0; x.len()];
    let heartbeat = Heartbeat::new();
    for step in 0..steps {
        heartbeat.beat(|| format!("{step} of {steps} steps of the base"));
        let loss = problem.objective(seed, step).value_grad(&x, &mut g);
        trainer.step(&SPACE, &mut x, &g, lr);
        if !(loss.is_finite() && x.iter().all(|x| x.is_finite())) {
            return Err(DiagnoseError::Diverged { step: step + 1, steps });
        }
    }
    Ok((x, trainer))
}

fn curves(
    problem: &mut dyn Problem,
    results: &Results,
    x: &[f64],
    diagnosis: &Diagnosis<Vec<f64>>,
    step: &[f64],
) -> Curves {
    let objective = problem.objective(results.settings.seed, results.settings.steps);
    let mut along = |direction: &[f64], places: Vec<f64>| -> Vec<(f64, f64)> {
        let change = |a: f64| {
            let y: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + a * d).collect();
            (a, objective.value(&y) - diagnosis.loss)
        };
        places.into_iter().map(change).collect()
    };
    let [axis, steps] = plot::places(results);
    Curves { axis: along(&diagnosis.axis, axis), step: along(step, steps) }
}

fn show(stdout: &mut dyn Write, results: &Results, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *stdout, results)?;
        return writeln!(stdout);
    }
    let Settings { base, lr, steps, .. } = &results.settings;
    let of = if results.dimension == 1 { "parameter" } else { "parameters" };
    writeln!(
        stdout,
        "{}, {} {of}; {} at {lr}, step {steps}\n",
        results.target,
        results.dimension,
        base.name()
    )?;
    writeln!(stdout, "{}.\n", capital(&results.sentence))?;
    write!(stdout, "{}", align(&rows(results)))?;
    writeln!(stdout, "\nIt cost {} gradients and {} losses.", results.gradients, results.losses)?;
    stdout.flush()
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn rows(r: &Results) -> Vec<Vec<String>> {
    let mut rows: Vec<[String; 2]> = vec![];
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("loss, gradient norm", format!("{:.6}, {:.2e}", r.loss, r.gradient_norm));
    row("λ_min", curvature(&r.lowest));
    row("λ_max", curvature(&r.highest));
    if let Some(others) = &r.others {
        let error = others.standard_error.map_or(String::new(), |se| format!(" ± {se:.2e}"));
        let batches = if others.batches == 1 { "another batch" } else { "other batches" };
        row(
            &format!("the same axis on {} {batches}", others.batches),
            format!("{:.3e}{error}", others.curvature),
        );
    }
    let [share, least, most] =
        [r.unstable, r.unstable_range[0], r.unstable_range[1]].map(|s| 100.0 * s);
    let open =
        if least < most { format!(", open {least:.1} – {most:.1}") } else { String::new() };
    row("unstable directions", format!("{share:.1} %{open}"));
    if r.verdict != Verdict::Valley && r.verdict != Verdict::Minimum {
        let beyond = if r.beyond { "more than " } else { "" };
        row("the loss turns at a distance of", format!("{beyond}{:.3e}", r.turn.abs()));
        row("and has fallen by", format!("{:.3e}", r.fall));
        let steps = if r.step_norm > 0.0 { r.turn.abs() / r.step_norm } else { f64::INFINITY };
        row("which is so many steps of the base", short(steps));
        let reach = r.reach.map_or("infinite".to_owned(), short);
        row("and R times the distance from the saddle", reach);
        row("the base's own growth a step", format!("{:.2e}", r.growth));
        let blind = if r.blind { ", all of it by rounding" } else { "" };
        let base = r.base_gradients.map_or("never".to_owned(), short);
        row("gradients for the base to leave", format!("{base}{blind}"));
        row("gradients for the axis to pay", short(r.axis_gradients));
    }
    rows.into_iter().map(Vec::from).collect()
}

fn curvature(e: &Estimate) -> String {
    let status =
        if e.status == Status::Converged { String::new() } else { format!(", {}", e.status) };
    format!("{:.3e} ± {:.0e}, residual {:.0e}{status}", e.curvature, e.secant_error, e.residual)
}

/// Three digits.
fn short(number: f64) -> String {
    if number.is_infinite() {
        "infinitely many".to_owned()
    } else if (0.01..1e5).contains(&number) {
        format!("{number:.1}")
    } else {
        format!("{number:.1e}")
    }
}
