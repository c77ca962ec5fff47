//! How clients prove who they are and whom they trust.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How clients speak to the brokers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// In clear, as anybody.
    #[default]
    Plaintext,
    /// Over TLS; with a client certificate as whom it names, otherwise as anybody.
    Ssl,
    /// In clear, with user and password.
    SaslPlaintext,
    /// Over TLS, with user and password.
    SaslSsl,
}

impl SecurityProtocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl];

    /// Its name in options and in librdkafka.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    const fn over_tls(self) -> bool {
        match self {
            Self::Ssl | Self::SaslSsl => true,
            Self::Plaintext | Self::SaslPlaintext => false,
        }
    }

    const fn by_password(self) -> bool {
        match self {
            Self::SaslPlaintext | Self::SaslSsl => true,
            Self::Plaintext | Self::Ssl => false,
        }
    }
}

/// How the password is proven. Those of Kerberos and of tokens need libraries that are not built in.
const MECHANISMS: [&str; 3] = ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"];

/// Everything about the security of connections to the brokers. Empty texts are options that are not given.
#[derive(Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "each is the option kafka.security of the same name")]
pub struct KafkaSecurity {
    pub protocol: String,
    pub ca_file: String,
    pub certificate_file: String,
    pub key_file: String,
    pub key_password: String,
    pub sasl_mechanism: String,
    pub username: String,
    pub password: String,
    pub password_file: String,
}

impl std::fmt::Debug for KafkaSecurity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KafkaSecurity").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// An option that cannot be used; the message begins with its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kafka.security.{option}: {message}")]
pub struct SecurityError {
    /// The option.
    pub option: &'static str,
    /// What is wrong with it.
    pub message: String,
}

fn refused(option: &'static str, message: impl Into<String>) -> SecurityError {
    SecurityError { option, message: message.into() }
}

impl KafkaSecurity {
    /// The properties of librdkafka that say the same.
    ///
    /// # Errors
    /// [`SecurityError`] where an option is missing, contradicts another, or names a file that cannot be read. The
    /// library would tell most of it only as "no broker answers".
    pub fn properties(&self) -> Result<BTreeMap<String, String>, SecurityError> {
        let known = |protocol: &SecurityProtocol| protocol.code() == self.protocol.to_lowercase();
        let Some(protocol) = SecurityProtocol::ALL.into_iter().find(known) else {
            let words = SecurityProtocol::ALL.map(SecurityProtocol::code).join(", ");
            return Err(refused("protocol", format!("`{}` is none of {words}", self.protocol)));
        };
        let mut properties = BTreeMap::new();
        // Left out for the default, so that what stands under kafka.properties keeps working alone.
        if protocol != SecurityProtocol::Plaintext {
            put(&mut properties, "security.protocol", protocol.code());
        }
        self.certificates(protocol, &mut properties)?;
        self.password(protocol, &mut properties)?;
        Ok(properties)
    }

    fn certificates(
        &self,
        protocol: SecurityProtocol,
        properties: &mut BTreeMap<String, String>,
    ) -> Result<(), SecurityError> {
        let files = [
            ("ca_file", "ssl.ca.location", &self.ca_file),
            ("certificate_file", "ssl.certificate.location", &self.certificate_file),
            ("key_file", "ssl.key.location", &self.key_file),
        ];
        for (option, property, file) in files {
            if file.is_empty() {
                continue;
            }
            if !protocol.over_tls() {
                return Err(refused(option, format!("the protocol {} has no certificates", protocol.code())));
            }
            read(option, Path::new(file))?;
            put(properties, property, file);
        }
        match (self.certificate_file.is_empty(), self.key_file.is_empty()) {
            (false, true) => return Err(refused("key_file", "a client certificate needs its key")),
            (true, false) => return Err(refused("certificate_file", "a key needs its client certificate")),
            (true, true) | (false, false) => {}
        }
        if !self.key_password.is_empty() {
            put(properties, "ssl.key.password", &self.key_password);
        }
        Ok(())
    }

    fn password(
        &self,
        protocol: SecurityProtocol,
        properties: &mut BTreeMap<String, String>,
    ) -> Result<(), SecurityError> {
        if !protocol.by_password() {
            let given = [("username", &self.username), ("password", &self.password)];
            let given = given.into_iter().find(|(_, text)| !text.is_empty());
            return match given {
                Some((option, _)) => Err(refused(option, format!("the protocol {} has no login", protocol.code()))),
                None => Ok(()),
            };
        }
        let mechanism = self.sasl_mechanism.to_uppercase();
        if !MECHANISMS.contains(&mechanism.as_str()) {
            let words = MECHANISMS.join(", ");
            return Err(refused("sasl_mechanism", format!("`{}` is none of {words}", self.sasl_mechanism)));
        }
        if mechanism == "PLAIN" && !protocol.over_tls() {
            return Err(refused("sasl_mechanism", "PLAIN sends the password itself, therefore only over sasl_ssl"));
        }
        if self.username.is_empty() {
            return Err(refused("username", format!("the protocol {} needs one", protocol.code())));
        }
        put(properties, "sasl.mechanism", &mechanism);
        put(properties, "sasl.username", &self.username);
        put(properties, "sasl.password", &self.secret()?);
        Ok(())
    }

    fn secret(&self) -> Result<String, SecurityError> {
        match (self.password.is_empty(), self.password_file.is_empty()) {
            (false, true) => Ok(self.password.clone()),
            (true, false) => {
                let secret = read("password_file", Path::new(&self.password_file))?;
                // An editor's line end is no part of it.
                Ok(secret.trim_end_matches(['\r', '\n']).to_owned())
            }
            (true, true) => Err(refused("password", "a login needs a password, or a password_file")),
            (false, false) => Err(refused("password_file", "password is given too: which of them?")),
        }
    }
}

fn put(properties: &mut BTreeMap<String, String>, name: &str, value: &str) {
    properties.insert(name.to_owned(), value.to_owned());
}

fn read(option: &'static str, file: &Path) -> Result<String, SecurityError> {
    let shown = PathBuf::from(file);
    std::fs::read_to_string(file).map_err(|error| refused(option, format!("{}: {error}", shown.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(protocol: &str) -> KafkaSecurity {
        KafkaSecurity {
            protocol: protocol.to_owned(),
            sasl_mechanism: "SCRAM-SHA-512".to_owned(),
            username: "ims".to_owned(),
            password: "hunter2".to_owned(),
            ..KafkaSecurity::default()
        }
    }

    fn plain() -> KafkaSecurity {
        KafkaSecurity { protocol: "plaintext".to_owned(), ..KafkaSecurity::default() }
    }

    #[test]
    fn a_login_over_tls_becomes_the_librarys_properties() {
        let properties = login("SASL_SSL").properties().unwrap();
        let wanted = [
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.password", "hunter2"),
            ("sasl.username", "ims"),
            ("security.protocol", "sasl_ssl"),
        ];
        assert!(properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(wanted), "{properties:?}");
        assert!(plain().properties().unwrap().is_empty());
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_option_at_fault() {
        let table: [(KafkaSecurity, &str); 9] = [
            (login("tls"), "protocol"),
            (login("ssl"), "username"),
            (KafkaSecurity { username: String::new(), ..login("sasl_ssl") }, "username"),
            (KafkaSecurity { password: String::new(), ..login("sasl_ssl") }, "password"),
            (KafkaSecurity { password_file: "also".to_owned(), ..login("sasl_ssl") }, "password_file"),
            (KafkaSecurity { sasl_mechanism: "GSSAPI".to_owned(), ..login("sasl_ssl") }, "sasl_mechanism"),
            (KafkaSecurity { sasl_mechanism: "PLAIN".to_owned(), ..login("sasl_plaintext") }, "sasl_mechanism"),
            (KafkaSecurity { ca_file: "/no/such/file".to_owned(), ..login("sasl_ssl") }, "ca_file"),
            (KafkaSecurity { ca_file: "/etc/hostname".to_owned(), ..plain() }, "ca_file"),
        ];
        for (security, option) in table {
            let error = security.properties().unwrap_err();
            assert_eq!(error.option, option, "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let half = KafkaSecurity { certificate_file: "/etc/hostname".to_owned(), ..plain() };
        let half = KafkaSecurity { protocol: "ssl".to_owned(), ..half };
        assert_eq!(half.properties().unwrap_err().option, "key_file");
    }

    #[test]
    fn a_password_stays_out_of_debug_output() {
        assert!(!format!("{:?}", login("sasl_ssl")).contains("hunter2"));
    }
}
