//! Who may depend on whom (section 4 of the architecture).

use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Where a crate stands; a crate depends only on what stands lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// No clock, no randomness, no input or output.
    Pure,
    /// The shell: logs, stores, configuration.
    Shell,
    /// A worker: rules of its own on pure crates.
    Worker,
    /// The programs that put workers and shell together.
    Program,
    /// Tests of everything.
    Suite,
}

/// The crates that are pure besides the workers.
pub const PURE: [&str; 5] = ["gst-types", "gst-rules", "gst-events", "gstn-formats", "stream"];
/// The programs.
pub const PROGRAMS: [&str; 2] = ["itc-engine", "itcctl"];
/// What a pure crate or a worker never needs: other people's clocks, sockets, threads and random numbers.
const IMPURE: [&str; 14] = [
    "tokio",
    "rdkafka",
    "redis",
    "rand",
    "getrandom",
    "fastrand",
    "uuid",
    "axum",
    "fjall",
    "config",
    "tracing",
    "opentelemetry",
    "prometheus",
    "tempfile",
];

/// One package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder in the repository, such as `services/ims`.
    pub folder: String,
    /// What it depends on, and whether for its own tests only.
    pub dependencies: Vec<(String, bool)>,
}

/// The layer of a package.
#[must_use]
pub fn layer(package: &Package) -> Layer {
    if package.folder == "tests" {
        Layer::Suite
    } else if PROGRAMS.contains(&package.name.as_str()) {
        Layer::Program
    } else if package.folder.starts_with("services/") {
        Layer::Worker
    } else if PURE.contains(&package.name.as_str()) {
        Layer::Pure
    } else {
        Layer::Shell
    }
}

/// The packages of the workspace, as cargo knows them.
///
/// # Errors
/// Where cargo fails or says something else than it used to.
pub fn packages(repository: &Path) -> anyhow::Result<Vec<Package>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository)
        .output()
        .context("cargo metadata does not start")?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let root = metadata["workspace_root"].as_str().context("no workspace_root")?.to_owned();
    let packages = metadata["packages"].as_array().context("no packages")?;
    packages.iter().map(|package| read(package, &root).context("a package without its fields")).collect()
}

fn read(package: &Value, root: &str) -> Option<Package> {
    let manifest = package["manifest_path"].as_str()?;
    let folder = manifest.strip_prefix(root)?.trim_start_matches('/').strip_suffix("/Cargo.toml")?;
    let dependencies = package["dependencies"].as_array()?.iter();
    let dependencies = dependencies.filter_map(|dependency| {
        Some((dependency["name"].as_str()?.to_owned(), dependency["kind"].as_str() == Some("dev")))
    });
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        folder: folder.to_owned(),
        dependencies: dependencies.collect(),
    })
}

/// Edges that lead upwards, from worker to worker, or out of the pure crates.
#[must_use]
pub fn upward_edges(packages: &[Package]) -> Vec<String> {
    let layers: BTreeMap<&str, Layer> =
        packages.iter().map(|package| (package.name.as_str(), layer(package))).collect();
    let mut faults = Vec::new();
    for package in packages {
        let from = layer(package);
        for (dependency, is_dev) in &package.dependencies {
            let fault = match layers.get(dependency.as_str()) {
                Some(to) => inner_fault(from, *to, *is_dev),
                None => outer_fault(from, dependency, *is_dev),
            };
            if let Some(fault) = fault {
                faults.push(format!("{} depends on {dependency}: {fault}", package.name));
            }
        }
    }
    faults
}

fn inner_fault(from: Layer, to: Layer, is_dev: bool) -> Option<&'static str> {
    match (from, to) {
        // What ships stands alone; a worker's tests may tell one story to two workers.
        (Layer::Worker, Layer::Worker) if !is_dev => Some("workers never depend on each other"),
        // Tests of a pure crate or a worker may use the simulated log and store.
        (Layer::Pure | Layer::Worker, Layer::Shell) if !is_dev => Some("tax and streaming meet only in a program"),
        (Layer::Pure | Layer::Shell, Layer::Worker) => Some("a shared crate knows no worker"),
        // `itcctl` runs the simulated topology of `itc-engine`; cargo itself allows no way back.
        (Layer::Pure | Layer::Shell | Layer::Worker, Layer::Program) => Some("a program stands above everything"),
        (_, Layer::Suite) => Some("nothing depends on the suites"),
        (Layer::Pure | Layer::Shell | Layer::Worker | Layer::Program | Layer::Suite, _) => None,
    }
}

fn outer_fault(from: Layer, dependency: &str, is_dev: bool) -> Option<&'static str> {
    let is_held_back = matches!(from, Layer::Pure | Layer::Worker) && !is_dev;
    (is_held_back && IMPURE.contains(&dependency)).then_some("a pure crate has no clock, randomness, input or output")
}
