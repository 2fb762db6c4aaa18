//! Who reads from a table: each running transaction, and what it began with.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use super::{Commit, Isolation};

/// A transaction that runs.
#[derive(Clone, Debug)]
pub struct Reader {
    /// A number that no other transaction of the table has; later ones have higher numbers.
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

struct List {
    running: BTreeMap<u64, Reader>,
    next: u64,
}

impl Readers {
    pub(super) fn new() -> Self {
        Readers(Mutex::new(List { running: BTreeMap::new(), next: 1 }))
    }

    /// Enters a transaction that begins with what `begin` takes a snapshot of.
    pub(super) fn enter(
        &self,
        isolation: Isolation,
        begin: impl FnOnce() -> Commit,
    ) -> (u64, Commit) {
        let thread = thread::current().name().map(str::to_owned);
        let mut list = self.0.lock();
        let (id, commit) = (list.next, begin());
        list.next += 1;
        let reader = Reader { id, commit, isolation, since: Instant::now(), thread };
        list.running.insert(id, reader);
        (id, commit)
    }

    /// Removes a transaction that ends.
    pub(super) fn leave(&self, id: u64) {
        let removed = self.0.lock().running.remove(&id);
        drop(removed);
    }

    /// The oldest commit with which a transaction began, or if none runs the `newest`. No transaction that
    /// begins from now on begins with an older one.
    pub(super) fn oldest(&self, newest: impl FnOnce() -> Commit) -> Commit {
        let list = self.0.lock();
        // A later transaction has not an older snapshot.
        list.running.values().next().map_or_else(newest, |reader| reader.commit)
    }

    pub(super) fn list(&self) -> Vec<Reader> {
        self.0.lock().running.values().cloned().collect()
    }
}
