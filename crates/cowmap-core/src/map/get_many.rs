//! Lookups of many keys, with the memory of later ones asked for while earlier ones are compared.

use core::fmt;
use core::iter::FusedIterator;

use super::Map;
use crate::entries::Pending;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf, encode};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Finds the page of `key` and asks for its group.
    #[inline(always)]
    fn start(&self, key: K) -> Pending<'_, WordOf<K>, V> {
        Pending::start(&self.tree, &self.reading(), encode(key))
    }

    /// The values of `N` keys, in their order. O(N), and never copies; faster than as many calls of
    /// [`get`](Self::get) where the map is larger than the caches, for the memory of all is waited
    /// for at once.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// assert_eq!(map.get_many([2, 3, 1]), [Some(&'b'), None, Some(&'a')]);
    /// ```
    pub fn get_many<const N: usize>(&self, keys: [K; N]) -> [Option<&V>; N] {
        keys.map(|key| self.start(key)).map(Pending::finish)
    }

    /// The values of any number of keys, in their order, each looked up a few keys ahead. O(1) a
    /// key, and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from_iter((0_i64..1000).map(|id| (id, id * 2)));
    /// let ids: Vec<i64> = (0..100).map(|n| n * 17).collect();
    /// let sum: i64 = map.get_each(&ids).flatten().sum();
    /// # assert_eq!(sum, ids.iter().filter_map(|&id| map.get(id)).sum());
    /// ```
    pub fn get_each<'a>(&'a self, keys: &'a [K]) -> GetEach<'a, K, V, P, H> {
        let mut each = GetEach {
            map: self,
            ahead: keys.iter(),
            ring: [Pending::none(); AHEAD],
            next: 0,
            left: keys.len(),
        };
        for at in 0..AHEAD {
            each.refill(at);
        }
        each
    }
}

/// Lookups in flight.
///
/// Measured with 16 at a million entries: 0.52 of the time of a plain loop of `get` in a paged map,
/// 0.45 in a flat one.
const AHEAD: usize = 16;

/// The values of keys, in their order, from [`Map::get_each`].
///
/// # Examples
///
/// ```
/// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
/// let mut each = map.get_each(&[2, 3]);
/// assert_eq!(each.len(), 2);
/// assert_eq!((each.next(), each.next()), (Some(Some(&'b')), Some(None)));
/// ```
pub struct GetEach<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    map: &'a Map<K, V, P, H>,
    /// The keys that are not started yet.
    ahead: core::slice::Iter<'a, K>,
    /// Started lookups: the next one to finish at `next`.
    ring: [Pending<'a, WordOf<K>, V>; AHEAD],
    next: usize,
    left: usize,
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> GetEach<'_, K, V, P, H> {
    #[inline(always)]
    fn refill(&mut self, at: usize) {
        if let Some(&key) = self.ahead.next() {
            self.ring[at] = self.map.start(key);
        }
    }
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> Iterator for GetEach<'a, K, V, P, H> {
    type Item = Option<&'a V>;

    #[inline]
    fn next(&mut self) -> Option<Option<&'a V>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let at = self.next % AHEAD;
        self.next = at + 1;
        let pending = self.ring[at];
        self.refill(at);
        Some(pending.finish())
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> ExactSizeIterator for GetEach<'_, K, V, P, H> {}
impl<K: SentinelKey, V, P: Paging, H: Hashing> FusedIterator for GetEach<'_, K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> fmt::Debug for GetEach<'_, K, V, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetEach").field("left", &self.left).finish_non_exhaustive()
    }
}
