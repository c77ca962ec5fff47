//! The answer to a save or reset, in the shape of IMS's request status (`REQSTS`). Written, not read: we answer so.

use gst_types::{BillOfEntryId, SupplierGstin, TaxPeriod};
use serde_json::{Map, Value};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestStatus {
    /// All records applied.
    Processed,
    /// Some records failed; the others are saved.
    ProcessedWithErrors,
    /// Nothing was applied.
    Error,
    /// Not finished.
    InProgress,
}

impl RequestStatus {
    /// The code of `status_cd`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Processed => "P",
            Self::ProcessedWithErrors => "PE",
            Self::Error => "ER",
            Self::InProgress => "IP",
        }
    }
}

/// The record that a failure is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailedRecord {
    /// A supplier's document, with its number as the request had it.
    Document {
        /// Who reported it.
        supplier: SupplierGstin,
        /// Its number.
        number: String,
        /// The supplier's return period, where the request said it.
        period: Option<TaxPeriod>,
    },
    /// A Bill of Entry.
    BillOfEntry(BillOfEntryId),
}

/// One record that was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFailure {
    /// The section's key in the request (`b2bcn`, `impg`).
    pub section: String,
    /// Which record.
    pub record: FailedRecord,
    /// Code of the refusal.
    pub code: String,
    /// The refusal in words.
    pub message: String,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestReport {
    /// What became of the request.
    pub status: RequestStatus,
    /// Records applied.
    pub processed: usize,
    /// Code and words of an error of the whole request.
    pub request_error: Option<(String, String)>,
    /// Records not applied.
    pub failures: Vec<RecordFailure>,
}

impl RequestReport {
    /// The answer to a request of which so many records were applied and these failed.
    #[must_use]
    pub fn of(processed: usize, failures: Vec<RecordFailure>) -> Self {
        let status = match (processed, failures.is_empty()) {
            (_, true) => RequestStatus::Processed,
            (0, false) => RequestStatus::Error,
            (_, false) => RequestStatus::ProcessedWithErrors,
        };
        Self { status, processed, request_error: None, failures }
    }

    /// The answer as JSON. Counts are texts, as IMS writes them.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut answer = Map::new();
        let mut put = |key: &str, value: Value| answer.insert(key.to_owned(), value);
        put("status_cd", Value::from(self.status.code()));
        put("transTypCd", Value::from("SAV"));
        put("proc_cnt", Value::from(self.processed.to_string()));
        put("err_cnt", Value::from(self.failures.len().to_string()));
        if let Some((code, message)) = &self.request_error {
            put("err_cd", Value::from(code.as_str()));
            put("err_msg", Value::from(message.as_str()));
        }
        if !self.failures.is_empty() {
            put("error_report", self.error_report());
        }
        Value::Object(answer)
    }

    fn error_report(&self) -> Value {
        let mut report = Map::new();
        for failure in &self.failures {
            let list = report.entry(failure.section.as_str()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(failure.to_value());
            }
        }
        Value::Object(report)
    }
}

impl RecordFailure {
    fn to_value(&self) -> Value {
        let mut row = Map::new();
        let mut put = |key: &str, value: Value| row.insert(key.to_owned(), value);
        match &self.record {
            FailedRecord::Document { supplier, number, period } => {
                put("stin", Value::from(supplier.to_string()));
                let mut document = Map::new();
                document.insert("inum".to_owned(), Value::from(number.as_str()));
                if let Some(period) = period {
                    document.insert("rtnprd".to_owned(), Value::from(period.to_string()));
                }
                put("inv", Value::Array(vec![Value::Object(document)]));
            }
            FailedRecord::BillOfEntry(id) => {
                put("portcd", Value::from(id.port_code.as_str()));
                put("boenum", Value::from(id.number()));
                put("boedt", Value::from(id.date.to_gstn()));
            }
        }
        put("error_cd", Value::from(self.code.as_str()));
        put("error_msg", Value::from(self.message.as_str()));
        Value::Object(row)
    }
}
