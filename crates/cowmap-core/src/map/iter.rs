//! Iterators over entries, keys and values.
//!
//! An iterator advances before it turns a word into a key, which may run user code that panics.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, key_of};
use crate::entries::{Entries, IntoEntries};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;
use crate::tree::Tree;

macro_rules! borrowing_iterator {
    ($(#[$doc:meta])* $name:ident, $item:ty, $entry:ident => $yield:expr) => {
        $(#[$doc])*
        pub struct $name<'a, K: SentinelKey, V> {
            entries: Entries<'a, WordOf<K>, V>,
            marker: PhantomData<K>,
        }

        impl<'a, K: SentinelKey, V> $name<'a, K, V> {
            pub(super) fn of<P: Paging, H: Hashing>(map: &'a Map<K, V, P, H>) -> Self {
                $name { entries: Entries::of(&map.tree), marker: PhantomData }
            }
        }

        impl<'a, K: SentinelKey, V> Iterator for $name<'a, K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let $entry = self.entries.next()?;
                Some($yield)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.entries.size_hint()
            }

            #[inline]
            fn fold<B, F: FnMut(B, $item) -> B>(self, init: B, mut f: F) -> B {
                self.entries.fold(init, |acc, $entry| f(acc, $yield))
            }
        }

        impl<K: SentinelKey, V> ExactSizeIterator for $name<'_, K, V> {}
        impl<K: SentinelKey, V> FusedIterator for $name<'_, K, V> {}

        impl<K: SentinelKey, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                $name { entries: self.entries.clone(), marker: PhantomData }
            }
        }

        impl<K: SentinelKey, V> Default for $name<'_, K, V> {
            /// An iterator over nothing.
            fn default() -> Self {
                $name { entries: Entries::none(), marker: PhantomData }
            }
        }

        impl<'a, K: SentinelKey, V> fmt::Debug for $name<'a, K, V>
        where
            $item: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

borrowing_iterator! {
    /// The entries of a map, from [`Map::iter`]: keys by value, values by reference.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// let mut iter = map.iter();
    /// let first = iter.next();
    /// assert!(first == Some((1, &'a')) || first == Some((2, &'b')));
    /// assert_eq!((iter.len(), iter.clone().count()), (1, 1));
    /// ```
    Iter, (K, &'a V), entry => (key_of::<K>(entry.0), entry.1)
}
borrowing_iterator! {
    /// The keys of a map, from [`Map::keys`].
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// assert_eq!(map.keys().len(), 2);
    /// assert_eq!(map.keys().max(), Some(2));
    /// ```
    Keys, K, entry => key_of::<K>(entry.0)
}
borrowing_iterator! {
    /// The values of a map, from [`Map::values`].
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// assert_eq!(map.values().len(), 2);
    /// assert_eq!(map.values().max(), Some(&'b'));
    /// ```
    Values, &'a V, entry => entry.1
}

/// The entries of a map by value, from `into_iter`: moved out of pages that the map owned alone,
/// cloned out of shared ones.
///
/// # Examples
///
/// ```
/// let map = cowmap_core::CowMap::from([(1_u64, "a".to_owned())]);
/// let snapshot = map.clone();
/// let mut entries = map.into_iter();
/// assert_eq!(entries.next(), Some((1, "a".to_owned())));
/// assert_eq!(snapshot[1], "a");
/// ```
pub struct IntoIter<K: SentinelKey, V, P: Paging> {
    entries: IntoEntries<WordOf<K>, V, P>,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V, P: Paging> IntoIter<K, V, P> {
    pub(super) fn of(tree: Tree<WordOf<K>, V, P>) -> Self {
        IntoIter { entries: IntoEntries::of(tree), marker: PhantomData }
    }

    /// The entries that are left.
    fn rest(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.rest().map(|(word, value)| (key_of::<K>(word), value))
    }

    /// Drops the entries that are left, and returns the tree, which has none.
    pub(super) fn clear(&mut self) -> Tree<WordOf<K>, V, P> {
        self.entries.clear()
    }

    /// Folds the entries that are left.
    #[inline]
    pub(super) fn fold_rest<B, F: FnMut(B, (K, V)) -> B>(&mut self, init: B, mut f: F) -> B
    where
        V: Clone,
    {
        self.entries.fold_entries(init, |acc, (word, value)| f(acc, (key_of::<K>(word), value)))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Iterator for IntoIter<K, V, P> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        let (word, value) = self.entries.next()?;
        Some((key_of::<K>(word), value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, V)) -> B>(mut self, init: B, f: F) -> B {
        self.fold_rest(init, f)
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> ExactSizeIterator for IntoIter<K, V, P> {}
impl<K: SentinelKey, V: Clone, P: Paging> FusedIterator for IntoIter<K, V, P> {}

impl<K: SentinelKey, V, P: Paging> Default for IntoIter<K, V, P> {
    /// An iterator over nothing.
    fn default() -> Self {
        IntoIter::of(Tree::new())
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug, P: Paging> fmt::Debug for IntoIter<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rest()).finish()
    }
}
