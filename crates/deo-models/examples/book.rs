//! The snippets of the book, run and checked: each is shown by the page that its function is named after.
//!
//! Run: `cargo run -p deo-models --example book`

use deo_core::drive::{WithDeo, curvature};
use deo_core::monitor::{Monitor, MonitorSettings};
use deo_core::objective::FromFn;
use deo_core::optim::{Adam, AdamSettings, Schedule};
use deo_core::space::Host;
use deo_core::{Answer, DeoSettings, Dimer, DimerSettings, Estimate, Objective, Rule, Space};
use deo_linalg::{Parallel, Threads};
use deo_models::data::{Batch, Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use deo_saddle::{Method, NewtonSearch, NewtonSettings, find, join};
use std::error::Error;

/// x₁⁴/16 − x₁²/2 + 9/8 x₂²: the Hessian at x is diag(3x₁²/4 − 1, 9/4).
fn two_valleys() -> impl Objective<[f64]> {
    FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
        }
        x[0].powi(4) / 16.0 - x[0] * x[0] / 2.0 + 1.125 * x[1] * x[1]
    })
}

fn quick_start() -> Result<(), Box<dyn Error>> {
    let (space, mut f, x, seed) = (Host::<f64>::new(), two_valleys(), vec![0.1, 0.5], 7);
    // ANCHOR: lowest
    let settings = DimerSettings { tolerance: 1e-4, max_gradients: 200, ..Default::default() };
    let (estimate, axis) = curvature(&space, &mut f, &x, settings, seed)?;
    println!(
        "C = {} ± {}, ‖r‖ = {}, {}",
        estimate.curvature, estimate.secant_error, estimate.residual, estimate.status
    );
    // ANCHOR_END: lowest
    assert!((estimate.curvature - (0.75 * 0.01 - 1.0)).abs() < 1e-6 && axis[1].abs() < 1e-3);
    Ok(())
}

fn own_loop_batches() -> Result<(), Box<dyn Error>> {
    let corpus = Corpus::from_text(&"to be or not to be, that is the question. ".repeat(50))?;
    let mut batches = Batches::new(corpus.train(), 4, 16, 1)?;
    let mut batch = Batch::zeros(4, 16);
    let config = GptConfig { block: 16, ..GptConfig::tiny(corpus.vocabulary().len()) };
    let (space, mut model) =
        (Parallel::<f32>::new(Threads::Pool), Gpt::<f32>::new(config, Threads::Pool)?);
    let mut params = model.init(1);
    let adam = Adam::new(AdamSettings::adamw(), &space, &params)?;
    let mut run = WithDeo::new(&space, &params, adam, DeoSettings::default())?.with_clip(1.0);
    let (steps, schedule) = (30, Schedule::constant(3e-3)?);
    let mut losses = vec![];
    // ANCHOR: batches
    for step in 0..steps {
        batches.next_into(&mut batch);
        let report = run.step(&space, &mut model.on(&batch), &mut params, schedule.at(step));
        losses.push(report.loss);
    }
    // ANCHOR_END: batches
    assert!(losses[29] < 0.8 * losses[0], "{losses:?}");
    Ok(())
}

fn own_loop_dimer() -> Result<(), Box<dyn Error>> {
    let (space, mut f, x, seed) = (Host::<f64>::new(), two_valleys(), vec![0.1, 0.5], 7);
    let (mut g, mut g1, mut y) = (x.clone(), x.clone(), x.clone());
    f.value_grad(&x, &mut g);
    let mut gradient = |x: &[f64], g: &mut [f64]| f.value_grad(x, g);
    // ANCHOR: dimer
    let mut dimer = Dimer::new(&space, &x, DimerSettings::default())?;
    dimer.draw(&space, seed); // a random axis
    dimer.begin(&space); // x or the batch is new
    while let Some(probe) = dimer.ask(&space) {
        let h = probe.displace(&space, &x, &mut y);
        gradient(&y, &mut g1);
        dimer.tell(&space, Answer::forward(h, &g, &g1));
    }
    let estimate = dimer.estimate(); // curvature, residual, secant_error, status
    // ANCHOR_END: dimer
    assert!((estimate.curvature - (0.75 * 0.01 - 1.0)).abs() < 1e-6);
    Ok(())
}

/// The valleys in single precision, along a descent.
fn own_loop_monitor() -> Result<(), Box<dyn Error>> {
    let (space, mut x, seed) = (Host::<f32>::new(), vec![0.1_f32, 0.5], 7);
    let (mut g, mut y) = (x.clone(), x.clone());
    let gradient = |x: &[f32], g: &mut [f32]| {
        g.copy_from_slice(&[x[0].powi(3) / 4.0 - x[0], 2.25 * x[1]]);
    };
    // ANCHOR: monitor
    let dimer = DimerSettings { rule: Rule::Central, ..MonitorSettings::default().dimer };
    let settings = MonitorSettings { interval: 10, dimer, ..Default::default() };
    let mut monitor = Monitor::new(&space, &x, settings, seed)?;
    let (mut ahead, mut behind) = (x.clone(), x.clone());
    for step in 0..40 {
        if monitor.is_due(step) {
            monitor.begin(&space);
            while let Some(probe) = monitor.ask(&space) {
                let h_ahead = probe.displace(&space, &x, &mut y);
                gradient(&y, &mut ahead);
                let h_behind = probe.displace_back(&space, &x, &mut y);
                gradient(&y, &mut behind);
                monitor.tell(&space, Answer::central(h_behind, &behind, h_ahead, &ahead));
            }
            let [Estimate { curvature, secant_error, residual, status, .. }, _] =
                monitor.estimates();
            println!(
                "{step}: λ_min {curvature:.4} ± {secant_error:.0e}, ‖r‖ {residual:.0e}, {status}"
            );
        }
        gradient(&x, &mut g);
        space.axpby(-0.1, &g, 1.0, &mut x); // your step
    }
    // ANCHOR_END: monitor
    let [lowest, highest] = monitor.estimates();
    // The last visit was at step 30, on the way down that one coordinate takes by itself. Rounded to f32, differences over
    // 1e-2 leave about 1e-5 of it, and the steps as much.
    let at_30 = (0..30).fold(0.1_f64, |x, _| x - 0.1 * (x.powi(3) / 4.0 - x));
    assert!((lowest.curvature - (0.75 * at_30 * at_30 - 1.0)).abs() < 1e-3, "{lowest:?}");
    assert!((highest.curvature - 2.25).abs() < 1e-3, "{highest:?}");
    Ok(())
}

fn saddles_find() -> Result<(), Box<dyn Error>> {
    // ANCHOR: find
    // (x² − 1)² + 2y²: minima at (±1, 0), the saddle between them at 0, one unit higher.
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        if let Some(g) = g {
            g.copy_from_slice(&[4.0 * x[0] * (x[0] * x[0] - 1.0), 4.0 * x[1]]);
        }
        (x[0] * x[0] - 1.0).powi(2) + 2.0 * x[1] * x[1]
    });
    let space_at = |_: &[f64]| Host::<f64>::new();
    let method = Method::default();
    let saddle = find(space_at, &mut f, &[0.8, 0.3][..], None, &method, &Default::default())?;
    assert!(saddle.is_confirmed());
    let (x, axis) = (&saddle.found.x[..], &saddle.axes[0][..]);
    let sides = join(space_at, &mut f, x, axis, 0.05, &method, &Default::default())?;
    assert!(sides.iter().all(|side| side.is_minimum()));
    let barriers = sides.map(|side| saddle.found.value - side.end.found.value);
    // ANCHOR_END: find
    assert!(barriers.iter().all(|barrier| (barrier - 1.0).abs() < 1e-4), "{barriers:?}");
    Ok(())
}

fn saddles_own_loop() -> Result<(), Box<dyn Error>> {
    let (space, x) = (Host::<f64>::new(), vec![0.3, 0.2]);
    let (mut f, mut g) = (two_valleys(), x.clone());
    let mut forces = |x: &[f64], g: &mut [f64]| f.value_grad(x, g);
    // ANCHOR: search
    let mut search = NewtonSearch::new(&space, &x, NewtonSettings::default())?;
    while let Some(point) = search.ask() {
        let energy = forces(point, &mut g); // an hour on a cluster, if need be
        search.tell(&space, energy, &g); // clone or save the search anywhere in between
    }
    // ANCHOR_END: search
    assert!(search.x().iter().all(|x| x.abs() < 1e-2));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    quick_start()?;
    own_loop_batches()?;
    own_loop_dimer()?;
    own_loop_monitor()?;
    saddles_find()?;
    saddles_own_loop()
}
