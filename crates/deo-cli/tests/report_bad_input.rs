//! `deo report` refuses what it can't read with one line and exit code 2, and writes nothing then.

mod common;

use common::{Bench, names, refused};
use std::fs;

const STEP: &str = "{\"run\":\"a\",\"step\":1,\"loss\":2,\"gradient_norm\":1,\"gradients\":1}\n";

/// A directory `run` with these files.
fn with(files: &[(&str, &[u8])]) -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("run")).unwrap();
    for (name, content) in files {
        bench.write(&format!("run/{name}"), content);
    }
    bench
}

#[track_caller]
fn refuses(bench: &Bench, arguments: &[&str], words: &[&str]) {
    let before = names(&bench.path("."));
    refused(&bench.deo(&[&["report"], arguments].concat()), words);
    assert_eq!(names(&bench.path(".")), before, "nothing may be written");
}

#[test]
fn directories_without_a_run() {
    let bench = with(&[("notes.txt", b"")]);
    refuses(&bench, &[], &["were not provided: <DIR>..."]);
    refuses(&bench, &["nowhere"], &["nowhere", "--out"]);
    refuses(&bench, &["text.txt"], &["text.txt", "it is a file"]);
    refuses(&bench, &["run"], &["neither record.json nor metrics.jsonl"]);
}

#[test]
fn damaged_records() {
    let deep = "[".repeat(100_000);
    for (content, word) in [
        (&b""[..], "EOF"),
        (b"{\"command\": \"train\",", "line 1"),
        (b"\xff\xfe{}", "line 1"),
        (b"5", "names no command"),
        (b"{\"command\": 5}", "names no command"),
        (b"{\"command\": \"train\", \"x\": NaN}", "line 1"),
        (b"{\"command\": \"train\", \"x\": 1e999}", "line 1"),
        (deep.as_bytes(), "recursion"),
    ] {
        let bench = with(&[("record.json", content)]);
        refuses(&bench, &["run", "--tensorboard", "logs"], &["record.json", "is damaged", word]);
    }
    let bench = with(&[]);
    fs::create_dir(bench.path("run/record.json")).unwrap();
    refuses(&bench, &["run"], &["cannot read", "record.json"]);
}

#[test]
fn damaged_metrics_are_told_with_their_line() {
    let record: (&str, &[u8]) = ("record.json", b"{\"command\": \"train\"}");
    for bad in ["{", "[1]", "\u{1}", "{\"run\":\"a\"}", &STEP.replace("\"step\":1", "\"step\":-1")]
    {
        let text = format!("{STEP}{bad}\n{STEP}");
        for name in ["metrics.jsonl", "metrics.jsonl.partial"] {
            let bench = with(&[record, (name, text.as_bytes())]);
            refuses(&bench, &["run"], &[name, "is damaged", "line 2"]);
        }
    }
    // A whole file that ends within a line was cut.
    let cut = &STEP.repeat(2)[..STEP.len() + 20];
    let bench = with(&[record, ("metrics.jsonl", cut.as_bytes())]);
    refuses(&bench, &["run"], &["metrics.jsonl", "line 2"]);
}

#[test]
fn one_bad_run_among_good_ones_spoils_the_page() {
    let bench = with(&[("record.json", b"{\"command\": \"saddle\"}")]);
    refuses(&bench, &["run", "nowhere", "--out", "pages/p.html"], &["nowhere"]);
}

#[test]
fn pages_that_cannot_be_written() {
    let bench = with(&[("record.json", b"{\"command\": \"saddle\"}")]);
    refuses(&bench, &["run", "--out", "run/record.json"], &["out", ".html"]);
    refuses(&bench, &["run", "--out", ""], &["--out"]);
    refuses(&bench, &["run", "--out", ".."], &["out", ".html"]);
    refuses(&bench, &["run", "--out", "text.txt/page.html"], &["text.txt", "cannot write"]);
    refuses(&bench, &["run", "--tensorboard", "text.txt"], &["text.txt", "cannot write"]);
    fs::create_dir(bench.path("taken.html")).unwrap();
    refuses(&bench, &["run", "--out", "taken.html"], &["taken.html", "is a directory"]);
    let untouched = fs::read(bench.path("run/record.json")).unwrap();
    assert_eq!(untouched, b"{\"command\": \"saddle\"}");
}
