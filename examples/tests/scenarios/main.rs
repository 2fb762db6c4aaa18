//! What engines with versions are tested for, one fact a test.
//!
//! | question | file |
//! |---|---|
//! | What does a transaction see, and what may it write? | `transactions.rs` |
//! | What is left of one that ends without a commit? | `aborted.rs` |
//! | What does a vacuum remove, and when? | `vacuum.rs` |
//! | What is known of the past? | `past.rs` |
//! | What do those see that wait for changes? | `watch.rs` |
//! | What is copied? | `copies.rs` |
//! | What if a value cannot be cloned? | `fragile.rs` |

mod aborted;
mod copies;
mod fragile;
mod past;
mod transactions;
mod vacuum;
mod watch;

use cowmap::{Paged, Retention};
use cowmap_examples::table::{Commit, Snapshot, Transaction, VersionTable};

type Table = VersionTable<u64, i64>;
type Txn<'t> = Transaction<'t, u64, i64, Paged>;

/// A table that forgets nothing.
fn remembering(rows: impl IntoIterator<Item = (u64, i64)>) -> Table {
    VersionTable::with_retention(rows, Retention::last(usize::MAX))
}

/// Commits what `change` does, and returns the commit.
fn commit(table: &Table, change: impl FnOnce(&mut Txn<'_>)) -> Commit {
    let mut txn = table.begin();
    change(&mut txn);
    txn.commit().unwrap()
}

/// The rows of a snapshot, in the order of their keys.
fn rows(snapshot: &Snapshot<u64, i64, Paged>) -> Vec<(u64, i64)> {
    let mut rows: Vec<_> = snapshot.iter().map(|(key, &value)| (key, value)).collect();
    rows.sort_unstable();
    rows
}

/// The rows that a transaction scans, in the order of their keys.
fn scanned(txn: &Txn<'_>) -> Vec<(u64, i64)> {
    let mut rows: Vec<_> = txn.scan().map(|(key, &value)| (key, value)).collect();
    rows.sort_unstable();
    rows
}
