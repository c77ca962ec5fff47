//! A connection that is made when needed, given up at the first trouble, and not tried for ever.

use redis::{
    Client, ClientTlsConfig, Connection, ConnectionAddr, IntoConnectionInfo, Pipeline, RedisError, TlsCertificates,
    Value,
};
use std::time::{Duration, Instant};
use stream::TimerError;

/// A local network answers in a millisecond; half a second tells a slow start from an address where nobody is.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// The largest pipeline takes tens of milliseconds; the stream thread must not wait for Redis longer than for a batch.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// Between attempts: first short, because a restart takes seconds; never above 5 s, so that timers go on soon after.
const BACKOFF_MIN: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Where Redis is, and how the index is cut.
#[derive(Clone, Default)]
pub struct RedisSettings {
    /// `redis://[user[:password]@]host[:port][/database]`, with `rediss://` over TLS. Certificates are checked against
    /// those the machine trusts, or [`RedisSettings::ca_file`].
    pub url: String,
    /// Hashes a day and partition; fixed per deployment. About the taxpayers of a partition with something due on one
    /// day, divided by 512: up to that many fields Redis packs a hash.
    pub buckets: u32,
    /// A file of PEM certificates to trust instead of the machine's; empty for those.
    pub ca_file: String,
    /// Our own certificate, PEM, where the server asks for one; empty for none.
    pub certificate_file: String,
    /// The key of our certificate, PEM.
    pub key_file: String,
}

impl std::fmt::Debug for RedisSettings {
    /// The URL may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisSettings").field("buckets", &self.buckets).finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the timer index cannot be reached with these settings: {0}")]
pub struct SettingsError(String);

pub(crate) struct Link {
    client: Client,
    address: String,
    connection: Option<Connection>,
    backoff: Duration,
    not_before: Option<Instant>,
    last_trouble: String,
}

impl Link {
    pub(crate) fn new(settings: &RedisSettings) -> Result<Self, SettingsError> {
        let refused = |error: RedisError| SettingsError(error.to_string());
        let info = settings.url.as_str().into_connection_info().map_err(refused)?;
        let over_tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
        if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
            return Err(SettingsError("a TLS connection whose certificate is not checked protects nothing".to_owned()));
        }
        // Without user and password, which are not part of the address.
        let address = info.addr().to_string();
        let client = match certificates(settings)? {
            Some(_) if !over_tls => {
                return Err(SettingsError(
                    "certificates are given, but the URL does not begin with rediss://".to_owned(),
                ));
            }
            Some(certificates) => Client::build_with_tls(info, certificates).map_err(refused)?,
            None => Client::open(info).map_err(refused)?,
        };
        let last_trouble = "not tried yet".to_owned();
        Ok(Self { client, address, connection: None, backoff: BACKOFF_MIN, not_before: None, last_trouble })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a pipeline. Any trouble closes the connection; attempts until the backoff has passed fail at once.
    pub(crate) fn send(&mut self, pipeline: &Pipeline) -> Result<Vec<Value>, TimerError> {
        if self.not_before.is_some_and(|not_before| now() < not_before) {
            return Err(TimerError::Unavailable(format!("{}: {}", self.address, self.last_trouble)));
        }
        match self.attempt(pipeline) {
            Ok(values) => {
                self.backoff = BACKOFF_MIN;
                self.not_before = None;
                Ok(values)
            }
            Err(error) => {
                self.connection = None;
                self.not_before = Some(now() + self.backoff);
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
                self.last_trouble = error.to_string();
                tracing::warn!(address = self.address, %error, "the timer index does not answer");
                Err(TimerError::Unavailable(format!("{}: {error}", self.address)))
            }
        }
    }

    fn attempt(&mut self, pipeline: &Pipeline) -> Result<Vec<Value>, RedisError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = self.client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
                connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
                connection.set_write_timeout(Some(ANSWER_TIMEOUT))?;
                tracing::info!(address = self.address, "connected to the timer index");
                connection
            }
        };
        let values = pipeline.query(&mut connection)?;
        self.connection = Some(connection);
        Ok(values)
    }
}

/// A PEM file that holds what it must; the library would take an empty one for nobody to trust.
fn read(file: &str, holds: &str) -> Result<Vec<u8>, SettingsError> {
    let text = std::fs::read(file).map_err(|error| SettingsError(format!("{file}: {error}")))?;
    if String::from_utf8_lossy(&text).contains(&format!("{holds}-----")) {
        return Ok(text);
    }
    Err(SettingsError(format!("{file} holds no PEM {holds}")))
}

/// What the files hold, `None` where none is named.
fn certificates(settings: &RedisSettings) -> Result<Option<TlsCertificates>, SettingsError> {
    let client_tls = match (settings.certificate_file.as_str(), settings.key_file.as_str()) {
        ("", "") => None,
        ("", _) | (_, "") => {
            return Err(SettingsError("a client certificate and its key are only of use together".to_owned()));
        }
        (certificate, key) => {
            let (client_cert, client_key) = (read(certificate, "CERTIFICATE")?, read(key, "PRIVATE KEY")?);
            Some(ClientTlsConfig { client_cert, client_key })
        }
    };
    let root_cert = match settings.ca_file.as_str() {
        "" => None,
        file => Some(read(file, "CERTIFICATE")?),
    };
    Ok((client_tls.is_some() || root_cert.is_some()).then_some(TlsCertificates { client_tls, root_cert }))
}

#[expect(
    clippy::disallowed_methods,
    reason = "waiting before the next attempt is measured in real time and decides nothing"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> RedisSettings {
        RedisSettings { url: url.to_owned(), buckets: 8, ..RedisSettings::default() }
    }

    #[test]
    fn certificates_that_cannot_be_used_are_refused_with_their_reason() {
        let file = |name: &str| name.to_owned();
        let tls = || at("rediss://127.0.0.1:1");
        for (settings, reason) in [
            (RedisSettings { ca_file: file("/no/such/file"), ..tls() }, "/no/such/file"),
            (RedisSettings { ca_file: file("/etc/hostname"), ..tls() }, "CERTIFICATE"),
            (RedisSettings { certificate_file: file("/etc/hostname"), ..tls() }, "together"),
        ] {
            let error = Link::new(&settings).err().expect("is refused").to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_with_its_reason() {
        for (url, reason) in [("rediss://host:6379/#insecure", "TLS"), ("http://host", ""), ("", "")] {
            let error = Link::new(&at(url)).err().expect("is refused").to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn a_password_is_neither_shown_nor_logged() {
        let settings = at("redis://user:secret@127.0.0.1:1/0");
        assert!(!format!("{settings:?}").contains("secret"));
        let mut link = Link::new(&settings).expect("opens");
        assert_eq!(link.address(), "127.0.0.1:1");
        let error = link.send(redis::pipe().cmd("PING")).expect_err("nobody listens").to_string();
        assert!(!error.contains("secret") && error.contains("127.0.0.1:1"), "{error}");
    }

    #[test]
    fn an_address_where_nobody_is_costs_one_attempt_and_then_nothing_until_the_backoff_has_passed() {
        let mut link = Link::new(&at("redis://127.0.0.1:1")).expect("opens");
        assert!(link.send(redis::pipe().cmd("PING")).is_err());
        let not_before = link.not_before;
        assert!(link.send(redis::pipe().cmd("PING")).is_err());
        assert_eq!(link.not_before, not_before, "the second call made no attempt");
    }
}
