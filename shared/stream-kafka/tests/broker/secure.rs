//! The same over TLS, with a password and with a certificate, and what is told where one of them is wrong. It runs where
//! `ITC_TEST_SECURE` names the folder of `deploy/local/local.sh`, and says so where not.

use super::*;
use stream_kafka::KafkaSecurity;

struct Secure {
    folder: String,
}

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where a broker is")]
fn secure(test: &str) -> Option<Secure> {
    match std::env::var("ITC_TEST_SECURE") {
        Ok(folder) => Some(Secure { folder }),
        Err(_) => {
            println!("SKIPPED: {test}: ITC_TEST_SECURE names no folder");
            None
        }
    }
}

impl Secure {
    fn file(&self, name: &str) -> String {
        format!("{}/certificates/{name}", self.folder)
    }

    fn settings(&self, listener: &str, security: &KafkaSecurity) -> KafkaSettings {
        let ports = std::fs::read_to_string(format!("{}/ports", self.folder)).expect("the local Kafka's ports");
        let named = |line: &str| line.strip_prefix(&format!("{listener} ")).map(str::to_owned);
        let port = ports.lines().find_map(named).expect("a port of that name");
        let properties = security.properties().expect("can be used");
        KafkaSettings { properties, ..KafkaSettings::plain(format!("127.0.0.1:{port}")) }
    }

    fn login(&self) -> KafkaSecurity {
        KafkaSecurity {
            protocol: "sasl_ssl".to_owned(),
            ca_file: self.file("ca.crt"),
            sasl_mechanism: "SCRAM-SHA-512".to_owned(),
            username: "itc".to_owned(),
            password: "itc-secret".to_owned(),
            ..KafkaSecurity::default()
        }
    }

    fn certificate(&self, name: &str) -> KafkaSecurity {
        KafkaSecurity {
            protocol: "ssl".to_owned(),
            ca_file: self.file("ca.crt"),
            certificate_file: self.file(&format!("{name}.crt")),
            key_file: self.file(&format!("{name}.key")),
            ..KafkaSecurity::default()
        }
    }
}

/// A record is published, read in the group, and committed in a transaction.
fn works(kafka: KafkaSettings, name: &'static str, output: &'static str) {
    let topics = Topics::create(kafka, name, output);
    topics.publish(20);
    let mut log = KafkaLog::open(topics.settings("a", 0)).expect("opens");
    for source in assigned(&mut log, 4) {
        log.resume(&source, 0).expect("resumes");
    }
    let mut read = 0;
    let deadline = now() + Duration::from_secs(30);
    while read < 20 {
        assert!(now() < deadline, "only {read} records");
        let Polled::Records(records) = log.poll(&LIMITS).expect("polls") else { continue };
        read += records.len();
        let last = records.last().expect("some");
        let offsets = BTreeMap::from([(last.source.clone(), last.offset + 1)]);
        log.commit(StagedBatch { offsets, ..StagedBatch::default() }).expect("commits");
    }
}

#[test]
fn a_password_over_tls_reads_and_commits() {
    let Some(secure) = secure("a_password_over_tls_reads_and_commits") else { return };
    works(secure.settings("kafka-login", &secure.login()), "login", "test.login.output");
}

#[test]
fn a_client_certificate_reads_and_commits() {
    let Some(secure) = secure("a_client_certificate_reads_and_commits") else { return };
    let kafka = secure.settings("kafka-certificate", &secure.certificate("client"));
    works(kafka, "certificate", "test.certificate.output");
}

/// What a worker and what a tool are told within a bounded time.
fn refusals(kafka: &KafkaSettings) -> [String; 3] {
    let began = now();
    let settings =
        LogSettings { inputs: vec!["t".to_owned()], ..LogSettings::new(kafka.clone(), WorkerName("test"), "a", 0) };
    let mut log = KafkaLog::open(settings).expect("opens");
    let worker = loop {
        assert!(began.elapsed() < Duration::from_secs(30), "a worker is not told");
        if let Err(LogError::Fatal(reason)) = log.poll(&LIMITS) {
            break reason;
        }
    };
    let reader = TopicReader::open(kafka, "test-reader").expect("opens");
    let tool = reader.partition_count("t").expect_err("nobody answers").to_string();
    let mut publisher = Publisher::open(PublisherSettings::new(kafka.clone(), "test")).expect("opens");
    let record =
        FeedRecord { topic: "t".to_owned(), partition: None, key: Vec::new(), headers: Vec::new(), value: Vec::new() };
    // It may be refused before it is queued.
    let queued = publisher.publish(&record, &mut |_| {});
    let published =
        queued.and_then(|()| publisher.flush(&mut |_| {}).map(drop)).expect_err("nobody takes it").to_string();
    assert!(began.elapsed() < Duration::from_secs(40), "it took {:?}", began.elapsed());
    [worker, tool, published]
}

#[test]
fn a_refused_login_ends_a_worker_and_a_tool_with_its_reason_and_without_the_password() {
    let Some(secure) = secure("a_refused_login_ends_a_worker_and_a_tool") else { return };
    for login in [
        KafkaSecurity { password: "guessed-wrong".to_owned(), ..secure.login() },
        KafkaSecurity { username: "nobody".to_owned(), ..secure.login() },
    ] {
        for told in refusals(&secure.settings("kafka-login", &login)) {
            assert!(told.contains("kafka.security") && told.contains("uthentication"), "{told}");
            assert!(!told.contains("guessed-wrong") && !told.contains("itc-secret"), "{told}");
        }
    }
}

#[test]
fn a_server_that_is_not_trusted_ends_a_worker_and_a_tool_with_its_reason() {
    let Some(secure) = secure("a_server_that_is_not_trusted_ends_a_worker_and_a_tool") else { return };
    let foreign = KafkaSecurity { ca_file: secure.file("other-ca.crt"), ..secure.login() };
    for told in refusals(&secure.settings("kafka-login", &foreign)) {
        assert!(told.contains("kafka.security") && told.contains("certificate"), "{told}");
    }
}

#[test]
fn a_certificate_of_another_authority_and_a_missing_one_are_told() {
    let Some(secure) = secure("a_certificate_of_another_authority_and_a_missing_one_are_told") else { return };
    let none =
        KafkaSecurity { certificate_file: String::new(), key_file: String::new(), ..secure.certificate("client") };
    for security in [secure.certificate("stranger"), none] {
        let kafka = secure.settings("kafka-certificate", &security);
        let reader = TopicReader::open(&kafka, "test-reader").expect("opens");
        let told = reader.partition_count("t").expect_err("nobody answers").to_string();
        println!("{told}");
        assert!(told.contains("SSL") || told.contains("certificate"), "{told}");
    }
}

#[test]
fn a_client_in_clear_at_a_port_of_tls_is_told_to_look_at_the_protocol() {
    let Some(secure) = secure("a_client_in_clear_at_a_port_of_tls_is_told") else { return };
    let plain = KafkaSecurity { protocol: "plaintext".to_owned(), ..KafkaSecurity::default() };
    let reader = TopicReader::open(&secure.settings("kafka-login", &plain), "test-reader").expect("opens");
    let told = reader.partition_count("t").expect_err("nobody answers").to_string();
    assert!(told.contains("security.protocol"), "{told}");
}
