//! Feeds, journal records and public events: their types, their names and who writes them. Pure.
//!
//! A fact enters through a feed, is forwarded by `ingest` to a journal under the same type, and is decided there. What
//! workers decide are journal records of class `decision`; what the world hears are public events. Values are JSON,
//! money is a decimal string, and every type has one writer.

mod calendar;
mod catalogue;
mod customs;
mod filings;
mod gstr2b;
mod ims;
mod ledger;
mod orders;
mod outcomes;
mod outgoing;
mod payments;
mod public;
mod reads;
mod register;
mod rulebook;
mod supplier;
mod taxpayer;
mod timers;
mod vocabulary;

pub use calendar::{DayOpened, DueDateExtended, RulebookActivated};
pub use catalogue::{Catalogued, catalogue};
pub use customs::{
    BillOfEntryAmended, BillOfEntryDetails, BillOfEntryDutyDiffers, BillOfEntryMovedIn, BillOfEntryMovedOut,
    BillOfEntryReceived, BillOfEntryStatusChanged, BillOfEntryType, CustomsBillGstinAmended, CustomsBillReported,
    CustomsBillValueAmended, CustomsDutyReported, CustomsStation, CustomsStatusReported, CustomsStatusWord,
    DutyDifference,
};
pub use filings::{
    DocumentChanged, DocumentFiled, DocumentSaved, DocumentWithdrawn, FiledDocument, Gstr3bFilingStatus,
    IsdDocumentReported, SupplierGstr3bStatus, WithdrawalReason,
};
pub use gstr2b::{ClaimNotInStatement, ClaimedLine, CreditAvailed, ReturnClaimsTold};
pub use ims::{
    Acceptance, ActionProposed, ActionRefused, BillAmendment, ImsRecordDecided, LiabilityRaised, PeriodLocked,
    PortalDiverged, StatementDue, StatementLine, StatementReason, UnavailableReason,
};
pub use ledger::{
    EntryStatus, FiledLineDifference, FilingDiffers, InterestBasis, InterestSlice, LedgerCause, LedgerEntry,
    LedgerEntryChanged, LedgerEntryKind, LedgerReason, ReversalInterest, SupplierWatched,
};
pub use orders::{Bytes, ReplayedHeader, ReplayedRecord, answer_to, order_of};
pub use outgoing::{Outgoing, Topic};
pub use payments::{
    AdvanceAdjusted, BookAdjusted, CommercialNoteReceived, PaymentMade, PaymentReallocated, TdsDeducted, TdsKind,
};
pub use public::{
    Alert, EvidenceAdded, EvidenceArtefact, EvidenceDeleted, EvidencePack, Gstr2bChunk, Gstr2bSealed, ImsRecord,
    PublishedLine, Request, RequestStatus, SealedChunk, SupplierLiability,
};
pub use reads::{EventPayload, decode_payload, is_for_every_worker, mark_of};
pub use register::{
    CreditCategorySet, CreditClaimed, EvidenceReferenced, ExclusiveUse, GoodsReceived, InvoiceBooked, InvoiceCorrected,
    NoteAccepted, PermanentReversalRecorded, PermanentReversalRule, TurnoverReported,
};
pub use rulebook::ActiveRulebook;
pub use supplier::{
    IsdDocumentFiled, IsdDocumentType, OriginalDocument, SupplierForm, SupplierRecord, SupplierRecordDeleted,
    SupplierRecordSaved, SupplierReturnFiled, SupplierSection, SupplierStatusReported,
};
pub use taxpayer::{
    AnnualReturnFiled, CreditLedgerBalanceReported, ImsActionApproved, ImsActionDenied, ImsActionRequested, ImsTarget,
    OperatorAction, OperatorCommand, RecipientReturnFiled, ReversalStatementOpened, Rule37aReversalListed,
    StatementRequested, TaxpayerRegistered, TaxpayerRole,
};
pub use timers::{
    InvoicePaymentChanged, PaymentChange, PaymentTimerFired, PaymentTimerWarning, RegisterDiffers, TimerExclusion,
    TimersPassed,
};
pub use vocabulary::{
    Actor, CreditSubject, CreditSubjectError, ImsAction, ImsSection, ItcReduction, Origin, RecordId, TableRow,
    TableRowError,
};

pub use stream::{Class, EventType};
