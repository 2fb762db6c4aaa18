//! The speed cowmap has set itself, row by row, and whether it has it.

use crate::maps::MapId;
use crate::results::{Cell, Results};
use crate::settings::size_name;

/// What a row is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Against {
    /// Another map at the same work.
    Map(MapId),
    /// Another map at another variant of the work.
    MapAt(MapId, &'static str),
    /// The same map at another variant of the work.
    Variant(&'static str),
    /// The same map, which does the work in another way: what follows the variant's bar.
    Way(&'static str),
    /// The same map at another size.
    Size(usize),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What is done.
    pub operation: &'static str,
    cell: Cell<'static>,
    /// What the ratio divides by.
    pub against: Against,
    /// What `CowMap` must stay under.
    pub bound: Option<f64>,
    /// What `CowMap` is to reach.
    pub cow: Option<f64>,
    /// What `FlatCowMap` is to reach.
    pub flat: Option<f64>,
}

/// A row with what was measured.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The row.
    pub target: Target,
    /// The ratio of `CowMap`.
    pub cow: Option<f64>,
    /// The ratio of `FlatCowMap`.
    pub flat: Option<f64>,
}

impl Target {
    const fn new(operation: &'static str, cell: Cell<'static>, against: Against) -> Self {
        Target { operation, cell, against, bound: None, cow: None, flat: None }
    }

    const fn bound(mut self, bound: f64) -> Self {
        self.bound = Some(bound);
        self
    }

    const fn cow(mut self, goal: f64) -> Self {
        self.cow = Some(goal);
        self
    }

    const fn flat(mut self, goal: f64) -> Self {
        self.flat = Some(goal);
        self
    }

    /// Size and keys, as the table names them.
    pub fn place(&self) -> String {
        format!("{} {}", size_name(self.cell.nominal), self.cell.keys)
    }

    /// What the ratio divides by, as the table names it.
    pub fn against_name(&self) -> String {
        match self.against {
            Against::Map(map) => map.name().into(),
            Against::MapAt(map, variant) => {
                format!("{} {}", map.name(), variant.split('|').next().unwrap_or(variant))
            }
            Against::Variant(variant) => {
                format!("itself, {}", variant.split('|').next_back().unwrap_or(variant))
            }
            Against::Way(way) => format!("itself, {way}"),
            Against::Size(size) => format!("itself at {}", size_name(size)),
        }
    }

    fn ratio(&self, results: &Results, map: MapId) -> Option<f64> {
        let cell = self.cell;
        let variant;
        let other = match self.against {
            Against::Map(other) => (cell, other),
            Against::MapAt(other, variant) => (Cell { variant, ..cell }, other),
            Against::Variant(variant) => (Cell { variant, ..cell }, map),
            Against::Way(way) => {
                let (work, _) = cell.variant.split_once('|').unwrap_or((cell.variant, ""));
                variant = format!("{work}|{way}");
                (Cell { variant: &variant, ..cell }, map)
            }
            Against::Size(nominal) => (Cell { nominal, ..cell }, map),
        };
        results.ratio((cell, map), other)
    }
}

/// All rows with what was measured.
pub fn judge(results: &Results) -> Vec<Judged> {
    let judged = |target: Target| Judged {
        target,
        cow: target.ratio(results, MapId::CowMap),
        flat: target.ratio(results, MapId::FlatCowMap),
    };
    targets().into_iter().map(judged).collect()
}

const HASHBROWN: Against = Against::Map(MapId::Hashbrown);
const IMBL: Against = Against::Map(MapId::Imbl);

const fn random(workload: &'static str, variant: &'static str, nominal: usize) -> Cell<'static> {
    Cell { workload, variant, keys: "random", nominal }
}

const fn dense(workload: &'static str, variant: &'static str, nominal: usize) -> Cell<'static> {
    Cell { workload, variant, keys: "dense", nominal }
}

const K: usize = 1_000;
const M: usize = 1_000_000;

fn targets() -> Vec<Target> {
    let mut targets = Vec::new();
    targets.extend(reads());
    targets.extend(writes());
    targets.extend(snapshots());
    targets.extend(cycles());
    targets.extend(changes());
    targets
}

fn reads() -> Vec<Target> {
    let hit = |size| Target::new("hit", random("reads", "hit", size), HASHBROWN);
    let waiting =
        |size| Target::new("hit, dependent", random("reads", "dependent", size), HASHBROWN);
    let miss = |size| Target::new("miss", random("reads", "miss", size), HASHBROWN);
    let ids = |size| Target::new("hit", dense("reads", "hit", size), HASHBROWN);
    vec![
        hit(K).flat(1.25).cow(1.45),
        hit(10 * K).bound(1.5).flat(1.25).cow(1.45),
        hit(100 * K).bound(1.5).flat(1.3).cow(1.4),
        hit(M).bound(1.2).flat(0.95).cow(1.15),
        hit(10 * M).bound(0.9).flat(0.65).cow(0.85),
        waiting(10 * K).flat(1.05).cow(1.3),
        waiting(100 * K).flat(1.0).cow(1.15),
        waiting(M).bound(0.85).flat(0.75).cow(0.8),
        waiting(10 * M).bound(0.7).flat(0.45).cow(0.65),
        miss(10 * K).bound(1.1).flat(0.9).cow(1.1),
        miss(100 * K).bound(1.1).flat(0.8).cow(0.9),
        miss(M).bound(3.5).flat(2.2).cow(2.2),
        miss(10 * M).bound(1.7).flat(1.4).cow(1.4),
        ids(100 * K).flat(0.75).cow(1.0),
        ids(M).flat(0.8).cow(0.9),
        Target::new("`get_each`", random("get-each", "get_each", M), Against::Variant("get"))
            .flat(0.6)
            .cow(0.6),
        Target::new("scan", random("scan", "scan", M), HASHBROWN).bound(1.5).flat(1.0).cow(1.2),
        Target::new("scan", random("scan", "scan", M), IMBL).bound(0.2),
        Target::new(
            "lookups while another thread clones and drops",
            random("beside", "hit|beside clones", M),
            Against::Variant("hit|alone"),
        )
        .bound(1.3),
    ]
}

fn writes() -> Vec<Target> {
    let slowest = |operation, variant| {
        let against = Against::MapAt(MapId::Hashbrown, "alone|max");
        Target::new(operation, random("growth", variant, 10 * M), against).bound(1.0 / 200.0)
    };
    vec![
        Target::new("build, reserved", random("build", "reserved", M), HASHBROWN)
            .flat(1.0)
            .cow(1.0),
        Target::new("build from nothing", random("build", "from nothing", M), HASHBROWN)
            .bound(1.3)
            .flat(1.0)
            .cow(1.0),
        Target::new("churn", random("churn", "churn", 100 * K), HASHBROWN).flat(1.1).cow(1.1),
        Target::new("churn", random("churn", "churn", M), HASHBROWN).flat(1.1).cow(1.1),
        slowest("slowest insert while growing", "alone|max"),
        slowest("slowest insert while growing, a snapshot held", "snapshot held|max"),
        Target::new("bytes an entry, 0.5M to 1M", random("memory", "memory|live", M), HASHBROWN)
            .bound(1.0),
    ]
}

fn snapshots() -> Vec<Target> {
    let first = |size, against| {
        let cell = random("first-write", "first write", size);
        Target::new("first write after a snapshot", cell, against)
    };
    let handle = |size, against| {
        let cell = random("handles", "clone + drop", size);
        Target::new("clone and drop of a handle, not diverged", cell, against)
    };
    vec![
        first(M, IMBL).bound(0.5).cow(0.3),
        first(10 * M, IMBL).bound(0.5).cow(0.3),
        first(M, Against::Map(MapId::ArcHashbrown)).bound(1.0 / 5_000.0),
        Target::new(
            "first write, values `Arc<[u64; 8]>`",
            random("values", "first write|Arc<[u64; 8]>", M),
            IMBL,
        )
        .bound(1.5),
        Target::new(
            "first write, values `String`",
            random("values", "first write|String", M),
            IMBL,
        )
        .bound(1.5),
        Target::new(
            "100 random updates after a snapshot",
            random("updates", "100 random updates", M),
            IMBL,
        )
        .bound(0.7)
        .cow(0.5),
        Target::new(
            "100 neighbouring updates after a snapshot",
            dense("updates", "100 neighbouring updates", M),
            IMBL,
        )
        .bound(0.1)
        .cow(0.05),
        Target::new(
            "drop of a snapshot after 100 random updates",
            random("updates", "drop after 100 random updates", M),
            IMBL,
        )
        .bound(1.5),
        handle(K, Against::Map(MapId::Arc)).bound(3.0),
        handle(10 * M, Against::Map(MapId::Arc)).bound(3.0),
        handle(10 * M, Against::Size(K)).bound(1.2),
    ]
}

/// A snapshot from its beginning to its end.
fn cycles() -> Vec<Target> {
    let row = |operation, workload, variant, size| {
        Target::new(operation, random(workload, variant, size), IMBL)
    };
    let one = |size| row("snapshot, 1 write, drop", "cycle", "snapshot + 1 write + drop", size);
    let ten = |size| row("snapshot, 10 writes, drop", "cycle", "snapshot + 10 writes + drop", size);
    let hundred =
        |size| row("snapshot, 100 writes, drop", "cycle", "snapshot + 100 writes + drop", size);
    let transaction =
        |size| row("transaction: snapshot, 10 reads, 2 writes, drop", "mvcc", "1 thread", size);
    let dropped =
        |size| row("drop of a snapshot after 1 write", "cycle", "drop after 1 write", size);
    vec![
        one(10 * K).bound(0.85).cow(0.7),
        one(100 * K).bound(0.48).cow(0.4),
        one(M).bound(0.6).cow(0.5),
        one(5 * M).bound(0.6).cow(0.5),
        ten(10 * K).bound(0.79).cow(0.7),
        ten(100 * K).bound(0.39).cow(0.33),
        ten(M).bound(0.55).cow(0.45),
        ten(5 * M).bound(0.65).cow(0.55),
        hundred(10 * K).bound(0.93).cow(0.8),
        hundred(100 * K).bound(0.41).cow(0.3),
        hundred(M).bound(0.36).cow(0.3),
        hundred(5 * M).bound(0.55).cow(0.45),
        transaction(10 * K).bound(0.75).cow(0.6),
        transaction(100 * K).bound(0.47).cow(0.4),
        transaction(M).bound(0.45).cow(0.35),
        transaction(5 * M).bound(0.5).cow(0.4),
        dropped(10 * K).bound(0.55).cow(0.4),
        dropped(100 * K).bound(0.35),
        dropped(M).bound(0.4),
        dropped(5 * M).bound(0.5),
    ]
}

/// What changed, merging, publishing, and a past.
fn changes() -> Vec<Target> {
    const BY_ENTRY: Against = Against::Way("entry by entry");
    const BY_HAND: Against = Against::Way("by hand");
    const REDB: Against = Against::Map(MapId::Redb);
    let row = |operation, workload, variant, size, against, bound: f64| {
        Target::new(operation, random(workload, variant, size), against).bound(bound)
    };
    let changes =
        |operation, variant, against, bound| row(operation, "changes", variant, M, against, bound);
    let (few, evicted) =
        ("diff after 100 changes|diff", "diff after 1 change, caches evicted|diff");
    let few_evicted = "diff after 100 changes, caches evicted|diff";
    let many = "diff after 10,000 changes|diff";
    let alone = |against, bound| {
        row("transaction on a `VersionTable`, 1 thread", "tables", "1 thread", M, against, bound)
    };
    let two = |against, bound| {
        row("transaction on a `VersionTable`, 2 threads", "tables", "2 threads", M, against, bound)
    };
    let (apply, merge) = ("10,000 changes|apply", "100 changes on each side|merge");
    let (cell, history) = ("4 threads|CowCell", "100 versions|History");
    let pause = "pause of a writer while a reader scans";
    let changed = "checkpoint|1,000 changes";
    let bytes = |operation, bound| {
        row(operation, "checkpoint-bytes", changed, M, Against::Way("all rows"), bound)
    };
    let durable = |operation, variant, against, bound| {
        row(operation, "durable", variant, M, Against::Way(against), bound)
    };
    vec![
        changes("`diff` after 1 change", "diff after 1 change|diff", BY_ENTRY, 1.0 / 10_000.0),
        changes("`diff` after 1 change, caches evicted", evicted, BY_ENTRY, 1.0 / 3_000.0),
        changes("`diff` after 100 changes", few, BY_ENTRY, 1.0 / 300.0),
        changes("`diff` after 100 changes, caches evicted", few_evicted, BY_ENTRY, 1.0 / 120.0),
        changes("`diff` after 10,000 changes", many, BY_ENTRY, 1.0 / 5.0),
        row("`diff` after 100 changes", "changes", few, 10 * M, Against::Size(M), 2.0),
        changes("`diff` after 100 changes", few, Against::Map(MapId::OrdMap), 0.4),
        changes("`apply` of a diff of 10,000", apply, BY_HAND, 0.95),
        changes("`merge` with 100 changes on each side", merge, BY_HAND, 1.2),
        row(
            "`snapshot` of a `CowCell`, 4 threads",
            "cells",
            cell,
            M,
            Against::Way("RwLock of Arc"),
            0.8,
        ),
        row(
            "bytes of a `History` of 100 versions",
            "history",
            history,
            M,
            Against::Way("full copies"),
            1.0 / 40.0,
        ),
        alone(IMBL, 1.0).cow(1.0 / 1.5),
        two(IMBL, 1.0).cow(1.0 / 1.5),
        alone(REDB, 1.0 / 3.0).cow(1.0 / 4.0),
        two(REDB, 1.0 / 3.0).cow(1.0 / 4.0),
        row(
            "longest pause of a writer while a reader scans",
            "tables",
            pause,
            10 * M,
            Against::Map(MapId::Std),
            1.0 / 50.0,
        ),
        bytes("bytes of a checkpoint after 1,000 changes", 1.0 / 500.0),
        durable("checkpoint after 1,000 changes", changed, "all rows", 1.0 / 15.0),
        durable("recovery from a checkpoint", "recovery from a checkpoint|open", "collect", 3.0),
        durable(
            "recovery from a log of 250,000 commits",
            "recovery from a log|open",
            "collect",
            3.0,
        ),
        durable("buffered commit, 1 thread", "commits, 1 thread|buffered", "in memory", 2.0),
        durable("buffered commit, 2 threads", "commits, 2 threads|buffered", "in memory", 2.0),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::targets;
    use crate::workloads;

    #[test]
    fn every_row_is_of_a_workload_that_exists_and_none_is_there_twice() {
        let mut rows = HashSet::new();
        for target in targets() {
            assert!(workloads::names().contains(&target.cell.workload), "{target:?}");
            let row = (target.operation, target.place(), target.against_name());
            assert!(rows.insert(row), "{target:?}");
        }
    }
}
