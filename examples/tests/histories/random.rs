//! Random transactions, and the record of what they did and saw.

use cowmap_examples::table::Conflict;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::pace::{Pace, Turns};
use super::store::{Numbers, Store, Txn};

/// The rows that there are before, all of the first commit.
pub(crate) const FIRST: [(u64, u64); 4] = [(0, 0), (1, 1), (2, 2), (3, 3)];
/// Keys are less than this, so half of the rows are not there at first.
const KEYS: u64 = 8;

/// What a transaction did, and what it saw.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Got(u64, Option<u64>),
    /// In the order of the keys.
    Scanned(Vec<(u64, u64)>),
    Put(u64, u64),
    /// And whether that was possible.
    Inserted(u64, u64, bool),
    /// And whether it was there.
    Deleted(u64, bool),
    /// They are numbered from 0.
    Savepoint,
    /// Those after it are no longer there.
    RolledBackTo(usize),
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Committed(u64),
    Refused(Conflict<u64>),
    RolledBack,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) thread: u64,
    /// The newest commit that it is to know.
    pub(crate) begun: u64,
    pub(crate) events: Vec<Event>,
    pub(crate) end: End,
}

/// Runs random transactions, and vacuums between. Returns the records of each thread in their
/// order.
pub(crate) fn run(store: &Store<u64>, pace: Pace, seed: u64) -> Vec<Record> {
    let work = |thread, turns: Turns<'_>| {
        let mut rng = StdRng::seed_from_u64(seed << 8 | thread);
        let numbers = Numbers::of_thread(thread);
        let mut records = Vec::new();
        turns.each(
            || store.begin(),
            |txn, half| {
                records.push(transaction(txn, thread, &mut rng, &numbers, half));
                store.table().vacuum(3);
            },
        );
        records
    };
    pace.run(work).into_iter().flatten().collect()
}

/// What it does is decided by `rng` alone, not by what it sees.
fn transaction(
    mut txn: Txn<'_, u64>,
    thread: u64,
    rng: &mut StdRng,
    numbers: &Numbers,
    half: &dyn Fn(),
) -> Record {
    let begun = txn.begun();
    let mut events = Vec::new();
    let mut savepoints = 0;
    let count = rng.random_range(1..8);
    for nth in 0..count {
        if nth == count / 2 {
            half();
        }
        let key = rng.random_range(0..KEYS);
        events.push(match rng.random_range(0..16) {
            0..6 => Event::Got(key, txn.get(key)),
            6 => Event::Scanned(txn.scan()),
            7..10 => {
                let value = numbers.next();
                txn.put(key, value);
                Event::Put(key, value)
            }
            10 => {
                let value = numbers.next();
                Event::Inserted(key, value, txn.insert(key, value))
            }
            11..13 => Event::Deleted(key, txn.delete(key)),
            13 | 14 if savepoints > 0 => {
                let nth = rng.random_range(0..savepoints);
                txn.rollback_to(nth);
                savepoints = nth + 1;
                Event::RolledBackTo(nth)
            }
            _ => {
                txn.savepoint();
                savepoints += 1;
                Event::Savepoint
            }
        });
    }
    let end = if rng.random_ratio(1, 10) {
        txn.rollback();
        End::RolledBack
    } else {
        txn.commit().map_or_else(End::Refused, End::Committed)
    };
    Record { thread, begun, events, end }
}
