//! The tests of [Hermitage](https://github.com/ept/hermitage), which tell the isolation levels of
//! databases apart, each a function of its own under its name there.
//!
//! Each begins with rows 1 → 10 and 2 → 20, and interleaves two or three transactions by hand. All
//! but the last three show what must be prevented under both isolations. Those three are *write
//! skew*: snapshot isolation allows it, and serializable transactions refuse it.
//!
//! Where Hermitage waits for a lock, there is nothing to wait for here. A write is collected aside,
//! and whether it may stay is decided by the commit. So the second writer of a row goes on, and its
//! commit is refused. Predicate reads are scans with a filter, and a write with a predicate writes
//! the rows that such a scan finds.

use cowmap::Paged;
use cowmap_examples::table::{Commit, CommitError, Conflict, Isolation, Transaction, VersionTable};

type Table = VersionTable<u64, i64>;
type Txn<'t> = Transaction<'t, u64, i64, Paged>;

const BOTH: [Isolation; 2] = [Isolation::Snapshot, Isolation::Serializable];

/// The rows that each test begins with.
fn rows() -> Table {
    VersionTable::new([(1, 10), (2, 20)])
}

/// The rows of a transaction that satisfy a predicate, in the order of their keys.
fn select(txn: &Txn<'_>, predicate: impl Fn(i64) -> bool) -> Vec<(u64, i64)> {
    let mut found: Vec<_> =
        txn.scan().map(|(key, &value)| (key, value)).filter(|&(_, v)| predicate(v)).collect();
    found.sort_unstable();
    found
}

fn all(txn: &Txn<'_>) -> Vec<(u64, i64)> {
    select(txn, |_| true)
}

/// Deletes the rows that satisfy a predicate; returns their keys.
fn delete_where(txn: &mut Txn<'_>, predicate: impl Fn(i64) -> bool) -> Vec<u64> {
    let keys: Vec<u64> = select(txn, predicate).into_iter().map(|(key, _)| key).collect();
    for &key in &keys {
        assert!(txn.delete(key));
    }
    keys
}

/// What is committed, in the order of the keys.
fn committed(table: &Table) -> Vec<(u64, i64)> {
    all(&table.begin())
}

/// Commits a transaction that must be refused because of the commit `first`. Returns the conflict.
#[track_caller]
fn refused(txn: Txn<'_>, first: Commit) -> Conflict<u64> {
    let begun = txn.begun();
    let Err(CommitError::Conflict(conflict)) = txn.commit() else { panic!("it was committed") };
    assert_eq!((conflict.begun(), conflict.committed()), (begun, first));
    conflict
}

/// As [`refused`], because both wrote the row `key`.
#[track_caller]
fn refused_for(txn: Txn<'_>, key: u64, first: Commit) {
    let conflict = refused(txn, first);
    assert!(matches!(conflict, Conflict::Written { .. }), "{conflict}");
    assert_eq!(conflict.key(), Some(key));
}

/// Write cycles: of two transactions that write both rows, one writes both and the other none.
#[test]
fn g0() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        t1.put(1, 11);
        t2.put(1, 12);
        t1.put(2, 21);
        let first = t1.commit().unwrap();
        assert_eq!(committed(&table), [(1, 11), (2, 21)]);
        t2.put(2, 22);
        let conflict = refused(t2, first);
        assert!(conflict.key().is_some());
        assert_eq!(committed(&table), [(1, 11), (2, 21)]);
    }
}

/// Aborted reads.
#[test]
fn g1a() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, t2) = (table.begin_with(isolation), table.begin_with(isolation));
        t1.put(1, 101);
        assert_eq!(all(&t2), [(1, 10), (2, 20)]);
        t1.rollback();
        assert_eq!(all(&t2), [(1, 10), (2, 20)]);
        t2.commit().unwrap();
        assert_eq!(committed(&table), [(1, 10), (2, 20)]);
    }
}

/// Intermediate reads.
#[test]
fn g1b() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, t2) = (table.begin_with(isolation), table.begin_with(isolation));
        t1.put(1, 101);
        assert_eq!(all(&t2), [(1, 10), (2, 20)]);
        t1.put(1, 11);
        t1.commit().unwrap();
        assert_eq!(all(&t2), [(1, 10), (2, 20)]);
        t2.commit().unwrap();
        assert_eq!(committed(&table), [(1, 11), (2, 20)]);
    }
}

/// Circular information flow: neither reads what the other one wrote.
#[test]
fn g1c() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        t1.put(1, 11);
        t2.put(2, 22);
        assert_eq!((t1.get(2), t2.get(1)), (Some(&20), Some(&10)));
        let first = t1.commit().unwrap();
        match isolation {
            Isolation::Snapshot => assert!(t2.commit().unwrap() > first),
            // Each read the row before the other one wrote it, so they have no order, either.
            Isolation::Serializable => {
                let conflict = refused(t2, first);
                assert!(matches!(conflict, Conflict::Read { key: 1, .. }), "{conflict}");
            }
        }
    }
}

/// Observed transaction vanishes: who saw one row of a commit sees its other row, too, also when
/// the rows have been written again.
#[test]
fn otv() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        t1.put(1, 11);
        t1.put(2, 19);
        t2.put(1, 12);
        let first = t1.commit().unwrap();
        let t3 = table.begin_with(isolation);
        assert_eq!(t3.get(1), Some(&11));
        t2.put(2, 18);
        assert_eq!(t3.get(2), Some(&19));
        let conflict = refused(t2, first);
        assert!(conflict.key().is_some());

        // The second writer begins anew. What the third one sees stays as it was.
        let mut t2 = table.begin_with(isolation);
        t2.put(1, 12);
        t2.put(2, 18);
        t2.commit().unwrap();
        assert_eq!(all(&t3), [(1, 11), (2, 19)]);
        t3.commit().unwrap();
        assert_eq!(committed(&table), [(1, 12), (2, 18)]);
    }
}

/// Predicate many preceders: a row that comes does not appear under a second predicate.
#[test]
fn pmp() {
    for isolation in BOTH {
        let table = rows();
        let (t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        assert_eq!(select(&t1, |value| value == 30), []);
        t2.insert(3, 30).unwrap();
        t2.commit().unwrap();
        assert_eq!(select(&t1, |value| value % 3 == 0), []);
        t1.commit().unwrap();
        assert_eq!(committed(&table), [(1, 10), (2, 20), (3, 30)]);
    }
}

/// Predicate many preceders, for writes: a deletion by a predicate does not go by values of which
/// some are old and some are new.
#[test]
fn pmp_write() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        for (key, value) in all(&t1) {
            t1.put(key, value + 10);
        }
        assert_eq!(select(&t2, |value| value == 20), [(2, 20)]);
        assert_eq!(delete_where(&mut t2, |value| value == 20), [2]);
        let first = t1.commit().unwrap();
        assert_eq!(select(&t2, |value| value == 20), []);
        refused_for(t2, 2, first);
        assert_eq!(committed(&table), [(1, 20), (2, 30)]);
    }
}

/// Lost update.
#[test]
fn p4() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        assert_eq!((t1.get(1), t2.get(1)), (Some(&10), Some(&10)));
        t1.put(1, 11);
        t2.put(1, 11);
        let first = t1.commit().unwrap();
        refused_for(t2, 1, first);
        assert_eq!(committed(&table), [(1, 11), (2, 20)]);
    }
}

/// Read skew: one row before a commit and the other one after it.
#[test]
fn g_single() {
    for isolation in BOTH {
        let table = rows();
        let (t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        assert_eq!(t1.get(1), Some(&10));
        assert_eq!((t2.get(1), t2.get(2)), (Some(&10), Some(&20)));
        t2.put(1, 12);
        t2.put(2, 18);
        t2.commit().unwrap();
        assert_eq!(t1.get(2), Some(&20));
        t1.commit().unwrap();
    }
}

/// Read skew by predicates.
#[test]
fn g_single_dependencies() {
    for isolation in BOTH {
        let table = rows();
        let (t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        assert_eq!(select(&t1, |value| value % 5 == 0), [(1, 10), (2, 20)]);
        for (key, _) in select(&t2, |value| value == 10) {
            t2.put(key, 12);
        }
        t2.commit().unwrap();
        assert_eq!(select(&t1, |value| value % 3 == 0), []);
        t1.commit().unwrap();
        assert_eq!(committed(&table), [(1, 12), (2, 20)]);
    }
}

/// Read skew by a predicate of a write, where the other transaction has committed.
#[test]
fn g_single_write_1() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        assert_eq!(t1.get(1), Some(&10));
        assert_eq!(all(&t2), [(1, 10), (2, 20)]);
        t2.put(1, 12);
        t2.put(2, 18);
        let first = t2.commit().unwrap();
        assert_eq!(delete_where(&mut t1, |value| value == 20), [2]);
        refused_for(t1, 2, first);
        assert_eq!(committed(&table), [(1, 12), (2, 18)]);
    }
}

/// Read skew by a predicate of a write, where the other transaction still runs. Hermitage rolls the
/// first one back. If it commits instead, the other one is refused.
#[test]
fn g_single_write_2() {
    for isolation in BOTH {
        for first_commits in [false, true] {
            let table = rows();
            let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
            assert_eq!(t1.get(1), Some(&10));
            assert_eq!(all(&t2), [(1, 10), (2, 20)]);
            t2.put(1, 12);
            assert_eq!(delete_where(&mut t1, |value| value == 20), [2]);
            t2.put(2, 18);
            if first_commits {
                let first = t1.commit().unwrap();
                refused_for(t2, 2, first);
                assert_eq!(committed(&table), [(1, 10)]);
            } else {
                t1.rollback();
                t2.commit().unwrap();
                assert_eq!(committed(&table), [(1, 12), (2, 18)]);
            }
        }
    }
}

/// Write skew: each reads both rows and writes one.
#[test]
fn g2_item() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        for txn in [&t1, &t2] {
            assert_eq!((txn.get(1), txn.get(2)), (Some(&10), Some(&20)));
        }
        t1.put(1, 11);
        t2.put(2, 21);
        let first = t1.commit().unwrap();
        match isolation {
            Isolation::Snapshot => {
                t2.commit().unwrap();
                assert_eq!(committed(&table), [(1, 11), (2, 21)]);
            }
            Isolation::Serializable => {
                let conflict = refused(t2, first);
                assert!(matches!(conflict, Conflict::Read { key: 1, .. }), "{conflict}");
                assert_eq!(committed(&table), [(1, 11), (2, 20)]);
            }
        }
    }
}

/// Write skew by predicates: each looks for such rows, finds none, and inserts one.
#[test]
fn g2() {
    for isolation in BOTH {
        let table = rows();
        let (mut t1, mut t2) = (table.begin_with(isolation), table.begin_with(isolation));
        for txn in [&t1, &t2] {
            assert_eq!(select(txn, |value| value % 3 == 0), []);
        }
        t1.insert(3, 30).unwrap();
        t2.insert(4, 42).unwrap();
        let first = t1.commit().unwrap();
        match isolation {
            Isolation::Snapshot => {
                t2.commit().unwrap();
                let found = select(&table.begin(), |value| value % 3 == 0);
                assert_eq!(found, [(3, 30), (4, 42)]);
            }
            Isolation::Serializable => {
                let conflict = refused(t2, first);
                assert!(matches!(conflict, Conflict::Scanned { .. }), "{conflict}");
                assert_eq!(committed(&table), [(1, 10), (2, 20), (3, 30)]);
            }
        }
    }
}

/// Write skew of which a third transaction, which only reads, makes a cycle.
#[test]
fn g2_two_edges() {
    for isolation in BOTH {
        let table = rows();
        let mut t1 = table.begin_with(isolation);
        assert_eq!(all(&t1), [(1, 10), (2, 20)]);
        let mut t2 = table.begin_with(isolation);
        let value = *t2.get(2).unwrap();
        t2.put(2, value + 5);
        let second = t2.commit().unwrap();
        let t3 = table.begin_with(isolation);
        assert_eq!(all(&t3), [(1, 10), (2, 25)]);
        t3.commit().unwrap();
        t1.put(1, 0);
        match isolation {
            Isolation::Snapshot => {
                t1.commit().unwrap();
                assert_eq!(committed(&table), [(1, 0), (2, 25)]);
            }
            Isolation::Serializable => {
                let conflict = refused(t1, second);
                assert!(matches!(conflict, Conflict::Scanned { .. }), "{conflict}");
                assert_eq!(committed(&table), [(1, 10), (2, 25)]);
            }
        }
    }
}
