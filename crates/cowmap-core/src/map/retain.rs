//! Removing entries by a condition: `retain`, `retain_mut` and `extract_if`.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, WriteRules, key_of};
use crate::entries::Sieve;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::policy::Paging;

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Keeps the entries for which `keep` answers `true`. O(capacity); copies a shared page at the
    /// first entry of it that goes, so that keeping all copies nothing. Shrinks the map as removals
    /// do, but not below what was reserved.
    ///
    /// The closure sees the value and cannot change it, as with `Vec::retain`;
    /// [`retain_mut`](Self::retain_mut) lets it.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: cowmap_core::CowMap<i64, i64> = (0..8).map(|id| (id, id * 10)).collect();
    /// map.retain(|key, _| key % 2 == 0);
    /// assert_eq!(map.len(), 4);
    /// assert_eq!(map.get(3), None);
    /// ```
    pub fn retain<F: FnMut(K, &V) -> bool>(&mut self, mut keep: F)
    where
        V: Clone,
    {
        self.retain_words(|word, value| keep(key_of::<K>(word), value));
    }

    /// As [`retain`](Self::retain), for words.
    #[inline(always)]
    pub(super) fn retain_words(&mut self, mut keep: impl FnMut(WordOf<K>, &V) -> bool)
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        let mut sieve = Sieve::over(tree, rules);
        while let Some(removed) = sieve.next(|word, value| (!keep(word, value)).then_some(())) {
            drop(removed);
        }
    }

    /// Keeps the entries for which `keep`, which may change their values, answers `true`.
    /// O(capacity); copies every shared page.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lives = cowmap_core::CowMap::from([(1_u64, 1), (2, 3)]);
    /// lives.retain_mut(|_, left| {
    ///     *left -= 1;
    ///     *left > 0
    /// });
    /// assert_eq!(lives.len(), 1);
    /// assert_eq!(lives.get(2), Some(&2));
    /// ```
    pub fn retain_mut<F: FnMut(K, &mut V) -> bool>(&mut self, mut keep: F)
    where
        V: Clone,
    {
        let (tree, rules) = self.writing();
        let mut sieve = Sieve::over(tree, rules);
        while let Some(removed) =
            sieve.next_mut(|word, value| (!keep(key_of(word), value)).then_some(()))
        {
            drop(removed);
        }
    }

    /// An iterator that removes the entries for which `extract` answers `true`, and yields them.
    /// Visiting all is O(capacity); copies a shared page at the first entry of it that goes.
    ///
    /// What the iterator was not asked for stays in the map. The closure sees the value and cannot
    /// change it. The map shrinks when the iterator has gone through all entries; one that is
    /// dropped before leaves pages sparse until later removals, or
    /// [`shrink_to_fit`](Self::shrink_to_fit), merge them. It merges no more than keeps the directory in
    /// proportion to the entries.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map: cowmap_core::CowMap<i64, i64> = (0..8).map(|id| (id, id)).collect();
    /// let odd: cowmap_core::CowMap<i64, i64> = map.extract_if(|key, _| key % 2 == 1).collect();
    /// assert_eq!((map.len(), odd.len()), (4, 4));
    /// assert!(odd.contains_key(3) && !map.contains_key(3));
    /// ```
    pub fn extract_if<F: FnMut(K, &V) -> bool>(
        &mut self,
        extract: F,
    ) -> ExtractIf<'_, K, V, P, H, F>
    where
        V: Clone,
    {
        let left = self.len();
        let (tree, rules) = self.writing();
        ExtractIf { sieve: Sieve::over(tree, rules), extract, left, marker: PhantomData }
    }
}

/// Removes and yields the entries that a closure chooses, from [`Map::extract_if`].
///
/// # Examples
///
/// ```
/// let mut map: cowmap_core::CowMap<u64, u64> = (0..10).map(|id| (id, id)).collect();
/// let mut extract = map.extract_if(|key, _| key >= 8);
/// assert!(extract.next().is_some());
/// drop(extract); // what it was not asked for stays
/// assert_eq!(map.len(), 9);
/// ```
#[must_use = "what is not asked for stays in the map; `retain` removes all at once"]
pub struct ExtractIf<'a, K: SentinelKey, V, P: Paging, H: Hashing, F> {
    sieve: Sieve<'a, WordOf<K>, V, P, WriteRules<'a, K, V, P, H>>,
    extract: F,
    /// Entries not looked at yet.
    left: usize,
    marker: PhantomData<K>,
}

impl<K, V, P, H, F> Iterator for ExtractIf<'_, K, V, P, H, F>
where
    K: SentinelKey,
    V: Clone,
    P: Paging,
    H: Hashing,
    F: FnMut(K, &V) -> bool,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let ExtractIf { sieve, extract, left, .. } = self;
        sieve.next(|word, value| {
            let key = key_of(word);
            *left -= 1;
            extract(key, value).then_some(key)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

impl<K, V, P, H, F> FusedIterator for ExtractIf<'_, K, V, P, H, F>
where
    K: SentinelKey,
    V: Clone,
    P: Paging,
    H: Hashing,
    F: FnMut(K, &V) -> bool,
{
}

impl<K: SentinelKey, V, P: Paging, H: Hashing, F> fmt::Debug for ExtractIf<'_, K, V, P, H, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").field("left", &self.left).finish_non_exhaustive()
    }
}
