//! A record of a command that this version doesn't know: its numbers and words as they are.

use super::differences::{flatten, words};
use super::html::Html;
use super::page::Names;
use super::run::Run;
use super::table::{Cell, Table};

/// The section of these records.
pub(super) fn section(html: &mut Html, runs: &[&Run], names: &mut Names) {
    html.line("h2", "Other records");
    for run in runs {
        let command = run.command_name();
        html.line("h3", &names.of(run, command));
        let note = format!("This deo knows no command {command:?}; the record is shown as it is.");
        html.element("p", &[("class", "note")], &note).raw("\n");
        let mut table = Table::new("The record", ["name", "value"]);
        for (name, value) in flatten(&run.record) {
            // Settings have a list of their own below.
            if !name.starts_with("settings.") {
                table.row([Cell::text(name), Cell::text(words(&value))]);
            }
        }
        html.append(table.html());
    }
}
