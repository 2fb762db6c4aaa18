//! What those see that wait for changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cowmap::{Change, SentinelKey};
use cowmap_examples::table::{Batch, VersionTable};

use super::{Table, commit, remembering, rows};

/// So long that a test that ends is not waiting for it.
const LONG: Duration = Duration::from_secs(3600);

/// Applies changes to a copy of a table, which must have what they say it had.
fn apply(copy: &mut BTreeMap<u64, i64>, changes: &[Change<u64, i64>]) {
    for change in changes {
        let old = match change.new() {
            Some(&new) => copy.insert(change.key(), new),
            None => copy.remove(&change.key()),
        };
        assert_eq!(old.as_ref(), change.old());
    }
}

#[test]
fn each_commit_that_is_awaited_is_a_batch() {
    let table = remembering([(1, 10)]);
    let mut watch = table.watch(table.newest()).unwrap();
    assert_eq!(watch.next_within(Duration::ZERO), None);
    let from = table.newest();
    let to = commit(&table, |txn| txn.put(1, 11));
    let changes = vec![Change::Updated { key: 1, old: 10, new: 11 }];
    assert_eq!(watch.next(), Some(Batch { from, to, changes }));
    let last = commit(&table, |txn| assert!(txn.delete(1)));
    let changes = vec![Change::Removed { key: 1, value: 11 }];
    assert_eq!(watch.next(), Some(Batch { from: to, to: last, changes }));
    assert_eq!(watch.next_within(Duration::ZERO), None);
    assert_eq!(watch.snapshot().commit(), last);
}

#[test]
fn commits_that_nobody_asked_for_are_one_batch() {
    let table = remembering([(1, 10), (2, 20)]);
    let from = table.newest();
    let mut watch = table.watch(from).unwrap();
    for turn in 0..100 {
        commit(&table, |txn| txn.put(1, turn));
    }
    commit(&table, |txn| txn.put(3, 30));
    let to = commit(&table, |txn| assert!(txn.delete(3)));
    let changes = vec![Change::Updated { key: 1, old: 10, new: 99 }];
    assert_eq!(watch.next(), Some(Batch { from, to, changes }));
}

#[test]
fn one_that_begins_late_begins_where_it_says() {
    let table = remembering([(1, 0)]);
    let from = commit(&table, |txn| txn.put(1, 1));
    let to = commit(&table, |txn| txn.put(2, 2));
    let mut watch = table.watch(from).unwrap();
    assert_eq!(rows(watch.snapshot()), [(1, 1)]);
    let changes = vec![Change::Added { key: 2, value: 2 }];
    assert_eq!(watch.next(), Some(Batch { from, to, changes }));
}

#[test]
fn a_value_that_was_changed_and_changed_back_wakes() {
    let table = Table::new([(1, 10)]);
    let mut watch = table.watch(table.newest()).unwrap();
    commit(&table, |txn| txn.put(1, 11));
    commit(&table, |txn| txn.put(1, 10));
    let batch = watch.next().unwrap();
    assert_eq!(batch.changes, [Change::Updated { key: 1, old: 10, new: 10 }]);
}

#[test]
fn a_vacuum_is_no_batch() {
    let table = Table::new((0..100).map(|key| (key, 0)));
    let mut watch = table.watch(table.newest()).unwrap();
    let deleted = commit(&table, |txn| (0..100).for_each(|key| assert!(txn.delete(key))));
    assert_eq!(watch.next().unwrap().changes.len(), 100);
    assert_eq!(table.vacuum_all(10), 100);
    assert_eq!(watch.next_within(Duration::ZERO), None);
    // Nor does it come between, or hide a row that is written again.
    let to = commit(&table, |txn| txn.put(1, 1));
    let changes = vec![Change::Added { key: 1, value: 1 }];
    assert_eq!(watch.next(), Some(Batch { from: deleted, to, changes }));
}

#[test]
fn the_end_of_the_table_ends_it_after_the_last_commit() {
    let table = remembering([(1, 10)]);
    let (from, mut early) = (table.newest(), table.watch(table.newest()).unwrap());
    commit(&table, |txn| txn.put(1, 11));
    table.close();
    let late = table.watch(from).unwrap();
    assert_eq!(late.map(|batch| batch.changes.len()).sum::<usize>(), 1);
    assert_eq!(early.next().unwrap().changes.len(), 1);
    assert_eq!((early.next(), early.next(), early.next_within(LONG)), (None, None, None));
    let mut after = table.watch(table.newest()).unwrap();
    assert_eq!(after.next(), None);
}

#[test]
fn one_that_waits_is_woken_by_the_end() {
    let table = &Table::new([(1, 10)]);
    let (waits, waiting) = mpsc::channel();
    thread::scope(|scope| {
        let batches = scope.spawn(move || {
            let watch = table.watch(table.newest()).unwrap();
            waits.send(()).unwrap();
            watch.count()
        });
        waiting.recv().unwrap();
        // Whether it waits yet or not, it ends.
        table.close();
        assert_eq!(batches.join().unwrap(), 0);
    });
}

#[test]
fn nothing_is_lost_whatever_runs_beside() {
    const TURNS: u64 = 300;
    let table = &Table::new((0..50).map(|key| (key, 0)));
    let first: BTreeMap<_, _> = (0..50).map(|key| (key, 0)).collect();
    let copies = thread::scope(|scope| {
        let watchers: Vec<_> = (0..2)
            .map(|_| {
                let watch = table.watch(table.newest()).unwrap();
                let mut copy = first.clone();
                scope.spawn(move || {
                    let mut seen = watch.snapshot().commit();
                    for batch in watch {
                        assert!(batch.from == seen && batch.to > seen);
                        seen = batch.to;
                        apply(&mut copy, &batch.changes);
                    }
                    (seen, copy)
                })
            })
            .collect();
        thread::scope(|scope| {
            for thread in 0..3 {
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        // The threads have rows of their own, so that all commit.
                        let key = |n: u64| (turn * 7 + n) % 20 * 3 + thread;
                        commit(table, |txn| {
                            txn.put(key(0), turn.cast_signed());
                            txn.delete(key(5));
                        });
                        table.vacuum(5);
                    }
                });
            }
        });
        table.close();
        watchers.into_iter().map(|watcher| watcher.join().unwrap()).collect::<Vec<_>>()
    });
    let content: BTreeMap<_, _> = rows(&table.snapshot()).into_iter().collect();
    for (seen, copy) in copies {
        assert_eq!((seen, &copy), (table.newest(), &content));
    }
}

thread_local! {
    /// Runs whenever this thread reads a key from a table.
    static AT_EACH_KEY: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// A key that is noticed when it is read from a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Noticed(u64);

impl SentinelKey for Noticed {
    type Repr = u64;
    const SENTINEL: u64 = u64::MAX;
    fn into_repr(self) -> u64 {
        self.0
    }
    fn from_repr(repr: u64) -> Self {
        let hook = AT_EACH_KEY.take();
        if let Some(hook) = hook {
            hook();
            AT_EACH_KEY.set(Some(hook));
        }
        Noticed(repr)
    }
}

/// Each time that the watch looks at what a vacuum has published, the next step of it has been
/// published before the watch waits again.
#[test]
fn vacuums_do_not_prolong_a_wait() {
    let table: Rc<VersionTable<Noticed, i64>> =
        Rc::new(VersionTable::new((0..2000).map(|key| (Noticed(key), 0))));
    let mut txn = table.begin();
    (0..2000).for_each(|key| assert!(txn.delete(Noticed(key))));
    txn.commit().unwrap();
    let mut watch = table.watch(table.newest()).unwrap();
    assert!(table.vacuum(1).removed > 0);

    let vacuums = Rc::clone(&table);
    AT_EACH_KEY.set(Some(Rc::new(move || _ = vacuums.vacuum(1))));
    assert_eq!(watch.next_within(Duration::ZERO), None);
    AT_EACH_KEY.set(None);
    assert!(table.marks() > 0, "it waited for the end of the vacuum");
}
