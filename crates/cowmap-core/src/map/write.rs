//! Changing one entry, and making room or giving it back: what may have to copy a page, and so
//! requires `V: Clone`.

use super::{Entry, Map, key_of};
use crate::error::{OrRaise, ReservedKey, TryReserveError};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf, encode, reserved_key_panic};
use crate::policy::Paging;
use crate::word::Word;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Sets the value of `key`, and returns the one it had. O(1); copies the key's page if it is
    /// shared. An existing key's value is replaced in place: the map does not grow.
    ///
    /// # Panics
    ///
    /// Panics if `key` is the reserved one; the map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// assert_eq!(map.insert(1_i64, 'a'), None);
    /// assert_eq!(map.insert(1, 'b'), Some('a'));
    /// ```
    #[inline]
    #[track_caller]
    pub fn insert(&mut self, key: K, value: V) -> Option<V>
    where
        V: Clone,
    {
        let word = encode(key);
        if word == Word::FREE {
            reserved_key_panic::<K>();
        }
        self.insert_word(word, value)
    }

    /// Sets the value of `key` as [`insert`](Self::insert) does, but returns an error where that
    /// panics.
    ///
    /// # Errors
    ///
    /// [`ReservedKey`], with the value in it, if `key` is the reserved one.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// assert_eq!(map.checked_insert(1_u64, 'a'), Ok(None));
    /// assert_eq!(map.checked_insert(u64::MAX, 'b').unwrap_err().into_value(), 'b');
    /// ```
    pub fn checked_insert(&mut self, key: K, value: V) -> Result<Option<V>, ReservedKey<V>>
    where
        V: Clone,
    {
        let word = encode(key);
        if word == Word::FREE {
            return Err(ReservedKey::new::<K>(value));
        }
        Ok(self.insert_word(word, value))
    }

    #[inline]
    pub(super) fn insert_word(&mut self, word: WordOf<K>, value: V) -> Option<V>
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        tree.insert(&rules, word, value).or_raise()
    }

    /// The value of `key`, to be changed. O(1); copies the key's page if it is shared, and nothing
    /// if the key is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10)]);
    /// *map.get_mut(1).unwrap() += 1;
    /// assert_eq!(map.get(1), Some(&11));
    /// ```
    #[inline]
    pub fn get_mut(&mut self, key: K) -> Option<&mut V>
    where
        V: Clone,
    {
        let word = encode(key);
        if word == Word::FREE {
            return None;
        }
        let (tree, rules) = self.writing();
        tree.get_mut(&rules, word).or_raise()
    }

    /// Removes `key` and returns its value. O(1); copies the key's page if it is shared, and
    /// nothing if the key is absent. Shrinks the map when it has become sparse.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert_eq!(map.remove(1), Some('a'));
    /// assert_eq!(map.remove(1), None);
    /// ```
    #[inline]
    pub fn remove(&mut self, key: K) -> Option<V>
    where
        V: Clone,
    {
        self.remove_word(encode(key))
    }

    /// Removes `key`, and returns it as it was stored, with its value. O(1); copies as
    /// [`remove`](Self::remove) does.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert_eq!(map.remove_entry(1), Some((1, 'a')));
    /// assert_eq!(map.remove_entry(1), None);
    /// ```
    #[inline]
    pub fn remove_entry(&mut self, key: K) -> Option<(K, V)>
    where
        V: Clone,
    {
        let word = encode(key);
        let value = self.remove_word(word)?;
        Some((key_of::<K>(word), value))
    }

    #[inline]
    pub(super) fn remove_word(&mut self, word: WordOf<K>) -> Option<V>
    where
        V: Clone,
    {
        if word == Word::FREE {
            return None;
        }
        let (tree, rules) = self.writing();
        tree.remove(&rules, word).or_raise()
    }

    /// Makes of the value that `key` has, or has not, the one it is to have, or not. O(1); copies
    /// the key's page if it is shared, and nothing if the key is absent and stays so.
    ///
    /// If `change` panics, the key is absent.
    ///
    /// # Panics
    ///
    /// Panics if `key` is the reserved one; the map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut stock = cowmap_core::CowMap::from([(1_u64, 1)]);
    /// let take_one = |left: Option<u32>| left.map(|left| left - 1).filter(|&left| left > 0);
    /// stock.alter(1, take_one);
    /// stock.alter(2, take_one);
    /// assert!(stock.is_empty());
    /// stock.alter(2, |left| Some(left.unwrap_or(0) + 10));
    /// assert_eq!(stock[2], 10);
    /// ```
    #[track_caller]
    pub fn alter<F: FnOnce(Option<V>) -> Option<V>>(&mut self, key: K, change: F)
    where
        V: Clone,
    {
        let word = encode(key);
        if word == Word::FREE {
            reserved_key_panic::<K>();
        }
        if let Some(value) = change(self.remove_word(word)) {
            self.insert_word(word, value);
        }
    }

    /// The place of `key` in the map, found once, to be looked at, filled or changed. Copies
    /// nothing until it is written through.
    ///
    /// # Panics
    ///
    /// Panics if `key` is the reserved one.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// for id in [7_i64, 8, 7] {
    ///     *map.entry(id).or_insert(0) += 1;
    /// }
    /// assert_eq!(map.get(7), Some(&2));
    /// ```
    #[inline]
    #[track_caller]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, P, H>
    where
        V: Clone,
    {
        let word = encode(key);
        if word == Word::FREE {
            reserved_key_panic::<K>();
        }
        Entry::find(self, key, word)
    }

    /// Makes room for `additional` more entries, as a floor below which removals do not shrink the
    /// map. Only this, [`try_reserve`](Self::try_reserve) and `with_capacity` set floors: what other
    /// methods make room for does not outlive their call. Where `additional` is 0, nothing is done.
    ///
    /// A flat map then has a table of that size that no snapshot shares: it copies one that is too
    /// small or shared, O(n), and so many insertions do not allocate. A paged map allocates its
    /// directory, O(links), and each page with its first entry.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow" if a table of that size cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::FlatCowMap::from([(1_i64, 'a')]);
    /// map.reserve(100);
    /// assert!(map.capacity() >= 101);
    /// ```
    #[track_caller]
    pub fn reserve(&mut self, additional: usize)
    where
        V: Clone,
    {
        self.try_reserve(additional).or_raise();
    }

    /// Makes room as [`reserve`](Self::reserve) does, but returns an error where that panics or
    /// aborts.
    ///
    /// `Ok` means for a flat map that so many insertions cannot run out of memory. For a paged map it
    /// means that there is a directory of that size; pages are allocated later.
    ///
    /// # Errors
    ///
    /// What cannot be computed or allocated. The map has the same entries, and what was reserved is
    /// the same; the directory may be finer.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::FlatCowMap::from([(1_i64, 'a')]);
    /// assert!(map.try_reserve(usize::MAX).is_err());
    /// assert_eq!(map.get(1), Some(&'a'));
    /// ```
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError>
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        tree.reserve(additional, &rules)
    }

    /// Gives back all room that the entries do not need, and forgets what was reserved. O(n + links);
    /// copies the pages that shrink if they are shared. The [`capacity`](Self::capacity) is never
    /// more than before.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::FlatCowMap::<i64, u8>::with_capacity(1000);
    /// map.insert(1, 1);
    /// map.shrink_to_fit();
    /// assert!(map.capacity() < 1000);
    /// ```
    pub fn shrink_to_fit(&mut self)
    where
        V: Clone,
    {
        self.shrink_to(0);
    }

    /// Gives back room as [`shrink_to_fit`](Self::shrink_to_fit) does, but keeps it for
    /// `min_capacity` entries if it was reserved.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::FlatCowMap::<i64, char>::with_capacity(10_000);
    /// map.shrink_to(100);
    /// assert!((100..10_000).contains(&map.capacity()));
    /// ```
    pub fn shrink_to(&mut self, min_capacity: usize)
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        // Without memory for a smaller copy, the larger one is kept.
        let _ = tree.shrink_to(min_capacity, &rules);
    }
}
