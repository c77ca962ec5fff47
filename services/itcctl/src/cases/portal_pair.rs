//! `itcctl cases portal-pair`: a month of somebody else's files. The suppliers' filings are built from the IMS download,
//! filed on the dates that the GSTR-2B prints, run through the topology, and compared with that GSTR-2B.

use super::ims_run::publish;
use super::statements::Statements;
use crate::feed_record::{Feed, FeedRecord, SupplierReturn, SupplierStep};
use anyhow::{Context, Result, anyhow};
use gst_events::{
    Origin, PublishedLine, RecordId, Request, RequestStatus, StatementRequested, SupplierForm, TaxpayerRegistered,
    TaxpayerRole, Topic,
};
use gst_rules::{Rulebook, rule};
use gst_types::{FilingFrequency, Gstin, IstDate, RecipientGstin, SupplierGstin, TaxAmounts, TaxPeriod};
use gstn_formats::ImsRecord;
use gstn_formats::codes::{ItcAvailability, NoteType, SourceFilingStatus};
use gstn_formats::gstr1::{Gstr1, Gstr1Document, Gstr1Section};
use gstn_formats::gstr2b::{Gstr2b, SupplySection};
use gstn_formats::ims_download::ImsDownload;
use itc_engine::simulation::Simulation;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

/// A document of the other side's GSTR-2B, by supplier, section and number.
type PortalKey = (SupplierGstin, &'static str, String, IstDate);

struct Pair {
    recipient: RecipientGstin,
    period: TaxPeriod,
    records: Vec<ImsRecord>,
    frequencies: BTreeMap<SupplierGstin, FilingFrequency>,
    filed_on: BTreeMap<SupplierGstin, IstDate>,
    documents: BTreeMap<PortalKey, Vec<TaxAmounts>>,
    not_in_ims: BTreeMap<&'static str, usize>,
}

/// Runs the pair in `folder` and prints where each record ended. True where nothing is unexplained.
///
/// # Errors
/// A message where a file is missing or broken, or a worker fails.
pub fn run(folder: &Path, out: &mut dyn Write) -> Result<bool> {
    let pair = read(folder)?;
    let bad = pair.records.iter().filter(|record| !record.supplier.gstin().has_right_check_character()).count();
    writeln!(
        out,
        "{bad} of {} records name a GSTIN whose check character is wrong (ID-2): a warning",
        pair.records.len()
    )?;
    let mut simulation = start(&pair)?;
    let ids = feed(&mut simulation, &pair, out)?;
    classify(&mut simulation, &pair, &ids, out)
}

fn json_file(folder: &Path, name: &str) -> Result<Value> {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn read(folder: &Path) -> Result<Pair> {
    let download = ImsDownload::parse(&json_file(folder, "ims.json")?).map_err(|error| anyhow!("ims.json: {error}"))?;
    let statement =
        Gstr2b::parse(&json_file(folder, "gstr2b.json")?).map_err(|error| anyhow!("gstr2b.json: {error}"))?;
    let truth = json_file(folder, "ground_truth.json")?;
    let trader =
        truth.get("trader").and_then(Value::as_str).ok_or_else(|| anyhow!("ground_truth.json names no trader"))?;
    let records: Vec<ImsRecord> =
        download.records().into_iter().collect::<Result<_, _>>().map_err(|error| anyhow!("ims.json: {error}"))?;
    let mut pair = Pair {
        recipient: trader.parse()?,
        period: statement.period,
        frequencies: frequencies(&truth),
        records,
        filed_on: BTreeMap::new(),
        documents: BTreeMap::new(),
        not_in_ims: BTreeMap::new(),
    };
    read_statement(&statement, &mut pair)?;
    Ok(pair)
}

fn frequencies(truth: &Value) -> BTreeMap<SupplierGstin, FilingFrequency> {
    let mut found = BTreeMap::new();
    for document in truth.get("documents").and_then(Value::as_array).into_iter().flatten() {
        let scheme = match document.get("supplierScheme").and_then(Value::as_str) {
            Some("QUARTERLY") => FilingFrequency::Quarterly,
            _ => FilingFrequency::Monthly,
        };
        let gstin = document.pointer("/portal/supplierGstin").and_then(Value::as_str);
        if let Some(supplier) = gstin.and_then(|text| text.parse().ok()) {
            found.insert(supplier, scheme);
        }
    }
    found
}

fn read_statement(statement: &Gstr2b, pair: &mut Pair) -> Result<()> {
    let documents = statement.documents.as_ref().ok_or_else(|| anyhow!("gstr2b.json has no documents"))?;
    let in_ims: BTreeSet<(SupplierGstin, String, IstDate)> =
        pair.records.iter().map(|record| (record.supplier, record.number.clone(), record.date)).collect();
    for (section, groups) in &documents.supplies {
        for group in groups {
            if let Some(filed_on) = group.filed_on {
                pair.filed_on.insert(group.supplier, filed_on);
            }
            for document in &group.documents {
                let row = match (section, document.note_type) {
                    (SupplySection::B2b, _) => "3.A.I.B2B",
                    (SupplySection::Cdnr, Some(NoteType::Debit)) => "3.A.I.B2B-DN",
                    (SupplySection::Cdnr, _) => "3.B.I.B2B-CN",
                    _ => "another row",
                };
                let key = (group.supplier, document.number.clone(), document.date);
                if in_ims.contains(&key) {
                    let key = (group.supplier, row, document.number.clone(), document.date);
                    pair.documents.entry(key).or_default().push(document.tax);
                } else {
                    *pair
                        .not_in_ims
                        .entry(kind_outside(document.reverse_charge, document.availability))
                        .or_default() += 1;
                }
            }
        }
    }
    let distributed: usize = documents.distributors.values().flatten().map(|group| group.documents.len()).sum();
    let imported: usize = documents.imports.values().flatten().map(|row| row.bills().len()).sum();
    for (kind, count) in [("input service distributor", distributed), ("import of goods", imported)] {
        if count > 0 {
            pair.not_in_ims.insert(kind, count);
        }
    }
    Ok(())
}

fn kind_outside(reverse_charge: Option<bool>, availability: Option<ItcAvailability>) -> &'static str {
    match (reverse_charge, availability) {
        (Some(true), _) => "reverse charge",
        (_, Some(ItcAvailability::NotAvailable)) => "credit not available",
        (_, _) => "other",
    }
}

fn start(pair: &Pair) -> Result<Simulation> {
    let rows = BTreeMap::from([("draft_generation".to_owned(), "ON_REQUEST".to_owned())]);
    let mut simulation = Simulation::start(1, &rows)?;
    register(
        &mut simulation,
        pair.recipient.gstin(),
        TaxpayerRole::Recipient,
        FilingFrequency::Monthly,
        Some(pair.period),
    )?;
    let suppliers: BTreeSet<SupplierGstin> = pair.records.iter().map(|record| record.supplier).collect();
    for supplier in suppliers {
        let frequency = pair.frequencies.get(&supplier).copied().unwrap_or(FilingFrequency::Monthly);
        register(&mut simulation, supplier.gstin(), TaxpayerRole::Supplier, frequency, None)?;
    }
    Ok(simulation)
}

fn register(
    simulation: &mut Simulation,
    gstin: Gstin,
    role: TaxpayerRole,
    filing_frequency: FilingFrequency,
    first_open_period: Option<TaxPeriod>,
) -> Result<()> {
    let fact = TaxpayerRegistered {
        gstin,
        role,
        filing_frequency,
        gstr3b_due_day: None,
        first_open_period,
        effective_from: None,
        needs_approval: false,
        at: None,
    };
    let key = gstin.to_string();
    publish(simulation, FeedRecord::fact(Feed::TaxpayerEvents, &format!("register-{key}"), &key, None, &fact))
}

fn is_filed(record: &ImsRecord) -> bool {
    !matches!(record.filing_status, Some(SourceFilingStatus::NotFiled))
}

/// Feeds every record on its supplier's filing date, a supplier's records in one message, and files the forms; returns
/// the id of each record.
fn feed(simulation: &mut Simulation, pair: &Pair, out: &mut dyn Write) -> Result<Vec<RecordId>> {
    let mut ids = vec![RecordId::default(); pair.records.len()];
    let mut days: BTreeMap<IstDate, BTreeMap<SupplierGstin, Vec<usize>>> = BTreeMap::new();
    for (index, record) in pair.records.iter().enumerate() {
        let unknown = || pair.period.next().first_day();
        let filed_on = pair.filed_on.get(&record.supplier).copied().unwrap_or_else(unknown);
        days.entry(filed_on).or_default().entry(record.supplier).or_default().push(index);
    }
    for (day, suppliers) in &days {
        simulation.open_days_to(*day)?;
        for (supplier, indexes) in suppliers {
            let (filed, saved): (Vec<usize>, Vec<usize>) =
                indexes.iter().partition(|index| is_filed(&pair.records[**index]));
            save(simulation, pair, &filed, *day, pair.period, &mut ids)?;
            file(simulation, pair, *supplier, *day)?;
            // What is only saved stands in the supplier's next form, which nobody files.
            save(simulation, pair, &saved, *day, pair.period.next(), &mut ids)?;
        }
    }
    let restated = pair.records.iter().filter(|record| is_restated(record)).count();
    if restated > 0 {
        writeln!(
            out,
            "{restated} records have their supplier's State as place of supply although only IGST is charged: read as \
             inter-State, place of supply = the recipient's State"
        )?;
    }
    Ok(ids)
}

fn form_of(pair: &Pair, supplier: SupplierGstin, period: TaxPeriod) -> SupplierForm {
    match pair.frequencies.get(&supplier) {
        Some(FilingFrequency::Quarterly) if period.month_of_quarter() < 3 => SupplierForm::Iff,
        _ => SupplierForm::Gstr1,
    }
}

/// Whether a record says a place of supply that its tax contradicts.
fn is_restated(record: &ImsRecord) -> bool {
    let only_igst = !record.tax.igst.is_zero() && record.tax.cgst.is_zero() && record.tax.sgst.is_zero();
    only_igst && record.place_of_supply == Some(record.supplier.gstin().state())
}

fn document(pair: &Pair, record: &ImsRecord) -> Gstr1Document {
    let recipient_state = Some(pair.recipient.gstin().state());
    Gstr1Document {
        section: record.section,
        supplier: record.supplier,
        recipient: pair.recipient,
        number: record.number.clone(),
        date: record.date,
        original: record.original.clone(),
        invoice_type: record.invoice_type,
        place_of_supply: if is_restated(record) { recipient_state } else { record.place_of_supply },
        reverse_charge: false,
        taxable_value: record.taxable_value,
        tax: record.tax,
        document_value: record.document_value,
        delete: false,
        irn: None,
        ecommerce_supplier: None,
        items: Vec::new(),
        extra: gstn_formats::Extra::default(),
    }
}

/// Saves records of one supplier in one message. A file lists them by table, which is the order of their ids.
fn save(
    simulation: &mut Simulation,
    pair: &Pair,
    indexes: &[usize],
    day: IstDate,
    period: TaxPeriod,
    ids: &mut [RecordId],
) -> Result<()> {
    let Some(first) = indexes.first() else { return Ok(()) };
    let supplier = pair.records[*first].supplier;
    let feed_id = format!("save-{supplier}-{period}");
    let mut ordered = indexes.to_vec();
    ordered.sort_by_key(|index| pair.records[*index].section.document_kind() != gst_types::DocumentKind::Invoice);
    for (position, index) in ordered.iter().enumerate() {
        ids[*index] = RecordId(format!("{feed_id}#{position}"));
    }
    let documents: Vec<Gstr1Document> = ordered.iter().map(|index| document(pair, &pair.records[*index])).collect();
    let body = Gstr1::build(supplier, period, &documents);
    let at = format!("{day}T09:00:00").parse()?;
    let text = supplier.to_string();
    let step = SupplierReturn {
        supplier: &text,
        form: form_of(pair, supplier, period),
        happened_at: at,
        sent_at: at,
        origin: Origin::User,
    };
    publish(simulation, FeedRecord::supplier_return(&feed_id, SupplierStep::Saved, &step, &body))
}

fn file(simulation: &mut Simulation, pair: &Pair, supplier: SupplierGstin, day: IstDate) -> Result<()> {
    let at = format!("{day}T10:00:00").parse()?;
    let body = Gstr1::build(supplier, pair.period, &[]);
    let text = supplier.to_string();
    let step = SupplierReturn {
        supplier: &text,
        form: form_of(pair, supplier, pair.period),
        happened_at: at,
        sent_at: at,
        origin: Origin::User,
    };
    publish(simulation, FeedRecord::supplier_return(&format!("file-{text}"), SupplierStep::Filed, &step, &body))
}

/// Where a record ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Same,
    Refused(String),
    OtherStatement(String),
    NotFiled,
    Unexplained(String),
}

fn classify(simulation: &mut Simulation, pair: &Pair, ids: &[RecordId], out: &mut dyn Write) -> Result<bool> {
    let draft_on = pair.period.next().day(14);
    simulation.open_days_to(draft_on)?;
    let fact = StatementRequested {
        recipient: pair.recipient,
        period: pair.period,
        at: format!("{draft_on}T10:00:00").parse()?,
        origin: Origin::User,
    };
    publish(
        simulation,
        FeedRecord::fact(Feed::TaxpayerEvents, "draft", &pair.recipient.to_string(), Some(fact.at), &fact),
    )?;
    let refusals = refusals(simulation)?;
    let statements = Statements::read(simulation)?;
    let sealed = statements.last(pair.recipient, pair.period).ok_or_else(|| anyhow!("no GSTR-2B was published"))?;
    let lines: BTreeMap<&RecordId, &PublishedLine> =
        statements.lines(sealed)?.into_iter().map(|line| (&line.record_id, line)).collect();
    let rulebook = Rulebook::embedded();
    let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
    for (index, record) in pair.records.iter().enumerate() {
        let id = &ids[index];
        let class = match (refusals.get(id), lines.get(id)) {
            (Some(code), _) => Class::Refused(code.clone()),
            (None, Some(line)) => compare(pair, record, line),
            (None, None) => {
                let rows = simulation.rows(<ims::Ims as stream::Processor>::NAME, 0)?;
                let view = ims::view::record_view(&rows, &rulebook, pair.recipient, id, fact.at)?;
                match view {
                    Some(view) if !view.filed => Class::NotFiled,
                    Some(view) if view.gstr2b_period.is_some_and(|period| period != pair.period) => {
                        let period = view.gstr2b_period.map(|period| period.to_string()).unwrap_or_default();
                        Class::OtherStatement(format!("{period}, {}", rule::PD_1))
                    }
                    Some(_) => Class::Unexplained(format!("{} counts nowhere", record.number)),
                    None => Class::Unexplained(format!("{} is unknown to the dashboard", record.number)),
                }
            }
        };
        if let Class::Unexplained(why) = &class {
            writeln!(out, "unexplained: {why}")?;
        }
        *classes.entry(class).or_default() += 1;
    }
    report(pair, &classes, out)
}

fn compare(pair: &Pair, record: &ImsRecord, line: &PublishedLine) -> Class {
    let row = match record.section {
        Gstr1Section::B2B => "3.A.I.B2B",
        Gstr1Section::DN => "3.A.I.B2B-DN",
        Gstr1Section::CN => "3.B.I.B2B-CN",
        _ => "another row",
    };
    let key = (record.supplier, row, record.number.clone(), record.date);
    match pair.documents.get(&key) {
        Some(taxes) if line.table.as_str() == row && taxes.contains(&line.effect) => Class::Same,
        Some(_) => Class::Unexplained(format!("{} stands in {} with other figures", record.number, line.table)),
        None => Class::Unexplained(format!("{} is not in that GSTR-2B", record.number)),
    }
}

fn refusals(simulation: &Simulation) -> Result<BTreeMap<RecordId, String>> {
    let mut refusals = BTreeMap::new();
    for record in simulation.read_all(Topic::Results.name()) {
        let result: Request = serde_json::from_slice(&record.value)?;
        if let (RequestStatus::Refused, Some(record_id)) = (result.status, result.record_id) {
            let rule = result.rule.map(|rule| format!(", {rule}")).unwrap_or_default();
            refusals.insert(record_id, format!("{}{rule}", result.code.unwrap_or_default()));
        }
    }
    Ok(refusals)
}

fn report(pair: &Pair, classes: &BTreeMap<Class, usize>, out: &mut dyn Write) -> Result<bool> {
    let mut totals: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (class, count) in classes {
        let (name, detail) = match class {
            Class::Same => ("same", String::new()),
            Class::Refused(code) => ("refused", format!(" ({code})")),
            Class::OtherStatement(why) => ("other statement", format!(" ({why})")),
            Class::NotFiled => ("not filed", String::new()),
            Class::Unexplained(_) => ("unexplained", String::new()),
        };
        if !matches!(class, Class::Unexplained(_)) {
            writeln!(out, "{count:>5} {name}{detail}")?;
        }
        *totals.entry(name).or_default() += count;
    }
    let outside: usize = pair.not_in_ims.values().sum();
    let kinds = pair.not_in_ims.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ");
    writeln!(out, "{outside:>5} documents of that GSTR-2B are not in the IMS file: {kinds}")?;
    let of = |name: &str| totals.get(name).copied().unwrap_or_default();
    writeln!(
        out,
        "{} records: {} same, {} refused, {} other statement, {} not filed, {} unexplained",
        pair.records.len(),
        of("same"),
        of("refused"),
        of("other statement"),
        of("not filed"),
        of("unexplained")
    )?;
    Ok(of("unexplained") == 0)
}
