//! A row for each method, a mark for each of its runs: what it cost, or that it never arrived.
//!
//! Problem: a median alone hides how runs spread, and a run that missed its target has no cost that could be drawn. So names stand at
//! the rows, costs on a logarithmic axis, and behind its end, the budget, there is a column for the runs that have none.

use super::frame::Frame;
use super::html::Html;
use super::number;
use super::scale::{Axis, Kind};

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// It reached the target at this cost.
    Reached(f64),
    /// It spent its budget.
    Missed,
    /// A number wasn't finite.
    Failed,
}

/// A method.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// The class of its colour, and what the colour stands for.
    pub(super) kind: (&'static str, &'static str),
    pub(super) marks: Vec<Mark>,
    /// The median cost, if half of the runs or more reached the target.
    pub(super) median: Option<f64>,
}

/// The drawing.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Strip {
    pub(super) title: String,
    pub(super) budget: Option<f64>,
    pub(super) rows: Vec<Row>,
}

/// Rows of a drawing; the table has all.
const MOST_ROWS: usize = 40;
/// Letters of a name beside its row; a longer one stands above it.
const BESIDE: usize = 22;
/// The width of a letter of the largest size, that of a phone.
const LETTER: f64 = 9.6;
const ROW: f64 = 22.0;
/// The column of the runs that have no cost.
const COLUMN: f64 = 86.0;

impl Strip {
    /// The figure; nothing without rows. `id` must be unique in the page.
    pub(super) fn html(&self, id: &str) -> Html {
        let mut html = Html::new();
        let rows = &self.rows[..self.rows.len().min(MOST_ROWS)];
        let longest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let above = longest > BESIDE;
        let (left, height) =
            if above { (14.0, 2.0 * ROW) } else { (14.0 + LETTER * longest as f64, ROW) };
        let bottom = 16.0 + height * rows.len() as f64;
        let (right, width) = (480.0 - COLUMN, 480.0);
        let frame = Frame { width, height: bottom + 50.0, left, right, top: 10.0, bottom };
        let costs = rows.iter().flat_map(|row| row.marks.iter()).filter_map(|mark| match mark {
            Mark::Reached(cost) => Some(*cost),
            _ => None,
        });
        let Some(x) = Axis::over(Kind::Log, 0.03, costs.chain(self.budget).filter(|c| *c > 0.0))
        else {
            return html;
        };
        let words: Vec<String> = rows.iter().map(in_words).collect();
        frame.begin(&mut html, id, &self.title, &words.join(" "));
        let mut lines = String::new();
        for (value, _) in x.ticks() {
            lines += &format!("M{:.1} {}V{bottom}", frame.across(&x, value), frame.top);
        }
        html.open("path", &[("class", "grid"), ("d", &lines)]).close("path");
        for (i, row) in rows.iter().enumerate() {
            let foot = frame.top + height * (i + 1) as f64 - ROW / 2.0 + 3.0;
            let (y, at) = if above { (foot - ROW + 4.0, left) } else { (foot + 4.5, left - 8.0) };
            let (y, at) = (format!("{y:.1}"), format!("{at:.1}"));
            let class = if above { "row" } else { "row end" };
            html.element("text", &[("x", &at), ("y", &y), ("class", class)], &row.name);
            draw(&mut html, &frame, &x, row, foot);
        }
        let edge =
            format!("M{left} {}V{bottom}H{right}M{} {}V{bottom}", frame.top, right, frame.top);
        html.open("path", &[("class", "axis"), ("d", &edge)]).close("path");
        let ticks = x.ticks();
        let fits = |at: f64| at >= left - 0.1 && at <= right + 0.1;
        let ticks = ticks.iter().map(|(value, label)| (frame.across(&x, *value), label.as_str()));
        frame.abscissa(&mut html, ticks.filter(|(at, _)| fits(*at)), "gradients to the target");
        let (at, y) = (format!("{}", right + COLUMN / 2.0), format!("{}", bottom + 20.0));
        html.element("text", &[("x", &at), ("y", &y), ("class", "middle")], "no cost");
        html.close("svg");
        self.legend(&mut html, rows);
        html.raw("</figure>\n");
        html
    }

    fn legend(&self, html: &mut Html, rows: &[Row]) {
        let has = |kind: fn(&Mark) -> bool| rows.iter().any(|row| row.marks.iter().any(kind));
        let mut kinds: Vec<(&'static str, &'static str)> = vec![];
        for row in rows {
            if !kinds.contains(&row.kind) {
                kinds.push(row.kind);
            }
        }
        html.raw("\n<ul class=\"legend\">");
        for (colour, what) in kinds {
            html.raw("<li>").element("span", &[("class", &format!("dot {colour}"))], "");
            html.text(what).raw("</li>");
        }
        html.raw("<li><span class=\"bar\"></span>median</li>");
        if has(|mark| *mark == Mark::Missed) {
            html.raw("<li>○ missed: the budget was spent</li>");
        }
        if has(|mark| *mark == Mark::Failed) {
            html.raw("<li>× failed: a number wasn't finite</li>");
        }
        html.raw("</ul>\n");
        if self.rows.len() > rows.len() {
            html.line(
                "p",
                &format!("{} further methods are in the table.", self.rows.len() - rows.len()),
            );
        }
    }
}

fn draw(html: &mut Html, frame: &Frame, x: &Axis, row: &Row, foot: f64) {
    let mut dots = String::new();
    let (mut missed, mut failed) = (0, 0);
    for (i, mark) in row.marks.iter().enumerate() {
        match mark {
            Mark::Reached(cost) => {
                let at = frame.across(x, *cost);
                // Seeds beside each other, so that equal costs are seen to be several.
                let y = foot + [0.0, -3.5, 3.5][i % 3];
                if at.is_finite() {
                    dots += &format!("M{:.1} {y:.1}a3 3 0 1 0 6 0a3 3 0 1 0-6 0", at - 3.0);
                }
            }
            Mark::Missed => missed += 1,
            Mark::Failed => failed += 1,
        }
    }
    let (colour, _) = row.kind;
    if !dots.is_empty() {
        html.open("path", &[("class", &format!("dots {colour}")), ("d", &dots)]).close("path");
    }
    if let Some(at) = row.median.map(|median| frame.across(x, median)).filter(|at| at.is_finite()) {
        let d = format!("M{at:.1} {:.1}v16", foot - 8.0);
        html.open("path", &[("class", "median"), ("d", &d)]).close("path");
    }
    let mut at = frame.right + 12.0;
    for (count, sign) in [(missed, '○'), (failed, '×')] {
        if count > 0 {
            let (place, y) = (format!("{at:.1}"), format!("{:.1}", foot + 4.5));
            let text = format!("{sign} {count}");
            html.element("text", &[("x", &place), ("y", &y), ("class", "row")], &text);
            at += 38.0;
        }
    }
}

fn in_words(row: &Row) -> String {
    let count = |kind: fn(&Mark) -> bool| row.marks.iter().filter(|mark| kind(mark)).count();
    let reached = count(|mark| matches!(mark, Mark::Reached(_)));
    let median = row.median.map_or(String::new(), |m| format!(", median {}", number::short(m)));
    format!(
        "{}: {reached} of {} reached the target{median}; {} missed it, {} failed.",
        row.name,
        row.marks.len(),
        count(|mark| *mark == Mark::Missed),
        count(|mark| *mark == Mark::Failed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(name: &str) -> Strip {
        let marks = vec![Mark::Reached(10.0), Mark::Reached(1000.0), Mark::Missed, Mark::Failed];
        let row = Row { name: name.into(), kind: ("c1", "with DEO"), marks, median: Some(1000.0) };
        Strip { title: "p".into(), budget: Some(4000.0), rows: vec![row] }
    }

    #[test]
    fn runs_without_a_cost_are_counted_and_the_others_drawn() {
        let text = strip("<gd>").html("id").into_string();
        assert_eq!(text.matches("a3 3 0 1 0 6 0").count(), 2, "{text}");
        assert!(
            text.contains("○ 1</text>")
                && text.contains("× 1</text>")
                && text.contains("&lt;gd&gt;")
        );
        assert!(text.contains("2 of 4 reached the target, median 1000; 1 missed it, 1 failed."));
    }

    #[test]
    fn nothing_finite_is_nothing() {
        let mut strip = strip("a name that is too long to stand beside its row");
        assert!(strip.html("id").into_string().contains("class=\"row\""));
        strip.rows[0].marks = vec![Mark::Missed, Mark::Reached(f64::NAN), Mark::Reached(0.0)];
        assert!(!strip.html("id").into_string().contains("NaN"));
        strip.budget = None;
        assert_eq!(strip.html("id").into_string(), "");
    }
}
