//! Looking at a map without changing it: lookups, sizes, and what is shared.

use super::{Iter, Keys, Map, Values, key_of};
use crate::MemoryUsage;
use crate::hash::{Hashing, WordHash};
use crate::key::{SentinelKey, WordOf, encode};
use crate::policy::Paging;
use crate::tree::Tree;
use crate::word::Word;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// How many entries there are. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(cowmap_core::CowMap::from([(1_i64, 'a')]).len(), 1);
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there are none. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(cowmap_core::CowMap::<i64, char>::new().is_empty());
    /// ```
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries the map can hold before it grows. O(1).
    ///
    /// Exact for a flat map: it is the room of the table that is there. For a paged one, whose pages
    /// grow and split one by one, it is an estimate, which is at least the length, what was reserved,
    /// and what one page holds. A map that has allocated nothing has a capacity of 0, also if it was
    /// reserved for and then left its memory to a snapshot, or to a [`drain`](Self::drain) that was
    /// forgotten.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::FlatCowMap::<i64, char>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    pub fn capacity(&self) -> usize {
        self.tree.capacity()
    }

    /// The value of `key`. O(1), and never copies; the reserved key has none.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert_eq!(map.get(1), Some(&'a'));
    /// assert_eq!(map.get(2), None);
    /// assert_eq!(map.get(i64::MIN), None);
    /// ```
    #[inline]
    pub fn get(&self, key: K) -> Option<&V> {
        self.get_word(encode(key))
    }

    /// Whether `key` is in the map. O(1), and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert!(map.contains_key(1) && !map.contains_key(2));
    /// ```
    #[inline]
    pub fn contains_key(&self, key: K) -> bool {
        self.get(key).is_some()
    }

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
        let word = encode(key);
        let value = self.get_word(word)?;
        Some((key_of::<K>(word), value))
    }

    /// The value of the key that is stored as `word`; the free word has none.
    #[inline]
    pub(super) fn get_word(&self, word: WordOf<K>) -> Option<&V> {
        if word == Word::FREE {
            return None;
        }
        self.tree.get(&self.reading(), word)
    }

    /// The address of what the map shares with its clones, as `Arc::as_ptr` is of an `Arc`: the key of
    /// a cache of what was computed from a snapshot. O(1).
    ///
    /// By itself the address says nothing: a map that is not shared may keep it when it is written, and
    /// another map may get it when this one is gone. So keep a clone with what was computed. While
    /// that clone lives, a handle with the same address has the same entries, because a write to any
    /// other handle gives that one another address.
    ///
    /// Each clone in the cache keeps its snapshot's memory alive, and makes the next write to the map
    /// copy; drop old ones. A raw pointer is not `Send`: cast it to a `usize` where the cache is shared
    /// between threads. All maps without an allocation have the same address.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use cowmap_core::CowMap;
    ///
    /// let mut sums: HashMap<*const (), (CowMap<u64, u64>, u64)> = HashMap::new();
    /// let mut sum_of = |map: &CowMap<u64, u64>| {
    ///     sums.entry(map.as_ptr()).or_insert_with(|| (map.clone(), map.values().sum())).1
    /// };
    /// let mut map = CowMap::from([(1, 10)]);
    /// assert_eq!((sum_of(&map), sum_of(&map)), (10, 10));
    /// map.insert(2, 5); // the cache holds a clone, so this map has another address now
    /// assert_eq!(sum_of(&map), 15);
    /// ```
    pub fn as_ptr(&self) -> *const () {
        self.tree.as_ptr()
    }

    /// Whether both handles are the same snapshot: equal without a look at the entries. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_u64, 1)]);
    /// let snapshot = map.clone();
    /// assert!(map.ptr_eq(&snapshot));
    /// map.insert(2, 2);
    /// assert!(!map.ptr_eq(&snapshot));
    /// ```
    pub fn ptr_eq(&self, other: &Self) -> bool {
        self.tree.ptr_eq(&other.tree)
    }

    /// Whether another handle shares the root, so that the next write copies something. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// assert!(!map.is_shared());
    /// let snapshot = map.clone();
    /// assert!(map.is_shared() && snapshot.is_shared());
    /// ```
    pub fn is_shared(&self) -> bool {
        self.tree.is_shared()
    }

    /// The bytes that this handle keeps alive, and how many of them other handles share. O(pages).
    ///
    /// This does not tell how much several handles take together. `shared` counts what at least one
    /// other handle holds too, whichever that is: thousands of snapshots that each differ from the
    /// next by a few pages may each say that nearly all is shared, and still take many times the
    /// map. Nor can it be added up: the sum of `total` counts shared bytes once for each handle,
    /// and the sum of `total - shared` counts them never. What values own elsewhere, such as the
    /// text of a `String`, is not in it.
    ///
    /// What handles take together is [`MemoryUsage::of`], and what each of them would free
    /// [`MemoryUsage::own`]: of one, that is `total - shared`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from_iter((0_i64..10_000).map(|id| (id, id)));
    /// let snapshot = map.clone();
    /// let usage = map.memory_usage();
    /// assert_eq!(usage.shared, usage.total);
    /// map.insert(0, 1);
    /// let usage = map.memory_usage();
    /// assert!(usage.total - usage.shared < 8192);
    /// # drop(snapshot);
    /// ```
    pub fn memory_usage(&self) -> MemoryUsage {
        self.tree.memory_usage()
    }

    /// The entries, in an order that depends on keys and history only. Visiting all is O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// let mut entries: Vec<(i64, &char)> = map.iter().collect();
    /// entries.sort();
    /// assert_eq!(entries, [(1, &'a'), (2, &'b')]);
    /// ```
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::of(self)
    }

    /// The keys, in the order of [`iter`](Self::iter). Visiting all is O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 'a'), (2, 'b')]);
    /// assert_eq!(map.keys().sum::<i64>(), 3);
    /// ```
    pub fn keys(&self) -> Keys<'_, K, V> {
        Keys::of(self)
    }

    /// The values, in the order of [`iter`](Self::iter). Visiting all is O(capacity).
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_i64, 10), (2, 20)]);
    /// assert_eq!(map.values().sum::<i32>(), 30);
    /// ```
    pub fn values(&self) -> Values<'_, K, V> {
        Values::of(self)
    }
}

// What tests look at.
impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Checks every invariant that can be seen from this handle.
    ///
    /// # Panics
    ///
    /// Panics if one does not hold.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        self.tree.check(&self.reading());
    }

    /// Checks that the counts of all that these handles share are right: they are all the handles
    /// there are that share anything with one of them.
    ///
    /// # Panics
    ///
    /// Panics if a count is not the sum of the weights that it stands for.
    #[doc(hidden)]
    pub fn check_counts(handles: &[&Self]) {
        Tree::check_counts(handles.iter().map(|map| &map.tree));
    }

    /// How many pages under a directory are known to be this handle's own without a look at their
    /// path, and how many pages there are, for tests of what is known.
    #[doc(hidden)]
    pub fn pages_known_to_be_owned(&self) -> (usize, usize) {
        self.tree.pages_known_to_be_owned()
    }

    /// Groups that a lookup of `key` compares, and that its insertion would, for tests that count
    /// steps.
    #[doc(hidden)]
    pub fn groups_probed(&self, key: K) -> (usize, usize) {
        self.tree.groups_probed(&self.reading(), encode(key))
    }

    /// Links that the directory has, and entries in a full ordinary page, for tests of its bounds.
    #[doc(hidden)]
    pub fn directory_size(&self) -> (usize, usize) {
        (self.tree.directory_links(), Tree::<WordOf<K>, V, P>::page_entries())
    }

    /// The words that the page hash and the place of `key` are, for tests that build colliding
    /// keys.
    #[doc(hidden)]
    pub fn hashes(&self, key: K) -> (u64, u64) {
        let word = encode(key).widen();
        (self.reading().page(word).0, self.reading().place(word).0)
    }
}
