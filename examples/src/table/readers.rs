//! Who reads from a table: each running transaction, and what it began with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use super::{Commit, Isolation};

/// A transaction that runs.
#[derive(Clone, Debug)]
pub struct Reader {
    /// A number that no other transaction has, whatever its table. Later ones have higher numbers.
    pub id: u64,
    /// The newest commit that it knows.
    pub commit: Commit,
    /// How it is isolated.
    pub isolation: Isolation,
    /// When it began.
    pub since: Instant,
    /// The name of the thread that began it, if that has one.
    pub thread: Option<String>,
}

/// The transactions of a table that run.
pub(super) struct Readers(Mutex<List>);

type List = BTreeMap<u64, Reader>;

/// The number of the next transaction, whatever its table.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl Readers {
    pub(super) fn new() -> Self {
        Readers(Mutex::new(List::new()))
    }

    /// Enters a transaction that begins with what `begin` takes a snapshot of.
    pub(super) fn enter(
        &self,
        isolation: Isolation,
        begin: impl FnOnce() -> Commit,
    ) -> (u64, Commit) {
        let thread = thread::current().name().map(str::to_owned);
        let mut list = self.0.lock();
        // Both under the lock, so that they ascend together.
        let (id, commit) = (NEXT.fetch_add(1, Relaxed), begin());
        let reader = Reader { id, commit, isolation, since: Instant::now(), thread };
        list.insert(id, reader);
        (id, commit)
    }

    /// Removes a transaction that ends.
    pub(super) fn leave(&self, id: u64) {
        let removed = self.0.lock().remove(&id);
        drop(removed);
    }

    /// The oldest commit with which a transaction began, or if none runs the `newest`. No transaction
    /// that begins from now on begins with an older one.
    pub(super) fn oldest(&self, newest: impl FnOnce() -> Commit) -> Commit {
        let list = self.0.lock();
        // A later transaction has not an older snapshot.
        list.values().next().map_or_else(newest, |reader| reader.commit)
    }

    pub(super) fn list(&self) -> Vec<Reader> {
        self.0.lock().values().cloned().collect()
    }
}
