//! The fuzz targets of this crate on their seeds, and on each seed cut short and with a byte changed: what of fuzzing
//! needs no nightly. The rest is `fuzz/run`.

use std::fs;
use std::path::Path;

#[cfg(feature = "checkpoint")]
#[path = "../../../fuzz/targets/checkpoint.rs"]
mod checkpoint;
#[path = "../../../fuzz/targets/text.rs"]
mod text;
#[cfg(feature = "weights")]
#[path = "../../../fuzz/targets/weights.rs"]
mod weights;

/// Runs a target on all variants of its seeds.
fn replay(target: &str, run: fn(&[u8])) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let seeds: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(seeds.len() > 4, "{dir:?} has {} seeds", seeds.len());
    for path in seeds {
        let seed = fs::read(&path).unwrap();
        run(&seed);
        for length in 0..seed.len() {
            run(&seed[..length]);
        }
        let mut changed = seed.clone();
        for at in 0..seed.len() {
            for byte in [0, 1, seed[at] ^ 0x80, 0xFF] {
                changed[at] = byte;
                run(&changed);
            }
            changed[at] = seed[at];
        }
    }
}

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
