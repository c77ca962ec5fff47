//! Facts of the taxpayer that no portal file tells, as CSV, each recognised by a column of its own: customs duty
//! (`assessable_value`), the category of a purchase (`category`), turnover (`total_turnover`), permanent reversals
//! (`reversal_rule`) and the opening balance of the reversal statement (`opened_on`).

use super::table::{Row, Table, Wrong};
use super::translation::{Supplement, Translated, at_hour, content_id};
use crate::feed_record::Feed;
use gst_events::{
    CreditCategorySet, CreditSubject, CustomsDutyReported, PermanentReversalRecorded, ReversalStatementOpened,
    TurnoverReported,
};
use gst_types::{BillOfEntryId, Paise};
use serde::de::DeserializeOwned;
use serde_json::json;

/// One kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactsFile {
    Duty,
    Category,
    Turnover,
    Reversals,
    Opening,
}

impl FactsFile {
    pub(super) const ALL: [Self; 5] = [Self::Duty, Self::Category, Self::Turnover, Self::Reversals, Self::Opening];

    /// The kind of a file with these columns.
    pub(super) fn recognise(table: &Table) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| table.columns.contains_key(kind.sign()))
    }

    /// The column that no other file has.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Duty => "assessable_value",
            Self::Category => "category",
            Self::Turnover => "total_turnover",
            Self::Reversals => "reversal_rule",
            Self::Opening => "opened_on",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Duty => "customs duty",
            Self::Category => "credit categories",
            Self::Turnover => "turnover",
            Self::Reversals => "permanent reversals",
            Self::Opening => "opening of the reversal statement",
        }
    }

    /// The columns that are read.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Duty => &[
                "recipient_gstin",
                "port_code",
                "boe_number",
                "boe_date",
                "assessable_value",
                "bcd",
                "aidc",
                "sws",
                "other_duties",
                "sale_price_in_bond",
                "igst_rate",
                "cess_rate",
                "rate_group",
                "presented_on",
                "arrived_on",
                "station",
                "from_country",
                "told_on",
            ],
            Self::Category => &[
                "recipient_gstin",
                "supplier_gstin",
                "document_kind",
                "document_number",
                "document_date",
                "port_code",
                "boe_number",
                "boe_date",
                "category",
                "usage",
                "exclusive_use",
                "reason",
                "set_on",
            ],
            Self::Turnover => &[
                "recipient_gstin",
                "return_period",
                "exempt_turnover",
                "total_turnover",
                "common_use_non_business",
                "section_17_4",
                "told_on",
            ],
            Self::Reversals => &[
                "recipient_gstin",
                "supplier_gstin",
                "document_kind",
                "document_number",
                "document_date",
                "port_code",
                "boe_number",
                "boe_date",
                "reversal_id",
                "reversal_rule",
                "return_period",
                "igst",
                "cgst",
                "sgst",
                "cess",
                "reversed_on",
            ],
            Self::Opening => &["recipient_gstin", "igst", "cgst", "sgst", "cess", "opened_on"],
        }
    }

    /// Translates a table; a bad line is refused by field and does not lose the others.
    pub(super) fn translate(self, table: &Table, with: &Supplement) -> Translated {
        let mut out = Translated::of(self.name());
        for row in table.rows() {
            let told = match self {
                Self::Duty => duty(&row, with, &mut out),
                Self::Category => category(&row, with, &mut out),
                Self::Turnover => turnover(&row, with, &mut out),
                Self::Reversals => reversal(&row, with, &mut out),
                Self::Opening => opening(&row, with, &mut out),
            };
            match told {
                Ok(feed) => out.count(feed, 1),
                Err(wrong) => out.refuse(format!("line {}", row.line), wrong.code, wrong.message, wrong.rule),
            }
        }
        out
    }
}

/// One of our own closed words.
fn closed_word<T: DeserializeOwned>(row: &Row<'_>, column: &str, known: &str) -> Result<Option<T>, Wrong> {
    let Some(text) = row.text(column) else { return Ok(None) };
    let found = serde_json::from_value(json!(text.to_ascii_uppercase()));
    found.map(Some).map_err(|_| Wrong::new("CODE_UNKNOWN", format!("`{column}` should be one of {known}"), "CSV"))
}

fn bill(row: &Row<'_>) -> Result<BillOfEntryId, Wrong> {
    let date = row.required_day("boe_date")?;
    let (port, number) = (row.required_text("port_code")?, row.required_text("boe_number")?);
    let id = format!("{port}/{number}/{date}").parse();
    id.map_err(|error: gst_types::BillOfEntryIdError| {
        Wrong::new(error.code(), format!("`port_code` or `boe_number` {error}"), "BOE-7")
    })
}

/// What credit hangs on: the document, or the Bill of Entry where one is named.
fn subject(row: &Row<'_>) -> Result<CreditSubject, Wrong> {
    match row.text("boe_number") {
        Some(_) => Ok(CreditSubject::BillOfEntry(bill(row)?)),
        None => Ok(CreditSubject::Document(row.document()?)),
    }
}

fn not_negative(row: &Row<'_>, columns: &[&'static str], rule: &'static str) -> Result<(), Wrong> {
    for column in columns {
        if row.amount(column)? < Paise::ZERO {
            return Err(Wrong::new("AMOUNT_NEGATIVE", format!("`{column}` should not be below zero"), rule));
        }
    }
    Ok(())
}

fn duty(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<Feed, Wrong> {
    not_negative(row, &["assessable_value", "bcd", "aidc", "sws", "other_duties", "sale_price_in_bond"], "DUT-2")?;
    let percent = |column: &str| {
        let Some(text) = row.text(column) else { return Ok(None) };
        let wrong =
            |_| Wrong::new("RATE_UNKNOWN", format!("`{column}` should be a rate in percent, such as 18"), "DUT-2");
        text.parse().map(Some).map_err(wrong)
    };
    let at = at_hour(row.required_day("told_on")?, 9);
    let bill_of_entry = bill(row)?;
    let key = bill_of_entry.to_string();
    let stations = "SEA_PORT, ICD, AIR_FREIGHT_STATION, AIRPORT, LAND_STATION";
    let fact = CustomsDutyReported {
        bill_of_entry,
        importer: row.recipient(with)?,
        assessable_value: row.required("assessable_value")?,
        bcd: row.amount("bcd")?,
        aidc: row.amount("aidc")?,
        sws: row.amount("sws")?,
        other_duties: row.amount("other_duties")?,
        sale_price_in_bond: row.optional("sale_price_in_bond")?,
        igst_percent: percent("igst_rate")?,
        rate_group: row.text("rate_group").map(str::to_ascii_uppercase),
        cess_percent: percent("cess_rate")?,
        presented_on: row.day("presented_on")?,
        arrived_on: row.day("arrived_on")?,
        station: closed_word(row, "station", stations)?,
        from_country: row.text("from_country").map(str::to_ascii_uppercase),
        at,
    };
    out.fact(Feed::BillsOfEntry, &key, at, with, &fact);
    Ok(Feed::BillsOfEntry)
}

fn category(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<Feed, Wrong> {
    let (recipient, at) = (row.recipient(with)?, at_hour(row.required_day("set_on")?, 12));
    let fact = CreditCategorySet {
        recipient,
        subject: subject(row)?,
        category: row.required_text("category")?.to_ascii_uppercase(),
        usage: row.text("usage").map(str::to_ascii_uppercase),
        exclusive_use: closed_word(row, "exclusive_use", "TAXABLE, EXEMPT, NON_BUSINESS, SAME_PAN")?,
        reason: row.text("reason").map(str::to_owned),
        at,
    };
    out.fact(Feed::PurchaseRegister, &recipient.to_string(), at, with, &fact);
    Ok(Feed::PurchaseRegister)
}

fn turnover(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<Feed, Wrong> {
    not_negative(row, &["exempt_turnover", "total_turnover"], "APP-3")?;
    let (recipient, at) = (row.recipient(with)?, at_hour(row.required_day("told_on")?, 12));
    let fact = TurnoverReported {
        recipient,
        period: row.required("return_period")?,
        exempt: row.required("exempt_turnover")?,
        total: row.required("total_turnover")?,
        common_use_non_business: row.flag("common_use_non_business")?,
        section_17_4: row.flag("section_17_4")?,
        at,
    };
    if fact.total <= Paise::ZERO || fact.exempt > fact.total {
        let message = "`total_turnover` should be above zero and hold `exempt_turnover`".to_owned();
        return Err(Wrong::new("TURNOVER_UNUSABLE", message, "APP-3"));
    }
    out.fact(Feed::PurchaseRegister, &recipient.to_string(), at, with, &fact);
    Ok(Feed::PurchaseRegister)
}

fn reversal(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<Feed, Wrong> {
    not_negative(row, &["igst", "cgst", "sgst", "cess"], "R37-14")?;
    let (recipient, at) = (row.recipient(with)?, at_hour(row.required_day("reversed_on")?, 12));
    let missing = || Wrong::new("FIELD_MISSING", "`reversal_rule` is missing".to_owned(), "CSV");
    let words: Vec<&str> =
        FactsFile::Reversals.columns().iter().map(|column| row.text(column).unwrap_or_default()).collect();
    let fact = PermanentReversalRecorded {
        recipient,
        reversal_id: row.text("reversal_id").map_or_else(|| content_id(&words, b"reversal"), str::to_owned),
        subject: subject(row)?,
        rule: closed_word(row, "reversal_rule", "38, 42, 43, 17_5, BOE_GSTIN_CHANGED")?.ok_or_else(missing)?,
        return_period: row.required("return_period")?,
        tax: row.tax()?,
        at,
    };
    out.fact(Feed::PurchaseRegister, &recipient.to_string(), at, with, &fact);
    Ok(Feed::PurchaseRegister)
}

fn opening(row: &Row<'_>, with: &Supplement, out: &mut Translated) -> Result<Feed, Wrong> {
    let (recipient, at) = (row.recipient(with)?, at_hour(row.required_day("opened_on")?, 9));
    // The balance may be negative (ECR-3).
    let fact = ReversalStatementOpened { recipient, opening: row.tax()?, at };
    out.fact(Feed::TaxpayerEvents, &recipient.to_string(), at, with, &fact);
    Ok(Feed::TaxpayerEvents)
}
