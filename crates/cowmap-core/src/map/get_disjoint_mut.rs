//! Several values at once, to be changed.

use super::{Map, key_of};
use crate::entries::values_mut;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf, duplicate_key_panic, encode};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The values of several keys, all to be changed at once. O(N^2) for N keys, for they are
    /// compared with each other; copies the pages of those that are present, where they are
    /// shared.
    ///
    /// # Panics
    ///
    /// Panics if a key that is in the map comes twice, and names it; nothing was copied.
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
    pub fn get_disjoint_mut<const N: usize>(&mut self, keys: [K; N]) -> [Option<&mut V>; N]
    where
        V: Clone,
    {
        self.values_of(keys.map(encode))
    }

    /// The keys and values of several keys, the values all to be changed at once. Costs what
    /// [`get_disjoint_mut`](Self::get_disjoint_mut) does.
    ///
    /// # Panics
    ///
    /// Panics if a key that is in the map comes twice, and names it; nothing was copied.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// let [one, none] = map.get_disjoint_key_value_mut([1, 3]);
    /// assert_eq!((one, none), (Some((1, &mut 'a')), None));
    /// ```
    #[track_caller]
    pub fn get_disjoint_key_value_mut<const N: usize>(
        &mut self,
        keys: [K; N],
    ) -> [Option<(K, &mut V)>; N]
    where
        V: Clone,
    {
        let words = keys.map(encode);
        let mut words_left = words.into_iter();
        self.values_of(words).map(|value| {
            let word = words_left.next();
            value.zip(word).map(|(value, word)| (key_of::<K>(word), value))
        })
    }

    #[track_caller]
    fn values_of<const N: usize>(&mut self, words: [WordOf<K>; N]) -> [Option<&mut V>; N]
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        match values_mut(tree, &rules, words) {
            Ok(values) => values,
            Err(word) => duplicate_key_panic::<K>(word),
        }
    }
}
