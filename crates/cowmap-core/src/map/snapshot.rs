//! Snapshots, and copies that are none.

use super::Map;
use crate::error::OrRaise;
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Another name for `clone`: a handle on the map as it is now. O(1), one atomic increment.
    ///
    /// A snapshot can go to another thread, and be taken apart there while this map goes on:
    /// `map.snapshot().into_iter()` is an iterator that owns what it goes through, and clones the
    /// values that are shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: cowmap_core::CowMap<u64, u64> = (0..1000).map(|id| (id, 1)).collect();
    /// let entries = map.snapshot().into_iter();
    /// let sum = std::thread::spawn(move || entries.map(|(_, value)| value).sum::<u64>());
    /// map.insert(0, 1_000_000);
    /// assert_eq!(sum.join().unwrap(), 1000);
    /// ```
    #[inline]
    #[must_use = "a snapshot has no effect but to be there"]
    pub fn snapshot(&self) -> Self {
        self.clone()
    }

    /// A copy that shares nothing with any other handle. O(n), and clones every value.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// let copy = map.unshared();
    /// assert_eq!(copy, map);
    /// assert!(!copy.is_shared() && !map.is_shared());
    /// ```
    #[must_use = "a copy has no effect but to be there"]
    pub fn unshared(&self) -> Self
    where
        V: Clone,
    {
        let mut copy = self.clone();
        let (tree, hash) = copy.writing();
        tree.unshare_all(&hash).or_raise();
        copy
    }
}
