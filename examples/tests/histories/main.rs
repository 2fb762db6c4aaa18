//! Histories: random transactions of several threads are recorded, and what they saw is checked
//! afterwards.
//!
//! | question | file |
//! |---|---|
//! | What is tested: the table, or one that is broken on purpose? | `store.rs` |
//! | How do threads take turns? | `pace.rs` |
//! | What do transactions do, and what do they see? | `random.rs` |
//! | Is that snapshot isolation, or serializable? | `check.rs` |
//! | And by the verdict of the crate `adya`? | `appends.rs` |
//!
//! A history that several threads make is another one each time. So what is asserted of the table
//! holds in every interleaving. A broken table has to be found in every interleaving, too. For that
//! threads go in rounds, in which transactions are sure to overlap.

mod appends;
mod check;
mod pace;
mod random;
mod store;

use std::collections::BTreeMap;

use cowmap::Retention;
use cowmap_examples::table::{Commit, Isolation, VersionTable};

use check::{Checked, Violation, check};
use pace::Pace;
use random::{FIRST, Record};
use store::{Fault, Store};

const BOTH: [Isolation; 2] = [Isolation::Snapshot, Isolation::Serializable];

fn store(isolation: Isolation, fault: Option<Fault>) -> Store<u64> {
    let table = VersionTable::with_retention(FIRST, Retention::last(usize::MAX));
    Store::new(table, isolation, fault)
}

/// The history of a store, and the verdict on it.
fn history(store: &Store<u64>, pace: Pace, seed: u64) -> (Vec<Record>, Result<Checked, Violation>) {
    let records = random::run(store, pace, seed);
    let checked = check(&records, BTreeMap::from(FIRST), store.isolation());
    (records, checked)
}

#[test]
fn each_read_is_the_newest_version_and_overlapping_writes_are_disjoint() {
    for isolation in BOTH {
        for seed in 0..4 {
            for pace in [Pace::FREE, Pace::ROUNDS] {
                let store = store(isolation, None);
                let (_, checked) = history(&store, pace, seed);
                let checked = checked.unwrap_or_else(|violation| panic!("{violation:?}"));
                // There was something to go wrong. How much depends on who was faster.
                assert!(checked.commits.len() > 10, "{checked:?}");
                if pace == Pace::ROUNDS {
                    assert!(checked.overlaps > 0 && checked.refused > 0, "{checked:?}");
                }
                the_past_is(&store, &checked);
            }
        }
    }
}

/// What the table says of its past is what was committed.
fn the_past_is(store: &Store<u64>, checked: &Checked) {
    let table = store.table();
    let (mut content, mut before) = (BTreeMap::from(FIRST), Commit::from(0));
    let mut histories: BTreeMap<u64, Vec<(Commit, Option<u64>)>> =
        FIRST.iter().map(|&(key, value)| (key, vec![(before, Some(value))])).collect();
    for (&number, writes) in &checked.commits {
        let commit = Commit::from(number);
        let changes = table.changes(before..commit).unwrap();
        let changed: BTreeMap<_, _> =
            changes.iter().map(|change| (change.key(), change.new().copied())).collect();
        assert_eq!((changes.len(), &changed), (writes.len(), writes));
        for (&key, &value) in writes {
            match value {
                Some(value) => content.insert(key, value),
                None => content.remove(&key),
            };
            histories.entry(key).or_default().insert(0, (commit, value));
        }
        let then = table.as_of(commit).unwrap();
        assert_eq!(then.len(), content.len());
        assert!(then.iter().all(|(key, value)| content.get(&key) == Some(value)));
        before = commit;
    }
    assert_eq!(table.newest(), before);
    for (key, history) in histories {
        assert_eq!(table.history(key), history);
    }
    assert!(table.readers().is_empty());
    // Now nobody needs the marks of deletions.
    table.vacuum_all(10);
    assert_eq!(table.marks(), 0);
    let rows: BTreeMap<_, _> = table.snapshot().iter().map(|(k, &value)| (k, value)).collect();
    assert_eq!(rows, content);
}

/// What the check says of a broken table, in rounds.
fn violation(isolation: Isolation, fault: Fault, seed: u64) -> Violation {
    let (_, checked) = history(&store(isolation, Some(fault)), Pace::ROUNDS, seed);
    checked.expect_err("the fault was not found")
}

#[test]
fn a_table_whose_commits_validate_nothing_is_found() {
    for isolation in BOTH {
        for seed in 0..3 {
            let found = violation(isolation, Fault::ValidatesNothing, seed);
            assert!(
                matches!(found, Violation::BothWrote { .. } | Violation::ReadWasWritten { .. }),
                "{found:?}"
            );
        }
    }
}

#[test]
fn a_table_that_reads_what_came_later_is_found() {
    for isolation in BOTH {
        for fault in [Fault::GetsTheNewest, Fault::ScansTheNewest] {
            for seed in 0..3 {
                let found = violation(isolation, fault, seed);
                assert!(matches!(found, Violation::Saw { .. }), "{found:?}");
            }
        }
    }
}

#[test]
fn a_table_that_reads_an_older_version_is_found() {
    for seed in 0..3 {
        let found = violation(Isolation::Snapshot, Fault::GetsTheFirst, seed);
        assert!(matches!(found, Violation::Saw { .. }), "{found:?}");
    }
}

#[test]
fn a_table_that_rolls_back_to_no_savepoint_is_found() {
    for seed in 0..3 {
        let found = violation(Isolation::Snapshot, Fault::KeepsAll, seed);
        // Or a number for one that has taken back all that it wrote.
        assert!(matches!(found, Violation::Saw { .. } | Violation::Number { .. }), "{found:?}");
    }
}

#[test]
fn a_table_that_forgets_what_a_thread_has_seen_is_found() {
    for seed in 0..3 {
        let found = violation(Isolation::Snapshot, Fault::BeginsEarlier, seed);
        assert!(matches!(found, Violation::LostSight { .. }), "{found:?}");
    }
}

#[test]
fn a_table_that_refuses_without_need_is_found() {
    for seed in 0..3 {
        let found = violation(Isolation::Snapshot, Fault::RefusesAnyOverlap, seed);
        assert!(matches!(found, Violation::NoConflict { .. }), "{found:?}");
    }
}

#[test]
fn snapshot_isolation_is_not_taken_for_serializable() {
    for seed in 0..3 {
        let records = random::run(&store(Isolation::Snapshot, None), Pace::ROUNDS, seed);
        let found = check(&records, BTreeMap::from(FIRST), Isolation::Serializable);
        assert!(matches!(found, Err(Violation::ReadWasWritten { .. })), "{found:?}");
    }
}
