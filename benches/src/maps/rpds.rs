//! rpds: a persistent trie, one allocation an entry.

use rpds::HashTrieMapSync;

use super::{Hasher, Lookup, Map};
use crate::values::Value;

/// rpds's `HashTrieMapSync` with foldhash.
pub struct Rpds<V: Value>(HashTrieMapSync<i64, V, Hasher>);

impl<V: Value> Lookup<V> for Rpds<V> {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.0.get(&key).map(read)
    }
}

impl<V: Value> Map<V> for Rpds<V> {
    type Reader<'a> = &'a Self;

    fn with_capacity(_capacity: usize) -> Self {
        Rpds(HashTrieMapSync::new_with_hasher_and_ptr_kind(Hasher::default()))
    }

    #[inline]
    fn reader(&self) -> &Self {
        self
    }

    fn len(&self) -> usize {
        self.0.size()
    }

    #[inline]
    fn insert(&mut self, key: i64, value: V) {
        self.0.insert_mut(key, value);
    }

    #[inline]
    fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool {
        self.0.get_mut(&key).map(change).is_some()
    }

    #[inline]
    fn remove(&mut self, key: i64) -> bool {
        self.0.remove_mut(&key)
    }

    #[inline]
    fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
        self.0.iter().for_each(|(&key, value)| visit(key, value));
    }

    #[inline]
    fn snapshot(&self) -> Option<Self> {
        Some(Rpds(self.0.clone()))
    }
}
