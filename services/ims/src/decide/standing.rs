//! Where a record stands: bypass, final, held, superseded, and what the earlier versions of its document came to.

use crate::dates::Dates;
use crate::rows::{ProfileRow, RecordKind, RecordRow, RecordState, key};
use gst_events::{ImsSection, RecordId, SupplierForm, UnavailableReason};
use gst_rules::calendar::section_16_4_cutoff;
use gst_rules::rule::{BE_3, ED_1, EL_1, EL_2, IN_4};
use gst_rules::rulebook::TimeBarMode;
use gst_rules::{RuleRef, Rulebook};
use gst_types::{FinancialYear, IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use stream::{StateError, StateView};

/// The longest chain of amendments that is followed; documents are amended once, a Bill of Entry a few times.
const VERSIONS_MAX: usize = 64;

/// Whether IMS exists for that statement (ED-1, ED-2).
#[must_use]
pub fn has_ims(statement: TaxPeriod) -> bool {
    (statement.year(), statement.month()) >= (2024, 10)
}

/// Whether the rules of October 2025 hold for that statement (ED-3, ED-4).
#[must_use]
pub fn has_october_2025_rules(statement: TaxPeriod) -> bool {
    (statement.year(), statement.month()) >= (2025, 10)
}

/// Whether reverse charge moves the record past IMS: documents under section 9(5) have none.
#[must_use]
pub fn is_reverse_charge(record: &RecordRow) -> bool {
    record.reverse_charge && !matches!(record.section, Some(ImsSection::Eco | ImsSection::Ecoa))
}

/// Where a filed record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The statement given by the filing (section 3).
    pub home: TaxPeriod,
    /// Why it is not in IMS, if it is not.
    pub bypass: Option<RuleRef>,
    /// Whether it waits for an earlier version that is undecided in another statement (AM-2, AM-3).
    pub held: bool,
    /// Whether its effect can change when an earlier version becomes final.
    pub depends: bool,
    /// Whether an amendment of the same statement counts instead (AM-4).
    pub superseded: bool,
    /// The value of the latest earlier version that is locked as accepted (AC-9).
    pub accepted: Option<TaxAmounts>,
}

/// Reads what a decision on one taxpayer's records needs.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    /// The rows.
    pub rows: StateView<'a>,
    /// The rules in force.
    pub rules: &'a Rulebook,
    /// The taxpayer.
    pub recipient: RecipientGstin,
    /// Its profile.
    pub profile: &'a ProfileRow,
    /// Its calendar.
    pub dates: &'a Dates<'a>,
}

impl Book<'_> {
    /// A record.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn record(&self, id: &RecordId) -> Result<Option<RecordRow>, StateError> {
        self.rows.get(&key::record(self.recipient, id))
    }

    /// Whether a record can change no more: its statement is locked, or it lapsed (EF-6, EL-4).
    #[must_use]
    pub fn is_final(&self, record: &RecordRow) -> bool {
        record.state == RecordState::Lapsed || record.counts_in.is_some_and(|period| self.profile.is_locked(period))
    }

    /// Whether a record is locked as accepted: it counted as credit (AC-9).
    fn is_accepted(&self, record: &RecordRow) -> bool {
        self.is_final(record) && record.line.as_ref().is_some_and(|line| line.table.table() == 3)
    }

    /// The earlier versions of a record's document, latest first, without those that were withdrawn.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn earlier_versions(&self, record: &RecordRow) -> Result<Vec<RecordRow>, StateError> {
        let mut versions = Vec::new();
        let mut next = record.original.clone();
        while let Some(id) = next {
            let Some(version) = self.record(&id)? else { break };
            next = version.original.clone();
            if version.state != RecordState::Withdrawn {
                versions.push(version);
            }
            if versions.len() == VERSIONS_MAX {
                break;
            }
        }
        Ok(versions)
    }

    /// The statement of a filed record.
    #[must_use]
    pub fn home(&self, record: &RecordRow) -> Option<TaxPeriod> {
        record.window.map(|window| self.profile.statement_of(window))
    }

    /// The record itself if it is filed, else as it would be if its form were filed now (ED-9).
    #[must_use]
    pub fn as_filed(&self, record: &RecordRow, now: IstInstant) -> RecordRow {
        let mut filed = record.clone();
        if record.state == RecordState::Saved {
            self.file(&mut filed, Dates::filed_now(record, now));
        }
        filed
    }

    /// Gives a saved document its window and eligibility by the filing instant.
    pub fn file(&self, record: &mut RecordRow, filed_at: IstInstant) {
        record.filed_at = Some(filed_at);
        record.state = RecordState::Filed;
        if let (Some(form), Some(frequency), Some(period)) =
            (record.form, record.supplier_frequency, record.return_period)
        {
            record.window = Some(self.dates.window_of_form(form, frequency, period, filed_at));
        }
        record.unavailable = self.unavailable(record, filed_at);
    }

    /// EL-1 before EL-2: why credit of a supplier's document is not available. Imports are never marked (BE-14).
    fn unavailable(&self, record: &RecordRow, filed_at: IstInstant) -> Option<UnavailableReason> {
        if record.kind != RecordKind::Document {
            return None;
        }
        if self.is_place_restricted(record) {
            return Some(UnavailableReason::PlaceOfSupply);
        }
        self.is_time_barred(record, filed_at).then_some(UnavailableReason::TimeLimit)
    }

    /// EL-1: the supplier's State is the place of supply and not the recipient's.
    fn is_place_restricted(&self, record: &RecordRow) -> bool {
        let supplier = record.supplier.map(|supplier| supplier.gstin().state());
        supplier.is_some() && supplier == record.place_of_supply && supplier != Some(self.recipient.gstin().state())
    }

    /// EL-2, EL-3: an invoice, debit note or ECO document after the limit of section 16(4).
    fn is_time_barred(&self, record: &RecordRow, filed_at: IstInstant) -> bool {
        if matches!(record.section, None | Some(ImsSection::Cn | ImsSection::Cna)) {
            return false;
        }
        let year = FinancialYear::of(record.date);
        match self.rules.time_bar_mode() {
            TimeBarMode::FilingDate => {
                let annual_return = self.profile.annual_return(year);
                filed_at.date() > section_16_4_cutoff(self.rules, year, annual_return, None)
            }
            TimeBarMode::StatementPeriod => {
                let october = TaxPeriod::of(year.day_after_year_end(10, 1));
                self.home(record).is_some_and(|home| home > october)
            }
        }
    }

    /// Why a filed record is not in IMS (IN-4).
    fn bypass(&self, record: &RecordRow, home: TaxPeriod) -> Option<RuleRef> {
        match record.kind {
            RecordKind::Isd => (!self.is_isd_in_ims(record)).then_some(IN_4),
            RecordKind::Rule37a => Some(IN_4),
            RecordKind::BillOfEntry | RecordKind::BillOfEntryIn | RecordKind::BillOfEntryReversal => {
                (!has_october_2025_rules(home)).then_some(BE_3)
            }
            RecordKind::Document => {
                let gstr5 = record.form == Some(SupplierForm::Gstr5) && !self.rules.gstr5_in_ims();
                match record.unavailable {
                    _ if !has_ims(home) => Some(ED_1),
                    Some(UnavailableReason::PlaceOfSupply) => Some(EL_1),
                    Some(UnavailableReason::TimeLimit) => Some(EL_2),
                    None if is_reverse_charge(record) || gstr5 => Some(IN_4),
                    None => None,
                }
            }
        }
    }

    /// CF-6: whether a distributor's document is in IMS. Without the switch none is, and what is not eligible never is.
    #[must_use]
    pub fn is_isd_in_ims(&self, record: &RecordRow) -> bool {
        let since = self.home(record).is_some_and(has_ims);
        record.kind == RecordKind::Isd && record.isd_eligible && since && self.rules.isd_in_ims()
    }

    /// Where a filed record stands. A record without a window stands nowhere.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn standing(&self, record: &RecordRow) -> Result<Option<Standing>, StateError> {
        let Some(home) = self.home(record) else { return Ok(None) };
        let bypass = self.bypass(record, home);
        let is_bill = match record.kind {
            RecordKind::BillOfEntry | RecordKind::BillOfEntryIn | RecordKind::BillOfEntryReversal => true,
            RecordKind::Document | RecordKind::Isd | RecordKind::Rule37a => false,
        };
        if !is_bill && !has_ims(home) {
            // GN-10: before IMS every record counts by itself.
            let standing = Standing { home, bypass, held: false, depends: false, superseded: false, accepted: None };
            return Ok(Some(standing));
        }
        let versions = self.earlier_versions(record)?;
        let undecided = |version: &&RecordRow| !self.is_final(version);
        let held = versions.iter().filter(undecided).any(|version| self.home(version) != Some(home));
        let depends = versions.iter().any(|version| !self.is_final(version));
        let accepted = versions.iter().find(|version| self.is_accepted(version)).map(|version| version.tax);
        let superseded = self.is_superseded(record, home)?;
        Ok(Some(Standing { home, bypass, held, depends, superseded, accepted }))
    }

    /// AM-4, BE-5: a filed, eligible later version of the same statement counts instead. An ineligible one supersedes
    /// nothing, but one that amends it may (AM-13).
    fn is_superseded(&self, record: &RecordRow, home: TaxPeriod) -> Result<bool, StateError> {
        let mut next = record.amended_by.clone();
        for _ in 0..VERSIONS_MAX {
            let Some(id) = next else { return Ok(false) };
            let Some(amendment) = self.record(&id)? else { return Ok(false) };
            let counts = match amendment.state {
                RecordState::Filed | RecordState::Lapsed => amendment.unavailable.is_none(),
                RecordState::Saved | RecordState::Withdrawn => false,
            };
            if counts && self.home(&amendment) == Some(home) {
                return Ok(true);
            }
            next = amendment.amended_by;
        }
        Ok(false)
    }
}
