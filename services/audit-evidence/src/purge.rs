//! What a day deletes: packs whose retention has ended (AUD-6), with all that leads to them.

use crate::rows::{
    ArtefactRow, DueRow, PackRow, actor_key, alias_key, artefacts_prefix, due_prefix, pack_key, reported_prefix,
    return_key,
};
use gst_events::{CreditSubject, EvidenceDeleted, Outgoing, Topic};
use gst_types::{IstDate, RecipientGstin};
use stream::{Draft, RowKey, StateError, StateView};

/// Due rows read at a time; a page of deletions is bounded by the page limit besides.
const DUE_PAGE: usize = 200;

/// The recipients of whom something is deleted on that day, in order, behind `after`.
pub(crate) fn keys(
    rows: &StateView<'_>,
    day: IstDate,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StateError> {
    let prefix = due_prefix(day);
    let mut last = after.map(str::to_owned);
    let mut keys = Vec::new();
    while keys.len() < limit {
        // Behind every row of the last recipient.
        let from = last.as_ref().map(|key| RowKey::from_text(prefix.clone().with(key).after_prefix()));
        let next = rows.scan::<DueRow>(&prefix, from.as_ref(), 1)?;
        let Some(key) = next.first().and_then(|(key, _)| key.parts().nth(1).map(str::to_owned)) else { break };
        keys.push(key.clone());
        last = Some(key);
    }
    Ok(keys)
}

/// Deletes what is due for a recipient on that day; `true` where a page is full and more remains.
pub(crate) fn purge(
    draft: &mut Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    day: IstDate,
    changes_max: usize,
) -> Result<bool, StateError> {
    let prefix = due_prefix(day).with(recipient);
    loop {
        let due = draft.scan::<DueRow>(&prefix, None, DUE_PAGE)?;
        if due.is_empty() {
            return Ok(false);
        }
        for (key, what) in due {
            let is_gone = match &what {
                DueRow::Pack(subject) => delete_pack(draft, recipient, subject, changes_max)?,
                DueRow::Return(period) => {
                    draft.delete(&return_key(recipient, *period));
                    true
                }
                DueRow::Actor(event_id) => {
                    draft.delete(&actor_key(recipient, event_id));
                    true
                }
            };
            if is_gone {
                draft.delete(&key);
            }
            if !is_gone || draft.change_count() >= changes_max {
                return Ok(true);
            }
        }
    }
}

/// Deletes a pack, its artefacts first; `false` where the page is full before.
fn delete_pack(
    draft: &mut Draft<'_, Outgoing>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
    changes_max: usize,
) -> Result<bool, StateError> {
    loop {
        let artefacts = draft.scan::<ArtefactRow>(&artefacts_prefix(recipient, subject), None, DUE_PAGE)?;
        if artefacts.is_empty() {
            break;
        }
        for (key, _) in artefacts {
            draft.delete(&key);
        }
        if draft.change_count() >= changes_max {
            return Ok(false);
        }
    }
    let key = pack_key(recipient, subject);
    if let Some(pack) = draft.get::<PackRow>(&key)? {
        for amended in &pack.aliases {
            draft.delete(&alias_key(recipient, amended));
        }
        if let Some((supplier, period)) = pack.reported {
            draft.delete(&reported_prefix(recipient, supplier, period).with(subject));
        }
        draft.delete(&key);
        // Whoever folds the topic deletes with us.
        let deleted = EvidenceDeleted {
            recipient,
            subject: subject.clone(),
            keep_until: pack.keep_until,
            last_position: pack.last_position,
            last_hash: pack.last_hash,
        };
        draft.emit(Outgoing::public(Topic::Evidence, recipient.gstin(), &deleted));
    }
    Ok(true)
}
