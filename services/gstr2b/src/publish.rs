//! Publishing a statement: chunks that changed, then one sealed manifest (GN-7).

use crate::desk::{Decided, Desk, json, parsed};
use crate::lines::{bucket_key, bucket_of, content_prefix, record_id};
use crate::rows::{BodyRow, ChangeRow, ChunkRow, ContentRow, DirtyRow, LineRow, SealedRow, StatementRow, key};
use crate::totals::auto_population;
use data_encoding::HEXLOWER;
use gst_events::{Gstr2bChunk, Gstr2bSealed, PublishedLine, SealedChunk, StatementDue};
use gst_rules::rule::GN_7;
use gst_types::TaxPeriod;
use sha2::{Digest, Sha256};
use stream::{DecideError, RowKey};

/// Lines of a chunk: the limit that readers are promised.
const LINES_MAX: usize = 500;
/// Bytes of a chunk's lines: leaves room for headers below 512 KiB.
const BYTES_MAX: usize = 480 * 1024;
/// Lines that a bucket should have on average, so that a chunk is well below its limit.
const LINES_OF_A_BUCKET: u64 = 250;
/// How many rows are read at once.
const PAGE: usize = 500;
/// Changes that a manifest names; the rest is counted.
const CHANGES_MAX: usize = 2000;
/// More chunks than a statement of ten million lines has.
const CHUNKS_MAX: usize = 100_000;

/// How many digits of the hash name a bucket, for so many lines.
fn bucket_digits(lines: u64) -> u32 {
    let mut digits = 0;
    let mut buckets: u64 = 1;
    while digits < 4 && lines > buckets * LINES_OF_A_BUCKET {
        digits += 1;
        buckets *= 16;
    }
    digits
}

fn digest_of(lines: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(lines.as_bytes()))
}

/// A bucket of a statement: its table row and the digits of its hash.
struct Bucket {
    table: String,
    digits: String,
}

impl Bucket {
    fn from_parts(row_key: &RowKey, table_at: usize, digits: u32) -> Option<Self> {
        let mut parts = row_key.parts().skip(table_at);
        let table = parts.next()?.to_owned();
        let hash = parts.next()?;
        let bucket = if hash == "-" { "" } else { bucket_of(hash, digits) };
        Some(Self { table, digits: bucket.to_owned() })
    }

    /// The chunk of a part, as readers see it.
    fn chunk(&self, part: usize) -> String {
        format!("{}-{}-{part}", self.table, self.digits)
    }
}

impl Desk<'_> {
    /// Every line of a bucket, in the order of hash and record.
    fn lines_of(&self, period: TaxPeriod, bucket: &Bucket) -> Result<Vec<String>, DecideError> {
        let prefix = content_prefix(self.recipient, period).with(&bucket.table);
        let from = format!("{}{}", prefix.as_str(), bucket.digits);
        // `~` sorts behind every hexadecimal digit and behind `|`.
        let end = format!("{from}~");
        let mut lines = Vec::new();
        let mut next = from;
        loop {
            let rows = stream::StateView::new(&self.draft);
            let page = rows.raw().range(&next, &end, PAGE)?;
            let full = page.len() == PAGE;
            for (row_key, value) in page {
                lines.push(stream::read_row::<ContentRow>(&value)?.line);
                next = format!("{row_key}\u{0}");
            }
            if !full {
                return Ok(lines);
            }
        }
    }

    /// Publishes what changed in a bucket.
    fn publish_bucket(&mut self, due: &StatementDue, bucket: &Bucket) -> Result<(), DecideError> {
        let period = due.period;
        let chunk_prefix = bucket_key(key::within::<ChunkRow>(self.recipient, period), &bucket.table, &bucket.digits);
        let all = self.lines_of(period, bucket)?;
        let parts = cut(&all);
        for (part, lines) in parts.iter().enumerate() {
            let body = format!("[{}]", lines.join(","));
            let digest = digest_of(&body);
            let chunk_key = chunk_prefix.clone().with(format!("{part:06}"));
            let old: Option<ChunkRow> = self.draft.get(&chunk_key)?;
            if old.is_some_and(|old| old.digest == digest) {
                continue;
            }
            let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
            let row = ChunkRow { digest: digest.clone(), version: due.version, lines: count };
            self.draft.put(&chunk_key, &row);
            let chunk = bucket.chunk(part);
            let body_key = key::within::<BodyRow>(self.recipient, period).with(&chunk).with(due.version);
            self.published_bytes += body.len();
            let published: Vec<PublishedLine> = parsed(&body)?;
            self.draft.put(&body_key, &BodyRow { lines: body });
            self.publish(&Gstr2bChunk {
                recipient: self.recipient,
                period,
                version: due.version,
                chunk,
                digest,
                lines: published,
            })?;
        }
        for (row_key, _) in self.draft.scan::<ChunkRow>(&chunk_prefix, None, CHUNKS_MAX)? {
            let part: usize = row_key.parts().nth(4).and_then(|part| part.parse().ok()).unwrap_or(0);
            if part >= parts.len() {
                self.draft.delete(&row_key);
            }
        }
        Ok(())
    }

    /// The first version: every bucket that has lines. `Some` is where to go on.
    fn publish_all(&mut self, due: &StatementDue, after: Option<String>) -> Result<Option<String>, DecideError> {
        let digits = self.statement(due.period)?.bucket_digits;
        let prefix = content_prefix(self.recipient, due.period);
        let end = prefix.after_prefix();
        let mut next = after.unwrap_or_else(|| prefix.as_str().to_owned());
        loop {
            let found = stream::StateView::new(&self.draft).raw().range(&next, &end, 1)?;
            let Some((row_key, _)) = found.into_iter().next() else { return Ok(None) };
            if self.is_page_full() {
                return Ok(Some(next));
            }
            let Some(bucket) = Bucket::from_parts(&RowKey::from_text(row_key), 2, digits) else { return Ok(None) };
            self.publish_bucket(due, &bucket)?;
            next = format!("{}{}~", prefix.clone().with(&bucket.table).as_str(), bucket.digits);
        }
    }

    /// A further version: only buckets that changed. True where the page is full.
    fn publish_dirty(&mut self, due: &StatementDue) -> Result<bool, DecideError> {
        let digits = self.statement(due.period)?.bucket_digits;
        let prefix = key::within::<DirtyRow>(self.recipient, due.period);
        loop {
            let page = self.draft.scan::<DirtyRow>(&prefix, None, PAGE)?;
            if page.is_empty() {
                return Ok(false);
            }
            for (row_key, _) in page {
                if self.is_page_full() {
                    return Ok(true);
                }
                self.draft.delete(&row_key);
                if let Some(bucket) = Bucket::from_parts(&row_key, 2, digits) {
                    self.publish_bucket(due, &bucket)?;
                }
            }
        }
    }

    /// Records that entered, left or changed since the version before, each with the event that caused it.
    fn changes(&mut self, period: TaxPeriod) -> Result<Vec<String>, DecideError> {
        let prefix = key::within::<ChangeRow>(self.recipient, period);
        let mut told = Vec::new();
        let mut untold = 0_usize;
        loop {
            let page = self.draft.scan::<ChangeRow>(&prefix, None, PAGE)?;
            if page.is_empty() {
                break;
            }
            for (row_key, change) in page {
                self.draft.delete(&row_key);
                match self.change(period, &row_key, &change)? {
                    Some(_) if told.len() == CHANGES_MAX => untold += 1,
                    Some(words) => told.push(words),
                    None => {}
                }
            }
        }
        if untold > 0 {
            told.push(format!("and {untold} more"));
        }
        Ok(told)
    }

    fn change(&self, period: TaxPeriod, row_key: &RowKey, change: &ChangeRow) -> Result<Option<String>, DecideError> {
        let id = record_id(row_key, 2);
        let line: Option<LineRow> = self.draft.get(&key::record::<LineRow>(self.recipient, &id))?;
        let now = match line.filter(|line| line.period == period) {
            Some(line) => self.draft.get::<ContentRow>(&key::content(self.recipient, &line, &id))?.map(|row| row.line),
            None => None,
        };
        let row_of = |text: &String| parsed::<PublishedLine>(text).map(|line| line.table.to_string());
        let cause = &change.cause;
        Ok(match (&change.before, &now) {
            (None, None) => None,
            (Some(before), Some(now)) if before == now => None,
            (None, Some(now)) => Some(format!("entered {} {id} by {cause}", row_of(now)?)),
            (Some(before), None) => Some(format!("left {} {id} by {cause}", row_of(before)?)),
            (Some(before), Some(now)) => {
                Some(format!("changed {} to {} {id} by {cause}", row_of(before)?, row_of(now)?))
            }
        })
    }

    fn seal(&mut self, due: &StatementDue) -> Result<(), DecideError> {
        let statement = self.statement(due.period)?;
        let prefix = key::within::<ChunkRow>(self.recipient, due.period);
        let mut chunks = Vec::new();
        for (row_key, row) in self.draft.scan::<ChunkRow>(&prefix, None, CHUNKS_MAX)? {
            let part: usize = row_key.parts().nth(4).and_then(|part| part.parse().ok()).unwrap_or(0);
            // The digits are read from the key as they are.
            let Some(bucket) = Bucket::from_parts(&row_key, 2, u32::MAX) else { continue };
            let chunk = bucket.chunk(part);
            chunks.push(SealedChunk { chunk, digest: row.digest, version: row.version, lines: row.lines });
        }
        let sealed = Gstr2bSealed {
            recipient: self.recipient,
            period: due.period,
            version: due.version,
            reason: due.reason,
            generated_at: due.generated_at,
            lines: chunks.iter().map(|chunk| chunk.lines).sum(),
            chunks,
            totals: statement.totals.iter().map(|(row, total)| (row.clone(), total.effect)).collect(),
            gstr3b_auto_population: auto_population(&statement.totals, self.context.rules.table4_part_b()),
            changes: self.changes(due.period)?,
            incomplete: false,
        };
        self.check_count(&statement, sealed.lines)?;
        let sealed_key = key::within::<SealedRow>(self.recipient, due.period).with(format!("{:06}", due.version));
        self.draft.put(&sealed_key, &SealedRow { manifest: json(&sealed)? });
        self.publish(&sealed)
    }

    /// Lines of a statement = records that count; where it is not so we are wrong, and nothing is published.
    fn check_count(&self, statement: &StatementRow, published: u64) -> Result<(), DecideError> {
        let counted: u64 = statement.totals.values().map(|total| total.lines).sum();
        if counted == published {
            return Ok(());
        }
        Err(DecideError::Broken(format!("{counted} records count, but {published} lines are in the chunks")))
    }
}

/// Cuts lines into parts within the limits of a chunk.
fn cut(lines: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, line) in lines.iter().enumerate() {
        let too_many = at - start == LINES_MAX || bytes + line.len() > BYTES_MAX;
        if too_many && at > start {
            parts.push(&lines[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += line.len() + 1;
    }
    if start < lines.len() {
        parts.push(&lines[start..]);
    }
    parts
}

/// GN-7: the next version, from the lines as of this point of the journal.
pub(crate) fn due(mut desk: Desk<'_>, event: &StatementDue) -> Result<Decided, DecideError> {
    const ALL: &str = "all:";
    let cursor = desk.context.cursor.map(|cursor| cursor.0.clone());
    let mut statement = desk.statement(event.period)?;
    let first = match &cursor {
        Some(cursor) => cursor.starts_with(ALL),
        None => {
            let first = statement.version == 0;
            if first {
                statement.bucket_digits = bucket_digits(statement.totals.values().map(|total| total.lines).sum());
            }
            statement.version = event.version;
            desk.put_statement(event.period, &statement);
            first
        }
    };
    if first {
        let after = cursor.and_then(|cursor| cursor.strip_prefix(ALL).map(str::to_owned));
        if let Some(next) = desk.publish_all(event, after)? {
            return Ok(desk.page(GN_7, format!("{ALL}{next}")));
        }
    } else if desk.publish_dirty(event)? {
        return Ok(desk.page(GN_7, "dirty".to_owned()));
    }
    desk.seal(event)?;
    Ok(desk.decided(GN_7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_grow_with_the_statement() {
        assert_eq!(bucket_digits(0), 0);
        assert_eq!(bucket_digits(250), 0);
        assert_eq!(bucket_digits(251), 1);
        assert_eq!(bucket_digits(1_000_000), 3);
    }

    #[test]
    fn a_part_has_at_most_500_lines() {
        let lines = vec!["x".to_owned(); 1201];
        let parts = cut(&lines);
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [500, 500, 201]);
        let long = vec!["y".repeat(300 * 1024); 3];
        assert_eq!(cut(&long).len(), 3);
    }
}
