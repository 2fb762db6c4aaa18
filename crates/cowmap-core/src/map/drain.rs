//! Emptying a map into an iterator.

use core::fmt;
use core::iter::FusedIterator;

use super::{IntoIter, Map};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;
use crate::tree::Tree;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Empties the map and yields what was in it; what is not asked for is dropped with the
    /// iterator. O(1) to begin with; values are moved out of pages that the map owned alone,
    /// and cloned out of shared ones.
    ///
    /// When the iterator is dropped, the map gets back the memory that [`clear`](Self::clear) keeps.
    /// The map is empty from the start, even if the iterator is forgotten. Then its
    /// [`capacity`](Self::capacity) is 0, and what was reserved is allocated with the next entry.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// let snapshot = map.clone();
    /// let mut drained: Vec<(i64, char)> = map.drain().collect();
    /// drained.sort();
    /// assert_eq!(drained, [(1, 'a'), (2, 'b')]);
    /// assert!(map.is_empty());
    /// assert_eq!(snapshot.len(), 2);
    /// ```
    pub fn drain(&mut self) -> Drain<'_, K, V, P>
    where
        V: Clone,
    {
        let entries = IntoIter::of(self.tree.take());
        Drain { entries, tree: &mut self.tree }
    }
}

/// The former entries of a map, from [`Map::drain`].
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
/// let mut drain = map.drain();
/// assert_eq!(drain.len(), 2);
/// assert!(drain.next().is_some());
/// drop(drain);
/// assert!(map.is_empty());
/// ```
pub struct Drain<'a, K: SentinelKey, V, P: Paging> {
    entries: IntoIter<K, V, P>,
    /// The map's, which is empty: it gets back what it keeps of its memory.
    tree: &'a mut Tree<WordOf<K>, V, P>,
}

impl<K: SentinelKey, V: Clone, P: Paging> Iterator for Drain<'_, K, V, P> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        self.entries.next()
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, V)) -> B>(mut self, init: B, f: F) -> B {
        self.entries.fold_rest(init, f)
    }
}

impl<K: SentinelKey, V, P: Paging> Drop for Drain<'_, K, V, P> {
    fn drop(&mut self) {
        *self.tree = self.entries.clear();
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> ExactSizeIterator for Drain<'_, K, V, P> {}
impl<K: SentinelKey, V: Clone, P: Paging> FusedIterator for Drain<'_, K, V, P> {}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug, P: Paging> fmt::Debug for Drain<'_, K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}
