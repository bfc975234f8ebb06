//! The transition states of QAOA for MaxCut: each certified, and left to both sides.
//!
//! From a minimum at depth p come 2p + 1 transition states at depth p + 1; the lowest of the minima on their sides is where the
//! next depth begins. Ten 3-regular graphs of ten vertices, no two alike, p = 1 … 8; a row of the table for each p.
//!
//! Run: `cargo run --release -p deo-models --example qaoa [-- GRAPHS DEPTHS]`

use deo_core::Objective;
use deo_core::certify::{CertifySettings, Kind, certify};
use deo_core::space::Host;
use deo_models::problems::Qaoa;
use deo_saddle::{DriveError, Goal, Method, NewtonSettings, VerificationSettings, descend, join};
use std::error::Error;

const VERTICES: usize = 10;

/// How far beside a saddle a way down begins. The angles have periods of order one, and |λ| is 0.01 at the least: so near
/// the saddle f falls by ½|λ| 0.05² ≥ 1e-5, far above its rounding.
const PUSH: f64 = 0.05;

/// What was found at the transition states of one depth.
#[derive(Default, Clone)]
struct Tally {
    states: usize,
    /// Saddles of index exactly one.
    certified: usize,
    /// Those with an end below the saddle on both sides.
    left: usize,
    /// Ends that are certified minima.
    minima: usize,
    gradients: u64,
    /// −f over the largest cut at the minima that the states come from and at the lowest below them, a graph an entry.
    before: Vec<f64>,
    after: Vec<f64>,
}

/// To ‖g‖ = 1e-8: the states of the next depth have this gradient, and a certificate must take them for stationary.
fn to_a_minimum() -> Method {
    let goal = Goal { index: 0, tolerance: 1e-8, ..Goal::default() };
    Method::Newton(NewtonSettings { goal, ..NewtonSettings::default() })
}

fn anywhere(_: &[f64]) -> Host<f64> {
    Host::new()
}

/// A minimum and f there.
type Minimum = (Vec<f64>, f64);

/// All transition states from the minimum `x`; the lowest minimum beside them.
fn one_depth(f: &mut Qaoa, x: &[f64], tally: &mut Tally) -> Result<Minimum, Box<dyn Error>> {
    let (method, verification) = (to_a_minimum(), VerificationSettings::default());
    let settings = CertifySettings::default();
    let mut lowest = (vec![], f64::INFINITY);
    // ANCHOR: states
    for state in Qaoa::transition_states(x) {
        let saddle = certify(&anywhere(&state), f, &state, None, &settings)?;
        let sides = join(anywhere, f, &state, &saddle.axis, PUSH, &method, &verification)?;
        tally.states += 1;
        tally.certified += usize::from(saddle.kind == Kind::Saddle { index: 1, exact: true });
        tally.left += usize::from(sides.iter().all(|side| side.end.found.value < saddle.loss));
        for side in sides {
            let end = side.end.found;
            let minimum = certify(&anywhere(&end.x), f, &end.x, None, &settings)?;
            tally.minima += usize::from(minimum.kind == Kind::Minimum);
            tally.gradients += side.gradients;
            if end.value < lowest.1 {
                lowest = (end.x, end.value);
            }
        }
    }
    // ANCHOR_END: states
    Ok(lowest)
}

/// The minimum at depth one that the angles (½, 0.4) lead to.
fn first(f: &mut Qaoa) -> Result<Minimum, DriveError> {
    let verification = VerificationSettings::default();
    let way = descend(anywhere, f, &[0.5, 0.4], PUSH, &to_a_minimum(), &verification)?;
    Ok((way.end.found.x, way.end.found.value))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
}

/// Graphs drawn one after the other, without those that are an earlier one with its vertices renamed: these have the same f.
fn different() -> impl Iterator<Item = Qaoa> {
    let mut known: Vec<f64> = vec![];
    (1..).map(|seed| Qaoa::three_regular(VERTICES, seed)).filter(move |graph| {
        // Angles of no symmetry; at depth 3 f depends on the graph up to three edges from each.
        let value = graph.clone().value(&[0.3, 0.5, 0.7, 0.6, 0.4, 0.2]);
        // Two different graphs aren't so near by chance, and rounding is 1e-14.
        let new = known.iter().all(|other| (value - other).abs() > 1e-9);
        known.push(value);
        new
    })
}

const HEAD: &str = "\
| p | transition states at p + 1 | certified index 1 | left to both sides | certified minima | cut at p | at p + 1 | gradients a side |
|---|---|---|---|---|---|---|---|";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse());
    let (graphs, depths) =
        (arguments.next().unwrap_or(Ok(10))?, arguments.next().unwrap_or(Ok(8))?);
    let mut tallies = vec![Tally::default(); depths as usize];
    for (graph, mut f) in different().take(graphs as usize).enumerate() {
        let (mut x, mut value) = first(&mut f)?;
        for tally in &mut tallies {
            tally.before.push(-value / f.largest_cut());
            (x, value) = one_depth(&mut f, &x, tally)?;
            tally.after.push(-value / f.largest_cut());
        }
        eprintln!("graph {} of {graphs}", graph + 1);
    }
    println!("{HEAD}");
    for (p, tally) in tallies.into_iter().enumerate() {
        let Tally { states, certified, left, minima, gradients, before, after } = tally;
        println!(
            "| {} | {states} | {certified} | {left} | {minima} of {} | {:.3} | {:.3} | {:.0} |",
            p + 1,
            2 * states,
            median(before),
            median(after),
            gradients as f64 / (2 * states) as f64
        );
    }
    Ok(())
}
