//! Documents as the portal knows them: one key, one fact, whoever told it first (architecture, section 3).

use super::Work;
use crate::rows::Facts;
use gst_events::{CreditSubject, ImsAction, ImsRecordDecided};
use gst_types::{DocumentKey, DocumentKind};
use stream::StateError;

/// What a record of the portal means to the payment of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalRecord {
    /// A document was filed, or its filing changed.
    Filed,
    /// It concerns no document that is paid: a Bill of Entry, a note without its invoice, a record that is not filed, a
    /// line of Table 5, an amendment that is rejected or pending.
    NotPaid,
}

impl Work<'_, '_> {
    /// R37-2, R37-13: a filed document, or its amendment under the key of its first version.
    ///
    /// # Errors
    /// [`StateError`] where rows cannot be read.
    pub fn ims_record(&mut self, event: &ImsRecordDecided) -> Result<PortalRecord, StateError> {
        let Some(document) = paid_document(event) else { return Ok(PortalRecord::NotPaid) };
        let Some(filed_at) = event.filed_at else { return Ok(PortalRecord::NotPaid) };
        let facts = Facts {
            document_date: event.date,
            taxable_value: event.taxable_value,
            tax: event.tax,
            document_value: event.document_value,
            reverse_charge: event.reverse_charge,
        };
        let known = self.document(&document)?;
        let is_new = known.is_none();
        let mut row = match known {
            Some(row) => row,
            None => self.new_document(&document, event.return_period, &facts)?,
        };
        let before = row.clone();
        // A later decision on an older version must not undo an amendment: only its own record says that it was filed.
        let is_amendment = event.amends.is_some() || event.amends_document.is_some();
        if is_amendment || row.filed.is_none() {
            row.filed = Some(facts);
            if !is_amendment {
                row.supplier_period = event.return_period.unwrap_or(row.supplier_period);
            }
        }
        self.register_differs(&before, &row);
        self.put_document(row, &before, is_new, filed_at, None)?;
        Ok(PortalRecord::Filed)
    }
}

fn paid_document(event: &ImsRecordDecided) -> Option<DocumentKey> {
    let CreditSubject::Document(subject) = &event.subject else { return None };
    let amended = event.amends_document.clone();
    let applies = match event.action {
        ImsAction::NoAction | ImsAction::Accept => true,
        ImsAction::Reject | ImsAction::Pending => amended.is_none(),
    };
    let is_paid = match subject.kind {
        DocumentKind::Invoice | DocumentKind::DebitNote | DocumentKind::Eco => event.section.is_some(),
        DocumentKind::IsdInvoice => true,
        DocumentKind::CreditNote | DocumentKind::IsdCreditNote => false,
    };
    if applies && is_paid { Some(amended.unwrap_or_else(|| subject.clone())) } else { None }
}
