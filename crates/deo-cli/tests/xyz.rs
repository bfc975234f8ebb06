//! Extended XYZ as ASE writes it, and the statements of the specification, against what ASE reads in the same texts
//! (golden/xyz/generate.py); what ASE doesn't read, or what is periodic, is refused by line.

use deo_cli::saddle::xyz::{frame_text, parse};
use serde_json::Value;
use std::path::Path;

fn cases() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/xyz/cases.json");
    let json = std::fs::read_to_string(path).unwrap();
    let cases: serde_json::Map<String, Value> = serde_json::from_str(&json).unwrap();
    cases.into_iter().collect()
}

/// Symbols and positions as ASE has them.
fn atoms(frame: &Value) -> (Vec<String>, Vec<f64>) {
    let texts = |key: &str| {
        let list = frame[key].as_array().unwrap().iter();
        list.map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (texts("symbols"), texts("positions").iter().map(|x| x.parse().unwrap()).collect())
}

#[test]
fn files_are_read_as_by_ase() {
    let (mut equal, mut refused) = (0, 0);
    for (name, case) in cases() {
        let text = case["text"].as_str().unwrap();
        let read = parse(text, Path::new("a.xyz"));
        let frames = case["frames"].as_array();
        let periodic = frames.and_then(|frames| {
            frames.iter().position(|frame| frame["periodic"].as_bool().unwrap())
        });
        match (frames, periodic) {
            (Some(frames), None) => {
                let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                let read: Vec<_> = read.into_iter().map(|frame| (frame.species, frame.x)).collect();
                assert_eq!(read, frames.iter().map(atoms).collect::<Vec<_>>(), "{name}");
                equal += 1;
            }
            (Some(_), Some(frame)) => {
                let error = read.expect_err(&name).to_string();
                let length: usize = text.lines().next().unwrap().trim().parse().unwrap();
                let line = format!("line {}: ", frame * (length + 2) + 2);
                assert!(error.contains(&line) && error.contains("free cluster"), "{name}: {error}");
                refused += 1;
            }
            (None, _) => {
                let error = read.expect_err(&name).to_string();
                assert!(error.contains("line 3"), "{name}: {error}");
                refused += 1;
            }
        }
    }
    assert!(equal >= 30 && refused >= 14, "{equal} {refused}");
}

#[test]
fn ase_reads_what_is_written() {
    let cases = cases();
    let (_, ours) = cases.iter().find(|(name, _)| name == "ours").unwrap();
    let (species, x) = atoms(&ours["frames"][0]);
    let facts = "energy=-40.5 curvature=-0.0000001 index=1 found=2 barrier=3";
    assert_eq!(frame_text(&species, &x, facts), ours["text"].as_str().unwrap());
}
