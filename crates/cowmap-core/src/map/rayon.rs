//! Work in parallel with rayon: by portions of pages, halved by entries.
//!
//! The feature stands again at each public `impl`: the pages of `cowmap` show what is written
//! there.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use rayon::iter::plumbing::{Folder, UnindexedConsumer, UnindexedProducer, bridge_unindexed};
use rayon::iter::{FromParallelIterator, IntoParallelIterator, ParallelExtend, ParallelIterator};

use super::{Map, key_of};
use crate::entries::{ExclusivePortion, OwnedPortion, SharedPortion};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

/// Writes the producer and the parallel iterator around a portion.
macro_rules! parallel_iterator {
    ($(#[$doc:meta])* $name:ident<$($lifetime:lifetime,)? $($policy:ident)?>, $item:ty,
     $portion:ty, $($clone:ident)?) => {
        $(#[$doc])*
        pub struct $name<$($lifetime,)? K: SentinelKey, V $(, $policy: Paging)?> {
            portion: $portion,
            marker: PhantomData<K>,
        }

        impl<$($lifetime,)? K: SentinelKey, V $(, $policy: Paging)?>
            $name<$($lifetime,)? K, V $(, $policy)?>
        {
            /// Divides the work only into parts of about this many entries and more, where an entry
            /// is too little work for a thread of its own. Without it, rayon divides as far as it
            /// has threads that are idle, down to some four entries.
            ///
            /// # Examples
            ///
            /// ```
            /// use cowmap_core::CowMap;
            /// use rayon::prelude::*;
            ///
            /// let map: CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
            /// let sum: u64 = map.into_par_iter().with_min_len(500).map(|(_, value)| value).sum();
            /// assert_eq!(sum, 499_500);
            /// ```
            #[must_use = "iterators do nothing unless they are consumed"]
            pub fn with_min_len(self, min: usize) -> Self {
                $name { portion: self.portion.with_least(min), marker: PhantomData }
            }
        }

        impl<$($lifetime,)? K, V $(, $policy: Paging)?> ParallelIterator
            for $name<$($lifetime,)? K, V $(, $policy)?>
        where
            K: SentinelKey + Send,
            V: Send + Sync $(+ $clone)?,
            $($policy: Send + Sync,)?
        {
            type Item = $item;

            fn drive_unindexed<C: UnindexedConsumer<Self::Item>>(self, consumer: C) -> C::Result {
                bridge_unindexed(self, consumer)
            }
        }

        impl<$($lifetime,)? K, V $(, $policy: Paging)?> UnindexedProducer
            for $name<$($lifetime,)? K, V $(, $policy)?>
        where
            K: SentinelKey + Send,
            V: Send + Sync $(+ $clone)?,
            $($policy: Send + Sync,)?
        {
            type Item = $item;

            fn split(self) -> (Self, Option<Self>) {
                let (lower, upper) = self.portion.split();
                let whole = |portion| $name { portion, marker: PhantomData };
                (whole(lower), upper.map(whole))
            }

            fn fold_with<F: Folder<Self::Item>>(self, folder: F) -> F {
                let mut folder = Some(folder);
                self.portion.visit(|word, value| {
                    let item = (key_of::<K>(word), value);
                    let full = folder
                        .take()
                        .map(|folder| folder.consume(item))
                        .is_none_or(|next| folder.insert(next).full());
                    !full
                });
                folder.expect("a folder comes back from each item")
            }
        }

        impl<$($lifetime,)? K: SentinelKey, V $(, $policy: Paging)?> fmt::Debug
            for $name<$($lifetime,)? K, V $(, $policy)?>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("about", &self.portion.estimate())
                    .finish_non_exhaustive()
            }
        }
    };
}

parallel_iterator! {
    /// The entries of a map in parallel, from `par_iter`.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, u64> = (0..1000).map(|id| (id, 2 * id)).collect();
    /// assert_eq!(map.par_iter().map(|(_, value)| value).sum::<u64>(), 999_000);
    /// ```
    ParIter<'a,>, (K, &'a V), SharedPortion<'a, WordOf<K>, V>,
}

parallel_iterator! {
    /// The entries of a map in parallel, with values that may be changed, from `par_iter_mut`, which
    /// copies all that is shared before the parallel work begins.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let mut map: CowMap<u64, u64> = (0..1000).map(|id| (id, 0)).collect();
    /// map.par_iter_mut().for_each(|(key, value)| *value = 2 * key);
    /// assert_eq!(map[500], 1000);
    /// ```
    ParIterMut<'a,>, (K, &'a mut V), ExclusivePortion<'a, WordOf<K>, V>,
}

parallel_iterator! {
    /// The entries of a map in parallel, by value, from `into_par_iter`.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, String> = (0..1000).map(|id| (id, id.to_string())).collect();
    /// let digits: usize = map.into_par_iter().map(|(_, text)| text.len()).sum();
    /// assert_eq!(digits, 10 + 90 * 2 + 900 * 3);
    /// ```
    IntoParIter<P>, (K, V), OwnedPortion<WordOf<K>, V, P>, Clone
}

/// Writes a parallel iterator over a part of each entry.
macro_rules! parallel_part {
    ($(#[$doc:meta])* $name:ident, $item:ty, $entries:ident, $part:expr) => {
        $(#[$doc])*
        pub struct $name<'a, K: SentinelKey, V> {
            entries: $entries<'a, K, V>,
        }

        impl<'a, K: SentinelKey, V> $name<'a, K, V> {
            /// Divides the work only into parts of about this many entries and more, as
            /// [`ParIter::with_min_len`] does.
            ///
            /// # Examples
            ///
            /// ```
            /// use cowmap_core::CowMap;
            /// use rayon::prelude::*;
            ///
            /// let map: CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
            /// assert_eq!(map.par_keys().with_min_len(100).sum::<u64>(), 499_500);
            /// ```
            #[must_use = "iterators do nothing unless they are consumed"]
            pub fn with_min_len(self, min: usize) -> Self {
                $name { entries: self.entries.with_min_len(min) }
            }
        }

        impl<'a, K: SentinelKey + Send, V: Send + Sync> ParallelIterator for $name<'a, K, V> {
            type Item = $item;

            fn drive_unindexed<C: UnindexedConsumer<$item>>(self, consumer: C) -> C::Result {
                self.entries.map($part).drive_unindexed(consumer)
            }
        }

        impl<K: SentinelKey, V> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.entries.fmt(f)
            }
        }
    };
}

parallel_part! {
    /// The keys of a map in parallel, from [`Map::par_keys`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, char> = (0..1000).map(|id| (id, 'a')).collect();
    /// assert_eq!(map.par_keys().max(), Some(999));
    /// ```
    ParKeys, K, ParIter, |(key, _)| key
}

parallel_part! {
    /// The values of a map in parallel, from [`Map::par_values`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, u64> = (0..1000).map(|id| (id, 2)).collect();
    /// assert_eq!(map.par_values().sum::<u64>(), 2000);
    /// ```
    ParValues, &'a V, ParIter, |(_, value)| value
}

parallel_part! {
    /// The values of a map in parallel, to be changed, from [`Map::par_values_mut`].
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let mut map: CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
    /// map.par_values_mut().for_each(|value| *value += 1);
    /// assert_eq!(map[999], 1000);
    /// ```
    ParValuesMut, &'a mut V, ParIterMut, |(_, value)| value
}

#[cfg(feature = "rayon")]
impl<K, V, P, H> Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Send + Sync,
    P: Paging,
    H: Hashing,
{
    /// The keys in parallel. O(pages) to begin with.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, char> = (0..1000).map(|id| (id, 'a')).collect();
    /// assert_eq!(map.par_keys().filter(|key| key % 2 == 0).count(), 500);
    /// ```
    pub fn par_keys(&self) -> ParKeys<'_, K, V> {
        ParKeys { entries: self.into_par_iter() }
    }

    /// The values in parallel. O(pages) to begin with.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let map: CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
    /// assert_eq!(map.par_values().max(), Some(&999));
    /// ```
    pub fn par_values(&self) -> ParValues<'_, K, V> {
        ParValues { entries: self.into_par_iter() }
    }

    /// The values in parallel, to be changed. O(pages) to begin with; copies all that is shared, on
    /// the calling thread, before the parallel work begins.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    /// use rayon::prelude::*;
    ///
    /// let mut map: CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
    /// map.par_values_mut().for_each(|value| *value *= 2);
    /// assert_eq!(map[500], 1000);
    /// ```
    pub fn par_values_mut(&mut self) -> ParValuesMut<'_, K, V>
    where
        V: Clone,
    {
        ParValuesMut { entries: self.into_par_iter() }
    }
}

#[cfg(feature = "rayon")]
impl<'a, K, V, P, H> IntoParallelIterator for &'a Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Send + Sync,
    P: Paging,
    H: Hashing,
{
    type Item = (K, &'a V);
    type Iter = ParIter<'a, K, V>;

    /// O(pages) to begin with.
    fn into_par_iter(self) -> ParIter<'a, K, V> {
        ParIter { portion: SharedPortion::of(&self.tree), marker: PhantomData }
    }
}

#[cfg(feature = "rayon")]
impl<'a, K, V, P, H> IntoParallelIterator for &'a mut Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Clone + Send + Sync,
    P: Paging,
    H: Hashing,
{
    type Item = (K, &'a mut V);
    type Iter = ParIterMut<'a, K, V>;

    /// O(pages) to begin with; copies all that is shared, on the calling thread, before the
    /// parallel work begins.
    fn into_par_iter(self) -> ParIterMut<'a, K, V> {
        let (tree, rules) = self.writing();
        ParIterMut { portion: ExclusivePortion::of(tree, &rules), marker: PhantomData }
    }
}

#[cfg(feature = "rayon")]
impl<K, V, P, H> IntoParallelIterator for Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Clone + Send + Sync,
    P: Paging + Send + Sync,
    H: Hashing,
{
    type Item = (K, V);
    type Iter = IntoParIter<K, V, P>;

    /// O(pages) to begin with; values are moved out of pages that the map owned alone, and cloned
    /// out of shared ones.
    fn into_par_iter(self) -> IntoParIter<K, V, P> {
        IntoParIter { portion: OwnedPortion::of(self.tree), marker: PhantomData }
    }
}

#[cfg(feature = "rayon")]
impl<K, V, P, H> ParallelExtend<(K, V)> for Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Clone + Send + Sync,
    P: Paging,
    H: Hashing,
{
    /// Makes the entries in parallel, then inserts them one by one; into an empty map, with room made
    /// for all of them first. Room that is not needed in the end is given back.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key; the entries before it are in the map.
    fn par_extend<I: IntoParallelIterator<Item = (K, V)>>(&mut self, entries: I) {
        let lists = lists_of(entries);
        if self.is_empty() {
            self.fill_from_lists(lists);
        } else {
            self.extend(lists.into_iter().flatten());
        }
    }
}

#[cfg(feature = "rayon")]
impl<K, V, P, H> FromParallelIterator<(K, V)> for Map<K, V, P, H>
where
    K: SentinelKey + Send,
    V: Send,
    P: Paging,
    H: Hashing + Default,
{
    /// Makes the entries in parallel, then inserts them one by one into a map with room for all of
    /// them. Room that is not needed in the end is given back.
    ///
    /// # Panics
    ///
    /// Panics at the reserved key.
    fn from_par_iter<I: IntoParallelIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.fill_from_lists(lists_of(entries));
        map
    }
}

#[cfg(feature = "rayon")]
impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Inserts all entries into this map, which is empty.
    fn fill_from_lists(&mut self, lists: Vec<Vec<(K, V)>>) {
        let entries = lists.iter().map(Vec::len).sum();
        self.fill_by_hint(lists.into_iter().flatten(), (entries, Some(entries)));
    }
}

/// The entries in lists, in the order in which a sequential iterator would give them, so that the
/// last of equal keys wins.
fn lists_of<T: Send>(entries: impl IntoParallelIterator<Item = T>) -> Vec<Vec<T>> {
    let append = |mut list: Vec<T>, entry: T| {
        list.push(entry);
        list
    };
    let join = |mut lists: Vec<Vec<T>>, mut more: Vec<Vec<T>>| {
        lists.append(&mut more);
        lists
    };
    entries
        .into_par_iter()
        .fold(Vec::new, append)
        .map(|list| Vec::from([list]))
        .reduce(Vec::new, join)
}
