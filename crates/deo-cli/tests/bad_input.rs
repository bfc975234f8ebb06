//! Bad usage and bad input: exit code 2, nothing on standard output, and one line on standard error that says what was
//! wrong and what would be right. Nothing is trained before the complaint.

mod common;

use common::{Bench, refused};

#[test]
fn texts() {
    let bench = Bench::new();
    bench.write("empty.txt", b"");
    bench.write("latin1.txt", b"caf\xe9 au lait");
    bench.write("short.txt", b"too short for a block");
    // The training part holds a block of 16, the validation part of ⌈30/10⌉ characters doesn't.
    bench.write("uneven.txt", b"thirty characters of some text");
    let text = |name| bench.deo(&["train", "--text", name, "--block", "16"]);
    refused(&text("missing.txt"), &["missing.txt", "no file"]);
    refused(&text("empty.txt"), &["empty.txt", "empty", "at least one character"]);
    refused(&text("latin1.txt"), &["latin1.txt", "UTF-8", "byte 3"]);
    refused(&text("short.txt"), &["validation part has 3", "17", "longer text"]);
    refused(&text("uneven.txt"), &["validation part has 3", "17", "longer text"]);
    refused(
        &bench.deo(&["train", "--text", "short.txt", "--block", "32"]),
        &["training part", "33"],
    );
    refused(&text("."), &["cannot read"]);
}

#[test]
fn numbers() {
    let bench = Bench::new();
    for (option, values, words) in [
        ("--steps", &["0", "18446744073709551615"][..], &["steps is", "between 1 and"][..]),
        ("--steps", &["-5", "many", "1.5", "99999999999999999999", ""], &["--steps"]),
        ("--lr", &["NaN", "inf", "0", "-1"], &["lr is", "finite and above 0"]),
        ("--lr", &["fast"], &["--lr", "fast"]),
        ("--min-lr", &["-0.1", "9", "nan"], &["min-lr is", "between 0 and lr"]),
        ("--warmup", &["2000"], &["warmup is 2000", "between 0 and 1999"]),
        ("--batch", &["0", "99999999"], &["batch is", "between 1 and"]),
        ("--block", &["0", "99999999"], &["block is", "between 1 and 1024"]),
        ("--threads", &["0", "99999999"], &["threads is", "between 1 and"]),
        ("--eval-every", &["0"], &["eval-every is 0"]),
        ("--eval-batches", &["0"], &["eval-batches is 0"]),
        ("--clip", &["-1", "NaN", "inf"], &["clip is", "at least 0"]),
        ("--weight-decay", &["-1", "NaN"], &["weight decay is", "at least 0"]),
        ("--beta1", &["1", "-0.5", "NaN"], &["beta1 is", "[0, 1)"]),
        ("--beta2", &["1", "NaN"], &["beta2 is", "[0, 1)"]),
        ("--interval", &["0"], &["interval is 0", "between 1 and"]),
        ("--save-every", &["-1", "x", "1.5"], &["--save-every"]),
        ("--share", &["-1", "NaN"], &["share is", "at least 0"]),
        ("--allowance", &["-1", "inf"], &["allowance is", "at least 0"]),
        ("--seed", &["-1", "x"], &["--seed"]),
        ("--monitor-interval", &["-1", "x", "1.5"], &["--monitor-interval"]),
        ("--monitor-gradients", &["-2", "many"], &["--monitor-gradients"]),
        ("--monitor-batches", &["-1", ""], &["--monitor-batches"]),
    ] {
        for value in values {
            refused(&bench.deo(&["train", option, value]), words);
        }
    }
    for (option, values, words) in [
        ("--monitor-interval", &["0"][..], &["monitor-interval is 0", "between 1 and"][..]),
        (
            "--monitor-gradients",
            &["0", "1", "1001"],
            &["monitor-gradients is", "between 2 and 1000"],
        ),
        ("--monitor-batches", &["0", "1001"], &["monitor-batches is", "between 1 and 1000"]),
    ] {
        for value in values {
            refused(&bench.deo(&["train", "--monitor", option, value]), words);
        }
    }
    refused(&bench.deo(&["train", "--monitor=often"]), &["often", "true, false"]);
    let deflate = ["train", "--policy", "deflate", "--alpha", "NaN"];
    refused(&bench.deo(&deflate), &["alpha is NaN", "finite"]);
    let sgd = ["train", "--optimizer", "sgd", "--momentum", "1"];
    refused(&bench.deo(&sgd), &["momentum is 1", "[0, 1)"]);
}

#[test]
fn names_and_usage() {
    let bench = Bench::new();
    let deo = |arguments: &[&str]| bench.deo(arguments);
    refused(&deo(&["train", "--preset", "huge"]), &["huge", "tiny, paper-small, paper-large"]);
    refused(&deo(&["train", "--optimizer", "lion"]), &["lion", "sgd, adam, adamw"]);
    refused(&deo(&["train", "--policy", "hope"]), &["hope", "off, escape, deflate, amplify"]);
    refused(&deo(&["train", "--step", "3"]), &["--step", "--steps"]);
    refused(&deo(&["train", "text.txt"]), &["text.txt", "--help"]);
    refused(&deo(&["trane"]), &["trane", "train"]);
}

#[test]
fn options_without_use() {
    let bench = Bench::new();
    for (option, needs) in
        [("--alpha", "deflate"), ("--strength", "amplify"), ("--momentum", "sgd")]
    {
        refused(&bench.deo(&["train", option, "0.5"]), &[option, "does nothing", needs]);
    }
    for option in ["--monitor-interval", "--monitor-gradients", "--monitor-batches"] {
        refused(&bench.deo(&["train", option, "5"]), &[option, "does nothing", "needs --monitor"]);
        refused(&bench.deo(&["train", "--monitor=false", option, "5"]), &["does nothing"]);
    }
    refused(&bench.deo(&["train", "--save-every", "5"]), &["--save-every does nothing", "--out"]);
    let off = ["train", "--policy", "off", "--interval", "3"];
    refused(&bench.deo(&off), &["--interval does nothing", "other than off"]);
    let sgd = ["train", "--optimizer", "sgd", "--beta1", "0.5"];
    refused(&bench.deo(&sgd), &["--beta1 does nothing", "adam"]);
}

#[test]
fn output_directories() {
    let bench = Bench::new();
    bench.write("file", b"");
    std::fs::create_dir_all(bench.path("taken/metrics.jsonl")).unwrap();
    refused(&bench.train(&["--out", "file"]), &["\"file\"", "directory that can be created"]);
    refused(
        &bench.train(&["--out", "file/below"]),
        &["file/below", "directory that can be created"],
    );
    refused(&bench.train(&["--out", "taken"]), &["taken/metrics.jsonl", "is a directory"]);
    assert_eq!(common::names(&bench.path("taken")), ["metrics.jsonl"]);
}

#[test]
fn trainings_to_be_resumed() {
    let bench = Bench::new();
    let resume = |arguments: &[&str]| bench.deo(&[&["train", "--resume"], arguments].concat());
    refused(&resume(&["none"]), &["no directory \"none\"", "--out directory of a training"]);
    std::fs::create_dir(bench.path("empty")).unwrap();
    refused(&resume(&["empty"]), &["\"empty\" has no checkpoint", "begin", "--out empty"]);
    assert!(common::names(&bench.path("empty")).is_empty(), "nothing is left there");

    // A training that fails leaves its last good state.
    let fatal =
        ["--optimizer", "sgd", "--lr", "1e37", "--clip", "0", "--warmup", "0", "--steps", "40"];
    let save = ["--save-every", "2", "--monitor", "--out", "o"];
    assert_eq!(bench.train(&[&fatal[..], &save].concat()).code, 3);
    for (arguments, words) in [
        (&["--lr", "0.5"][..], &["--lr is 0.5 here and 1e+37 in the training"][..]),
        (&["--steps", "41"], &["--steps is 41 here and 40 in"]),
        (&["--batch", "5"], &["--batch is 5 here and 4 in"]),
        (&["--optimizer", "adam"], &["--optimizer is adam here and sgd in"]),
        (&["--policy", "off"], &["--policy is off here and escape in"]),
        (&["--seed", "2"], &["--seed is 2 here and 1 in"]),
        (&["--beta1", "0.5"], &["--beta1 is 0.5 here and not used in", "leave it out"]),
        (&["--monitor=false"], &["--monitor is false here and true in"]),
        (&["--monitor-interval", "3"], &["--monitor-interval is 3 here and 50 in"]),
        (&["--out", "p"], &["--out is p here and o in"]),
        (&["--threads", "0"], &["threads is 0", "between 1 and"]),
        (&["--save-every", "0"], &["save-every is 0", "between 1 and"]),
        (&["--text", "none.txt"], &["none.txt", "no file"]),
    ] {
        refused(&resume(&[&["o"], arguments].concat()), words);
    }
    bench.write("run.toml", b"steps = 40\nbatch = 9\n");
    refused(&resume(&["o", "--config", "run.toml"]), &["--batch is 9 here and 4 in"]);
    bench.write("other.txt", "another text of the same length or not. ".repeat(40).as_bytes());
    refused(&resume(&["o", "--text", "other.txt"]), &["other.txt has 1600 characters", "--text"]);
    refused(
        &bench.train(&["--out", "o"]),
        &["isn't finished", "deo train --resume o", "o/checkpoints"],
    );

    // What agrees, and what changes no number, is no objection; the training fails as before.
    std::fs::rename(bench.path("text.txt"), bench.path("moved.txt")).unwrap();
    refused(&resume(&["o"]), &["text.txt", "no file"]);
    let free =
        ["--text", "moved.txt", "--threads", "1", "--save-every", "3", "--sample", "5", "--json"];
    let outcome = resume(&[&["o"], &fatal[..], &free].concat());
    assert_eq!((outcome.code, &*outcome.stdout), (3, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("not finite in 10 steps"), "{}", outcome.stderr);
}

#[test]
fn checkpoints_that_are_none() {
    let bench = Bench::new();
    let resume = || bench.deo(&["train", "--resume", "o"]);
    let path = |number| bench.path(&format!("o/checkpoints/checkpoint-{number:010}.deo"));
    std::fs::create_dir_all(bench.path("o/checkpoints")).unwrap();
    std::fs::write(path(3), b"").unwrap();
    refused(&resume(), &["none of the 1 checkpoints", "o/checkpoints"]);
    std::fs::write(path(4), b"a text").unwrap();
    refused(&resume(), &["none of the 2 checkpoints", "0000000004.deo"]);
    // A whole one, of something else.
    let kind = deo_models::checkpoint::Kind(*b"other\0\0\0");
    let other = deo_models::checkpoint::encode(kind, &(1_u64, "a state")).unwrap();
    std::fs::write(path(5), other).unwrap();
    refused(&resume(), &["0000000005.deo", "kind \"other\"", "\"deotrn-3\""]);
    // The right kind, and not what it says.
    let kind = deo_models::checkpoint::Kind(*b"deotrn-3");
    let other = deo_models::checkpoint::encode(kind, &(1_u64, "a state")).unwrap();
    std::fs::write(path(6), other).unwrap();
    refused(&resume(), &["0000000006.deo", "no such value"]);
}

#[test]
fn configuration_files() {
    let bench = Bench::new();
    let config = |text: &str| {
        bench.write("run.toml", text.as_bytes());
        bench.train(&["--config", "run.toml"])
    };
    refused(&bench.train(&["--config", "missing.toml"]), &["missing.toml", "TOML file"]);
    refused(&bench.train(&["--config", "."]), &["cannot read"]);
    refused(&config("seed = 3\nstepz = 5"), &["run.toml", "line 2", "stepz", "`steps`"]);
    refused(&config("steps = 'five'"), &["line 1", "steps", "five", "a whole number"]);
    refused(&config("steps = -5"), &["line 1", "-5", "a whole number, not below 0"]);
    refused(&config("\nlr ="), &["line 2", "lr"]);
    refused(&config("preset = 'huge'"), &["line 1", "preset", "huge", "paper-small"]);
    refused(&config("lr = nan"), &["lr is NaN", "above 0"]);
    refused(&config("steps = 0"), &["steps is 0"]);
    refused(&config("monitor = 3"), &["line 1", "monitor", "boolean"]);
    refused(&config("monitor = true\nmonitor-interval = 0"), &["monitor-interval is 0"]);
    refused(&config("monitor = true\nmonitor-batches = -4"), &["line 2", "monitor-batches", "-4"]);
    refused(&config("[train]\nsteps = 5"), &["line 1", "train"]);
}
