//! Where Kafka is and how to speak to it, as every command that needs it is told.

use crate::views::live::DEFAULT_CONFIG;
use anyhow::Result;
use clap::Args;
use serde::Deserialize;
use service_kit::{Effective, Layers};
use std::path::PathBuf;
use stream_kafka::KafkaSettings;

/// Where Kafka is. Login and certificates are the workers' own options: `kafka.security.…` of a file, of the environment
/// (`ITC__KAFKA__SECURITY__PROTOCOL`) or of `--set`.
#[derive(Debug, Clone, Default, Args)]
pub struct KafkaArguments {
    /// The brokers, HOST:PORT; otherwise the option `kafka.bootstrap_servers`.
    #[arg(long, value_name = "HOST:PORT")]
    pub kafka: Option<String>,
    /// A configuration file with a table [kafka], as for a worker.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One option, such as `kafka.security.protocol=sasl_ssl`; wins over file and environment.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// The part of the configuration that is read here.
#[derive(Deserialize)]
struct Options {
    kafka: service_kit::Kafka,
}

impl KafkaArguments {
    /// Only the brokers; the rest as the environment says.
    #[must_use]
    pub fn at(kafka: &str) -> Self {
        Self { kafka: Some(kafka.to_owned()), ..Self::default() }
    }

    /// What is set, by file, environment and command line.
    ///
    /// # Errors
    /// A message that names the layer and the option that is wrong.
    pub fn settings(&self) -> Result<KafkaSettings> {
        self.layered(std::env::vars().collect())
    }

    fn layered(&self, environment: Vec<(String, String)>) -> Result<KafkaSettings> {
        // Other options of the environment are those of workers beside us, and not ours to judge.
        let of_kafka = |(name, _): &(String, String)| name.to_uppercase().starts_with("ITC__KAFKA__");
        let effective = Effective::from_layers(&Layers {
            service_defaults: DEFAULT_CONFIG,
            file: self.config.as_deref(),
            environment: environment.into_iter().filter(of_kafka).collect(),
            flags: self.set.clone(),
        })?;
        let mut settings = effective.read::<Options>()?.kafka.settings()?;
        if let Some(kafka) = &self.kafka {
            settings.bootstrap_servers.clone_from(kafka);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &KafkaArguments, environment: &[(&str, &str)]) -> Result<KafkaSettings> {
        arguments.layered(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_command_line_says_where_and_the_environment_how() {
        let environment = [
            ("ITC__KAFKA__SECURITY__PROTOCOL", "sasl_ssl"),
            ("ITC__KAFKA__SECURITY__USERNAME", "anna"),
            ("ITC__KAFKA__SECURITY__PASSWORD", "hunter2"),
            ("ITC__CLOCK__MODE", "commands"),
        ];
        let settings = told(&KafkaArguments::at("broker:9093"), &environment).unwrap();
        assert_eq!(settings.bootstrap_servers, "broker:9093");
        assert_eq!(settings.properties.get("sasl.username").map(String::as_str), Some("anna"));
        let plain = told(&KafkaArguments::default(), &[]).unwrap();
        assert_eq!((plain.bootstrap_servers.as_str(), plain.properties.len()), ("127.0.0.1:9092", 0));
    }

    #[test]
    fn what_is_wrong_is_told_by_the_name_of_its_option() {
        let arguments =
            KafkaArguments { set: vec!["kafka.security.protocol=tls".to_owned()], ..KafkaArguments::at("b:1") };
        let error = told(&arguments, &[]).unwrap_err().to_string();
        assert!(error.contains("kafka.security.protocol") && error.contains("sasl_ssl"), "{error}");
    }
}
