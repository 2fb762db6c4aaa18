//! One key at a time: the lookups and changes that are made of others.

use super::{Map, key_of};
use crate::hash::Hashing;
use crate::key::{SentinelKey, encode, reserved_key_panic};
use crate::paging::Paging;
use crate::word::Word;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The key as it is stored, and its value. O(1), and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert_eq!(map.get_key_value(1), Some((1, &'a')));
    /// assert_eq!(map.get_key_value(2), None);
    /// ```
    #[inline]
    pub fn get_key_value(&self, key: K) -> Option<(K, &V)> {
        let value = self.get(key)?;
        Some((key_of::<K>(encode(key)), value))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Removes `key`, and answers it as it was stored, with its value. O(1); copies as
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
    pub fn remove_entry(&mut self, key: K) -> Option<(K, V)> {
        let value = self.remove(key)?;
        Some((key_of::<K>(encode(key)), value))
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
    pub fn alter<F: FnOnce(Option<V>) -> Option<V>>(&mut self, key: K, change: F) {
        if encode(key) == Word::FREE {
            reserved_key_panic::<K>();
        }
        if let Some(value) = change(self.remove(key)) {
            self.insert(key, value);
        }
    }
}
