//! What a table has after a commit.

use cowmap::{Change, Footprint, Map, Paged, Paging, SentinelKey};

use super::Commit;

/// The newest version of a row.
#[derive(Clone, Debug)]
pub(super) struct Row<V> {
    /// The commit that wrote it.
    pub(super) commit: Commit,
    /// `None` marks a row that was deleted.
    pub(super) value: Option<V>,
}

/// A table as it was after a commit. A clone costs O(1).
pub struct Snapshot<K: SentinelKey, V, P: Paging = Paged> {
    pub(super) rows: Map<K, Row<V>, P>,
    /// How many rows are not deleted.
    live: usize,
    /// The commit.
    commit: Commit,
    /// Whether the table is closed.
    pub(super) closed: bool,
}

impl<K: SentinelKey, V, P: Paging> Clone for Snapshot<K, V, P> {
    fn clone(&self) -> Self {
        Snapshot { rows: self.rows.clone(), ..*self }
    }
}

impl<K: SentinelKey, V, P: Paging> Snapshot<K, V, P> {
    pub(super) fn new(rows: Map<K, Row<V>, P>, commit: Commit) -> Self {
        Snapshot { live: rows.len(), rows, commit, closed: false }
    }

    /// The last commit that it has.
    pub fn commit(&self) -> Commit {
        self.commit
    }

    /// The value of a row.
    pub fn get(&self, key: K) -> Option<&V> {
        self.row(key)?.value.as_ref()
    }

    /// All rows with their values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.rows.iter().filter_map(|(key, row)| Some((key, row.value.as_ref()?)))
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// What it keeps in memory, for [`MemoryUsage::of`](cowmap::MemoryUsage::of) and
    /// [`MemoryUsage::own`](cowmap::MemoryUsage::own): alone, or together with other snapshots.
    pub fn footprint(&self) -> &dyn Footprint {
        &self.rows
    }

    /// A row, perhaps the mark of a deleted one.
    pub(super) fn row(&self, key: K) -> Option<&Row<V>> {
        self.rows.get(key)
    }

    /// The commit that wrote a row, if that came after `begun`.
    pub(super) fn written_after(&self, key: K, begun: Commit) -> Option<Commit> {
        self.row(key).map(|row| row.commit).filter(|&commit| commit > begun)
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Snapshot<K, V, P> {
    /// Writes rows, `None` for those that are deleted, by this commit.
    pub(super) fn write(&mut self, commit: Commit, writes: impl Iterator<Item = (K, Option<V>)>) {
        for (key, value) in writes {
            let was_there = self.get(key).is_some();
            // Who deletes a row that is not there changes nothing.
            if was_there || value.is_some() {
                self.live = self.live - usize::from(was_there) + usize::from(value.is_some());
                self.rows.insert(key, Row { commit, value });
            }
        }
        self.commit = commit;
    }
}

/// What files have.
impl<K: SentinelKey, V, P: Paging> Snapshot<K, V, P> {
    /// The rows that changed since an older snapshot, with the commits that wrote them: `None` for those
    /// that are there no more.
    pub(super) fn rows_since<'a>(
        &'a self,
        old: &'a Self,
    ) -> impl Iterator<Item = (K, Option<(Commit, &'a V)>)> {
        old.rows.diff_by(&self.rows, |old, new| old.commit == new.commit).filter_map(|change| {
            let live = |row: &&'a Row<V>| Some((row.commit, row.value.as_ref()?));
            let (old, new) = (change.old().and_then(live), change.new().and_then(live));
            (old.is_some() || new.is_some()).then(|| (change.key(), new))
        })
    }
}

impl<K: SentinelKey, V, P: Paging> Snapshot<K, V, P> {
    /// All rows, with the commits that wrote them.
    pub(super) fn rows_since_ever(&self) -> impl Iterator<Item = (K, Option<(Commit, &V)>)> {
        let live = |row: &'_ Row<V>| row.value.is_some();
        let rows = self.rows.iter().filter(move |(_, row)| live(row));
        rows.map(|(key, row)| (key, row.value.as_ref().map(|value| (row.commit, value))))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Snapshot<K, V, P> {
    /// Puts back rows that were read from files, in the order of their commits, the last of which is
    /// this. Marks of deleted rows delete rows, and are not kept: nobody reads what was before.
    pub(super) fn restore(&mut self, rows: Vec<(K, Row<V>)>, commit: Commit) {
        let is_mark = |row: &Row<V>| row.value.is_none();
        let deleted: Vec<K> =
            rows.iter().filter(|(_, row)| is_mark(row)).map(|&(key, _)| key).collect();
        if self.rows.is_empty() {
            // Not one by one.
            self.rows = rows.into_iter().collect();
        } else {
            self.rows.extend(rows);
        }
        for key in deleted {
            if self.rows.get(key).is_some_and(is_mark) {
                self.rows.remove(key);
            }
        }
        (self.live, self.commit) = (self.rows.len(), commit);
    }
}

/// The changes from one snapshot of a table to a later one.
pub(super) fn changes_between<'a, K: SentinelKey, V, P: Paging>(
    old: &'a Snapshot<K, V, P>,
    new: &'a Snapshot<K, V, P>,
) -> impl Iterator<Item = Change<K, &'a V>> {
    old.rows.diff_by(&new.rows, |old, new| old.commit == new.commit).filter_map(|change| {
        let key = change.key();
        let value = |row: &&'a Row<V>| row.value.as_ref();
        match (change.old().and_then(value), change.new().and_then(value)) {
            (None, Some(value)) => Some(Change::Added { key, value }),
            (Some(value), None) => Some(Change::Removed { key, value }),
            (Some(old), Some(new)) => Some(Change::Updated { key, old, new }),
            (None, None) => None,
        }
    })
}
