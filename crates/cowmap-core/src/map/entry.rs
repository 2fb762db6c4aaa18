//! Entries: a key's place in a map, found once.

use core::fmt;

use super::{Map, WriteRules};
use crate::entries::{Occupied, Vacant};
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

/// A key's place in a map: occupied or vacant. From [`Map::entry`].
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Entry};
///
/// let mut map = CowMap::from([(1_u64, 'a')]);
/// match map.entry(1) {
///     Entry::Occupied(entry) => assert_eq!(entry.get(), &'a'),
///     Entry::Vacant(_) => unreachable!("1 is there"),
/// }
/// ```
pub enum Entry<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    /// The key is in the map.
    Occupied(OccupiedEntry<'a, K, V, P, H>),
    /// The key is not in the map.
    Vacant(VacantEntry<'a, K, V, P, H>),
}

/// The place of a key that is in the map.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Entry};
///
/// let mut map = CowMap::from([(1_u64, 10)]);
/// if let Entry::Occupied(mut entry) = map.entry(1) {
///     *entry.get_mut() += 1;
///     assert_eq!(entry.remove(), 11);
/// }
/// assert!(map.is_empty());
/// ```
pub struct OccupiedEntry<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    entry: Occupied<'a, WordOf<K>, V, P, WriteRules<'a, K, V, P, H>>,
    key: K,
}

/// The place of a key that is not in the map.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Entry};
///
/// let mut map = CowMap::new();
/// if let Entry::Vacant(entry) = map.entry(1_u64) {
///     entry.insert('a');
/// }
/// assert_eq!(map[1], 'a');
/// ```
pub struct VacantEntry<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    entry: Vacant<'a, WordOf<K>, V, P, WriteRules<'a, K, V, P, H>>,
    key: K,
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> Entry<'a, K, V, P, H> {
    /// The entry of a key whose word is not the free one. (Asking the key for its word again might
    /// give another.)
    #[inline]
    pub(super) fn find(map: &'a mut Map<K, V, P, H>, key: K, word: WordOf<K>) -> Self {
        let (tree, rules) = map.writing();
        match Occupied::find(tree, rules, word) {
            Ok(entry) => Entry::Occupied(OccupiedEntry { entry, key }),
            Err(entry) => Entry::Vacant(VacantEntry { entry, key }),
        }
    }

    /// The key. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::<i64, char>::new();
    /// assert_eq!(map.entry(1).key(), 1);
    /// ```
    pub fn key(&self) -> K {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// The value, after inserting `default` if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// *map.entry(1_i64).or_insert(10) += 1;
    /// assert_eq!(map.get(1), Some(&11));
    /// ```
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V
    where
        V: Clone,
    {
        self.or_insert_with(|| default)
    }

    /// The value, after inserting what `default` gives if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// map.entry(1_i64).or_insert_with(|| 'a');
    /// map.entry(1).or_insert_with(|| unreachable!());
    /// assert_eq!(map[1], 'a');
    /// ```
    #[inline]
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> &'a mut V
    where
        V: Clone,
    {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default()),
        }
    }

    /// The value, after inserting what `default` makes of the key if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut names = cowmap_core::CowMap::new();
    /// names.entry(7_u64).or_insert_with_key(|id| format!("user {id}"));
    /// assert_eq!(names[7], "user 7");
    /// ```
    #[inline]
    pub fn or_insert_with_key(self, default: impl FnOnce(K) -> V) -> &'a mut V
    where
        V: Clone,
    {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// Sets the value, and answers the entry, which is occupied now. O(1); copies the page if it is
    /// shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// let entry = map.entry(1_i64).insert_entry('a');
    /// assert_eq!((entry.key(), entry.get()), (1, &'a'));
    /// ```
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, P, H>
    where
        V: Clone,
    {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// The value, after inserting `V::default()` if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lists = cowmap_core::CowMap::<i64, Vec<char>>::new();
    /// lists.entry(1).or_default().push('a');
    /// assert_eq!(lists[1], ['a']);
    /// ```
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
        V: Clone,
    {
        self.or_insert_with(V::default)
    }

    /// Replaces the value, if there is one, by what `change` makes of it, or removes the entry where
    /// that is nothing. O(1); copies the page if it is shared.
    ///
    /// If `change` panics, the key is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut stock = cowmap_core::CowMap::from([(1_u64, 1_u32)]);
    /// let entry = stock.entry(1).and_replace_entry_with(|_, left| left.checked_sub(2));
    /// assert_eq!(*entry.or_insert(10), 10);
    /// ```
    #[inline]
    pub fn and_replace_entry_with(self, change: impl FnOnce(K, V) -> Option<V>) -> Self
    where
        V: Clone,
    {
        match self {
            Entry::Occupied(entry) => entry.replace_entry_with(change),
            Entry::Vacant(_) => self,
        }
    }

    /// Changes the value if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10)]);
    /// map.entry(1).and_modify(|value| *value += 1).or_insert(0);
    /// assert_eq!(map.get(1), Some(&11));
    /// ```
    #[inline]
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self
    where
        V: Clone,
    {
        if let Entry::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> OccupiedEntry<'a, K, V, P, H> {
    /// The key. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::from([(1_i64, 'a')]);
    /// if let Entry::Occupied(entry) = map.entry(1) {
    ///     assert_eq!(entry.key(), 1);
    /// }
    /// ```
    pub fn key(&self) -> K {
        self.key
    }

    /// The value. O(1), and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// let entry = map.entry(1_i64).insert_entry('a');
    /// assert_eq!(entry.get(), &'a');
    /// ```
    #[inline]
    pub fn get(&self) -> &V {
        self.entry.get()
    }

    /// The value, to be changed. O(1); copies the page if it is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// let mut entry = map.entry(1_i64).insert_entry(10);
    /// *entry.get_mut() += 1;
    /// assert_eq!(entry.get(), &11);
    /// ```
    #[inline]
    pub fn get_mut(&mut self) -> &mut V
    where
        V: Clone,
    {
        self.entry.get_mut()
    }

    /// The value, to be changed, for as long as the map is borrowed. O(1); copies the page if it is
    /// shared.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// fn count(map: &mut CowMap<u64, u32>, id: u64) -> Option<&mut u32> {
    ///     match map.entry(id) {
    ///         Entry::Occupied(entry) => Some(entry.into_mut()),
    ///         Entry::Vacant(_) => None,
    ///     }
    /// }
    /// assert_eq!(count(&mut CowMap::from([(1, 5)]), 1), Some(&mut 5));
    /// ```
    #[inline]
    pub fn into_mut(self) -> &'a mut V
    where
        V: Clone,
    {
        self.entry.into_mut()
    }

    /// Replaces the value and answers the one there was. O(1); copies the page if it is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// let mut entry = map.entry(1_i64).insert_entry('a');
    /// assert_eq!(entry.insert('b'), 'a');
    /// ```
    #[inline]
    pub fn insert(&mut self, value: V) -> V
    where
        V: Clone,
    {
        core::mem::replace(self.get_mut(), value)
    }

    /// Replaces the value by what `change` makes of it, or removes the entry where that is nothing, and
    /// returns the key's place. O(1); copies the page if it is shared.
    ///
    /// If `change` panics, the key is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::from([(1_u64, 10)]);
    /// if let Entry::Occupied(entry) = map.entry(1) {
    ///     let entry = entry.replace_entry_with(|key, value| Some(key + value));
    ///     assert!(matches!(entry, Entry::Occupied(_)));
    /// }
    /// assert_eq!(map[1], 11);
    /// ```
    #[inline]
    pub fn replace_entry_with(self, change: impl FnOnce(K, V) -> Option<V>) -> Entry<'a, K, V, P, H>
    where
        V: Clone,
    {
        let OccupiedEntry { entry, key } = self;
        let (value, vacant) = entry.take();
        let vacant = VacantEntry { entry: vacant, key };
        match change(key, value) {
            Some(value) => Entry::Occupied(vacant.insert_entry(value)),
            None => Entry::Vacant(vacant),
        }
    }

    /// Removes the entry and answers its key and value. O(1); copies the page if it is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// assert_eq!(map.entry(1_i64).insert_entry('a').remove_entry(), (1, 'a'));
    /// ```
    #[inline]
    pub fn remove_entry(self) -> (K, V)
    where
        V: Clone,
    {
        (self.key, self.remove())
    }

    /// Removes the entry and answers its value. O(1); copies the page if it is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// assert_eq!(map.entry(1_i64).insert_entry('a').remove(), 'a');
    /// ```
    #[inline]
    pub fn remove(self) -> V
    where
        V: Clone,
    {
        self.entry.remove()
    }
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> VacantEntry<'a, K, V, P, H> {
    /// The key. O(1).
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::<i64, char>::new();
    /// if let Entry::Vacant(entry) = map.entry(1) {
    ///     assert_eq!(entry.key(), 1);
    /// }
    /// ```
    pub fn key(&self) -> K {
        self.key
    }

    /// The key, for which nothing was inserted. O(1), and never copies.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::<i64, char>::new();
    /// if let Entry::Vacant(entry) = map.entry(1) {
    ///     assert_eq!(entry.into_key(), 1);
    /// }
    /// assert!(map.is_empty());
    /// ```
    pub fn into_key(self) -> K {
        self.key
    }

    /// Inserts a value, and answers the entry, which is occupied now. O(1); copies the page if it
    /// is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::new();
    /// if let Entry::Vacant(entry) = map.entry(1_i64) {
    ///     assert_eq!(entry.insert_entry('a').remove_entry(), (1, 'a'));
    /// }
    /// assert!(map.is_empty());
    /// ```
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, P, H>
    where
        V: Clone,
    {
        OccupiedEntry { entry: self.entry.insert_entry(value), key: self.key }
    }

    /// Inserts a value, and answers it, to be changed. O(1); copies the page if it is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, Entry};
    ///
    /// let mut map = CowMap::new();
    /// if let Entry::Vacant(entry) = map.entry(1_i64) {
    ///     *entry.insert(10) += 1;
    /// }
    /// assert_eq!(map[1], 11);
    /// ```
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V
    where
        V: Clone,
    {
        self.entry.insert(value)
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug, P: Paging, H: Hashing> fmt::Debug
    for Entry<'_, K, V, P, H>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug, P: Paging, H: Hashing> fmt::Debug
    for OccupiedEntry<'_, K, V, P, H>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").field("key", &self.key).field("value", self.get()).finish()
    }
}

impl<K: SentinelKey + fmt::Debug, V, P: Paging, H: Hashing> fmt::Debug
    for VacantEntry<'_, K, V, P, H>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
