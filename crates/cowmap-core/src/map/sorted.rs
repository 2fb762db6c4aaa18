//! Entries in the order of their keys.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, key_of};
use crate::entries::Entries;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf, repr_of};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries in ascending order of their keys' integers. O(n log n), and allocates room for n
    /// references.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(3_i64, 'c'), (-1, 'a'), (2, 'b')]);
    /// assert!(map.iter_sorted().eq([(-1, &'a'), (2, &'b'), (3, &'c')]));
    /// assert_eq!(map.iter_sorted().next_back(), Some((3, &'c')));
    /// ```
    pub fn iter_sorted(&self) -> IterSorted<'_, K, V> {
        let mut entries: Vec<(WordOf<K>, &V)> = Entries::of(&self.tree).collect();
        entries.sort_unstable_by_key(|entry| repr_of::<K>(entry.0));
        IterSorted { entries: entries.into_iter(), marker: PhantomData }
    }
}

/// The entries of a map in the order of their keys, from [`Map::iter_sorted`].
///
/// # Examples
///
/// ```
/// let map = cowmap_core::CowMap::from([(3_i64, 'c'), (-1, 'a'), (2, 'b')]);
/// let mut sorted = map.iter_sorted();
/// assert_eq!((sorted.next(), sorted.next_back()), (Some((-1, &'a')), Some((3, &'c'))));
/// assert_eq!(sorted.len(), 1);
/// ```
pub struct IterSorted<'a, K: SentinelKey, V> {
    entries: vec::IntoIter<(WordOf<K>, &'a V)>,
    marker: PhantomData<K>,
}

impl<'a, K: SentinelKey, V> IterSorted<'a, K, V> {
    #[inline]
    fn entry((word, value): (WordOf<K>, &'a V)) -> (K, &'a V) {
        (key_of::<K>(word), value)
    }
}

impl<'a, K: SentinelKey, V> Iterator for IterSorted<'a, K, V> {
    type Item = (K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<(K, &'a V)> {
        self.entries.next().map(Self::entry)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, &'a V)) -> B>(self, init: B, f: F) -> B {
        self.entries.map(Self::entry).fold(init, f)
    }
}

impl<K: SentinelKey, V> DoubleEndedIterator for IterSorted<'_, K, V> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.entries.next_back().map(Self::entry)
    }
}

impl<K: SentinelKey, V> ExactSizeIterator for IterSorted<'_, K, V> {}
impl<K: SentinelKey, V> FusedIterator for IterSorted<'_, K, V> {}

impl<K: SentinelKey, V> Clone for IterSorted<'_, K, V> {
    fn clone(&self) -> Self {
        IterSorted { entries: self.entries.clone(), marker: PhantomData }
    }
}

impl<K: SentinelKey, V> Default for IterSorted<'_, K, V> {
    /// An iterator over nothing.
    fn default() -> Self {
        IterSorted { entries: Vec::new().into_iter(), marker: PhantomData }
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug> fmt::Debug for IterSorted<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
