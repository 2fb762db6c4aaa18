//! What transactions do: it follows from a seed, a thread and a number.

use std::fmt;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::ids::RowId;

/// How many accounts there are. They hold nothing at first, and may hold less.
pub(super) const ACCOUNTS: u64 = 200;
/// The notes of a transaction are deleted by the one that comes so much later in its thread.
pub(super) const NOTES_KEPT: u64 = 50;
/// One of so many transactions is large.
const LARGE: u32 = 100;

/// What is in a row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Value {
    /// What an account holds.
    Balance(i64),
    /// How many transactions of a thread are in the table.
    Done(u64),
    /// Some bytes.
    Note(Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Balance(held) => write!(f, "a balance of {held}"),
            Value::Done(done) => write!(f, "{done} transactions"),
            Value::Note(bytes) => {
                let sum = crc32fast::hash(bytes);
                write!(f, "a note of {} bytes with checksum {sum:08x}", bytes.len())
            }
        }
    }
}

/// What all transactions follow from.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where the random numbers start.
    pub seed: u64,
    /// How many threads there are.
    pub threads: u64,
}

/// What a transaction does, beside counting itself.
pub(super) struct Work {
    pub(super) from: RowId,
    pub(super) to: RowId,
    pub(super) amount: i64,
    pub(super) notes: Vec<(RowId, Vec<u8>)>,
}

/// The row that says how many transactions of a thread are in the table.
pub(super) fn done_row(thread: u64) -> RowId {
    RowId((1 << 32) + thread)
}

fn note_row(thread: u64, number: u64, index: u64) -> RowId {
    RowId(((thread + 1) << 48) + (number << 8) + index)
}

impl Plan {
    /// What a transaction does. Numbers begin at 1.
    pub(super) fn work(self, thread: u64, number: u64) -> Work {
        let mut rng = StdRng::seed_from_u64(self.seed ^ (thread << 48) ^ number);
        let from = rng.random_range(0..ACCOUNTS);
        let to = (from + rng.random_range(1..ACCOUNTS)) % ACCOUNTS;
        let amount = rng.random_range(1..100);
        let is_large = rng.random_ratio(1, LARGE);
        let (notes, longest) = if is_large { (32, 4096) } else { (rng.random_range(0..3), 100) };
        let notes = (0..notes).map(|index| {
            let mut bytes = vec![0; rng.random_range(0..=longest)];
            rng.fill_bytes(&mut bytes);
            (note_row(thread, number, index), bytes)
        });
        let notes = notes.collect();
        Work { from: RowId(from), to: RowId(to), amount, notes }
    }

    /// The notes that a transaction deletes.
    pub(super) fn deleted(self, thread: u64, number: u64) -> Vec<RowId> {
        match number.checked_sub(NOTES_KEPT) {
            None | Some(0) => Vec::new(),
            Some(old) => self.work(thread, old).notes.into_iter().map(|(row, _)| row).collect(),
        }
    }
}
