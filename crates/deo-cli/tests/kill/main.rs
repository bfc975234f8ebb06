//! The program killed, stopped, hindered: what is left can be gone on with, to the same bits as without.
//!
//! `DEO_KILLS=100 cargo test --release -p deo-cli --test kill` kills a hundred times; by default it is ten.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod process;
mod signals;

use common::{Bench, names};
use process::{RUN, SAVE_EVERY, begin, end, newest, results, resume, steps_of, straight};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

const SIGKILL: i32 = 9;

#[test]
fn killed_at_random_moments_it_loses_little_and_ends_the_same() {
    let kills: u64 = std::env::var("DEO_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let bench = Bench::new();
    let clock = Instant::now();
    let expected = straight(&bench);
    let whole = clock.elapsed();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (mut killed, mut most_lost, mut half_saves, mut rounds) = (0, 0, 0, 1);
    while killed < kills {
        let threads = ["1", "2"][killed as usize % 2];
        let saved = newest(&bench).is_some();
        let mut child = if saved {
            resume(&bench, &["--threads", threads])
        } else {
            // Killed before the first checkpoint: nothing is lost but the start.
            begin(&bench, RUN)
        };
        std::thread::sleep(whole.mul_f64(rng.random_range(0.01..0.5)));
        child.kill().unwrap();
        let (output, _, stderr) = end(child);
        if output.status.signal() != Some(SIGKILL) {
            assert!(output.status.success(), "round {rounds}, kill {killed}: {stderr}");
            assert!(results(&bench.path("o")) == expected, "round {rounds}");
            fs::remove_dir_all(bench.path("o")).unwrap();
            rounds += 1;
            continue;
        }
        killed += 1;
        if let Some(number) = newest(&bench) {
            let lost = steps_of(&bench).saturating_sub(number);
            assert!(lost <= SAVE_EVERY, "kill {killed}: {lost} steps after checkpoint {number}");
            most_lost = most_lost.max(lost);
            let partial = |name: &String| name.ends_with(".deo.partial");
            half_saves += names(&bench.path("o/checkpoints")).iter().filter(|n| partial(n)).count();
        }
    }
    let last = if newest(&bench).is_some() { resume(&bench, &[]) } else { begin(&bench, RUN) };
    let (output, _, stderr) = end(last);
    assert!(output.status.success(), "{stderr}");
    assert!(results(&bench.path("o")) == expected, "the end of {rounds} rounds");
    println!(
        "{killed} kills in {rounds} trainings, {half_saves} of them during a save; at most {most_lost} steps lost"
    );
}
