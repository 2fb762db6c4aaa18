//! A table under multi-version concurrency control, with snapshot isolation.
//!
//! Two maps hold everything: row id → chain of versions, transaction id → state. A snapshot is a
//! clone of both, taken under a lock that is held for two atomic increments; whoever has it reads
//! without a lock for as long as he likes. A write holds the lock while it copies the one
//! page it changes.
//!
//! Two transactions that write the same row conflict: the first to write wins, and the other has to
//! roll back and begin anew.

use std::fmt;

use cowmap::{Map, Paging};
use parking_lot::Mutex;

use crate::ids::{RowId, TransactionId};
use crate::version::{State, States, Version};

/// The rows of a table.
pub type Rows<V, P> = Map<RowId, Version<V>, P>;

/// How many rows or states [`Store::vacuum`] changes before it gives the lock back.
const VACUUM_STEP: usize = 16;

/// A table of values `V`. `P` says whether its maps are [`Paged`](cowmap::Paged) or
/// [`Flat`](cowmap::Flat).
pub struct Store<V, P: Paging> {
    tables: Mutex<Tables<V, P>>,
}

struct Tables<V, P: Paging> {
    current: Snapshot<V, P>,
    next: TransactionId,
}

/// The tables as they were at one moment.
pub struct Snapshot<V, P: Paging> {
    rows: Rows<V, P>,
    states: States<P>,
}

impl<V, P: Paging> Clone for Snapshot<V, P> {
    fn clone(&self) -> Self {
        Snapshot { rows: self.rows.clone(), states: self.states.clone() }
    }
}

impl<V: Clone, P: Paging> Snapshot<V, P> {
    /// The value of a row: that of its newest version whose transaction had committed.
    pub fn get(&self, row: RowId) -> Option<&V> {
        self.version(row).map(Version::value)
    }

    fn version(&self, row: RowId) -> Option<&Version<V>> {
        self.rows.get(row)?.committed(&self.states)
    }

    /// All rows with their values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (RowId, &V)> {
        self.rows
            .iter()
            .filter_map(|(row, chain)| Some((row, chain.committed(&self.states)?.value())))
    }
}

/// A write met another transaction's write of the same row, which came first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// The row that both wrote.
    pub row: RowId,
    /// The transaction that came first.
    pub with: TransactionId,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} was written by transaction {} first", self.row.0, self.with.0)
    }
}

impl std::error::Error for Conflict {}

/// What [`Store::vacuum`] cleaned.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Vacuumed {
    /// Rows whose chains became shorter.
    pub rows: usize,
    /// Transactions whose states were forgotten.
    pub states: usize,
}

impl<V: Clone, P: Paging> Store<V, P> {
    /// A table with these rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::Paged;
    /// use cowmap_examples::{ids::RowId, store::Store};
    ///
    /// let store: Store<i32, Paged> = Store::new([(RowId(1), 10)]);
    /// let before = store.snapshot();
    /// let mut transaction = store.begin();
    /// transaction.write(RowId(1), 20)?;
    /// assert_eq!(store.snapshot().get(RowId(1)), Some(&10));
    /// transaction.commit();
    /// assert_eq!(store.snapshot().get(RowId(1)), Some(&20));
    /// assert_eq!(before.get(RowId(1)), Some(&10));
    /// # Ok::<(), cowmap_examples::store::Conflict>(())
    /// ```
    pub fn new(rows: impl IntoIterator<Item = (RowId, V)>) -> Self {
        let loader = TransactionId(0);
        let rows =
            rows.into_iter().map(|(row, value)| (row, Version::first(loader, value))).collect();
        let current = Snapshot { rows, states: States::new() };
        Store { tables: Mutex::new(Tables { current, next: TransactionId(1) }) }
    }

    /// The tables as they are now.
    pub fn snapshot(&self) -> Snapshot<V, P> {
        self.tables.lock().current.clone()
    }

    /// Begins a transaction, which reads from a snapshot of its own.
    pub fn begin(&self) -> Transaction<'_, V, P> {
        let mut tables = self.tables.lock();
        let id = tables.next;
        tables.next = TransactionId(id.0 + 1);
        let snapshot = tables.current.clone();
        tables.current.states.insert(id, State::Active);
        Transaction { store: self, id, snapshot, active: true }
    }

    /// Forgets versions that nobody needs and the states of ended transactions, in steps so short
    /// that writers hardly notice.
    ///
    /// What is to be cleaned is found in a snapshot. That a transaction had ended by then means
    /// that all its versions are in the snapshot: once those of the rolled back are gone from
    /// the table, no state is needed.
    pub fn vacuum(&self) -> Vacuumed {
        let Snapshot { rows, states } = self.snapshot();
        let prunable: Vec<RowId> = rows
            .iter()
            .filter(|(_, chain)| chain.can_be_pruned(&states))
            .map(|(row, _)| row)
            .collect();
        let ended: Vec<TransactionId> = states
            .iter()
            .filter(|(_, state)| **state != State::Active)
            .map(|(transaction, _)| transaction)
            .collect();
        drop((rows, states));

        for step in prunable.chunks(VACUUM_STEP) {
            let mut tables = self.tables.lock();
            for row in step {
                tables.current.prune(*row);
            }
        }
        for step in ended.chunks(VACUUM_STEP) {
            let mut tables = self.tables.lock();
            for transaction in step {
                tables.current.states.remove(*transaction);
            }
        }
        Vacuumed { rows: prunable.len(), states: ended.len() }
    }

    /// How many states of transactions and how many versions the table holds.
    pub fn sizes(&self) -> (usize, usize) {
        let Snapshot { rows, states } = self.snapshot();
        (states.len(), rows.values().map(|chain| chain.chain().count()).sum())
    }
}

impl<V: Clone, P: Paging> Snapshot<V, P> {
    fn prune(&mut self, row: RowId) {
        let Some(chain) = self.rows.get(row) else { return };
        if !chain.can_be_pruned(&self.states) {
            return;
        }
        match chain.pruned(&self.states) {
            Some(pruned) => self.rows.insert(row, pruned),
            None => self.rows.remove(row),
        };
    }

    /// The transaction that keeps `writer`, who sees `seen` of the row, from writing it.
    fn conflict(
        &self,
        row: RowId,
        writer: TransactionId,
        seen: Option<TransactionId>,
    ) -> Option<TransactionId> {
        let chain = self.rows.get(row)?;
        if let Some(unfinished) = chain.unfinished(&self.states) {
            return (unfinished.writer() != writer).then_some(unfinished.writer());
        }
        let newest = chain.committed(&self.states).map(Version::writer);
        if newest == seen { None } else { newest }
    }
}

/// A running transaction. Dropping it rolls it back.
pub struct Transaction<'a, V: Clone, P: Paging> {
    store: &'a Store<V, P>,
    id: TransactionId,
    snapshot: Snapshot<V, P>,
    active: bool,
}

impl<V: Clone, P: Paging> Transaction<'_, V, P> {
    /// The id.
    pub fn id(&self) -> TransactionId {
        self.id
    }

    /// The value that a row had when the transaction began.
    pub fn get(&self, row: RowId) -> Option<&V> {
        self.snapshot.get(row)
    }

    /// Writes a row, which nobody else sees before [`commit`](Self::commit).
    ///
    /// # Errors
    ///
    /// [`Conflict`], if another transaction has written the row since this one began. It can only
    /// roll back then.
    pub fn write(&mut self, row: RowId, value: V) -> Result<(), Conflict> {
        let seen = self.snapshot.version(row).map(Version::writer);
        let mut tables = self.store.tables.lock();
        let current = &mut tables.current;
        if let Some(with) = current.conflict(row, self.id, seen) {
            return Err(Conflict { row, with });
        }
        let chain = match current.rows.get(row) {
            Some(chain) => chain.with(self.id, value, &current.states),
            None => Version::first(self.id, value),
        };
        let replaced = current.rows.insert(row, chain);
        // What was replaced is dropped without the lock.
        drop(tables);
        drop(replaced);
        Ok(())
    }

    /// Makes all writes visible at once.
    pub fn commit(mut self) {
        self.end(State::Committed);
    }

    /// Gives up. What was written is never seen; [`Store::vacuum`] or the next writer of each row
    /// cleans it away.
    pub fn roll_back(mut self) {
        self.end(State::RolledBack);
    }

    fn end(&mut self, state: State) {
        self.active = false;
        self.store.tables.lock().current.states.insert(self.id, state);
    }
}

impl<V: Clone, P: Paging> Drop for Transaction<'_, V, P> {
    fn drop(&mut self) {
        if self.active {
            self.end(State::RolledBack);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowmap::{Flat, Paged};

    const A: RowId = RowId(1);
    const B: RowId = RowId(2);

    fn store<P: Paging>() -> Store<i64, P> {
        Store::new([(A, 10), (B, 20)])
    }

    fn rows<P: Paging>(store: &Store<i64, P>) -> Vec<(RowId, i64)> {
        let snapshot = store.snapshot();
        let mut rows: Vec<_> = snapshot.iter().map(|(row, value)| (row, *value)).collect();
        rows.sort_unstable();
        rows
    }

    fn commit_shows_all_writes_at_once<P: Paging>() {
        let store = store::<P>();
        let mut transaction = store.begin();
        transaction.write(A, 11).unwrap();
        transaction.write(B, 19).unwrap();
        let before = store.snapshot();
        assert_eq!(rows(&store), [(A, 10), (B, 20)]);
        transaction.commit();
        assert_eq!(rows(&store), [(A, 11), (B, 19)]);
        assert_eq!(before.get(A), Some(&10));
    }

    #[test]
    fn commit_shows_all_writes_at_once_in_both_maps() {
        commit_shows_all_writes_at_once::<Paged>();
        commit_shows_all_writes_at_once::<Flat>();
    }

    #[test]
    fn a_dropped_transaction_leaves_nothing_to_see() {
        let store = store::<Paged>();
        store.begin().write(A, 11).unwrap();
        store.begin().write(RowId(3), 30).unwrap();
        assert_eq!(rows(&store), [(A, 10), (B, 20)]);
        assert_eq!(store.vacuum(), Vacuumed { rows: 2, states: 2 });
        assert_eq!(rows(&store), [(A, 10), (B, 20)]);
        assert_eq!(store.sizes(), (0, 2));
    }

    #[test]
    fn the_first_of_two_writers_wins() {
        let store = store::<Paged>();
        let mut first = store.begin();
        let mut second = store.begin();
        first.write(A, 11).unwrap();
        let conflict = second.write(A, 12).unwrap_err();
        assert_eq!(conflict, Conflict { row: A, with: first.id() });
        first.commit();
        // Still in conflict: the snapshot of `second` does not have what `first` wrote.
        assert_eq!(second.write(A, 12).unwrap_err().row, A);
        second.roll_back();
        let mut third = store.begin();
        third.write(A, 13).unwrap();
        third.commit();
        assert_eq!(rows(&store), [(A, 13), (B, 20)]);
    }

    #[test]
    fn a_conflict_is_seen_after_the_states_were_forgotten() {
        let store = store::<Paged>();
        let mut late = store.begin();
        let mut early = store.begin();
        early.write(A, 11).unwrap();
        early.commit();
        store.vacuum();
        assert_eq!(late.write(A, 12).unwrap_err().row, A);
    }

    #[test]
    fn a_row_that_another_transaction_inserted_is_a_conflict() {
        let store = store::<Paged>();
        let mut late = store.begin();
        let mut early = store.begin();
        early.write(RowId(3), 30).unwrap();
        early.commit();
        assert_eq!(late.get(RowId(3)), None);
        assert!(late.write(RowId(3), 31).is_err());
    }

    #[test]
    fn a_transaction_may_write_a_row_twice() {
        let store = store::<Paged>();
        let mut transaction = store.begin();
        transaction.write(A, 11).unwrap();
        transaction.write(A, 12).unwrap();
        transaction.commit();
        assert_eq!(rows(&store), [(A, 12), (B, 20)]);
    }

    #[test]
    fn vacuum_spares_what_running_transactions_wrote() {
        let store = store::<Paged>();
        let mut transaction = store.begin();
        transaction.write(A, 11).unwrap();
        store.vacuum();
        assert_eq!(rows(&store), [(A, 10), (B, 20)]);
        transaction.commit();
        store.vacuum();
        assert_eq!(rows(&store), [(A, 11), (B, 20)]);
        assert_eq!(store.sizes(), (0, 2));
    }
}
