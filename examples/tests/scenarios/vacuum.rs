//! What a vacuum removes: the marks of deletions that no running transaction needs.

use std::iter;
use std::thread;

use cowmap::Flat;
use cowmap_examples::table::{CommitError, Isolation, VersionTable};

use super::fragile::{Fragile, panics};
use super::{Table, commit, remembering, rows, scanned};

const ROWS: u64 = 5000;
/// More rows than a page of these tables has.
const PAGE: usize = 128;

/// A table of which all rows but each tenth are deleted.
fn mostly_deleted() -> Table {
    let table = Table::new((0..ROWS).map(|key| (key, 0)));
    commit(&table, delete_most);
    table
}

fn delete_most(txn: &mut super::Txn<'_>) {
    for key in (0..ROWS).filter(|key| key % 10 != 0) {
        assert!(txn.delete(key));
    }
}

const DELETED: usize = 4500;

/// The steps of one round.
fn round(table: &Table, budget: usize) -> Vec<usize> {
    let mut ended = false;
    let steps = iter::from_fn(|| {
        let step = (!ended).then(|| table.vacuum(budget))?;
        ended = step.ended;
        Some(step.removed)
    });
    steps.collect()
}

#[test]
fn small_steps_reclaim_what_a_full_one_does() {
    for budget in [1, 7, 100, 1000, usize::MAX] {
        let (full, stepwise) = (mostly_deleted(), mostly_deleted());
        assert_eq!(full.vacuum_all(usize::MAX), DELETED);
        assert_eq!(round(&stepwise, budget).iter().sum::<usize>(), DELETED);
        assert_eq!((full.marks(), stepwise.marks()), (0, 0));
        assert_eq!(rows(&full.snapshot()), rows(&stepwise.snapshot()));
        assert_eq!(full.snapshot().len(), 500);
    }
}

#[test]
fn a_step_visits_its_budget_and_a_page_at_most() {
    for budget in [1, 50, 700] {
        let table = mostly_deleted();
        let steps = round(&table, budget);
        assert!(steps.iter().all(|&removed| removed < budget + PAGE), "{budget}: {steps:?}");
        // Each step meets its budget, unless it is the last one.
        assert!(steps.len() <= usize::try_from(ROWS).unwrap() / budget + 1, "{budget}");
        assert!(steps.len() >= DELETED / (budget + PAGE), "{budget}");
    }
}

#[test]
fn a_flat_table_is_visited_in_one_step() {
    let table: VersionTable<u64, i64, Flat> = VersionTable::new((0..100).map(|key| (key, 0)));
    let mut txn = table.begin();
    for key in 0..100 {
        assert!(txn.delete(key));
    }
    txn.commit().unwrap();
    let step = table.vacuum(1);
    assert_eq!((step.removed, step.ended), (100, true));
}

#[test]
fn a_reader_that_is_older_holds_a_vacuum_up() {
    let table = Table::new((0..ROWS).map(|key| (key, 0)));
    let reader = table.begin();
    commit(&table, delete_most);
    for budget in [100, usize::MAX] {
        assert_eq!(table.vacuum_all(budget), 0);
        assert_eq!(table.marks(), DELETED);
    }
    assert_eq!(reader.scan().count(), 5000);
    reader.rollback();
    assert_eq!(round(&table, 100).iter().sum::<usize>(), DELETED);
    assert_eq!((table.marks(), table.snapshot().len()), (0, 500));
}

#[test]
fn a_vacuum_goes_up_to_the_oldest_reader() {
    let table = Table::new((0..30).map(|key| (key, 0)));
    let delete = |keys: std::ops::Range<u64>| {
        commit(&table, |txn| keys.for_each(|key| assert!(txn.delete(key))));
    };
    delete(0..10);
    let oldest = table.begin();
    delete(10..20);
    let younger = table.begin();
    delete(20..30);
    assert_eq!((table.vacuum_all(100), table.marks()), (10, 20));
    // The younger one ends first, which changes nothing.
    drop(younger);
    assert_eq!((table.vacuum_all(100), table.marks()), (0, 20));
    assert_eq!(oldest.scan().count(), 20);
    drop(oldest);
    assert_eq!((table.vacuum_all(100), table.marks()), (20, 0));
}

#[test]
fn a_reader_of_the_newest_commit_holds_nothing_up() {
    let table = mostly_deleted();
    let reader = table.begin();
    assert_eq!(table.vacuum_all(100), DELETED);
    // Nor does one that began after some other vacuum.
    commit(&table, |txn| assert!(txn.delete(0)));
    let other = table.begin();
    drop(reader);
    assert_eq!(table.vacuum_all(100), 1);
    drop(other);
}

#[test]
fn what_is_deleted_stays_for_those_that_read_it() {
    let table = remembering([(1, 10), (2, 20)]);
    let (reader, snapshot) = (table.begin(), table.snapshot());
    let before = table.newest();
    commit(&table, |txn| assert!(txn.delete(1)));
    table.vacuum_all(1);
    // Snapshots hold no vacuum up, and lose nothing by it, and neither does the past.
    let whole = [(1, 10), (2, 20)];
    assert_eq!(scanned(&reader), whole);
    reader.rollback();
    assert_eq!(table.vacuum_all(1), 1);
    assert_eq!(rows(&snapshot), whole);
    assert_eq!(rows(&table.as_of(before).unwrap()), whole);
    assert_eq!(rows(&table.snapshot()), [(2, 20)]);
}

#[test]
fn of_aborted_work_there_is_nothing_to_reclaim() {
    let table = Table::new((0..ROWS).map(|key| (key, 0)));
    let mut aborted = table.begin();
    delete_most(&mut aborted);
    aborted.rollback();
    let mut refused = table.begin();
    delete_most(&mut refused);
    let first = commit(&table, |txn| txn.put(1, 1));
    assert!(refused.commit().is_err());
    assert_eq!((table.marks(), table.vacuum_all(100), table.newest()), (0, 0, first));
}

#[test]
fn a_full_vacuum_also_visits_what_a_step_has_passed() {
    let table = mostly_deleted();
    assert!(!table.vacuum(1000).ended);
    // Some of these are where the step was.
    commit(&table, |txn| (0..ROWS).step_by(10).for_each(|key| assert!(txn.delete(key))));
    table.vacuum_all(1000);
    assert_eq!(table.marks(), 0);
}

#[test]
fn a_row_that_is_written_again_is_no_longer_a_mark() {
    let table = remembering([(1, 10)]);
    commit(&table, |txn| assert!(txn.delete(1)));
    assert_eq!(table.marks(), 1);
    let again = commit(&table, |txn| txn.insert(1, 11).unwrap());
    assert_eq!((table.marks(), table.vacuum_all(1)), (0, 0));
    // Also if it was removed before.
    commit(&table, |txn| assert!(txn.delete(1)));
    assert_eq!(table.vacuum_all(1), 1);
    let last = commit(&table, |txn| txn.insert(1, 12).unwrap());
    assert!(last > again);
    let versions: Vec<_> = table.history(1).into_iter().map(|(_, value)| value).collect();
    assert_eq!(versions, [Some(12), None, Some(11), None, Some(10)]);
}

#[test]
fn a_vacuum_is_no_conflict() {
    let table = Table::new((0..ROWS).map(|key| (key, 0)));
    commit(&table, delete_most);
    let mut txn = table.begin_with(Isolation::Serializable);
    assert_eq!((txn.scan().count(), txn.get(1)), (500, None));
    txn.insert(1, 1).unwrap();
    assert_eq!(table.vacuum_all(100), DELETED);
    txn.commit().unwrap();
    assert_eq!(table.snapshot().get(1), Some(&1));
}

#[test]
fn a_step_that_panics_is_taken_again() {
    // A row somewhere cannot be cloned when its page is copied.
    for fragile in (5..ROWS).step_by(500) {
        let rows = (0..ROWS).map(|key| (key, Fragile { broken: key == fragile }));
        let table: VersionTable<u64, Fragile> = VersionTable::new(rows);
        let mut txn = table.begin();
        (0..ROWS).filter(|&key| key != fragile).for_each(|key| assert!(txn.delete(key)));
        txn.commit().unwrap();

        assert!(panics(|| table.vacuum(usize::MAX)));
        // It has published nothing, so the round goes on from where the step began.
        assert_eq!(table.marks(), 4999);
        let step = table.vacuum(usize::MAX);
        assert_eq!((step.removed, step.ended, table.marks()), (4999, true, 0));
    }
}

#[test]
fn writers_readers_and_vacuums_go_together() {
    const TURNS: u64 = 200;
    let table = &Table::new([]);
    thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || {
                for turn in 0..TURNS {
                    let keys = (0..5).map(|key| thread * 1000 + (turn + key) % 50);
                    commit(table, |txn| keys.clone().for_each(|key| txn.put(key, 1)));
                    commit(table, |txn| keys.for_each(|key| assert!(txn.delete(key))));
                }
            });
        }
        scope.spawn(|| (0..TURNS).for_each(|_| _ = table.vacuum(3)));
        for _ in 0..TURNS {
            let mut txn = table.begin_with(Isolation::Serializable);
            // The rows of a commit are there together, and a scan and lookups agree.
            let found = txn.scan().count();
            assert_eq!(found % 5, 0);
            let keys = (0..50).chain(1000..1050);
            assert_eq!(keys.filter(|&key| txn.get(key).is_some()).count(), found);
            txn.put(5000, 1);
            assert!(!matches!(txn.commit(), Err(CommitError::Closed)));
            commit(table, |txn| _ = txn.delete(5000));
        }
    });
    table.vacuum_all(10);
    assert_eq!((table.snapshot().len(), table.marks()), (0, 0));
}
