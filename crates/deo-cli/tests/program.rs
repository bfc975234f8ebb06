//! The program around its subcommands: help, version, colours, completions, manual pages.

mod common;

use common::{Bench, names, quiet, refused};
use std::fs;

const SUBCOMMANDS: [&str; 9] =
    ["demo", "train", "diagnose", "escape", "saddle", "spectrum", "report", "completions", "man"];

#[test]
fn the_program_by_itself_prints_its_help() {
    let bench = Bench::new();
    let help = quiet(&bench, &[]);
    assert_eq!(help, quiet(&bench, &["-h"]), "the short one");
    for subcommand in SUBCOMMANDS {
        assert!(help.contains(subcommand), "{subcommand}: {help}");
        let [short, long] = ["-h", "--help"].map(|h| quiet(&bench, &[subcommand, h]));
        assert!(long.len() >= short.len(), "{subcommand}");
    }
    refused(&bench.deo(&["trane"]), &["trane", "train"]);
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let bench = Bench::new();
    let error = |colour: &[&str]| bench.deo(&[colour, &["train", "--steps", "0"]].concat()).stderr;
    assert!(error(&[]).starts_with("error: "), "a pipe is no terminal");
    assert!(error(&["--color=always"]).starts_with("\u{1b}["));
    let help = |colour| bench.deo(&["train", "--color", colour, "-h"]).stdout;
    assert!(help("always").contains('\u{1b}') && !help("never").contains('\u{1b}'));
}

#[test]
fn the_version_says_what_the_kernels_use() {
    let bench = Bench::new();
    let [short, long] = ["-V", "--version"].map(|v| quiet(&bench, &[v]));
    assert_eq!(short, format!("deo {}\n", env!("CARGO_PKG_VERSION")));
    for word in ["commit: ", "target: ", "kernels: "] {
        assert!(long.contains(word), "{long}");
    }
}

#[test]
fn shells_are_told_every_subcommand_and_man_has_a_page_for_each() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = quiet(&bench, &["completions", shell]);
        assert!(SUBCOMMANDS.iter().all(|name| script.contains(name)), "{shell}");
        assert!(script.contains("max-gradients"), "{shell}: options too");
    }
    refused(&bench.deo(&["completions", "cmd"]), &["cmd", "bash"]);

    assert!(quiet(&bench, &["man"]).contains(".TH deo 1"));
    assert!(quiet(&bench, &["man", "train"]).contains("weight\\-decay"));
    refused(&bench.deo(&["man", "trane"]), &["trane", "train"]);
    quiet(&bench, &["man", "--out", "man1"]);
    let files = names(&bench.path("man1"));
    assert_eq!(files.len(), SUBCOMMANDS.len() + 1, "{files:?}");
    for subcommand in SUBCOMMANDS {
        let page = fs::read_to_string(bench.path(&format!("man1/deo-{subcommand}.1"))).unwrap();
        assert!(page.contains(&format!(".TH deo-{subcommand} 1")), "{subcommand}: {page:.300}");
    }
}

#[test]
fn every_subcommand_that_runs_something_takes_a_file_and_the_command_line_wins() {
    let bench = Bench::new();
    for subcommand in SUBCOMMANDS.iter().filter(|name| !["completions", "man"].contains(name)) {
        assert!(quiet(&bench, &[subcommand, "--help"]).contains("--config <FILE>"), "{subcommand}");
        let missing = bench.deo(&[subcommand, "--config", "no.toml"]);
        refused(&missing, &["no.toml", "TOML"]);
        bench.write("wrong.toml", b"# a comment\nno-such-key = 1\n");
        let wrong = bench.deo(&[subcommand, "--config", "wrong.toml"]);
        refused(&wrong, &["wrong.toml", "line 2", "no-such-key"]);
    }
    bench.write("s.toml", b"landscape = 'muller-brown'\nat = 'saddle-2'\nk = 2\njson = true\n");
    let from_file = |more: &[&str]| {
        common::json(&quiet(&bench, &[&["spectrum", "--config", "s.toml"], more].concat()))
    };
    let typed =
        ["spectrum", "--landscape", "muller-brown", "--at", "saddle-2", "--k", "2", "--json"];
    let found = |run: &serde_json::Value| run["eigenvalues"].as_array().unwrap().clone();
    assert_eq!(found(&from_file(&[])).len(), 2);
    assert_eq!(found(&from_file(&[])), found(&common::json(&quiet(&bench, &typed))));
    assert_eq!(found(&from_file(&["--k", "1"])).len(), 1);

    quiet(&bench, common::SADDLE);
    bench.write("r.toml", b"dirs = ['saddle']\nout = 'from-file.html'\n");
    quiet(&bench, &["report", "--config", "r.toml"]);
    quiet(&bench, &["report", "--config=r.toml", "--out", "typed.html"]);
    let page = |name: &str| fs::read_to_string(bench.path(name)).unwrap();
    assert_eq!(page("from-file.html"), page("typed.html"));
}
