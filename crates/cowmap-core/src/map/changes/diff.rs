//! The changes that turn one map into another.
//!
//! An entry in a page that both maps have is the same in both. So the changes are found in the pages
//! that one map alone has: each entry of such a page of the old map was removed or updated if the new
//! one has it no more, or with another value; each one of the new map was added if the old one has
//! not its key.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use super::Change;
use crate::entries::EntriesApart;
use crate::hash::{Fixed, Hashing};
use crate::key::{SentinelKey, WordOf, repr_of};
use crate::map::{Map, key_of};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The changes that turn this map into `new`, each key at most once, in no order that is promised.
    /// [`apply`](Self::apply) makes them.
    ///
    /// Values of keys that both maps have are compared by `==`, but those in pages that both maps share
    /// count as equal.
    ///
    /// Between snapshots that have a common past it takes time in proportion to the pages that differ
    /// and the paths to them: pages that both have are not read, and segments that both have are
    /// stepped over as wholes. A `FlatCowMap`, a map of one page, and a page that grew as a table are
    /// read whole if they differ. O(n) between maps that were built apart, or have other secrets.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{Change, CowMap};
    ///
    /// let old: CowMap<u64, u64> = (0..100_000).map(|id| (id, 0)).collect();
    /// let mut new = old.clone();
    /// new.insert(7, 1);
    /// new.remove(8);
    /// new.insert(100_000, 0);
    /// let mut changes: Vec<_> = old.diff(&new).collect();
    /// changes.sort_by_key(Change::key);
    /// assert_eq!(changes, [
    ///     Change::Updated { key: 7, old: &0, new: &1 },
    ///     Change::Removed { key: 8, value: &0 },
    ///     Change::Added { key: 100_000, value: &0 },
    /// ]);
    /// ```
    pub fn diff<'a>(&'a self, new: &'a Self) -> Diff<'a, K, V, P, H>
    where
        V: PartialEq,
    {
        self.diff_with(new, ByEq)
    }

    /// As [`diff`](Self::diff), with values that count as equal if `equal` returns `true`.
    ///
    /// # Examples
    ///
    /// ```
    /// let old = cowmap_core::CowMap::from([(1_u64, 0.5_f64), (2, f64::NAN)]);
    /// let new = cowmap_core::CowMap::from([(1_u64, 0.5), (2, f64::NAN)]);
    /// assert_eq!(old.diff(&new).count(), 1);
    /// assert_eq!(old.diff_by(&new, |a, b| a.total_cmp(b).is_eq()).count(), 0);
    /// ```
    pub fn diff_by<'a, F: FnMut(&V, &V) -> bool>(
        &'a self,
        new: &'a Self,
        equal: F,
    ) -> Diff<'a, K, V, P, H, F> {
        self.diff_with(new, equal)
    }

    fn diff_with<'a, F>(&'a self, new: &'a Self, equal: F) -> Diff<'a, K, V, P, H, F> {
        Diff {
            old: self,
            new,
            entries: EntriesApart::of_both(&self.tree, &new.tree),
            ended: self.ptr_eq(new),
            // Both have fewer entries than bytes.
            owed: new.len().cast_signed() - self.len().cast_signed(),
            equal,
        }
    }

    /// The changes of [`diff`](Self::diff) in ascending order of their keys' integers. Sorts c changes,
    /// in O(c log c), and allocates room for them.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{Change, CowMap};
    ///
    /// let (old, new) = (CowMap::from([(2_i64, 'a')]), CowMap::from([(3_i64, 'a'), (-1, 'b')]));
    /// let keys: Vec<i64> = old.diff_sorted(&new).map(|change| change.key()).collect();
    /// assert_eq!(keys, [-1, 2, 3]);
    /// ```
    pub fn diff_sorted<'a>(&'a self, new: &'a Self) -> DiffSorted<'a, K, V>
    where
        V: PartialEq,
    {
        let mut diff = self.diff(new);
        let mut changes: Vec<_> = core::iter::from_fn(|| diff.next_change()).collect();
        changes.sort_unstable_by_key(|change| repr_of::<K>(change.0));
        DiffSorted { changes: changes.into_iter() }
    }
}

/// How a [`Diff`] compares values: by `==`, or by a closure.
#[doc(hidden)]
pub trait Comparison<V> {
    fn equal(&mut self, old: &V, new: &V) -> bool;
}

/// Values are compared by `==`, as [`Map::diff`] does it.
///
/// # Examples
///
/// ```
/// use cowmap_core::{ByEq, CowMap, Diff, Fixed, Paged};
///
/// fn first<'a>(
///     mut diff: Diff<'a, u64, char, Paged, Fixed, ByEq>,
/// ) -> Option<cowmap_core::Change<u64, &'a char>> {
///     diff.next()
/// }
/// let (old, new) = (CowMap::from([(1_u64, 'a')]), CowMap::from([(1, 'a')]));
/// assert!(first(old.diff(&new)).is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ByEq;

impl<V: PartialEq> Comparison<V> for ByEq {
    #[inline(always)]
    fn equal(&mut self, old: &V, new: &V) -> bool {
        old == new
    }
}

impl<V, F: FnMut(&V, &V) -> bool> Comparison<V> for F {
    #[inline(always)]
    fn equal(&mut self, old: &V, new: &V) -> bool {
        self(old, new)
    }
}

/// The changes that turn one map into another, from [`Map::diff`] and [`Map::diff_by`].
///
/// # Examples
///
/// ```
/// let (old, new) = (cowmap_core::CowMap::new(), cowmap_core::CowMap::from([(1_u64, 'a')]));
/// let diff = old.diff(&new);
/// assert_eq!(diff.size_hint(), (1, Some(1)));
/// assert_eq!(diff.clone().count(), 1);
/// ```
pub struct Diff<'a, K: SentinelKey, V, P: Paging, H: Hashing = Fixed, F = ByEq> {
    old: &'a Map<K, V, P, H>,
    new: &'a Map<K, V, P, H>,
    entries: EntriesApart<'a, WordOf<K>, V, P>,
    /// Whether there is nothing left.
    ended: bool,
    /// How many more keys have still to come than to go; negative if more have to go.
    owed: isize,
    equal: F,
}

impl<'a, K, V, P, H, F> Diff<'a, K, V, P, H, F>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing,
    F: Comparison<V>,
{
    /// The next change, and the word of its key.
    pub(super) fn next_change(&mut self) -> Option<(WordOf<K>, Change<K, &'a V>)> {
        while let Some(entry) = self.entries.next_unequal(|old, new| self.equal.equal(old, new)) {
            let (word, value) = (entry.word, entry.value);
            let change = if entry.side == 0 {
                match self.new.facing(&entry) {
                    None => Change::Removed { key: key_of(word), value },
                    // One in the same slot is unequal.
                    Some(new) if entry.facing.is_none() && self.equal.equal(value, new) => continue,
                    Some(new) => Change::Updated { key: key_of(word), old: value, new },
                }
            } else if self.old.facing(&entry).is_none() {
                Change::Added { key: key_of(word), value }
            } else {
                continue;
            };
            self.owed += match change {
                Change::Removed { .. } => 1,
                Change::Added { .. } => -1,
                Change::Updated { .. } => 0,
            };
            return Some((word, change));
        }
        self.ended = true;
        None
    }
}

impl<'a, K, V, P, H, F> Iterator for Diff<'a, K, V, P, H, F>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing,
    F: Comparison<V>,
{
    type Item = Change<K, &'a V>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_change().map(|(_, change)| change)
    }

    /// At least what the difference of the lengths still asks for; at most the entries in pages that
    /// were not passed, which at first are those of both maps.
    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.ended {
            return (0, Some(0));
        }
        let [old, new] = self.entries.passed();
        let most = (self.old.len() - old).checked_add(self.new.len() - new);
        (self.owed.unsigned_abs(), most)
    }
}

impl<K, V, P, H, F> FusedIterator for Diff<'_, K, V, P, H, F>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing,
    F: Comparison<V>,
{
}

impl<K: SentinelKey, V, P: Paging, H: Hashing, F: Clone> Clone for Diff<'_, K, V, P, H, F> {
    fn clone(&self) -> Self {
        Diff { entries: self.entries.clone(), equal: self.equal.clone(), ..*self }
    }
}

impl<K, V, P, H, F> fmt::Debug for Diff<'_, K, V, P, H, F>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
    F: Clone + Comparison<V>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// The changes that turn one map into another in the order of their keys, from
/// [`Map::diff_sorted`].
///
/// # Examples
///
/// ```
/// let (old, new) = (cowmap_core::CowMap::new(), cowmap_core::CowMap::from([(1_u64, 'a')]));
/// assert_eq!(old.diff_sorted(&new).len(), 1);
/// ```
pub struct DiffSorted<'a, K: SentinelKey, V> {
    changes: vec::IntoIter<(WordOf<K>, Change<K, &'a V>)>,
}

impl<'a, K: SentinelKey, V> Iterator for DiffSorted<'a, K, V> {
    type Item = Change<K, &'a V>;

    fn next(&mut self) -> Option<Self::Item> {
        self.changes.next().map(|(_, change)| change)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.changes.size_hint()
    }
}

impl<K: SentinelKey, V> DoubleEndedIterator for DiffSorted<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.changes.next_back().map(|(_, change)| change)
    }
}

impl<K: SentinelKey, V> ExactSizeIterator for DiffSorted<'_, K, V> {}
impl<K: SentinelKey, V> FusedIterator for DiffSorted<'_, K, V> {}

impl<K: SentinelKey, V> Clone for DiffSorted<'_, K, V> {
    fn clone(&self) -> Self {
        DiffSorted { changes: self.changes.clone() }
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug> fmt::Debug for DiffSorted<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
