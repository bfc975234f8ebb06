//! Points, lines and words on the paper, and their colours.

use super::super::html::Html;
use super::Point;

/// Where colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// The page's style sheet.
    Page,
    /// The drawing itself, for light paper.
    File,
}

impl Ink {
    pub(super) fn of(self, name: &'static str) -> &'static str {
        match (self, name) {
            (Ink::Page, "paper") => "var(--paper)",
            (Ink::Page, "ink") => "var(--ink)",
            (Ink::Page, "quiet") => "var(--quiet)",
            (Ink::Page, "c1") => "var(--c1)",
            (Ink::Page, "c2") => "var(--ways-down)",
            (Ink::Page, _) => "var(--c0)",
            (Ink::File, "paper") => "#fff",
            (Ink::File, "ink") => "#1b1e23",
            (Ink::File, "quiet") => "#565d68",
            (Ink::File, "c1") => "#c04f00",
            (Ink::File, "c2") => "#006b5a",
            (Ink::File, _) => "#0072b2",
        }
    }
}

pub(super) fn dot([x, y]: Point) -> String {
    format!("M{:.1} {y:.1}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0", x - 2.5)
}

pub(super) fn ring([x, y]: Point) -> String {
    format!("M{:.1} {y:.1}a5 5 0 1 0 10 0a5 5 0 1 0-10 0", x - 5.0)
}

pub(super) fn cross([x, y]: Point) -> String {
    format!("M{:.1} {:.1}l10 10m0-10l-10 10", x - 5.0, y - 5.0)
}

pub(super) fn stroke(html: &mut Html, d: &str, colour: &str, width: &str, opacity: &str) {
    if !d.is_empty() {
        let drawn = [("fill", "none"), ("stroke", colour), ("stroke-width", width)];
        let drawn = [&drawn[..], &[("stroke-opacity", opacity), ("d", d)]].concat();
        html.open("path", &drawn).close("path");
    }
}

pub(super) fn fill(html: &mut Html, d: &str, colour: &str, opacity: &str) {
    if !d.is_empty() {
        html.open("path", &[("fill", colour), ("fill-opacity", opacity), ("d", d)]).close("path");
    }
}

pub(super) fn label(html: &mut Html, x: f64, y: f64, class: &str, colour: &str, text: &str) {
    let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
    html.element("text", &[("x", &x), ("y", &y), ("class", class), ("fill", colour)], text);
}
