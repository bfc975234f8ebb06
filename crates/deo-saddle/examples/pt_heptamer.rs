//! The islands of OptBench: how many gradients until the low saddles around a Pt heptamer on Pt(111) are known?
//!
//! `cargo run --release -p deo-saddle --example pt_heptamer -- [--repetitions 10] [--seed 1] [--target 27] [--below 1.5]
//! [--method min-mode|newton] [--radius 3.5] [--size 0.25] [--gradients 1000] [--threads 1] [--check]`
//!
//! 343 atoms, Morse pairs (D = 0.7102 eV, α = 1.6047 /Å, r₀ = 2.897 Å, cut at 9.5 Å), six layers of 56 in a cell of 19.2088 × 19.0118 Å,
//! the lower three frozen, an island of seven on top: 525 coordinates. A repetition begins at the relaxed island and makes
//! searches from it until so many *distinct* saddles (energies 1 meV apart) below 1.5 eV are found that *join* it: index 1
//! confirmed, largest force below 1e-3 eV/Å, and one of the two ways down ends at the island it began with. Every gradient counts:
//! searches, failures, verifications, ways down.
//!
//! A start: one atom of the island, chosen at random, and all free ones within `--radius` of it are displaced by normal
//! numbers of `--size` Å.
//!
//! No repetition has been run to its end: by min-mode 408 to 560 searches, some 450 gradients each, had found 19 to 21 of the 27.
//! `--verbose` tells each search, and what a gradient and the search's own algebra took: by Newton with springs the algebra takes some
//! 0.15 s a gradient.
//!
//! `--check` prints the barrier and the curvature of one adatom's hop on the unrelaxed surface.

use deo_core::noise::noise;
use deo_core::{Objective, space::Host};
use deo_saddle::{
    Goal, HessianGuess, Method, MinModeSettings, ModelHessian, NewtonSettings, Outcome, Springs,
    Structure, VerificationSettings, Watch, in_parallel, search, try_find, try_search,
    verify_found,
};
use std::error::Error;
use std::time::{Duration, Instant};

const DEPTH: f64 = 0.7102;
const ALPHA: f64 = 1.6047;
const BOND: f64 = 2.897;
const CUTOFF: f64 = 9.5;
const CELL: [f64; 2] = [19.2088, 19.0118];
const NEAREST: f64 = 2.7441;
const LAYER: f64 = 2.2406;
/// Atoms in a row, rows in a layer, layers, frozen layers.
const ROW: usize = 7;
const ROWS: usize = 8;
const LAYERS: usize = 6;
const FROZEN: usize = 3;
/// The list of pairs is good until an atom has moved by half of this.
const SKIN: f64 = 1.0;
/// Farther than this from where an atom of the island began is another minimum, Å.
const SAME: f64 = 0.5;
/// Of a spring between nearest neighbours, eV/Å².
const STRENGTH: f64 = 4.0;
/// Saddles whose energies are nearer than this are one, eV.
const DISTINCT: f64 = 1e-3;

/// Pairs of Morse atoms above a frozen slab, periodic in x and y; the free atoms come last.
#[derive(Debug, Clone)]
struct Slab {
    positions: Vec<[f64; 3]>,
    frozen: usize,
    pairs: Vec<(u32, u32)>,
    listed: Vec<[f64; 3]>,
    /// V at the cutoff, which is taken off, so that the energy has no steps.
    shift: f64,
    calls: u64,
    /// In here.
    spent: Duration,
}

/// The place of a site of a layer, in fcc stacking.
fn site(layer: usize, row: f64, column: f64) -> [f64; 3] {
    let shift = layer as f64;
    let height = NEAREST * 3f64.sqrt() / 2.0;
    [
        NEAREST * (column + 0.5 * row + 0.5 * shift),
        height * (row + shift / 3.0),
        LAYER * layer as f64,
    ]
}

/// The shortest vector from b to a.
fn between(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    let mut d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    for (d, cell) in d.iter_mut().zip(CELL) {
        *d -= cell * (*d / cell).round();
    }
    d
}

fn square(d: [f64; 3]) -> f64 {
    d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
}

impl Slab {
    /// The layers, so many of them frozen, and `adatoms` above.
    fn new(frozen_layers: usize, adatoms: &[[f64; 3]]) -> Self {
        let mut positions = Vec::new();
        for layer in 0..LAYERS {
            for row in 0..ROWS {
                for column in 0..ROW {
                    positions.push(site(layer, row as f64, column as f64 - (row / 2) as f64));
                }
            }
        }
        positions.extend(adatoms);
        let e = (-ALPHA * (CUTOFF - BOND)).exp();
        Slab {
            frozen: frozen_layers * ROW * ROWS,
            listed: vec![],
            pairs: vec![],
            positions,
            shift: DEPTH * e * (e - 2.0),
            calls: 0,
            spent: Duration::ZERO,
        }
    }

    /// The free coordinates.
    fn free(&self) -> Vec<f64> {
        self.positions[self.frozen..].iter().flatten().copied().collect()
    }

    fn place(&mut self, x: &[f64]) {
        for (position, x) in self.positions[self.frozen..].iter_mut().zip(x.chunks(3)) {
            position.copy_from_slice(x);
        }
        let moved = self.listed.iter().zip(&self.positions);
        let far = (0.5 * SKIN).powi(2);
        let stale =
            self.listed.is_empty() || moved.into_iter().any(|(a, b)| square(between(*a, *b)) > far);
        if stale {
            self.list();
        }
    }

    fn list(&mut self) {
        self.pairs.clear();
        for i in 0..self.positions.len() {
            for j in (i + 1).max(self.frozen)..self.positions.len() {
                if square(between(self.positions[i], self.positions[j])) < (CUTOFF + SKIN).powi(2) {
                    self.pairs.push((i as u32, j as u32));
                }
            }
        }
        self.listed.clone_from(&self.positions);
    }

    /// The energy of all pairs with a free atom, and its gradient.
    fn evaluate(&mut self, x: &[f64], mut g: Option<&mut [f64]>) -> f64 {
        let clock = Instant::now();
        self.calls += 1;
        self.place(x);
        if let Some(g) = g.as_deref_mut() {
            g.fill(0.0);
        }
        let mut energy = 0.0;
        for &(i, j) in &self.pairs {
            let (i, j) = (i as usize, j as usize);
            let d = between(self.positions[i], self.positions[j]);
            let r2 = square(d);
            if r2 >= CUTOFF * CUTOFF {
                continue;
            }
            let r = r2.sqrt();
            let e = (-ALPHA * (r - BOND)).exp();
            energy += DEPTH * e * (e - 2.0) - self.shift;
            if let Some(g) = g.as_deref_mut() {
                let slope = 2.0 * DEPTH * ALPHA * e * (1.0 - e) / r;
                for k in 0..3 {
                    if i >= self.frozen {
                        g[3 * (i - self.frozen) + k] += slope * d[k];
                    }
                    g[3 * (j - self.frozen) + k] -= slope * d[k];
                }
            }
        }
        self.spent += clock.elapsed();
        energy
    }
}

impl Objective<[f64]> for Slab {
    fn value(&mut self, x: &[f64]) -> f64 {
        self.evaluate(x, None)
    }

    fn value_grad(&mut self, x: &[f64], g: &mut [f64]) -> f64 {
        self.evaluate(x, Some(g))
    }
}

/// What was asked for.
#[derive(Debug, Clone)]
struct Options {
    repetitions: usize,
    seed: u64,
    target: usize,
    below: f64,
    newton: bool,
    radius: f64,
    size: f64,
    rotations: u64,
    residual: f64,
    step: f64,
    threads: usize,
    check: bool,
    verbose: bool,
    most: u64,
    gradients: u64,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        repetitions: 10,
        seed: 1,
        target: 27,
        below: 1.5,
        newton: false,
        radius: 3.5,
        size: 0.25,
        rotations: 6,
        residual: 0.1,
        step: 0.1,
        threads: 1,
        check: false,
        verbose: false,
        most: 1_000_000,
        gradients: 1_000,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--check" {
            options.check = true;
            continue;
        }
        if name == "--verbose" {
            options.verbose = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match &*name {
            "--repetitions" => options.repetitions = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            "--target" => options.target = value.parse()?,
            "--below" => options.below = value.parse()?,
            "--method" => options.newton = value == "newton",
            "--radius" => options.radius = value.parse()?,
            "--size" => options.size = value.parse()?,
            "--rotations" => options.rotations = value.parse()?,
            "--residual" => options.residual = value.parse()?,
            "--step" => options.step = value.parse()?,
            "--threads" => options.threads = value.parse()?,
            "--gradients" => options.gradients = value.parse()?,
            "--most" => options.most = value.parse()?,
            _ => return Err(format!("no option {name}; see the head of the example").into()),
        }
    }
    Ok(options)
}

const SPACE: Host<f64> = Host::new();

/// Largest force, as everywhere where atoms are meant.
fn largest(g: &[f64]) -> f64 {
    g.chunks(3).map(|a| a.iter().map(|a| a * a).sum::<f64>()).fold(0.0, f64::max).sqrt()
}

/// A seed of its own for each search.
fn derive(seed: u64, count: u64) -> u64 {
    noise(seed, count ^ 0xde0).to_bits()
}

/// The farthest that an atom of the island lies from where it is in `other`; atoms are alike, so each is compared with the
/// nearest.
fn apart(x: &[f64], other: &[f64]) -> f64 {
    let atoms = |x: &[f64]| -> Vec<[f64; 3]> { x.chunks(3).map(|a| [a[0], a[1], a[2]]).collect() };
    let (x, other) = (atoms(x), atoms(other));
    let nearest =
        |a: [f64; 3]| other.iter().map(|b| square(between(a, *b))).fold(f64::INFINITY, f64::min);
    x.iter().map(|a| nearest(*a)).fold(0.0, f64::max).sqrt()
}

fn goal(index: usize) -> Goal {
    Goal { index, tolerance: 1e-3, max_gradients: 1_000, ..Goal::default() }
}

/// The minimum below `x`, by L-BFGS: x, energy.
fn down(slab: &mut Slab, x: &[f64]) -> Result<(Vec<f64>, f64), Box<dyn Error>> {
    let settings =
        MinModeSettings { goal: goal(0), max_step: 0.3, memory: 10, ..Default::default() };
    let found = search(&SPACE, slab, x, None, &Method::MinMode(settings))?;
    Ok((found.x, found.value))
}

/// Springs of the strength of platinum's, in eV/Å²: what a verification may be wrong about.
fn guess(springs: &mut Springs, x: &[f64]) -> HessianGuess<Vec<f64>> {
    springs.prepare(x, x);
    HessianGuess::from_products(&SPACE, x, |v: &[f64], product: &mut [f64]| {
        springs.apply(v, product);
        product.iter_mut().for_each(|p| *p *= STRENGTH);
    })
}

/// One saddle.
#[derive(Debug, Clone, Copy)]
struct Event {
    barrier: f64,
    curvature: f64,
    times: u32,
    /// Confirmed, and one way down ends at the island.
    joins: bool,
}

/// Gradients, searches and what was found, until the target.
#[derive(Debug, Clone)]
struct Repetition {
    gradients: u64,
    searches: u64,
    converged: u64,
    events: Vec<Event>,
    seconds: f64,
}

impl Repetition {
    fn distinct(&self) -> usize {
        self.events.iter().filter(|event| event.joins).count()
    }
}

fn repetition(options: &Options, index: usize) -> Result<Repetition, Box<dyn Error>> {
    let clock = Instant::now();
    let seed = derive(options.seed, index as u64);
    let mut slab = heptamer();
    let start = slab.free();
    let (minimum, lowest) = down(&mut slab, &start)?;
    let structure = structure(&slab)?;
    let mut done =
        Repetition { gradients: 0, searches: 0, converged: 0, events: vec![], seconds: 0.0 };
    while done.distinct() < options.target && slab.calls < options.most {
        let seed = derive(seed, done.searches);
        done.searches += 1;
        let x = displaced(&minimum, seed, options);
        let mut springs = Springs::new(structure.clone());
        let goal = Goal { max_gradients: options.gradients, ..goal(1) };
        let method = if options.newton {
            Method::Newton(NewtonSettings::for_atoms(goal))
        } else {
            Method::MinMode(MinModeSettings {
                goal,
                max_rotations: options.rotations,
                residual: options.residual,
                max_step: options.step,
                seed,
                ..Default::default()
            })
        };
        let mut watch =
            Watch { size: Some(&|g: &[f64]| largest(g)), model: Some(&mut springs), observe: None };
        let (clock, before) = (Instant::now(), slab.spent);
        let mut found = try_search(&SPACE, &mut slab, &x[..], None, &method, &mut watch)?;
        let (all, gradients) = (clock.elapsed(), slab.spent - before);
        let barrier = found.value - lowest;
        if options.verbose {
            let each = |time: Duration| 1e3 * time.as_secs_f64() / found.counts.gradients() as f64;
            eprintln!(
                "{:?} {:.4} eV {:?}; {:.1} ms a gradient, and {:.1} ms a gradient for the search",
                found.outcome,
                barrier,
                found.counts,
                each(gradients),
                each(all.saturating_sub(gradients))
            );
        }
        if found.outcome != Outcome::Converged || barrier > options.below {
            continue;
        }
        done.converged += 1;
        // Known already: whether it joins the island was found out then.
        let known = |event: &&mut Event| (event.barrier - barrier).abs() < DISTINCT;
        if let Some(event) = done.events.iter_mut().find(known) {
            event.times += 1;
            continue;
        }
        let verify = VerificationSettings { seed, ..VerificationSettings::for_atoms(1) };
        if found.hessian.is_none() {
            found.hessian = Some(guess(&mut springs, &found.x));
        }
        let saddle = verify_found(|_: &[f64]| SPACE, &mut slab, found, 1, &verify)?;
        if options.verbose {
            eprintln!("{:?} {} gradients", saddle.verdict, saddle.verification_gradients);
        }
        let mut event = Event { barrier, curvature: f64::NAN, times: 1, joins: false };
        if !saddle.is_confirmed() {
            done.events.push(event);
            continue;
        }
        event.curvature = saddle.curvatures[0];
        let mut joins = false;
        for side in [1.0, -1.0] {
            let pushed: Vec<f64> = saddle
                .found
                .x
                .iter()
                .zip(&saddle.axes[0])
                .map(|(x, n)| x + side * 0.1 * n)
                .collect();
            let (end, _) = down(&mut slab, &pushed)?;
            joins = apart(&end, &minimum) < SAME;
            if joins {
                break;
            }
        }
        event.joins = joins;
        done.events.push(event);
    }
    done.gradients = slab.calls;
    done.seconds = clock.elapsed().as_secs_f64();
    Ok(done)
}

/// The slab with its island: seven atoms on sites that continue the stacking.
fn heptamer() -> Slab {
    let center = (3.0, 2.0);
    let around = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1)];
    let island = around.map(|(row, column): (i32, i32)| {
        site(LAYERS, center.0 + f64::from(row), center.1 + f64::from(column))
    });
    Slab::new(FROZEN, &island)
}

fn structure(slab: &Slab) -> Result<Structure, Box<dyn Error>> {
    let numbers = vec![78; slab.positions.len()];
    let positions: Vec<f64> = slab.positions.iter().flatten().copied().collect();
    let free: Vec<usize> = (3 * slab.frozen..positions.len()).collect();
    let cell = [[CELL[0], 0.0, 0.0], [0.0, CELL[1], 0.0], [0.0, 0.0, 30.0]];
    Ok(Structure::new(&numbers, &positions)?
        .with_free(&free)?
        .with_cell(cell, [true, true, false])?)
}

/// The island with one of its atoms and what is near displaced.
fn displaced(minimum: &[f64], seed: u64, options: &Options) -> Vec<f64> {
    let atoms = minimum.len() / 3;
    let place = |i: usize| [minimum[3 * i], minimum[3 * i + 1], minimum[3 * i + 2]];
    let center = place(atoms - 1 - (derive(seed, 1) % 7) as usize);
    let mut x = minimum.to_vec();
    for i in 0..atoms {
        if square(between(place(i), center)) < options.radius * options.radius {
            for k in 0..3 {
                x[3 * i + k] += options.size * noise(seed, (3 * i + k) as u64);
            }
        }
    }
    x
}

/// One adatom above a rigid surface, from an fcc site to an hcp site.
fn check() -> Result<(), Box<dyn Error>> {
    let mut slab = Slab::new(LAYERS, &[site(LAYERS, 3.0, 2.0)]);
    let start = slab.free();
    let (minimum, lowest) = down(&mut slab, &start)?;
    let mut x = minimum;
    x[1] += 0.5;
    x[0] += 0.1;
    let method = Method::Newton(NewtonSettings::for_atoms(goal(1)));
    let mut watch = Watch { size: Some(&|g: &[f64]| largest(g)), model: None, observe: None };
    let verify = VerificationSettings::for_atoms(1);
    let saddle =
        try_find(|_: &[f64]| SPACE, &mut slab, &x[..], None, &method, &verify, &mut watch)?;
    println!(
        "barrier {:.6} eV (archived .158077), curvature {:.6} eV/Å² (−1.011347), {:?}",
        saddle.found.value - lowest,
        saddle.curvatures[0],
        saddle.verdict
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    if options.check {
        return check();
    }
    println!("gradients  searches  below  distinct  seconds");
    let all = in_parallel(options.threads, options.repetitions, |i| {
        let done = repetition(&options, i).map_err(|error| error.to_string());
        if let Ok(done) = &done {
            println!(
                "{:>9}  {:>8}  {:>5}  {:>8}  {:>7.0}",
                done.gradients,
                done.searches,
                done.converged,
                done.distinct(),
                done.seconds
            );
        }
        done
    });
    let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
    let n = all.len() as f64;
    let mean = all.iter().map(|done| done.gradients as f64).sum::<f64>() / n;
    let square = all.iter().map(|done| (done.gradients as f64 - mean).powi(2)).sum::<f64>();
    println!("gradients: {mean:.0} ± {:.0} (standard deviation)", (square / (n - 1.0)).sqrt());
    let mut events = all[0].events.clone();
    events.sort_by(|a, b| a.barrier.total_cmp(&b.barrier));
    for event in events.iter().filter(|event| event.joins) {
        println!("{:.4} eV  {:.3} eV/Å²  {}", event.barrier, event.curvature, event.times);
    }
    Ok(())
}
