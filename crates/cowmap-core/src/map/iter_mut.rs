//! Iterators that lend values to be changed, and un-share each page as they reach it.

use core::fmt;
use core::iter::FusedIterator;

use super::{Map, key_of};
use crate::directory::walk::Walk;
use crate::error::OrRaise;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::page::Slots;
use crate::paging::Paging;

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// The entries, with values that may be changed. Visiting all is O(capacity); copies each
    /// shared page when it is reached, so a walk that ends early copies only what it has seen.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10), (2, 20)]);
    /// for (key, value) in map.iter_mut() {
    ///     *value += key;
    /// }
    /// assert_eq!((map[1], map[2]), (11, 22));
    /// ```
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V, P, H> {
        IterMut {
            walk: Walk::over(&self.tree),
            slots: Slots::none(),
            left: self.len(),
            map: Some(self),
        }
    }

    /// The values, to be changed. Costs what [`iter_mut`](Self::iter_mut) does.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 10), (2, 20)]);
    /// for value in map.values_mut() {
    ///     *value += 1;
    /// }
    /// assert_eq!((map[1], map[2]), (11, 21));
    /// ```
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V, P, H> {
        ValuesMut { entries: self.iter_mut() }
    }
}

/// The entries of a map with values that may be changed, from [`Map::iter_mut`].
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_u64, 10), (2, 20)]);
/// let mut iter = map.iter_mut();
/// assert_eq!(iter.len(), 2);
/// while let Some((key, value)) = iter.next() {
///     *value += key;
/// }
/// assert_eq!((map[1], map[2]), (11, 22));
/// ```
pub struct IterMut<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    /// None for an iterator over nothing.
    map: Option<&'a mut Map<K, V, P, H>>,
    walk: Walk,
    /// The slots that are left of the current page, which the map owns alone.
    slots: Slots<WordOf<K>, V>,
    left: usize,
}

// SAFETY: it is a mutable borrow of a map, whose `Send` it asks for, and its pointers lead nowhere
// else.
unsafe impl<K: SentinelKey, V, P: Paging, H: Hashing> Send for IterMut<'_, K, V, P, H> where
    Map<K, V, P, H>: Send
{
}
// SAFETY: a shared iterator gives out nothing but shared access.
unsafe impl<K: SentinelKey, V, P: Paging, H: Hashing> Sync for IterMut<'_, K, V, P, H> where
    Map<K, V, P, H>: Sync
{
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> IterMut<'_, K, V, P, H> {
    /// The entries that are left.
    fn rest(&self) -> impl Iterator<Item = (K, &V)> {
        let mut slots = self.slots.clone();
        let mut walk = self.walk;
        core::iter::from_fn(move || {
            loop {
                // SAFETY: the page is one of the map's, which is borrowed, so it is alive; it is
                // not written while this iterator borrows `self`, and the slots
                // that are left were not lent to anybody.
                if let Some(slot) = unsafe { slots.next() } {
                    // SAFETY: as above.
                    let page = unsafe { slots.page().borrow() };
                    // SAFETY: `slots` gives slots that hold entries.
                    return Some((key_of::<K>(page.word(slot)), unsafe { page.value(slot) }));
                }
                let tree = &self.map.as_ref()?.tree;
                slots = Slots::of(tree.page(walk.next(tree)?).page());
            }
        })
    }
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> IterMut<'a, K, V, P, H> {
    /// Goes on to the next page and makes it the map's own; `false` if there is none.
    ///
    /// If a clone panics, the page is still to come.
    fn next_page(&mut self) -> bool {
        let Some(map) = &mut self.map else { return false };
        let mut walk = self.walk;
        let Some(at) = walk.next(&map.tree) else { return false };
        let (tree, hash) = map.writing();
        self.slots = Slots::of(tree.unshared_page(&hash, at).or_raise().page());
        self.walk = walk;
        true
    }
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> Iterator for IterMut<'a, K, V, P, H> {
    type Item = (K, &'a mut V);

    #[inline]
    fn next(&mut self) -> Option<(K, &'a mut V)> {
        loop {
            // SAFETY: the map is borrowed mutably for `'a` and owns the page alone (S2), as
            // `next_page` saw to; values are written by others, keys by nobody.
            if let Some(slot) = unsafe { self.slots.next() } {
                self.left -= 1;
                let page = self.slots.page();
                // SAFETY: as above; the slot holds an entry and comes once, so its value is lent
                // once.
                let (word, value) =
                    unsafe { (page.borrow().word(slot), page.borrow_mut().value_mut(slot)) };
                return Some((key_of::<K>(word), value));
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, &'a mut V)) -> B>(mut self, init: B, mut f: F) -> B {
        let mut acc = init;
        loop {
            let page = self.slots.page();
            let slots = core::mem::replace(&mut self.slots, Slots::none());
            // SAFETY: as in `next`.
            acc = unsafe {
                slots.fold(acc, |acc, slot| {
                    let word = page.borrow().word(slot);
                    f(acc, (key_of::<K>(word), page.borrow_mut().value_mut(slot)))
                })
            };
            if !self.next_page() {
                return acc;
            }
        }
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> ExactSizeIterator
    for IterMut<'_, K, V, P, H>
{
}
impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> FusedIterator for IterMut<'_, K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Default for IterMut<'_, K, V, P, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        IterMut { map: None, walk: Walk::default(), slots: Slots::none(), left: 0 }
    }
}

impl<K, V, P, H> fmt::Debug for IterMut<'_, K, V, P, H>
where
    K: SentinelKey + fmt::Debug,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rest()).finish()
    }
}

/// The values of a map, to be changed, from [`Map::values_mut`].
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_u64, 10), (2, 20)]);
/// let values = map.values_mut();
/// assert_eq!(values.len(), 2);
/// values.for_each(|value| *value *= 2);
/// assert_eq!((map[1], map[2]), (20, 40));
/// ```
pub struct ValuesMut<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    entries: IterMut<'a, K, V, P, H>,
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> Iterator for ValuesMut<'a, K, V, P, H> {
    type Item = &'a mut V;

    #[inline]
    fn next(&mut self) -> Option<&'a mut V> {
        self.entries.next().map(|(_, value)| value)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }

    #[inline]
    fn fold<B, F: FnMut(B, &'a mut V) -> B>(self, init: B, mut f: F) -> B {
        self.entries.fold(init, |acc, (_, value)| f(acc, value))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> ExactSizeIterator
    for ValuesMut<'_, K, V, P, H>
{
}
impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> FusedIterator for ValuesMut<'_, K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Default for ValuesMut<'_, K, V, P, H> {
    /// An iterator over nothing.
    fn default() -> Self {
        ValuesMut { entries: IterMut::default() }
    }
}

impl<K, V, P, H> fmt::Debug for ValuesMut<'_, K, V, P, H>
where
    K: SentinelKey,
    V: fmt::Debug,
    P: Paging,
    H: Hashing,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.rest().map(|(_, value)| value)).finish()
    }
}

impl<'a, K: SentinelKey, V: Clone, P: Paging, H: Hashing> IntoIterator for &'a mut Map<K, V, P, H> {
    type Item = (K, &'a mut V);
    type IntoIter = IterMut<'a, K, V, P, H>;

    fn into_iter(self) -> IterMut<'a, K, V, P, H> {
        self.iter_mut()
    }
}
