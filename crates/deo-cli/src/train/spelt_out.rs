//! Settings as the options that ask for them, every default spelt out.
//!
//! Problem: a resumed training must be given the settings that it began with, also by a program whose defaults have
//! changed, and an option beside `--resume` must be compared with what was decided, not with what was typed. So a
//! checkpoint holds complete options, and [`Settings::resolve`] turns them into the same settings again.

use super::monitor::Monitoring;
use super::optimizers::BaseOptimizer;
use super::options::Options;
use super::settings::{Method, Settings};
use deo_core::PolicySettings;
use deo_core::optim::{Decay, Schedule};

impl Settings {
    /// The options that ask for these settings; `None` where one has no use.
    pub(super) fn options(&self) -> Options {
        let options = Options {
            preset: Some(self.preset),
            text: self.text.clone(),
            batch: Some(self.batch),
            block: Some(self.block),
            optimizer: Some(self.optimizer.kind()),
            clip: Some(self.clip),
            policy: Some(self.policy),
            monitor: Some(self.monitor.is_some()),
            steps: Some(self.steps),
            seed: Some(self.seed),
            threads: Some(self.threads),
            eval_every: Some(self.eval_every),
            eval_batches: Some(self.eval_batches),
            sample: Some(self.sample),
            recompute: Some(self.recompute),
            save_every: self.save_every,
            ..Options::default()
        };
        let options = of_schedule(options, &self.schedule);
        let options = of_optimizer(options, &self.optimizer);
        of_monitor(of_method(options, &self.method), self.monitor.as_ref())
    }
}

fn of_schedule(options: Options, schedule: &Schedule) -> Options {
    match *schedule {
        Schedule::WarmupCosine { peak, warmup, floor, .. } => {
            Options { lr: Some(peak), min_lr: Some(floor), warmup: Some(warmup), ..options }
        }
        _ => options,
    }
}

fn of_optimizer(options: Options, optimizer: &BaseOptimizer) -> Options {
    match *optimizer {
        BaseOptimizer::Sgd(sgd) => Options {
            momentum: Some(sgd.momentum),
            weight_decay: Some(sgd.weight_decay),
            ..options
        },
        BaseOptimizer::Muon(muon) => Options {
            momentum: Some(muon.momentum),
            weight_decay: Some(muon.weight_decay),
            beta1: Some(muon.adam.beta1),
            beta2: Some(muon.adam.beta2),
            ..options
        },
        BaseOptimizer::Adam(adam)
        | BaseOptimizer::Adamw(adam)
        | BaseOptimizer::Nadamw(adam)
        | BaseOptimizer::Amsgrad(adam) => {
            let (Decay::Coupled(decay) | Decay::Decoupled(decay)) = adam.decay;
            let (beta1, beta2) = (Some(adam.beta1), Some(adam.beta2));
            Options { beta1, beta2, weight_decay: Some(decay), ..options }
        }
    }
}

fn of_method(options: Options, method: &Method) -> Options {
    match *method {
        Method::Off => options,
        Method::Published(rule) => {
            Options { interval: Some(rule.interval), strength: Some(rule.strength), ..options }
        }
        Method::Deo(deo) => match deo.policy {
            PolicySettings::Deflate { alpha, tracking } => {
                Options { alpha: Some(alpha), interval: Some(tracking.interval), ..options }
            }
            PolicySettings::Amplify { strength, tracking } => {
                Options { strength: Some(strength), interval: Some(tracking.interval), ..options }
            }
            PolicySettings::Escape(_) => Options {
                interval: Some(deo.trigger.interval),
                share: Some(deo.budget.share),
                allowance: Some(deo.budget.allowance),
                ..options
            },
        },
    }
}

fn of_monitor(options: Options, monitoring: Option<&Monitoring>) -> Options {
    let Some(Monitoring { batches, visits }) = monitoring else { return options };
    Options {
        monitor_interval: Some(visits.interval),
        monitor_gradients: Some(visits.gradients),
        monitor_batches: Some(*batches),
        ..options
    }
}

#[cfg(test)]
mod tests {
    use super::super::choices::{OptimizerKind, PolicyKind, Preset};
    use super::*;
    use clap::ValueEnum;

    /// The same settings come back, from defaults and from everything set.
    #[track_caller]
    fn come_back(options: Options) {
        let settings = Settings::resolve(options, &Options::default()).unwrap();
        let spelt_out = settings.options();
        let again = Settings::resolve(spelt_out.clone(), &Options::default()).unwrap();
        // `out` is no setting; that there is one shows in the interval of saves.
        assert_eq!(again, settings);
        assert_eq!(again.options(), spelt_out);
        // Nothing is spelt out that is refused as useless.
        let given = Options { out: Some("o".into()), ..spelt_out };
        Settings::resolve(given.clone(), &given).unwrap();
    }

    #[test]
    fn spelt_out_options_ask_for_the_same_settings() {
        for policy in PolicyKind::value_variants() {
            for optimizer in OptimizerKind::value_variants() {
                let chosen = Options {
                    policy: Some(*policy),
                    optimizer: Some(*optimizer),
                    ..Options::default()
                };
                come_back(chosen.clone());
                come_back(Options { preset: Some(Preset::PaperSmall), ..chosen.clone() });
                come_back(everything(chosen));
            }
        }
    }

    fn everything(chosen: Options) -> Options {
        Options {
            batch: Some(3),
            block: Some(9),
            lr: Some(0.123),
            min_lr: Some(0.01),
            warmup: Some(5),
            weight_decay: Some(0.07),
            clip: Some(0.5),
            momentum: Some(0.8),
            beta1: Some(0.85),
            beta2: Some(0.95),
            alpha: Some(0.4),
            strength: Some(0.6),
            interval: Some(7),
            share: Some(0.2),
            allowance: Some(11.0),
            monitor: Some(true),
            monitor_interval: Some(13),
            monitor_gradients: Some(50),
            monitor_batches: Some(4),
            steps: Some(77),
            seed: Some(99),
            threads: Some(2),
            recompute: Some(true),
            eval_every: Some(8),
            eval_batches: Some(6),
            sample: Some(12),
            text: Some("a.txt".into()),
            ..chosen
        }
    }
}
