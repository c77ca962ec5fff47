//! GSTN's own JSON shapes, in and out. Pure.
//!
//! Every reader takes known keys out of a [`serde_json::Value`] and keeps the rest ([`Extra`]), so that a file that was
//! read and written again says the same, also what GSTN adds without notice. Amounts are read through the number's
//! text into [`gst_types::Paise`], never through a float.

pub mod boe;
pub mod check;
pub mod codes;
mod error;
pub mod filing_status;
pub mod gstr1;
pub mod gstr2a;
pub mod gstr2b;
pub mod gstr3b;
pub mod ims_download;
mod ims_record;
pub mod ims_result;
pub mod ims_save;
mod ims_state;
mod number;
mod object;

pub use error::{FieldError, FormatError, Problem, RecordError};
pub use ims_record::{ImsRecord, SourcePeriod};
pub use ims_state::{DeclaredReduction, ImsState};
pub use number::same_json;
pub use object::Extra;
