//! A transaction: reads from one snapshot, and writes that are committed at once or not at all.

use std::cell::{Cell, RefCell};
use std::{fmt, mem};

use cowmap::{CowMap, CowSet, Paging, SentinelKey};

use super::{Commit, CommitError, Conflict, Present, Snapshot, VersionTable};

/// From what of the others a transaction is isolated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Isolation {
    /// All reads are from one snapshot, and of two transactions that overlap and write the same row
    /// the first one to commit wins. Two transactions may each read what the other one writes (*write
    /// skew*).
    #[default]
    Snapshot,
    /// As if transactions ran one after the other, in the order of their commits: one that has written
    /// something does not commit if a row that it read, or looked for in vain, was written since
    /// it began, or if it scanned the table and any row was. That holds among serializable ones.
    Serializable,
}

/// What a transaction writes: `None` for rows that it deletes.
pub(super) type Writes<K, V> = CowMap<K, Option<V>>;

/// A running transaction. Dropping it rolls it back.
///
/// It may be sent to another thread, not shared between threads.
pub struct Transaction<'t, K: SentinelKey, V: Clone, P: Paging> {
    table: &'t VersionTable<K, V, P>,
    /// Its number among the readers, and the commit that it began with.
    reader: (u64, Commit),
    isolation: Isolation,
    snapshot: Snapshot<K, V, P>,
    /// What it wrote: `None` for rows that it deleted.
    writes: Writes<K, V>,
    /// What it read, if that is validated.
    reads: RefCell<CowSet<K>>,
    scanned: Cell<bool>,
}

/// What a transaction had written at one moment, from [`Transaction::savepoint`].
#[derive(Clone)]
pub struct Savepoint<K: SentinelKey, V> {
    writes: Writes<K, V>,
    of: u64,
}

impl<'t, K: SentinelKey, V: Clone, P: Paging> Transaction<'t, K, V, P> {
    pub(super) fn new(
        table: &'t VersionTable<K, V, P>,
        reader: (u64, Commit),
        isolation: Isolation,
        snapshot: Snapshot<K, V, P>,
    ) -> Self {
        Transaction {
            table,
            reader,
            isolation,
            snapshot,
            writes: CowMap::new(),
            reads: RefCell::default(),
            scanned: Cell::new(false),
        }
    }

    /// Its number, as in [`VersionTable::readers`].
    pub fn id(&self) -> u64 {
        self.reader.0
    }

    /// The newest commit that it knows.
    pub fn begun(&self) -> Commit {
        self.reader.1
    }
}

/// Reading.
impl<K: SentinelKey, V: Clone, P: Paging> Transaction<'_, K, V, P> {
    /// The value of a row: what this transaction wrote, or else what it had when it began.
    pub fn get(&self, key: K) -> Option<&V> {
        match self.writes.get(key) {
            Some(written) => written.as_ref(),
            None => {
                self.note_read(key);
                self.snapshot.get(key)
            }
        }
    }

    /// All rows, with what this transaction wrote, in no particular order. No lock is held meanwhile.
    ///
    /// A serializable transaction that scans does not commit if any row of the table was written
    /// since it began: which rows a scan has looked for is not known.
    pub fn scan(&self) -> impl Iterator<Item = (K, &V)> {
        self.scanned.set(true);
        let rows = self.snapshot.iter().filter(|&(key, _)| !self.writes.contains_key(key));
        let written = self.writes.iter();
        rows.chain(written.filter_map(|(key, value)| Some((key, value.as_ref()?))))
    }

    fn note_read(&self, key: K) {
        if self.isolation == Isolation::Serializable {
            // The reserved key is in no table, and never will be.
            let _ = self.reads.borrow_mut().checked_insert(key);
        }
    }
}

/// Writing.
impl<K: SentinelKey, V: Clone, P: Paging> Transaction<'_, K, V, P> {
    /// Writes a row, whether it is there or not.
    ///
    /// # Panics
    ///
    /// If the key is the reserved one.
    #[track_caller]
    pub fn put(&mut self, key: K, value: V) {
        self.writes.insert(key, Some(value));
    }

    /// Writes a row that is not there.
    ///
    /// # Errors
    ///
    /// If it is there; the transaction can go on.
    ///
    /// # Panics
    ///
    /// If the key is the reserved one.
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Result<(), Present<K>> {
        if self.get(key).is_some() {
            return Err(Present { key });
        }
        self.put(key, value);
        Ok(())
    }

    /// Deletes a row; returns whether it was there.
    pub fn delete(&mut self, key: K) -> bool {
        let is_there = self.get(key).is_some();
        if is_there {
            self.writes.insert(key, None);
        }
        is_there
    }

    /// What it has written so far, to [roll back to](Self::rollback_to). O(1).
    pub fn savepoint(&self) -> Savepoint<K, V> {
        Savepoint { writes: self.writes.clone(), of: self.id() }
    }

    /// Takes back what was written since the savepoint, which can be used again. What was read
    /// since stays read.
    ///
    /// # Panics
    ///
    /// If the savepoint is another transaction's.
    pub fn rollback_to(&mut self, savepoint: &Savepoint<K, V>) {
        let (of, id) = (savepoint.of, self.id());
        assert!(of == id, "a savepoint of transaction {of} was given to transaction {id}");
        self.writes = savepoint.writes.clone();
    }

    /// Makes all that it wrote visible at once, and returns the number of the commit. A transaction
    /// that wrote nothing gets that of the commit it began with.
    ///
    /// O(rows written), and for a serializable one O(rows read). It waits for commits before it, and
    /// in a table with [`Durability::Sync`](super::Durability::Sync) until it is on the disk.
    ///
    /// # Errors
    ///
    /// If another transaction came first, the table is closed, or its log cannot be written. Nothing of
    /// it is visible then.
    pub fn commit(mut self) -> Result<Commit, CommitError<K>> {
        if self.writes.is_empty() {
            return Ok(self.begun());
        }
        let writes = mem::take(&mut self.writes);
        let bytes = self.table.encode(&writes).map_err(CommitError::Encode)?;
        let validate = |writes: &_, newest: &_| self.validate(writes, newest);
        self.table.commits.commit(validate, writes, bytes)
    }

    /// Gives up. Nothing of what it wrote is left, or was ever seen.
    pub fn rollback(self) {}

    /// Looks for a commit since this transaction began that keeps it from committing.
    fn validate(
        &self,
        writes: &Writes<K, V>,
        newest: &Snapshot<K, V, P>,
    ) -> Result<(), Conflict<K>> {
        let begun = self.begun();
        if newest.commit() <= begun {
            return Ok(());
        }
        for key in writes.keys() {
            if let Some(committed) = newest.written_after(key, begun) {
                return Err(Conflict::Written { key, begun, committed });
            }
        }
        if self.isolation == Isolation::Serializable {
            for key in self.reads.borrow().iter() {
                if let Some(committed) = newest.written_after(key, begun) {
                    return Err(Conflict::Read { key, begun, committed });
                }
            }
            if self.scanned.get() {
                return Err(Conflict::Scanned { begun, committed: newest.commit() });
            }
        }
        Ok(())
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Drop for Transaction<'_, K, V, P> {
    fn drop(&mut self) {
        self.table.readers.leave(self.id());
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> fmt::Debug for Transaction<'_, K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("id", &self.id())
            .field("begun", &self.begun())
            .field("isolation", &self.isolation)
            .field("written", &self.writes.len())
            .finish_non_exhaustive()
    }
}
