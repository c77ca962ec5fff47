//! Who hears of a record. An amendment that gives a document to another recipient has two (AM-12).

use gst_events::FiledDocument;
use gst_rules::rulebook::SupplierGstinChange;
use gst_types::{Paise, RecipientGstin, TaxAmounts};

/// A document as one recipient hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The document.
    pub document: FiledDocument,
    /// Whether the amendment moved it between recipients.
    pub recipient_changed: bool,
}

impl Addressee {
    /// Who hears of it.
    #[must_use]
    pub const fn recipient(&self) -> RecipientGstin {
        self.document.record.recipient
    }
}

/// The recipients of a record. Where the version that it amends had another recipient, that one hears of an amendment to
/// nil, and the new one of a record of full value that amends nothing there (AM-12). Both know it under the same record.
#[must_use]
pub fn audience(
    document: &FiledDocument,
    previous: Option<RecipientGstin>,
    change: SupplierGstinChange,
) -> Vec<Addressee> {
    let previous = previous.filter(|previous| *previous != document.record.recipient);
    let Some(previous) = previous else {
        return vec![Addressee { document: document.clone(), recipient_changed: false }];
    };
    match change {
        SupplierGstinChange::NilAndNew => {
            let mut nil = document.clone();
            nil.record.recipient = previous;
            nil.record.tax = TaxAmounts::ZERO;
            nil.record.taxable_value = Paise::ZERO;
            nil.record.document_value = Paise::ZERO;
            let mut new = document.clone();
            new.original_record_id = None;
            [nil, new].map(|document| Addressee { document, recipient_changed: true }).to_vec()
        }
    }
}
