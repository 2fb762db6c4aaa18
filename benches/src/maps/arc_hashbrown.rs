//! A flat map behind an `Arc`, copied whole at the first write after a snapshot: what people
//! write by hand.

use std::sync::Arc;

use super::{Hasher, Lookup, Map};
use crate::values::Value;

type Inner<V> = hashbrown::HashMap<i64, V, Hasher>;

/// `Arc<hashbrown::HashMap>` and `Arc::make_mut`.
pub struct ArcHashbrown<V>(Arc<Inner<V>>);

impl<V> Lookup<V> for ArcHashbrown<V> {
    #[inline]
    fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.0.get(&key).map(read)
    }
}

impl<V: Value> Map<V> for ArcHashbrown<V> {
    type Reader<'a> = &'a Self;

    fn with_capacity(capacity: usize) -> Self {
        ArcHashbrown(Arc::new(Inner::with_capacity_and_hasher(capacity, Hasher::default())))
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
        Arc::make_mut(&mut self.0).insert(key, value);
    }

    #[inline]
    fn update(&mut self, key: i64, change: impl Fn(&mut V)) -> bool {
        Arc::make_mut(&mut self.0).get_mut(&key).map(change).is_some()
    }

    #[inline]
    fn remove(&mut self, key: i64) -> bool {
        Arc::make_mut(&mut self.0).remove(&key).is_some()
    }

    #[inline]
    fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
        self.0.iter().for_each(|(&key, value)| visit(key, value));
    }

    #[inline]
    fn snapshot(&self) -> Option<Self> {
        Some(ArcHashbrown(Arc::clone(&self.0)))
    }
}
