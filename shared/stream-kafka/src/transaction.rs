//! One transaction at a time on a producer that is thrown away rather than doubted.

use crate::classify::{Facts, Stage, Verdict, classify, facts, is_denied, is_too_large};
use crate::client::{Complaints, Deliveries, Sender};
use crate::record::i32_of;
use rdkafka::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::Timeout;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stream::{CommitError, LogError, Timings, WorkPhase};

/// `init_transactions` waits for the coordinator to end what an older producer left open; 15 s is three transaction
/// timeouts, and leaves time to shut down in good order while no broker answers.
const INIT_TIMEOUT: Duration = Duration::from_secs(15);
/// The broker forgets the transaction after its timeout of 5 s; waiting longer for one of its calls changes nothing.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a full queue or a drain is looked at again; shorter spins, longer is paid at each commit.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// A record to send in the running transaction.
pub(crate) struct Outgoing<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: u32,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Option<OwnedHeaders>,
    /// Whether its offset is wanted, as of a changelog record.
    pub(crate) tracked: bool,
}

/// Sends one record.
pub(crate) type Send<'a> = &'a mut dyn FnMut(Outgoing<'_>) -> Result<(), Failure>;
/// Sends everything that a transaction carries.
pub(crate) type Fill<'a> = &'a mut dyn FnMut(Send<'_>) -> Result<(), Failure>;

/// Why a transaction did not commit, and what that means.
#[derive(Debug)]
pub(crate) struct Failure {
    verdict: Verdict,
    stage: Stage,
    message: String,
}

impl Failure {
    fn of(error: &KafkaError, stage: Stage, doing: &str) -> Self {
        Self::with(facts(error), stage, format!("{doing}: {error}"))
    }

    fn with(facts: Facts, stage: Stage, message: String) -> Self {
        Self { verdict: classify(facts, stage), stage, message }
    }

    fn before(verdict: Verdict, message: String) -> Self {
        Self { verdict, stage: Stage::Before, message }
    }
}

/// A commit's end, and whether a poll must come before the next.
pub(crate) struct Refused {
    pub(crate) error: CommitError,
    pub(crate) poll_first: bool,
}

/// The transactional producer of one id. T2: after any doubt it is dropped, and the next one is built by
/// [`Transactions::ensure`], whose `init_transactions` ends whatever the old one left open.
pub(crate) struct Transactions {
    config: ClientConfig,
    complaints: Complaints,
    deliveries: Arc<Deliveries>,
    producer: Option<ThreadedProducer<Sender>>,
    measured: Measured,
}

/// How long the phases of transactions took, and in which the last one ended.
struct Measured {
    timings: Timings,
    last: WorkPhase,
}

impl Measured {
    fn phase<T>(&mut self, phase: WorkPhase, work: impl FnOnce() -> T) -> T {
        self.last = phase;
        let began = now();
        let done = work();
        self.timings.entry(phase).or_default().add(began.elapsed());
        done
    }
}

impl Transactions {
    pub(crate) fn new(config: ClientConfig, complaints: Complaints) -> Self {
        let measured = Measured { timings: Timings::new(), last: WorkPhase::Produce };
        Self { config, complaints, deliveries: Arc::default(), producer: None, measured }
    }

    /// How long the phases took so far.
    pub(crate) fn timings(&self) -> &Timings {
        &self.measured.timings
    }

    /// The phase in which the last transaction ended.
    pub(crate) fn last_phase(&self) -> WorkPhase {
        self.measured.last
    }

    pub(crate) fn drop_producer(&mut self) {
        self.producer = None;
    }

    /// The producer, built if there is none.
    pub(crate) fn ensure(&mut self) -> Result<&ThreadedProducer<Sender>, LogError> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.build()?,
        };
        Ok(self.producer.insert(producer))
    }

    fn build(&self) -> Result<ThreadedProducer<Sender>, LogError> {
        let sender = Sender { complaints: self.complaints.clone(), deliveries: Arc::clone(&self.deliveries) };
        let producer: ThreadedProducer<Sender> = self
            .config
            .create_with_context(sender)
            .map_err(|error| LogError::Fatal(format!("the producer cannot be made: {error}")))?;
        match producer.init_transactions(INIT_TIMEOUT) {
            Ok(()) => {
                self.complaints.served();
                Ok(producer)
            }
            Err(error) => {
                if let Some(rejected) = self.complaints.rejected() {
                    return Err(LogError::Fatal(rejected));
                }
                let message = self.complaints.explain(format_args!("init_transactions: {error}"));
                match classify(facts(&error), Stage::Before) {
                    Verdict::Fatal => Err(LogError::Fatal(message)),
                    Verdict::Abort
                    | Verdict::AbortAndPoll
                    | Verdict::AbortFenced
                    | Verdict::Rebuild
                    | Verdict::RebuildUnknown
                    | Verdict::Fenced => {
                        self.complaints.say(&message);
                        Err(LogError::Retry(message))
                    }
                }
            }
        }
    }

    /// Runs one transaction. On success returns, by changelog partition, the offset behind the tracked records.
    pub(crate) fn run(
        &mut self,
        fill: Fill<'_>,
        offsets: Option<(&TopicPartitionList, &ConsumerGroupMetadata)>,
    ) -> Result<BTreeMap<u32, i64>, Refused> {
        if let Err(error) = self.ensure() {
            return Err(Refused { error: commit_error(error), poll_first: false });
        }
        match self.attempt(fill, offsets) {
            Ok(()) => Ok(self.deliveries.changelog_next()),
            Err(failure) => Err(self.settle(&failure)),
        }
    }

    fn attempt(
        &mut self,
        fill: Fill<'_>,
        offsets: Option<(&TopicPartitionList, &ConsumerGroupMetadata)>,
    ) -> Result<(), Failure> {
        let Self { producer, deliveries, measured, .. } = self;
        measured.last = WorkPhase::Produce;
        let Some(producer) = producer else {
            return Err(Failure::before(Verdict::Rebuild, "there is no producer".to_owned()));
        };
        deliveries.reset();
        let deadline = deadline();
        measured.phase(WorkPhase::Produce, || {
            producer.begin_transaction().map_err(|error| Failure::of(&error, Stage::Before, "begin_transaction"))?;
            fill(&mut |record| send(producer, record, deadline))
        })?;
        measured.phase(WorkPhase::Flush, || drain(producer, deliveries, deadline))?;
        if let Some((offsets, group)) = offsets {
            // Behind the drain on purpose: once a generation check has passed, no record of this transaction is written
            // any more, so that a successor's high watermark is above all of them.
            measured.phase(WorkPhase::SendOffsets, || {
                producer
                    .send_offsets_to_transaction(offsets, group, CALL_TIMEOUT)
                    .map_err(|error| Failure::of(&error, Stage::Before, "send_offsets_to_transaction"))
            })?;
        }
        // Never: librdkafka then takes what is left of the transaction's timeout; any other value loses track of the state.
        measured.phase(WorkPhase::Commit, || producer.commit_transaction(Timeout::Never)).map_err(|error| {
            let stage = if matches!(error, KafkaError::Flush(_)) { Stage::Before } else { Stage::Commit };
            Failure::of(&error, stage, "commit_transaction")
        })
    }

    fn settle(&mut self, failure: &Failure) -> Refused {
        let message = self.complaints.explain(&failure.message);
        self.complaints.say(&message);
        let refused = |error, poll_first| Refused { error, poll_first };
        match failure.verdict {
            Verdict::Abort => {
                let error = self.abort(failure, message, CommitError::Retry);
                let poll_first = matches!(error, CommitError::Fenced(_));
                refused(error, poll_first)
            }
            Verdict::AbortAndPoll => refused(self.abort(failure, message, CommitError::Retry), true),
            Verdict::AbortFenced => refused(self.abort(failure, message, CommitError::Fenced), true),
            Verdict::Rebuild => {
                self.drop_producer();
                refused(CommitError::Retry(message), false)
            }
            Verdict::RebuildUnknown => {
                self.drop_producer();
                refused(CommitError::OutcomeUnknown(message), false)
            }
            Verdict::Fenced => {
                self.drop_producer();
                refused(CommitError::Fenced(message), true)
            }
            Verdict::Fatal => {
                self.drop_producer();
                refused(CommitError::Fatal(message), true)
            }
        }
    }

    fn abort(&mut self, failure: &Failure, message: String, error: fn(String) -> CommitError) -> CommitError {
        let Some(producer) = &self.producer else { return error(message) };
        match producer.abort_transaction(CALL_TIMEOUT) {
            Ok(()) => error(message),
            Err(abort) => {
                self.drop_producer();
                let message = format!("{message}; and abort_transaction: {abort}");
                match (classify(facts(&abort), failure.stage), failure.stage) {
                    // Deliveries only say that they were purged; the reason comes out here.
                    (Verdict::Fenced, _) => CommitError::Fenced(message),
                    // The next producer's init_transactions aborts it.
                    (_, Stage::Before) => error(message),
                    (_, Stage::Commit) => CommitError::OutcomeUnknown(message),
                }
            }
        }
    }
}

/// T1: the library's own wait costs 100 ms a commit while messages are in flight; the producer's thread serves their
/// deliveries meanwhile, so that looking at the count is enough.
fn drain(producer: &ThreadedProducer<Sender>, deliveries: &Deliveries, deadline: Instant) -> Result<(), Failure> {
    while producer.in_flight_count() > 0 {
        if passed(deadline) {
            return Err(Failure::before(Verdict::Rebuild, "deliveries were not answered in time".to_owned()));
        }
        std::thread::park_timeout(LOOK_AGAIN);
    }
    match deliveries.failure() {
        None => Ok(()),
        Some((error, topic)) => Err(delivery_failure(&error, &topic)),
    }
}

fn commit_error(error: LogError) -> CommitError {
    match error {
        LogError::Retry(message) => CommitError::Retry(message),
        LogError::Halt(message) | LogError::Fatal(message) => CommitError::Fatal(message),
    }
}

fn delivery_failure(error: &KafkaError, topic: &str) -> Failure {
    let code = error.rdkafka_error_code();
    let verdict =
        if code.is_some_and(|code| is_denied(code) || is_too_large(code)) { Verdict::Fatal } else { Verdict::Abort };
    Failure::before(verdict, format!("a record for {topic} was not taken: {error}"))
}

fn send(producer: &ThreadedProducer<Sender>, record: Outgoing<'_>, deadline: Instant) -> Result<(), Failure> {
    let topic = record.topic;
    let mut outgoing = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, usize::from(record.tracked))
        .partition(i32_of(record.partition));
    outgoing.key = record.key;
    outgoing.payload = record.value;
    outgoing.headers = record.headers;
    loop {
        match producer.send(outgoing) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) if !passed(deadline) => {
                // The broker is behind: batches are bounded, so that this passes or the transaction times out.
                std::thread::park_timeout(LOOK_AGAIN);
                outgoing = same;
            }
            Err((error, _)) => return Err(delivery_failure(&error, topic)),
        }
    }
}

fn deadline() -> Instant {
    now() + crate::LogSettings::TRANSACTION_TIMEOUT
}

fn passed(deadline: Instant) -> bool {
    now() >= deadline
}

#[expect(
    clippy::disallowed_methods,
    reason = "a transaction must end before the broker's own timeout ends it, and its phases are measured"
)]
fn now() -> Instant {
    Instant::now()
}
