//! From options to a log, a summary and files.

use super::check::{Check, check};
use super::irc::Irc;
use super::journal::Lane;
use super::log::{Log, Taken, frame};
use super::many;
use super::model::model;
use super::oracle::{Answers, Engine, Host};
use super::profile::{self, Row};
use super::rates::Rates;
use super::search::{Outcome, index_of, search};
use super::settings::Settings;
use super::sides::Side;
use super::start::{Aim, start};
use super::straight::{AFTER, bend};
use super::structure::{Structure, is_con};
use super::summary::{checks, head, lines, supposed};
use super::vibrations::{Vibrations, masses};
use super::work::Work;
use crate::output::{OutputDir, RECORD};
use crate::saddle::error::SaddleError;
use crate::saddle::options::{Hessian, Options};
use serde::Serialize;
use std::io::Write;

const SADDLE: &str = "saddle.xyz";
const MINIMA: &str = "minima.xyz";
const IRC_TABLE: &str = "irc.csv";
const IRC_FRAMES: &str = "irc.xyz";
const PROFILE: &str = "profile.svg";
const SADDLE_CON: &str = "saddle.con";
const MINIMA_CON: &str = "minima.con";
const FILES: [&str; 8] =
    [RECORD, SADDLE, MINIMA, IRC_TABLE, IRC_FRAMES, PROFILE, SADDLE_CON, MINIMA_CON];

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
    /// All atoms of the guess are on a line, which no force bends.
    straight: bool,
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
    steps: &'a [Taken],
    frequencies: Option<&'a Vibrations>,
    irc: Option<&'a Irc>,
    /// The minima and the path between them.
    profile: &'a [Row],
    minima: &'a [Side],
    rates: Option<&'a Rates>,
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
    if settings.searches.is_some() {
        return many::execute(&settings, out, json, stdout);
    }
    let structure = Structure::load(&settings)?;
    if settings.vibrate() {
        masses(&structure)?; // before anything is computed
    }
    let aim = Aim::read(&settings, &structure)?;
    let reactant = settings.reactant.as_ref().map(|path| structure.same_atoms(path)).transpose()?;
    let (hessian, model) = model(&settings, &structure)?;
    let dir = out.map(|dir| OutputDir::create(&dir, COMMAND, &FILES));
    let dir = dir.transpose()?;
    let x = structure.moving(&structure.frame.x);
    let space = structure.space(&x);
    let stderr = &mut std::io::stderr();
    // Where to connect to is of use at once, and no result.
    let host = Host::start(&settings, structure.frame.species.len(), &mut |line| {
        let _ = writeln!(stderr, "{line}");
    })?;
    let mut engine = Engine::new(&host, &structure, Lane::Whole);
    let answers = engine.answers();
    let stdout_of_log: Option<&mut dyn Write> = if json { None } else { Some(stdout) };
    let mut log = Log::new(&settings, &structure, answers.clone(), stdout_of_log)?;
    log.say(&head(&settings, &structure, x.len() - space.motions(), space.motions(), host.kept()));
    let ended = |error| host.ended(error);
    let start = start(&structure, &mut engine, &aim, settings.index, &mut log).map_err(ended)?;
    let checked = check(&settings, &structure, &mut engine, &start.x).map_err(ended)?;
    checks(&checked, &settings).iter().for_each(|line| log.say(line));
    log.say(supposed(hessian));
    log.say("");
    let lengths = checked.lengths;
    let mut work = Work {
        settings: &settings,
        structure: &structure,
        engine: &mut engine,
        lengths,
        noise: checked.noise.unwrap_or(0.0),
        reactant: reactant.as_deref(),
        model,
        log: &mut log,
    };
    let outcome = search(&mut work, &start).map_err(ended)?;
    log.say("");
    let lines = lines(&settings, &outcome, lengths, answers.borrow().count());
    lines.iter().for_each(|line| log.say(line));
    let straight = bend(&structure, &x).is_some();
    if straight && settings.index > 0 && !outcome.saddle.is_confirmed() {
        log.say(AFTER);
    }
    let (failed, unprinted) = log.end();
    drop(engine);
    drop(host);
    let saddle = &outcome.saddle;
    let profile = match &outcome.irc {
        Some(irc) => profile::rows(&structure, &masses(&structure)?, irc, &outcome.sides),
        None => vec![],
    };
    let record = Record {
        command: COMMAND,
        version: env!("CARGO_PKG_VERSION"),
        settings: &settings,
        atoms: structure.frame.species.len(),
        dimension: x.len() - space.motions(),
        motions: space.motions(),
        straight,
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
        steps: &outcome.steps,
        frequencies: outcome.vibrations.as_ref(),
        irc: outcome.irc.as_ref(),
        profile: &profile,
        minima: &outcome.sides,
        rates: outcome.rates.as_ref(),
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
        if is_con(&settings.guess) {
            let text = |x: &Vec<f64>| structure.con(x).unwrap_or_default();
            dir.write(SADDLE_CON, text(&saddle.found.x).as_bytes())?;
            let minima = outcome.sides.iter().map(|side| text(&side.x)).collect::<String>();
            dir.write(MINIMA_CON, minima.as_bytes())?;
        }
        if !profile.is_empty() {
            dir.write(IRC_TABLE, profile::csv(&profile).as_bytes())?;
            let frames = profile::trajectory(&structure, &answers.borrow(), &profile);
            dir.write(IRC_FRAMES, frames.as_bytes())?;
            dir.write(PROFILE, profile::svg(&profile).as_bytes())?;
        }
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
