//! The list of the rulebook's keys: what values each takes, whether it is effective-dated, and the rule it serves.

use super::choices::{self, Choice};
use super::ims_choices;
use crate::rule::{self, RuleRef};
use gst_types::{Paise, StateCode};
use rust_decimal::Decimal;
use std::str::FromStr;

/// The values that a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// One of these words.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds, both included.
    Number(u32, u32),
    /// A percentage, zero or more.
    Percent,
    /// Whole numbers in rising order, separated by commas.
    Numbers,
    /// State codes, separated by commas.
    States,
    /// JSON object with the amounts `cgst` and `sgst`.
    Split,
}

/// One key of the rulebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyDefinition {
    /// The key, as deployments and case files write it.
    pub key: &'static str,
    /// The values that it takes.
    pub kind: ValueKind,
    /// Whether its rows may begin and end on a day; the rule names which day is looked up.
    pub dated: bool,
    /// The rule that the key serves.
    pub rule: RuleRef,
}

impl ValueKind {
    /// Whether `value` is one of the kind's values.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Words(words) => words.contains(&value),
            Self::Flag => matches!(value, "true" | "false"),
            Self::Number(least, most) => value.parse().is_ok_and(|number: u32| (least..=most).contains(&number)),
            Self::Percent => Decimal::from_str(value).is_ok_and(|percent| !percent.is_sign_negative()),
            Self::Numbers => {
                let numbers: Option<Vec<u32>> = value.split(',').map(|number| number.trim().parse().ok()).collect();
                numbers.is_some_and(|numbers| numbers.is_sorted_by(|earlier, later| earlier < later))
            }
            Self::States => value.split(',').all(|state| StateCode::from_str(state.trim()).is_ok()),
            Self::Split => split_of(value).is_some(),
        }
    }

    /// What the kind takes, for messages.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Words(words) => format!("one of {}", words.join(", ")),
            Self::Flag => "true or false".to_owned(),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Percent => "a percentage, zero or more".to_owned(),
            Self::Numbers => "whole numbers in rising order, separated by commas".to_owned(),
            Self::States => "two-digit state codes, separated by commas".to_owned(),
            Self::Split => "a JSON object with the amounts cgst and sgst".to_owned(),
        }
    }
}

/// The amounts of `util.explicit_split`: IGST credit for CGST and for SGST liability; `None` where the text is no split.
pub(super) fn split_of(value: &str) -> Option<(Paise, Paise)> {
    let serde_json::Value::Object(fields) = serde_json::from_str(value).ok()? else { return None };
    let mut split = (Paise::ZERO, Paise::ZERO);
    for (head, amount) in &fields {
        let amount = match amount {
            serde_json::Value::String(text) => text.parse().ok()?,
            serde_json::Value::Number(number) => number.as_str().parse().ok()?,
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => return None,
        };
        match head.as_str() {
            "cgst" => split.0 = amount,
            "sgst" => split.1 = amount,
            _ => return None,
        }
    }
    if split.0.is_negative() || split.1.is_negative() { None } else { Some(split) }
}

const fn always(key: &'static str, kind: ValueKind, rule: RuleRef) -> KeyDefinition {
    KeyDefinition { key, kind, dated: false, rule }
}

const fn dated(key: &'static str, kind: ValueKind, rule: RuleRef) -> KeyDefinition {
    KeyDefinition { key, kind, dated: true, rule }
}

const fn choice<C: Choice>(rule: RuleRef) -> KeyDefinition {
    always(C::KEY, ValueKind::Words(C::CODES), rule)
}

const fn dated_choice<C: Choice>(rule: RuleRef) -> KeyDefinition {
    dated(C::KEY, ValueKind::Words(C::CODES), rule)
}

/// A day of a month that every month has.
const DAY_OF_MONTH: ValueKind = ValueKind::Number(1, 28);
/// Days that the engine remembers or waits: up to ten years.
const DAYS: ValueKind = ValueKind::Number(1, 3660);

/// Every key of the rulebook.
pub const KEYS: &[KeyDefinition] = &[
    choice::<choices::PeriodRule>(rule::R37_3),
    always("r37.tds_counts", ValueKind::Flag, rule::R37_7),
    always("r37.book_adjustment_counts", ValueKind::Flag, rule::R37_7),
    choice::<choices::PaymentDateBasis>(rule::R37_7),
    choice::<choices::CommercialCreditNote>(rule::R37_11),
    choice::<choices::LateClaim>(rule::R37_12),
    choice::<choices::ReversalBase>(rule::R37_14),
    choice::<choices::SamePeriodNetting>(rule::R37_9),
    choice::<choices::Allocation>(rule::R37_15),
    always("r37.allocate_same_pan", ValueKind::Flag, rule::R37_15),
    choice::<choices::DebitNoteTimer>(rule::R37_16),
    always("r37.warning_days", ValueKind::Numbers, rule::R37_17),
    choice::<choices::Rule37aYear>(rule::R37A_1),
    choice::<choices::Rule37aReturn>(rule::R37A_2),
    choice::<choices::TimelyRule37aInterest>(rule::R37A_3),
    choice::<choices::InterestBasis>(rule::INT_1),
    choice::<choices::DayCount>(rule::INT_4),
    dated("interest.rate", ValueKind::Percent, rule::INT_1),
    dated_choice::<choices::ReversalStatementCheck>(rule::ECR_2),
    choice::<choices::BillOfEntryTimeLimit>(rule::TL_7),
    dated_choice::<choices::TimeLimitRule>(rule::TL_1),
    choice::<choices::CapitalGoodsMethod>(rule::CG_2),
    choice::<choices::IgstRemainder>(rule::UTL_2),
    always("util.explicit_split", ValueKind::Split, rule::UTL_2),
    choice::<choices::IgstLiabilityFrom>(rule::UTL_4),
    choice::<choices::LandingCharge>(rule::DUT_1),
    always("customs.sws_rate", ValueKind::Percent, rule::DUT_3),
    always("customs.sws_on_aidc", ValueKind::Flag, rule::DUT_3),
    choice::<choices::ExbondExchangeRate>(rule::DUT_7),
    choice::<choices::BillOfEntryDeadline>(rule::BOE_8),
    choice::<choices::GstinChecksum>(rule::GID_1),
    choice::<ims_choices::PendingPolicy>(rule::CF_1),
    always("pending_days", DAYS, rule::CF_1),
    choice::<ims_choices::TimeBarMode>(rule::EL_3),
    choice::<ims_choices::BillOfEntryPendingLimit>(rule::AC_7),
    choice::<ims_choices::ReversalRecordPending>(rule::BE_8),
    choice::<ims_choices::ReversalRecordDefault>(rule::BE_8),
    choice::<ims_choices::EcoDownward2024>(rule::AC_4),
    choice::<ims_choices::AmendmentChain>(rule::AM_11),
    choice::<ims_choices::SupplierGstinChange>(rule::AM_12),
    always("isd_in_ims", ValueKind::Flag, rule::CF_6),
    always("gstr5_in_ims", ValueKind::Flag, rule::CF_6),
    always("itc_lock", ValueKind::Flag, rule::CF_5),
    choice::<ims_choices::Table4PartB>(rule::TB_4),
    choice::<ims_choices::DraftGeneration>(rule::GN_1),
    choice::<ims_choices::StatementSequence>(rule::GN_3),
    choice::<ims_choices::SupplierOwnReturn>(rule::SL_3),
    always("approval_days", DAYS, rule::AC_2),
    always("repeat_window_days", DAYS, rule::EG_6),
    always("waiting_days_max", DAYS, rule::EG_6),
    dated("calendar.gstr1_monthly_day", DAY_OF_MONTH, rule::PD_1),
    dated("calendar.gstr1_quarterly_day", DAY_OF_MONTH, rule::PD_3),
    dated("calendar.import_day", DAY_OF_MONTH, rule::PD_8),
    dated("calendar.draft_day", DAY_OF_MONTH, rule::GN_1),
    dated("calendar.gstr3b_monthly_day", DAY_OF_MONTH, rule::CAL_5),
    dated("calendar.gstr3b_quarterly_day_first_group", DAY_OF_MONTH, rule::CAL_5),
    dated("calendar.gstr3b_quarterly_day_other_states", DAY_OF_MONTH, rule::CAL_5),
    dated("calendar.gstr3b_first_group_states", ValueKind::States, rule::CAL_5),
    dated("gst.rate.STANDARD_12", ValueKind::Percent, rule::RATE_1),
    dated("gst.rate.LUXURY", ValueKind::Percent, rule::RATE_1),
    dated("gst.rate.TOBACCO", ValueKind::Percent, rule::RATE_1),
    dated("gst.rate.BIDI", ValueKind::Percent, rule::RATE_1),
    dated("gst.cess.LUXURY", ValueKind::Flag, rule::RATE_3),
    dated("gst.cess.TOBACCO", ValueKind::Flag, rule::RATE_3),
];

/// The definition of a key, if there is one.
#[must_use]
pub fn definition(key: &str) -> Option<&'static KeyDefinition> {
    KEYS.iter().find(|definition| definition.key == key)
}
