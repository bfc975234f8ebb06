//! The loop of the book around a training: it goes on after what may pass, and ends after what would come again.
#![cfg(unix)]

mod common;

use common::{Bench, SMALL, names};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The loop as the page has it, for the directory `o`, without waiting.
fn line_of_the_book() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/long-runs.md");
    let page = fs::read_to_string(page).unwrap();
    let code = page.split("```").find(|code| code.contains("sleep")).unwrap();
    let (_, code) = code.split_once('\n').unwrap();
    code.replace("runs/night", "o").replace("sleep 60", "echo again >> tries; sleep 0")
}

/// Runs the loop; its exit code, and how often it tried again.
fn run(bench: &Bench, deo: &str) -> (Option<i32>, usize) {
    let code = format!("deo() {{ {deo}; }}\n{}", line_of_the_book());
    let mut shell = Command::new("sh");
    shell.args(["-c", &code]).env("DEO", env!("CARGO_BIN_EXE_deo")).current_dir(bench.path("."));
    let mut child = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let clock = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if clock.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("the loop doesn't end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let tries = fs::read_to_string(bench.path("tries")).unwrap_or_default();
    let _ = fs::remove_file(bench.path("tries"));
    (code, tries.lines().count())
}

const THE_PROGRAM: &str = "\"$DEO\" \"$@\"";

#[test]
fn it_ends_when_the_training_would_fail_in_the_same_way_again() {
    let bench = Bench::new();
    let fatal =
        ["--optimizer", "sgd", "--lr", "1e37", "--clip", "0", "--warmup", "0", "--steps", "40"];
    let begun = bench.train(&[&fatal[..], &["--out", "o"]].concat());
    assert_eq!(begun.code, 3, "{}", begun.stderr);
    let (_, again) = run(&bench, THE_PROGRAM);
    assert_eq!(again, 0);
    // A directory that isn't there doesn't come by itself.
    fs::remove_dir_all(bench.path("o")).unwrap();
    let (_, again) = run(&bench, THE_PROGRAM);
    assert_eq!(again, 0);
}

#[test]
fn it_goes_on_after_kills_and_failures_of_the_disk() {
    let bench = Bench::new();
    let arguments = [&["train", "--text", "text.txt"], SMALL, &["--out", "o", "--steps", "20"]];
    let child = Command::new(env!("CARGO_BIN_EXE_deo"))
        .args(arguments.concat())
        .args(["--save-every", "1"])
        .current_dir(bench.path("."))
        .stdout(Stdio::null())
        .spawn();
    let (mut child, clock) = (child.unwrap(), Instant::now());
    while fs::read_dir(bench.path("o/checkpoints")).map_or(0, Iterator::count) < 2 {
        assert!(clock.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(bench.path("o/checkpoints").is_dir(), "it was killed in time");
    // Killed once more, then hindered by the disk, then left alone.
    let thrice = "n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n; \
        case $n in 0) return 137;; 1) return 1;; *) \"$DEO\" \"$@\";; esac";
    let (_, again) = run(&bench, thrice);
    assert_eq!(again, 2);
    assert!(names(&bench.path("o")).contains(&"record.json".to_owned()));
    assert!(!bench.path("o/checkpoints").exists());
}
