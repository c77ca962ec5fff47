//! Bills of Entry: when their credit arises, and how it changes (BOE-5, BOE-10, T4-9).

use super::Work;
use crate::rows::{self, BillRow, Fact};
use gst_events::{
    BillOfEntryAmended, BillOfEntryDetails, BillOfEntryMovedIn, BillOfEntryMovedOut, BillOfEntryReceived,
    BillOfEntryStatusChanged, CreditSubject, CustomsStatusWord,
};
use gst_types::{IstInstant, TaxAmounts};
use stream::{DecideError, StateError};

impl Work<'_, '_> {
    fn bill(&self, details: &BillOfEntryDetails) -> Result<BillRow, StateError> {
        let key = rows::bill_key(self.recipient, &details.bill_of_entry);
        Ok(self.draft.get(&key)?.unwrap_or_else(|| BillRow::of(details)))
    }

    fn put_bill(&mut self, bill: &BillRow) {
        self.draft.put(&rows::bill_key(self.recipient, &bill.bill_of_entry), bill);
    }

    fn import_fact(&mut self, details: &BillOfEntryDetails, at: IstInstant, fact: Fact) -> Result<(), DecideError> {
        let mut row = self.own_credit(&CreditSubject::BillOfEntry(details.bill_of_entry.clone()))?;
        self.add_step(&mut row, at, fact)?;
        self.settle(row)?;
        Ok(())
    }

    /// A bill becomes known.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn bill_received(&mut self, event: &BillOfEntryReceived) -> Result<(), DecideError> {
        let mut bill = self.bill(&event.details)?;
        bill.tax = event.details.tax;
        bill.reference_date = event.details.reference_date;
        self.put_bill(&bill);
        Ok(())
    }

    /// BOE-5: a step of a bill; the first that makes credit available says so.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn bill_status(&mut self, event: &BillOfEntryStatusChanged) -> Result<(), DecideError> {
        let mut bill = self.bill(&event.details)?;
        bill.tax = event.details.tax;
        bill.status = event.status.or(bill.status);
        bill.reference_date = event.details.reference_date.or(bill.reference_date);
        let has_ended = matches!(bill.status, Some(CustomsStatusWord::Cancelled | CustomsStatusWord::Purged));
        let was_eligible = bill.eligible_at.is_some();
        bill.eligible_at = if has_ended { None } else { event.eligible_at.or(bill.eligible_at) };
        self.put_bill(&bill);
        match (event.became_eligible, event.eligible_at) {
            (true, Some(eligible_at)) => {
                let fact =
                    Fact::ImportEligible { tax: event.details.tax, reference_date: event.details.reference_date };
                self.import_fact(&event.details, eligible_at, fact)
            }
            (true | false, _) if has_ended && was_eligible => {
                self.import_fact(&event.details, event.at, Fact::ImportEnded)
            }
            (true | false, _) => Ok(()),
        }
    }

    /// BOE-10: new values; after eligibility the difference, with its sign, is credit of the amendment's period.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn bill_amended(&mut self, event: &BillOfEntryAmended) -> Result<(), DecideError> {
        let mut bill = self.bill(&event.details)?;
        let eligible = event.eligible_at.is_some() || bill.eligible_at.is_some();
        let delta = event.details.tax - event.tax_before;
        bill.tax = event.details.tax;
        bill.reference_date = event.details.reference_date.or(bill.reference_date);
        bill.eligible_at = event.eligible_at.or(bill.eligible_at);
        self.put_bill(&bill);
        if eligible {
            self.import_fact(&event.details, event.received_at, Fact::ImportDelta { tax: delta })?;
        }
        Ok(())
    }

    /// T4-9: the bill left; its credit goes out through the line of GSTR-2B and nothing else is posted.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn bill_moved_out(&mut self, event: &BillOfEntryMovedOut) -> Result<(), DecideError> {
        let mut bill = self.bill(&event.details)?;
        bill.eligible_at = None;
        bill.tax = TaxAmounts::ZERO;
        self.put_bill(&bill);
        Ok(())
    }

    /// The bill came from another GSTIN; its credit may be claimed.
    ///
    /// # Errors
    /// [`DecideError`] where rows cannot be read.
    pub fn bill_moved_in(&mut self, event: &BillOfEntryMovedIn) -> Result<(), DecideError> {
        let mut bill = self.bill(&event.details)?;
        bill.eligible_at = bill.eligible_at.or(Some(event.received_at));
        bill.reference_date = event.details.reference_date.or(bill.reference_date);
        bill.tax = event.details.tax;
        self.put_bill(&bill);
        let fact = Fact::ImportEligible { tax: event.details.tax, reference_date: event.details.reference_date };
        self.import_fact(&event.details, event.received_at, fact)
    }
}
