//! `DashMap`: a locked table a shard.

use dashmap::DashMap;

use super::{Hasher, Lookup, Map};
use crate::values::Value;

/// `DashMap` with foldhash and its default number of shards.
pub struct Dash<V>(DashMap<i64, V, Hasher>);

impl<V: Value> Lookup<V> for Dash<V> {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.0.get(&key).map(|entry| read(entry.value()))
    }
}

impl<V: Value> Map<V> for Dash<V> {
    type Reader<'a> = &'a Self;

    fn with_capacity(capacity: usize) -> Self {
        Dash(DashMap::with_capacity_and_hasher(capacity, Hasher::default()))
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
        self.0.get_mut(&key).map(|mut entry| change(entry.value_mut())).is_some()
    }

    #[inline]
    fn remove(&mut self, key: i64) -> bool {
        self.0.remove(&key).is_some()
    }

    #[inline]
    fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
        self.0.iter().for_each(|entry| visit(*entry.key(), entry.value()));
    }

    fn snapshot(&self) -> Option<Self> {
        None
    }
}
