//! What is left of transactions that end without a commit, and who is known to run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use cowmap_examples::table::{Isolation, VersionTable};

use super::fragile::{Fragile, panics};
use super::{Table, commit, remembering, rows};

#[test]
fn aborted_work_leaves_nothing() {
    let table = remembering((0..100).map(|key| (key, 0)));
    let before = table.newest();
    for turn in 0..50 {
        let mut txn = table.begin();
        txn.put(turn, 1);
        txn.insert(1000 + turn, 1).unwrap();
        assert!(txn.delete(turn + 50));
        if turn % 2 == 0 { txn.rollback() } else { drop(txn) }
    }
    assert_eq!((table.newest(), table.marks(), table.vacuum_all(10)), (before, 0, 0));
    assert_eq!(rows(&table.snapshot()), (0..100).map(|key| (key, 0)).collect::<Vec<_>>());
    assert_eq!(table.history(1000), []);
    assert!(table.readers().is_empty());
}

#[test]
fn one_that_was_refused_leaves_nothing() {
    let table = remembering([(1, 0), (2, 0)]);
    let mut late = table.begin();
    late.put(1, 1);
    assert!(late.delete(2));
    late.put(3, 1);
    let first = commit(&table, |txn| txn.put(1, 2));
    assert!(late.commit().is_err());
    assert_eq!((table.newest(), table.marks()), (first, 0));
    assert_eq!(rows(&table.snapshot()), [(1, 2), (2, 0)]);
    assert_eq!((table.history(2).len(), table.history(3).len()), (1, 0));
    assert!(table.readers().is_empty());
}

#[test]
fn a_panic_in_a_transaction_leaves_nothing() {
    let table = remembering([(1, 0), (2, 0)]);
    let before = table.newest();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut txn = table.begin();
        txn.put(1, 1);
        assert!(txn.delete(2));
        panic!("on purpose");
    }));
    assert!(result.is_err());
    assert!(table.readers().is_empty());
    assert_eq!((table.newest(), table.marks()), (before, 0));
    assert_eq!(rows(&table.snapshot()), [(1, 0), (2, 0)]);
    commit(&table, |txn| txn.put(1, 2));
}

#[test]
fn a_panic_in_a_commit_leaves_nothing() {
    let rows = (0..10).map(|key| (key, Fragile { broken: key == 5 }));
    let table: VersionTable<u64, Fragile> = VersionTable::new(rows);
    let before = table.newest();
    let mut txn = table.begin();
    txn.put(1, Fragile { broken: true });
    assert!(txn.delete(3));
    // The page that it writes has a row that cannot be copied.
    assert!(panics(|| txn.commit()));
    assert!(table.readers().is_empty());
    assert_eq!((table.newest(), table.snapshot().len(), table.marks()), (before, 10, 0));
    assert!(!table.snapshot().get(1).unwrap().broken);
    // The next one is in nobody's way.
    let mut txn = table.begin();
    txn.put(1, Fragile { broken: false });
    let next = txn.commit().unwrap();
    assert_eq!((table.newest(), table.as_of(next).unwrap().len()), (next, 10));
}

#[test]
fn the_reserved_key_is_refused_and_the_transaction_goes_on() {
    let table = Table::new([(1, 10)]);
    let mut txn = table.begin_with(Isolation::Serializable);
    assert_eq!(txn.get(u64::MAX), None);
    assert!(!txn.delete(u64::MAX));
    assert!(catch_unwind(AssertUnwindSafe(|| txn.put(u64::MAX, 1))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| txn.insert(u64::MAX, 1))).is_err());
    txn.put(1, 11);
    txn.commit().unwrap();
    assert_eq!(rows(&table.snapshot()), [(1, 11)]);
}

#[test]
fn readers_are_those_that_run_the_oldest_first() {
    let table = Table::new([(1, 0)]);
    assert!(table.readers().is_empty());
    let first = table.begin();
    let at = commit(&table, |txn| txn.put(1, 1));
    let second = table.begin_with(Isolation::Serializable);
    let readers = table.readers();
    let ids: Vec<_> = readers.iter().map(|reader| reader.id).collect();
    assert_eq!(ids, [first.id(), second.id()]);
    assert_eq!((readers[0].commit, readers[1].commit), (first.begun(), at));
    assert_eq!(readers[0].isolation, Isolation::Snapshot);
    assert_eq!(readers[1].isolation, Isolation::Serializable);
    assert!(readers[0].since <= readers[1].since);
    // Snapshots are no transactions.
    let _snapshot = table.snapshot();
    drop(first);
    let ids: Vec<_> = table.readers().iter().map(|reader| reader.id).collect();
    assert_eq!(ids, [second.id()]);
    second.commit().unwrap();
    assert!(table.readers().is_empty());
}

#[test]
fn a_reader_is_under_the_name_of_the_thread_that_began_it() {
    let table = &Table::new([(1, 10)]);
    let (began, begun) = mpsc::channel();
    let (seen, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let reader = thread::Builder::new().name("accountant".to_owned());
        let reads = move || {
            let txn = table.begin();
            began.send(txn.id()).unwrap();
            end.recv().unwrap();
            // It ends in another thread, as one may that was sent there.
            scope.spawn(move || txn.rollback()).join().unwrap();
        };
        let running = reader.spawn_scoped(scope, reads).unwrap();
        let id = begun.recv().unwrap();
        let readers = table.readers();
        assert_eq!((readers.len(), readers[0].id), (1, id));
        assert_eq!(readers[0].thread.as_deref(), Some("accountant"));
        seen.send(()).unwrap();
        running.join().unwrap();
    });
    assert!(table.readers().is_empty());
}
