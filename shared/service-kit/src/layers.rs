//! Configuration in layers: embedded defaults, a file, the environment, flags. The defaults are the list of what exists.

use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};

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

/// The effective configuration, and of each key the layer that said so.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    values: BTreeMap<String, Value>,
    origins: BTreeMap<String, String>,
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

impl Effective {
    /// Lays the layers over each other.
    ///
    /// # Errors
    /// [`ConfigError`] where a layer cannot be read, names an unknown key or gives a value of another type.
    pub fn from_layers(layers: &Layers<'_>) -> Result<Self, ConfigError> {
        let mut effective = Self::default();
        for (layer, text) in [("defaults", DEFAULTS), ("the worker's defaults", layers.service_defaults)] {
            for (key, value) in flat(parse(layer, text)?) {
                effective.put(layer, &key, value);
            }
        }
        if let Some(file) = layers.file {
            let layer = file.display().to_string();
            let text = std::fs::read_to_string(file).map_err(|error| refused(&layer, error.to_string()))?;
            for (key, value) in flat(parse(&layer, &text)?) {
                let default = effective.default_of(&layer, &key)?;
                let value = same_type(&layer, &key, default, value)?;
                effective.put(&layer, &key, value);
            }
        }
        for (name, text) in &layers.environment {
            let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) else { continue };
            let path = path.split("__").collect::<Vec<_>>().join(".");
            // Names of Kafka's own properties keep their case.
            let key = if path.to_lowercase().starts_with(OPEN_TABLE) {
                format!("{OPEN_TABLE}{}", &path[OPEN_TABLE.len()..])
            } else {
                path.to_lowercase()
            };
            effective.put_text(name, &key, text)?;
        }
        for flag in &layers.flags {
            let layer = format!("--set {}", flag.split('=').next().unwrap_or_default());
            let Some((key, text)) = flag.split_once('=') else {
                return Err(refused(&layer, "a flag is key=value, such as --set worker.threads=2"));
            };
            effective.put_text(&layer, key.trim(), text)?;
        }
        Ok(effective)
    }

    fn put(&mut self, layer: &str, key: &str, value: Value) {
        self.values.insert(key.to_owned(), value);
        self.origins.insert(key.to_owned(), layer.to_owned());
    }

    fn put_text(&mut self, layer: &str, key: &str, text: &str) -> Result<(), ConfigError> {
        let value = from_text(layer, key, self.default_of(layer, key)?, text)?;
        self.put(layer, key, value);
        Ok(())
    }

    /// The value that a key has so far, `None` for a key of the open table.
    fn default_of(&self, layer: &str, key: &str) -> Result<Option<&Value>, ConfigError> {
        if let Some(value) = self.values.get(key) {
            return Ok(Some(value));
        }
        if key.starts_with(OPEN_TABLE) && key.len() > OPEN_TABLE.len() + 1 {
            return Ok(None);
        }
        let nearest = self.values.keys().min_by_key(|known| distance(known, key));
        let hint = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
        Err(refused(layer, format!("there is no option `{key}`{hint}")))
    }

    /// The configuration as a table, for reading it into types.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        for (key, value) in &self.values {
            insert(&mut table, key, value.clone());
        }
        table
    }

    /// Every key with its value and the layer that said so, secrets left out, for people.
    #[must_use]
    pub fn redacted(&self) -> String {
        let line = |(key, value): (&String, &Value)| {
            let origin = self.origins.get(key).map_or("", String::as_str);
            format!("{key} = {}  # {origin}\n", redact(key, value))
        };
        self.values.iter().map(line).collect()
    }
}

fn parse(layer: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| refused(layer, error.to_string().trim_end().to_owned()))
}

/// Keys with their whole path. The open table's keys contain dots themselves and stay as they are.
fn flat(table: Table) -> Vec<(String, Value)> {
    fn walk(prefix: &str, table: Table, found: &mut Vec<(String, Value)>) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(table) => walk(&key, table, found),
                other => found.push((key, other)),
            }
        }
    }
    let mut found = Vec::new();
    walk("", table, &mut found);
    found
}

fn insert(table: &mut Table, key: &str, value: Value) {
    let (head, rest) = match key.strip_prefix(OPEN_TABLE).and_then(|name| name.strip_prefix('.')) {
        Some(name) => {
            let kafka = table.entry("kafka").or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(kafka) = kafka {
                let properties = kafka.entry("properties").or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(properties) = properties {
                    properties.insert(name.to_owned(), value);
                }
            }
            return;
        }
        None => match key.split_once('.') {
            Some(parts) => parts,
            None => {
                table.insert(key.to_owned(), value);
                return;
            }
        },
    };
    if let Value::Table(inner) = table.entry(head).or_insert_with(|| Value::Table(Table::new())) {
        insert(inner, rest, value);
    }
}

fn same_type(layer: &str, key: &str, default: Option<&Value>, value: Value) -> Result<Value, ConfigError> {
    match default {
        Some(default) if !default.same_type(&value) => {
            Err(refused(layer, format!("`{key}` must be of type {}, not {}", default.type_str(), value.type_str())))
        }
        Some(_) => Ok(value),
        // Kafka's own properties are all text.
        None => Ok(match value {
            Value::String(text) => Value::String(text),
            other => Value::String(other.to_string()),
        }),
    }
}

fn from_text(layer: &str, key: &str, default: Option<&Value>, text: &str) -> Result<Value, ConfigError> {
    let wrong = |expected: &str| refused(layer, format!("`{key}` must be {expected}"));
    match default {
        None | Some(Value::String(_)) => Ok(Value::String(text.to_owned())),
        Some(Value::Integer(_)) => {
            text.replace('_', "").parse().map(Value::Integer).map_err(|_| wrong("a whole number"))
        }
        Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).map_err(|_| wrong("true or false")),
        Some(Value::Array(_)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
        }
        Some(Value::Float(_) | Value::Datetime(_) | Value::Table(_)) => Err(wrong("set in a file")),
    }
}

fn redact(key: &str, value: &Value) -> String {
    const SECRET: &str = "\"(secret, not shown)\"";
    let name = key.to_lowercase();
    if ["password", "secret", "token", "jaas", "private", "key.pem"].iter().any(|word| name.contains(word)) {
        return SECRET.to_owned();
    }
    match value.as_str().and_then(|text| text.split_once("://")) {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, address)) => format!("\"{scheme}://(secret, not shown)@{address}\""),
            None => value.to_string(),
        },
        None => value.to_string(),
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
        let table = effective.table();
        assert_eq!(table["kafka"]["properties"]["sasl.password"].as_str(), Some("hunter2"));
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
