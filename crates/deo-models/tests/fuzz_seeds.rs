//! The fuzz targets of this crate on their seeds, and on each seed cut short and with a byte changed: what of fuzzing
//! needs no nightly. The rest is `fuzz/run`.

#[cfg(feature = "checkpoint")]
#[path = "../../../fuzz/targets/checkpoint.rs"]
mod checkpoint;
#[path = "../../../fuzz/targets/replay.rs"]
mod replay;
#[path = "../../../fuzz/targets/text.rs"]
mod text;
#[cfg(feature = "weights")]
#[path = "../../../fuzz/targets/weights.rs"]
mod weights;

use replay::replay;

#[cfg(feature = "checkpoint")]
#[test]
fn checkpoints() {
    replay("checkpoint", checkpoint::run);
}

#[test]
fn texts() {
    replay("text", text::run);
}

#[cfg(feature = "weights")]
#[test]
fn weights_files() {
    replay("weights", weights::run);
}
