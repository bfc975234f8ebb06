//! Settings as a list, and those that differ between runs.

use super::number;
use super::run::{Command, Run};
use super::table::{Cell, Table};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a value that are shown: enough for any setting, not for a text that got into one.
const LONGEST: usize = 200;

/// Every number and word below `value` with its path: `schedule.WarmupCosine.peak`.
pub(super) fn flatten(value: &Value) -> BTreeMap<String, Value> {
    let mut list = BTreeMap::new();
    walk("", value, &mut list);
    list
}

fn walk(path: &str, value: &Value, list: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&path, value, list);
            }
        }
        value => {
            list.insert(path.to_owned(), value.clone());
        }
    }
}

/// A value in words: lists of numbers and words without brackets and quotes.
pub(super) fn words(value: &Value) -> String {
    let text = match value {
        Value::Null => number::NONE.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(words).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The settings of a run and what it ran on.
pub(super) fn settings(run: &Run) -> BTreeMap<String, Value> {
    let mut list = flatten(run.at("/settings"));
    list.remove(""); // settings that are no object
    let mut add = |name: &str, value: &Value| {
        if !value.is_null() {
            list.insert(name.to_owned(), value.clone());
        }
    };
    add("deo version", run.at("/version"));
    if run.command == Command::Train {
        add("text read", run.at("/text/source"));
        add("text characters", run.at("/text/characters"));
        add("model parameters", run.at("/model/parameters"));
    }
    list
}

/// A table of the settings in which these runs differ; empty if they agree.
pub(super) fn table(caption: &str, runs: &[&Run]) -> Table {
    let all: Vec<_> = runs.iter().map(|run| settings(run)).collect();
    let names: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let columns = std::iter::once("setting").chain(runs.iter().map(|run| run.label.as_str()));
    let mut table = Table::new(caption, columns);
    for name in names {
        let values: Vec<&Value> =
            all.iter().map(|list| list.get(name).unwrap_or(&Value::Null)).collect();
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            let cells = values.iter().map(|value| Cell::text(words(value)));
            table.row(std::iter::once(Cell::text(name)).chain(cells));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(label: &str, settings: Value) -> Run {
        let record = json!({"command": "train", "version": "1", "settings": settings});
        Run { label: label.into(), command: Command::Train, record, curves: vec![], notes: vec![] }
    }

    #[test]
    fn only_what_differs_is_in_the_table() {
        let a = run("a", json!({"seed": 1, "deep": {"lr": 0.1, "only": [1, "x"]}}));
        let b = run("b", json!({"seed": 1, "deep": {"lr": 0.2}}));
        let html = table("t", &[&a, &b]).html().into_string();
        for part in ["deep.lr", "0.1", "0.2", "deep.only", "1, x", number::NONE] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert!(!html.contains("seed") && !html.contains("version"), "{html}");
        assert!(table("t", &[&a, &a]).is_empty());
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(words(&json!("–".repeat(300))).chars().count(), LONGEST + 1);
    }
}
