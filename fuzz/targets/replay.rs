//! The seeds of a target, and each of them cut short and with a byte changed: the part of fuzzing that needs no nightly.

use std::fs;
use std::path::Path;

/// Runs a target on all variants of its seeds.
pub(crate) fn replay(target: &str, run: fn(&[u8])) {
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
