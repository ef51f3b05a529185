//! Text in columns, for a terminal.

/// Rows as columns that are two spaces apart, without a line end at the end. The last cell of a row
/// may be longer than its column.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    let longest = rows.iter().map(Vec::len).max().unwrap_or_default();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            if widths.len() <= column {
                widths.push(0);
            }
            if row.len() == longest || column + 1 < row.len() {
                widths[column] = widths[column].max(cell.chars().count());
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [
            row(&["run", "n", "%"]),
            row(&["a", "10", "5"]),
            row(&["long", "not complete, and so on"]),
            row(&["ü", "", "7"]),
        ];
        assert_eq!(
            table(&rows),
            "run   n   %\na     10  5\nlong  not complete, and so on\nü         7"
        );
        assert_eq!(table(&[]), "");
    }
}
