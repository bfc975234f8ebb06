//! The page of `deo report` as a browser draws it, at the widths of a phone and of a desk.
//!
//! The page sits in a frame of that width, and a script outside of it measures what is there. Needs Chromium (Debian:
//! `apt-get install chromium`), or another one that the variable `CHROMIUM` names; without it the test says so and passes.

mod common;

use common::{Bench, ESCAPE, SADDLE, SPECTRUM, read_json, read_lines};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MEASURE: &str = r#"
addEventListener("load", () => {
  const measured = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, all = selector => [...page.querySelectorAll(selector)];
    const box = element => element.getBoundingClientRect();
    const inside = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
      && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
    return {
      overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
      scripts: all("script").length,
      curves: all("path.curve").filter(path => path.getTotalLength() > 0).length,
      invisible: all("path.curve").filter(path => frame.contentWindow.getComputedStyle(path).stroke == "none").length,
      outside: all("svg text, svg path").filter(e => !inside(box(e), box(e.closest("svg")))).length,
      unnamed: all("svg").filter(svg => !svg.querySelector("title").textContent
        || !page.getElementById(svg.getAttribute("aria-labelledby"))
        || !page.getElementById(svg.getAttribute("aria-describedby"))).length,
      smallest: Math.min(...all("svg text").map(text => box(text).height)),
      headings: all("h1, h2, h3").map(heading => +heading.tagName[1]),
      folded: box(all("thead")[0]).width < 2,
      data: all("data").filter(data => box(data).width > 0).map(data => data.value + "=" + data.textContent),
      wide: all(".table").filter(table => table.scrollWidth > table.clientWidth).length,
      language: page.documentElement.lang,
      title: page.title,
    };
  });
  const result = document.createElement("pre");
  result.textContent = "MEASURED" + JSON.stringify(measured) + "MEASURED";
  document.body.replaceChildren(result);
});"#;

const WIDTHS: [u32; 2] = [360, 1200];

fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let all = std::env::split_paths(&path).flat_map(|dir| known.map(|name| dir.join(name)));
    all.into_iter().find(|program| program.is_file())
}

fn escaped(page: &str) -> String {
    page.replace('&', "&amp;").replace('"', "&quot;")
}

/// What the script measured at each width.
fn measured(chromium: &Path, bench: &Bench, page: &str) -> Vec<Value> {
    let frame =
        |width| format!("<iframe width={width} height=800 srcdoc=\"{}\"></iframe>", escaped(page));
    let frames: String = WIDTHS.map(frame).concat();
    let style = "<style>iframe { border: 0 }</style>";
    let html = format!("<!DOCTYPE html>{style}<body>{frames}<script>{MEASURE}</script></body>");
    let file = bench.write("frames.html", html.as_bytes());
    let mut data = std::ffi::OsString::from("--user-data-dir=");
    data.push(bench.path("chromium"));
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--window-size=1300,900", "--dump-dom"])
        .arg(data)
        .arg(format!("file://{}", file.display()))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let json =
        dom.split("MEASURED").nth(1).unwrap_or_else(|| panic!("no measurement in {dom:.2000}"));
    let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_browser_draws_every_curve_and_number_within_the_page() {
    let Some(chromium) = chromium() else {
        println!("skipped: there is no Chromium (apt-get install chromium, or set CHROMIUM)");
        return;
    };
    let bench = Bench::new();
    let evil = "<img src=x onerror=document.title=1>.txt";
    fs::copy(bench.path("text.txt"), bench.path(evil)).unwrap();
    for (seed, out) in [("1", "one"), ("2", "two")] {
        let small = ["--batch", "4", "--block", "8", "--eval-batches", "2", "--threads", "2"];
        let more = ["--steps", "60", "--lr", "0.02", "--text", evil, "--seed", seed, "--out", out];
        assert_eq!(bench.deo(&[&["train"], &small[..], &more].concat()).code, 0);
    }
    for arguments in [ESCAPE, SPECTRUM, SADDLE] {
        assert_eq!(bench.deo(arguments).code, 0);
    }
    let all = ["report", "one", "two", "escape", "spectrum", "saddle"];
    assert_eq!(bench.deo(&all).code, 0);
    let page = fs::read_to_string(bench.path("report.html")).unwrap();

    // The density, the passes, the difference over both seeds, the median runs of two methods.
    let mut curves = 5;
    let mut numbers = vec![];
    for run in ["one", "two"] {
        let steps = read_lines(&bench.path(run).join("metrics.jsonl"));
        for result in read_json(&bench.path(run).join("record.json"))["runs"].as_array().unwrap() {
            let of_run = || steps.iter().filter(|step| step["run"] == result["name"]);
            // Loss, norm and rate at every step; a line through two measurements or more.
            curves += 3;
            for key in ["val_loss", "curvature"] {
                curves += usize::from(of_run().filter(|step| !step[key].is_null()).count() > 1);
            }
            for key in ["train_loss", "val_loss"] {
                let value = result[key].as_f64().unwrap();
                assert!((1.0..10.0).contains(&value));
                numbers.push(format!("{value}={value:.4}"));
            }
        }
    }
    for (seen, width) in measured(&chromium, &bench, &page).iter().zip(WIDTHS) {
        let none = |what: &str| assert_eq!(seen[what], 0, "{what} at {width}: {seen}");
        ["overflow", "scripts", "invisible", "outside", "unnamed", "wide"]
            .into_iter()
            .for_each(none);
        assert_eq!(seen["curves"], curves, "at {width}");
        let data: Vec<&str> =
            seen["data"].as_array().unwrap().iter().map(|data| data.as_str().unwrap()).collect();
        for number in &numbers {
            assert!(data.contains(&number.as_str()), "{number} is not drawn at {width}: {data:?}");
        }
        let levels: Vec<u64> = seen["headings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|level| level.as_u64().unwrap())
            .collect();
        assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        // A line of 10 pixels is that of the smallest print.
        assert!(seen["smallest"].as_f64().unwrap() > 10.0, "letters at {width}: {seen}");
        assert_eq!(seen["folded"], width < 700);
        assert_eq!(seen["language"], "en");
        assert!(seen["title"].as_str().unwrap().starts_with("deo report: one, two"));
    }
}

#[test]
fn the_page_of_the_demo_fits_a_phone_and_a_desk() {
    let Some(chromium) = chromium() else {
        println!("skipped: there is no Chromium (apt-get install chromium, or set CHROMIUM)");
        return;
    };
    let bench = Bench::new();
    assert_eq!(bench.deo(&["demo", "--threads", "2"]).code, 0);
    let page = fs::read_to_string(bench.path("deo-demo.html")).unwrap();
    for (seen, width) in measured(&chromium, &bench, &page).iter().zip(WIDTHS) {
        for what in ["overflow", "scripts", "invisible", "outside", "unnamed", "wide"] {
            assert_eq!(seen[what], 0, "{what} at {width}: {seen}");
        }
        assert!(seen["curves"].as_u64().unwrap() >= 4, "at {width}: {seen}");
        assert!(seen["smallest"].as_f64().unwrap() > 10.0, "letters at {width}: {seen}");
        assert_eq!((&seen["folded"], &seen["language"]), (&(width < 700).into(), &"en".into()));
    }
}
