//! What is copied: the pages that a commit or a vacuum writes, and nothing for those that read.
//!
//! A page that is copied clones the values in it, so clones of values are counted.

use std::cell::Cell;

use cowmap::Retention;
use cowmap_examples::table::VersionTable;

const ROWS: u64 = 10_000;
/// More rows than a page of these tables has.
const PAGE: u64 = 128;

thread_local! {
    static CLONES: Cell<u64> = const { Cell::new(0) };
}

#[derive(PartialEq, Debug)]
struct Counted(u64);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.set(CLONES.get() + 1);
        Counted(self.0)
    }
}

type Table = VersionTable<u64, Counted>;

fn table() -> Table {
    Table::with_retention((0..ROWS).map(|key| (key, Counted(key))), Retention::last(10))
}

/// How many values are cloned meanwhile.
fn clones<R>(work: impl FnOnce() -> R) -> u64 {
    let before = CLONES.get();
    work();
    CLONES.get() - before
}

#[test]
fn reading_copies_nothing() {
    let table = table();
    let mut txn = table.begin();
    txn.put(1, Counted(0));
    txn.commit().unwrap();
    let before = table.newest();
    let reads = clones(|| {
        let txn = table.begin();
        assert_eq!(txn.scan().map(|(key, _)| key).sum::<u64>(), ROWS * (ROWS - 1) / 2);
        assert!((0..ROWS).all(|key| txn.get(key).is_some()));
        txn.commit().unwrap();
        let then = table.as_of(before).unwrap();
        assert_eq!((then.iter().count(), table.snapshot().len()), (10_000, 10_000));
    });
    assert_eq!(reads, 0);
}

#[test]
fn what_is_rolled_back_copies_no_page_of_the_table() {
    let table = table();
    let rolled_back = clones(|| {
        let mut txn = table.begin();
        txn.put(1, Counted(0));
        assert!(txn.delete(2));
        txn.rollback();
    });
    assert_eq!(rolled_back, 0);
}

#[test]
fn a_refused_commit_copies_no_page_of_the_table() {
    let table = table();
    let mut late = table.begin();
    late.put(1, Counted(0));
    let mut first = table.begin();
    first.put(1, Counted(0));
    first.commit().unwrap();
    assert_eq!(clones(|| late.commit().unwrap_err()), 0);
}

#[test]
fn a_commit_copies_the_pages_that_it_writes() {
    let table = table();
    for key in [0, 1, ROWS / 2, ROWS - 1] {
        let mut txn = table.begin();
        txn.put(key, Counted(0));
        let one = clones(|| txn.commit().unwrap());
        // The page that the row is in, which the past shares. The value itself moves.
        assert!((1..=PAGE).contains(&one), "{one}");
    }
    // Each page once, however many rows of it are written.
    let mut txn = table.begin();
    (0..ROWS).for_each(|key| txn.put(key, Counted(0)));
    let all = clones(|| txn.commit().unwrap());
    assert!(all <= ROWS, "{all}");
}

#[test]
fn a_savepoint_costs_a_page_of_what_was_written_not_all_of_it() {
    let table = table();
    let mut txn = table.begin();
    (0..5000).for_each(|key| txn.put(key, Counted(0)));
    assert_eq!(clones(|| txn.savepoint()), 0);
    let savepoint = txn.savepoint();
    assert!(clones(|| txn.put(1, Counted(1))) <= PAGE);
    assert_eq!(clones(|| txn.rollback_to(&savepoint)), 0);
    assert_eq!(txn.get(1), Some(&Counted(0)));
}

#[test]
fn a_step_of_a_vacuum_copies_the_pages_that_it_visits() {
    let table = table();
    let mut txn = table.begin();
    (0..ROWS).step_by(2).for_each(|key| assert!(txn.delete(key)));
    txn.commit().unwrap();
    let mut ended = false;
    while !ended {
        let step = clones(|| ended = table.vacuum(100).ended);
        assert!(step <= 100 + 2 * PAGE, "{step}");
    }
    assert_eq!(table.marks(), 0);
    // Where there is nothing to remove, nothing is copied.
    assert_eq!(clones(|| table.vacuum_all(100)), 0);
}
