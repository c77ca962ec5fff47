//! Read-only questions about packs, for the admin port, `itcctl` and the case runner.

use crate::chain::restored;
use crate::pack::{PACK_ARTEFACTS_MAX, sealed};
use crate::rows::{AliasRow, ArtefactRow, PackRow, alias_key, artefact_key, artefacts_prefix, pack_key};
use gst_events::{Acceptance, CreditSubject, EvidencePack};
use gst_types::RecipientGstin;
use serde::Serialize;
use stream::{Row, RowKey, StateError, StateView};

/// One line of the list of packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackSummary {
    /// The document or Bill of Entry.
    pub subject: CreditSubject,
    /// How many artefacts its chain has.
    pub artefacts: u64,
    /// Whether it is complete (AUD-3).
    pub complete: bool,
    /// How strong artefact 3 is.
    pub acceptance: Option<Acceptance>,
    /// Missing artefacts.
    pub missing: Vec<u8>,
    /// Cross checks that did not hold (AUD-4).
    pub warnings: Vec<String>,
    /// Findings (AUD-5).
    pub findings: Vec<String>,
}

/// The pack of a document, as published last; an amended number leads to its first version.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn pack(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    subject: &CreditSubject,
) -> Result<Option<EvidencePack>, StateError> {
    let alias = match subject {
        CreditSubject::Document(key) => rows.get::<AliasRow>(&alias_key(recipient, key))?,
        CreditSubject::BillOfEntry(_) => None,
    };
    let subject = alias.map_or_else(|| subject.clone(), |alias| CreditSubject::Document(alias.first));
    let Some(pack) = rows.get::<PackRow>(&pack_key(recipient, &subject))? else { return Ok(None) };
    let skipped = pack.last_position.saturating_sub(PACK_ARTEFACTS_MAX);
    let after = (skipped > 0).then(|| artefact_key(recipient, &subject, skipped));
    let limit = usize::try_from(PACK_ARTEFACTS_MAX).unwrap_or(usize::MAX);
    let chain = rows.scan::<ArtefactRow>(&artefacts_prefix(recipient, &subject), after.as_ref(), limit)?;
    let corrupt = |_| StateError::Corrupt { key: ArtefactRow::TABLE, version: ArtefactRow::VERSION };
    let artefacts = chain.iter().map(|(_, row)| restored(&row.json)).collect::<Result<_, _>>();
    Ok(Some(sealed(recipient, &subject, &pack, artefacts.map_err(corrupt)?)))
}

/// At most `limit` packs of a recipient behind `after`, in the order of their subjects; with `only_incomplete`, of the
/// packs read, those that are not complete. The second value continues the list, `None` at its end.
///
/// # Errors
/// [`StateError`] where rows cannot be read.
pub fn packs(
    rows: &StateView<'_>,
    recipient: RecipientGstin,
    only_incomplete: bool,
    after: Option<&RowKey>,
    limit: usize,
) -> Result<(Vec<PackSummary>, Option<RowKey>), StateError> {
    let prefix = RowKey::table(PackRow::TABLE).with(recipient);
    let found = rows.scan::<PackRow>(&prefix, after, limit)?;
    let next = (found.len() == limit).then(|| found.last().map(|(key, _)| key.clone())).flatten();
    let summaries = found.into_iter().filter(|(_, pack)| !only_incomplete || !pack.judgement.complete);
    Ok((summaries.filter_map(|(key, pack)| summary(&key, pack)).collect(), next))
}

fn summary(key: &RowKey, pack: PackRow) -> Option<PackSummary> {
    let subject = key.parts().nth(1)?.parse().ok()?;
    Some(PackSummary {
        subject,
        artefacts: pack.last_position,
        complete: pack.judgement.complete,
        acceptance: pack.acceptance(),
        missing: pack.judgement.missing,
        warnings: pack.judgement.warnings,
        findings: pack.judgement.findings,
    })
}
