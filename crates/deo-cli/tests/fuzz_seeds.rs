//! The fuzz targets of this crate on their seeds, and on each seed cut short and with a byte changed: what of fuzzing
//! needs no nightly. The rest is `fuzz/run`.

#[path = "../../../fuzz/targets/config.rs"]
mod config;
#[path = "../../../fuzz/targets/npy.rs"]
mod npy;
#[path = "../../../fuzz/targets/replay.rs"]
mod replay;
#[path = "../../../fuzz/targets/xyz.rs"]
mod xyz;

use replay::replay;

#[test]
fn configurations() {
    replay("config", config::run);
}

#[test]
fn arrays() {
    replay("npy", npy::run);
}

#[test]
fn atoms() {
    replay("xyz", xyz::run);
}
