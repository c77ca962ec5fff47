//! The rules of Bills of Entry, pure: each function changes the row of one bill and says what follows.

pub mod duty;
mod gstin;
mod report;
mod status;
mod value;

pub use gstin::amend_gstin;
pub use report::report;
pub use status::{early, step};
pub use value::amend_value;

use crate::outcome::CustomsOutcome;
use gst_events::{ImsSection, Outgoing};

/// What a rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What recipients are told.
    pub events: Vec<Outgoing>,
    /// The rule's outcome.
    pub outcome: CustomsOutcome,
}

impl Verdict {
    pub(crate) const fn refused(outcome: CustomsOutcome) -> Self {
        Self { events: Vec::new(), outcome }
    }
}

/// The section of an amendment of a record in that section (BE-1).
pub(crate) const fn amended_section(section: ImsSection) -> ImsSection {
    match section {
        ImsSection::Impg | ImsSection::Impga => ImsSection::Impga,
        ImsSection::Impgsez | ImsSection::Impgseza => ImsSection::Impgseza,
        ImsSection::B2b
        | ImsSection::B2ba
        | ImsSection::Dn
        | ImsSection::Dna
        | ImsSection::Cn
        | ImsSection::Cna
        | ImsSection::Eco
        | ImsSection::Ecoa => section,
    }
}
