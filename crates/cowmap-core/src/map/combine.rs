//! New maps of two, where a closure makes the values of the keys that both have.
//!
//! The closure has to see each such key, those in pages that both maps share, too. So these two step
//! over nothing, other than the operations in `compare.rs`.

use super::{Map, key_of};
use crate::entries::Entries;
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries of both maps. Where both have a key, `combine` makes the value of this map's and the
    /// other one's, in this order whichever map is larger.
    ///
    /// `combine` is called once for each key that both maps have, also where they share its page. So
    /// this takes O(n of the smaller map), even between two snapshots that are nearly the same. A
    /// clone of the larger map, or of this one if they are equally large, gets the entries of the
    /// other one. The result shares each page in which no key was set with the map that was cloned,
    /// and has its secret, if any. [`union`](Self::union) steps over what both maps share, and
    /// [`merge`](Self::merge) goes by what changed since both were one.
    ///
    /// If `combine` panics, both maps are as they were.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    ///
    /// let (monday, tuesday) = (CowMap::from([(1_u64, 10), (2, 20)]), CowMap::from([(2, 5), (3, 7)]));
    /// let sold = monday.union_with(&tuesday, |_, monday, tuesday| monday + tuesday);
    /// assert_eq!(sold, CowMap::from([(1, 10), (2, 25), (3, 7)]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn union_with<F: FnMut(K, &V, &V) -> V>(&self, other: &Self, mut combine: F) -> Self
    where
        V: Clone,
    {
        let swapped = self.len() < other.len();
        let (large, small) = if swapped { (other, self) } else { (self, other) };
        let mut union = large.clone();
        for (word, value) in Entries::of(&small.tree) {
            let value = match large.get_word(word) {
                None => value.clone(),
                Some(facing) => {
                    let (ours, theirs) = if swapped { (value, facing) } else { (facing, value) };
                    combine(key_of(word), ours, theirs)
                }
            };
            union.insert_word(word, value);
        }
        union
    }

    /// The keys that both maps have, with the values that `combine` makes of this map's and the other
    /// one's, in this order whichever map is larger. The three types of values may differ, and none
    /// needs to be `Clone`.
    ///
    /// `combine` is called once for each key that both maps have, also where they share its page. So
    /// this takes O(n of the smaller map). The result shares nothing, because each of its values is
    /// new. It has this map's secret, if any. [`intersection`](Self::intersection) keeps this map's
    /// values, and shares their pages.
    ///
    /// If `combine` panics, both maps are as they were.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::CowMap;
    ///
    /// let names = CowMap::from([(1_u64, "chair"), (2, "table")]);
    /// let prices = CowMap::from([(2_u64, 250), (3, 40)]);
    /// let labels = names.intersection_with(&prices, |_, name, price| format!("{name}: {price}"));
    /// assert_eq!(labels, CowMap::from([(2, "table: 250".to_owned())]));
    /// ```
    #[must_use = "the result is a map of its own"]
    pub fn intersection_with<B, C, F: FnMut(K, &V, &B) -> C>(
        &self,
        other: &Map<K, B, P, H>,
        mut combine: F,
    ) -> Map<K, C, P, H> {
        let mut both = Map::with_hash(self.hash.clone());
        if self.len() <= other.len() {
            for (word, ours) in Entries::of(&self.tree) {
                if let Some(theirs) = other.get_word(word) {
                    both.insert_word_unshared(word, combine(key_of(word), ours, theirs));
                }
            }
        } else {
            for (word, theirs) in Entries::of(&other.tree) {
                if let Some(ours) = self.get_word(word) {
                    both.insert_word_unshared(word, combine(key_of(word), ours, theirs));
                }
            }
        }
        both
    }
}
