//! The traits of std that a set has.

use core::fmt;

use super::{CowSet, IntoIter, Iter};
use cowmap_core::{CowMap, SentinelKey};

/// Takes a snapshot: one atomic increment.
impl<K: SentinelKey> Clone for CowSet<K> {
    #[inline]
    fn clone(&self) -> Self {
        CowSet { map: self.map.clone() }
    }
}

impl<K: SentinelKey> Default for CowSet<K> {
    /// An empty set.
    fn default() -> Self {
        Self::new()
    }
}

impl<K: SentinelKey + fmt::Debug> fmt::Debug for CowSet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Equal if they have the same keys. Pages that both have are not looked at.
impl<K: SentinelKey> PartialEq for CowSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl<K: SentinelKey> Eq for CowSet<K> {}

impl<K: SentinelKey> Extend<K> for CowSet<K> {
    /// Adds every key. Faster if the set is empty: then it is filled as `collect` does.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the keys before it are in the set.
    #[track_caller]
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        self.map.extend(keys.into_iter().map(|key| (key, ())));
    }
}

impl<'a, K: SentinelKey + 'a> Extend<&'a K> for CowSet<K> {
    /// Adds every key.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the keys before it are in the set.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<K: SentinelKey> FromIterator<K> for CowSet<K> {
    /// A set of all keys. O(n), and faster than as many calls of [`insert`](CowSet::insert).
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let map = keys.into_iter().map(|key| (key, ())).collect();
        CowSet { map }
    }
}

impl<K: SentinelKey, const N: usize> From<[K; N]> for CowSet<K> {
    /// A set of all keys.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from(keys: [K; N]) -> Self {
        Self::from_iter(keys)
    }
}

impl<K: SentinelKey> From<CowMap<K, ()>> for CowSet<K> {
    /// The set of a map's keys. O(1).
    fn from(map: CowMap<K, ()>) -> Self {
        CowSet { map }
    }
}

impl<K: SentinelKey> From<CowSet<K>> for CowMap<K, ()> {
    /// The map without values that the set is. O(1).
    fn from(set: CowSet<K>) -> Self {
        set.map
    }
}

impl<K: SentinelKey> IntoIterator for CowSet<K> {
    type Item = K;
    type IntoIter = IntoIter<K>;

    fn into_iter(self) -> IntoIter<K> {
        IntoIter::of(self.map)
    }
}

impl<'a, K: SentinelKey> IntoIterator for &'a CowSet<K> {
    type Item = K;
    type IntoIter = Iter<'a, K>;

    fn into_iter(self) -> Iter<'a, K> {
        self.iter()
    }
}
