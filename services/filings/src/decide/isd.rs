//! Documents of input service distributors go straight to their recipients (IN-4); a number is used once.

use super::Filing;
use crate::outcome::FilingsOutcome as Found;
use crate::rows::{IsdRow, isd_key};
use gst_events::{IsdDocumentFiled, IsdDocumentReported, IsdDocumentType, Outgoing};
use gst_types::{DocumentKind, FinancialYear};
use stream::DecideError;

/// A document of a filed GSTR-6.
///
/// # Errors
/// [`DecideError`] where rows cannot be read.
pub fn isd_filed(draft: &mut Filing<'_>, fact: &IsdDocumentFiled) -> Result<Found, DecideError> {
    let kind = match fact.document_type {
        IsdDocumentType::Invoice => DocumentKind::IsdInvoice,
        IsdDocumentType::CreditNote => DocumentKind::IsdCreditNote,
    };
    let key = isd_key(fact.isd, kind, FinancialYear::of(fact.date), &fact.number, fact.recipient);
    if draft.get::<IsdRow>(&key)?.is_some() {
        return Ok(Found::DuplicateDocumentNumber);
    }
    draft.put(&key, &IsdRow { record_id: fact.record_id.clone() });
    let event = IsdDocumentReported {
        record_id: fact.record_id.clone(),
        isd: fact.isd,
        recipient: fact.recipient,
        return_period: fact.return_period,
        document_type: fact.document_type,
        number: fact.number.clone(),
        date: fact.date,
        original: fact.original.clone(),
        tax: fact.tax,
        itc_eligible: fact.itc_eligible,
        filed_at: fact.filed_at,
    };
    draft.emit(Outgoing::to_recipient(fact.recipient, &event));
    Ok(Found::IsdFiled)
}
