//! `deo demo`: its numbers against those of the comparison that it is made of, and a page that is whole or not there.

mod common;

use common::{Bench, json, quiet, refused};
use std::fs;

#[test]
fn the_story_is_one_of_the_runs_that_the_table_counts_and_the_page_tells_it() {
    let bench = Bench::new();
    let told = json(&quiet(&bench, &["demo", "--json", "--threads", "2", "--out", "p/demo.html"]));

    // Units that start alike can't be told apart by any gradient: no base alone may reach the target.
    let rivals = told["rivals"].as_array().unwrap();
    for rival in &rivals[..3] {
        assert_eq!(rival["solved"], 0, "{rival}");
    }
    let row = rivals.iter().find(|rival| rival["method"] == "escape+heavy-ball").unwrap();
    assert_eq!(told["rate"], row["lr"]);
    let cost = told["helped"]["cost"].as_f64().unwrap();
    if told["helped"]["reached"] == true {
        assert!(row["cost_min"].as_f64().unwrap() <= cost + 1e-9, "{row}");
        assert!(row["cost_max"].as_f64().is_none_or(|most| cost <= most + 1e-9), "{row}");
    }
    // Alone it stays at the best net of one unit, whose loss and lowest curvature the landscape states.
    assert_eq!(
        (&told["alone"]["reached"], &told["alone"]["cost"]),
        (&false.into(), &5000.0.into())
    );
    let loss = told["alone"]["loss"].as_f64().unwrap();
    assert!((0.028..0.035).contains(&loss), "{loss}");
    let stuck = told["stuck"]["curvature"].as_f64().unwrap();
    assert!(stuck < -1e-4 && stuck + told["stuck"]["error"].as_f64().unwrap() < 0.0, "{stuck}");
    if let Some(kick) = told["kick"].as_object() {
        assert!(kick["curvature"].as_f64().unwrap() < 0.0);
        assert!(kick["loss_after"].as_f64() < kick["loss"].as_f64());
    }

    let page = fs::read_to_string(bench.path("p/demo.html")).unwrap();
    for foreign in ["<script", "://", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.ends_with("</html>\n") && page.len() < 100_000, "{} bytes", page.len());
    assert!(page.contains(&format!("within {cost:.0} gradients")), "{cost}");
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_the_work() {
    let bench = Bench::new();
    fs::create_dir(bench.path("taken")).unwrap();
    refused(&bench.deo(&["demo", "--out", "taken"]), &["taken", "directory"]);
    refused(&bench.deo(&["demo", "--threads", "0"]), &["threads", "0", "between 1 and"]);
}
