//! One document through feed, journal, workers and public topics: one trace, each decision below what it follows from.

use crate::bench::{Bench, action, at, gstr3b, statement};
use crate::statements::{FIRST, SUPPLIER, file, invoice};
use gst_events::{ImsAction, Origin, Topic};
use itc_engine::topology::workers;
use itcctl::feed_record::{FeedRecord, SupplierReturn, SupplierStep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stream::{DecisionSpan, DecisionWatch, EventMeta, TraceContext, WorkerName};

type Told = Arc<Mutex<Vec<(WorkerName, DecisionSpan)>>>;

struct Watch(WorkerName, Told);

impl DecisionWatch for Watch {
    fn wants(&self, _context: &TraceContext) -> bool {
        true
    }

    fn decided(&mut self, spans: Vec<DecisionSpan>, _now: Duration) {
        self.1.lock().unwrap().extend(spans.into_iter().map(|span| (self.0, span)));
    }
}

fn watched(bench: &mut Bench) -> Told {
    let told = Told::default();
    for worker in workers() {
        let watch = Box::new(Watch(worker.name, Arc::clone(&told)));
        bench.simulation.driver_mut().watch_decisions(worker.name, watch).unwrap();
    }
    told
}

fn of_trace(told: &Told, trace_id: [u8; 16]) -> Vec<(WorkerName, DecisionSpan)> {
    let all = told.lock().unwrap();
    all.iter().filter(|(_, span)| span.context.trace_id == trace_id).cloned().collect()
}

/// Every decision but the first stands below another one of the same trace.
fn assert_whole(spans: &[(WorkerName, DecisionSpan)], first_parent: Option<[u8; 8]>) {
    let by_id: BTreeMap<[u8; 8], WorkerName> =
        spans.iter().map(|(worker, span)| (span.context.span_id, *worker)).collect();
    assert_eq!(by_id.len(), spans.len(), "each decision has a span of its own: {spans:#?}");
    for (worker, span) in spans {
        if worker.0 == "ingest" {
            assert_eq!(span.parent, first_parent);
        } else {
            let below = span.parent.is_some_and(|parent| by_id.contains_key(&parent));
            assert!(below, "{worker} decided {} below nothing of the trace", span.event_type);
        }
    }
}

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn one_trace_leads_from_the_feed_through_journals_and_workers_to_public_topics() {
    let mut bench = Bench::whole(&[FIRST], &[SUPPLIER], "102025");
    file(&mut bench, &[invoice("A-0", "102025")], "2025-11-10T10:00:00");
    bench.open("2025-11-11T10:00:00");
    let told = watched(&mut bench);
    let one = invoice("A-0", "102025");
    let mut record = action("accepted", &one, ImsAction::Accept, "2025-11-11T10:00:00");
    record.headers.push(("traceparent".to_owned(), CALLER.to_owned()));
    bench.tell(record);
    let caller = TraceContext::parse(CALLER).unwrap();
    let spans = of_trace(&told, caller.trace_id);
    assert_whole(&spans, Some(caller.span_id));
    let chain: BTreeSet<&str> = spans.iter().map(|(worker, _)| worker.0).collect();
    assert!(chain.contains("ingest") && chain.contains("ims"), "{chain:?}");
    // What the world hears carries the trace, and the place of the decision that said it.
    for topic in [Topic::ImsRecords, Topic::Results] {
        let records = bench.simulation.read_all(topic.name());
        let context = TraceContext::told(&records.last().unwrap().meta()).unwrap();
        assert_eq!(context.trace_id, caller.trace_id, "{}", topic.name());
        let said = spans.iter().find(|(_, span)| span.context.span_id == context.span_id);
        assert_eq!(said.map(|(worker, _)| worker.0), Some("ims"), "{}", topic.name());
    }
    // A statement and a return, each in a trace of its own, lead on to those who follow them.
    let mut drafted = statement("draft", FIRST, "102025", "2025-11-14T10:00:00");
    drafted.headers.push(("traceparent".to_owned(), CALLER.replace("0af7", "1af7")));
    bench.at("2025-11-14T10:00:00", drafted);
    let mut filed = gstr3b("filed", FIRST, "102025", "2025-11-20T10:00:00");
    filed.headers.push(("traceparent".to_owned(), CALLER.replace("0af7", "2af7")));
    bench.at("2025-11-20T10:00:00", filed);
    for (trace, topic, through) in [
        ("1af7", Topic::Gstr2b, ["ingest", "ims", "gstr2b"].as_slice()),
        ("2af7", Topic::Ledger, ["ingest", "ims", "gstr2b", "itc-ledger"].as_slice()),
    ] {
        let caller = TraceContext::parse(&CALLER.replace("0af7", trace)).unwrap();
        let spans = of_trace(&told, caller.trace_id);
        assert_whole(&spans, Some(caller.span_id));
        let chain: BTreeSet<&str> = spans.iter().map(|(worker, _)| worker.0).collect();
        assert!(through.iter().all(|worker| chain.contains(worker)), "{chain:?}");
        let said = bench.simulation.read_all(topic.name());
        assert_eq!(TraceContext::told(&said.last().unwrap().meta()).unwrap().trace_id, caller.trace_id);
    }
}

#[test]
fn without_a_callers_trace_a_suppliers_document_has_one_that_follows_from_its_id_and_no_gstin_stands_in_it() {
    let story = || {
        let mut bench = Bench::whole(&[FIRST], &[SUPPLIER], "102025");
        bench.open("2025-11-10T10:00:00");
        let told = watched(&mut bench);
        let document = invoice("A-0", "102025");
        bench.tell(document.step("saved", SupplierStep::Saved, "2025-11-10T10:00:00"));
        (
            of_trace(&told, TraceContext::of(&EventMeta { id: "saved".to_owned(), ..EventMeta::default() }).trace_id),
            told,
        )
    };
    let (spans, told) = story();
    assert_whole(&spans, None);
    let chain: BTreeSet<&str> = spans.iter().map(|(worker, _)| worker.0).collect();
    for worker in ["ingest", "filings", "ims"] {
        assert!(chain.contains(worker), "{chain:?}");
    }
    assert_eq!(spans, story().0, "told again it is the same trace");
    let text = format!("{:?}", told.lock().unwrap());
    assert!(!text.contains(FIRST) && !text.contains(SUPPLIER), "{text}");
}

#[test]
fn a_message_that_is_put_aside_is_told_with_its_code() {
    let mut bench = Bench::whole(&[FIRST], &[SUPPLIER], "102025");
    let told = watched(&mut bench);
    let when = at("2025-11-10T10:00:00");
    let form = SupplierReturn {
        supplier: SUPPLIER,
        form: gst_events::SupplierForm::Gstr1,
        happened_at: when,
        sent_at: when,
        origin: Origin::User,
    };
    bench.tell(FeedRecord::supplier_return("broken", SupplierStep::Saved, &form, &serde_json::json!("no form")));
    let spans =
        of_trace(&told, TraceContext::of(&EventMeta { id: "broken".to_owned(), ..EventMeta::default() }).trace_id);
    let [(worker, span)] = spans.as_slice() else { panic!("{spans:#?}") };
    assert_eq!((worker.0, span.put_aside, span.outputs), ("ingest", true, 0));
    assert!(!span.outcome.is_empty() && !span.rule.is_empty(), "{span:?}");
}
