//! The table, or one that is broken on purpose by a thin layer around it.

use std::cell::Cell;
use std::collections::HashSet;

use cowmap::Paged;
use cowmap_examples::table::{
    Commit, CommitError, Conflict, Isolation, Savepoint, Transaction, VersionTable,
};

/// What is wrong with a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// A commit that is refused is begun anew, with the same writes.
    ValidatesNothing,
    /// Lookups read the newest commit instead of the snapshot.
    GetsTheNewest,
    /// Scans do.
    ScansTheNewest,
    /// Lookups read the first commit.
    GetsTheFirst,
    /// Rolling back to a savepoint does nothing.
    KeepsAll,
    /// A transaction says that it began with the first commit.
    BeginsEarlier,
    /// A commit is refused if there was any other one, and says that this wrote the same row.
    RefusesAnyOverlap,
}

/// A table and how its transactions are isolated.
pub(crate) struct Store<V: Clone> {
    table: VersionTable<u64, V>,
    isolation: Isolation,
    fault: Option<Fault>,
}

impl<V: Clone> Store<V> {
    pub(crate) fn new(
        table: VersionTable<u64, V>,
        isolation: Isolation,
        fault: Option<Fault>,
    ) -> Self {
        Store { table, isolation, fault }
    }

    pub(crate) fn table(&self) -> &VersionTable<u64, V> {
        &self.table
    }

    pub(crate) fn isolation(&self) -> Isolation {
        self.isolation
    }

    pub(crate) fn begin(&self) -> Txn<'_, V> {
        let txn = self.table.begin_with(self.isolation);
        Txn { store: self, txn, log: Vec::new(), savepoints: Vec::new(), own: HashSet::new() }
    }
}

/// A transaction of such a table.
pub(crate) struct Txn<'s, V: Clone> {
    store: &'s Store<V>,
    txn: Transaction<'s, u64, V, Paged>,
    /// What it wrote, to write it again.
    log: Vec<(u64, Option<V>)>,
    savepoints: Vec<(Savepoint<u64, V>, usize)>,
    /// Which keys it wrote.
    own: HashSet<u64>,
}

impl<V: Clone> Txn<'_, V> {
    fn has(&self, fault: Fault) -> bool {
        self.store.fault == Some(fault)
    }

    pub(crate) fn begun(&self) -> u64 {
        if self.has(Fault::BeginsEarlier) { 0 } else { self.txn.begun().into() }
    }

    pub(crate) fn get(&self, key: u64) -> Option<V> {
        let table = &self.store.table;
        let value = self.txn.get(key).cloned();
        if self.own.contains(&key) {
            value
        } else if self.has(Fault::GetsTheNewest) {
            table.snapshot().get(key).cloned()
        } else if self.has(Fault::GetsTheFirst) {
            table.as_of(Commit::from(0)).expect("nothing is forgotten").get(key).cloned()
        } else {
            value
        }
    }

    /// All rows, in the order of their keys.
    pub(crate) fn scan(&self) -> Vec<(u64, V)> {
        let mut rows: Vec<_> = self.txn.scan().map(|(key, value)| (key, value.clone())).collect();
        if self.has(Fault::ScansTheNewest) && self.own.is_empty() {
            let newest = self.store.table.snapshot();
            rows = newest.iter().map(|(key, value)| (key, value.clone())).collect();
        }
        rows.sort_unstable_by_key(|&(key, _)| key);
        rows
    }

    pub(crate) fn put(&mut self, key: u64, value: V) {
        self.wrote(key, Some(value.clone()));
        self.txn.put(key, value);
    }

    /// Whether it was not there.
    pub(crate) fn insert(&mut self, key: u64, value: V) -> bool {
        let inserted = self.txn.insert(key, value.clone()).is_ok();
        if inserted {
            self.wrote(key, Some(value));
        }
        inserted
    }

    /// Whether it was there.
    pub(crate) fn delete(&mut self, key: u64) -> bool {
        let deleted = self.txn.delete(key);
        if deleted {
            self.wrote(key, None);
        }
        deleted
    }

    fn wrote(&mut self, key: u64, value: Option<V>) {
        self.log.push((key, value));
        self.own.insert(key);
    }

    /// Makes the next savepoint: they are numbered from 0.
    pub(crate) fn savepoint(&mut self) {
        self.savepoints.push((self.txn.savepoint(), self.log.len()));
    }

    pub(crate) fn rollback_to(&mut self, nth: usize) {
        if !self.has(Fault::KeepsAll) {
            let (savepoint, length) = &self.savepoints[nth];
            self.txn.rollback_to(savepoint);
            self.log.truncate(*length);
        }
        // The later ones are no longer used, because the log that they are of is gone.
        self.savepoints.truncate(nth + 1);
    }

    pub(crate) fn rollback(self) {
        self.txn.rollback();
    }

    pub(crate) fn commit(self) -> Result<u64, Conflict<u64>> {
        let (again, any) = (self.has(Fault::ValidatesNothing), self.has(Fault::RefusesAnyOverlap));
        let Txn { store, txn, log, own, .. } = self;
        let (begun, newest) = (txn.begun(), store.table.newest());
        if let (true, true, Some(&key)) = (any, newest > begun, own.iter().next()) {
            return Err(Conflict::Written { key, begun, committed: newest });
        }
        let mut result = txn.commit();
        while again && result.is_err() {
            let mut txn = store.table.begin();
            for (key, value) in &log {
                match value {
                    Some(value) => txn.put(*key, value.clone()),
                    // What others have deleted, too.
                    None => _ = txn.delete(*key),
                }
            }
            let begun = txn.begun();
            match txn.commit() {
                // Nothing was left to be deleted. That is no commit, which it would need.
                Ok(commit) if commit == begun => break,
                again => result = again,
            }
        }
        match result {
            Ok(commit) => Ok(commit.into()),
            Err(CommitError::Conflict(conflict)) => Err(conflict),
            Err(error) => unreachable!("no test closes it: {error}"),
        }
    }
}

/// A number that no call of any thread returns twice.
pub(crate) struct Numbers {
    next: Cell<u64>,
}

impl Numbers {
    pub(crate) fn of_thread(thread: u64) -> Self {
        Numbers { next: Cell::new((thread + 1) << 32) }
    }

    pub(crate) fn next(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }
}
