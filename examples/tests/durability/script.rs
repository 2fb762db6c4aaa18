//! Transactions that a test runs, and what the table has after each of them.

use std::collections::BTreeMap;

use cowmap::Retention;
use cowmap_examples::table::store::{Durability, Options, StoreError};
use cowmap_examples::table::{Commit, CommitError, VersionTable};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::disk::SimDisk;

pub(crate) type Table = VersionTable<u64, String>;
/// The rows of a table, in order.
pub(crate) type Rows = BTreeMap<u64, String>;

/// What to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A transaction with these writes.
    Commit(Vec<(u64, Option<String>)>),
    Checkpoint,
    CheckpointFull,
    Sync,
    Vacuum,
}

/// Steps, and the rows after each commit: those after commit n at index n.
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) states: Vec<Rows>,
}

impl Script {
    /// A random one with so many commits, which goes on from some rows.
    pub(crate) fn random(seed: u64, commits: usize, from: &[Rows]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut script = Script { steps: Vec::new(), states: from.to_vec() };
        for number in 0..commits {
            let mut rows = script.states.last().expect("there is a first one").clone();
            // Each commit has a row of its own, so no two states are equal.
            let mut writes = vec![(1_000 + script.states.len() as u64, Some(format!("{number}")))];
            for _ in 0..rng.random_range(0..4) {
                let key = rng.random_range(0..30_u64);
                if writes.iter().all(|&(written, _)| written != key) {
                    let length = rng.random_range(0..20);
                    let value = rng.random_bool(0.7).then(|| "x".repeat(length));
                    if value.is_some() || rows.contains_key(&key) {
                        writes.push((key, value));
                    }
                }
            }
            for (key, value) in &writes {
                match value {
                    Some(value) => drop(rows.insert(*key, value.clone())),
                    None => drop(rows.remove(key)),
                }
            }
            script.states.push(rows);
            script.steps.push(Step::Commit(writes));
            match rng.random_range(0..10) {
                0 | 1 => script.steps.push(Step::Checkpoint),
                2 if rng.random_bool(0.3) => script.steps.push(Step::CheckpointFull),
                3 => script.steps.push(Step::Vacuum),
                4 => script.steps.push(Step::Sync),
                _ => {}
            }
        }
        script
    }

    /// Does all steps until one fails, on a table with this durability. Returns the last commit that
    /// must survive, and the last one that may.
    pub(crate) fn run(&self, table: &Table, durability: Durability) -> (u64, u64) {
        let mut certain = u64::from(table.newest());
        let mut possible = certain;
        for step in &self.steps {
            match step {
                Step::Commit(writes) => {
                    let mut txn = table.begin();
                    for (key, value) in writes {
                        match value {
                            Some(value) => txn.put(*key, value.clone()),
                            None => assert!(txn.delete(*key), "row {key} is there"),
                        }
                    }
                    match txn.commit() {
                        Ok(commit) => {
                            assert_eq!(u64::from(commit), possible + 1);
                            possible += 1;
                            if durability == Durability::Sync {
                                certain = possible;
                            }
                        }
                        Err(CommitError::Unknown { commit, .. }) => {
                            return (certain, commit.into());
                        }
                        Err(CommitError::Stopped(_)) => return (certain, possible),
                        Err(error) => panic!("{error}"),
                    }
                }
                // One that fails leaves all as it was, unless the log fails, too.
                Step::Checkpoint => drop(table.checkpoint()),
                Step::CheckpointFull => drop(table.checkpoint_full()),
                Step::Vacuum => drop(table.vacuum(100)),
                Step::Sync => match table.sync() {
                    Ok(commit) => certain = commit.into(),
                    Err(_) => return (certain, possible),
                },
            }
            certain = certain.max(table.status().unwrap().durable.into());
        }
        (certain, possible)
    }
}

/// What the script's table has, to be compared with a state.
pub(crate) fn rows(table: &Table) -> Rows {
    let snapshot = table.snapshot();
    let rows: Rows = snapshot.iter().map(|(key, value)| (key, value.clone())).collect();
    assert_eq!(rows.len(), snapshot.len());
    rows
}

/// What is there before any commit.
pub(crate) fn nothing() -> Vec<Rows> {
    vec![Rows::new()]
}

pub(crate) fn options(durability: Durability) -> Options {
    // Nothing is done in the background, so that each run is as the one before.
    let never = std::time::Duration::from_secs(86_400);
    let options = Options::new().durability(durability).checkpoint_from(None).sync_every(never);
    options.named("script").retention(Retention::last(1_000))
}

pub(crate) fn open(disk: &SimDisk, durability: Durability) -> Result<Table, StoreError> {
    options(durability).open_on(disk.clone())
}

/// Opens a table, which must be as it was after one of these commits. Returns which one.
#[track_caller]
pub(crate) fn check(table: &Table, states: &[Rows], commits: std::ops::RangeInclusive<u64>) -> u64 {
    let found = u64::from(table.newest());
    assert!(commits.contains(&found), "commit {found} is there, not one of {commits:?}");
    assert_eq!(rows(table), states[found as usize], "the rows after commit {found}");
    let recovery = table.recovery().unwrap();
    assert_eq!(recovery.commit, Commit::from(found));
    assert_eq!(recovery.replayed, found - u64::from(recovery.checkpoint));
    assert_eq!(table.marks(), 0);
    found
}
