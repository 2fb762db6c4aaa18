//! Several values at once, to be changed.

use super::Map;
use crate::error::OrRaise;
use crate::hash::{Hashing, WordHash};
use crate::key::{SentinelKey, encode};
use crate::paging::Paging;
use crate::word::Word;

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
        let places = keys.map(|key| {
            let word = encode(key);
            if word == Word::FREE {
                return None;
            }
            let (_, slot) = self.tree.find(&self.reading(), word)?;
            Some((word, slot))
        });
        for (at, place) in places.iter().enumerate() {
            assert!(place.is_none() || !places[..at].contains(place), "duplicate keys found");
        }
        let (tree, hash) = self.writing();
        for (word, slot) in places.into_iter().flatten() {
            // SAFETY: the slot was found in the page of `word`; un-sharing leaves each entry in its
            // slot.
            unsafe { tree.value_mut(&hash, word, slot) }.or_raise();
        }
        places.map(|place| {
            let (word, slot) = place?;
            let page = tree.page(hash.page(word.widen())).page();
            // SAFETY: every page was made this handle's own above (S2), and the handle is borrowed
            // mutably; the slot holds the entry of `word`, and no two of the words are equal.
            Some(unsafe { page.borrow_mut().value_mut(slot) })
        })
    }
}
