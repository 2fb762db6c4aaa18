//! What is measured: one file a workload, each a list of jobs.

mod batch;
mod beside;
mod build;
mod cells;
mod changes;
mod churn;
mod cycle;
mod durable;
mod first_write;
mod growth;
mod handles;
mod history;
mod kth_write;
mod latency;
mod memory;
mod mvcc;
mod racers;
mod reads;
mod scan;
mod small;
mod tables;
mod updates;
mod values;
mod ycsb;

use crate::jobs::Job;
use crate::maps::MapId;
use crate::settings::Settings;

pub use latency::{PERCENTILES, percentile_name};
pub use memory::resident_of;

/// A workload.
pub struct Workload {
    /// What `--only` and the results call it.
    pub name: &'static str,
    /// The heading of its section.
    pub title: &'static str,
    /// How it is measured, for the page.
    pub about: &'static str,
    /// What the ratios in its tables divide by.
    pub reference: MapId,
    /// The unit of its numbers.
    pub unit: &'static str,
    /// Its jobs.
    pub plan: fn(&Settings) -> Vec<Job>,
}

/// All of them, in the order of the page.
pub const ALL: [Workload; 24] = [
    reads::WORKLOAD,
    batch::WORKLOAD,
    build::WORKLOAD,
    churn::WORKLOAD,
    scan::WORKLOAD,
    first_write::WORKLOAD,
    kth_write::WORKLOAD,
    updates::WORKLOAD,
    cycle::WORKLOAD,
    handles::WORKLOAD,
    beside::WORKLOAD,
    mvcc::WORKLOAD,
    changes::WORKLOAD,
    cells::WORKLOAD,
    history::WORKLOAD,
    tables::WORKLOAD,
    durable::WORKLOAD,
    durable::BYTES,
    ycsb::WORKLOAD,
    values::WORKLOAD,
    small::WORKLOAD,
    memory::WORKLOAD,
    latency::WORKLOAD,
    growth::WORKLOAD,
];

/// Names for several workloads at once.
pub const GROUPS: [(&str, &[&str]); 3] = [
    ("writes", &["build", "churn", "first-write", "updates"]),
    ("snapshots", &["first-write", "kth-write", "updates", "cycle", "handles", "beside", "mvcc"]),
    ("past", &["changes", "cells", "history", "tables", "durable", "checkpoint-bytes"]),
];

/// Everything `--only` accepts.
pub fn names() -> Vec<&'static str> {
    let singles = ALL.iter().map(|workload| workload.name);
    singles.chain(GROUPS.iter().map(|group| group.0)).collect()
}

/// The workloads chosen by names; all of them if there is no name.
pub fn chosen(names: &[String]) -> Vec<&'static Workload> {
    static ALL: [Workload; 24] = self::ALL;
    let members = |name: &String| -> Vec<String> {
        let group = GROUPS.iter().find(|group| group.0 == name);
        group.map_or(vec![name.clone()], |group| group.1.iter().map(|&it| it.into()).collect())
    };
    let names: Vec<String> = names.iter().flat_map(members).collect();
    ALL.iter()
        .filter(|workload| names.is_empty() || names.iter().any(|name| name == workload.name))
        .collect()
}
