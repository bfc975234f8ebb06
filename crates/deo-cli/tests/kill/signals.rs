//! SIGTERM, once and twice, with a directory and without.

use crate::common::{Bench, SMALL};
use crate::process::{ENDLESS, RUN, SIGTERM, begin, end, newest, results, resume, spawn, steps_of};
use crate::process::{steps_in, straight, terminate, wait_for};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

#[test]
fn terminated_it_saves_and_says_how_to_go_on() {
    let bench = Bench::new();
    let expected = straight(&bench);
    let mut child = begin(&bench, &[RUN, &["--json"]].concat());
    for (steps, threads) in [(33, "1"), (200, "2")] {
        wait_for(&bench, steps);
        terminate(&child);
        let (output, stdout, stderr) = end(child);
        assert_eq!((output.status.code(), &*stdout), (Some(0), ""), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.starts_with("SIGTERM after step"), "{stderr}");
        assert!(stderr.ends_with("go on with deo train --resume o\n"), "{stderr}");
        assert_eq!(newest(&bench), Some(steps_of(&bench)), "the last step is saved");
        child = resume(&bench, &["--json", "--threads", threads]);
    }
    let (output, stdout, stderr) = end(child);
    assert_eq!((output.status.code(), &*stderr), (Some(0), ""));
    let json: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 2, "the run that was finished before, too");
    assert!(results(&bench.path("o")) == expected);
    // Finished, there is nothing to go on with, and that is no failure.
    let (output, stdout, stderr) = end(resume(&bench, &[]));
    assert_eq!((output.status.code(), &*stdout), (Some(0), ""), "{stderr}");
    assert_eq!(stderr, "the training in o is finished\n");
    // Killed when the last checkpoint was gone, but not yet what lay beside it.
    let left = bench.path("o/checkpoints");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("7.deo.partial"), "").unwrap();
    let (output, _, stderr) = end(resume(&bench, &[]));
    assert_eq!((output.status.code(), &*stderr), (Some(0), "the training in o is finished\n"));
    assert!(!left.exists());
}

#[test]
fn terminated_among_several_seeds_it_says_what_is_left_to_do() {
    let bench = Bench::new();
    for (seeds, rest) in
        [("2", "--seed 10 --seeds 1 --out o/seed-10"), ("4", "--seed 10 --seeds 3")]
    {
        let child = begin(&bench, &[ENDLESS, &["--seed", "9", "--seeds", seeds]].concat());
        let clock = Instant::now();
        while steps_in(&bench.path("o/seed-9")) < 20 {
            assert!(clock.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(10));
        }
        terminate(&child);
        let (output, _, stderr) = end(child);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines[0].ends_with("go on with deo train --resume o/seed-9"), "{stderr}");
        assert_eq!(lines[1..], [format!("then the same with {rest}")], "{stderr}");
        // The directory of all of them isn't one of a training, but names those in it.
        let (output, _, stderr) = end(resume(&bench, &[]));
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("one by one: deo train --resume o/seed-9"), "{stderr}");
        std::fs::remove_dir_all(bench.path("o")).unwrap();
    }
}

#[test]
fn terminated_without_a_directory_it_says_that_nothing_was_kept() {
    let bench = Bench::new();
    let arguments = [&["train", "--text", "text.txt"], SMALL, &ENDLESS[..6]].concat();
    // On a busy machine the signal may come before it is watched for; then wait longer.
    for seconds in [1, 2, 4, 8, 16] {
        let child = spawn(&bench, &arguments);
        std::thread::sleep(Duration::from_secs(seconds));
        terminate(&child);
        let (output, stdout, stderr) = end(child);
        if output.status.signal().is_none() {
            assert_eq!((output.status.code(), &*stdout), (Some(128 + SIGTERM), ""), "{stderr}");
            assert!(
                stderr.contains("nothing was kept") && stderr.contains("--out DIR"),
                "{stderr}"
            );
            assert_eq!(stderr.lines().count(), 1, "{stderr}");
            return;
        }
    }
    panic!("it never watched for signals");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let bench = Bench::new();
    // One step takes seconds.
    let large = ["train", "--text", "text.txt", "--preset", "paper-large", "--batch", "128"];
    let child = spawn(&bench, &large);
    std::thread::sleep(Duration::from_secs(2));
    terminate(&child);
    std::thread::sleep(Duration::from_millis(50));
    terminate(&child);
    assert_eq!(end(child).0.status.signal(), Some(SIGTERM));
}

/// A validation of a thousand batches, which takes seconds.
#[test]
fn terminated_in_a_validation_it_does_not_wait_for_its_end() {
    let bench = Bench::new();
    let long = ["--eval-batches", "1000", "--eval-every", "1", "--batch", "64", "--block", "32"];
    let mut child = begin(&bench, &[&["--steps", "3", "--warmup", "0"][..], &long].concat());
    for resumed in [false, true] {
        let clock = Instant::now();
        while newest(&bench).is_none() {
            assert!(clock.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(10));
        }
        // The first step, and a while; the validation takes two to three seconds on a fast processor.
        std::thread::sleep(Duration::from_secs(1));
        terminate(&child);
        let clock = Instant::now();
        let (output, stdout, stderr) = end(child);
        assert!(clock.elapsed() < Duration::from_secs(30), "it waited for the validation");
        assert_eq!((output.status.code(), &*stdout), (Some(0), ""), "{stderr}");
        assert!(stderr.starts_with("SIGTERM after step 0 of"), "{stderr}");
        assert_eq!(steps_of(&bench), 0, "the step is entered with its validation");
        if resumed {
            return;
        }
        child = resume(&bench, &[]);
    }
}

#[test]
fn terminated_while_the_sample_is_written_it_delivers() {
    let bench = Bench::new();
    let child =
        begin(&bench, &["--steps", "1", "--warmup", "0", "--monitor", "--sample", "1000000000"]);
    wait_for(&bench, 2);
    std::thread::sleep(Duration::from_secs(1));
    terminate(&child);
    let (output, stdout, stderr) = end(child);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("of 1000000000 of the sample; the training is finished"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stdout.contains("writes:"), "{stdout}");
    let (record, ..) = results(&bench.path("o"));
    assert!(!record["sample"].as_str().unwrap().is_empty());
    assert!(record["failure"].is_null());
}
