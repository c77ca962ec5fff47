//! The same over TLS with user and password, and what is told where one of them is wrong. It runs where `ITC_TEST_SECURE`
//! names the folder of `deploy/local/local.sh`, and says so where not.

use super::*;
use stream::TimerError;

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where a Redis is")]
fn secure(test: &str) -> Option<(RedisSettings, String)> {
    let Ok(folder) = std::env::var("ITC_TEST_SECURE") else {
        println!("SKIPPED: {test}: ITC_TEST_SECURE names no folder");
        return None;
    };
    let ports = std::fs::read_to_string(format!("{folder}/ports")).expect("the local Redis' ports");
    let port = ports.lines().find_map(|line| line.strip_prefix("redis-tls ")).expect("a port of TLS");
    let settings = RedisSettings {
        url: format!("rediss://itc:itc-secret@127.0.0.1:{port}/"),
        buckets: BUCKETS,
        ca_file: format!("{folder}/certificates/ca.crt"),
        ..RedisSettings::default()
    };
    Some((settings, folder))
}

/// What is told, which never has a password in it.
fn refusal(settings: &RedisSettings) -> String {
    let mut index = RedisTimerIndex::open(settings).expect("opens");
    let TimerError::Unavailable(told) = index.watermark(9_101).expect_err("is refused");
    for secret in ["itc-secret", "guessed-wrong"] {
        assert!(!told.contains(secret) && !format!("{index:?}{settings:?}").contains(secret), "{told}");
    }
    told
}

#[test]
fn a_user_with_a_password_over_tls_does_everything_that_the_index_needs() {
    let Some((settings, folder)) = secure("a_user_with_a_password_over_tls") else { return };
    let mut index = RedisTimerIndex::open(&settings).expect("opens");
    index.clear(9_100).expect("answers");
    index.apply(9_100, &[entry(13, 1, 2), entry(14, 1, 1)], 5).expect("answers");
    index.replace_day(9_100, day(14), &[entry(14, 7, 3)]).expect("answers");
    assert_eq!(index.watermark(9_100).expect("answers"), Some(5));
    assert_eq!((index.count(9_100, day(13)).expect("answers"), index.days(9_100).expect("answers").len()), (1, 2));
    assert_eq!(paged(&mut index, 9_100, 14, 10), [entry(14, 7, 3)]);
    index.clear(9_100).expect("answers");
    // With a certificate of our own besides.
    let file = |name: &str| format!("{folder}/certificates/{name}");
    let both = RedisSettings { certificate_file: file("client.crt"), key_file: file("client.key"), ..settings };
    let mut index = RedisTimerIndex::open(&both).expect("opens");
    assert_eq!(index.watermark(9_100).expect("answers"), None);
}

#[test]
fn a_wrong_password_a_foreign_server_and_a_port_without_tls_are_told_at_once() {
    let Some((settings, folder)) = secure("a_wrong_password_a_foreign_server_and_a_port_without_tls") else { return };
    let wrong = RedisSettings { url: settings.url.replace("itc-secret", "guessed-wrong"), ..settings.clone() };
    let told = refusal(&wrong);
    assert!(told.to_lowercase().contains("password") || told.contains("WRONGPASS"), "{told}");
    let foreign = RedisSettings { ca_file: format!("{folder}/certificates/other-ca.crt"), ..settings.clone() };
    let told = refusal(&foreign);
    assert!(told.to_lowercase().contains("certificate"), "{told}");
    let plain =
        RedisSettings { url: settings.url.replace("rediss://", "redis://"), ca_file: String::new(), ..settings };
    assert!(!refusal(&plain).is_empty());
}

#[test]
fn a_user_may_touch_nothing_but_timers() {
    let Some((settings, folder)) = secure("a_user_may_touch_nothing_but_timers") else { return };
    let root_cert = Some(std::fs::read(format!("{folder}/certificates/ca.crt")).expect("is there"));
    let certificates = redis::TlsCertificates { client_tls: None, root_cert };
    let client = redis::Client::build_with_tls(settings.url.as_str(), certificates).expect("a URL");
    let mut connection = client.get_connection().expect("answers");
    for command in [["SET", "other", "1"], ["CONFIG", "GET", "*"]] {
        let mut asked = redis::cmd(command[0]);
        let refused = asked.arg(&command[1..]).exec(&mut connection).expect_err("is refused").to_string();
        assert!(refused.contains("NOPERM") || refused.to_lowercase().contains("permission"), "{refused}");
    }
}
