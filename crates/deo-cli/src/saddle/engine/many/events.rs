//! The event table of many searches: which minimum goes over which saddle to which minimum, how fast.
//!
//! Vibrations of each distinct saddle and of each minimum that one joins are taken once, as many at the same time as there
//! are clients. A saddle that joins a minimum to itself, renamed or moved to another place of a surface, is one event.

use super::super::error::EngineError;
use super::super::journal::Lane;
use super::super::rates::{Point, between};
use super::super::structure::Structure;
use super::super::vibrations::Vibrations;
use super::jobs::Run;
use super::runs::Top;
use crate::saddle::results::{Distinct, Minimum};
use crate::table;
use serde::Serialize;
use std::fmt::Write as _;

/// What vibrations tell of the saddles and minima.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Events {
    /// K.
    temperature: Option<f64>,
    /// Of the distinct saddles, in their order; `None` where a gradient is missing or isn't finite.
    saddles: Vec<Option<Vibrations>>,
    /// Of the minima, in their order; `None` also of those that no saddle joins.
    minima: Vec<Option<Vibrations>>,
    /// Gradients of all these.
    gradients: usize,
    /// Saddle by saddle.
    events: Vec<Event>,
}

/// The way out of a minimum over a saddle. Structures are counted from 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Event {
    saddle: usize,
    from: usize,
    /// `None` where no minimum was found on the other side.
    to: Option<usize>,
    /// eV.
    barrier: f64,
    /// 1/s; without a temperature only where nothing turns, as it doesn't depend on one there.
    prefactor: Option<f64>,
    /// 1/s, of classical vibrations.
    classical: Option<f64>,
    /// eV, with zero-point energies.
    zero_point_barrier: Option<f64>,
    /// 1/s, of quanta.
    quantum: Option<f64>,
    /// Why there is no prefactor.
    refused: Option<String>,
}

/// Where a minimum was found first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Origin {
    /// The search above it, counted from 0, for its structure.
    pub(super) search: usize,
    /// The number of its lane.
    pub(super) lane: usize,
}

/// The temperature at which a prefactor that doesn't depend on it is computed, K.
const ANY: f64 = 300.0;

/// A saddle or a minimum with what is known of it.
struct Known<'a> {
    structure: &'a Structure,
    energy: f64,
    /// Of all atoms.
    x: &'a [f64],
    vibrations: Option<&'a Vibrations>,
}

/// Vibrations and rates of what was found.
pub(super) fn events(
    run: &Run<'_>,
    (distinct, tops): (&[Distinct], &[Top]),
    (minima, origins): (&[Minimum], &[Origin]),
) -> Result<Events, EngineError> {
    let joined = |place: &usize| {
        let mut joins = distinct.iter().flat_map(|row| &row.joins);
        joins.any(|side| side.minimum == Some(place + 1))
    };
    let wanted: Vec<usize> = (0..minima.len()).filter(joined).collect();
    let above = distinct.len();
    let mut saddles = run.all(above + wanted.len(), |job| {
        let (lane, search, x) = match job.checked_sub(above) {
            None => (Lane::OfSaddle(tops[job].search + 1), tops[job].search, &distinct[job].x),
            Some(place) => {
                let Origin { search, lane } = origins[wanted[place]];
                (Lane::OfMinimum(lane), search, &minima[wanted[place]].x)
            }
        };
        run.vibrations(lane, search, x)
    })?;
    let mut of_minima = vec![None; minima.len()];
    for (place, vibrations) in wanted.into_iter().zip(saddles.split_off(above)) {
        of_minima[place] = vibrations;
    }
    let gradients = saddles.iter().chain(&of_minima).flatten().map(|v| v.gradients).sum();
    let temperature = run.settings.temperature;
    let mut events = vec![];
    for (place, (row, top)) in distinct.iter().zip(tops).enumerate() {
        let itself = row.joins.windows(2).all(|pair| pair[0].minimum == pair[1].minimum);
        for (one, side) in row.joins.iter().enumerate().take(if itself { 1 } else { 2 }) {
            let Some(from) = side.minimum else { continue };
            let to = row.joins.get(1 - one).and_then(|other| other.minimum);
            let vibrations = saddles[place].as_ref();
            let structure = run.starts.of(top.search);
            let saddle = Known { structure, energy: row.energy, x: &row.x, vibrations };
            let minimum = Known {
                structure: run.starts.of(origins[from - 1].search),
                energy: side.energy,
                x: &minima[from - 1].x,
                vibrations: of_minima[from - 1].as_ref(),
            };
            let mut event = rate(&saddle, &minimum, temperature)?;
            (event.saddle, event.from, event.to) = (place + 1, from, to);
            events.push(event);
        }
    }
    Ok(Events { temperature, saddles, minima: of_minima, gradients, events })
}

/// The rate out of the minimum over the saddle, whose numbers are for the caller to fill in.
fn rate(
    saddle: &Known<'_>,
    minimum: &Known<'_>,
    temperature: Option<f64>,
) -> Result<Event, EngineError> {
    let event = Event { barrier: saddle.energy - minimum.energy, ..Event::default() };
    let none = |refused: String| Ok(Event { refused: Some(refused), ..event.clone() });
    let (Some(above), Some(below)) = (saddle.vibrations, minimum.vibrations) else {
        let whose = if saddle.vibrations.is_none() { "the saddle" } else { "the minimum" };
        return none(format!("a gradient beside {whose} is missing or isn't finite"));
    };
    let point = |of: &Known<'_>, vibrations| {
        Point::of(of.structure, of.energy, &of.structure.moving(of.x), vibrations)
    };
    let (top, bottom) = (point(saddle, above)?, point(minimum, below)?);
    let held = top.is_held() && bottom.is_held();
    let known = match between(&bottom, &top, temperature.unwrap_or(ANY)) {
        Ok(known) => known,
        Err(refused) => return none(refused),
    };
    let [prefactor, classical, zero_point_barrier, quantum] = known;
    let at_temperature = |value| temperature.map(|_| value);
    Ok(Event {
        prefactor: at_temperature(prefactor).or(held.then_some(prefactor)),
        classical: at_temperature(classical),
        zero_point_barrier: Some(zero_point_barrier),
        quantum: at_temperature(quantum),
        ..event
    })
}

impl Events {
    /// For a terminal: the vibrations, the events, and why some have no rate.
    pub(super) fn text(&self) -> String {
        if self.saddles.is_empty() {
            return String::new();
        }
        let mut text = self.vibrations();
        if !self.events.is_empty() {
            let header = ["saddle", "from", "to", "barrier", "prefactor", "rate", "of quanta"];
            let mut rows = vec![header.map(str::to_owned).to_vec()];
            let number =
                |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.3e}"));
            rows.extend(self.events.iter().map(|event| {
                vec![
                    event.saddle.to_string(),
                    event.from.to_string(),
                    event.to.map_or("–".to_owned(), |to| to.to_string()),
                    format!("{:.6}", event.barrier),
                    number(event.prefactor),
                    number(event.classical),
                    number(event.quantum),
                ]
            }));
            text += "\n";
            text += &table::align(&rows);
            text += &match self.temperature {
                Some(temperature) => format!("prefactors and rates in 1/s, at {temperature} K\n"),
                None => "prefactors in 1/s; --temperature gives rates\n".to_owned(),
            };
        }
        for event in &self.events {
            if let Some(refused) = &event.refused {
                writeln!(
                    text,
                    "no rate from {} over saddle {}: {refused}",
                    event.from, event.saddle
                )
                .expect("a string takes all");
            }
        }
        text
    }

    fn vibrations(&self) -> String {
        let header =
            ["vibrations of", "imaginary, cm⁻¹", "lowest real", "highest", "zero-point, eV"];
        let mut rows = vec![header.map(str::to_owned).to_vec()];
        let mut add = |name: &str, all: &[Option<Vibrations>]| {
            for (place, vibrations) in all.iter().enumerate() {
                let Some(vibrations) = vibrations else { continue };
                let imaginary = vibrations.wavenumbers.iter().filter(|nu| **nu < 0.0);
                let imaginary: Vec<String> = imaginary.map(|nu| format!("{:.1}i", -nu)).collect();
                let real = |nu: Option<f64>| nu.map_or("–".to_owned(), |nu| format!("{nu:.1}"));
                rows.push(vec![
                    format!("{name} {}", place + 1),
                    if imaginary.is_empty() { "–".to_owned() } else { imaginary.join(" ") },
                    real(vibrations.real().next()),
                    real(vibrations.real().last()),
                    format!("{:.4}", vibrations.zero_point_energy),
                ]);
            }
        };
        add("saddle", &self.saddles);
        add("minimum", &self.minima);
        table::align(&rows) + &format!("{} gradients of vibrations\n", self.gradients)
    }
}
