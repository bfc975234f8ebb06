//! The frame of a drawing: its size, where values come to lie, and its axes with their grid.
//!
//! A drawing is 480 units wide, so that its letters can be read on a phone, where it has some 330 pixels.

use super::html::Html;
use super::scale::Axis;

pub(crate) const WIDTH: f64 = 480.0;
pub(crate) const HEIGHT: f64 = 300.0;
/// Where the axes are.
pub(crate) const LEFT: f64 = 64.0;
pub(crate) const RIGHT: f64 = WIDTH - 14.0;
pub(crate) const TOP: f64 = 16.0;
pub(crate) const BOTTOM: f64 = HEIGHT - 50.0;

/// Where a value lies on the abscissa.
pub(crate) fn across(x: &Axis, value: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * x.place(value)
}

/// Where a value lies on the ordinate.
pub(crate) fn up(y: &Axis, value: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * y.place(value)
}

/// Both axes, with ticks at these places of the abscissa, and a line of the grid at each tick of the ordinate.
pub(crate) fn axes<'a>(
    html: &mut Html,
    ticks: impl Iterator<Item = (f64, &'a str)>,
    y: &Axis,
    abscissa: &str,
) {
    let mut grid = String::new();
    for (at, label) in ticks {
        grid += &format!("M{at:.1} {BOTTOM}v5");
        let (place, foot) = (format!("{at:.1}"), format!("{}", BOTTOM + 20.0));
        html.element("text", &[("x", &place), ("y", &foot), ("class", "middle")], label);
    }
    for (value, label) in y.ticks() {
        let at = up(y, value);
        // A rounding beyond the end is still the end.
        if !(TOP - 0.1..=BOTTOM + 0.1).contains(&at) {
            continue;
        }
        grid += &format!("M{LEFT} {at:.1}H{RIGHT}");
        let (place, left) = (format!("{:.1}", at + 4.5), format!("{}", LEFT - 7.0));
        html.element("text", &[("x", &left), ("y", &place), ("class", "end")], &label);
    }
    html.open("path", &[("class", "grid"), ("d", &grid)]).close("path");
    let (middle, foot) = (format!("{}", (LEFT + RIGHT) / 2.0), format!("{}", HEIGHT - 8.0));
    html.element("text", &[("x", &middle), ("y", &foot), ("class", "middle")], abscissa);
    let frame = format!("M{LEFT} {TOP}V{BOTTOM}H{RIGHT}");
    html.open("path", &[("class", "axis"), ("d", &frame)]).close("path");
}
