//! Options on the command line that a run has no use for: refused, for whoever types one means something by it.

use super::choices::{OptimizerKind, PolicyKind};
use super::error::TrainError;
use super::options::Options;
use crate::setting::UnusedOption;

/// `monitored`: there is a monitor; `kept`: there is an output directory.
pub(super) fn refuse_unused(
    given: &Options,
    (optimizer, policy): (OptimizerKind, PolicyKind),
    monitored: bool,
    kept: bool,
) -> Result<(), TrainError> {
    use PolicyKind::{Amplify, CompatAdam, CompatPaper, CompatSophia, Deflate, Escape, Off};
    let sgd = optimizer == OptimizerKind::Sgd;
    let of_momentum = ("--optimizer sgd or muon", sgd || optimizer == OptimizerKind::Muon);
    let of_adam = ("--optimizer adam, adamw, nadamw, amsgrad or muon", !sgd);
    let of_escape = ("--policy escape", policy == Escape);
    let of_deflate = ("--policy deflate", policy == Deflate);
    let strong = matches!(policy, Amplify | CompatPaper | CompatSophia | CompatAdam);
    let of_strong = ("--policy amplify or compat-…", strong);
    let of_monitor = ("--monitor", monitored);
    let uses = [
        ("momentum", given.momentum.is_some(), of_momentum),
        ("beta1", given.beta1.is_some(), of_adam),
        ("beta2", given.beta2.is_some(), of_adam),
        ("alpha", given.alpha.is_some(), of_deflate),
        ("strength", given.strength.is_some(), of_strong),
        ("share", given.share.is_some(), of_escape),
        ("allowance", given.allowance.is_some(), of_escape),
        ("monitor-interval", given.monitor_interval.is_some(), of_monitor),
        ("monitor-gradients", given.monitor_gradients.is_some(), of_monitor),
        ("monitor-batches", given.monitor_batches.is_some(), of_monitor),
        ("save-every", given.save_every.is_some(), ("--out", kept)),
        ("interval", given.interval.is_some(), ("a --policy other than off", policy != Off)),
    ];
    for (name, given, (needs, met)) in uses {
        if given && !met {
            return Err(UnusedOption { name, needs }.into());
        }
    }
    Ok(())
}
