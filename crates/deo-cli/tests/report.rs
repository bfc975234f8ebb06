//! `deo report`: pages about runs of every subcommand, as far as text can tell; `report_browser` looks at them.

mod common;

use common::{Bench, ESCAPE, SADDLE, SPECTRUM, names, read_json, read_lines};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A run of every subcommand.
fn runs(bench: &Bench) -> [&'static str; 4] {
    let train = ["--steps", "40", "--lr", "0.02", "--seed", "3", "--out", "train"];
    assert_eq!(bench.train(&train).code, 0);
    for arguments in [ESCAPE, SPECTRUM, SADDLE] {
        let outcome = bench.deo(arguments);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    ["train", "escape", "spectrum", "saddle"]
}

/// The number as the page shows it, for those between 1 and 10, which have four decimals.
fn shown(value: &Value) -> String {
    let number = value.as_f64().unwrap();
    assert!((1.0..10.0).contains(&number.abs()), "{number}");
    format!("<data value=\"{number}\">{number:.4}</data>")
}

fn write_run(bench: &Bench, name: &str, record: &Value, metrics: &str) {
    fs::create_dir_all(bench.path(name)).unwrap();
    bench.write(&format!("{name}/record.json"), record.to_string().as_bytes());
    bench.write(&format!("{name}/metrics.jsonl"), metrics.as_bytes());
}

fn line(step: usize, loss: &str) -> String {
    format!(
        "{{\"run\":\"a\",\"step\":{step},\"loss\":{loss},\"gradient_norm\":1,\"gradients\":{step}}}\n"
    )
}

#[test]
fn a_page_holds_the_results_of_every_subcommand_and_nothing_from_elsewhere() {
    let bench = Bench::new();
    let dirs = runs(&bench);
    let before = names(&bench.path("train"));
    let call = |out| bench.deo(&[&["report", "--out", out], &dirs[..]].concat());
    let outcome = call("pages/all.html");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert_eq!(outcome.stdout, "4 runs in pages/all.html\n");
    assert_eq!(names(&bench.path("pages")), ["all.html"], "whole, and nothing beside it");
    assert_eq!(names(&bench.path("train")), before);

    let page = fs::read_to_string(bench.path("pages/all.html")).unwrap();
    for foreign in ["<script", "://", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let record = read_json(&bench.path("train/record.json"));
    for run in record["runs"].as_array().unwrap() {
        assert!(
            page.contains(&shown(&run["train_loss"])) && page.contains(&shown(&run["val_loss"]))
        );
    }
    let record = read_json(&bench.path("saddle/record.json"));
    let joined = &record["results"]["distinct"][0]["joins"][0]["energy"];
    assert!(page.contains(&format!("<data value=\"{joined}\">")), "{joined}");
    let record = read_json(&bench.path("spectrum/record.json"));
    let lowest = &record["results"]["pairs"][0]["eigenvalue"];
    assert!(page.contains(&format!("<data value=\"{lowest}\">")), "{lowest}");
    assert!(page.contains("escape: adam") && page.contains("monkey-well: cost to the target"));

    // Same files, same page.
    assert_eq!(call("again.html").code, 0);
    assert_eq!(page, fs::read_to_string(bench.path("again.html")).unwrap());
}

#[cfg(unix)]
#[test]
fn a_search_on_an_engine_has_its_profile_and_its_convergence() {
    use common::argon::{clients, record, reply, search};
    let bench = Bench::new();
    for (out, way) in [("path", "--irc"), ("minima", "--connect")] {
        let engine = clients(&bench, || |question: &deo_ipi::Question| Some(reply(question)));
        let arguments = ["--json", way, "--temperature", "60", "--out", out];
        let found = record(&search(&bench, &arguments));
        engine.join().unwrap();
        let outcome = bench.deo(&["report", out]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
        let page = fs::read_to_string(bench.path("report.html")).unwrap();
        assert!(!page.contains("knows no command"));
        let side = &found["minima"][1];
        for value in [
            &found["energy"],
            &side["energy"],
            &side["barrier"],
            &found["rates"]["sides"][0]["prefactor"],
        ] {
            assert!(
                page.contains(&format!("<data value=\"{}\">", value.as_f64().unwrap())),
                "{value}"
            );
        }
        for words in
            ["energy along the way", "largest atomic force", "lowest curvature", "frequencies"]
        {
            assert!(page.contains(words), "{words}");
        }
        let points = found["profile"].as_array().unwrap().len();
        let count = if way == "--irc" { points } else { 3 };
        assert!(page.contains(&format!("energy: {count} values between")), "{count}");
    }
}

#[cfg(unix)]
#[test]
fn many_searches_on_an_engine_have_their_table() {
    use common::argon::{clients, record, reply, search};
    let bench = Bench::new();
    let engine = clients(&bench, || |question: &deo_ipi::Question| Some(reply(question)));
    let arguments = ["--json", "--searches", "3", "--connect", "--out", "many"];
    let found = record(&search(&bench, &arguments));
    engine.join().unwrap();
    let outcome = bench.deo(&["report", "many"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(!page.contains("knows no command") && page.contains("in eV and Å"));
    let row = &found["distinct"][0];
    for value in [&row["energy"], &row["barrier"], &row["curvature"], &row["joins"][0]["energy"]] {
        assert!(page.contains(&format!("<data value=\"{}\">", value.as_f64().unwrap())), "{value}");
    }
    assert!(page.contains("guess.xyz, ipi:"), "what was searched");
}

#[test]
fn settings_that_differ_are_on_top_and_only_these() {
    let bench = Bench::new();
    for (seed, out) in [("1", "one"), ("2", "two")] {
        assert_eq!(bench.train(&["--steps", "4", "--seed", seed, "--out", out]).code, 0);
    }
    assert_eq!(bench.deo(&["report", "one", "two"]).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    let top = page.split("Settings that differ").nth(1).unwrap();
    let (top, below) = top.split_once("<h2>").unwrap();
    assert!(top.contains(">seed</th>") && !top.contains("optimizer"), "{top}");
    assert!(below.contains("two: adamw+escape"));
}

#[test]
fn text_from_files_never_becomes_a_tag() {
    let bench = Bench::new();
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let run = json!({"name": evil, "train_loss": evil, "val_loss": 2, "events": {evil: 1}});
    for command in
        ["train", "escape", "spectrum", "saddle", "saddle-engine", "saddle-engine-searches", evil]
    {
        let record = json!({
            "command": command, "version": evil, "settings": {evil: evil, "seed": evil, "guess": evil, "engine": evil}, "sample": evil,
            "status": evil, "minima": [{"status": evil, "energy": evil}], "profile": [{"arc": evil}],
            "steps": [{"fmax": 1, "gradients": evil}], "frequencies": {"wavenumbers": [evil, -3]},
            "failure": evil, "text": {"source": evil}, "target": evil, "runs": [run],
            "problems": [{"name": evil, "target": evil}],
            "results": {"pairs": [{"end": evil, "status": evil}], "advice": [evil],
                "distinct": [{"from": [{"start": evil}]}], "searches": [{"status": evil}]},
        });
        let step = json!({"run": evil, "step": 1, "loss": 1, "gradient_norm": 1, "event": evil, "gradients": 1});
        write_run(&bench, "evil", &record, &format!("{step}\n"));
        let outcome = bench.deo(&["report", "evil", "evil", "--tensorboard", "logs"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let page = fs::read_to_string(bench.path("report.html")).unwrap();
        assert!(page.contains("&lt;script&gt;"), "{command}");
        assert!(!page.contains("<script") && !page.contains("<img"), "{command}");
    }
    let logs = names(&bench.path("logs/evil"));
    assert!(logs[0].starts_with("_script_alert_1"), "{logs:?}");
}

#[test]
fn an_unfinished_run_is_shown_as_far_as_it_got() {
    let bench = Bench::new();
    fs::create_dir(bench.path("going")).unwrap();
    let text = line(1, "2.5") + &line(2, "1.25") + "{\"run\":\"a\",\"st";
    bench.write("going/metrics.jsonl.partial", text.as_bytes());
    let outcome = bench.deo(&["report", "going"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("goes on or was killed"), "{}", outcome.stdout);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(page.contains("<data value=\"1.25\">1.25</data>") && page.contains("no record yet"));
}

#[test]
fn what_is_missing_or_not_finite_is_said() {
    let bench = Bench::new();
    let record = json!({"command": "train", "runs": [{"name": "a", "val_loss": null}]});
    write_run(&bench, "gap", &record, &(line(1, "2.5") + &line(2, "null") + &line(3, "1.5")));
    let page = |name: &str| {
        let outcome = bench.deo(&["report", name, "--json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let said: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(said["command"], "report");
        (fs::read_to_string(bench.path("report.html")).unwrap(), said)
    };
    let (text, said) = page("gap");
    assert!(text.contains("in 1 of 3 steps the loss was not finite"));
    assert_eq!(said["runs"][0]["notes"], json!([]));
    fs::remove_file(bench.path("gap/metrics.jsonl")).unwrap();
    let (text, said) = page("gap");
    assert!(text.contains("metrics.jsonl is missing") && !text.contains("<svg"));
    assert_eq!(said["runs"][0]["notes"].as_array().unwrap().len(), 1);
    write_run(&bench, "later", &json!({"command": "dance", "steps": {"left": 17}}), "");
    let (text, _) = page("later");
    assert!(
        text.contains("knows no command") && text.contains("steps.left") && text.contains(">17<")
    );
}

#[test]
fn a_long_training_becomes_a_small_page_with_its_extremes() {
    const STEPS: usize = 300_000;
    let bench = Bench::new();
    let loss = |i| if i == 123_457 { "77.5" } else { "2.5" };
    let metrics: String = (1..=STEPS).map(|i| line(i, loss(i))).collect();
    write_run(&bench, "long", &json!({"command": "train"}), &metrics);
    assert_eq!(bench.deo(&["report", "long"]).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(page.contains("300000 values between 2.5 and 77.5"));
    assert!(page.contains("class=\"band c0 d0\""), "the outlier is drawn");
    // A line and a band of 400 stretches at 12 bytes a corner are 15 kB; style and tables are some 15 kB more.
    assert!(page.len() < 60_000, "{} bytes", page.len());
}

/// CRC-32C bit by bit: the tables of the program's own have another origin.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 }
        })
    };
    let crc = !bytes.iter().fold(!0, step);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn records(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let (mut rest, mut records) = (&bytes[..], vec![]);
    while !rest.is_empty() {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        assert_eq!(number(8), crc(&rest[..8]));
        assert_eq!(number(12 + length), crc(&rest[12..12 + length]));
        records.push(rest[12..12 + length].to_vec());
        rest = &rest[16 + length..];
    }
    records
}

#[test]
fn event_files_have_a_checked_record_for_each_step() {
    let bench = Bench::new();
    assert_eq!(bench.train(&["--steps", "12", "--monitor", "--out", "run"]).code, 0);
    let outcome = bench.deo(&["report", "run", "--tensorboard", "logs"]);
    assert!(outcome.stdout.ends_with("2 event files in logs\n"), "{}", outcome.stdout);
    let steps = read_lines(&bench.path("run/metrics.jsonl"));
    for name in ["adamw", "adamw+escape"] {
        let dir = bench.path("logs/run").join(name);
        assert_eq!(names(&dir), ["events.out.tfevents.0000000000.deo"]);
        let records = records(&dir.join("events.out.tfevents.0000000000.deo"));
        let steps: Vec<_> = steps.iter().filter(|step| step["run"] == name).collect();
        assert_eq!(records.len(), 1 + steps.len());
        assert!(records[0].ends_with(b"brain.Event:2"));
        for (record, step) in records[1..].iter().zip(&steps) {
            let loss = step["loss"].as_f64().unwrap() as f32;
            let value = [&b"\x0a\x04loss\x15"[..], &loss.to_le_bytes()].concat();
            assert!(record.windows(value.len()).any(|window| window == value));
            let has = |tag: &[u8]| record.windows(tag.len()).any(|window| window == tag);
            assert_eq!(has(b"val_loss"), !step["val_loss"].is_null());
            assert_eq!(has(b"lambda_min"), step["monitor"].is_object());
        }
    }
}
