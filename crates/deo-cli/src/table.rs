//! Lines of aligned columns, for results as plain text.

/// Rows as lines of aligned columns, names to the left and numbers to the right.
///
/// # Examples
///
/// ```
/// let lines = deo_cli::table::align(&[vec!["run".into(), "loss".into()], vec!["adamw".into(), "–".into()]]);
/// assert_eq!(lines, "run    loss\nadamw     –\n");
/// ```
pub fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(width).max().unwrap_or(0))
        .collect();
    let mut lines = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - width(cell));
            if column == 0 {
                lines += &format!("{cell}{padding}");
            } else {
                lines += &format!("  {padding}{cell}");
            }
        }
        lines.truncate(lines.trim_end_matches(' ').len());
        lines.push('\n');
    }
    lines
}
