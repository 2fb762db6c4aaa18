//! Iterators that lend values to be changed, and un-share each page as they reach it.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, WriteRules, key_of};
use crate::entries::EntriesMut;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries, with values that may be changed. Visiting all is O(capacity); copies each
    /// shared page when it is reached, so a walk that ends early copies only what it has seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10), (2, 20)]);
    /// for (key, value) in map.iter_mut() {
    ///     *value += key;
    /// }
    /// assert_eq!((map[1], map[2]), (11, 22));
    /// ```
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V, P, H>
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        IterMut { entries: EntriesMut::of(tree, rules), marker: PhantomData }
    }

    /// The values, to be changed. Costs what [`iter_mut`](Self::iter_mut) does.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10), (2, 20)]);
    /// for value in map.values_mut() {
    ///     *value += 1;
    /// }
    /// assert_eq!((map[1], map[2]), (11, 21));
    /// ```
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V, P, H>
    where
        V: Clone,
    {
        ValuesMut { entries: self.iter_mut() }
    }
}

/// The entries of a map with values that may be changed, from [`Map::iter_mut`].
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_u64, 10), (2, 20)]);
/// let mut iter = map.iter_mut();
/// assert_eq!(iter.len(), 2);
/// while let Some((key, value)) = iter.next() {
///     *value += key;
/// }
/// assert_eq!((map[1], map[2]), (11, 22));
/// ```
pub struct IterMut<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    entries: EntriesMut<'a, WordOf<K>, V, P, WriteRules<'a, K, V, P, H>>,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> IterMut<'_, K, V, P, H> {
    /// The entries that are left.
    fn rest(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.rest().map(|(word, value)| (key_of::<K>(word), value))
    }
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> Iterator for IterMut<'a, K, V, P, H> {
    type Item = (K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<(K, &'a mut V)> {
        let (word, value) = self.entries.next()?;
        Some((key_of::<K>(word), value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, &'a mut V)) -> B>(self, init: B, mut f: F) -> B {
        self.entries.fold(init, |acc, (word, value)| f(acc, (key_of::<K>(word), value)))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> ExactSizeIterator
    for IterMut<'_, K, V, P, H>
{
}
impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> FusedIterator for IterMut<'_, K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Default for IterMut<'_, K, V, P, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        IterMut { entries: EntriesMut::none(), marker: PhantomData }
    }
}

impl<K, V, P, H> fmt::Debug for IterMut<'_, K, V, P, H>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rest()).finish()
    }
}

/// The values of a map, to be changed, from [`Map::values_mut`].
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_u64, 10), (2, 20)]);
/// let values = map.values_mut();
/// assert_eq!(values.len(), 2);
/// values.for_each(|value| *value *= 2);
/// assert_eq!((map[1], map[2]), (20, 40));
/// ```
pub struct ValuesMut<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    entries: IterMut<'a, K, V, P, H>,
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> Iterator for ValuesMut<'a, K, V, P, H> {
    type Item = &'a mut V;

    #[inline]
    fn next(&mut self) -> Option<&'a mut V> {
        self.entries.next().map(|(_, value)| value)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'a mut V) -> B>(self, init: B, mut f: F) -> B {
        self.entries.fold(init, |acc, (_, value)| f(acc, value))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> ExactSizeIterator
    for ValuesMut<'_, K, V, P, H>
{
}
impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> FusedIterator for ValuesMut<'_, K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Default for ValuesMut<'_, K, V, P, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        ValuesMut { entries: IterMut::default() }
    }
}

impl<K, V, P, H> fmt::Debug for ValuesMut<'_, K, V, P, H>
where
    K: SentinelKey,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.rest().map(|(_, value)| value)).finish()
    }
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> IntoIterator for &'a mut Map<K, V, P, H> {
    type Item = (K, &'a mut V);
    type IntoIter = IterMut<'a, K, V, P, H>;

    fn into_iter(self) -> IterMut<'a, K, V, P, H> {
        self.iter_mut()
    }
}
