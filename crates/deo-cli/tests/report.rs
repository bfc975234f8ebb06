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

/// (cost, loss) of the evaluations of a run, in order.
fn evaluations(steps: &[Value], run: &str) -> Vec<(f64, f64)> {
    let number = |value: &Value| value.as_f64().unwrap();
    let cost = |step: &Value| number(&step["gradients"]) + number(&step["losses"]) / 3.0;
    let of_run = steps.iter().filter(|step| step["run"] == run && !step["val_loss"].is_null());
    of_run.map(|step| (cost(step), number(&step["val_loss"]))).collect()
}

/// Linear between two evaluations, and the last one at the end.
fn loss_at(curve: &[(f64, f64)], cost: f64) -> f64 {
    let pair = curve.windows(2).find(|pair| pair[0].0 <= cost && cost <= pair[1].0);
    let Some([(c0, l0), (c1, l1)]) = pair else {
        let (c, loss) = if cost < curve[1].0 { curve[0] } else { curve[curve.len() - 1] };
        assert!((cost - c).abs() <= 1.0, "{cost} is not within {curve:?}");
        return loss;
    };
    l0 + (l1 - l0) * (cost - c0) / (c1 - c0)
}

/// The corners of a path of absolute coordinates.
fn corners(d: &str) -> Vec<[f64; 2]> {
    let pairs = d.split(['M', 'L', 'Z', 'h']).filter_map(|pair| pair.split_once(' '));
    pairs.map(|(x, y)| [x.parse().unwrap(), y.parse().unwrap()]).collect()
}

#[test]
fn the_difference_is_the_mean_over_seeds_and_the_band_its_standard_error() {
    let bench = Bench::new();
    let way = ["--policy", "deflate", "--interval", "2", "--lr", "0.03", "--eval-every", "8"];
    let seeds = ["--steps", "80", "--seed", "3", "--seeds", "3", "--out", "all"];
    assert_eq!(bench.train(&[&way[..], &seeds].concat()).code, 0);
    let dirs = ["all/seed-3", "all/seed-4", "all/seed-5"];
    assert_eq!(bench.deo(&[&["report"], &dirs[..]].concat()).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();

    // What is to be seen, from the files alone.
    let runs = dirs.map(|dir| {
        let steps = read_lines(&bench.path(dir).join("metrics.jsonl"));
        ["adamw", "adamw+deflate"].map(|run| evaluations(&steps, run))
    });
    let spread = |differences: [f64; 3]| {
        let mean = differences.iter().sum::<f64>() / 3.0;
        let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
        (mean, (squares / 2.0 / 3.0).sqrt())
    };
    let at =
        |cost| spread([0, 1, 2].map(|i| loss_at(&runs[i][1], cost) - loss_at(&runs[i][0], cost)));
    let costs: Vec<f64> = runs[0][0].iter().map(|(cost, _)| *cost).collect();
    let expected: Vec<(f64, f64)> = costs
        .iter()
        .filter(|cost| runs.iter().flatten().all(|curve| curve[0].0 <= **cost))
        .map(|cost| at(*cost))
        .collect();
    assert!(expected.len() >= 4 && expected.iter().all(|(mean, _)| *mean != 0.0), "{expected:?}");

    let figure = &page[page.find("Difference of the validation loss").unwrap()..];
    let figure = figure.split("</figure>").next().unwrap();
    assert!(figure.contains("3 seeds: adamw+deflate less adamw"), "{figure}");
    let path = |class: &str| {
        let rest = figure.split(&format!("<path class=\"{class} c0 d0\" d=\"")).nth(1).unwrap();
        corners(rest.split('"').next().unwrap())
    };
    let (means, band) = (path("curve"), path("band"));
    assert_eq!((means.len(), band.len()), (expected.len(), 2 * expected.len()));
    // Units of the drawing per nat, by the two means that are farthest apart.
    let by_mean = |a: &&(f64, f64), b: &&(f64, f64)| a.0.total_cmp(&b.0);
    let place = |of: Option<&(f64, f64)>| expected.iter().position(|e| Some(e) == of).unwrap();
    let (low, high) =
        (place(expected.iter().min_by(by_mean)), place(expected.iter().max_by(by_mean)));
    let scale = (means[low][1] - means[high][1]) / (expected[high].0 - expected[low].0);
    assert!(scale > 0.0);
    for (i, (mean, error)) in expected.iter().enumerate() {
        let height = means[low][1] - scale * (mean - expected[low].0);
        // Coordinates have one decimal.
        assert!((means[i][1] - height).abs() < 0.3, "{i}: {means:?}, {expected:?}");
        let [top, foot] = [band[i][1], band[band.len() - 1 - i][1]];
        assert!((foot - top - 2.0 * scale * error).abs() < 0.5, "{i}: {band:?}, {expected:?}");
    }

    // The head, from the records.
    let ends = dirs.map(|dir| {
        let record = read_json(&bench.path(dir).join("record.json"));
        let loss = |run: usize| record["runs"][run]["val_loss"].as_f64().unwrap();
        loss(1) - loss(0)
    });
    let (mean, error) = spread(ends);
    let sign = if mean < 0.0 { "−" } else { "+" };
    let told =
        format!(": {sign}{:.4} ± {error:.4} (validation loss of adamw+deflate less", mean.abs());
    let head = page.split("</header>").next().unwrap();
    assert!(head.contains(&told), "{told} is not in {head}");
    // 3.31 errors of four seeds, 4.53 of three: Student's t for two normal deviations.
    let beyond = mean.abs() > 4.53 * error;
    assert_eq!(head.contains("beyond noise") && !head.contains("No difference"), beyond, "{head}");
}

#[test]
fn methods_stand_at_their_rows_with_every_run_and_the_median_one_has_its_curve() {
    let bench = Bench::new();
    let methods = ["--methods", "gd,escape+gd,line-search+gd", "--lr", "0.2", "--budget", "300"];
    let what = ["escape", "--suite", "quartic-well,identical-units", "--seeds", "4", "--out", "e"];
    assert_eq!(bench.deo(&[&what[..], &methods].concat()).code, 0);
    assert_eq!(bench.deo(&["report", "e"]).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    let record = read_json(&bench.path("e/record.json"));
    for problem in ["quartic-well", "identical-units"] {
        let figure =
            page.split(&format!("{problem}: what each run cost</figcaption>")).nth(1).unwrap();
        let figure = figure.split("</figure>").next().unwrap();
        let runs =
            record["runs"].as_array().unwrap().iter().filter(|run| run["problem"] == problem);
        let (solved, missed): (Vec<_>, Vec<_>) = runs.partition(|run| run["end"] == "solved");
        assert_eq!(figure.matches("a3 3 0 1 0 6 0").count(), solved.len(), "{figure}");
        let count = |sign: &str| -> usize {
            let sign = format!(">{sign} ");
            let texts = figure.split(&sign).skip(1);
            texts.filter_map(|text| text.split("</text>").next()?.parse::<usize>().ok()).sum()
        };
        assert_eq!(count("○") + count("×"), missed.len(), "{figure}");
        for method in ["gd", "escape+gd", "line-search+gd"] {
            assert!(figure.contains(&format!(">{method}</text>")), "{method}");
        }
        assert!(page.contains(&format!("{problem}: median runs, without DEO")));
    }
    let curves = record["curves"].as_array().unwrap();
    assert_eq!(curves.len(), 6);
    let head = page.split("</header>").next().unwrap();
    // Units that start alike can't be told apart by gradients, and not by anybody in 300 of them at this rate.
    assert!(head.contains("quartic-well: fewest gradients to the target by "), "{head}");
    let (mut best, mut name) = (f64::INFINITY, "");
    for row in
        record["results"].as_array().unwrap().iter().filter(|row| row["problem"] == "quartic-well")
    {
        let cost = row["cost_median"].as_f64().unwrap_or(f64::INFINITY);
        if cost < best {
            (best, name) = (cost, row["method"].as_str().unwrap());
        }
    }
    assert!(head.contains(&format!("by {name} with {best:.0} (")), "{head}");
}

#[test]
fn a_surface_is_drawn_with_every_way_and_a_legend() {
    let bench = Bench::new();
    assert_eq!(bench.deo(SADDLE).code, 0);
    assert_eq!(bench.deo(&["report", "saddle"]).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    let record = read_json(&bench.path("saddle/record.json"));
    let (ways, descents) = (&record["ways"], &record["descents"]);
    let searches = record["results"]["searches"].as_array().unwrap();
    assert_eq!(ways.as_array().unwrap().len(), searches.len());
    // Both sides of each saddle, from it to a minimum that it joins.
    let saddles = record["results"]["distinct"].as_array().unwrap();
    assert_eq!(descents.as_array().unwrap().len(), 2 * saddles.len());
    let near = |a: &Value, b: &Value| {
        (0..2).all(|i| (a[i].as_f64().unwrap() - b[i].as_f64().unwrap()).abs() < 1e-3)
    };
    for (i, way) in
        descents.as_array().unwrap().iter().map(|way| way.as_array().unwrap()).enumerate()
    {
        assert!(near(&way[0], &saddles[i / 2]["x"]), "{:?}", way[0]);
        let minima = record["results"]["minima"].as_array().unwrap();
        assert!(minima.iter().any(|minimum| near(&way[way.len() - 1], &minimum["x"])));
    }
    let converged = searches.iter().filter(|search| search["status"] == "converged").count();
    let told = format!("{converged} of {} searches that are drawn converged", searches.len());
    assert!(page.contains(&told), "{told}");
    let svg = fs::read_to_string(bench.path("saddle/surface.svg")).unwrap();
    for text in [&page, &svg] {
        assert!(
            text.contains("ways down to the minima") && text.contains("saddles, and known minima")
        );
        assert_eq!(text.contains("searches that failed"), converged < searches.len());
    }
    assert!(svg.len() < 200_000 && !svg.contains("var("), "{} bytes", svg.len());
    assert!(page.contains("to 2 distinct saddles") && page.contains("What the words mean"));
}

#[test]
fn events_are_explained_where_they_are_counted() {
    let bench = Bench::new();
    assert_eq!(bench.train(&["--steps", "12", "--out", "run"]).code, 0);
    assert_eq!(bench.deo(&["report", "run"]).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();
    assert!(page.contains("href=\"#did-nothing\"") && page.contains("id=\"did-nothing\""));
    for word in
        ["no visit was due", "no-gain", "along the axis of lowest curvature", "larger batches"]
    {
        assert!(page.contains(word), "{word}");
    }
}

#[cfg(unix)]
#[test]
fn many_searches_on_an_engine_have_their_table() {
    use common::argon::{clients, record, reply, search};
    let bench = Bench::new();
    let engine = clients(&bench, || |question: &deo_ipi::Question| Some(reply(question)));
    let first = ["--json", "--searches", "3", "--connect", "--out", "many"];
    let arguments = [&first[..], &["--temperature", "50"]].concat();
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
    let event = &found["events"]["events"][0];
    for value in ["prefactor", "classical", "quantum", "barrier"] {
        let value = event[value].as_f64().unwrap();
        assert!(page.contains(&format!("<data value=\"{value}\">")), "{value}");
    }
    let lowest = -found["events"]["saddles"][0]["wavenumbers"][0].as_f64().unwrap();
    assert!(page.contains(&format!("{lowest:.1}i ")) && page.contains("saddle 1"));
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
