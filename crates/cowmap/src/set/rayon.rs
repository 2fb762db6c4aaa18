//! Sets in parallel: their maps, without values.

use core::fmt;

use rayon::iter::plumbing::UnindexedConsumer;
use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::CowSet;
use cowmap_core::{CowMap, Paged, SentinelKey};

/// The keys of a set in parallel, from `par_iter`.
///
/// # Examples
///
/// ```
/// use cowmap::CowSet;
/// use rayon::prelude::*;
///
/// let set: CowSet<u64> = (0..1000).collect();
/// assert_eq!(set.par_iter().filter(|key| key % 2 == 0).count(), 500);
/// ```
pub struct ParIter<'a, K: SentinelKey> {
    entries: cowmap_core::ParIter<'a, K, ()>,
}

/// The keys of a set in parallel, by value, from `into_par_iter`.
///
/// # Examples
///
/// ```
/// use cowmap::CowSet;
/// use rayon::prelude::*;
///
/// let set: CowSet<u64> = (0..1000).collect();
/// assert_eq!(set.into_par_iter().sum::<u64>(), 499_500);
/// ```
pub struct IntoParIter<K: SentinelKey> {
    entries: cowmap_core::IntoParIter<K, (), Paged>,
}

impl<K: SentinelKey> ParIter<'_, K> {
    /// Divides the work only into parts of about this many keys and more.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let set: CowSet<u64> = (0..1000).collect();
    /// assert_eq!(set.par_iter().with_min_len(100).sum::<u64>(), 499_500);
    /// ```
    #[must_use = "iterators do nothing unless they are consumed"]
    pub fn with_min_len(self, min: usize) -> Self {
        ParIter { entries: self.entries.with_min_len(min) }
    }
}

impl<K: SentinelKey + Send> ParallelIterator for ParIter<'_, K> {
    type Item = K;

    fn drive_unindexed<C: UnindexedConsumer<K>>(self, consumer: C) -> C::Result {
        self.entries.map(|(key, ())| key).drive_unindexed(consumer)
    }
}

impl<K: SentinelKey> IntoParIter<K> {
    /// Divides the work only into parts of about this many keys and more.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::CowSet;
    /// use rayon::prelude::*;
    ///
    /// let set: CowSet<u64> = (0..1000).collect();
    /// assert_eq!(set.into_par_iter().with_min_len(100).sum::<u64>(), 499_500);
    /// ```
    #[must_use = "iterators do nothing unless they are consumed"]
    pub fn with_min_len(self, min: usize) -> Self {
        IntoParIter { entries: self.entries.with_min_len(min) }
    }
}

impl<K: SentinelKey + Send> ParallelIterator for IntoParIter<K> {
    type Item = K;

    fn drive_unindexed<C: UnindexedConsumer<K>>(self, consumer: C) -> C::Result {
        self.entries.map(|(key, ())| key).drive_unindexed(consumer)
    }
}

impl<K: SentinelKey> fmt::Debug for ParIter<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

impl<K: SentinelKey> fmt::Debug for IntoParIter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.fmt(f)
    }
}

impl<'a, K: SentinelKey + Send> IntoParallelIterator for &'a CowSet<K> {
    type Item = K;
    type Iter = ParIter<'a, K>;

    /// O(pages) to begin with.
    fn into_par_iter(self) -> ParIter<'a, K> {
        ParIter { entries: (&self.map).into_par_iter() }
    }
}

impl<K: SentinelKey + Send> IntoParallelIterator for CowSet<K> {
    type Item = K;
    type Iter = IntoParIter<K>;

    /// O(pages) to begin with.
    fn into_par_iter(self) -> IntoParIter<K> {
        IntoParIter { entries: self.map.into_par_iter() }
    }
}

impl<K: SentinelKey + Send> ParallelExtend<K> for CowSet<K> {
    /// Makes the keys in parallel, then inserts them one by one; into an empty set, with room made for
    /// all of them first. Room that is not needed in the end is given back.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the keys before it are in the set.
    fn par_extend<I: IntoParallelIterator<Item = K>>(&mut self, keys: I) {
        self.map.par_extend(keys.into_par_iter().map(|key| (key, ())));
    }
}

impl<K: SentinelKey + Send> FromParallelIterator<K> for CowSet<K> {
    /// Makes the keys in parallel, then inserts them one by one into a set with room for all of
    /// them. Room that is not needed in the end is given back.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    fn from_par_iter<I: IntoParallelIterator<Item = K>>(keys: I) -> Self {
        let map: CowMap<K, ()> = keys.into_par_iter().map(|key| (key, ())).collect();
        CowSet { map }
    }
}
