//! What is known of the past: earlier tables, histories of rows, changes.

use std::collections::BTreeMap;
use std::process::abort;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use cowmap::{Change, Retention};
use cowmap_examples::table::{Commit, VersionTable};

use super::{commit, remembering, rows};

#[test]
fn every_commit_that_is_kept_can_be_read() {
    let table = remembering([]);
    let mut model = BTreeMap::new();
    let mut expected = vec![(table.newest(), Vec::new())];
    for turn in 0..100_u64 {
        let at = commit(&table, |txn| {
            txn.put(turn % 17, turn.cast_signed());
            txn.delete(turn * 7 % 13);
        });
        model.insert(turn % 17, turn.cast_signed());
        model.remove(&(turn * 7 % 13));
        expected.push((at, model.clone().into_iter().collect()));
        // Which is no commit, and shows nowhere.
        table.vacuum(4);
    }
    for (at, content) in &expected {
        let then = table.as_of(*at).unwrap();
        assert_eq!((then.commit(), then.len(), &rows(&then)), (*at, content.len(), content));
    }
    // Changes lead from each of them to each other one, in both directions.
    for (from, before) in expected.iter().step_by(9) {
        for (to, after) in expected.iter().step_by(7) {
            let mut content: BTreeMap<_, _> = before.iter().copied().collect();
            for change in table.changes(*from..*to).unwrap() {
                let old = match change.new() {
                    Some(&new) => content.insert(change.key(), new),
                    None => content.remove(&change.key()),
                };
                assert_eq!(old.as_ref(), change.old());
            }
            assert!(content.iter().map(|(&key, &value)| (key, value)).eq(after.iter().copied()));
        }
    }
}

#[test]
fn a_value_that_was_changed_and_changed_back_is_a_change() {
    let table = remembering([(1, 10), (2, 20)]);
    let before = table.newest();
    let away = commit(&table, |txn| txn.put(1, 11));
    let back = commit(&table, |txn| txn.put(1, 10));
    let changes = table.changes(before..back).unwrap();
    assert_eq!(changes, [Change::Updated { key: 1, old: 10, new: 10 }]);
    let history = [(back, Some(10)), (away, Some(11)), (before, Some(10))];
    assert_eq!(table.history(1), history);
    assert_eq!(table.history(2), [(before, Some(20))]);
}

#[test]
fn a_row_that_came_and_went_between_two_commits_is_no_change() {
    let table = remembering([]);
    let before = table.newest();
    commit(&table, |txn| txn.put(1, 10));
    let after = commit(&table, |txn| assert!(txn.delete(1)));
    assert_eq!(table.changes(before..after).unwrap(), []);
    // Its history has it.
    assert_eq!(table.history(1).len(), 2);
}

#[test]
fn a_forgotten_commit_is_an_error_that_says_what_is_kept() {
    let table = VersionTable::with_retention([(1_u64, 0_i64)], Retention::last(3));
    for turn in 1..=5 {
        commit(&table, |txn| txn.put(1, turn));
    }
    let (at, kept) = (Commit::from, Some(Commit::from(3)..=Commit::from(5)));
    let says = "version 2 has been forgotten: versions 3 to 5 are kept";
    let error = table.as_of(at(2)).err().unwrap();
    assert_eq!((error.version(), error.kept(), error.to_string().as_str()), (at(2), kept, says));
    assert!(!error.is_yet_to_come());
    assert_eq!(table.changes(at(2)..at(4)).unwrap_err(), error);
    assert_eq!(table.watch(at(2)).err(), Some(error));
    let error = table.changes(at(4)..at(6)).unwrap_err();
    assert_eq!((error.version(), error.is_yet_to_come()), (at(6), true));
    // What is kept is there, and what a row was before is not guessed.
    assert_eq!(table.as_of(at(3)).unwrap().get(1), Some(&3));
    let history: Vec<_> = table.history(1).into_iter().map(|(_, value)| value.unwrap()).collect();
    assert_eq!(history, [5, 4, 3]);
}

#[test]
fn a_row_that_was_not_written_lately_has_its_last_version_still() {
    let table = VersionTable::with_retention([(1_u64, 10_i64), (2, 0)], Retention::last(3));
    let first = table.newest();
    for turn in 1..=50 {
        commit(&table, |txn| txn.put(2, turn));
    }
    assert_eq!(table.history(1), [(first, Some(10))]);
}

#[test]
fn a_vacuum_counts_for_no_retention_and_takes_no_number() {
    let table = VersionTable::with_retention((0..100).map(|key| (key, 0)), Retention::last(2));
    let first = table.newest();
    let deleted = commit(&table, |txn| (0..100).for_each(|key| assert!(txn.delete(key))));
    while !table.vacuum(1).ended {}
    assert_eq!((table.newest(), table.marks()), (deleted, 0));
    assert_eq!(table.as_of(first).unwrap().len(), 100);
    assert_eq!(table.as_of(deleted).unwrap().len(), 0);
    let next = commit(&table, |txn| txn.put(1, 1));
    assert_eq!(u64::from(next), u64::from(deleted) + 1);
    assert_eq!(table.as_of(deleted).unwrap().len(), 0);
    assert!(table.as_of(first).is_err());
}

#[test]
fn what_is_kept_for_its_age_is_kept_however_much_comes() {
    let hour = Duration::from_secs(3600);
    let table = VersionTable::with_retention([(1_u64, 0_i64)], Retention::for_at_least(hour));
    let first = table.newest();
    for turn in 1..=100 {
        commit(&table, |txn| txn.put(1, turn));
    }
    assert_eq!(table.as_of(first).unwrap().get(1), Some(&0));
    assert_eq!(table.history(1).len(), 101);
}

/// Who sees a commit in one way sees it in all others: the past is not ahead of the table, nor
/// behind it.
#[test]
fn a_commit_is_in_the_table_and_in_the_past_at_once() {
    let table = &remembering([(1, 0)]);
    let ended = &AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            for turn in 1..=2000 {
                commit(table, |txn| txn.put(1, turn));
            }
            ended.store(true, SeqCst);
        });
        while !ended.load(SeqCst) {
            let next = Commit::from(u64::from(table.newest()) + 1);
            if let Ok(then) = table.as_of(next) {
                assert!(table.newest() >= next, "the past was ahead");
                assert!(table.begin().get(1) >= then.get(1), "the past was ahead");
            }
            let snapshot = table.snapshot();
            assert!(table.as_of(snapshot.commit()).is_ok(), "the past was behind");
        }
    });
    assert_eq!(u64::from(table.newest()), 2000);
}

/// A value whose drop reads the past of its table, in another thread, as long as there is one.
#[derive(Clone)]
struct Curious;

static CURIOUS: OnceLock<VersionTable<u64, Curious>> = OnceLock::new();
static READ: AtomicUsize = AtomicUsize::new(0);

impl Drop for Curious {
    fn drop(&mut self) {
        let Some(table) = CURIOUS.get() else { return };
        let (read, reads) = mpsc::channel();
        thread::spawn(move || {
            let newest = table.newest();
            // Only one that waited for a lock does not come to this.
            read.send(table.as_of(newest).is_ok()).unwrap();
        });
        match reads.recv_timeout(Duration::from_secs(60)) {
            Ok(found) => assert!(found),
            Err(_) => abort(),
        }
        READ.fetch_add(1, SeqCst);
    }
}

#[test]
fn what_is_forgotten_is_dropped_when_the_past_can_be_read() {
    let rows = [(1, Curious), (2, Curious)];
    let table = VersionTable::with_retention(rows, Retention::last(2));
    let table = CURIOUS.get_or_init(|| table);
    for _ in 0..10 {
        let mut txn = table.begin();
        txn.put(1, Curious);
        txn.commit().unwrap();
    }
    // The page of each version that was forgotten went with its rows.
    assert!(READ.load(SeqCst) >= 9);
}
