//! Who reads what. The same list serves the processes, the simulation and the tests of the architecture.

use gst_events::Topic;
use stream::{Processor, Reaction, WorkerName};

/// The topics that upstream systems write.
pub const FEEDS: [&str; 6] = ingest::Feed::TOPICS;

pub use calendar::JOURNALS;

/// One worker of the topology.
#[derive(Debug, Clone, Copy)]
pub struct WorkerEntry {
    /// Its name, the subcommand of `itc-engine`.
    pub name: WorkerName,
    /// What it reads.
    pub inputs: &'static [&'static str],
    /// Whether it keeps rows, and so has a changelog.
    pub has_rows: bool,
    /// What it reads and may write.
    pub reactions: &'static [Reaction],
}

const fn entry<P: Processor>(inputs: &'static [&'static str]) -> WorkerEntry {
    WorkerEntry { name: P::NAME, inputs, has_rows: P::HAS_ROWS, reactions: P::REACTIONS }
}

/// The recipients' journal, as a worker's only input.
pub const FROM_RECIPIENTS: &[&str] = &[Topic::RecipientJournal.name()];
/// The suppliers' journal, as a worker's only input.
pub const FROM_SUPPLIERS: &[&str] = &[Topic::SupplierJournal.name()];
/// The journal of Bills of Entry, as a worker's only input.
pub const FROM_CUSTOMS: &[&str] = &[Topic::CustomsJournal.name()];

/// Every worker but `calendar`, which decides nothing per key and is no processor.
#[must_use]
pub const fn workers() -> [WorkerEntry; 8] {
    [
        entry::<ingest::Ingest>(&FEEDS),
        entry::<filings::Filings>(FROM_SUPPLIERS),
        entry::<customs::Customs>(FROM_CUSTOMS),
        entry::<ims::Ims>(FROM_RECIPIENTS),
        entry::<gstr2b::Gstr2b>(FROM_RECIPIENTS),
        entry::<payment_timers::PaymentTimers>(FROM_RECIPIENTS),
        entry::<itc_ledger::ItcLedger>(FROM_RECIPIENTS),
        entry::<audit_evidence::AuditEvidence>(FROM_RECIPIENTS),
    ]
}
