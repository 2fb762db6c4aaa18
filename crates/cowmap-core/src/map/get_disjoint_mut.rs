//! Several values at once, to be changed.

use super::Map;
use crate::entries::values_mut;
use crate::hash::Hashing;
use crate::key::{SentinelKey, encode};
use crate::policy::Paging;

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The values of several keys, all to be changed at once. O(N^2) for N keys, for they are
    /// compared with each other; copies the pages of those that are present, where they are
    /// shared.
    ///
    /// # Panics
    ///
    /// Panics if a key that is in the map comes twice; nothing was copied.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut balances = cowmap_core::CowMap::from([(1_u64, 100), (2, 50)]);
    /// let [Some(from), Some(to), None] = balances.get_disjoint_mut([1, 2, 3]) else {
    ///     panic!("accounts 1 and 2 exist, 3 does not");
    /// };
    /// *from -= 30;
    /// *to += 30;
    /// assert_eq!((balances[1], balances[2]), (70, 80));
    /// ```
    #[track_caller]
    pub fn get_disjoint_mut<const N: usize>(&mut self, keys: [K; N]) -> [Option<&mut V>; N] {
        let (tree, rules) = self.writing();
        values_mut(tree, &rules, keys.map(encode))
    }
}
