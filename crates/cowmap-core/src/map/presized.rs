//! Room for entries that are about to come, which does not outlive the call that makes it: only
//! users set floors.

use super::Map;
use crate::entries::MovedEntries;
use crate::error::OrRaise;
use crate::floor::Floor;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::{Limits, Paging};
use crate::rules::Building;

/// A map that is being filled, with room that was made ahead if it was empty. Dropped, also when a
/// panic ends the call, the map has the floor that it had before, and no more memory than its
/// entries need.
pub(super) struct Presized<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    pub(super) map: &'a mut Map<K, V, P, H>,
    floor: Floor,
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> Presized<'a, K, V, P, H> {
    /// Makes room for `entries` in a map that is empty.
    pub(super) fn of(map: &'a mut Map<K, V, P, H>, entries: usize) -> Self {
        let rules = Building::<Limits<WordOf<K>, V, P>, H>::by(&map.hash);
        let floor = map.tree.presize(entries, &rules);
        Presized { map, floor }
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Drop for Presized<'_, K, V, P, H> {
    fn drop(&mut self) {
        let Map { tree, hash, .. } = &mut *self.map;
        let rules = Building::<Limits<WordOf<K>, V, P>, H>::by(hash);
        if tree.end_presize(self.floor, &rules) {
            return;
        }
        // Most keys were the same: the entries are inserted anew, as if room had not been made.
        match MovedEntries::of(tree.take()) {
            Ok(entries) => {
                let _ = tree.make_floor_true();
                for (word, value) in entries {
                    tree.insert(&rules, word, value).or_raise();
                }
            }
            Err(whole) => *tree = whole,
        }
    }
}
