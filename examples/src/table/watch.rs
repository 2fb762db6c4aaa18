//! Waiting for what is committed.

use std::iter::FusedIterator;
use std::time::{Duration, Instant};

use cowmap::{Change, CowCell, Paging, SentinelKey, Version};

use super::snapshot::changes_between;
use super::{Commit, Snapshot};

/// What one commit changed, or several in a row, from [`VersionTable::watch`](super::VersionTable::watch).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch<K, V> {
    /// The commit after which the changes begin.
    pub from: Commit,
    /// The last commit whose changes they are.
    pub to: Commit,
    /// The changes, each key once, in no particular order.
    pub changes: Vec<Change<K, V>>,
}

/// An iterator of what is committed, from [`VersionTable::watch`](super::VersionTable::watch). It
/// waits, and ends when the table is closed.
pub struct Watch<'t, K: SentinelKey, V, P: Paging> {
    cell: &'t CowCell<Snapshot<K, V, P>>,
    seen: Snapshot<K, V, P>,
    /// The cell's version that was seen, which is no commit's number.
    version: Version,
}

impl<'t, K: SentinelKey, V: Clone, P: Paging> Watch<'t, K, V, P> {
    pub(super) fn new(cell: &'t CowCell<Snapshot<K, V, P>>, seen: Snapshot<K, V, P>) -> Self {
        // It is not known which version `seen` was: the first look finds the newest one.
        Watch { cell, seen, version: Version::from(0) }
    }

    /// The next batch if there is one within this time; `None` if there is not, or the table is
    /// [closed](super::VersionTable::is_closed).
    pub fn next_within(&mut self, time: Duration) -> Option<Batch<K, V>> {
        // A moment that cannot be told is after all others.
        let deadline = Instant::now().checked_add(time);
        let mut left = time;
        loop {
            if self.seen.closed {
                return None;
            }
            let (version, newest) = self.cell.wait_newer(self.version, left)?;
            let changes = changes_between(&self.seen, &newest).map(Change::cloned).collect();
            let (from, to) = (self.seen.commit(), newest.commit());
            (self.version, self.seen) = (version, newest);
            if to > from {
                return Some(Batch { from, to, changes });
            }
            // A vacuum, or the end, is no commit. There may be one vacuum after the other.
            if left.is_zero() {
                return None;
            }
            let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
            left = deadline.map_or(Duration::MAX, until);
        }
    }

    /// The table after the changes that were returned.
    pub fn snapshot(&self) -> &Snapshot<K, V, P> {
        &self.seen
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Iterator for Watch<'_, K, V, P> {
    type Item = Batch<K, V>;

    fn next(&mut self) -> Option<Batch<K, V>> {
        self.next_within(Duration::MAX)
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> FusedIterator for Watch<'_, K, V, P> {}
