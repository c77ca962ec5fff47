//! Spans for those who follow a document: one a decision, sent by OTLP once the decision is committed.
//!
//! The queue is bounded and never waited for: where the collector is away or slow, spans are lost and work goes on. No
//! span holds a GSTIN or a payload.

use crate::logs::mask_gstins;
use crate::settings::{Settings, Traces};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanExporter, SpanLinks, SpanProcessor,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stream::{DecisionSpan, DecisionWatch, TraceContext};

/// Spans that wait to be sent: some 8 MB. What comes beyond is lost.
const QUEUE_MAX: usize = 8_192;
/// Spans of one request: some 200 KB.
const REQUEST_MAX: usize = 512;
/// How long spans wait for companions; somebody may be watching.
const SEND_EVERY: Duration = Duration::from_secs(1);
/// A collector in the same network answers in milliseconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// What is left at the end is sent for this long.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(3);
/// The same trouble with the collector is logged again after this long.
const SAY_AGAIN_AFTER_IN_SECONDS: u64 = 60;

/// Where spans go.
pub(crate) struct Tracing {
    processor: Arc<BatchSpanProcessor>,
    sampled_per_thousand: u64,
    worker: String,
}

impl Drop for Tracing {
    fn drop(&mut self) {
        // Spans that cannot be sent any more are lost; the records they tell of are not.
        let _ = self.processor.shutdown_with_timeout(FAREWELL_TIMEOUT);
    }
}

impl Tracing {
    /// Opens the way to the collector, where one is named. Call it inside the async runtime, which the exporter uses.
    ///
    /// # Errors
    /// Where the endpoint or the share cannot be used. A collector that is away is no error.
    pub(crate) fn open(settings: &Settings, name: &str, build: &str) -> anyhow::Result<Option<Self>> {
        let Traces { otlp_endpoint, sampled_per_thousand } = &settings.traces;
        if otlp_endpoint.is_empty() {
            return Ok(None);
        }
        if !otlp_endpoint.starts_with("http://") {
            anyhow::bail!(
                "traces.otlp_endpoint `{otlp_endpoint}` must begin with http://; a collector beside the worker may speak TLS"
            );
        }
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(otlp_endpoint.as_str())
            .with_timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|error| anyhow::anyhow!("traces.otlp_endpoint `{otlp_endpoint}` cannot be used: {error}"))?;
        let resource = Resource::builder()
            .with_service_name(name.to_owned())
            .with_attribute(KeyValue::new("service.version", build.to_owned()))
            .with_attribute(KeyValue::new("service.instance.id", settings.kafka.instance.clone()))
            .build();
        Self::with(exporter, &resource, *sampled_per_thousand, name).map(Some)
    }

    fn with(
        exporter: impl SpanExporter + 'static,
        resource: &Resource,
        sampled_per_thousand: u64,
        worker: &str,
    ) -> anyhow::Result<Self> {
        if sampled_per_thousand > 1_000 {
            anyhow::bail!("traces.sampled_per_thousand is {sampled_per_thousand}, above 1000");
        }
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_MAX)
            .with_max_export_batch_size(REQUEST_MAX)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let mut processor = BatchSpanProcessor::new(Telling { exporter, said_at: AtomicU64::new(0) }, config);
        processor.set_resource(resource);
        Ok(Self { processor: Arc::new(processor), sampled_per_thousand, worker: worker.to_owned() })
    }

    /// What a stream thread tells its decisions to.
    pub(crate) fn watch(&self) -> Box<dyn DecisionWatch> {
        Box::new(Watch {
            processor: Arc::clone(&self.processor),
            sampled_per_thousand: self.sampled_per_thousand,
            worker: self.worker.clone(),
            scope: InstrumentationScope::builder("itc-engine").build(),
        })
    }
}

struct Watch {
    processor: Arc<BatchSpanProcessor>,
    sampled_per_thousand: u64,
    worker: String,
    scope: InstrumentationScope,
}

impl DecisionWatch for Watch {
    /// Chosen by the trace's own id, so that every worker with the same share chooses the same traces.
    fn wants(&self, context: &TraceContext) -> bool {
        context.sampled && chosen(&context.trace_id, self.sampled_per_thousand)
    }

    fn decided(&mut self, spans: Vec<DecisionSpan>, now: Duration) {
        let wall = wall_clock();
        for span in spans {
            // It is put into a bounded queue, or lost.
            self.processor.on_end(self.data(span, now, wall));
        }
    }
}

fn chosen(trace_id: &[u8; 16], sampled_per_thousand: u64) -> bool {
    // The last half of an id is the random one, also of ids made by others.
    let tail = trace_id[8..].iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    tail % 1_000 < sampled_per_thousand
}

#[expect(clippy::disallowed_methods, reason = "when a span happened is shown to people; no decision looks at it")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

impl Watch {
    fn data(&self, span: DecisionSpan, now: Duration, wall: SystemTime) -> SpanData {
        let at = |moment: Duration| wall.checked_sub(now.saturating_sub(moment)).unwrap_or(UNIX_EPOCH);
        let event_type = clean(&span.event_type);
        let status = if span.put_aside { Status::error(span.outcome.clone()) } else { Status::Unset };
        let context = span.context;
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(context.trace_id),
                SpanId::from_bytes(context.span_id),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
            parent_span_is_remote: span.parent.is_some(),
            span_kind: SpanKind::Consumer,
            name: format!("{} {event_type}", self.worker).into(),
            start_time: at(span.began.min(span.ended)),
            end_time: at(span.ended),
            attributes: vec![
                KeyValue::new("itc.worker", self.worker.clone()),
                KeyValue::new("itc.event_type", event_type),
                KeyValue::new("itc.outcome", span.outcome),
                KeyValue::new("itc.rule", span.rule),
                KeyValue::new("itc.outputs", i64::from(span.outputs)),
                KeyValue::new("messaging.system", "kafka"),
                KeyValue::new("messaging.destination.name", span.topic.to_string()),
                KeyValue::new("messaging.destination.partition.id", span.partition.to_string()),
                KeyValue::new("messaging.kafka.offset", span.offset),
            ],
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        }
    }
}

/// The type of an event of a feed is what its sender wrote: short, and without a GSTIN.
fn clean(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    String::from_utf8_lossy(&mask_gstins(short.as_bytes())).into_owned()
}

/// An exporter whose trouble is told in the log; the library itself says nothing.
#[derive(Debug)]
struct Telling<E> {
    exporter: E,
    said_at: AtomicU64,
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.exporter.export(batch).await;
        if let Err(error) = &sent {
            let now = wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            if now >= self.said_at.load(Ordering::Relaxed) + SAY_AGAIN_AFTER_IN_SECONDS {
                self.said_at.store(now, Ordering::Relaxed);
                tracing::warn!(spans, %error, "spans could not be sent and are lost; work goes on");
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::error::OTelSdkError;
    use std::sync::Mutex;

    /// A collector in memory, which may be away.
    #[derive(Debug, Clone, Default)]
    struct Collector {
        spans: Arc<Mutex<Vec<SpanData>>>,
        away: bool,
    }

    impl SpanExporter for Collector {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            if self.away {
                return Err(OTelSdkError::InternalFailure("nobody listens".to_owned()));
            }
            self.spans.lock().expect("is not poisoned").extend(batch);
            Ok(())
        }
    }

    fn span(trace: u8, parent: Option<[u8; 8]>) -> DecisionSpan {
        DecisionSpan {
            context: TraceContext { trace_id: [trace; 16], span_id: [7; 8], sampled: true },
            parent,
            event_type: "SupplierReturnFiled of 29AAGCB7383J1Z4".to_owned(),
            outcome: "RETURN_FILED".to_owned(),
            rule: "AC-1".to_owned(),
            put_aside: false,
            outputs: 3,
            topic: "itc.supplier-journal.v1".into(),
            partition: 2,
            offset: 17,
            began: Duration::from_secs(10),
            ended: Duration::from_secs(12),
        }
    }

    fn told(spans: Vec<DecisionSpan>) -> Vec<SpanData> {
        let collector = Collector::default();
        let tracing = Tracing::with(collector.clone(), &Resource::builder().build(), 1_000, "filings").expect("opens");
        tracing.watch().decided(spans, Duration::from_secs(20));
        drop(tracing);
        collector.spans.lock().expect("is not poisoned").clone()
    }

    #[test]
    fn a_decision_is_a_span_at_its_place_without_a_gstin() {
        let told = told(vec![span(1, Some([9; 8]))]);
        let [span] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(span.span_context.trace_id(), TraceId::from_bytes([1; 16]));
        assert_eq!(
            (span.span_context.span_id(), span.parent_span_id),
            (SpanId::from_bytes([7; 8]), SpanId::from_bytes([9; 8]))
        );
        assert_eq!(span.name, "filings SupplierReturnFiled of 29*************");
        assert_eq!(span.end_time.duration_since(span.start_time).expect("ends later"), Duration::from_secs(2));
        let of =
            |key: &str| span.attributes.iter().find(|pair| pair.key.as_str() == key).map(|pair| pair.value.to_string());
        assert_eq!(of("itc.outcome").as_deref(), Some("RETURN_FILED"));
        assert_eq!(of("itc.rule").as_deref(), Some("AC-1"));
        assert_eq!(of("messaging.kafka.offset").as_deref(), Some("17"));
        assert!(!format!("{span:?}").contains("AAGCB7383J"));
    }

    #[test]
    fn a_trace_that_begins_with_us_has_no_parent_and_a_dead_letter_is_an_error() {
        let told = told(vec![DecisionSpan { put_aside: true, outcome: "NOT_JSON".to_owned(), ..span(1, None) }]);
        assert_eq!(told[0].parent_span_id, SpanId::INVALID);
        assert_eq!(told[0].status, Status::error("NOT_JSON"));
    }

    #[test]
    fn a_share_is_chosen_by_the_trace_alone() {
        let id = |tail: u64| {
            let mut id = [5; 16];
            id[8..].copy_from_slice(&tail.to_be_bytes());
            id
        };
        for (tail, share, wanted) in
            [(0, 0, false), (0, 1, true), (999, 999, false), (999, 1_000, true), (1_250, 251, true)]
        {
            assert_eq!(chosen(&id(tail), share), wanted, "{tail} {share}");
        }
        assert!(Tracing::with(Collector::default(), &Resource::builder().build(), 1_001, "w").is_err());
    }

    #[test]
    fn a_collector_that_is_away_holds_up_nobody() {
        let away = Collector { away: true, ..Collector::default() };
        let tracing = Tracing::with(away, &Resource::builder().build(), 1_000, "w").expect("opens");
        let mut watch = tracing.watch();
        let began = crate::threads::now();
        for _ in 0..100 {
            watch.decided((0..200).map(|_| span(1, None)).collect(), Duration::from_secs(20));
        }
        assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    }
}
