//! What an IMS story expects, against what the engine published.

use super::compare;
use super::fields::Fields;
use super::references::References;
use super::statements::Statements;
use anyhow::{Result, anyhow};
use gst_events::{PublishedLine, RecordId, SupplierLiability, Topic};
use gst_rules::Rulebook;
use gst_types::{IstInstant, RecipientGstin, TaxAmounts, TaxPeriod};
use itc_engine::simulation::Simulation;
use serde_json::{Map, Value, json};

/// What came out of a story.
pub(crate) struct Actual<'a> {
    pub(crate) simulation: &'a mut Simulation,
    pub(crate) refs: &'a References,
    pub(crate) rulebook: &'a Rulebook,
    pub(crate) now: Option<IstInstant>,
    pub(crate) outcomes: Vec<Value>,
    pub(crate) functions: Map<String, Value>,
}

/// Everything that differs.
pub(crate) fn differences(mut actual: Actual<'_>, expect: &Value) -> Result<Vec<String>> {
    let expect = Fields::of(expect)?;
    let mut found = Vec::new();
    unordered("outcomes", expect.list("outcomes"), &actual.outcomes, &mut found);
    for block in ["gstin_validity", "same_document", "periods"] {
        if let Some(wanted) = expect.0.get(block) {
            let got = actual.functions.get(block).unwrap_or(&Value::Null);
            compare::differences(block, wanted, got, &mut found);
        }
    }
    if !expect.list("gstr2b").is_empty() {
        statements(&actual, &expect, &mut found)?;
    }
    for entry in expect.list("ims") {
        dashboard(&mut actual, &Fields::of(entry)?, &mut found)?;
    }
    if expect.0.contains_key("supplier_liability") {
        let got = liabilities(&actual)?;
        unordered("supplier_liability", expect.list("supplier_liability"), &got, &mut found);
    }
    Ok(found)
}

/// Complete lists whose order is free.
fn unordered(name: &str, expected: &[Value], actual: &[Value], found: &mut Vec<String>) {
    let mut rest: Vec<&Value> = actual.iter().collect();
    for wanted in expected {
        let position = rest.iter().position(|got| {
            let mut differences = Vec::new();
            compare::differences(name, wanted, got, &mut differences);
            differences.is_empty() && same_keys(wanted, got)
        });
        match position {
            Some(position) => drop(rest.remove(position)),
            None => found.push(format!("{name}: missing {wanted}")),
        }
    }
    found.extend(rest.into_iter().map(|extra| format!("{name}: not expected {extra}")));
}

fn same_keys(wanted: &Value, got: &Value) -> bool {
    match (wanted.as_object(), got.as_object()) {
        (Some(wanted), Some(got)) => got.keys().all(|key| wanted.contains_key(key)),
        _ => true,
    }
}

fn heads(tax: &TaxAmounts) -> Value {
    json!({ "igst": tax.igst, "cgst": tax.cgst, "sgst": tax.sgst, "cess": tax.cess })
}

fn with_heads(mut row: Value, tax: &TaxAmounts) -> Value {
    if let (Some(row), Value::Object(heads)) = (row.as_object_mut(), heads(tax)) {
        row.extend(heads);
    }
    row
}

fn name_of(refs: &References, record_id: &RecordId) -> String {
    refs.name_of_record(record_id).map_or_else(|| format!("record {record_id}"), str::to_owned)
}

fn statements(actual: &Actual<'_>, expect: &Fields<'_>, found: &mut Vec<String>) -> Result<()> {
    let published = Statements::read(actual.simulation)?;
    for entry in expect.list("gstr2b") {
        let entry = Fields::of(entry)?;
        let key = (RecipientGstin(entry.parse("gstin")?), entry.parse::<TaxPeriod>("period")?);
        let label = format!("gstr2b {} {}", entry.text("gstin")?, key.1);
        let sealed = published.last(key.0, key.1);
        let version = sealed.map_or(0, |sealed| sealed.version);
        let wanted = entry.0.get("version").and_then(Value::as_u64);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != u64::from(version)) {
            found.push(format!("{label}: expected version {wanted}, got {version}"));
        }
        let lines = sealed.map(|sealed| published.lines(sealed)).transpose()?.unwrap_or_default();
        if entry.0.contains_key("lines") {
            let got: Vec<Value> = lines.iter().map(|line| line_row(actual.refs, line)).collect();
            unordered(&label, entry.list("lines"), &got, found);
        }
        if let Some(wanted) = entry.0.get("gstr3b_auto_population") {
            let got = sealed.map_or(Value::Null, |sealed| json!(sealed.gstr3b_auto_population));
            compare::differences(&format!("{label} 3B"), wanted, &got, found);
        }
    }
    Ok(())
}

fn line_row(refs: &References, line: &PublishedLine) -> Value {
    let mut row = json!({ "ref": name_of(refs, &line.record_id), "table": line.table });
    if let (Some(reason), Some(row)) = (line.unavailable, row.as_object_mut()) {
        row.insert("itc_available".to_owned(), json!("N"));
        row.insert("reason".to_owned(), json!(reason));
    }
    with_heads(row, &line.effect)
}

fn dashboard(actual: &mut Actual<'_>, entry: &Fields<'_>, found: &mut Vec<String>) -> Result<()> {
    let name = entry.text("ref")?;
    let known = actual.refs.get(name);
    let (Some(known), Some(now)) = (known, actual.now) else {
        return Err(anyhow!("ims: ref {name} is not known"));
    };
    let Some(recipient) = known.recipient else { return Err(anyhow!("ims: ref {name} has no recipient")) };
    let rows = actual.simulation.rows(<ims::Ims as stream::Processor>::NAME, 0)?;
    let mut view = ims::view::record_view(&rows, actual.rulebook, recipient, &known.record_id, now)?;
    if view.is_none() {
        // A value amendment that still names the previous GSTIN is the new one's record (BE-5).
        for holder in actual.refs.recipients() {
            view = view.or(ims::view::record_view(&rows, actual.rulebook, holder, &known.record_id, now)?);
        }
    }
    let got = match view {
        None => json!({ "visible_in_ims": false }),
        Some(record) => json!({
            "visible_in_ims": record.visible_in_ims,
            "action": record.action,
            "pending_allowed": record.pending_allowed,
            "gstr2b_period": record.gstr2b_period,
        }),
    };
    let wanted: Map<String, Value> = entry
        .0
        .iter()
        .filter(|(key, _)| key.as_str() != "ref")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    compare::differences(&format!("ims {name}"), &Value::Object(wanted), &got, found);
    Ok(())
}

fn liabilities(actual: &Actual<'_>) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for record in actual.simulation.read_all(Topic::SupplierLiability.name()) {
        let raised: SupplierLiability = serde_json::from_slice(&record.value)?;
        let row = json!({
            "supplier_gstin": raised.supplier,
            "period": raised.period,
            "ref": name_of(actual.refs, &raised.record_id),
        });
        rows.push(with_heads(row, &raised.tax));
    }
    Ok(rows)
}
