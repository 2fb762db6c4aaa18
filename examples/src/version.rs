//! The versions of one row: which of them a snapshot sees, and which of them nobody needs any more.

use std::sync::Arc;

use cowmap::{Map, Paging};

use crate::ids::TransactionId;

/// What is known of a transaction.
///
/// A transaction that is in no table of states has committed: one that rolled back stays in the
/// table until none of its versions is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is still running: nobody else sees its versions.
    Active,
    /// It has ended, and its versions hold.
    Committed,
    /// It was given up, and its versions never were.
    RolledBack,
}

/// The states of transactions.
pub type States<P> = Map<TransactionId, State, P>;

/// The newest version of a row, with the older ones behind it.
///
/// A snapshot keeps the tables that it saw, so the current table keeps no version for the sake of
/// old readers: the newest committed version, and at most one unfinished in front of it.
#[derive(Clone, Debug)]
pub struct Version<V> {
    writer: TransactionId,
    value: V,
    older: Option<Arc<Version<V>>>,
}

impl<V: Clone> Version<V> {
    /// The first version of a row.
    pub fn first(writer: TransactionId, value: V) -> Self {
        Version { writer, value, older: None }
    }

    /// The transaction that wrote this version.
    pub fn writer(&self) -> TransactionId {
        self.writer
    }

    /// The value of this version.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// This version and the older ones, newest first.
    pub fn chain(&self) -> impl Iterator<Item = &Version<V>> {
        std::iter::successors(Some(self), |version| version.older.as_deref())
    }

    /// The newest committed version.
    pub fn committed<P: Paging>(&self, states: &States<P>) -> Option<&Version<V>> {
        self.chain().find(|version| has_committed(version.writer, states))
    }

    /// The newest version if its transaction has not ended.
    pub fn unfinished<P: Paging>(&self, states: &States<P>) -> Option<&Version<V>> {
        (states.get(self.writer) == Some(&State::Active)).then_some(self)
    }

    /// The chain with a new version in front of the newest committed one. Everything else is left
    /// behind.
    #[must_use = "returns the new chain"]
    pub fn with<P: Paging>(&self, writer: TransactionId, value: V, states: &States<P>) -> Self {
        let older = self.committed(states).map(|committed| Arc::new(committed.alone()));
        Version { writer, value, older }
    }

    /// Whether [`pruned`](Self::pruned) would leave something behind.
    pub fn can_be_pruned<P: Paging>(&self, states: &States<P>) -> bool {
        let needed = usize::from(self.unfinished(states).is_some())
            + usize::from(self.committed(states).is_some());
        self.chain().count() > needed
    }

    /// The chain of the versions that somebody may still need; `None` if there are none.
    pub fn pruned<P: Paging>(&self, states: &States<P>) -> Option<Self> {
        match (self.unfinished(states), self.committed(states)) {
            (Some(head), _) => Some(self.with(head.writer, head.value.clone(), states)),
            (None, committed) => committed.map(Version::alone),
        }
    }

    fn alone(&self) -> Self {
        Version { writer: self.writer, value: self.value.clone(), older: None }
    }
}

fn has_committed<P: Paging>(writer: TransactionId, states: &States<P>) -> bool {
    matches!(states.get(writer), None | Some(State::Committed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowmap::CowMap;

    const OLD: TransactionId = TransactionId(1);
    const DONE: TransactionId = TransactionId(2);
    const GIVEN_UP: TransactionId = TransactionId(3);
    const RUNNING: TransactionId = TransactionId(4);

    fn states() -> States<cowmap::Paged> {
        CowMap::from([
            (DONE, State::Committed),
            (GIVEN_UP, State::RolledBack),
            (RUNNING, State::Active),
        ])
    }

    fn seen(chain: &Version<i32>) -> Option<i32> {
        chain.committed(&states()).map(|version| *version.value())
    }

    #[test]
    fn a_version_whose_writer_is_unknown_has_committed() {
        assert_eq!(seen(&Version::first(OLD, 10)), Some(10));
    }

    #[test]
    fn unfinished_and_rolled_back_versions_are_passed_over() {
        let chain = Version::first(OLD, 10);
        assert_eq!(seen(&chain.with(RUNNING, 20, &states())), Some(10));
        assert_eq!(seen(&chain.with(GIVEN_UP, 20, &states())), Some(10));
        assert_eq!(seen(&chain.with(DONE, 20, &states())), Some(20));
        assert_eq!(seen(&Version::first(RUNNING, 10)), None);
    }

    #[test]
    fn a_new_version_keeps_one_committed_version_behind_it() {
        let chain = Version::first(OLD, 10)
            .with(DONE, 20, &states())
            .with(GIVEN_UP, 30, &states())
            .with(RUNNING, 40, &states());
        let values: Vec<i32> = chain.chain().map(|version| *version.value()).collect();
        assert_eq!(values, [40, 20]);
        assert!(!chain.can_be_pruned(&states()));
    }

    #[test]
    fn pruning_leaves_the_newest_committed_version() {
        let chain = Version::first(OLD, 10).with(GIVEN_UP, 20, &states());
        assert!(chain.can_be_pruned(&states()));
        let pruned = chain.pruned(&states()).unwrap();
        assert_eq!((pruned.writer(), *pruned.value()), (OLD, 10));
        assert_eq!(pruned.chain().count(), 1);
        assert!(Version::first(GIVEN_UP, 1).pruned(&states()).is_none());
    }
}
