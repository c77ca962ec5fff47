//! Which event may cause which: read from the workers' tables of reactions, never from their code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a worker reads, and what it may write because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reactions {
    /// The worker.
    pub worker: String,
    /// Each type read with the types it may cause.
    pub table: Vec<(String, Vec<String>)>,
}

/// An event type with those who are declared to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The `ce_type`.
    pub event_type: String,
    /// Its writers.
    pub writers: Vec<String>,
    /// Whether it is said to the world, so that no worker reads it.
    pub is_public: bool,
}

/// The types that any worker may write: results and alerts.
pub const SHARED: [&str; 2] = ["itc.request-result.v1", "itc.alert.v1"];

/// What is written without being read first: the calendar's marks.
pub const CALENDAR: &str = "calendar";

/// Event types written by two workers, by declaration or by reaction; results and alerts excepted.
#[must_use]
pub fn two_writers(workers: &[Reactions], declared: &[Declared]) -> Vec<String> {
    let mut writers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in declared {
        writers.entry(&entry.event_type).or_default().extend(entry.writers.iter().map(String::as_str));
    }
    for worker in workers {
        for caused in worker.table.iter().flat_map(|(_, causes)| causes) {
            writers.entry(caused).or_default().insert(&worker.worker);
        }
    }
    let doubled = writers.into_iter().filter(|(name, writers)| writers.len() > 1 && !SHARED.contains(name));
    doubled
        .map(|(name, writers)| {
            format!("{name} is written by {}", writers.into_iter().collect::<Vec<_>>().join(" and by "))
        })
        .collect()
}

/// Outputs of a worker that the type's declaration does not name as its writer, and types nobody declared.
#[must_use]
pub fn undeclared_outputs(workers: &[Reactions], declared: &[Declared]) -> Vec<String> {
    let known: BTreeMap<&str, &Declared> = declared.iter().map(|entry| (entry.event_type.as_str(), entry)).collect();
    let mut faults = BTreeSet::new();
    for worker in workers {
        for (read, causes) in &worker.table {
            // Messages of feeds have types of their own, which `ingest` takes apart.
            if worker.worker != "ingest" && !known.contains_key(read.as_str()) {
                faults.insert(format!("{} reads {read}, which is no type of the catalogue", worker.worker));
            }
            for caused in causes {
                match known.get(caused.as_str()) {
                    Some(entry) if entry.writers.contains(&worker.worker) => {}
                    Some(entry) => {
                        let writers = entry.writers.join(", ");
                        faults.insert(format!("{} writes {caused}, whose writer is {writers}", worker.worker));
                    }
                    None => {
                        faults.insert(format!("{} writes {caused}, which is no type of the catalogue", worker.worker));
                    }
                }
            }
        }
    }
    faults.into_iter().collect()
}

type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// From cause to what is caused, by which workers. A fact of a feed and the same fact in a journal are two records, so
/// that forwarding it is no cycle. What the world is told causes nothing and is left out with `only_inner`.
#[must_use]
pub fn graph(workers: &[Reactions], declared: &[Declared], only_inner: bool) -> Graph {
    let is_public: BTreeMap<&str, bool> =
        declared.iter().map(|entry| (entry.event_type.as_str(), entry.is_public)).collect();
    let mut graph = Graph::new();
    for worker in workers {
        for (read, causes) in &worker.table {
            let from = if worker.worker == "ingest" { format!("feed {read}") } else { read.clone() };
            for caused in causes {
                if only_inner && is_public.get(caused.as_str()) == Some(&true) {
                    continue;
                }
                let by = graph.entry(from.clone()).or_default().entry(caused.clone()).or_default();
                by.insert(worker.worker.clone());
            }
        }
    }
    graph
}

/// A cycle of causes, if there is one, as `A -(worker)-> B -(worker)-> A`.
#[must_use]
pub fn cycle(workers: &[Reactions], declared: &[Declared]) -> Option<String> {
    let graph = graph(workers, declared, true);
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| walk(&graph, start, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    graph: &'a Graph,
    at: &'a str,
    path: &mut Vec<(&'a str, String)>,
    done: &mut BTreeSet<&'a str>,
) -> Option<String> {
    if let Some(start) = path.iter().position(|(name, _)| *name == at) {
        let mut text = at.to_owned();
        let names = path[start + 1..].iter().map(|(name, _)| *name).chain([at]);
        for (name, (_, worker)) in names.zip(&path[start..]) {
            // Writing to a String cannot fail.
            let _ = write!(text, " -({worker})-> {name}");
        }
        return Some(text);
    }
    if done.contains(at) {
        return None;
    }
    for (next, by) in graph.get(at).into_iter().flatten() {
        path.push((at, by.iter().cloned().collect::<Vec<_>>().join(", ")));
        let found = walk(graph, next, path, done);
        path.pop();
        if found.is_some() {
            return found;
        }
    }
    done.insert(at);
    None
}

/// The graph as a page: one Mermaid block in which facts and marks are one node each, and the whole table.
#[must_use]
pub fn page(workers: &[Reactions], declared: &[Declared]) -> String {
    let written_by = |name: &str, writer: &str| {
        declared.iter().any(|entry| entry.event_type == name && entry.writers.iter().any(|by| by == writer))
    };
    let node = |name: &str| match name {
        fact if written_by(fact, "ingest") => "facts".to_owned(),
        mark if written_by(mark, CALENDAR) => "marks".to_owned(),
        decision => family(&short(decision)),
    };
    let mut edges: BTreeMap<(String, String), BTreeSet<&str>> = BTreeMap::new();
    let mut lines = BTreeSet::new();
    for worker in workers.iter().filter(|worker| worker.worker != "ingest") {
        for (read, causes) in &worker.table {
            let causes: BTreeSet<String> =
                causes.iter().filter(|caused| !SHARED.contains(&caused.as_str())).map(|caused| short(caused)).collect();
            if causes.is_empty() {
                continue;
            }
            let listed: Vec<&str> = causes.iter().map(String::as_str).collect();
            lines.insert(format!("| `{}` | {} | {} |", short(read), worker.worker, listed.join(", ")));
            // Evidence follows from almost everything, and nothing from evidence.
            for caused in causes.into_iter().filter(|_| worker.worker != "audit-evidence") {
                edges.entry((node(read), family(&caused))).or_default().insert(&worker.worker);
            }
        }
    }
    let mut text = PAGE_HEAD.to_owned();
    for ((from, to), by) in &edges {
        let workers = by.iter().copied().collect::<Vec<_>>().join(", ");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {from} -->|{workers}| {to}");
    }
    text.push_str("```\n\n| read | by | may cause |\n| --- | --- | --- |\n");
    lines.iter().for_each(|line| {
        let _ = writeln!(text, "{line}");
    });
    text
}

const PAGE_HEAD: &str = "\
# Which event may cause which

Drawn from the workers' tables of reactions; a test keeps this page current and proves that no chain of causes leads back
to itself. Facts come through `ingest`, marks from `calendar`: one node each, as are the events of documents and of bills.
Results and alerts may follow from anything and evidence from almost anything, and nothing from them: the drawing
leaves them out.

```mermaid
flowchart LR
";

/// The events of one document or bill are one node of the drawing.
fn family(name: &str) -> String {
    match name {
        document if document.starts_with("document-") => "documents".to_owned(),
        bill if bill.starts_with("bill-of-entry-") => "bills-of-entry".to_owned(),
        other => other.to_owned(),
    }
}

/// `itc.period-locked.v1` is `period-locked`.
fn short(name: &str) -> String {
    name.trim_start_matches("itc.").trim_end_matches(".v1").to_owned()
}
