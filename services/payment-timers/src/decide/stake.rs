//! The credit that hangs on a document, from `itc-ledger`'s entries. It is shown, and causes nothing.

use super::Work;
use crate::rows;
use gst_events::{CreditSubject, EntryStatus, LedgerEntry, LedgerEntryKind};
use gst_types::TaxAmounts;
use stream::StateError;

/// What an entry does to the credit that would be reversed if the document stayed unpaid.
#[must_use]
pub fn effect(entry: &LedgerEntry) -> TaxAmounts {
    match entry.entry {
        LedgerEntryKind::ItcAvailed
        | LedgerEntryKind::CreditNote
        | LedgerEntryKind::Amendment
        | LedgerEntryKind::Reclaim => entry.tax,
        LedgerEntryKind::PermanentReversal | LedgerEntryKind::Reversal => -entry.tax,
        LedgerEntryKind::TimeBarred | LedgerEntryKind::ImportCreditAvailable | LedgerEntryKind::ImportCreditDelta => {
            TaxAmounts::ZERO
        }
    }
}

impl Work<'_, '_> {
    /// Takes an entry into the credit at stake of its document, and tells the index.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn ledger_entry(&mut self, entry: &LedgerEntry) -> Result<(), StateError> {
        let CreditSubject::Document(document) = &entry.subject else { return Ok(()) };
        let effect = effect(entry);
        if entry.status == EntryStatus::Posted || effect.is_zero() {
            return Ok(());
        }
        let Some(mut row) = self.owner(document)? else { return Ok(()) };
        let before = row.stake_in_paise();
        row.stake += effect;
        if let Some(day) = row.armed_for {
            self.change_due(day, 0, row.stake_in_paise() - before)?;
        }
        self.draft.put(&rows::document_key(self.recipient, &row.document), &row);
        Ok(())
    }
}
