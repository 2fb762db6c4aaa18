//! What transactions see and write.

use std::thread;

use cowmap_examples::table::{CommitError, Conflict, Isolation, Present};

use super::{Table, commit, remembering, rows, scanned};

#[test]
fn a_deletion_that_is_not_committed_is_seen_by_its_own_transaction_alone() {
    let table = Table::new([(1, 10), (2, 20)]);
    let (mut deletes, other) = (table.begin(), table.begin());
    assert!(deletes.delete(1));
    assert_eq!((deletes.get(1), other.get(1), table.begin().get(1)), (None, Some(&10), Some(&10)));
    assert_eq!(scanned(&deletes), [(2, 20)]);
    assert_eq!(scanned(&other), [(1, 10), (2, 20)]);
    let at = deletes.commit().unwrap();
    assert_eq!((other.get(1), table.begin().get(1)), (Some(&10), None));
    assert_eq!(table.snapshot().len(), 1);
    assert_eq!(table.newest(), at);
}

#[test]
fn a_row_of_the_future_is_not_seen_until_one_begins_anew() {
    let table = Table::new([]);
    let txn = table.begin();
    for (key, value) in [(1, 10), (2, 20)] {
        commit(&table, |other| other.insert(key, value).unwrap());
        assert_eq!((txn.get(key), txn.scan().count()), (None, 0));
    }
    txn.commit().unwrap();
    assert_eq!(scanned(&table.begin()), [(1, 10), (2, 20)]);
}

#[test]
fn a_row_of_the_future_cannot_be_inserted_again() {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let table = Table::new([]);
        let mut late = table.begin_with(isolation);
        let first = commit(&table, |other| other.insert(1, 10).unwrap());
        // It is not seen, so this is allowed. The commit is not.
        late.insert(1, 11).unwrap();
        let begun = late.begun();
        let conflict = Conflict::Written { key: 1, begun, committed: first };
        assert_eq!(late.commit(), Err(CommitError::Conflict(conflict)));
        assert_eq!(rows(&table.snapshot()), [(1, 10)]);
    }
}

#[test]
fn one_that_began_after_the_commit_has_no_conflict() {
    let table = Table::new([(1, 0)]);
    for turn in 1..100 {
        let begun = table.newest();
        let mut txn = table.begin_with(Isolation::Serializable);
        assert_eq!((txn.begun(), txn.get(1), txn.scan().count()), (begun, Some(&(turn - 1)), 1));
        txn.put(1, turn);
        assert!(txn.commit().unwrap() > begun);
    }
}

#[test]
fn those_that_overlap_and_write_other_rows_both_commit() {
    let table = Table::new((0..100).map(|key| (key, 0)));
    let transactions: Vec<_> = (0..100)
        .map(|key| {
            let mut txn = table.begin_with(Isolation::Serializable);
            assert_eq!(txn.get(key), Some(&0));
            txn.put(key, 1);
            txn
        })
        .collect();
    for txn in transactions {
        txn.commit().unwrap();
    }
    assert!(table.snapshot().iter().all(|(_, &value)| value == 1));
}

#[test]
fn the_first_to_commit_wins_not_the_first_to_begin_or_to_write() {
    let table = Table::new([(1, 0)]);
    let (mut first, mut second) = (table.begin(), table.begin());
    first.put(1, 1);
    second.put(1, 2);
    let won = second.commit().unwrap();
    let Err(CommitError::Conflict(conflict)) = first.commit() else { panic!("it came second") };
    assert_eq!((conflict.key(), conflict.committed()), (Some(1), won));
    let text = conflict.to_string();
    assert_eq!(
        text,
        "row 1 was written by commit 1; the transaction began after commit 0: begin \
                      it anew"
    );
}

#[test]
fn a_value_that_was_changed_and_changed_back_is_a_conflict() {
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let table = Table::new([(1, 10), (2, 20)]);
        let (mut writes, mut reads) = (table.begin_with(isolation), table.begin_with(isolation));
        writes.put(1, 10);
        assert_eq!(reads.get(1), Some(&10));
        reads.put(2, 0);
        commit(&table, |txn| txn.put(1, 11));
        let back = commit(&table, |txn| txn.put(1, 10));
        let Err(CommitError::Conflict(conflict)) = writes.commit() else { panic!("A→B→A") };
        assert_eq!((conflict.key(), conflict.committed()), (Some(1), back));
        let result = reads.commit();
        assert_eq!(result.is_err(), isolation == Isolation::Serializable);
    }
}

#[test]
fn a_row_that_was_inserted_and_deleted_meanwhile_is_a_conflict() {
    let table = Table::new([(2, 20)]);
    let mut writes = table.begin();
    let mut reads = table.begin_with(Isolation::Serializable);
    writes.put(1, 10);
    assert_eq!(reads.get(1), None);
    reads.put(2, 21);
    commit(&table, |txn| txn.put(1, 11));
    let gone = commit(&table, |txn| assert!(txn.delete(1)));
    // The mark of the deletion is younger than these, so a vacuum leaves it to them.
    assert_eq!(table.vacuum_all(10), 0);
    for (txn, name) in [(writes, "one that writes it"), (reads, "one that looked for it")] {
        let Err(CommitError::Conflict(conflict)) = txn.commit() else { panic!("{name}") };
        assert_eq!((conflict.key(), conflict.committed()), (Some(1), gone), "{name}");
    }
    assert_eq!(table.vacuum_all(10), 1);
}

#[test]
fn deleting_what_is_not_there_writes_nothing() {
    let table = Table::new([]);
    let (mut none, mut own) = (table.begin(), table.begin());
    assert!(!none.delete(1));
    assert_eq!(none.commit(), Ok(table.newest()));
    // Its own row, which nobody else ever sees.
    own.insert(1, 10).unwrap();
    assert!(own.delete(1));
    assert!(!own.delete(1));
    own.insert(1, 11).unwrap();
    assert!(own.delete(1));
    own.commit().unwrap();
    assert_eq!((table.snapshot().len(), table.marks()), (0, 0));
}

#[test]
fn inserting_what_is_there_is_an_error_and_the_transaction_goes_on() {
    let table = Table::new([(1, 10)]);
    let mut txn = table.begin();
    assert_eq!(txn.insert(1, 11), Err(Present { key: 1 }));
    assert_eq!(txn.get(1), Some(&10));
    txn.insert(2, 20).unwrap();
    assert_eq!(txn.insert(2, 21), Err(Present { key: 2 }));
    assert!(txn.delete(1));
    txn.insert(1, 12).unwrap();
    txn.commit().unwrap();
    assert_eq!(rows(&table.snapshot()), [(1, 12), (2, 20)]);
}

#[test]
fn one_that_only_reads_commits_whatever_came_meanwhile() {
    let table = remembering([(1, 10)]);
    let txn = table.begin_with(Isolation::Serializable);
    assert_eq!((txn.get(1), txn.scan().count()), (Some(&10), 1));
    let begun = table.newest();
    commit(&table, |txn| txn.put(1, 11));
    table.close();
    assert_eq!(txn.commit(), Ok(begun));
}

#[test]
fn the_number_that_one_begins_with_is_a_commit_also_after_a_vacuum() {
    let table = remembering([(1, 10), (2, 20)]);
    let deleted = commit(&table, |txn| assert!(txn.delete(1)));
    assert_eq!(table.vacuum_all(10), 1);
    let txn = table.begin();
    assert_eq!(txn.begun(), deleted);
    assert_eq!(table.readers()[0].commit, deleted);
    assert!(table.watch(txn.begun()).is_ok());
    assert_eq!(rows(&table.as_of(txn.begun()).unwrap()), scanned(&txn));
    // One that wrote nothing returns it, too.
    assert_eq!(txn.commit(), Ok(deleted));
    // And a conflict names it.
    let mut late = table.begin();
    late.put(2, 0);
    let first = commit(&table, |txn| txn.put(2, 21));
    let conflict = Conflict::Written { key: 2, begun: deleted, committed: first };
    assert_eq!(late.commit(), Err(CommitError::Conflict(conflict)));
}

#[test]
fn transfers_of_several_threads_keep_the_total() {
    const ACCOUNTS: u64 = 10;
    const TRANSFERS: u64 = 300;
    for isolation in [Isolation::Snapshot, Isolation::Serializable] {
        let table = &Table::new((0..ACCOUNTS).map(|key| (key, 100)));
        thread::scope(|scope| {
            for thread in 0..3 {
                scope.spawn(move || {
                    for turn in 0..TRANSFERS {
                        let (from, to) = (turn % ACCOUNTS, (turn + thread + 1) % ACCOUNTS);
                        // Ends: of those that are in conflict, one has committed.
                        while !transfer(table, isolation, from, to) {
                            thread::yield_now();
                        }
                    }
                });
            }
            for _ in 0..TRANSFERS {
                let txn = table.begin_with(isolation);
                let total: i64 = txn.scan().map(|(_, &value)| value).sum();
                let again: i64 = (0..ACCOUNTS).map(|key| txn.get(key).unwrap()).sum();
                assert_eq!((total, again), (100 * ACCOUNTS.cast_signed(), total));
            }
        });
        assert_eq!(u64::from(table.newest()), 3 * TRANSFERS);
        assert_eq!(table.snapshot().iter().map(|(_, value)| value).sum::<i64>(), 1000);
        assert!(table.readers().is_empty());
    }
}

/// Moves 1, and returns whether that was committed.
fn transfer(table: &Table, isolation: Isolation, from: u64, to: u64) -> bool {
    let mut txn = table.begin_with(isolation);
    let (has, gets) = (*txn.get(from).unwrap(), *txn.get(to).unwrap());
    txn.put(from, has - 1);
    txn.put(to, gets + 1);
    txn.commit().is_ok()
}

#[test]
fn what_is_rolled_back_to_a_savepoint_was_never_written() {
    let table = Table::new([(1, 10), (2, 20)]);
    let mut txn = table.begin();
    txn.put(1, 11);
    let first = txn.savepoint();
    txn.put(1, 12);
    assert!(txn.delete(2));
    let second = txn.savepoint();
    txn.insert(3, 30).unwrap();
    assert_eq!(scanned(&txn), [(1, 12), (3, 30)]);
    txn.rollback_to(&second);
    assert_eq!(scanned(&txn), [(1, 12)]);
    txn.rollback_to(&first);
    assert_eq!(scanned(&txn), [(1, 11), (2, 20)]);
    // Both can be used again, also in this order.
    txn.rollback_to(&second);
    assert_eq!(scanned(&txn), [(1, 12)]);
    txn.rollback_to(&first);
    txn.commit().unwrap();
    assert_eq!(rows(&table.snapshot()), [(1, 11), (2, 20)]);
    assert_eq!(table.marks(), 0);
}

#[test]
fn a_write_that_was_rolled_back_is_in_no_conflict() {
    let table = Table::new([(1, 10), (2, 20)]);
    let mut txn = table.begin();
    let nothing = txn.savepoint();
    txn.put(1, 11);
    txn.rollback_to(&nothing);
    txn.put(2, 21);
    commit(&table, |other| other.put(1, 12));
    txn.commit().unwrap();
    assert_eq!(rows(&table.snapshot()), [(1, 12), (2, 21)]);
}

#[test]
fn a_read_stays_read_when_writes_are_rolled_back() {
    let table = Table::new([(1, 10), (2, 20)]);
    let mut txn = table.begin_with(Isolation::Serializable);
    let nothing = txn.savepoint();
    let value = *txn.get(1).unwrap();
    txn.put(2, value);
    txn.rollback_to(&nothing);
    txn.put(2, 0);
    let first = commit(&table, |other| other.put(1, 11));
    let conflict = Conflict::Read { key: 1, begun: txn.begun(), committed: first };
    assert_eq!(txn.commit(), Err(CommitError::Conflict(conflict)));
}

#[test]
#[should_panic(expected = "a savepoint of")]
fn a_savepoint_of_another_transaction_is_refused() {
    let table = Table::new([(1, 10)]);
    let savepoint = table.begin().savepoint();
    table.begin().rollback_to(&savepoint);
}

#[test]
#[should_panic(expected = "a savepoint of")]
fn a_savepoint_of_another_table_is_refused() {
    let (one, other) = (Table::new([(1, 10)]), Table::new([(1, 10)]));
    let mut txn = one.begin();
    txn.put(1, 11);
    let savepoint = txn.savepoint();
    other.begin().rollback_to(&savepoint);
}

#[test]
fn a_closed_table_takes_no_commits_and_can_be_read() {
    let table = Table::new([(1, 10)]);
    let mut txn = table.begin();
    txn.put(1, 11);
    let begun = table.newest();
    table.close();
    table.close();
    assert_eq!(txn.commit(), Err(CommitError::Closed));
    let mut txn = table.begin();
    assert_eq!((txn.get(1), txn.begun(), table.newest()), (Some(&10), begun, begun));
    txn.put(1, 12);
    assert_eq!(txn.commit(), Err(CommitError::Closed));
    assert_eq!(rows(&table.snapshot()), [(1, 10)]);
}
