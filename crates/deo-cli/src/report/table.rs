//! Tables that fold up on a phone.
//!
//! Every cell carries the name of its column; where there is no room for columns, the style sheet shows each row as a
//! list of names and values. That takes the roles away that a table has by itself, so they are spelt out.

use super::html::Html;
use super::number;
use serde_json::Value;

/// Rows that are shown; the record has them all.
const MOST_ROWS: usize = 200;

/// A value in a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A number as it is shown, to the right.
    Shown(String),
    /// A number in five digits, and all of them for a program that reads the page.
    Number(f64),
    /// Nothing, as a dash.
    Absent,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A number, or a dash.
    pub(crate) fn number(x: Option<f64>) -> Self {
        x.map_or(Cell::Absent, Cell::Number)
    }

    /// What a record holds there, whatever it is.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Cell::Absent,
            Value::Number(_) => Cell::number(value.as_f64()),
            Value::String(text) => Cell::text(text),
            other => Cell::text(other.to_string()),
        }
    }

    fn write(&self, html: &mut Html, tag: &'static str, column: &str, words: bool) {
        let words = matches!(self, Cell::Text(_)) || (words && *self == Cell::Absent);
        let class = if words { "words" } else { "number" };
        let role = if tag == "th" { ("role", "rowheader") } else { ("role", "cell") };
        let scope = if tag == "th" { &[("scope", "row")][..] } else { &[] };
        html.open(tag, &[&[role, ("class", class), ("data-column", column)], scope].concat());
        match self {
            Cell::Text(text) | Cell::Shown(text) => html.text(text),
            Cell::Number(x) => {
                html.element("data", &[("value", &x.to_string())], &number::short(*x))
            }
            Cell::Absent => html.text(number::NONE),
        };
        html.close(tag);
    }
}

/// A table whose first column names the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    caption: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// Rows that were not kept.
    further: usize,
}

impl Table {
    pub(crate) fn new<S: AsRef<str>>(caption: &str, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(|column| column.as_ref().to_owned()).collect();
        Table { caption: caption.to_owned(), columns, rows: vec![], further: 0 }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        if self.rows.len() < MOST_ROWS {
            self.rows.push(cells.into_iter().collect());
        } else {
            self.further += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Without the columns that have nothing in any row.
    pub(crate) fn without_empty_columns(mut self) -> Self {
        let absent = |row: &Vec<Cell>, i| row.get(i).is_none_or(|cell| *cell == Cell::Absent);
        let is_empty = |i: usize| self.rows.iter().all(|row| absent(row, i));
        let kept: Vec<usize> =
            (0..self.columns.len()).filter(|&i| i == 0 || !is_empty(i)).collect();
        self.columns = kept.iter().map(|&i| self.columns[i].clone()).collect();
        for row in &mut self.rows {
            *row = kept.iter().filter_map(|&i| row.get(i).cloned()).collect();
        }
        self
    }

    /// The table; nothing if it has no rows.
    pub(crate) fn html(&self) -> Html {
        let mut html = Html::new();
        if self.is_empty() {
            return html;
        }
        html.raw("<div class=\"table\">").open("table", &[("role", "table")]);
        html.element("caption", &[], &self.caption);
        html.raw("\n<thead role=\"rowgroup\"><tr role=\"row\">");
        let holds_words =
            |i: usize| self.rows.iter().any(|row| matches!(row.get(i), Some(Cell::Text(_))));
        let words: Vec<bool> = (0..self.columns.len()).map(holds_words).collect();
        for (column, words) in self.columns.iter().zip(&words) {
            // A column of numbers has its name to the right, too.
            let class = ("class", if *words { "words" } else { "number" });
            html.element("th", &[("role", "columnheader"), ("scope", "col"), class], column);
        }
        html.raw("</tr></thead>\n<tbody role=\"rowgroup\">\n");
        for row in &self.rows {
            html.raw("<tr role=\"row\">");
            for (i, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
                cell.write(&mut html, if i == 0 { "th" } else { "td" }, column, words[i]);
            }
            html.raw("</tr>\n");
        }
        html.raw("</tbody></table></div>\n");
        if self.further > 0 {
            html.line("p", &format!("{} further rows are in the files of the run.", self.further));
        }
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_numbers_and_drops_what_is_nowhere() {
        let mut table = Table::new("t", ["run", "loss", "nowhere", "event"]);
        table.row([
            Cell::text("a<b"),
            Cell::Number(0.123_456_78),
            Cell::Absent,
            Cell::text("kick"),
        ]);
        table.row([Cell::text("b"), Cell::Absent, Cell::Absent]);
        let html = table.without_empty_columns().html().into_string();
        assert!(html.contains("<data value=\"0.12345678\">0.12346</data>"), "{html}");
        assert!(html.contains(">a&lt;b</th>") && !html.contains("nowhere"), "{html}");
        assert_eq!(html.matches("data-column=\"loss\"").count(), 2);
    }

    #[test]
    fn rows_beyond_the_limit_are_counted() {
        let mut table = Table::new("t", ["n"]);
        (0..MOST_ROWS + 3).for_each(|n| table.row([Cell::Number(n as f64)]));
        assert!(table.html().into_string().contains("3 further rows"));
    }
}
