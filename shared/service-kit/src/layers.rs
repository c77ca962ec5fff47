//! Configuration in layers: embedded defaults, a file, the environment, flags. The defaults are the list of what exists.
//!
//! The `config` crate parses, merges and reads into types. Before it merges a layer, each key of it is looked up in the
//! defaults, so that a wrong name or type is told with the layer that holds it.

use config::{Config, File, FileFormat, Map, Source, Value, ValueKind};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// Every common option with its default and its reason.
pub const DEFAULTS: &str = include_str!("../config/default.toml");
/// What an option's environment variable begins with.
const ENVIRONMENT_PREFIX: &str = "ITC__";
/// The one table whose keys are Kafka's own.
const OPEN_TABLE: &str = "kafka.properties";

/// A configuration that cannot be used; the message names the layer and the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{layer}: {message}")]
pub struct ConfigError {
    /// Where it stands: a file, an environment variable, a flag.
    pub layer: String,
    /// What is wrong, and what was perhaps meant.
    pub message: String,
}

fn refused(layer: &str, message: impl Into<String>) -> ConfigError {
    ConfigError { layer: layer.to_owned(), message: message.into() }
}

/// The effective configuration; each value knows the layer that said so.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    merged: Config,
}

/// What is laid over the defaults.
#[derive(Debug, Clone, Default)]
pub struct Layers<'a> {
    /// The worker's own defaults; they may add keys.
    pub service_defaults: &'a str,
    /// A file.
    pub file: Option<&'a Path>,
    /// Environment variables; those without the prefix are left alone.
    pub environment: Vec<(String, String)>,
    /// Flags, `key=value`.
    pub flags: Vec<String>,
}

/// One layer whose keys have been looked up: whole paths with their values.
#[derive(Debug, Clone)]
struct Layer {
    name: String,
    entries: Vec<(String, ValueKind)>,
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        let mut found = Map::new();
        let mut open = Map::new();
        for (key, kind) in &self.entries {
            let value = Value::new(Some(&self.name), kind.clone());
            match open_name(key) {
                // Kafka's names hold dots, which are no path.
                Some(name) => open.insert(name.to_owned(), value),
                None => found.insert(key.clone(), value),
            };
        }
        if !open.is_empty() {
            found.insert(OPEN_TABLE.to_owned(), Value::new(Some(&self.name), open));
        }
        Ok(found)
    }
}

/// The options that exist, with their defaults.
struct Known(BTreeMap<String, ValueKind>);

impl Effective {
    /// Lays the layers over each other.
    ///
    /// # Errors
    /// [`ConfigError`] where a layer cannot be read, names an unknown key or gives a value of another type.
    pub fn from_layers(layers: &Layers<'_>) -> Result<Self, ConfigError> {
        let mut found = Vec::new();
        for (name, text) in [("defaults", DEFAULTS), ("the worker's defaults", layers.service_defaults)] {
            found.push(Layer { name: name.to_owned(), entries: parse(name, text)? });
        }
        let known = Known(found.iter().flat_map(|layer| layer.entries.iter().cloned()).collect());
        if let Some(file) = layers.file {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|error| refused(&name, error.to_string()))?;
            let mut entries = Vec::new();
            for (key, kind) in parse(&name, &text)? {
                let kind = same_type(&name, &key, known.default_of(&name, &key)?, kind)?;
                entries.push((key, kind));
            }
            found.push(Layer { name, entries });
        }
        for (name, text) in &layers.environment {
            let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
            found.push(known.layer_of_text(name, &key_of_variable(path), text)?);
        }
        for flag in &layers.flags {
            let name = format!("--set {}", flag.split('=').next().unwrap_or_default());
            let Some((key, text)) = flag.split_once('=') else {
                return Err(refused(&name, "a flag is key=value, such as --set worker.threads=2"));
            };
            found.push(known.layer_of_text(&name, key.trim(), text)?);
        }
        let builder = found.into_iter().fold(Config::builder(), |builder, layer| builder.add_source(layer));
        let merged = builder.build().map_err(|error| refused("the configuration", error.to_string()))?;
        Ok(Self { merged })
    }

    /// The configuration read into a type, which takes the keys that it knows.
    ///
    /// # Errors
    /// [`ConfigError`] where a value does not suit the type, such as an unknown word of a list.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let told = |error: config::ConfigError| refused("the configuration", error.to_string());
        self.merged.clone().try_deserialize().map_err(told)
    }

    /// Every key with its value and the layer that said so, secrets left out, for people.
    #[must_use]
    pub fn redacted(&self) -> String {
        let mut values = Vec::new();
        let table = self.merged.collect().unwrap_or_default();
        flat("", &table, &mut values);
        values.sort_by(|(one, _), (other, _)| one.cmp(other));
        let line = |(key, value): &(String, &Value)| {
            format!("{key} = {}  # {}\n", redact(key, &value.kind), value.origin().unwrap_or_default())
        };
        values.iter().map(line).collect()
    }
}

impl Known {
    /// The default of a key, `None` for a key of the open table.
    fn default_of(&self, layer: &str, key: &str) -> Result<Option<&ValueKind>, ConfigError> {
        if let Some(value) = self.0.get(key) {
            return Ok(Some(value));
        }
        if open_name(key).is_some() {
            return Ok(None);
        }
        let nearest = self.0.keys().min_by_key(|known| distance(known, key));
        let hint = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
        Err(refused(layer, format!("there is no option `{key}`{hint}")))
    }

    fn layer_of_text(&self, layer: &str, key: &str, text: &str) -> Result<Layer, ConfigError> {
        let kind = from_text(layer, key, self.default_of(layer, key)?, text)?;
        Ok(Layer { name: layer.to_owned(), entries: vec![(key.to_owned(), kind)] })
    }
}

/// The name behind the open table, of a key in it.
fn open_name(key: &str) -> Option<&str> {
    key.strip_prefix(OPEN_TABLE)?.strip_prefix('.').filter(|name| !name.is_empty())
}

/// The key that an environment variable without its prefix names; names of Kafka's own properties keep their case.
fn key_of_variable(path: &str) -> String {
    let key = path.split("__").collect::<Vec<_>>().join(".");
    if key.to_lowercase().starts_with(OPEN_TABLE) {
        format!("{OPEN_TABLE}{}", &key[OPEN_TABLE.len()..])
    } else {
        key.to_lowercase()
    }
}

fn parse(layer: &str, text: &str) -> Result<Vec<(String, ValueKind)>, ConfigError> {
    let table = File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| refused(layer, error.to_string().trim_end().to_owned()))?;
    let mut found = Vec::new();
    flat("", &table, &mut found);
    Ok(found.into_iter().map(|(key, value)| (key, value.kind.clone())).collect())
}

/// Keys with their whole path. The open table's keys contain dots themselves and stay as they are.
fn flat<'a>(prefix: &str, table: &'a Map<String, Value>, found: &mut Vec<(String, &'a Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match &value.kind {
            ValueKind::Table(inner) => flat(&key, inner, found),
            ValueKind::Nil
            | ValueKind::Boolean(_)
            | ValueKind::I64(_)
            | ValueKind::I128(_)
            | ValueKind::U64(_)
            | ValueKind::U128(_)
            | ValueKind::Float(_)
            | ValueKind::String(_)
            | ValueKind::Array(_) => found.push((key, value)),
        }
    }
}

fn type_name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "boolean",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => "integer",
        ValueKind::Float(_) => "number with a point",
        ValueKind::String(_) => "string",
        ValueKind::Table(_) => "table",
        ValueKind::Array(_) => "list",
    }
}

fn same_type(layer: &str, key: &str, default: Option<&ValueKind>, kind: ValueKind) -> Result<ValueKind, ConfigError> {
    let Some(default) = default else {
        // Kafka's own properties are all text.
        return Ok(ValueKind::String(kind.to_string()));
    };
    let (wanted, given) = (type_name(default), type_name(&kind));
    if wanted == given {
        return Ok(kind);
    }
    Err(refused(layer, format!("`{key}` must be of type {wanted}, not {given}")))
}

fn from_text(layer: &str, key: &str, default: Option<&ValueKind>, text: &str) -> Result<ValueKind, ConfigError> {
    let wrong = |expected: &str| refused(layer, format!("`{key}` must be {expected}"));
    match default {
        None | Some(ValueKind::String(_)) => Ok(ValueKind::String(text.to_owned())),
        Some(ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_)) => {
            text.replace('_', "").parse().map(ValueKind::I64).map_err(|_| wrong("a whole number"))
        }
        Some(ValueKind::Boolean(_)) => text.parse().map(ValueKind::Boolean).map_err(|_| wrong("true or false")),
        Some(ValueKind::Array(_)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.map(str::to_owned).collect::<Vec<_>>().into())
        }
        Some(ValueKind::Nil | ValueKind::Float(_) | ValueKind::Table(_)) => Err(wrong("set in a file")),
    }
}

fn redact(key: &str, kind: &ValueKind) -> String {
    const SECRET: &str = "\"(secret, not shown)\"";
    let name = key.to_lowercase();
    if ["password", "secret", "token", "jaas", "private", "key.pem"].iter().any(|word| name.contains(word)) {
        return SECRET.to_owned();
    }
    let ValueKind::String(text) = kind else { return kind.to_string() };
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, address)) => format!("\"{scheme}://(secret, not shown)@{address}\""),
        None => format!("{text:?}"),
    }
}

/// How many letters must change to turn one into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, compared) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *compared);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers<'a>(environment: &[(&str, &str)], flags: &[&str]) -> Layers<'a> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Layers {
            environment: environment.iter().map(owned).collect(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            ..Layers::default()
        }
    }

    #[test]
    fn later_layers_win_and_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("itc.toml");
        std::fs::write(&file, "[worker]\nthreads = 2\npage_keys_max = 7\n[kafka]\ninstance = 'file'\n")
            .expect("writes");
        let layers = Layers {
            service_defaults: "[worker]\npage_changes_max = 1000\n",
            file: Some(&file),
            ..layers(&[("ITC__WORKER__THREADS", "3"), ("HOME", "/root")], &["kafka.instance=flag"])
        };
        let effective = Effective::from_layers(&layers).expect("is good");
        let shown = effective.redacted();
        for line in [
            "worker.threads = 3  # ITC__WORKER__THREADS",
            "worker.page_changes_max = 1000  # the worker's defaults",
            "kafka.instance = \"flag\"  # --set kafka.instance",
            "worker.index_backlog_max = 100000  # defaults",
        ] {
            assert!(shown.contains(line), "{line} is not in\n{shown}");
        }
        assert!(shown.contains("worker.page_keys_max = 7"), "{shown}");
    }

    #[test]
    fn unknown_keys_and_wrong_types_are_refused_with_what_was_perhaps_meant() {
        let error = |environment: &[(&str, &str)], flags: &[&str]| {
            Effective::from_layers(&layers(environment, flags)).expect_err("is refused").to_string()
        };
        assert_eq!(
            error(&[("ITC__WORKER__THREAD", "2")], &[]),
            "ITC__WORKER__THREAD: there is no option `worker.thread`; did you mean `worker.threads`?"
        );
        assert_eq!(
            error(&[], &["worker.threads=many"]),
            "--set worker.threads: `worker.threads` must be a whole number"
        );
        assert!(error(&[], &["worker.threads"]).contains("key=value"));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("itc.toml");
        std::fs::write(&file, "[worker]\nthreads = 'two'\n").expect("writes");
        let wrong = Effective::from_layers(&Layers { file: Some(&file), ..Layers::default() });
        assert!(wrong.expect_err("is refused").to_string().contains("must be of type integer, not string"));
        std::fs::write(&file, "[worker\n").expect("writes");
        assert!(Effective::from_layers(&Layers { file: Some(&file), ..Layers::default() }).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let layers = layers(
            &[("ITC__KAFKA__PROPERTIES__sasl.password", "hunter2"), ("ITC__TIMERS__URL", "redis://me:hunter2@r:1/0")],
            &["kafka.properties.sasl.username=me"],
        );
        let effective = Effective::from_layers(&layers).expect("is good");
        let shown = effective.redacted();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("@r:1/0") && shown.contains("sasl.username = \"me\""), "{shown}");
        let settings: crate::settings::Settings = effective.read().expect("are of their types");
        assert_eq!(settings.kafka.properties.get("sasl.password").map(String::as_str), Some("hunter2"));
    }

    #[test]
    fn every_default_is_documented() {
        let mut comment = false;
        for line in DEFAULTS.lines() {
            let option = line.contains(" = ");
            assert!(!option || comment || line.starts_with('#'), "`{line}` has no comment above it");
            comment = line.starts_with('#') || (option && comment);
        }
    }
}
