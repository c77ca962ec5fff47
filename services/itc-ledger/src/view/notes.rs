//! Credit notes that lower no invoice, because nobody named one (R37-11).

use crate::rows::{self, NoteRow};
use gst_types::{DocumentKey, RecipientGstin, TaxAmounts};
use serde::Serialize;
use stream::{RowKey, StateError, StateView};

/// A credit note of which only the portal told: its tax is taken out of the credit, but no invoice owes less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlinkedNote {
    /// The note.
    pub note: DocumentKey,
    /// Tax that its statement line took out of the credit, positive.
    pub tax: TaxAmounts,
}

/// The credit notes of a recipient that name no invoice, at most `limit` behind `after`. The register settles one by telling
/// the note with its invoice.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn unlinked_notes(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    after: Option<&DocumentKey>,
    limit: usize,
) -> Result<Vec<UnlinkedNote>, StateError> {
    let prefix = rows::notes_of(recipient);
    let mut after = after.map(|note| rows::note_key(recipient, note));
    let mut found = Vec::new();
    while found.len() < limit {
        let page: Vec<(RowKey, NoteRow)> = rows.scan(&prefix, after.as_ref(), super::PAGE)?;
        if page.is_empty() {
            break;
        }
        for (key, row) in page {
            let note: Option<DocumentKey> = key.parts().nth(1).and_then(|part| part.parse().ok());
            let is_open = row.invoice.is_none() && !row.by_line.is_zero() && found.len() < limit;
            if let Some(note) = note.filter(|_| is_open) {
                found.push(UnlinkedNote { note, tax: row.by_line });
            }
            after = Some(key);
        }
    }
    Ok(found)
}
