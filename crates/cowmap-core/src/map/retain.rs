//! Removing entries by a condition: `retain`, `retain_mut` and `extract_if`.
//!
//! A page is made the map's own at the first entry that is to go. Removals free slots and move
//! nothing while a page is being visited; its overflow bits are put in order when it is done, and
//! sparse pages merge when all are. The length is right after each removal, so a closure that
//! panics, or an iterator that is forgotten, leaves a map that has lost what was removed so far and
//! nothing else.

use core::fmt;
use core::iter::FusedIterator;

use super::{Map, key_of};
use crate::directory::walk::Walk;
use crate::error::OrRaise;
use crate::hash::{Hashing, PageHash};
use crate::key::{SentinelKey, WordOf};
use crate::page::{Slot, Slots};
use crate::paging::Paging;

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Map<K, V, P, H> {
    /// Keeps the entries for which `keep` answers `true`. O(capacity); copies a shared page at the
    /// first entry of it that goes, so that keeping all copies nothing.
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
    pub fn retain<F: FnMut(K, &V) -> bool>(&mut self, mut keep: F) {
        let mut sieve = Sieve::over(self);
        while let Some(removed) = sieve.next(|key, value| !keep(key, value)) {
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
    pub fn retain_mut<F: FnMut(K, &mut V) -> bool>(&mut self, mut keep: F) {
        let mut sieve = Sieve::over(self);
        while let Some(removed) = sieve.next_mut(|key, value| !keep(key, value)) {
            drop(removed);
        }
    }

    /// An iterator that removes the entries for which `extract` answers `true`, and yields them.
    /// Visiting all is O(capacity); copies a shared page at the first entry of it that goes.
    ///
    /// What the iterator was not asked for stays in the map. The closure sees the value and cannot
    /// change it. The map shrinks when the iterator has gone through all entries; one that is
    /// dropped before leaves pages sparse until later removals, or
    /// [`shrink_to_fit`](Self::shrink_to_fit), merge them.
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
    ) -> ExtractIf<'_, K, V, P, H, F> {
        ExtractIf { left: self.len(), sieve: Sieve::over(self), extract }
    }
}

/// A walk over all entries that removes some.
struct Sieve<'a, K: SentinelKey, V, P: Paging, H: Hashing> {
    map: &'a mut Map<K, V, P, H>,
    walk: Walk,
    /// A hash that leads to the current page.
    at: PageHash,
    /// The slots that are left of the current page.
    slots: Slots<WordOf<K>, V>,
    /// Whether the current page was made the map's own.
    own: bool,
    /// Whether entries were removed since the map was last settled.
    removed: bool,
}

impl<'a, K: SentinelKey, V, P: Paging, H: Hashing> Sieve<'a, K, V, P, H> {
    fn over(map: &'a mut Map<K, V, P, H>) -> Self {
        Sieve {
            walk: Walk::over(&map.tree),
            map,
            at: PageHash(0),
            slots: Slots::none(),
            own: false,
            removed: false,
        }
    }

    /// Puts the current page in order after removals. Runs no user code.
    fn finish_page(&mut self) {
        if self.own {
            self.own = false;
            let page = self.slots.page();
            self.slots = Slots::none();
            // SAFETY: the map is borrowed mutably and owns the page alone (S2), as `own_page` saw
            // to.
            unsafe { page.borrow_mut() }.clean(&self.map.reading());
        }
    }
}

impl<K: SentinelKey, V: Clone, P: Paging, H: Hashing> Sieve<'_, K, V, P, H> {
    /// Removes the next entry that `rejects` wants gone.
    #[inline]
    fn next(&mut self, mut rejects: impl FnMut(K, &V) -> bool) -> Option<(K, V)> {
        loop {
            // SAFETY: the page is one of the map's, which is borrowed mutably: it is alive, and if
            // it is written then by `remove`, which frees slots that were visited.
            while let Some(slot) = unsafe { self.slots.next() } {
                // SAFETY: as above; not written while `rejects` runs.
                let page = unsafe { self.slots.page().borrow() };
                let key = key_of::<K>(page.word(slot));
                // SAFETY: `slots` gives slots that hold entries.
                if rejects(key, unsafe { page.value(slot) }) {
                    // SAFETY: as above, and this one was visited just now.
                    return Some((key, unsafe { self.remove(slot) }));
                }
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    /// Removes the next entry that `rejects`, which may change the values it sees, wants gone.
    fn next_mut(&mut self, mut rejects: impl FnMut(K, &mut V) -> bool) -> Option<(K, V)> {
        loop {
            // SAFETY: as in `next`; `rejects` writes values only.
            while let Some(slot) = unsafe { self.slots.next() } {
                let page = self.slots.page();
                // SAFETY: as in `next`.
                let key = key_of::<K>(unsafe { page.borrow() }.word(slot));
                // SAFETY: `own_page` made the page the map's own (S2), which is borrowed mutably;
                // the slot holds an entry, and the borrow ends before it is
                // removed.
                if rejects(key, unsafe { page.borrow_mut().value_mut(slot) }) {
                    // SAFETY: as above.
                    return Some((key, unsafe { self.remove(slot) }));
                }
            }
            if !self.next_page() {
                return None;
            }
            self.own_page();
        }
    }

    /// Goes on to the next page; `false`, after sparse pages were settled, if there is none.
    fn next_page(&mut self) -> bool {
        self.finish_page();
        if let Some(at) = self.walk.next(&self.map.tree) {
            self.at = at;
            self.slots = Slots::of(self.map.tree.page(at).page());
            return true;
        }
        self.slots = Slots::none();
        if core::mem::take(&mut self.removed) {
            let (tree, hash) = self.map.writing();
            tree.settle_all(&hash);
        }
        false
    }

    /// Makes the current page the map's own.
    ///
    /// If user code panics meanwhile, which may be the drop of a value of the old page when
    /// everybody else has let it go, the walk has no current page and goes on with the next one.
    #[inline]
    fn own_page(&mut self) {
        if !self.own {
            let mut slots = core::mem::replace(&mut self.slots, Slots::none());
            let (tree, hash) = self.map.writing();
            slots.move_to(tree.unshared_page(&hash, self.at).or_raise().page());
            self.slots = slots;
            self.own = true;
        }
    }

    /// Removes the entry in a slot of the current page.
    ///
    /// # Safety
    ///
    /// The slot is one of the current page's, holds an entry, and was visited.
    #[inline]
    unsafe fn remove(&mut self, slot: Slot) -> V {
        self.own_page();
        self.removed = true;
        self.map.tree.count_removed();
        // SAFETY: the map owns the page alone (S2); a copy has each entry in its slot.
        unsafe { self.slots.page().borrow_mut().remove_in_place(slot, &self.map.reading()) }
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Drop for Sieve<'_, K, V, P, H> {
    fn drop(&mut self) {
        self.finish_page();
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
    sieve: Sieve<'a, K, V, P, H>,
    extract: F,
    /// Entries not looked at yet.
    left: usize,
}

// SAFETY: it is a mutable borrow of a map, whose `Send` it asks for, and its pointers lead nowhere
// else.
unsafe impl<K: SentinelKey, V, P: Paging, H: Hashing, F: Send> Send for ExtractIf<'_, K, V, P, H, F> where
    Map<K, V, P, H>: Send
{
}
// SAFETY: a shared reference to it gives access to nothing.
unsafe impl<K: SentinelKey, V, P: Paging, H: Hashing, F: Sync> Sync for ExtractIf<'_, K, V, P, H, F> where
    Map<K, V, P, H>: Sync
{
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
        let ExtractIf { sieve, extract, left } = self;
        sieve.next(|key, value| {
            *left -= 1;
            extract(key, value)
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
