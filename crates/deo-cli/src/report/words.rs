//! What the words on a page mean, and why DEO may have done nothing.
//!
//! A page is read by somebody who has neither the book nor the program, so it carries the words that it uses. They are those of
//! the book's page *DEO did nothing: why?* and of its glossary; a test compares the events with that page.

use super::html::Html;
use super::run::{Command, Run};
use super::table::{Cell, Table};

/// Where the explanation stands in the page.
const PLACE: &str = "did-nothing";

/// Event, what happened, and what to do about it if anything.
const EVENTS: [(&str, &str, &str); 14] = [
    ("quiet", "no visit was due: the optimizer gets on, or the last visits found nothing", ""),
    ("no-gain", "losses along the gradient fell by less than the optimizer's own steps", ""),
    (
        "no-negative-curvature",
        "looked for an axis and found none that curves downwards",
        "if you expect a saddle, measure the curvature with deo spectrum",
    ),
    (
        "rejected",
        "negative curvature, but no length along it lowered the loss enough",
        "noisy losses: more examples per batch",
    ),
    (
        "unaffordable",
        "too little of the budget was left for an axis",
        "a longer run, or a larger --share",
    ),
    ("proposed", "a move was found; the next batches decide", ""),
    ("confirmed", "the next batch agreed with the move", ""),
    ("refuted", "the next batch disagreed: not moved", "larger batches"),
    ("reverted", "the next batch disagreed: the move was undone", "if often: larger batches"),
    ("line-search", "moved along the gradient, by losses that fell", ""),
    ("kick", "moved along the axis of lowest curvature", ""),
    ("tracked", "the axis was brought up to date", ""),
    ("poisoned", "a probe met a number that isn't finite", "a lower rate, a clipped gradient"),
    ("skipped", "loss or gradient wasn't finite: no step", "a lower rate, a clipped gradient"),
];

type Words = &'static [(&'static str, &'static str)];

const OF_DEO: Words = &[
    (
        "visit",
        "a step in which DEO looks whether there is something better than the optimizer's own step",
    ),
    ("kick", "a move of the parameters along the axis of lowest curvature"),
    ("rotation", "a turn of the axis towards lower curvature; it costs one or two gradients"),
    ("gradients spent", "gradients and a third of each loss, whoever asked for them"),
];

const OF_METHODS: Words = &[
    ("cost", "gradients, and a third of one for each loss, until the measure reached its target"),
    ("missed", "the budget was spent before the target was reached; its cost is taken as infinite"),
    (
        "failed",
        "a loss or a coordinate was no longer finite, or left where the problem means anything",
    ),
    (
        "measure",
        "the problem's own number of success, the smaller the better; looking at it is free",
    ),
    ("rate, other numbers", "those that did best on other seeds, where nothing was given"),
    (
        "line-search+, random-axis+",
        "controls: what DEO does without its axis, and along an arbitrary one",
    ),
];

const OF_SADDLES: Words = &[
    ("converged", "the gradient is small, and an independent solve confirmed the index sought"),
    ("wrong-index", "a stationary point with another number of negative curvatures"),
    ("flat", "a curvature too close to zero to have a sign"),
    ("cycling", "came back to where it was, again and again: the search gave up"),
    ("convex", "found no direction that curves downwards to climb along"),
    ("budget", "spent its gradients first"),
    ("unresolved", "the verification ended before the lowest curvatures were known"),
    ("not-invariant", "the energy changes along a motion that was taken for a symmetry"),
    ("non-finite", "an energy or a gradient wasn't finite"),
    ("index", "how many curvatures are negative: 1 at a pass"),
    ("barrier", "the energy of the saddle above that of a minimum"),
];

const OF_SPECTRA: Words = &[
    ("residual", "an eigenvalue lies within this distance of the one that is shown"),
    ("secant error", "the error of the curvature from finite differences"),
    ("gap", "the distance to the next pair known"),
    ("standard error", "the spread over batches, divided by the root of their number"),
];

/// What an event means; nothing for a name of a later version.
pub(super) fn of_event(event: &str) -> Option<&'static str> {
    EVENTS.iter().find(|(name, ..)| *name == event).map(|(_, meaning, _)| *meaning)
}

/// Leads to the explanation.
pub(super) fn link(html: &mut Html) {
    html.raw("<p>Mostly quiet? ").element(
        "a",
        &[("href", "#did-nothing")],
        "DEO did nothing: why?",
    );
    html.raw("</p>\n");
}

/// The words of the commands on this page, behind everything else.
pub(super) fn section(html: &mut Html, runs: &[Run]) {
    let has = |commands: &[Command]| runs.iter().any(|run| commands.contains(&run.command));
    let lists: Vec<Words> = [
        (&[Command::Train][..], OF_DEO),
        (&[Command::Escape], OF_METHODS),
        (&[Command::Saddle, Command::Engine], OF_SADDLES),
        (&[Command::Spectrum], OF_SPECTRA),
    ]
    .into_iter()
    .filter_map(|(commands, words)| has(commands).then_some(words))
    .collect();
    if lists.is_empty() {
        return;
    }
    html.line("h2", "What the words mean");
    html.raw("<dl>\n");
    for (word, meaning) in lists.into_iter().flatten() {
        html.element("dt", &[], word).element("dd", &[], meaning).raw("\n");
    }
    html.raw("</dl>\n");
    if has(&[Command::Train]) {
        did_nothing(html);
    }
}

fn did_nothing(html: &mut Html) {
    html.element("h3", &[("id", PLACE)], "DEO did nothing: why?").raw("\n");
    html.line(
        "p",
        "Most runs have nothing to escape from, and there DEO should do nothing and cost next to nothing. It acts where a move is \
         at least ten times as long as the optimizer's last step; visits come every 3 steps at first and twice as seldom after each \
         that found nothing; and it may spend 2 % of the gradients. Every step ends in one event:",
    );
    let mut table = Table::new("Events", ["event", "what happened", "what to do"]);
    for (name, meaning, remedy) in EVENTS {
        let remedy = if remedy.is_empty() { Cell::Absent } else { Cell::text(remedy) };
        table.row([Cell::text(name), Cell::text(meaning), remedy]);
    }
    html.append(table.html());
    html.line(
        "p",
        "The page of that name in DEO's book, docs/src/did-nothing.md, has what to check where you know that there is a saddle.",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The first cells of its table, in backquotes.
    #[test]
    fn the_events_are_those_of_the_book() {
        let page = include_str!("../../../../docs/src/did-nothing.md");
        let table =
            page.split("| event | what happened |").nth(1).unwrap().split("\n\n").next().unwrap();
        let cells = table.lines().filter_map(|row| row.strip_prefix("| `")?.split(" |").next());
        let told: BTreeSet<&str> = cells
            .flat_map(|cell| cell.split('`').filter(|word| word.chars().any(char::is_alphabetic)))
            .collect();
        let known: BTreeSet<&str> = EVENTS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(told, known);
    }
}
