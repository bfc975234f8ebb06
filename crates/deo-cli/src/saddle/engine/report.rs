//! From options to a log, a summary and files.

use super::check::{Check, check};
use super::frequencies::{Frequencies, masses};
use super::model::model;
use super::oracle::{Answers, Engine};
use super::search::{Log, Outcome, Side, frame, index_of, search};
use super::settings::{Lengths, Settings};
use super::structure::Structure;
use crate::output::{OutputDir, RECORD};
use crate::saddle::error::SaddleError;
use crate::saddle::options::{Hessian, Options};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;

const SADDLE: &str = "saddle.xyz";
const MINIMA: &str = "minima.xyz";

/// Everything that was found; the object of --json, and with the settings the record.
#[derive(Debug, Serialize)]
struct Record<'a> {
    command: &'static str,
    version: &'static str,
    settings: &'a Settings,
    atoms: usize,
    /// Coordinates that are searched.
    dimension: usize,
    /// Motions of the whole that are left out.
    motions: usize,
    /// The model Hessian that the search began with.
    hessian: Hessian,
    check: &'a Check,
    status: &'static str,
    /// Negative curvatures among the lowest k + 1, if that is known, k being the index sought.
    index: Option<usize>,
    /// eV.
    energy: f64,
    /// eV/Å.
    fmax: f64,
    /// The lowest, eV/Å².
    curvatures: &'a [f64],
    curvature_errors: &'a [f64],
    gradients: u64,
    probes: u64,
    verification: u64,
    frequencies: Option<&'a Frequencies>,
    minima: &'a [Side],
    /// All atoms at the end, Å.
    x: Vec<f64>,
    /// Answers of the engine in all, those of the run that this one goes on with included.
    answers: usize,
}

/// Runs `deo saddle GUESS.xyz --engine …`.
pub(in crate::saddle) fn execute(
    options: Options,
    engine: String,
    json: bool,
    stdout: &mut dyn Write,
) -> Result<(), SaddleError> {
    let out = options.out.clone();
    let settings = Settings::resolve(options, engine)?;
    let structure = Structure::load(&settings)?;
    if settings.frequencies {
        masses(&structure)?; // before anything is computed
    }
    let (hessian, model) = model(&settings, &structure)?;
    let dir = out.map(|dir| OutputDir::create(&dir, COMMAND, &[RECORD, SADDLE, MINIMA]));
    let dir = dir.transpose()?;
    let x = structure.moving(&structure.frame.x);
    let space = structure.space(&x);
    let stderr = &mut std::io::stderr();
    // Where to connect to is of use at once, and no result.
    let mut engine = Engine::start(&settings, &structure, &mut |line| {
        let _ = writeln!(stderr, "{line}");
    })?;
    let answers = engine.answers();
    let stdout_of_log: Option<&mut dyn Write> = if json { None } else { Some(stdout) };
    let mut log = Log::new(&settings, &structure, answers.clone(), stdout_of_log)?;
    log.say(&head(
        &settings,
        &structure,
        x.len() - space.motions(),
        space.motions(),
        &answers.borrow(),
    ));
    let checked = check(&settings, &structure, &mut engine, &x)?;
    checks(&checked, &settings).iter().for_each(|line| log.say(line));
    log.say(match hessian {
        Hessian::Lindh => "model Hessian: lindh, of the elements and places",
        Hessian::Springs => "model Hessian: springs between near atoms",
        Hessian::None => "model Hessian: none",
    });
    log.say("");
    let lengths = checked.lengths;
    let outcome = search(&settings, &structure, &mut engine, lengths, &x, model, &mut log)?;
    log.say("");
    let lines = lines(&settings, &outcome, checked.lengths, answers.borrow().count());
    lines.iter().for_each(|line| log.say(line));
    let (failed, unprinted) = log.end();
    drop(engine);
    let saddle = &outcome.saddle;
    let record = Record {
        command: COMMAND,
        version: env!("CARGO_PKG_VERSION"),
        settings: &settings,
        atoms: structure.frame.species.len(),
        dimension: x.len() - space.motions(),
        motions: space.motions(),
        hessian,
        check: &checked,
        status: outcome.status(),
        index: index_of(saddle.verdict, settings.index),
        energy: saddle.found.value,
        fmax: outcome.fmax,
        curvatures: &saddle.curvatures,
        curvature_errors: &saddle.errors,
        gradients: saddle.found.counts.gradients(),
        probes: saddle.found.counts.probes,
        verification: saddle.verification_gradients,
        frequencies: outcome.frequencies.as_ref(),
        minima: &outcome.sides,
        x: structure.all(&saddle.found.x),
        answers: answers.borrow().count(),
    };
    if let Some(dir) = dir {
        dir.write_json(RECORD, &record)?;
        dir.write(SADDLE, saddle_text(&structure, &answers.borrow(), &outcome).as_bytes())?;
        let minima = outcome.sides.iter().map(|side| {
            frame(&structure, &answers.borrow(), &side.x, &format!(" status={}", side.status))
        });
        dir.write(MINIMA, minima.collect::<String>().as_bytes())?;
    }
    if json {
        let printed = serde_json::to_writer(&mut *stdout, &record).map_err(Into::into);
        printed.and_then(|()| writeln!(stdout)).map_err(SaddleError::Stdout)?;
    }
    match (failed, unprinted) {
        (Some(error), _) => Err(error.into()),
        (_, Some(error)) => Err(SaddleError::Stdout(error)),
        _ => Ok(()),
    }
}

const COMMAND: &str = "saddle-engine";

/// The point that was found, with the way across it as a column.
fn saddle_text(structure: &Structure, answers: &Answers, outcome: &Outcome) -> String {
    let found = &outcome.saddle.found;
    let facts = format!("energy={} status={}", found.value, outcome.status());
    let forces = answers.at(&structure.all(&found.x)).map(|(_, forces)| forces.to_vec());
    let mode = outcome.saddle.axes.first().map(|axis| structure.spread(axis));
    let columns = [("forces", &forces), ("mode", &mode)];
    let columns: Vec<(&str, &[f64])> =
        columns.into_iter().filter_map(|(name, v)| v.as_deref().map(|v| (name, v))).collect();
    structure.text(&found.x, &facts, &columns)
}

fn head(
    settings: &Settings,
    structure: &Structure,
    dimension: usize,
    motions: usize,
    answers: &Answers,
) -> String {
    let (atoms, free) = (structure.frame.species.len(), structure.free.len());
    let mut text = format!("{atoms} atoms");
    if free < atoms {
        write!(text, ", {} of them held", atoms - free).expect("a string takes all");
    }
    let pbc = structure.frame.pbc.map(|p| if p { 'T' } else { 'F' });
    let cell = if structure.frame.pbc.contains(&true) {
        format!("; periodic {} {} {}", pbc[0], pbc[1], pbc[2])
    } else {
        String::new()
    };
    let left = match motions {
        0 => String::new(),
        1 => ", 1 motion of the whole left out".to_owned(),
        count => format!(", {count} motions of the whole left out"),
    };
    write!(
        text,
        "{cell}; {dimension} coordinates{left}; index {}, fmax {} eV/Å",
        settings.index, settings.fmax
    )
    .expect("a string takes all");
    if answers.kept > 0 {
        write!(text, "; goes on from {} answers", answers.kept).expect("a string takes all");
    }
    text
}

fn checks(check: &Check, settings: &Settings) -> Vec<String> {
    let mut lines = vec![];
    for component in &check.components {
        lines.push(format!(
            "force on atom {} along {}: {:.4} eV/Å, {:.4} from energies{}",
            component.atom,
            component.axis,
            component.force,
            component.from_energies,
            if component.is_off() {
                ". THEY DON'T FIT: a search with such forces ends at a wrong point or nowhere"
            } else {
                ""
            }
        ));
    }
    let Lengths { probe, flat } = check.lengths;
    if let Some(noise) = check.noise {
        lines.push(format!(
            "noise {noise:.1e} eV/Å; probes of {probe} Å, curvatures below {flat} eV/Å² are flat"
        ));
        // Of the forces of all atoms the largest is some three times that of one.
        if 3.0 * noise > settings.fmax {
            lines.push(format!(
                "fmax is {} eV/Å, in reach of this noise: converge the engine more tightly, or raise --fmax",
                settings.fmax
            ));
        }
    }
    lines
}

fn lines(settings: &Settings, outcome: &Outcome, lengths: Lengths, answers: usize) -> Vec<String> {
    let (saddle, found) = (&outcome.saddle, &outcome.saddle.found);
    let mut lines = vec![];
    let verdict = if found.outcome != deo_saddle::Outcome::Converged {
        format!("not converged: {}", found.outcome)
    } else if saddle.is_confirmed() {
        format!("index {} confirmed", settings.index)
    } else {
        format!("converged, index {} not confirmed: {}", settings.index, saddle.verdict)
    };
    lines.push(verdict);
    lines.push(format!("energy {:.6} eV, fmax {:.5} eV/Å", found.value, outcome.fmax));
    let known = saddle.curvatures.iter().zip(&saddle.errors).filter(|(c, _)| c.is_finite());
    let curvatures: Vec<String> = known.map(|(c, e)| format!("{c:.4} ± {e:.4}")).collect();
    if !curvatures.is_empty() {
        lines.push(format!(
            "curvatures {} eV/Å², flat below {}",
            curvatures.join(", "),
            lengths.flat
        ));
    }
    lines.push(format!(
        "{} gradients, {} of them probes; {} of the verification; {answers} answers of the engine in all",
        found.counts.gradients(),
        found.counts.probes,
        saddle.verification_gradients
    ));
    if let Some(vibrations) = &outcome.frequencies {
        let shown = vibrations.wavenumbers.iter().map(|nu| match nu {
            nu if *nu < 0.0 => format!("{:.1}i", -nu),
            nu => format!("{nu:.1}"),
        });
        lines.push(format!(
            "frequencies {} cm⁻¹; zero-point energy {:.4} eV; {} gradients",
            shown.collect::<Vec<_>>().join(" "),
            vibrations.zero_point_energy,
            vibrations.gradients
        ));
    } else if settings.frequencies {
        lines.push(
            "no frequencies: the search hasn't converged, or a gradient isn't finite".to_owned(),
        );
    }
    for (name, side) in ["one", "other"].iter().zip(&outcome.sides) {
        let Side { status, energy, barrier, gradients, .. } = side;
        lines.push(match barrier {
            Some(barrier) => format!(
                "minimum on the {name} side: {energy:.6} eV, barrier {barrier:.4} eV; {gradients} gradients"
            ),
            None => format!("no minimum on the {name} side ({status}); {gradients} gradients"),
        });
    }
    lines
}
