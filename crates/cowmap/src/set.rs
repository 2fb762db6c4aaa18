//! The set, [`CowSet`], and its iterators.
//!
//! # Examples
//!
//! ```
//! use cowmap::{CowSet, set};
//!
//! /// The least of the keys that are left.
//! fn least(keys: set::Iter<'_, u64>) -> Option<u64> {
//!     keys.min()
//! }
//! assert_eq!(least(CowSet::from([3, 1, 2]).iter()), Some(1));
//! ```

mod algebra;
mod changes;
mod footprint;
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
mod generate;
mod iter;
#[cfg(feature = "rayon")]
mod par_algebra;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "serde")]
mod serde;
mod traits;

use core::iter::FusedIterator;

use cowmap_core::{
    CowMap, Entry, MemoryUsage, ReservedKey, RetainCursor, SentinelKey, TryReserveError,
};

pub use algebra::{Difference, Intersection, SymmetricDifference, Union};
pub use changes::{Diff, DiffSorted};
pub use iter::{Drain, IntoIter, Iter, IterSorted};
#[cfg(feature = "rayon")]
pub use par_algebra::{ParDifference, ParIntersection, ParSymmetricDifference, ParUnion};
#[cfg(feature = "rayon")]
pub use rayon::{IntoParIter, ParIter};

/// A copy-on-write hash set of integers, or of newtypes over them: a [`CowMap`] without values.
///
/// `clone` takes a snapshot in O(1); the clone and the original share everything until one of them
/// is written. Methods are those of `std::collections::HashSet`, except that keys are passed and
/// yielded by value. The reserved key, and what a write copies, are as for the map: see [the crate
/// page](crate).
///
/// # Examples
///
/// ```
/// use cowmap::CowSet;
///
/// let mut online = CowSet::from([1_u64, 2, 3]);
/// let before = online.clone();
/// online.remove(2);
/// online.insert(4);
///
/// let left: CowSet<u64> = &before - &online;
/// assert!(left.iter().eq([2]));
/// assert_eq!(before.len(), 3);
/// ```
pub struct CowSet<K: SentinelKey> {
    map: CowMap<K, ()>,
}

impl<K: SentinelKey> CowSet<K> {
    /// An empty set. Allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::<u64>::new();
    /// assert!(set.is_empty());
    /// ```
    #[inline]
    pub const fn new() -> Self {
        CowSet { map: CowMap::new() }
    }

    /// An empty set with room for `capacity` keys, as a floor below which removals do not shrink
    /// it. The directory is allocated, and each page with its first key.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow" if a table of that size cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::<u64>::with_capacity(1000);
    /// assert!(set.capacity() >= 1000);
    /// ```
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        CowSet { map: CowMap::with_capacity(capacity) }
    }

    /// How many keys there are. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(cowmap::CowSet::from([1_u64, 2]).len(), 2);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(cowmap::CowSet::<u64>::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// How many keys the set can hold before it grows. O(1).
    ///
    /// An estimate, at least the length, what was reserved, and what one page holds; 0 if nothing is
    /// allocated.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::<u64>::with_capacity(100);
    /// assert!(set.capacity() >= 100);
    /// ```
    pub fn capacity(&self) -> usize {
        self.map.capacity()
    }

    /// Whether `key` is in the set. O(1), and never copies; the reserved key is in none.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_i64]);
    /// assert!(set.contains(1) && !set.contains(2) && !set.contains(i64::MIN));
    /// ```
    #[inline]
    pub fn contains(&self, key: K) -> bool {
        self.map.contains_key(key)
    }

    /// The key as it is stored. O(1), and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_i64]);
    /// assert_eq!((set.get(1), set.get(2)), (Some(1), None));
    /// ```
    #[inline]
    pub fn get(&self, key: K) -> Option<K> {
        self.map.get_key_value(key).map(|(key, ())| key)
    }

    /// Adds `key`, and answers whether it is new. O(1); copies the key's page if the key is new and
    /// the page shared.
    ///
    /// # Panics
    ///
    /// Panics if `key` is the reserved one; the set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::new();
    /// assert!(set.insert(1_u64));
    /// assert!(!set.insert(1));
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K) -> bool {
        match self.map.entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(());
                true
            }
        }
    }

    /// Adds `key` as [`insert`](Self::insert) does, but answers an error where that panics.
    ///
    /// # Errors
    ///
    /// [`ReservedKey`] if `key` is the reserved one.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::new();
    /// assert_eq!(set.checked_insert(1_u64), Ok(true));
    /// assert!(set.checked_insert(u64::MAX).is_err());
    /// ```
    pub fn checked_insert(&mut self, key: K) -> Result<bool, ReservedKey<()>> {
        if self.contains(key) {
            return Ok(false);
        }
        self.map.checked_insert(key, ()).map(|old| old.is_none())
    }

    /// Adds `key`, and answers the one that it replaces. O(1); copies as [`insert`](Self::insert)
    /// does.
    ///
    /// # Panics
    ///
    /// Panics if `key` is the reserved one; the set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::new();
    /// assert_eq!(set.replace(1_u64), None);
    /// assert_eq!(set.replace(1), Some(1));
    /// ```
    #[track_caller]
    pub fn replace(&mut self, key: K) -> Option<K> {
        let old = self.get(key);
        self.insert(key);
        old
    }

    /// Removes `key`, and answers whether it was there. O(1); copies the key's page if it is
    /// shared, and nothing if the key is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// assert!(set.remove(1));
    /// assert!(!set.remove(1));
    /// ```
    #[inline]
    pub fn remove(&mut self, key: K) -> bool {
        self.map.remove(key).is_some()
    }

    /// Removes `key`, and answers it as it was stored. O(1); copies as [`remove`](Self::remove)
    /// does.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// assert_eq!((set.take(1), set.take(1)), (Some(1), None));
    /// ```
    #[inline]
    pub fn take(&mut self, key: K) -> Option<K> {
        self.map.remove_entry(key).map(|(key, ())| key)
    }

    /// Removes all keys. O(capacity), or O(pages) where a snapshot shares them. Copies nothing.
    ///
    /// std's set keeps its memory. This one keeps what was reserved, or one page, if no snapshot
    /// shares it: see [`Map::clear`](crate::Map::clear).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// set.clear();
    /// assert!(set.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Keeps the keys for which `keep` answers `true`. O(capacity); copies a shared page at the
    /// first key of it that goes.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set: cowmap::CowSet<u64> = (0..8).collect();
    /// set.retain(|key| key % 2 == 0);
    /// assert_eq!(set.len(), 4);
    /// ```
    pub fn retain<F: FnMut(K) -> bool>(&mut self, mut keep: F) {
        self.map.retain(|key, ()| keep(key));
    }

    /// A step of [`retain`](Self::retain): visits about `budget` keys from the cursor on, and removes
    /// those for which `keep` returns `false`. Returns whether keys are left to be visited. Between two
    /// steps the set may be written in any way, and no key that was there all along is missed: see
    /// [`Map::retain_step`](crate::Map::retain_step).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{CowSet, RetainCursor};
    ///
    /// let mut set: CowSet<u64> = (0..10_000).collect();
    /// let mut cursor = RetainCursor::new();
    /// while set.retain_step(&mut cursor, 500, |key| key % 2 == 0) {}
    /// assert_eq!(set.len(), 5_000);
    /// ```
    pub fn retain_step<F: FnMut(K) -> bool>(
        &mut self,
        cursor: &mut RetainCursor,
        budget: usize,
        mut keep: F,
    ) -> bool {
        self.map.retain_step(cursor, budget, |key, ()| keep(key))
    }

    /// The keys, in an order that depends on keys and history only. Visiting all is O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64, 2]);
    /// assert_eq!(set.iter().sum::<u64>(), 3);
    /// ```
    pub fn iter(&self) -> Iter<'_, K> {
        Iter::of(&self.map)
    }

    /// The keys in ascending order of their integers. O(n log n), and allocates.
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([3_i64, -1, 2]);
    /// assert!(set.iter_sorted().eq([-1, 2, 3]));
    /// ```
    pub fn iter_sorted(&self) -> IterSorted<'_, K> {
        IterSorted::of(&self.map)
    }

    /// Empties the set and yields what was in it. O(1) to begin with. Dropped, the iterator gives
    /// back the memory that [`clear`](Self::clear) keeps.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64, 2]);
    /// assert_eq!(set.drain().sum::<u64>(), 3);
    /// assert!(set.is_empty());
    /// ```
    pub fn drain(&mut self) -> Drain<'_, K> {
        Drain::of(&mut self.map)
    }

    /// An iterator that removes the keys for which `extract` answers `true`, and yields them. What
    /// it was not asked for stays. Costs what [`retain`](Self::retain) does.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set: cowmap::CowSet<u64> = (0..8).collect();
    /// assert_eq!(set.extract_if(|key| key < 3).count(), 3);
    /// assert_eq!(set.len(), 5);
    /// ```
    pub fn extract_if<F: FnMut(K) -> bool>(
        &mut self,
        mut extract: F,
    ) -> impl FusedIterator<Item = K> + use<'_, K, F> {
        self.map.extract_if(move |key, ()| extract(key)).map(|(key, ())| key)
    }

    /// Makes room for `additional` more keys, as a floor below which removals do not shrink the
    /// set. An empty set allocates its directory; one with keys goes on splitting its pages as they
    /// fill.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow" if a table of that size cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// set.reserve(100);
    /// assert!(set.capacity() >= 101);
    /// ```
    #[track_caller]
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional);
    }

    /// Makes room as [`reserve`](Self::reserve) does, but answers an error where that panics or
    /// aborts.
    ///
    /// # Errors
    ///
    /// What cannot be computed or allocated; the set is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// assert!(set.try_reserve(usize::MAX).is_err());
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.map.try_reserve(additional)
    }

    /// Gives back all room that the keys do not need, and forgets what was reserved. O(pages).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::<u64>::with_capacity(10_000);
    /// set.shrink_to_fit();
    /// assert!(set.capacity() < 10_000);
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Gives back room as [`shrink_to_fit`](Self::shrink_to_fit) does, but keeps it for
    /// `min_capacity` keys if it was reserved.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::<u64>::with_capacity(10_000);
    /// set.shrink_to(5_000);
    /// assert!((5_000..10_000).contains(&set.capacity()));
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink_to(min_capacity);
    }

    /// Another name for `clone`: a handle on the set as it is now. O(1), one atomic increment.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64]);
    /// let snapshot = set.snapshot();
    /// set.insert(2);
    /// assert_eq!(snapshot.len(), 1);
    /// ```
    #[inline]
    #[must_use = "a snapshot has no effect but to be there"]
    pub fn snapshot(&self) -> Self {
        self.clone()
    }

    /// A copy that shares nothing with any other handle. O(n).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64]);
    /// assert!(!set.unshared().is_shared());
    /// ```
    #[must_use = "a copy has no effect but to be there"]
    pub fn unshared(&self) -> Self {
        CowSet { map: self.map.unshared() }
    }

    /// Whether both handles are the same snapshot: equal without a look at the keys. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64]);
    /// assert!(set.ptr_eq(&set.clone()));
    /// assert!(!set.ptr_eq(&cowmap::CowSet::from([1])));
    /// ```
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.map.ptr_eq(&other.map)
    }

    /// Whether another handle shares the root, so that the next write copies something. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64]);
    /// let snapshot = set.clone();
    /// assert!(set.is_shared() && snapshot.is_shared());
    /// ```
    pub fn is_shared(&self) -> bool {
        self.map.is_shared()
    }

    /// The bytes that this handle keeps alive, and how many of them other handles share. O(pages).
    ///
    /// This does not tell how much several handles take together, and cannot be added up: see
    /// [`Map::memory_usage`](crate::Map::memory_usage) for why, and
    /// [`MemoryUsage::of`](crate::MemoryUsage::of) for that.
    ///
    /// # Examples
    ///
    /// ```
    /// let set: cowmap::CowSet<u64> = (0..1000).collect();
    /// assert!(set.memory_usage().total >= 8000);
    /// ```
    pub fn memory_usage(&self) -> MemoryUsage {
        self.map.memory_usage()
    }

    /// The set as a map without values. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64]);
    /// assert_eq!(set.as_map().get(1), Some(&()));
    /// ```
    pub fn as_map(&self) -> &CowMap<K, ()> {
        &self.map
    }
}
