//! The traits of std that a map has.

use core::fmt;
use core::ops::Index;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::{IntoIter, Iter, Map};
use crate::hash::Hashing;
use crate::key::{SentinelKey, absent_key_panic, encode};
use crate::policy::Paging;

/// Takes a snapshot: one atomic increment. The clone and the original share everything until one is
/// written.
impl<K: SentinelKey, V, P: Paging, H: Hashing> Clone for Map<K, V, P, H> {
    #[inline]
    fn clone(&self) -> Self {
        Map { tree: self.tree.clone(), hash: self.hash.clone(), marker: self.marker }
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing + Default> Default for Map<K, V, P, H> {
    /// An empty map.
    fn default() -> Self {
        Self::with_hash(H::default())
    }
}

impl<K, V, P, H> fmt::Debug for Map<K, V, P, H>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Equal if they have the same keys with equal values. Two handles of one snapshot are equal
/// without a look at the entries, even where a value is not equal to itself (as a NaN is not).
impl<K: SentinelKey, V: PartialEq, P: Paging, H: Hashing> PartialEq for Map<K, V, P, H> {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other) || (self.len() == other.len() && self.is_submap(other))
    }
}

impl<K: SentinelKey, V: Eq, P: Paging, H: Hashing> Eq for Map<K, V, P, H> {}

/// # Examples
///
/// ```should_panic
/// let map = cowmap_core::CowMap::from([(1_u64, "one")]);
/// assert_eq!(map[1], "one");
/// let _ = map[42]; // panics with "no entry found for key 42"
/// ```
impl<K: SentinelKey, V, P: Paging, H: Hashing> Index<K> for Map<K, V, P, H> {
    type Output = V;

    /// The value of `key`. O(1), and never copies.
    ///
    /// # Panics
    ///
    /// Panics if `key` is not in the map. The message has the key's integer, and the name of its
    /// type if that is one of your own.
    #[inline]
    #[track_caller]
    fn index(&self, key: K) -> &V {
        let word = encode(key);
        match self.get_word(word) {
            Some(value) => value,
            None => absent_key_panic::<K>(word),
        }
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Extend<(K, V)> for Map<K, V, P, H> {
    /// Inserts every entry; the last of equal keys wins. Faster if the map is empty: then it is
    /// filled as `collect` does.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the entries before it are in the map.
    #[track_caller]
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        if self.is_empty() {
            return self.fill(entries);
        }
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, K: SentinelKey, V: Copy, P: Paging, H: Hashing> Extend<(K, &'a V)> for Map<K, V, P, H> {
    /// Inserts a copy of every entry; the last of equal keys wins.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the entries before it are in the map.
    #[track_caller]
    fn extend<I: IntoIterator<Item = (K, &'a V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(key, &value)| (key, value)));
    }
}

impl<'a, K, V, P, H> Extend<&'a (K, V)> for Map<K, V, P, H>
where
    K: SentinelKey,
    V: Copy,
    P: Paging,
    H: Hashing,
{
    /// Inserts a copy of every pair, as of a slice of them; the last of equal keys wins.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the entries before it are in the map.
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a (K, V)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().copied());
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing + Default> FromIterator<(K, V)> for Map<K, V, P, H> {
    /// A map of all entries; the last of equal keys wins. O(n), and faster than as many calls of
    /// [`insert`](Map::insert): from some 32,000 entries on they are gathered first, and inserted in
    /// an order that is good for the caches. Room that is not needed in the end is given back.
    ///
    /// Values that are replaced may be dropped in the end, rather than one by one.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.fill(entries);
        map
    }
}

impl<K, V, P, H, const N: usize> From<[(K, V); N]> for Map<K, V, P, H>
where
    K: SentinelKey,
    P: Paging,
    H: Hashing + Default,
{
    /// A map of all entries; the last of equal keys wins.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        Self::from_iter(entries)
    }
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> IntoIterator for &'a Map<K, V, P, H> {
    type Item = (K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> IntoIterator for Map<K, V, P, H> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V, P>;

    /// The entries by value: moved out of pages that the map owns alone, cloned out of shared ones.
    ///
    /// Where values cannot be cloned, a call of this method means `(&map).into_iter()`, without an
    /// error; [`try_into_entries`](Map::try_into_entries) moves them out.
    fn into_iter(self) -> IntoIter<K, V, P> {
        IntoIter::of(self.tree)
    }
}

// As `Arc`: a handle gives shared access to its values, whichever way it is passed on.
impl<K: SentinelKey, V: RefUnwindSafe, P: Paging, H: Hashing> UnwindSafe for Map<K, V, P, H> {}
impl<K: SentinelKey, V: RefUnwindSafe, P: Paging, H: Hashing> RefUnwindSafe for Map<K, V, P, H> {}
