//! What changed between two sets, made to a set, and merged.

use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use cowmap_core::{ApplyError, Change, Entry, Paged, SentinelKey};

use super::CowSet;

impl<K: SentinelKey> CowSet<K> {
    /// The changes that turn this set into `new`, each key at most once, in no order that is promised:
    /// added keys and removed ones, never updated ones. [`apply`](Self::apply) makes them.
    ///
    /// Between snapshots that have a common past it takes time in proportion to the pages that differ
    /// and the paths to them, as [`Map::diff`](crate::Map::diff) does. O(n) between sets that were built
    /// apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{Change, CowSet};
    ///
    /// let before: CowSet<u64> = (0..100_000).collect();
    /// let mut online = before.clone();
    /// online.remove(7);
    /// assert!(before.diff(&online).eq([Change::Removed { key: 7, value: () }]));
    /// ```
    pub fn diff<'a>(&'a self, new: &'a Self) -> Diff<'a, K> {
        Diff { inner: self.map.diff(&new.map) }
    }

    /// The changes of [`diff`](Self::diff) in ascending order of their keys' integers. Sorts c changes,
    /// in O(c log c), and allocates room for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    ///
    /// let (old, new) = (CowSet::from([2_i64]), CowSet::from([3, -1]));
    /// assert!(old.diff_sorted(&new).map(|change| change.key()).eq([-1, 2, 3]));
    /// ```
    pub fn diff_sorted<'a>(&'a self, new: &'a Self) -> DiffSorted<'a, K> {
        DiffSorted { inner: self.map.diff_sorted(&new.map) }
    }

    /// Makes these changes, whatever the set has: a key that was added is there, one that was removed
    /// is not. Of several changes of one key the last wins. O(1) a change; copies the key's page if
    /// that is shared and the change is one.
    ///
    /// # Panics
    ///
    /// Panics if a key is the reserved one. The changes before it stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    ///
    /// let (old, new) = (CowSet::from([1_u64, 2]), CowSet::from([2, 3]));
    /// let mut set = old.clone();
    /// set.apply(old.diff(&new));
    /// assert_eq!(set, new);
    /// ```
    #[track_caller]
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change<K, ()>>) {
        for change in changes {
            match (self.map.entry(change.key()), change.new()) {
                (Entry::Vacant(entry), Some(())) => {
                    entry.insert(());
                }
                (Entry::Occupied(entry), None) => entry.remove(),
                (Entry::Vacant(_), None) | (Entry::Occupied(_), Some(())) => {}
            }
        }
    }

    /// Makes these changes if each of them is one, checked one after the other, so that a key may come
    /// several times; else none of them. A key that is added must be absent by then, and one that is
    /// removed must be there. O(1) a change, and copies the key's page.
    ///
    /// # Errors
    ///
    /// The first change that is none, or whose key is the reserved one. The set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{ApplyError, Change, CowSet};
    ///
    /// let mut set = CowSet::from([1_u64]);
    /// let changes = [2, 1].map(|key| Change::Added { key, value: () });
    /// let error = set.try_apply(changes).unwrap_err();
    /// assert_eq!(error, ApplyError::Mismatch { key: 1, found: Some(()) });
    /// assert_eq!(set.len(), 1);
    /// ```
    pub fn try_apply(
        &mut self,
        changes: impl IntoIterator<Item = Change<K, ()>>,
    ) -> Result<(), ApplyError<K, ()>> {
        self.map.try_apply(changes)
    }

    /// Removes each of these keys that is in this set and in `snapshot`, and returns those that only one
    /// of the two has, in order: they were added or removed since. O(1) a key; copies the key's page if
    /// it is shared and has the key.
    ///
    /// A key that neither set has is as it was, so it is not returned. All keys are looked up before
    /// the first is removed. So one that comes twice is removed, or returned twice.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    ///
    /// let mut online = CowSet::from([1_u64, 2]);
    /// let snapshot = online.clone();
    /// online.insert(3); // meanwhile
    /// assert_eq!(online.remove_unchanged(&snapshot, [1, 3]), [3]);
    /// assert_eq!(online, CowSet::from([2, 3]));
    /// ```
    pub fn remove_unchanged(
        &mut self,
        snapshot: &Self,
        keys: impl IntoIterator<Item = K>,
    ) -> Vec<K> {
        self.map.remove_unchanged(&snapshot.map, keys)
    }

    /// The set with the changes from this one to `ours` and to `theirs`.
    ///
    /// There is nothing to resolve, because a key is there or not: where both sides changed a key,
    /// they changed it to the same. So with the sides swapped the result is the same. It takes the
    /// time of a [`diff`](Self::diff) from this set to `theirs`, and shares with `ours` what theirs
    /// did not change.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    ///
    /// let base = CowSet::from([1_u64, 2, 3]);
    /// let (mut ours, mut theirs) = (base.clone(), base.clone());
    /// ours.remove(1);
    /// theirs.remove(1);
    /// theirs.remove(2);
    /// theirs.insert(4);
    /// assert_eq!(base.merge(&ours, &theirs), CowSet::from([3, 4]));
    /// ```
    #[must_use = "the result is a set of its own"]
    pub fn merge(&self, ours: &Self, theirs: &Self) -> Self {
        let map = self.map.merge(&ours.map, &theirs.map, |_, _| {
            unreachable!("of two sides that differ one is as the base")
        });
        CowSet { map }
    }
}

/// The changes that turn one set into another, from [`CowSet::diff`].
///
/// # Examples
///
/// ```
/// let (old, new) = (cowmap::CowSet::new(), cowmap::CowSet::from([1_u64]));
/// let diff = old.diff(&new);
/// assert_eq!(diff.size_hint(), (1, Some(1)));
/// assert_eq!(diff.clone().count(), 1);
/// ```
pub struct Diff<'a, K: SentinelKey> {
    inner: cowmap_core::Diff<'a, K, (), Paged>,
}

/// The changes that turn one set into another in the order of their keys, from
/// [`CowSet::diff_sorted`].
///
/// # Examples
///
/// ```
/// let (old, new) = (cowmap::CowSet::new(), cowmap::CowSet::from([1_u64, 2]));
/// let mut changes = old.diff_sorted(&new);
/// assert_eq!(changes.next_back().map(|change| change.key()), Some(2));
/// assert_eq!(changes.len(), 1);
/// ```
pub struct DiffSorted<'a, K: SentinelKey> {
    inner: cowmap_core::DiffSorted<'a, K, ()>,
}

macro_rules! changes_of_the_map {
    ($($name:ident),*) => {$(
        impl<K: SentinelKey> Iterator for $name<'_, K> {
            type Item = Change<K, ()>;

            #[inline]
            fn next(&mut self) -> Option<Change<K, ()>> {
                self.inner.next().map(Change::cloned)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }
        }

        impl<K: SentinelKey> FusedIterator for $name<'_, K> {}

        impl<K: SentinelKey> Clone for $name<'_, K> {
            fn clone(&self) -> Self {
                $name { inner: self.inner.clone() }
            }
        }

        impl<K: SentinelKey + fmt::Debug> fmt::Debug for $name<'_, K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    )*};
}

changes_of_the_map!(Diff, DiffSorted);

impl<K: SentinelKey> DoubleEndedIterator for DiffSorted<'_, K> {
    #[inline]
    fn next_back(&mut self) -> Option<Change<K, ()>> {
        self.inner.next_back().map(Change::cloned)
    }
}

impl<K: SentinelKey> ExactSizeIterator for DiffSorted<'_, K> {}
