//! The rules of suppliers' filings. Each function works on a draft of one supplier's rows and says what follows.

mod audience;
mod delete;
mod file;
mod isd;
mod liability;
mod save;
mod status;
mod supplier;

pub use audience::{Addressee, audience};
pub use delete::delete;
pub use file::file;
pub use isd::isd_filed;
pub use liability::{liability_period, liability_raised};
pub use save::save;
pub use status::{StatusReport, reported, watched};
pub use supplier::registered;

use crate::outcome::FilingsOutcome;
use crate::rows::SavedRow;
use gst_events::{FiledDocument, ImsSection, Outgoing};
use gst_types::DocumentKind;
use stream::{Cursor, DecideError, Draft};

/// Rows and events of one decision.
pub type Filing<'a> = Draft<'a, Outgoing>;

/// What a rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's outcome.
    pub outcome: FilingsOutcome,
    /// What the portal did although a command would have been refused.
    pub diverged: Option<FilingsOutcome>,
    /// Where the next page goes on.
    pub resume: Option<Cursor>,
}

impl From<FilingsOutcome> for Verdict {
    fn from(outcome: FilingsOutcome) -> Self {
        Self { outcome, diverged: None, resume: None }
    }
}

/// The kind whose numbers are counted together (ID-6); `None` for sections of the customs feed.
#[must_use]
pub const fn kind_of(section: ImsSection) -> Option<DocumentKind> {
    match section {
        ImsSection::B2b | ImsSection::B2ba => Some(DocumentKind::Invoice),
        ImsSection::Dn | ImsSection::Dna => Some(DocumentKind::DebitNote),
        ImsSection::Cn | ImsSection::Cna => Some(DocumentKind::CreditNote),
        ImsSection::Eco | ImsSection::Ecoa => Some(DocumentKind::Eco),
        ImsSection::Impg | ImsSection::Impga | ImsSection::Impgsez | ImsSection::Impgseza => None,
    }
}

/// Whether records of the section amend others.
#[must_use]
pub const fn is_amendment(section: ImsSection) -> bool {
    match section {
        ImsSection::B2ba | ImsSection::Dna | ImsSection::Cna | ImsSection::Ecoa => true,
        ImsSection::Impga | ImsSection::Impgseza => true,
        ImsSection::B2b | ImsSection::Dn | ImsSection::Cn | ImsSection::Eco => false,
        ImsSection::Impg | ImsSection::Impgsez => false,
    }
}

/// The document in a saved row.
pub(crate) fn document_in(row: &SavedRow) -> Result<FiledDocument, DecideError> {
    serde_json::from_str(&row.document)
        .map_err(|error| DecideError::Broken(format!("a saved row holds no document: {error}")))
}
