//! How amounts and tables look.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle, presets};
use gst_types::{Head, Paise, TaxAmounts};
use serde::Serialize;

/// Rupees with Indian grouping (FMT-1): 1,23,456.70.
pub(crate) fn rupees(amount: Paise) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{fraction}")
}

/// The same, and a dash for nothing.
pub(crate) fn short(amount: Paise) -> String {
    if amount.is_zero() { "-".to_owned() } else { rupees(amount) }
}

/// Amounts by head in words: `IGST 1,800.00`, `CGST 900.00, SGST 900.00`, `nothing`.
pub(crate) fn heads_in_words(tax: &TaxAmounts) -> String {
    let named = Head::ALL.into_iter().filter(|head| !tax.of(*head).is_zero());
    let parts: Vec<String> = named.map(|head| format!("{} {}", title(head), rupees(tax.of(head)))).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// A head as people write it.
pub(crate) const fn title(head: Head) -> &'static str {
    match head {
        Head::Igst => "IGST",
        Head::Cgst => "CGST",
        Head::Sgst => "SGST",
        Head::Cess => "cess",
    }
}

/// How many of something: `1 document`, `2 documents`.
pub(crate) fn count(number: impl TryInto<u64>, one: &str) -> String {
    match number.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(number) => format!("{number} {one}s"),
        Err(_) => format!("many {one}s"),
    }
}

/// A closed word as it stands in JSON.
pub(crate) fn word<T: Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Lines above, below and under the header.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// A table with lines above, below and under its header only; it wraps at the width of a terminal.
pub(crate) fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(RULED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec());
    table
}

/// A table with a line between any two rows, for cells of several lines.
pub(crate) fn lined_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table
}

/// Aligns columns to the right, by their place.
pub(crate) fn align_right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A table that knows which of its columns hold amounts: those are aligned to the right, and dropped where every row has
/// nothing in them.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    columns: Vec<(&'static str, Kind)>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    OptionalText,
    OptionalNumber,
}

impl Kind {
    const fn is_optional(self) -> bool {
        match self {
            Self::Text | Self::Number => false,
            Self::OptionalText | Self::OptionalNumber => true,
        }
    }

    const fn is_number(self) -> bool {
        match self {
            Self::Number | Self::OptionalNumber => true,
            Self::Text | Self::OptionalText => false,
        }
    }
}

impl Grid {
    /// No columns yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Columns of text.
    pub(crate) fn text<const N: usize>(mut self, names: [&'static str; N]) -> Self {
        self.columns.extend(names.map(|name| (name, Kind::Text)));
        self
    }

    /// Columns of numbers.
    pub(crate) fn numbers<const N: usize>(mut self, names: [&'static str; N]) -> Self {
        self.columns.extend(names.map(|name| (name, Kind::Number)));
        self
    }

    /// Columns of text that are left out where every row says nothing (`-` or empty).
    pub(crate) fn optional<const N: usize>(mut self, names: [&'static str; N]) -> Self {
        self.columns.extend(names.map(|name| (name, Kind::OptionalText)));
        self
    }

    /// The four heads, each left out where it is zero everywhere.
    pub(crate) fn heads(mut self) -> Self {
        self.columns.extend(["IGST", "CGST", "SGST", "cess"].map(|name| (name, Kind::OptionalNumber)));
        self
    }

    /// One row, a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text.
    pub(crate) fn table(&self) -> String {
        let says_something = |column: usize| {
            self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty() && cell != "-"))
        };
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|column| !self.columns[*column].1.is_optional() || says_something(*column))
            .collect();
        let header: Vec<&str> = kept.iter().map(|column| self.columns[*column].0).collect();
        let mut table = new_table(&header);
        for row in &self.rows {
            let cells = kept.iter().map(|column| row.get(*column).cloned().unwrap_or_default());
            table.add_row(cells.collect::<Vec<_>>());
        }
        let right = kept.iter().enumerate().filter(|(_, column)| self.columns[**column].1.is_number());
        align_right(&mut table, right.map(|(place, _)| place));
        table.trim_fmt()
    }
}

/// The four heads as cells.
pub(crate) fn head_cells(tax: &TaxAmounts) -> [String; 4] {
    Head::ALL.map(|head| short(tax.of(head)))
}

/// Somebody else's free text as a cell of a CSV file: a spreadsheet takes one that begins so for a formula.
pub(crate) fn csv_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupees_are_grouped_as_in_india() {
        assert_eq!(rupees("12345678.90".parse().unwrap()), "1,23,45,678.90");
        assert_eq!(rupees("-1234.05".parse().unwrap()), "-1,234.05");
        assert_eq!(rupees("999.00".parse().unwrap()), "999.00");
    }

    #[test]
    fn a_column_that_says_nothing_is_left_out() {
        let mut grid = Grid::new().text(["document"]).heads();
        grid.row(vec!["INV-1".to_owned(), "-".to_owned(), "9.00".to_owned(), "9.00".to_owned(), "-".to_owned()]);
        let text = grid.table();
        assert!(text.contains("CGST") && !text.contains("IGST") && !text.contains("cess"), "{text}");
    }

    #[test]
    fn free_text_is_no_formula() {
        assert_eq!(csv_text("=1+1"), "'=1+1");
        assert_eq!(csv_text("Asha & Sons"), "Asha & Sons");
    }
}
