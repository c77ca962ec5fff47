//! The closed lists of values of the CFG switches of the IMS reference (its section 16).

use super::choices::Choice;

choice! {
    /// How long a record may stay pending (CF-1).
    PendingPolicy, "pending_policy" {
        /// Until acted on, or as AC-6 and EL-4 say.
        Official = "OFFICIAL",
        /// On day 31 it turns into No Action.
        Day31 = "DAY_31",
    }
}
choice! {
    /// How the time limit of reason `C` is tested (EL-3).
    TimeBarMode, "time_bar_mode" {
        /// The supplier's form was filed after 30 November.
        FilingDate = "FILING_DATE",
        /// The statement is later than October of the following year.
        StatementPeriod = "STATEMENT_PERIOD",
    }
}
choice! {
    /// How long a Bill of Entry may stay pending (AC-7).
    BillOfEntryPendingLimit, "boe_pending_limit" {
        /// Without limit.
        None = "none",
        /// One tax period, as AC-5.
        OnePeriod = "ONE_PERIOD",
    }
}
choice! {
    /// Whether the reversal record of the previous GSTIN may be pending (BE-8).
    ReversalRecordPending, "boe_reversal_pending" {
        /// Without limit.
        Allowed = "ALLOWED",
        /// Never.
        NotAllowed = "NOT_ALLOWED",
        /// One tax period, as AC-5.
        OnePeriod = "ONE_PERIOD",
    }
}
choice! {
    /// What silence on the reversal record of the previous GSTIN means (BE-8).
    ReversalRecordDefault, "boe_reversal_default" {
        /// The full amount is reversed.
        Full = "FULL",
        /// Nothing is reversed.
        None = "NONE",
    }
}
choice! {
    /// Pending for downward ECO amendments before Oct 2025 (AC-4).
    EcoDownward2024, "eco_downward_2024" {
        /// Blocked, as AC-4(d).
        Block = "BLOCK",
        /// Allowed.
        Allow = "ALLOW",
    }
}
choice! {
    /// How often a document may be amended (AM-11).
    AmendmentChain, "amendment_chain" {
        /// Once.
        Single = "SINGLE",
        /// Again and again, one after the other.
        Chain = "CHAIN",
    }
}
choice! {
    /// What a supplier's change of the recipient GSTIN does (AM-12).
    SupplierGstinChange, "supplier_gstin_change" {
        /// Nil for the previous recipient, full value for the new one.
        NilAndNew = "NIL_AND_NEW",
    }
}
choice! {
    /// Where Part B of Table 4 goes (TB-4).
    Table4PartB, "table4_part_b" {
        /// It nets 4(D)(2).
        Net4d2 = "NET_4D2",
        /// It is left out of 4(D)(2).
        Gross4d2 = "GROSS_4D2",
    }
}
choice! {
    /// How the first draft of a period comes about (GN-1).
    DraftGeneration, "draft_generation" {
        /// On the draft day.
        Automatic = "AUTOMATIC",
        /// When the taxpayer asks for it.
        OnRequest = "ON_REQUEST",
    }
}
choice! {
    /// Whether statements wait for the GSTR-3B of the period before (GN-3).
    StatementSequence, "statement_sequence" {
        /// Strictly one after the other.
        Strict = "STRICT",
        /// Each by itself.
        Independent = "INDEPENDENT",
    }
}
choice! {
    /// Whether a supplier's own GSTR-3B, known because it is a taxpayer of ours too, closes its period for liabilities
    /// (SL-3).
    SupplierOwnReturn, "supplier_own_return" {
        /// It does, like a report of it.
        Counts = "COUNTS",
        /// Only a report on the supplier does.
        ReportedOnly = "REPORTED_ONLY",
    }
}
