//! Whatever an output is, and whatever it is called: links, pipes and devices stay what they are, and what nobody reads is
//! no reason to crash.
#![cfg(unix)]

mod common;

use common::{Bench, SADDLE, names, read_json, refused};
use deo_cli::npy::{self, Scalar};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

/// A bench with a matrix in a file of a name that isn't UTF-8, and that name.
fn bench() -> (Bench, OsString) {
    let bench = Bench::new();
    let matrix = npy::to_bytes(Scalar::F64, 2, &[vec![2.0, 0.0], vec![0.0, -1.0]]);
    bench.write("m.npy", &matrix);
    let name = OsStr::from_bytes(b"m\xff.npy").to_owned();
    fs::write(bench.path(".").join(&name), matrix).unwrap();
    (bench, name)
}

fn deo(bench: &Bench, arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deo"));
    command.args(arguments).current_dir(bench.path("."));
    command
}

fn os<'a>(arguments: &[&'a str]) -> Vec<&'a OsStr> {
    arguments.iter().map(|argument| OsStr::new(*argument)).collect()
}

const MATRIX: &[&str] = &["spectrum", "--matrix", "m.npy", "--k", "1"];

#[test]
fn names_that_are_not_utf8() {
    let (bench, name) = bench();
    let arguments = [&os(&["spectrum", "--matrix"])[..], &[&name], &os(&["--out"]), &[&name]];
    // The name is taken by the matrix: refused, not crashed.
    let output = deo(&bench, &arguments.concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let out = OsStr::from_bytes(b"out\xfe");
    let vectors = OsStr::from_bytes(b"v\xfe.npy");
    let arguments = [&arguments[..3].concat()[..], &[out], &os(&["--vectors"]), &[vectors]];
    let output = deo(&bench, &arguments.concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let record = read_json(&bench.path(".").join(out).join("record.json"));
    assert_eq!(record["settings"]["target"]["path"], "m\u{fffd}.npy");
    assert!(bench.path(".").join(vectors).is_file());

    let weights = [
        &os(&["spectrum", "--preset", "tiny", "--batch", "1", "--block", "4", "--weights"])[..],
        &[&name],
        &os(&["--out", "o"]),
    ];
    let output = deo(&bench, &weights.concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");

    let page = OsStr::from_bytes(b"p\xfe.html");
    let arguments = [&os(&["report"])[..], &[out], &os(&["--out"]), &[page], &os(&["--json"])];
    let output = deo(&bench, &arguments.concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(bench.path(".").join(page).is_file());

    // What must be text is named.
    for option in ["--start", "--potential", "--seed"] {
        let arguments = [&os(&["saddle", option])[..], &[&name]].concat();
        let output = deo(&bench, &arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.contains("\"m\\xFF.npy\" is not UTF-8"), "{stderr}");
    }
}

#[test]
fn links_and_devices_are_not_replaced() {
    let (bench, _) = bench();
    let link = bench.path("link.npy");
    symlink("target.npy", &link).unwrap();
    let outcome = bench.deo(&[MATRIX, &["--vectors", "link.npy"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(npy::read(&bench.path("target.npy")).unwrap().shape, [1, 2]);
    let outcome = bench.deo(&[MATRIX, &["--vectors", "/dev/null"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    // A full device is told, and the results are shown.
    let outcome = bench.deo(&[MATRIX, &["--vectors", "/dev/full"]].concat());
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("/dev/full") && outcome.stdout.contains("-1.0000"));

    bench.deo(&[MATRIX, &["--out", "o"]].concat());
    symlink("page", bench.path("page.html")).unwrap();
    let outcome = bench.deo(&["report", "o", "--out", "page.html"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(fs::read_to_string(bench.path("page")).unwrap().starts_with("<!DOCTYPE html>"));
    assert!(fs::symlink_metadata(bench.path("page.html")).unwrap().is_symlink());
}

#[test]
fn in_the_directory_of_a_run_they_are_refused() {
    let (bench, _) = bench();
    for (arguments, file) in [(MATRIX, "record.json"), (SADDLE, "surface.svg")] {
        fs::create_dir(bench.path("o")).unwrap();
        fs::write(bench.path("precious"), "kept").unwrap();
        symlink("../precious", bench.path("o").join(file)).unwrap();
        let outcome = bench.deo(&[arguments, &["--out", "o"]].concat());
        refused(&outcome, &[file, "symbolic link", "another directory"]);
        assert_eq!(fs::read_to_string(bench.path("precious")).unwrap(), "kept");
        assert_eq!(names(&bench.path("o")), [file]);
        fs::remove_dir_all(bench.path("o")).unwrap();
    }
}

#[test]
fn a_pipe_is_written_into() {
    let (bench, _) = bench();
    let pipe = bench.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(
        &bench.deo(&[MATRIX, &["--vectors", "pipe"]].concat()),
        &["\"pipe\" is a named pipe", "begin to read"],
    );
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![];
        File::open(&pipe).unwrap().read_to_end(&mut bytes).unwrap();
        (bytes, fs::metadata(pipe).unwrap().is_file())
    });
    let outcome = bench.deo(&[MATRIX, &["--vectors", "pipe"]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let (bytes, is_file) = reader.join().unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY") && !is_file);
    // A descriptor that the shell opened.
    let arguments = os(&[MATRIX, &["--vectors", "/dev/stderr"]].concat());
    let output = deo(&bench, &arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.starts_with(b"\x93NUMPY"), "{output:?}");
}

/// The exit code without anybody who reads standard output or standard error.
fn unread(bench: &Bench, arguments: &[&str]) -> Option<i32> {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = deo(bench, &os(arguments));
    command.stdin(Stdio::null()).stdout(writer.try_clone().unwrap()).stderr(writer);
    command.status().unwrap().code()
}

#[test]
fn what_nobody_reads_is_no_reason_to_crash() {
    let (bench, _) = bench();
    for (arguments, code) in [
        (&["nonsense"][..], 2),
        (&[], 0),
        (&["completions", "bash"], 0),
        (&["man", "train"], 0),
        (&["--help"], 0),
        (&["train", "--help"], 0),
        (&["--version"], 0),
        (&["train", "--steps", "0"], 2),
        (&["saddle", "--potential", "alps"], 2),
        (&["spectrum"], 2),
        (&["report", "nothing"], 2),
        (&["escape", "--suite", "nothing"], 2),
        (&["train", "--resume", "nothing"], 2),
        (MATRIX, 0),
        (&["spectrum", "--matrix", "m.npy", "--json"], 0),
        (SADDLE, 0),
    ] {
        assert_eq!(unread(&bench, arguments), Some(code), "{arguments:?}");
    }
    let train = ["train", "--text", "text.txt", "--steps", "1", "--warmup", "0", "--out", "t"];
    assert_eq!(unread(&bench, &[&train[..], common::SMALL].concat()), Some(0));
    assert!(bench.path("t/record.json").is_file());
    let report = ["report", "saddle", "--out", "r.html"];
    assert_eq!(unread(&bench, &report), Some(0));
}
