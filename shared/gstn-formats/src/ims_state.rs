//! What IMS keeps beside a record: the action, what is blocked, and the reduction that was declared.

use crate::codes::ImsAction;
use crate::error::FieldError;
use crate::object::{Names, Reader, Writer};
use gst_types::TaxAmounts;

/// The declared heads (RD-9); the offline tool spells them with an underscore.
const DECLARED: [Names; 4] =
    [&["declIgst", "decl_igst"], &["declCgst", "decl_cgst"], &["declSgst", "decl_sgst"], &["declCess", "decl_cess"]];
const REDUCTION_REQUIRED: Names = &["itcRedReq", "itc_red_req"];

/// What the recipient declared about reducing his own credit (RD-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclaredReduction {
    /// No reduction is needed (`itcRedReq` `N`).
    NotRequired,
    /// The whole credit of the document (`Y` without amounts).
    Full,
    /// These amounts (`Y` with amounts).
    Partial(TaxAmounts),
}

impl DeclaredReduction {
    pub(crate) fn read(reader: &mut Reader) -> Result<Option<Self>, FieldError> {
        let declared = |reader: &Reader| DECLARED.iter().any(|names| reader.has(names));
        Ok(match reader.flag(REDUCTION_REQUIRED)? {
            None => None,
            Some(false) => Some(Self::NotRequired),
            Some(true) if declared(reader) => Some(Self::Partial(reader.tax(&DECLARED)?)),
            Some(true) => Some(Self::Full),
        })
    }

    pub(crate) fn write(declared: Option<Self>, writer: &mut Writer<'_>) {
        let Some(declared) = declared else { return };
        writer.optional_flag(REDUCTION_REQUIRED[0], Some(declared != Self::NotRequired));
        match declared {
            Self::Partial(amounts) => writer.tax(&DECLARED, &amounts),
            Self::NotRequired | Self::Full => {}
        }
    }
}

/// Action, blocks and declarations of one record in IMS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImsState {
    /// The action, as it is (download) or as it should become (save). A reset has none.
    pub action: Option<ImsAction>,
    /// The action that the sender of a save or reset last saw (`prev_status`): an optimistic lock.
    pub previous_action: Option<ImsAction>,
    /// Whether the record cannot be kept pending.
    pub pending_blocked: Option<bool>,
    /// Whether no reduction can be declared.
    pub reduction_blocked: Option<bool>,
    /// Whether no remark can be made.
    pub remarks_blocked: Option<bool>,
    /// The reduction declared; none where nothing was said.
    pub reduction: Option<DeclaredReduction>,
    /// Remark of the recipient.
    pub remarks: Option<String>,
    /// Version of the record as shown.
    pub hash: Option<String>,
}

impl ImsState {
    pub(crate) fn read(reader: &mut Reader) -> Result<Self, FieldError> {
        let code = |action: &ImsAction| action.code().to_owned();
        Ok(Self {
            action: reader.coded(&["action"], ImsAction::read, code)?,
            previous_action: reader.coded(&["prev_status", "prevStatus"], ImsAction::read, code)?,
            pending_blocked: reader.flag(&["ispendactblocked", "ispendactnallwd"])?,
            reduction_blocked: reader.flag(&["isItcRedReqBlocked", "itcRedReqBlocked"])?,
            remarks_blocked: reader.flag(&["isRemarksBlocked"])?,
            reduction: DeclaredReduction::read(reader)?,
            remarks: reader.text(&["remarks"])?,
            hash: reader.text(&["hash"])?,
        })
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.optional_text("action", self.action.map(ImsAction::code));
        writer.optional_text("prev_status", self.previous_action.map(ImsAction::code));
        writer.optional_flag("ispendactblocked", self.pending_blocked);
        writer.optional_flag("isItcRedReqBlocked", self.reduction_blocked);
        writer.optional_flag("isRemarksBlocked", self.remarks_blocked);
        DeclaredReduction::write(self.reduction, writer);
        writer.optional_text("remarks", self.remarks.clone());
        writer.optional_text("hash", self.hash.clone());
    }
}
