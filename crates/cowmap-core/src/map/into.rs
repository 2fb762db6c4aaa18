//! Taking a map apart into its keys or its values, or moving its entries out.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, key_of};
use crate::entries::{IntoEntries, MovedEntries};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;
use crate::tree::Tree;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries by value, moved out of a map that shares nothing with another handle. Unlike
    /// `into_iter`, this does not require `V: Clone`. O(pages) to begin with.
    ///
    /// Where values cannot be cloned, `map.into_iter()` means `(&map).into_iter()`, and yields
    /// references; this is what moves the values of such a map.
    ///
    /// # Errors
    ///
    /// The map, as it was, if another handle shares any of it. (`.ok()` before `.unwrap()`, where values
    /// have no `Debug`.)
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Mutex; // cannot be cloned
    ///
    /// let map: cowmap_core::CowMap<u64, Mutex<u64>> = (0..9).map(|id| (id, Mutex::new(id))).collect();
    /// let snapshot = map.clone();
    /// let map = map.try_into_entries().unwrap_err();
    /// drop(snapshot);
    /// let entries = map.try_into_entries().unwrap();
    /// assert_eq!(entries.map(|(_, value)| value.into_inner().unwrap()).sum::<u64>(), 36);
    /// ```
    pub fn try_into_entries(self) -> Result<IntoUnsharedEntries<K, V, P>, Self> {
        let Map { tree, hash, marker } = self;
        match MovedEntries::of(tree) {
            Ok(entries) => Ok(IntoUnsharedEntries { entries, marker: PhantomData }),
            Err(tree) => Err(Map { tree, hash, marker }),
        }
    }

    /// The keys, by value. Visiting all is O(capacity), and clones nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// let mut keys: Vec<i64> = map.into_keys().collect();
    /// keys.sort();
    /// assert_eq!(keys, [1, 2]);
    /// ```
    pub fn into_keys(self) -> IntoKeys<K, V, P> {
        IntoKeys { entries: IntoEntries::of(self.tree), marker: PhantomData }
    }

    /// The values, by value. Visiting all is O(capacity); values are moved out of pages that the
    /// map owned alone, and cloned out of shared ones.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// let mut values: Vec<char> = map.into_values().collect();
    /// values.sort();
    /// assert_eq!(values, ['a', 'b']);
    /// ```
    pub fn into_values(self) -> IntoValues<K, V, P>
    where
        V: Clone,
    {
        IntoValues { entries: IntoEntries::of(self.tree), marker: PhantomData }
    }
}

/// The entries of a map that shared nothing, moved out of it, from [`Map::try_into_entries`].
///
/// # Examples
///
/// ```
/// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
/// let mut entries = map.try_into_entries().unwrap();
/// assert_eq!(entries.len(), 2);
/// assert!(entries.next().is_some());
/// ```
pub struct IntoUnsharedEntries<K: SentinelKey, V, P: Paging> {
    entries: MovedEntries<WordOf<K>, V, P>,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V, P: Paging> Iterator for IntoUnsharedEntries<K, V, P> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        self.entries.next().map(|(word, value)| (key_of::<K>(word), value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<K: SentinelKey, V, P: Paging> ExactSizeIterator for IntoUnsharedEntries<K, V, P> {}
impl<K: SentinelKey, V, P: Paging> FusedIterator for IntoUnsharedEntries<K, V, P> {}

impl<K, V, P> fmt::Debug for IntoUnsharedEntries<K, V, P>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.entries.rest().map(|(word, value)| (key_of::<K>(word), value));
        f.debug_list().entries(rest).finish()
    }
}

/// The keys of a map by value, from [`Map::into_keys`].
///
/// # Examples
///
/// ```
/// let keys = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]).into_keys();
/// assert_eq!(keys.len(), 2);
/// assert_eq!(keys.sum::<u64>(), 3);
/// ```
pub struct IntoKeys<K: SentinelKey, V, P: Paging> {
    entries: IntoEntries<WordOf<K>, V, P>,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V, P: Paging> Iterator for IntoKeys<K, V, P> {
    type Item = K;

    #[inline]
    fn next(&mut self) -> Option<K> {
        self.entries.next_word().map(key_of::<K>)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.entries.remaining(), Some(self.entries.remaining()))
    }

    #[inline]
    fn fold<B, F: FnMut(B, K) -> B>(self, init: B, mut f: F) -> B {
        self.entries.fold_words(init, |acc, word| f(acc, key_of::<K>(word)))
    }
}

/// The values of a map by value, from [`Map::into_values`].
///
/// # Examples
///
/// ```
/// let values = cowmap_core::CowMap::from([(1_u64, 10), (2, 20)]).into_values();
/// assert_eq!(values.len(), 2);
/// assert_eq!(values.sum::<i32>(), 30);
/// ```
pub struct IntoValues<K: SentinelKey, V, P: Paging> {
    entries: IntoEntries<WordOf<K>, V, P>,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V: Clone, P: Paging> Iterator for IntoValues<K, V, P> {
    type Item = V;

    #[inline]
    fn next(&mut self) -> Option<V> {
        self.entries.next().map(|(_, value)| value)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, V) -> B>(self, init: B, mut f: F) -> B {
        self.entries.fold(init, |acc, (_, value)| f(acc, value))
    }
}

impl<K: SentinelKey, V, P: Paging> ExactSizeIterator for IntoKeys<K, V, P> {}
impl<K: SentinelKey, V, P: Paging> FusedIterator for IntoKeys<K, V, P> {}
impl<K: SentinelKey, V: Clone, P: Paging> ExactSizeIterator for IntoValues<K, V, P> {}
impl<K: SentinelKey, V: Clone, P: Paging> FusedIterator for IntoValues<K, V, P> {}

impl<K: SentinelKey, V, P: Paging> Default for IntoKeys<K, V, P> {
    /// An iterator over nothing.
    fn default() -> Self {
        IntoKeys { entries: IntoEntries::of(Tree::new()), marker: PhantomData }
    }
}

impl<K: SentinelKey, V, P: Paging> Default for IntoValues<K, V, P> {
    /// An iterator over nothing.
    fn default() -> Self {
        IntoValues { entries: IntoEntries::of(Tree::new()), marker: PhantomData }
    }
}

impl<K: SentinelKey + fmt::Debug, V, P: Paging> fmt::Debug for IntoKeys<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.rest().map(|(word, _)| key_of::<K>(word))).finish()
    }
}

impl<K: SentinelKey, V: fmt::Debug, P: Paging> fmt::Debug for IntoValues<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.rest().map(|(_, value)| value)).finish()
    }
}
