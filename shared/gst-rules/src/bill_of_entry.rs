//! Bills of Entry: types (BOE-2), life cycle and when credit arises (BOE-4, BOE-5), the search request (BOE-7), the filing
//! deadline (BOE-8) and the feed's two vocabularies (BOE-9).

use crate::coded::coded;
use crate::rule::{BOE_2, BOE_4, BOE_5, RuleRef};
use crate::rulebook::{BillOfEntryDeadline, Rulebook};
use gst_types::{BillOfEntryId, BillOfEntryIdError, DateError, IstDate, IstInstant, MoneyError, Paise, PortCode};
use gst_types::{TaxPeriod, round_half_up_to_paise};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;

coded! {
    /// The type of a Bill of Entry (BOE-2).
    BillOfEntryType {
        /// White form: duty paid, goods free, credit.
        HomeConsumption = "HOME_CONSUMPTION",
        /// Yellow form: assessed, no duty, no credit.
        IntoBond = "INTO_BOND",
        /// The same under its other name.
        Warehousing = "WAREHOUSING",
        /// Green form: clearance from the warehouse, credit for that part.
        ExBond = "EX_BOND",
        /// Goods cleared from a SEZ.
        Sez = "SEZ",
        /// Re-import.
        ReImport = "RE_IMPORT",
        /// Project import.
        Project = "PROJECT",
        /// Baggage.
        Baggage = "BAGGAGE",
        /// Courier (BOE-11).
        Courier = "COURIER",
        /// Transit: no duty, no credit.
        Transit = "TRANSIT",
        /// Transhipment: no duty, no credit.
        Transhipment = "TRANSHIPMENT",
    }
}
coded! {
    /// The status words that advance a Bill of Entry (BOE-4); any other word is kept as text and changes nothing.
    BillOfEntryStatus {
        /// Filed.
        Filed = "FILED",
        /// Under assessment.
        UnderAssessment = "UNDER_ASSESSMENT",
        /// Customs asked.
        QueryRaised = "QUERY_RAISED",
        /// The importer answered.
        QueryReplied = "QUERY_REPLIED",
        /// Duty assessed.
        AssessmentComplete = "ASSESSMENT_COMPLETE",
        /// Assessed provisionally; the final assessment arrives as an amendment.
        ProvisionallyAssessed = "PROVISIONALLY_ASSESSED",
        /// Duty paid.
        DutyPaid = "DUTY_PAID",
        /// Goods under examination.
        Examination = "EXAMINATION",
        /// Goods released.
        OutOfCharge = "OUT_OF_CHARGE",
        /// Amended after release.
        Amended = "AMENDED",
        /// Assessed again after release.
        Reassessed = "REASSESSED",
        /// Cancelled.
        Cancelled = "CANCELLED",
        /// Purged.
        Purged = "PURGED",
    }
}
coded! {
    /// The kind of customs station (BOE-8).
    Station {
        /// Sea port.
        SeaPort = "SEA_PORT",
        /// Inland container depot.
        Icd = "ICD",
        /// Air freight station.
        AirFreightStation = "AIR_FREIGHT_STATION",
        /// Airport.
        Airport = "AIRPORT",
        /// Land customs station.
        LandStation = "LAND_STATION",
    }
}

impl BillOfEntryType {
    /// BOE-2: whether IGST paid on such a bill gives credit.
    #[must_use]
    pub const fn gives_credit(self) -> bool {
        match self {
            Self::HomeConsumption
            | Self::ExBond
            | Self::Sez
            | Self::ReImport
            | Self::Project
            | Self::Baggage
            | Self::Courier => true,
            Self::IntoBond | Self::Warehousing | Self::Transit | Self::Transhipment => false,
        }
    }
}

/// Where a Bill of Entry stands in its life (BOE-4, BOE-5); steps are applied one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    kind: BillOfEntryType,
    status: Option<BillOfEntryStatus>,
    out_of_charge_at: Option<IstInstant>,
    duty_paid_at: Option<IstInstant>,
    ended: bool,
    eligible_at: Option<IstInstant>,
}

impl Lifecycle {
    /// A bill of that type of which no status is known yet.
    #[must_use]
    pub const fn new(kind: BillOfEntryType) -> Self {
        Self { kind, status: None, out_of_charge_at: None, duty_paid_at: None, ended: false, eligible_at: None }
    }

    /// BOE-4: applies a status word of the feed. A word that nobody knows changes nothing.
    pub fn apply(&mut self, at: IstInstant, word: &str) {
        let Some(status) = BillOfEntryStatus::from_code(word) else { return };
        self.status = Some(status);
        match status {
            BillOfEntryStatus::OutOfCharge => self.out_of_charge_at = self.out_of_charge_at.or(Some(at)),
            BillOfEntryStatus::DutyPaid => self.duty_paid_at = self.duty_paid_at.or(Some(at)),
            BillOfEntryStatus::Cancelled | BillOfEntryStatus::Purged => self.ended = true,
            BillOfEntryStatus::Filed
            | BillOfEntryStatus::UnderAssessment
            | BillOfEntryStatus::QueryRaised
            | BillOfEntryStatus::QueryReplied
            | BillOfEntryStatus::AssessmentComplete
            | BillOfEntryStatus::ProvisionallyAssessed
            | BillOfEntryStatus::Examination
            | BillOfEntryStatus::Amended
            | BillOfEntryStatus::Reassessed => {}
        }
        if self.is_credit_due() && self.eligible_at.is_none() {
            self.eligible_at = self.out_of_charge_at.max(self.duty_paid_at);
        }
    }

    /// The last known status.
    #[must_use]
    pub const fn status(&self) -> Option<BillOfEntryStatus> {
        self.status
    }

    /// BOE-5: whether goods are out of charge and IGST is paid, on a bill that gives credit and was not cancelled.
    #[must_use]
    pub const fn is_credit_due(&self) -> bool {
        self.kind.gives_credit() && !self.ended && self.out_of_charge_at.is_some() && self.duty_paid_at.is_some()
    }

    /// BOE-5: when credit arose for the first time: the later of the two; `None` if never.
    #[must_use]
    pub const fn eligible_at(&self) -> Option<IstInstant> {
        self.eligible_at
    }

    /// The rule that gives or withholds credit.
    #[must_use]
    pub const fn rule(&self) -> RuleRef {
        match (self.kind.gives_credit(), self.ended) {
            (false, _) => BOE_2,
            (true, true) => BOE_4,
            (true, false) => BOE_5,
        }
    }
}

/// The filing of a Bill of Entry against its deadline (BOE-8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateFiling {
    /// The last day in time.
    pub deadline: IstDate,
    /// Days of default.
    pub days_late: i64,
    /// The charge; not creditable.
    pub charge: Paise,
}

/// Countries whose short sea voyage moves the deadline to the arrival day (BOE-8): Bangladesh, Maldives, Myanmar, Pakistan,
/// Sri Lanka.
const SHORT_HAUL: [&str; 5] = ["BD", "MV", "MM", "PK", "LK"];

/// BOE-8: deadline and late charge, 5,000 a day for three days and 10,000 for each further day.
#[must_use]
pub fn late_filing(
    rulebook: &Rulebook,
    station: Station,
    from_country: &str,
    arrival_on: IstDate,
    filed_on: IstDate,
) -> LateFiling {
    let short_haul = SHORT_HAUL.contains(&from_country.to_ascii_uppercase().as_str());
    let on_arrival_day = match (rulebook.bill_of_entry_deadline(), station) {
        (BillOfEntryDeadline::GeneralPrecedingDay, _) => false,
        (BillOfEntryDeadline::Regulation2018, Station::SeaPort) => short_haul,
        (BillOfEntryDeadline::Regulation2018, Station::Icd | Station::AirFreightStation) => false,
        (BillOfEntryDeadline::Regulation2018, Station::Airport | Station::LandStation) => true,
    };
    let deadline = if on_arrival_day { arrival_on } else { arrival_on.minus_days(1) };
    let days_late = filed_on.days_since(deadline).max(0);
    let charge = Paise::from_rupees(5_000 * days_late.min(3) + 10_000 * (days_late - 3).max(0));
    LateFiling { deadline, days_late, charge }
}

/// One row of a search request (BOE-7), as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRow {
    /// Port code.
    pub port_code: String,
    /// Number of the bill.
    pub number: String,
    /// Date of the bill.
    pub date: IstDate,
    /// Reference date.
    pub reference_date: IstDate,
}

coded! {
    /// What is wrong with a row of a search request; the first that applies (BOE-7).
    SearchResult {
        /// Nothing.
        Ok = "OK",
        /// Not six letters and digits.
        BadPortCode = "BAD_PORT_CODE",
        /// Not four to seven digits.
        BadBoeNumber = "BAD_BOE_NUMBER",
        /// The reference date is before the bill's.
        ReferenceBeforeBoe = "REFERENCE_BEFORE_BOE",
        /// The reference date is not yet five days back, counting itself.
        ReferenceTooRecent = "REFERENCE_TOO_RECENT",
        /// An earlier row that is in order has this number.
        DuplicateBoeNumber = "DUPLICATE_BOE_NUMBER",
    }
}

/// Rows that a search request may have (BOE-7).
pub const MOST_SEARCH_ROWS: usize = 10;
/// How far back a reference date must be, counting itself: on 20 March the youngest allowed is 16 March (BOE-7).
const REFERENCE_DAYS_BACK: i64 = 4;

/// BOE-7: judges each row of a search request made on `today`. More than [`MOST_SEARCH_ROWS`] rows are too many.
#[must_use]
pub fn judge_search(today: IstDate, rows: &[SearchRow]) -> Vec<SearchResult> {
    let mut seen = BTreeSet::new();
    rows.iter().map(|row| judge_search_row(today, row, &mut seen)).collect()
}

fn judge_search_row<'a>(today: IstDate, row: &'a SearchRow, seen: &mut BTreeSet<&'a str>) -> SearchResult {
    let digits = row.number.bytes().all(|byte| byte.is_ascii_digit());
    if row.port_code.len() != 6 || !row.port_code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        SearchResult::BadPortCode
    } else if !digits || !(4..=7).contains(&row.number.len()) {
        SearchResult::BadBoeNumber
    } else if row.reference_date < row.date {
        SearchResult::ReferenceBeforeBoe
    } else if today.days_since(row.reference_date) < REFERENCE_DAYS_BACK {
        SearchResult::ReferenceTooRecent
    } else if !seen.insert(row.number.as_str()) {
        SearchResult::DuplicateBoeNumber
    } else {
        SearchResult::Ok
    }
}

coded! {
    /// The two vocabularies of the feed (BOE-9).
    Vocabulary {
        /// `refdt`, `portcd`, `benum`, `bedt`, `txval`, `iamt`, `csamt`, `amd`.
        Gstr2a = "GSTR2A",
        /// `refdt`, `recdt`, `portcode`, `boenum`, `boedt`, `isamd`, `txval`, `igst`, `cess`.
        Gstr2b = "GSTR2B",
    }
}

/// A Bill of Entry in our own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedBill {
    /// Port, number and date.
    pub id: BillOfEntryId,
    /// The reference date (BOE-6).
    pub reference_date: IstDate,
    /// The value on which IGST was computed (DUT-4).
    pub taxable_value: Paise,
    /// IGST.
    pub igst: Paise,
    /// Compensation cess.
    pub cess: Paise,
    /// Whether the record amends an earlier one.
    pub amended: bool,
}

impl NormalisedBill {
    /// The month of the reference date (BOE-6).
    #[must_use]
    pub fn return_period(&self) -> TaxPeriod {
        TaxPeriod::of(self.reference_date)
    }
}

/// Why a feed record is no Bill of Entry (BOE-9).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NormaliseError {
    /// A field is missing.
    #[error("the record has no field {0} (BOE-9)")]
    Missing(&'static str),
    /// A field is neither text nor number.
    #[error("the field {0} is neither a text nor a number (BOE-9)")]
    Shape(&'static str),
    /// No day.
    #[error("the field {0}: {1}")]
    Date(&'static str, DateError),
    /// No amount.
    #[error("the field {0}: {1}")]
    Amount(&'static str, MoneyError),
    /// Port or number is wrong.
    #[error(transparent)]
    Id(#[from] BillOfEntryIdError),
}

impl NormaliseError {
    /// Stable code for metrics and dead letters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "BOE_FIELD_MISSING",
            Self::Shape(_) => "BOE_FIELD_SHAPE",
            Self::Date(_, error) => error.code(),
            Self::Amount(_, error) => error.code(),
            Self::Id(error) => error.code(),
        }
    }
}

/// The names of one vocabulary.
struct Names {
    port: &'static str,
    number: &'static str,
    date: &'static str,
    igst: &'static str,
    cess: &'static str,
    amended: &'static str,
}

impl Vocabulary {
    const fn names(self) -> Names {
        match self {
            Self::Gstr2a => {
                Names { port: "portcd", number: "benum", date: "bedt", igst: "iamt", cess: "csamt", amended: "amd" }
            }
            Self::Gstr2b => Names {
                port: "portcode",
                number: "boenum",
                date: "boedt",
                igst: "igst",
                cess: "cess",
                amended: "isamd",
            },
        }
    }
}

/// BOE-9: reads a record of the feed. Numbers are read as exact decimals; an absent amount is zero.
///
/// # Errors
/// [`NormaliseError`] naming the first field that is missing or wrong.
pub fn normalise(vocabulary: Vocabulary, record: &Value) -> Result<NormalisedBill, NormaliseError> {
    let names = vocabulary.names();
    let day = |name| {
        let text = text_of(record, name)?.ok_or(NormaliseError::Missing(name))?;
        IstDate::parse_gstn(text.trim()).map_err(|error| NormaliseError::Date(name, error))
    };
    let text = |name| text_of(record, name)?.ok_or(NormaliseError::Missing(name));
    let port: PortCode = text(names.port)?.parse()?;
    Ok(NormalisedBill {
        id: BillOfEntryId::new(port, &text(names.number)?, day(names.date)?)?,
        reference_date: day("refdt")?,
        taxable_value: amount_of(record, "txval")?,
        igst: amount_of(record, names.igst)?,
        cess: amount_of(record, names.cess)?,
        amended: text_of(record, names.amended)?.is_some_and(|mark| mark.trim().eq_ignore_ascii_case("Y")),
    })
}

/// A field as text, a number in its own digits; `None` where it is absent or null.
fn text_of(record: &Value, name: &'static str) -> Result<Option<String>, NormaliseError> {
    match record.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.as_str().to_owned())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(NormaliseError::Shape(name)),
    }
}

fn amount_of(record: &Value, name: &'static str) -> Result<Paise, NormaliseError> {
    let Some(text) = text_of(record, name)? else { return Ok(Paise::ZERO) };
    let text = text.trim();
    let exact = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text));
    let rupees = exact.map_err(|_| NormaliseError::Amount(name, MoneyError::NotANumber))?;
    round_half_up_to_paise(rupees).map_err(|error| NormaliseError::Amount(name, error))
}

#[cfg(test)]
mod tests;
