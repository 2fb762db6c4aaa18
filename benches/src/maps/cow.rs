//! cowmap's three maps.

use cowmap::{CowMap, FlatCowMap, SeededCowMap};

use super::{Lookup, Map};
use crate::values::Value;

/// The paged map.
pub struct Cow<V>(CowMap<i64, V>);

/// The flat map.
pub struct Flat<V>(FlatCowMap<i64, V>);

/// The paged map with a secret.
pub struct Seeded<V>(SeededCowMap<i64, V>);

macro_rules! cow {
    ($adapter:ident, $map:ident) => {
        impl<V> Lookup<V> for $adapter<V> {
            #[inline]
            fn with<R>(&self, key: i64, read: impl FnOnce(&V) -> R) -> Option<R> {
                self.0.get(key).map(read)
            }
        }

        impl<V: Value> Map<V> for $adapter<V> {
            type Reader<'a> = &'a Self;

            fn with_capacity(capacity: usize) -> Self {
                $adapter(if capacity == 0 { $map::new() } else { $map::with_capacity(capacity) })
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
                self.0.get_mut(key).map(change).is_some()
            }

            #[inline]
            fn remove(&mut self, key: i64) -> bool {
                self.0.remove(key).is_some()
            }

            #[inline]
            fn for_each(&self, mut visit: impl FnMut(i64, &V)) {
                self.0.iter().for_each(|(key, value)| visit(key, value));
            }

            #[inline]
            fn snapshot(&self) -> Option<Self> {
                Some($adapter(self.0.clone()))
            }

            #[inline]
            fn get_each(&self, keys: &[i64], visit: impl FnMut(Option<&V>)) -> bool {
                self.0.get_each(keys).for_each(visit);
                true
            }

            #[inline]
            fn get_many(&self, keys: &[i64], mut visit: impl FnMut(Option<&V>)) -> bool {
                let (arrays, rest) = keys.as_chunks::<8>();
                for array in arrays {
                    self.0.get_many(*array).into_iter().for_each(&mut visit);
                }
                rest.iter().for_each(|&key| visit(self.0.get(key)));
                true
            }
        }
    };
}

cow!(Cow, CowMap);
cow!(Flat, FlatCowMap);
cow!(Seeded, SeededCowMap);
