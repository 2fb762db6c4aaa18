//! The iterators of a set: those of its map, without values.

use core::fmt;
use core::iter::FusedIterator;

use cowmap_core::{CowMap, Paged, SentinelKey};

macro_rules! keys_of {
    ($(#[$doc:meta])* $name:ident<$($lifetime:lifetime)?>, $map:ty, $inner:ty, $make:expr, $key:expr) => {
        $(#[$doc])*
        pub struct $name<$($lifetime,)? K: SentinelKey> {
            inner: $inner,
        }

        impl<$($lifetime,)? K: SentinelKey> $name<$($lifetime,)? K> {
            pub(super) fn of(map: $map) -> Self {
                $name { inner: $make(map) }
            }
        }

        impl<$($lifetime,)? K: SentinelKey> Iterator for $name<$($lifetime,)? K> {
            type Item = K;

            #[inline]
            fn next(&mut self) -> Option<K> {
                self.inner.next().map($key)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.inner.size_hint()
            }

            #[inline]
            fn fold<B, F: FnMut(B, K) -> B>(self, init: B, mut f: F) -> B {
                self.inner.fold(init, |acc, item| f(acc, $key(item)))
            }
        }

        impl<$($lifetime,)? K: SentinelKey> ExactSizeIterator for $name<$($lifetime,)? K> {}
        impl<$($lifetime,)? K: SentinelKey> FusedIterator for $name<$($lifetime,)? K> {}
    };
}

keys_of! {
    /// The keys of a set, from [`CowSet::iter`](super::CowSet::iter).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([1_u64, 2]);
    /// let mut iter = set.iter();
    /// assert!(iter.next().is_some());
    /// assert_eq!(iter.len(), 1);
    /// ```
    Iter<'a>, &'a CowMap<K, ()>, cowmap_core::Keys<'a, K, ()>, CowMap::keys, |key| key
}
keys_of! {
    /// The keys of a set by value, from `into_iter`.
    ///
    /// # Examples
    ///
    /// ```
    /// let keys = cowmap::CowSet::from([1_u64, 2]).into_iter();
    /// assert_eq!(keys.len(), 2);
    /// assert_eq!(keys.sum::<u64>(), 3);
    /// ```
    IntoIter<>, CowMap<K, ()>, cowmap_core::IntoKeys<K, (), Paged>, CowMap::into_keys, |key| key
}
keys_of! {
    /// The keys of a set in ascending order, from [`CowSet::iter_sorted`](super::CowSet::iter_sorted).
    ///
    /// # Examples
    ///
    /// ```
    /// let set = cowmap::CowSet::from([3_i64, -1, 2]);
    /// let mut sorted = set.iter_sorted();
    /// assert_eq!((sorted.next(), sorted.next_back(), sorted.len()), (Some(-1), Some(3), 1));
    /// ```
    IterSorted<'a>, &'a CowMap<K, ()>, cowmap_core::IterSorted<'a, K, ()>, CowMap::iter_sorted,
    |(key, &())| key
}
keys_of! {
    /// The former keys of a set, from [`CowSet::drain`](super::CowSet::drain).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut set = cowmap::CowSet::from([1_u64, 2]);
    /// let drain = set.drain();
    /// assert_eq!(drain.len(), 2);
    /// drop(drain);
    /// assert!(set.is_empty());
    /// ```
    Drain<'a>, &'a mut CowMap<K, ()>, cowmap_core::Drain<'a, K, (), Paged>, CowMap::drain,
    |(key, ())| key
}

impl<K: SentinelKey> Clone for Iter<'_, K> {
    fn clone(&self) -> Self {
        Iter { inner: self.inner.clone() }
    }
}

impl<K: SentinelKey> Clone for IterSorted<'_, K> {
    fn clone(&self) -> Self {
        IterSorted { inner: self.inner.clone() }
    }
}

impl<K: SentinelKey> DoubleEndedIterator for IterSorted<'_, K> {
    #[inline]
    fn next_back(&mut self) -> Option<K> {
        self.inner.next_back().map(|(key, ())| key)
    }
}

impl<K: SentinelKey> Default for Iter<'_, K> {
    /// An iterator over nothing.
    fn default() -> Self {
        Iter { inner: cowmap_core::Keys::default() }
    }
}

impl<K: SentinelKey> Default for IntoIter<K> {
    /// An iterator over nothing.
    fn default() -> Self {
        IntoIter { inner: cowmap_core::IntoKeys::default() }
    }
}

impl<K: SentinelKey> Default for IterSorted<'_, K> {
    /// An iterator over nothing.
    fn default() -> Self {
        IterSorted { inner: cowmap_core::IterSorted::default() }
    }
}

impl<K: SentinelKey + fmt::Debug> fmt::Debug for Iter<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<K: SentinelKey + fmt::Debug> fmt::Debug for IntoIter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<K: SentinelKey + fmt::Debug> fmt::Debug for IterSorted<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K: SentinelKey> fmt::Debug for Drain<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.len()).finish_non_exhaustive()
    }
}
