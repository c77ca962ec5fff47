//! Reading a CSV file by its column names: a wrong value is told by its line and column.

use super::translation::Supplement;
use gst_types::{
    BillOfEntryIdError, DateError, DocumentKey, DocumentKind, DocumentNumberError, GstinError, IstDate, MoneyError,
    Paise, PeriodError, RecipientGstin, SupplierGstin, TaxAmounts,
};
use std::collections::BTreeMap;
use std::str::FromStr;

/// What is wrong with a value: a stable code, words, and the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) rule: &'static str,
}

impl Wrong {
    pub(super) fn new(code: &'static str, message: String, rule: &'static str) -> Self {
        Self { code, message, rule }
    }
}

/// Errors of our types, with their code and rule.
pub(super) trait Coded: std::fmt::Display {
    fn code(&self) -> &'static str;
    const RULE: &'static str;
}

macro_rules! coded {
    ($($error:ty => $rule:literal),+ $(,)?) => {
        $(impl Coded for $error {
            fn code(&self) -> &'static str {
                <$error>::code(*self)
            }
            const RULE: &'static str = $rule;
        })+
    };
}

coded!(
    MoneyError => "ID-4",
    DateError => "ID-11",
    PeriodError => "ID-8",
    GstinError => "ID-1",
    DocumentNumberError => "ID-5",
    BillOfEntryIdError => "BOE-7",
);

/// One row, by column.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub(super) line: u64,
    columns: &'a BTreeMap<String, usize>,
    cells: Vec<String>,
}

impl Row<'_> {
    /// The trimmed text; `None` where the column is absent or the cell empty.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        let text = self.cells.get(*self.columns.get(column)?)?.trim();
        if text.is_empty() { None } else { Some(text) }
    }

    pub(super) fn required_text(&self, column: &'static str) -> Result<&str, Wrong> {
        self.text(column).ok_or_else(|| Wrong::new("FIELD_MISSING", format!("`{column}` is missing"), "CSV"))
    }

    pub(super) fn optional<T: FromStr>(&self, column: &str) -> Result<Option<T>, Wrong>
    where
        T::Err: Coded,
    {
        let Some(text) = self.text(column) else { return Ok(None) };
        let wrong = |error: T::Err| Wrong::new(error.code(), format!("`{column}` {error}"), <T::Err as Coded>::RULE);
        text.parse().map(Some).map_err(wrong)
    }

    pub(super) fn required<T: FromStr>(&self, column: &'static str) -> Result<T, Wrong>
    where
        T::Err: Coded,
    {
        self.required_text(column)?;
        let missing = || Wrong::new("FIELD_MISSING", format!("`{column}` is missing"), "CSV");
        self.optional(column)?.ok_or_else(missing)
    }

    /// A day, `YYYY-MM-DD` or as GSTN writes it, `DD-MM-YYYY`.
    pub(super) fn day(&self, column: &str) -> Result<Option<IstDate>, Wrong> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let day = text.parse().or_else(|error: DateError| IstDate::parse_gstn(text).map_err(|_| error));
        day.map(Some).map_err(|error| Wrong::new(error.code(), format!("`{column}` {error}"), DateError::RULE))
    }

    pub(super) fn required_day(&self, column: &'static str) -> Result<IstDate, Wrong> {
        self.required_text(column)?;
        let missing = || Wrong::new("FIELD_MISSING", format!("`{column}` is missing"), "CSV");
        self.day(column)?.ok_or_else(missing)
    }

    pub(super) fn amount(&self, column: &str) -> Result<Paise, Wrong> {
        Ok(self.optional(column)?.unwrap_or_default())
    }

    pub(super) fn tax(&self) -> Result<TaxAmounts, Wrong> {
        Ok(TaxAmounts {
            igst: self.amount("igst")?,
            cgst: self.amount("cgst")?,
            sgst: self.amount("sgst")?,
            cess: self.amount("cess")?,
        })
    }

    /// Yes or no; an empty cell is no.
    pub(super) fn flag(&self, column: &str) -> Result<bool, Wrong> {
        match self.text(column).map(str::to_ascii_uppercase).as_deref() {
            Some("Y" | "YES" | "TRUE") => Ok(true),
            Some("N" | "NO" | "FALSE") | None => Ok(false),
            Some(_) => Err(Wrong::new("CODE_UNKNOWN", format!("`{column}` should be Y or N"), "CSV")),
        }
    }

    /// The kind of document; an empty cell is an invoice.
    pub(super) fn kind(&self) -> Result<DocumentKind, Wrong> {
        let word = self.text("document_kind").map_or_else(|| "INVOICE".to_owned(), str::to_ascii_uppercase);
        DocumentKind::from_code(&word).ok_or_else(|| {
            let message = "`document_kind` should be one of INVOICE, DEBIT_NOTE, CREDIT_NOTE, ECO, ISD_INVOICE";
            Wrong::new("CODE_UNKNOWN", message.to_owned(), "ID-6")
        })
    }

    /// Whose register it is: as the row says, otherwise as the command line does.
    pub(super) fn recipient(&self, with: &Supplement) -> Result<RecipientGstin, Wrong> {
        self.optional("recipient_gstin")?.or(with.recipient).ok_or_else(|| {
            Wrong::new("RECIPIENT_UNKNOWN", "`recipient_gstin` is missing: give --recipient".to_owned(), "ID-1")
        })
    }

    pub(super) fn supplier(&self) -> Result<SupplierGstin, Wrong> {
        self.required("supplier_gstin")
    }

    /// The document that the row is about.
    pub(super) fn document(&self) -> Result<DocumentKey, Wrong> {
        let number = self.required("document_number")?;
        Ok(DocumentKey::new(self.supplier()?, self.kind()?, number, self.required_day("document_date")?))
    }
}

/// A file read as a table: its columns, its rows, and the lines that are no row.
pub(super) struct Table {
    pub(super) columns: BTreeMap<String, usize>,
    rows: Vec<(u64, Vec<String>)>,
    pub(super) broken: Vec<(u64, String)>,
}

impl Table {
    /// Reads a text; the first line names the columns.
    pub(super) fn read(text: &str) -> Self {
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let mut table = Self { columns: BTreeMap::new(), rows: Vec::new(), broken: Vec::new() };
        match reader.headers() {
            Ok(headers) => {
                let names = headers.iter().map(|name| name.trim().to_ascii_lowercase());
                table.columns = names.enumerate().map(|(index, name)| (name, index)).collect();
            }
            Err(error) => table.broken.push((1, error.to_string())),
        }
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let cells: Vec<String> = record.iter().map(str::to_owned).collect();
                    if cells.len() > table.columns.len() {
                        table
                            .broken
                            .push((line, format!("{} cells under {} columns", cells.len(), table.columns.len())));
                    } else if cells.iter().any(|cell| !cell.trim().is_empty()) {
                        table.rows.push((line, cells));
                    }
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    table.broken.push((line, error.to_string()));
                }
            }
        }
        table
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { line: *line, columns: &self.columns, cells: cells.clone() })
    }

    /// Columns that nobody reads: perhaps a misspelling.
    pub(super) fn unknown<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.columns.keys().map(String::as_str).filter(|name| !known.contains(name))
    }
}
