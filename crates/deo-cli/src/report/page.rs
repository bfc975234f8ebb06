//! The page: an overview, the settings that differ, a section for each command, all settings.

use super::differences::{self, words};
use super::html::Html;
use super::run::{Command, Run};
use super::table::{Cell, Table};
use super::{engines, methods, other, saddles, spectra, training, words as glossary};

const STYLE: &str = include_str!("page.css");

/// Nothing may be loaded or run, whatever got into the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Runs that the title of the page names.
const MOST_NAMED: usize = 3;

/// Sentences of a command at the head; the tables have all.
const MOST_SENTENCES: usize = 6;

/// What things are called on this page.
#[derive(Debug)]
pub(super) struct Names {
    several: bool,
    charts: usize,
}

impl Names {
    pub(super) fn new(several: bool) -> Self {
        Names { several, charts: 0 }
    }

    /// Something of a run: with the run's label if there are several.
    pub(super) fn of(&self, run: &Run, name: &str) -> String {
        if self.several { format!("{}: {name}", run.label) } else { name.to_owned() }
    }

    /// The next identifier of a drawing.
    pub(super) fn id(&mut self) -> String {
        self.charts += 1;
        format!("chart-{}", self.charts)
    }
}

/// The page about these runs.
pub(super) fn page(runs: &[Run]) -> String {
    let mut html = Html::new();
    let title = title(runs);
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.open("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]).raw("\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.line("title", &format!("deo report: {title}"));
    html.raw("<style>\n").raw(STYLE).raw("</style>\n</head>\n<body>\n<header>\n");
    html.line("h1", &title);
    let made =
        concat!("Made by deo report ", env!("CARGO_PKG_VERSION"), " from the files of the runs.");
    html.element("p", &[("class", "quiet")], made).raw("\n");
    let mut names = Names::new(runs.len() > 1);
    let groups = [
        Command::Train,
        Command::Escape,
        Command::Spectrum,
        Command::Saddle,
        Command::Engine,
        Command::Searches,
        Command::Other,
    ];
    let groups = groups.map(|command| {
        let group: Vec<&Run> = runs.iter().filter(|run| run.command == command).collect();
        (command, group)
    });
    lead(&mut html, &groups, &names);
    html.raw("</header>\n<main>\n");
    overview(&mut html, runs);
    differing(&mut html, &groups);
    for (command, group) in groups.iter().filter(|(_, group)| !group.is_empty()) {
        let section = match command {
            Command::Train => training::section,
            Command::Escape => methods::section,
            Command::Spectrum => spectra::section,
            Command::Saddle => saddles::section,
            Command::Engine => engines::section,
            Command::Searches => saddles::on_an_engine,
            Command::Other => other::section,
        };
        section(&mut html, group, &mut names);
    }
    settings(&mut html, runs);
    glossary::section(&mut html, runs);
    html.raw("</main>\n</body>\n</html>\n");
    html.into_string()
}

/// What the runs showed, in a sentence for each thing that was compared or sought.
fn lead(html: &mut Html, groups: &[(Command, Vec<&Run>)], names: &Names) {
    for (command, group) in groups {
        let sentences = match command {
            Command::Train => training::lead(group),
            Command::Escape => methods::lead(group, names),
            Command::Spectrum => spectra::lead(group, names),
            Command::Saddle | Command::Searches => saddles::lead(group, names),
            Command::Engine => engines::lead(group, names),
            Command::Other => vec![],
        };
        for sentence in sentences.iter().take(MOST_SENTENCES) {
            html.element("p", &[("class", "lead")], sentence).raw("\n");
        }
    }
}

fn title(runs: &[Run]) -> String {
    let named: Vec<&str> = runs.iter().take(MOST_NAMED).map(|run| run.label.as_str()).collect();
    let further = runs.len().saturating_sub(MOST_NAMED);
    let more = if further > 0 { format!(" and {further} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

fn overview(html: &mut Html, runs: &[Run]) {
    html.line("h2", "Runs");
    let columns = ["run", "command", "what", "seed", "deo version", "seconds", "state"];
    let mut table = Table::new("What was run", columns);
    for run in runs {
        let failure = run.at("/failure").as_str();
        let state = match failure {
            Some(failure) => format!("stopped early: {failure}"),
            None if run.record.is_null() => "no record yet".to_owned(),
            None => "finished".to_owned(),
        };
        table.row([
            Cell::text(&run.label),
            Cell::text(run.command_name()),
            what(run).map_or(Cell::Absent, Cell::Text),
            Cell::of(run.at("/settings/seed")),
            run.at("/version")
                .as_str()
                .map_or(Cell::Absent, |version| Cell::Shown(version.to_owned())),
            Cell::number(seconds(run)),
            Cell::text(state),
        ]);
    }
    html.append(table.without_empty_columns().html());
    for run in runs {
        for note in &run.notes {
            html.element("p", &[("class", "note")], &format!("{}: {note}", run.label)).raw("\n");
        }
    }
}

/// The seconds that the record tells.
fn seconds(run: &Run) -> Option<f64> {
    let of_runs: Vec<f64> = match run.command {
        Command::Train => run.list("/runs").iter().filter_map(|r| r["seconds"].as_f64()).collect(),
        _ => vec![],
    };
    let sum = of_runs.iter().copied().reduce(|a, b| a + b);
    sum.or_else(|| run.at("/results/seconds").as_f64())
}

/// What was trained, compared or searched.
fn what(run: &Run) -> Option<String> {
    let value = |pointer: &str| Some(run.at(pointer)).filter(|v| !v.is_null()).map(words);
    match run.command {
        Command::Train => {
            let preset = value("/settings/preset")?;
            let parameters = value("/model/parameters").map(|n| format!(", {n} parameters"));
            let text = value("/text/source").map(|text| format!(", {text}"));
            Some(preset + &parameters.unwrap_or_default() + &text.unwrap_or_default())
        }
        Command::Escape => value("/settings/problems"),
        Command::Spectrum => value("/target"),
        Command::Saddle => value("/settings/potential/name").or_else(|| {
            let kind = value("/settings/potential/kind")?;
            let atoms = value("/settings/potential/atoms").map(|n| format!(", {n} atoms"));
            Some(kind + &atoms.unwrap_or_default())
        }),
        Command::Engine | Command::Searches => {
            let guess = value("/settings/guess")?;
            let engine = value("/settings/engine").map(|engine| format!(", {engine}"));
            Some(guess + &engine.unwrap_or_default())
        }
        Command::Other => None,
    }
}

fn differing(html: &mut Html, groups: &[(Command, Vec<&Run>)]) {
    let several = || groups.iter().filter(|(_, group)| group.len() > 1);
    if several().next().is_none() {
        return;
    }
    html.line("h2", "Settings that differ");
    for (_, group) in several() {
        let command = group[0].command_name();
        let table = differences::table(&format!("deo {command}"), group);
        if table.is_empty() {
            html.line("p", &format!("deo {command}: all settings agree."));
        }
        html.append(table.html());
    }
}

fn settings(html: &mut Html, runs: &[Run]) {
    html.line("h2", "All settings");
    for run in runs {
        let list = differences::settings(run);
        html.raw("<details>").element(
            "summary",
            &[],
            &format!("{}: {} settings", run.label, list.len()),
        );
        let mut table = Table::new(&format!("Settings of {}", run.label), ["setting", "value"]);
        for (name, value) in list {
            table.row([Cell::text(name), Cell::text(words(&value))]);
        }
        html.append(table.html()).raw("</details>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn run(record: Value, command: Command) -> Run {
        Run { label: "l".into(), command, record, curves: vec![], notes: vec![] }
    }

    /// WCAG 2.2: relative luminance of #rgb or #rrggbb.
    fn luminance(colour: &str) -> f64 {
        let digits: Vec<f64> =
            colour.chars().skip(1).map(|c| f64::from(c.to_digit(16).unwrap())).collect();
        let parts: Vec<f64> = if digits.len() == 3 {
            digits.iter().map(|d| d / 15.0).collect()
        } else {
            digits.chunks(2).map(|d| (16.0 * d[0] + d[1]) / 255.0).collect()
        };
        let linear =
            |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(parts[0]) + 0.7152 * linear(parts[1]) + 0.0722 * linear(parts[2])
    }

    /// WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for lines.
    #[test]
    fn letters_and_lines_stand_out_in_light_dark_and_print() {
        let schemes: Vec<&str> = STYLE.split(":root {").skip(1).collect();
        assert_eq!(schemes.len(), 3);
        for scheme in schemes {
            let colour = |name: &str| {
                let rest = scheme.split(&format!("--{name}: ")).nth(1).unwrap();
                luminance(rest.split(';').next().unwrap())
            };
            let contrast = |name: &str, on: &str| {
                let (a, b) = (colour(name), colour(on));
                (a.max(b) + 0.05) / (a.min(b) + 0.05)
            };
            for name in ["ink", "quiet", "note"] {
                let contrast = contrast(name, "paper");
                assert!(contrast >= 4.5, "{name}: {contrast}");
            }
            assert!(contrast("ink", "shade") >= 4.5);
            for name in ["c0", "c1", "c2", "c3", "c4", "c5"] {
                let contrast = contrast(name, "paper");
                assert!(contrast >= 3.0, "{name}: {contrast}");
            }
        }
    }

    /// CIE L*a*b* of linear sRGB.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        let row = |m: [f64; 3]| m.iter().zip(rgb).map(|(m, c)| m * c.clamp(0.0, 1.0)).sum::<f64>();
        let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f(row([0.4124, 0.3576, 0.1805]) / 0.9505);
        let y = f(row([0.2126, 0.7152, 0.0722]));
        let z = f(row([0.0193, 0.1192, 0.9505]) / 1.0888);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Six times the difference that one just sees, 2.3, since lines are thin; for three kinds of colour vision: Machado, Oliveira,
    /// Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), at full severity.
    #[test]
    fn lines_differ_for_the_colour_blind_too() {
        const EYES: [[[f64; 3]; 3]; 3] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ];
        for scheme in STYLE.split(":root {").skip(1) {
            let colour = |name: &str| {
                let rest = scheme.split(&format!("--{name}: #")).nth(1).unwrap();
                let part = |i: usize| {
                    let c = u8::from_str_radix(&rest[i..i + 2], 16).unwrap();
                    let c = f64::from(c) / 255.0;
                    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
                };
                [part(0), part(2), part(4)]
            };
            let names = ["c0", "c1", "c2", "c3", "c4", "c5"];
            for eye in EYES {
                let seen = |name| {
                    let rgb = colour(name);
                    lab(eye.map(|row| row.iter().zip(rgb).map(|(m, c)| m * c).sum()))
                };
                for (i, a) in names.iter().enumerate() {
                    for b in &names[i + 1..] {
                        let apart: f64 =
                            seen(a).iter().zip(seen(b)).map(|(a, b)| (a - b).powi(2)).sum();
                        assert!(apart.sqrt() > 13.8, "{a} and {b}: {}", apart.sqrt());
                    }
                }
            }
        }
    }

    #[test]
    fn records_of_any_shape_give_a_page() {
        let shapes = [json!(null), json!(5), json!([[]]), json!({"a": {"b": []}}), json!("<x>")];
        let keys = [
            "settings", "runs", "results", "problems", "version", "target", "sample", "failure",
            "text", "curves", "ways", "descents", "minima", "status",
        ];
        for command in ["train", "escape", "spectrum", "saddle", "later"] {
            for shape in &shapes {
                let mut record = json!({"command": command});
                keys.iter().for_each(|key| record[*key] = shape.clone());
                for inner in ["pairs", "distinct", "searches", "density", "trace", "advice"] {
                    record["results"] =
                        json!({ inner: [shape, {"joins": [shape, shape], "x": shape}] });
                    for command in [
                        Command::Train,
                        Command::Escape,
                        Command::Spectrum,
                        Command::Saddle,
                        Command::Engine,
                        Command::Searches,
                        Command::Other,
                    ] {
                        let page = page(&[run(record.clone(), command), run(Value::Null, command)]);
                        assert!(page.ends_with("</html>\n") && !page.contains("<x>"));
                    }
                }
            }
        }
    }
}
