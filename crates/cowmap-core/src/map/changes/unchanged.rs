//! Removing and replacing what is still as it was in a snapshot.
//!
//! Everything is compared before anything is changed. So keys may repeat, and user code that panics in
//! a comparison, or in the iterator that is passed, leaves the map as it was.

use alloc::vec::Vec;

use super::same;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf, encode, reserved_key_panic};
use crate::map::Map;
use crate::policy::Paging;
use crate::word::Word;

impl<K: SentinelKey, V: Clone + PartialEq, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Removes each of these keys whose value is still what it was in `snapshot`, and returns the keys
    /// whose value is another one, in order. O(1) a key; copies the key's page if it is shared and
    /// has the key.
    ///
    /// This is for keys that were chosen in a snapshot, while others wrote the map. Values are compared
    /// by `==`, but a value in a page that both share counts as equal. A key that only one of the two
    /// has was changed. One that neither has, as the reserved key, is as it was: nothing is removed, and
    /// it is not returned.
    ///
    /// All keys are compared before the first is removed. So a key that comes twice is removed, or
    /// returned twice. If `==` or `keys` panics, the map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    ///
    /// let mut sessions = CowMap::from([(1_u64, "idle"), (2, "idle"), (3, "busy")]);
    /// let snapshot = sessions.clone();
    /// let idle: Vec<u64> =
    ///     snapshot.iter().filter(|(_, state)| **state == "idle").map(|(id, _)| id).collect();
    /// sessions.insert(2, "busy"); // meanwhile
    ///
    /// assert_eq!(sessions.remove_unchanged(&snapshot, idle), [2]);
    /// assert_eq!(sessions, CowMap::from([(2, "busy"), (3, "busy")]));
    /// ```
    pub fn remove_unchanged(
        &mut self,
        snapshot: &Self,
        keys: impl IntoIterator<Item = K>,
    ) -> Vec<K> {
        let (mut unchanged, mut skipped) = (Vec::new(), Vec::new());
        for key in keys {
            let word = encode(key);
            if self.is_unchanged(snapshot, word) {
                unchanged.push(word);
            } else {
                skipped.push(key);
            }
        }
        for word in unchanged {
            drop(self.remove_word(word));
        }
        skipped
    }

    /// Sets the value of each of these keys whose value is still what it was in `snapshot`, and returns
    /// the entries whose key has another one, in order. O(1) an entry; copies the key's page if it is
    /// shared.
    ///
    /// This is for values that were computed from a snapshot, while others wrote the map. Values are
    /// compared as [`remove_unchanged`](Self::remove_unchanged) does. A key that neither map has is as
    /// it was, so it is added. One that was added or removed since is skipped.
    ///
    /// All keys are compared before the first value is set. So of several values of one key the last
    /// wins, or all are returned. If `==` or `entries` panics, the map is as it was.
    ///
    /// # Panics
    ///
    /// Panics if a key is the reserved one; the map is as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    ///
    /// let mut prices = CowMap::from([(1_u64, 100), (2, 200)]);
    /// let snapshot = prices.clone();
    /// let raised: Vec<(u64, u32)> = snapshot.iter().map(|(id, price)| (id, price + 1)).collect();
    /// prices.insert(2, 150); // meanwhile
    ///
    /// assert_eq!(prices.replace_unchanged(&snapshot, raised), [(2, 201)]);
    /// assert_eq!(prices, CowMap::from([(1, 101), (2, 150)]));
    /// ```
    #[track_caller]
    pub fn replace_unchanged(
        &mut self,
        snapshot: &Self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Vec<(K, V)> {
        let (mut unchanged, mut skipped) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            let word = encode(key);
            if word == Word::FREE {
                reserved_key_panic::<K>();
            }
            if self.is_unchanged(snapshot, word) {
                unchanged.push((word, value));
            } else {
                skipped.push((key, value));
            }
        }
        for (word, value) in unchanged {
            drop(self.insert_word(word, value));
        }
        skipped
    }

    /// Whether what this map and a snapshot have for a word is the same.
    fn is_unchanged(&self, snapshot: &Self, word: WordOf<K>) -> bool {
        same(self.get_word(word), snapshot.get_word(word))
    }
}
