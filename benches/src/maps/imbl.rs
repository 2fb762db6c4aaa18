//! imbl: a persistent trie with wide nodes.

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

use super::{Hasher, Lookup, Map};
use crate::values::Value;

/// imbl's `HashMap` with foldhash.
pub struct Imbl<V>(GenericHashMap<i64, V, Hasher, DefaultSharedPtr>);

impl<V> Lookup<V> for Imbl<V> {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.0.get(&key).map(read)
    }
}

impl<V: Value> Map<V> for Imbl<V> {
    type Reader<'a> = &'a Self;

    fn with_capacity(_capacity: usize) -> Self {
        Imbl(GenericHashMap::with_hasher(Hasher::default()))
    }

    #[inline]
    fn reader(&self) -> &Self {
        self
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn insert(&mut self, key: i64, value: V) {
        self.0.insert(key, value);
    }

    #[inline]
    fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool {
        self.0.get_mut(&key).map(change).is_some()
    }

    #[inline]
    fn remove(&mut self, key: i64) -> bool {
        self.0.remove(&key).is_some()
    }

    #[inline]
    fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
        self.0.iter().for_each(|(&key, value)| visit(key, value));
    }

    #[inline]
    fn snapshot(&self) -> Option<Self> {
        Some(Imbl(self.0.clone()))
    }
}
