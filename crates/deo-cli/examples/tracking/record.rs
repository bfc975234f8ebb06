//! The numbers, and the medians that sum them up.

use crate::Arguments;
use crate::follower::{Axis, FIRST, Follower, Kind, On};
use crate::reference::Converged;
use deo_cli::table::align;
use deo_cli::train::Settings;
use deo_core::Estimate;
use deo_core::dimer::{Recheck, Stale, Target};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the reference found at a visit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// Before this step, counted from 0.
    pub(crate) step: u64,
    /// The mean loss on the fixed batches.
    pub(crate) loss: f64,
    /// The pairs of the fixed batches.
    pub(crate) fixed: Converged,
    /// The pairs of this step's training batch.
    pub(crate) batch: Converged,
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Visit { step, loss, fixed, batch } = self;
        let Converged { lowest, gradients, .. } = fixed;
        let highest = fixed.highest.unwrap_or(f64::NAN);
        write!(
            f,
            "step {step}: loss {loss:.3}, λ_min {lowest:.4}, λ_max {highest:.3} in {gradients} gradients; of the \
             batch {:.4} in {}",
            batch.lowest, batch.gradients
        )
    }
}

/// A follower against the reference on its own batches. Relative errors are |C − λ|/|λ|; the first visit, which
/// has other means, is not among them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Series {
    pub(crate) end: &'static str,
    pub(crate) on: On,
    pub(crate) axis: Axis,
    pub(crate) stale: &'static str,
    /// Whether the last gradients of a visit checked C.
    pub(crate) checked: bool,
    /// Steps between two visits.
    pub(crate) every: u64,
    /// Gradients a visit, beside that at x.
    pub(crate) gradients: u64,
    /// Median relative error over all visits, over those of the first half of the steps, and of the second.
    pub(crate) medians: [f64; 3],
    /// The share of visits with an error of 10 % or less.
    pub(crate) within_tenth: f64,
    /// The median of |C − λ|/(residual + secant error): below 1, the error bar holds.
    pub(crate) error_in_bars: f64,
    /// Visits where C is outside of the spectrum by more than 1 % and two secant errors: 0, unless the reference
    /// missed a pair.
    pub(crate) outside: usize,
    pub(crate) steps: Vec<u64>,
    pub(crate) curvatures: Vec<f64>,
    pub(crate) residuals: Vec<f64>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) settings: Settings,
    pub(crate) parameters: usize,
    pub(crate) interval: u64,
    pub(crate) fixed_batches: u64,
    pub(crate) first_gradients: u64,
    /// The median of |λ_min(batch of the step) − λ_min(fixed)|/|λ_min(fixed)|: what no follower can help.
    pub(crate) batch_scatter: f64,
    pub(crate) series: Vec<Series>,
    pub(crate) visits: Vec<Visit>,
}

impl Record {
    pub(crate) fn new(arguments: &Arguments, settings: &Settings, parameters: usize) -> Self {
        Record {
            settings: settings.clone(),
            parameters,
            interval: arguments.interval,
            fixed_batches: arguments.batches,
            first_gradients: FIRST,
            batch_scatter: f64::NAN,
            series: vec![],
            visits: vec![],
        }
    }

    /// Compares the followers with the reference.
    pub(crate) fn finish(&mut self, followers: &[Follower]) {
        self.series = followers.iter().map(|follower| self.compare(follower)).collect();
        let scatter = |visit: &Visit| {
            (visit.batch.lowest - visit.fixed.lowest).abs() / visit.fixed.lowest.abs()
        };
        self.batch_scatter = median(self.visits.iter().map(scatter));
    }

    fn compare(&self, follower: &Follower) -> Series {
        let Kind { target, on, axis, stale, recheck, every } = follower.kind;
        let lowest = target == Target::Lowest;
        // A visit of a follower and λ then.
        let pairs: Vec<(u64, Estimate, f64)> = (follower.seen.iter())
            .filter_map(|(step, estimate)| {
                let visit = self.visits.iter().find(|visit| visit.step == *step)?;
                let of = if on == On::Fixed { visit.fixed } else { visit.batch };
                Some((*step, *estimate, if lowest { of.lowest } else { of.highest? }))
            })
            .collect();
        let half = self.settings.steps / 2;
        let relative = |(_, estimate, lambda): &(u64, Estimate, f64)| {
            (estimate.curvature - lambda).abs() / lambda.abs()
        };
        let later = || pairs.iter().skip(1);
        let part =
            |of: &dyn Fn(u64) -> bool| median(later().filter(|pair| of(pair.0)).map(relative));
        let close = later().filter(|pair| relative(pair) <= 0.1).count();
        let in_bars = |(_, estimate, lambda): &(u64, Estimate, f64)| {
            let bar = estimate.residual + estimate.secant_error;
            (estimate.curvature - lambda).abs() / bar
        };
        let outside = |(_, estimate, lambda): &&(u64, Estimate, f64)| {
            let slack = 0.01 * lambda.abs() + 2.0 * estimate.secant_error;
            let beyond = lambda - estimate.curvature;
            (if lowest { beyond } else { -beyond }) > slack
        };
        Series {
            end: if lowest { "lowest" } else { "highest" },
            on,
            axis,
            stale: if stale == Stale::Forget { "forget" } else { "refresh" },
            checked: recheck != Recheck::Never,
            every,
            gradients: follower.gradients,
            medians: [part(&|_| true), part(&|step| step <= half), part(&|step| step > half)],
            within_tenth: close as f64 / later().count() as f64,
            error_in_bars: median(later().map(in_bars)),
            outside: pairs.iter().filter(outside).count(),
            steps: pairs.iter().map(|pair| pair.0).collect(),
            curvatures: pairs.iter().map(|pair| short(pair.1.curvature)).collect(),
            residuals: pairs.iter().map(|pair| short(pair.1.residual)).collect(),
        }
    }

    /// The medians as a table of text.
    pub(crate) fn table(&self) -> String {
        let half = self.settings.steps / 2;
        let header = [
            "eigenvalue".to_owned(),
            "batches".to_owned(),
            "axis".to_owned(),
            "p".to_owned(),
            "check".to_owned(),
            "steps".to_owned(),
            "gradients".to_owned(),
            "error".to_owned(),
            format!("to step {half}"),
            "after it".to_owned(),
            "within 10 %".to_owned(),
            "error/bar".to_owned(),
            "outside".to_owned(),
        ];
        let mut rows = vec![header.to_vec()];
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        rows.extend(self.series.iter().map(|series| {
            let on = if series.on == On::Fixed { "fixed" } else { "of the step" };
            vec![
                series.end.to_owned(),
                on.to_owned(),
                if series.axis == Axis::Kept { "kept" } else { "drawn" }.to_owned(),
                series.stale.to_owned(),
                if series.checked { "yes" } else { "no" }.to_owned(),
                series.every.to_string(),
                series.gradients.to_string(),
                percent(series.medians[0]),
                percent(series.medians[1]),
                percent(series.medians[2]),
                format!("{:.0} %", 100.0 * series.within_tenth),
                format!("{:.3}", series.error_in_bars),
                series.outside.to_string(),
            ]
        }));
        format!(
            "{}\nλ_min of the step's batch differs from that of the fixed ones by {} in the median.\n",
            align(&rows),
            percent(self.batch_scatter)
        )
    }
}

/// NaN for nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

/// Five digits: what a file needs.
fn short(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(f64::NAN)
}
