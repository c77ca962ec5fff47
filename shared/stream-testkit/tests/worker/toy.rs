//! A toy bank: small enough to be obviously right, with everything that the loop must get right.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stream::{
    Class, Context, Cursor, DeadLetter, DecideError, Decision, Decode, DecodeFailure, Draft, Encode, EventType,
    InputRecord, JobSource, Mark, Outcome, OutcomeKind, OutputRecord, Processor, Reaction, Route, Row, RowKey, Rules,
    StateError, StateView, TimerEntry, TimerSchedule, WorkerName,
};
use stream_testkit::{SimulatedBroker, TopologyDriver};

pub(crate) const FEED: &str = "toy.feed.v1";
pub(crate) const JOURNAL: &str = "toy.journal.v1";
pub(crate) const PUBLIC: &str = "toy.public.v1";
pub(crate) const RESULTS: &str = "toy.results.v1";

pub(crate) const DEPOSITED: EventType = EventType("Deposited");
pub(crate) const SAID: EventType = EventType("Said");
pub(crate) const BALANCE_CHANGED: EventType = EventType("BalanceChanged");
pub(crate) const DAY_OPENED: EventType = EventType("DayOpened");
pub(crate) const LINE: EventType = EventType("Line");
pub(crate) const DAY_CLOSED: EventType = EventType("DayClosed");
pub(crate) const REPEATED: EventType = EventType("Repeated");
pub(crate) const FIRED: EventType = EventType("Fired");
pub(crate) const SECRET: EventType = EventType("Secret");
pub(crate) const ANSWERED: EventType = EventType("Answered");

/// What the toy workers read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum ToyEvent {
    Deposited {
        #[serde(skip)]
        key: String,
        amount: i64,
        lines: u32,
        timer: Option<NaiveDate>,
    },
    Said {
        #[serde(skip)]
        key: String,
        text: String,
        count: u32,
    },
    DayOpened {
        day: NaiveDate,
    },
}

impl Decode for ToyEvent {
    fn decode(record: &InputRecord) -> Result<Option<Self>, DecodeFailure> {
        match record.header("ce_type") {
            Some("Deposited" | "Said" | "DayOpened") => {}
            _ => return Ok(None),
        }
        let mut event: Self =
            serde_json::from_slice(&record.value).map_err(|error| DecodeFailure(letter("NOT_JSON", &error)))?;
        match &mut event {
            Self::Deposited { key, .. } | Self::Said { key, .. } => *key = record.key_text().to_owned(),
            Self::DayOpened { .. } => {}
        }
        Ok(Some(event))
    }

    fn order(record: &InputRecord) -> Result<Option<stream::Order>, DecodeFailure> {
        if record.header("ce_type") != Some("Order") {
            return Ok(None);
        }
        crate::orders::order_of(&record.value).map(Some).map_err(|error| DecodeFailure(letter("NO_ORDER", &error)))
    }

    fn mark(record: &InputRecord) -> Result<Option<Mark>, DecodeFailure> {
        match record.header("ce_type") {
            Some("DayOpened") => match Self::decode(record)? {
                Some(Self::DayOpened { day }) => Ok(Some(Mark::DayOpened(day))),
                _ => Err(DecodeFailure(letter("NO_DAY", &"no day"))),
            },
            Some("RulebookActivated") => Ok(Some(Mark::RulesActivated)),
            _ => Ok(None),
        }
    }
}

pub(crate) fn letter(code: &str, message: &dyn std::fmt::Display) -> DeadLetter {
    DeadLetter {
        code: code.to_owned(),
        field: String::new(),
        rule: "TOY".to_owned(),
        message: message.to_string(),
        part: None,
    }
}

/// What they write.
#[derive(Debug, Clone)]
pub(crate) struct ToyOutput {
    pub(crate) topic: &'static str,
    pub(crate) key: String,
    pub(crate) event_type: EventType,
    pub(crate) class: Class,
    pub(crate) value: Vec<u8>,
}

impl Encode for ToyOutput {
    fn encode(&self) -> OutputRecord {
        OutputRecord {
            topic: self.topic,
            key: self.key.clone(),
            partition: None,
            event_type: self.event_type,
            class: self.class,
            subject: String::new(),
            headers: Vec::new(),
            value: self.value.clone(),
        }
    }

    fn answer(answer: &stream::Answer<'_>) -> Option<Self> {
        let (topic, key) = (RESULTS, answer.order.key.clone());
        let value = answer.verdict.code().as_bytes().to_vec();
        Some(Self { topic, key, event_type: ANSWERED, class: Class::Public, value })
    }
}

fn say(key: &str, event_type: EventType, text: String) -> ToyOutput {
    ToyOutput { topic: PUBLIC, key: key.to_owned(), event_type, class: Class::Public, value: text.into_bytes() }
}

#[derive(Debug)]
pub(crate) struct Interest(pub(crate) i64);

impl Rules for Interest {
    fn initial() -> Self {
        Self(1)
    }

    fn activated(payload: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(payload).map_err(|error| error.to_string())?;
        text.parse().map(Self).map_err(|_| format!("rulebook {text} is unknown"))
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ok1;

impl Outcome for Ok1 {
    fn kind(&self) -> OutcomeKind {
        OutcomeKind::Decided
    }

    fn code(&self) -> &'static str {
        "OK"
    }

    fn rule(&self) -> &'static str {
        "TOY-1"
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) balance: i64,
    pub(crate) lines: u32,
    pub(crate) sequence: u64,
}

impl Row for Account {
    const TABLE: &'static str = "account";
}

pub(crate) fn account_key(key: &str) -> RowKey {
    RowKey::table(Account::TABLE).with(key)
}

/// The bank: deposits change a balance; each day every account gets interest and says its lines.
#[derive(Debug, Default)]
pub(crate) struct Bank;

impl Processor for Bank {
    const NAME: WorkerName = WorkerName("bank");
    const REACTIONS: &'static [Reaction] = &[
        Reaction { reads: DEPOSITED, causes: &[BALANCE_CHANGED, REPEATED] },
        Reaction { reads: SAID, causes: &[LINE] },
        Reaction { reads: DAY_OPENED, causes: &[LINE, DAY_CLOSED] },
    ];
    type Event = ToyEvent;
    type Output = ToyOutput;
    type Rules = Interest;
    type Outcome = Ok1;

    fn route(&self, event: &ToyEvent) -> Route {
        match event {
            ToyEvent::DayOpened { .. } => Route::Job(JobSource::Rows),
            ToyEvent::Deposited { key, .. } | ToyEvent::Said { key, .. } => Route::Key(key.clone()),
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Interest>,
    ) -> Result<Decision<ToyOutput, Ok1>, DecideError> {
        let mut draft = Draft::new(*rows);
        let place = account_key(context.key);
        match event {
            ToyEvent::Deposited { amount, lines, .. } => {
                let mut account: Account = draft.get(&place)?.unwrap_or_default();
                account.balance += amount;
                account.lines = *lines;
                account.sequence += 1;
                draft.put(&place, &account);
                let text = format!("{} {} on {:?}", account.balance, account.sequence, context.day);
                draft.emit(say(context.key, BALANCE_CHANGED, text));
                Ok(draft.finish(Ok1))
            }
            ToyEvent::Said { text, .. } if text == "panic" => panic!("the toy fell"),
            ToyEvent::Said { text, .. } if text == "broken" => Err(DecideError::Broken("the toy broke".to_owned())),
            ToyEvent::Said { text, .. } if text == "unusable" => {
                Err(DecideError::Unusable(letter("UNUSABLE", &"of no use")))
            }
            ToyEvent::Said { text, .. } if text == "secret" => {
                draft.emit(say(context.key, SECRET, text.clone()));
                Ok(draft.finish(Ok1))
            }
            ToyEvent::Said { text, count, .. } => Ok(lines(draft, context, *count, |line| format!("{text} {line}"))),
            ToyEvent::DayOpened { day } => {
                let Some(mut account) = draft.get::<Account>(&place)? else { return Ok(draft.finish(Ok1)) };
                if context.cursor.is_none() {
                    account.balance += context.rules.0;
                    draft.put(&place, &account);
                }
                let (balance, count) = (account.balance, account.lines);
                Ok(lines(draft, context, count, |line| format!("{day} {balance} {line} day {:?}", context.day)))
            }
        }
    }

    fn job_keys(
        &self,
        rows: &StateView<'_>,
        _event: &ToyEvent,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StateError> {
        let after = after.map(account_key);
        let page = rows.scan::<Account>(&RowKey::table(Account::TABLE), after.as_ref(), limit)?;
        Ok(page.into_iter().filter_map(|(key, _)| key.parts().next().map(str::to_owned)).collect())
    }

    fn job_closed(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Interest>,
    ) -> Result<Option<Decision<ToyOutput, Ok1>>, DecideError> {
        let ToyEvent::DayOpened { day } = event else { return Ok(None) };
        let mut draft = Draft::new(*rows);
        draft.emit(say(&format!("partition {}", context.position.partition), DAY_CLOSED, day.to_string()));
        Ok(Some(draft.finish(Ok1)))
    }

    fn repeated(&self, _event: &ToyEvent, context: &Context<'_, Interest>) -> Vec<ToyOutput> {
        vec![say(context.key, REPEATED, context.meta.id.clone())]
    }
}

/// Says that many lines, page by page.
fn lines(
    mut draft: Draft<'_, ToyOutput>,
    context: &Context<'_, Interest>,
    count: u32,
    text: impl Fn(u32) -> String,
) -> Decision<ToyOutput, Ok1> {
    let start = context.cursor.and_then(|Cursor(line)| line.parse().ok()).unwrap_or(0);
    for line in start..count {
        if draft.event_count() >= context.page.changes_max {
            return draft.finish_page(Ok1, Some(Cursor(line.to_string())));
        }
        draft.emit(say(context.key, LINE, text(line)));
    }
    draft.finish(Ok1)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) amount: i64,
}

impl Row for Timer {
    const TABLE: &'static str = "timer";
}

fn timer_key(day: NaiveDate, key: &str) -> RowKey {
    RowKey::table(Timer::TABLE).with(day).with(key)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Count(pub(crate) u64);

impl Row for Count {
    const TABLE: &'static str = "due-count";
}

fn count_key(day: NaiveDate) -> RowKey {
    RowKey::table(Count::TABLE).with(day)
}

/// The alarm: a deposit with a timer fires once on its day.
#[derive(Debug, Default)]
pub(crate) struct Alarm;

impl Processor for Alarm {
    const NAME: WorkerName = WorkerName("alarm");
    const REACTIONS: &'static [Reaction] = &[
        Reaction { reads: DEPOSITED, causes: &[BALANCE_CHANGED] },
        Reaction { reads: DAY_OPENED, causes: &[FIRED, DAY_CLOSED] },
    ];
    type Event = ToyEvent;
    type Output = ToyOutput;
    type Rules = Interest;
    type Outcome = Ok1;

    fn route(&self, event: &ToyEvent) -> Route {
        match event {
            ToyEvent::DayOpened { day } => Route::Job(JobSource::Timers(*day)),
            ToyEvent::Deposited { key, .. } | ToyEvent::Said { key, .. } => Route::Key(key.clone()),
        }
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Interest>,
    ) -> Result<Decision<ToyOutput, Ok1>, DecideError> {
        let mut draft = Draft::new(*rows);
        match event {
            ToyEvent::Deposited { amount, timer: Some(day), .. } => {
                let count = draft.get::<Count>(&count_key(*day))?.map_or(0, |Count(count)| count);
                if draft.get::<Timer>(&timer_key(*day, context.key))?.is_none() {
                    draft.put(&count_key(*day), &Count(count + 1));
                }
                draft.put(&timer_key(*day, context.key), &Timer { amount: *amount });
                draft.timer(entry(*day, context.key, 1, *amount));
                draft.emit(say(context.key, BALANCE_CHANGED, format!("timer on {day}")));
            }
            ToyEvent::DayOpened { day } => {
                if let Some(timer) = draft.get::<Timer>(&timer_key(*day, context.key))? {
                    draft.delete(&timer_key(*day, context.key));
                    let count = draft.get::<Count>(&count_key(*day))?.map_or(0, |Count(count)| count);
                    if count > 1 {
                        draft.put(&count_key(*day), &Count(count - 1));
                    } else {
                        draft.delete(&count_key(*day));
                    }
                    draft.timer(entry(*day, context.key, 0, 0));
                    draft.emit(say(context.key, FIRED, format!("{day} {}", timer.amount)));
                }
            }
            ToyEvent::Deposited { .. } | ToyEvent::Said { .. } => {}
        }
        Ok(draft.finish(Ok1))
    }

    fn job_closed(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Interest>,
    ) -> Result<Option<Decision<ToyOutput, Ok1>>, DecideError> {
        Bank.job_closed(rows, event, context)
    }

    fn timers(&self) -> Option<&dyn TimerSchedule> {
        Some(self)
    }
}

fn entry(fires_on: NaiveDate, key: &str, documents: u64, credit: i64) -> TimerEntry {
    TimerEntry { fires_on, key: key.to_owned(), documents, credit_at_stake_in_paise: credit }
}

impl TimerSchedule for Alarm {
    fn expected(&self, rows: &StateView<'_>, fires_on: NaiveDate) -> Result<u64, StateError> {
        Ok(rows.get::<Count>(&count_key(fires_on))?.map_or(0, |Count(count)| count))
    }

    fn entries(
        &self,
        rows: &StateView<'_>,
        fires_on: NaiveDate,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TimerEntry>, StateError> {
        let after = after.map(|key| timer_key(fires_on, key));
        let page = rows.scan::<Timer>(&RowKey::table(Timer::TABLE).with(fires_on), after.as_ref(), limit)?;
        Ok(page
            .into_iter()
            .filter_map(|(key, timer)| Some(entry(fires_on, key.parts().nth(1)?, 1, timer.amount)))
            .collect())
    }

    fn days(&self, rows: &StateView<'_>, after: Option<NaiveDate>, limit: usize) -> Result<Vec<NaiveDate>, StateError> {
        let after = after.map(count_key);
        let page = rows.scan::<Count>(&RowKey::table(Count::TABLE), after.as_ref(), limit)?;
        Ok(page.into_iter().filter_map(|(key, _)| key.parts().next()?.parse().ok()).collect())
    }
}

/// The gate: no rows; it copies a feed into the journal.
#[derive(Debug, Default)]
pub(crate) struct Gate;

impl Processor for Gate {
    const NAME: WorkerName = WorkerName("gate");
    const REACTIONS: &'static [Reaction] =
        &[Reaction { reads: DEPOSITED, causes: &[DEPOSITED] }, Reaction { reads: SAID, causes: &[SAID] }];
    const HAS_ROWS: bool = false;
    type Event = ToyEvent;
    type Output = ToyOutput;
    type Rules = Interest;
    type Outcome = Ok1;

    fn route(&self, _event: &ToyEvent) -> Route {
        Route::Partition
    }

    fn decide(
        &self,
        rows: &StateView<'_>,
        event: &ToyEvent,
        context: &Context<'_, Interest>,
    ) -> Result<Decision<ToyOutput, Ok1>, DecideError> {
        let mut draft = Draft::new(*rows);
        let event_type = match event {
            ToyEvent::Said { text, .. } if text == "gate-panic" => panic!("the gate fell"),
            ToyEvent::Said { .. } => SAID,
            ToyEvent::Deposited { .. } => DEPOSITED,
            ToyEvent::DayOpened { .. } => return Ok(draft.finish(Ok1)),
        };
        let value = serde_json::to_vec(event).unwrap_or_default();
        let key = context.key.to_owned();
        draft.emit(ToyOutput { topic: JOURNAL, key, event_type, class: Class::Fact, value });
        Ok(draft.finish(Ok1))
    }
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Publishes a fact with its id.
pub(crate) fn fact(broker: &SimulatedBroker, topic: &str, key: &str, id: &str, event: &ToyEvent) {
    fact_at(broker, topic, key, id, None, event);
}

pub(crate) fn fact_at(
    broker: &SimulatedBroker,
    topic: &str,
    key: &str,
    id: &str,
    time: Option<&str>,
    event: &ToyEvent,
) {
    let event_type = match event {
        ToyEvent::Deposited { .. } => DEPOSITED,
        ToyEvent::Said { .. } => SAID,
        ToyEvent::DayOpened { .. } => DAY_OPENED,
    };
    let mut headers = vec![
        ("ce_id".to_owned(), id.as_bytes().to_vec()),
        ("ce_type".to_owned(), event_type.0.as_bytes().to_vec()),
        ("itc-class".to_owned(), b"fact".to_vec()),
        ("traceparent".to_owned(), b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec()),
    ];
    if let Some(time) = time {
        headers.push(("ce_time".to_owned(), time.as_bytes().to_vec()));
    }
    broker.publish(topic, key, headers, serde_json::to_vec(event).unwrap());
}

pub(crate) fn deposit(amount: i64) -> ToyEvent {
    ToyEvent::Deposited { key: String::new(), amount, lines: 1, timer: None }
}

pub(crate) fn said(text: &str, count: u32) -> ToyEvent {
    ToyEvent::Said { key: String::new(), text: text.to_owned(), count }
}

/// Opens a day in every partition of the journal.
pub(crate) fn open_day(broker: &SimulatedBroker, day: NaiveDate) {
    for partition in 0..broker.partition_count() {
        let headers = vec![
            ("ce_id".to_owned(), format!("day-{day}").into_bytes()),
            ("ce_type".to_owned(), b"DayOpened".to_vec()),
            ("itc-class".to_owned(), b"mark".to_vec()),
        ];
        let value = serde_json::to_vec(&ToyEvent::DayOpened { day }).unwrap();
        broker.publish_to(JOURNAL, partition, "", headers, value);
    }
}

/// What was said on a topic, by key, in order: id and text.
pub(crate) fn said_by_key(driver: &TopologyDriver, topic: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut by_key: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for record in driver.read_all(topic) {
        let text =
            format!("{} {}", record.header("ce_type").unwrap_or_default(), String::from_utf8_lossy(&record.value));
        by_key.entry(record.key_text().to_owned()).or_default().push((record.meta().id, text));
    }
    by_key
}

/// What the public topic says, in its order.
pub(crate) fn texts(broker: &SimulatedBroker) -> Vec<String> {
    let records = broker.read_committed(PUBLIC, &mut BTreeMap::new());
    records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

/// Three deposits of 10 to one key.
pub(crate) fn three_deposits() -> SimulatedBroker {
    let broker = SimulatedBroker::new(1);
    for number in 1..=3 {
        fact(&broker, JOURNAL, "anna", &format!("f{number}"), &deposit(10));
    }
    broker
}
