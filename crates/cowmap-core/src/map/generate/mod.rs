//! Maps for property tests: as the generators of other crates make them, and with snapshots that
//! share pages with them.
//!
//! Each generator has a file of its own, `arbitrary.rs`, `proptest.rs` or `quickcheck.rs`. This one
//! has what they make.

#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(feature = "proptest")]
mod proptest;
#[cfg(feature = "quickcheck")]
mod quickcheck;
#[cfg(feature = "quickcheck")]
mod shrink;

use alloc::vec::Vec;
use core::fmt;

use super::Map;
use crate::hash::Hashing;
use crate::key::{SentinelKey, encode};
use crate::policy::Paging;
use crate::word::Word;

/// A map and some of its former states, which share pages with it: what generators of tests make.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Fixed, Paged, WithSnapshots};
///
/// type Any = WithSnapshots<u64, u8, Paged, Fixed>;
///
/// /// The property: a write does not show in snapshots.
/// fn snapshots_stay(mut any: Any, key: u64) -> bool {
///     let before: Vec<CowMap<u64, u8>> = any.snapshots.iter().map(CowMap::unshared).collect();
///     any.map.remove(key);
///     any.snapshots == before
/// }
/// # let map = CowMap::from([(1, 2)]);
/// # assert!(snapshots_stay(WithSnapshots { snapshots: vec![map.clone()], map }, 1));
/// ```
pub struct WithSnapshots<K: SentinelKey, V, P: Paging, H: Hashing> {
    /// The map as it is now.
    pub map: Map<K, V, P, H>,
    /// What it was, the oldest first.
    pub snapshots: Vec<Map<K, V, P, H>>,
}

/// One step in the life of a map.
#[derive(Clone, Debug)]
enum Step<K, V> {
    Insert(K, V),
    Remove(K),
    Snapshot,
}

/// More snapshots than this are not kept.
const MOST_SNAPSHOTS: usize = 8;

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing + Default> WithSnapshots<K, V, P, H> {
    /// What becomes of an empty map. Steps with the reserved key do nothing.
    fn after(steps: impl IntoIterator<Item = Step<K, V>>) -> Self {
        let (mut map, mut snapshots) = (Map::default(), Vec::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    // The reserved key is left out.
                    let _ = map.checked_insert(key, value);
                }
                Step::Remove(key) => {
                    map.remove(key);
                }
                Step::Snapshot if snapshots.len() < MOST_SNAPSHOTS => {
                    snapshots.push(map.snapshot());
                }
                Step::Snapshot => {}
            }
        }
        WithSnapshots { map, snapshots }
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing + Default> Map<K, V, P, H> {
    /// A map of the entries whose key is not the reserved one.
    fn of_unreserved(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut map = Self::default();
        let entries = entries.into_iter().map(|(key, value)| (encode(key), value));
        let entries = entries.filter(|&(word, _)| word != Word::FREE);
        let hint = entries.size_hint();
        let filled = map.fill_until_reserved(entries, hint);
        debug_assert!(filled.is_ok());
        map
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Clone for WithSnapshots<K, V, P, H> {
    fn clone(&self) -> Self {
        WithSnapshots { map: self.map.clone(), snapshots: self.snapshots.clone() }
    }
}

impl<K, V, P, H> fmt::Debug for WithSnapshots<K, V, P, H>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithSnapshots")
            .field("map", &self.map)
            .field("snapshots", &self.snapshots)
            .finish()
    }
}
