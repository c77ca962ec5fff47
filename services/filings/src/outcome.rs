//! How `filings` decides; each outcome names its rule.

gst_events::outcomes! {
    /// What became of an event.
    enum FilingsOutcome;
    /// A supplier is known, or its frequency changed.
    Registered = "SUPPLIER_REGISTERED", Decided, EG_9;
    /// A new record was saved.
    Saved = "RECORD_SAVED", Decided, IN_1;
    /// A saved record was edited.
    Edited = "RECORD_EDITED", Decided, IN_6;
    /// A saved record was deleted.
    Deleted = "RECORD_DELETED", Decided, IN_6;
    /// A form was filed, or a page of it.
    Filed = "RETURN_FILED", Decided, IN_2;
    /// The portal names a return as filed that is filed; nothing changes.
    FiledBefore = "RETURN_FILED_BEFORE", Decided, IN_2;
    /// A document of an input service distributor.
    IsdFiled = "ISD_DOCUMENT_FILED", Decided, IN_4;
    /// A supplier's GSTR-3B was looked at.
    StatusReported = "GSTR3B_STATUS_REPORTED", Decided, R37A_4;
    /// The supplier filed its own GSTR-3B with us.
    OwnReturnFiled = "OWN_GSTR3B_FILED", Decided, SL_3;
    /// A recipient watches a supplier's period.
    Watched = "SUPPLIER_WATCHED", Decided, R37A_4;
    /// A liability found its period.
    LiabilityPlaced = "LIABILITY_PLACED", Decided, SL_3;
    /// The form of that period is filed.
    AlreadyFiled = "ALREADY_FILED", Refused, IN_2;
    /// No document number.
    DocumentNumberInvalid = "DOCUMENT_NUMBER_INVALID", Refused, ID_5;
    /// The amended document is not filed.
    OriginalNotFound = "ORIGINAL_NOT_FOUND", Refused, AM_10;
    /// The amended document was amended before, or an amendment of it waits to be filed.
    AlreadyAmendedOnce = "ALREADY_AMENDED_ONCE", Refused, AM_11;
    /// Another document of that year has the number.
    DuplicateDocumentNumber = "DUPLICATE_DOCUMENT_NUMBER_IN_FY", Refused, EG_1;
    /// No such record is saved.
    RecordNotFound = "RECORD_NOT_FOUND", Refused, IN_6;
}

impl FilingsOutcome {
    /// What the sender reads.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::AlreadyFiled => "the form of this return period is filed already",
            Self::DocumentNumberInvalid => "a document number has 1 to 16 letters, digits, / or -",
            Self::OriginalNotFound => "no filed document has the number and date that the amendment names",
            Self::AlreadyAmendedOnce => "the document was amended before, or an amendment of it is not filed yet",
            Self::DuplicateDocumentNumber => "another document of this kind has the number in this financial year",
            Self::RecordNotFound => "no such record is saved in an unfiled form",
            Self::Registered
            | Self::Saved
            | Self::Edited
            | Self::Deleted
            | Self::Filed
            | Self::FiledBefore
            | Self::IsdFiled
            | Self::StatusReported
            | Self::OwnReturnFiled
            | Self::Watched
            | Self::LiabilityPlaced => "done",
        }
    }
}
