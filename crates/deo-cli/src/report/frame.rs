//! The frame of a drawing: its size, where values come to lie, and its axes with their grid.
//!
//! A drawing is 480 units wide, so that its letters can be read on a phone, where it has some 330 pixels.

use super::html::Html;
use super::scale::Axis;

/// Where a drawing's axes are, in its units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

/// That of a curve.
pub(crate) const FRAME: Frame =
    Frame { width: 480.0, height: 300.0, left: 64.0, right: 466.0, top: 16.0, bottom: 250.0 };

impl Frame {
    /// Where a value lies on the abscissa.
    pub(crate) fn across(&self, x: &Axis, value: f64) -> f64 {
        self.left + (self.right - self.left) * x.place(value)
    }

    /// Where a value lies on the ordinate.
    pub(crate) fn up(&self, y: &Axis, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * y.place(value)
    }

    /// Begins a figure with its title and a description in words, for those who don't see it. `id` must be unique in the page.
    pub(crate) fn begin(&self, html: &mut Html, id: &str, title: &str, words: &str) {
        html.raw("<figure>\n").element("figcaption", &[("id", id)], title);
        let described = format!("{id}-words");
        let size = format!("0 0 {} {}", self.width, self.height);
        html.open(
            "svg",
            &[
                ("role", "img"),
                ("viewBox", &size),
                ("aria-labelledby", id),
                ("aria-describedby", &described),
            ],
        );
        html.element("title", &[], title);
        html.element("desc", &[("id", &described)], words);
    }

    /// Both axes, with ticks at these places of the abscissa, and a line of the grid at each tick of the ordinate.
    pub(crate) fn axes<'a>(
        &self,
        html: &mut Html,
        ticks: impl Iterator<Item = (f64, &'a str)>,
        y: &Axis,
        abscissa: &str,
    ) {
        let &Frame { left, right, top, bottom, .. } = self;
        let mut grid = String::new();
        for (value, label) in y.ticks() {
            let at = self.up(y, value);
            // A rounding beyond the end is still the end.
            if !(top - 0.1..=bottom + 0.1).contains(&at) {
                continue;
            }
            grid += &format!("M{left} {at:.1}H{right}");
            let (place, left) = (format!("{:.1}", at + 4.5), format!("{}", left - 7.0));
            html.element("text", &[("x", &left), ("y", &place), ("class", "end")], &label);
        }
        html.open("path", &[("class", "grid"), ("d", &grid)]).close("path");
        self.abscissa(html, ticks, abscissa);
        let frame = format!("M{left} {top}V{bottom}H{right}");
        html.open("path", &[("class", "axis"), ("d", &frame)]).close("path");
    }

    /// The abscissa's ticks and its name.
    pub(crate) fn abscissa<'a>(
        &self,
        html: &mut Html,
        ticks: impl Iterator<Item = (f64, &'a str)>,
        name: &str,
    ) {
        let &Frame { left, right, bottom, .. } = self;
        let mut marks = String::new();
        for (at, label) in ticks {
            marks += &format!("M{at:.1} {bottom}v5");
            let (place, foot) = (format!("{at:.1}"), format!("{}", bottom + 20.0));
            html.element("text", &[("x", &place), ("y", &foot), ("class", "middle")], label);
        }
        html.open("path", &[("class", "grid"), ("d", &marks)]).close("path");
        let (middle, foot) = (format!("{}", (left + right) / 2.0), format!("{}", bottom + 42.0));
        html.element("text", &[("x", &middle), ("y", &foot), ("class", "middle")], name);
    }
}
