//! Iterators over entries, keys and values.
//!
//! An iterator advances before it turns a word into a key, which may run user code that panics.

use core::fmt;
use core::iter::FusedIterator;
use core::marker::PhantomData;

use super::{Map, key_of};
use crate::directory::Tree;
use crate::directory::pages::Pages;
use crate::hash::Hashing;
use crate::key::{SentinelKey, WordOf};
use crate::page::{Page, Slot, Slots};
use crate::paging::Paging;
use crate::word::Word;

/// How many pages a scan takes at once: it asks for those of the next row while it visits this one's.
///
/// Measured with pages of 2 KiB in random order in memory, beyond the caches: a scan that asks for
/// the next page, into the first cache, takes 2.9 ns an entry; into the second cache 2.3; two,
/// three and four pages ahead (in a quieter hour, in which memory in order took 0.7) 1.3, 1.1 and
/// 1.0, and no less with eight. By rows, so that the addresses of several pages are translated at
/// the same time, a scan of 1.2 million entries takes 0.92 of what it takes with each page by
/// itself.
const ROW: usize = 4;

/// The next pages, all asked for at once, so that the processor translates their addresses
/// at the same time.
///
/// # Safety
///
/// The tree is alive, and its segments were not written since `pages` was made.
unsafe fn row_of<W: Word, V>(pages: &mut Pages<W, V>) -> [Page<W, V>; ROW] {
    // SAFETY: the caller's promise.
    let row = core::array::from_fn(|_| unsafe { pages.next() }.unwrap_or(Page::empty()));
    for page in row {
        // SAFETY: the caller's promise.
        unsafe { page.borrow() }.prefetch_start();
    }
    row
}

/// Every entry of a tree that is borrowed for `'a`, as word and value.
struct Entries<'a, W, V> {
    pages: Pages<W, V>,
    /// The slots that are left of the current page.
    slots: Slots<W, V>,
    /// The current page's row of pages, and the next row, each of which is asked for while its
    /// counterpart is visited; the empty page stands for none.
    rows: [[Page<W, V>; ROW]; 2],
    /// Where in its row the next page is.
    next: usize,
    left: usize,
    marker: PhantomData<&'a V>,
}

// SAFETY: a shared borrow of values, from which nothing can be written.
unsafe impl<W: Send, V: Sync> Send for Entries<'_, W, V> {}
// SAFETY: as above.
unsafe impl<W: Sync, V: Sync> Sync for Entries<'_, W, V> {}

impl<W, V> Clone for Entries<'_, W, V> {
    fn clone(&self) -> Self {
        Entries { pages: self.pages.clone(), slots: self.slots.clone(), ..*self }
    }
}

impl<'a, W: Word, V> Entries<'a, W, V> {
    fn of<P: Paging>(tree: &'a Tree<W, V, P>) -> Self {
        // SAFETY: the tree is borrowed for `'a`, so it is alive and nobody writes it.
        unsafe { Self::rest(Pages::of(tree), Slots::none(), tree.len()) }
    }

    /// What `slots` have left, and then the entries of `pages`: together `left`.
    ///
    /// # Safety
    ///
    /// The tree of the pages, to one of which the slots belong, is alive, and nobody writes it during
    /// `'a`; its segments were not written since `pages` was made, nor was the slots' page since
    /// they were, except to free those that were visited.
    unsafe fn rest(mut pages: Pages<W, V>, slots: Slots<W, V>, left: usize) -> Self {
        // SAFETY: the caller's promise.
        let rows = unsafe { [row_of(&mut pages), row_of(&mut pages)] };
        Entries { pages, slots, rows, next: 0, left, marker: PhantomData }
    }

    fn none() -> Self {
        let rows = [[Page::empty(); ROW]; 2];
        let (pages, slots) = (Pages::none(), Slots::none());
        Entries { pages, slots, rows, next: 0, left: 0, marker: PhantomData }
    }

    #[inline(always)]
    fn next(&mut self) -> Option<(W, &'a V)> {
        loop {
            // SAFETY: the tree is borrowed for `'a`, so it is alive and nobody writes it; the slot
            // holds an entry.
            unsafe {
                if let Some(entry) = self.slots.next_entry() {
                    self.left -= 1;
                    return Some(entry);
                }
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    #[inline(always)]
    fn fold<B>(mut self, mut acc: B, mut f: impl FnMut(B, (W, &'a V)) -> B) -> B {
        loop {
            // SAFETY: as in `next`.
            acc = unsafe { self.slots.fold_entries(acc, |acc, word, value| f(acc, (word, value))) };
            self.slots = Slots::none();
            if !self.next_page() {
                return acc;
            }
        }
    }

    /// Goes on to the next page; `false` if there is none.
    #[inline]
    fn next_page(&mut self) -> bool {
        if self.next == ROW {
            self.next = 0;
            self.rows[0] = self.rows[1];
            // SAFETY: the tree is borrowed for `'a`, so it is alive and nobody writes it.
            self.rows[1] = unsafe { row_of(&mut self.pages) };
        }
        let [page, ahead] = [self.rows[0][self.next], self.rows[1][self.next]];
        if page.is_empty_page() {
            return false;
        }
        self.next += 1;
        self.slots = Slots::before(page, ahead);
        true
    }
}

macro_rules! borrowing_iterator {
    ($(#[$doc:meta])* $name:ident, $item:ty, $entry:ident => $yield:expr) => {
        $(#[$doc])*
        pub struct $name<'a, K: SentinelKey, V> {
            entries: Entries<'a, WordOf<K>, V>,
            marker: PhantomData<K>,
        }

        impl<'a, K: SentinelKey, V> $name<'a, K, V> {
            pub(super) fn of<P: Paging, H: Hashing>(map: &'a Map<K, V, P, H>) -> Self {
                $name { entries: Entries::of(&map.tree), marker: PhantomData }
            }
        }

        impl<'a, K: SentinelKey, V> Iterator for $name<'a, K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let $entry = self.entries.next()?;
                Some($yield)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.entries.left, Some(self.entries.left))
            }

            #[inline]
            fn fold<B, F: FnMut(B, $item) -> B>(self, init: B, mut f: F) -> B {
                self.entries.fold(init, |acc, $entry| f(acc, $yield))
            }
        }

        impl<K: SentinelKey, V> ExactSizeIterator for $name<'_, K, V> {}
        impl<K: SentinelKey, V> FusedIterator for $name<'_, K, V> {}

        impl<K: SentinelKey, V> Clone for $name<'_, K, V> {
            fn clone(&self) -> Self {
                $name { entries: self.entries.clone(), marker: PhantomData }
            }
        }

        impl<K: SentinelKey, V> Default for $name<'_, K, V> {
            /// An iterator over nothing.
            fn default() -> Self {
                $name { entries: Entries::none(), marker: PhantomData }
            }
        }

        impl<'a, K: SentinelKey, V> fmt::Debug for $name<'a, K, V>
        where
            $item: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

borrowing_iterator! {
    /// The entries of a map, from [`Map::iter`]: keys by value, values by reference.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// let mut iter = map.iter();
    /// let first = iter.next();
    /// assert!(first == Some((1, &'a')) || first == Some((2, &'b')));
    /// assert_eq!((iter.len(), iter.clone().count()), (1, 1));
    /// ```
    Iter, (K, &'a V), entry => (key_of::<K>(entry.0), entry.1)
}
borrowing_iterator! {
    /// The keys of a map, from [`Map::keys`].
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// assert_eq!(map.keys().len(), 2);
    /// assert_eq!(map.keys().max(), Some(2));
    /// ```
    Keys, K, entry => key_of::<K>(entry.0)
}
borrowing_iterator! {
    /// The values of a map, from [`Map::values`].
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::CowMap::from([(1_u64, 'a'), (2, 'b')]);
    /// assert_eq!(map.values().len(), 2);
    /// assert_eq!(map.values().max(), Some(&'b'));
    /// ```
    Values, &'a V, entry => entry.1
}

/// The entries of a map by value, from `into_iter`: moved out of pages that the map owned alone,
/// cloned out of shared ones.
///
/// # Examples
///
/// ```
/// let map = cowmap_core::CowMap::from([(1_u64, "a".to_owned())]);
/// let snapshot = map.clone();
/// let mut entries = map.into_iter();
/// assert_eq!(entries.next(), Some((1, "a".to_owned())));
/// assert_eq!(snapshot[1], "a");
/// ```
pub struct IntoIter<K: SentinelKey, V, P: Paging> {
    #[expect(dead_code, reason = "keeps alive, and in the end drops, what the others lead to")]
    tree: Tree<WordOf<K>, V, P>,
    pages: Pages<WordOf<K>, V>,
    slots: Slots<WordOf<K>, V>,
    /// Whether the values of the current page are moved out of it.
    moves: bool,
    left: usize,
    marker: PhantomData<K>,
}

// SAFETY: it holds a tree as a handle does, and its pointers lead nowhere else.
unsafe impl<K: SentinelKey + Send, V: Send + Sync, P: Paging> Send for IntoIter<K, V, P> {}
// SAFETY: as above.
unsafe impl<K: SentinelKey + Sync, V: Send + Sync, P: Paging> Sync for IntoIter<K, V, P> {}

impl<K: SentinelKey, V, P: Paging> IntoIter<K, V, P> {
    pub(super) fn of(tree: Tree<WordOf<K>, V, P>) -> Self {
        IntoIter {
            pages: Pages::of(&tree),
            slots: Slots::none(),
            moves: false,
            left: tree.len(),
            tree,
            marker: PhantomData,
        }
    }
}

/// A slot that an owning iterator has come to.
struct Taken<W, V> {
    page: Page<W, V>,
    slot: Slot,
    /// Whether the value is to be moved out of the page.
    moves: bool,
}

impl<K: SentinelKey, V, P: Paging> IntoIter<K, V, P> {
    /// Entries that are left.
    #[inline]
    pub(super) fn remaining(&self) -> usize {
        self.left
    }

    /// The next slot that holds an entry. With `moves`, the page is this iterator's alone.
    #[inline(always)]
    fn take_slot(&mut self) -> Option<Taken<WordOf<K>, V>> {
        loop {
            // SAFETY: the tree is this iterator's, and is alive; of its pages only slots that were
            // visited are written. Only a page that has one owner (S2) is written: once
            // the path was found to have one, nobody can share it any more, for that
            // takes a clone of the tree's handle.
            if let Some(slot) = unsafe { self.slots.next() } {
                self.left -= 1;
                return Some(Taken { page: self.slots.page(), slot, moves: self.moves });
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    /// Calls `f` with each slot that is left and holds an entry, as [`take_slot`](Self::take_slot)
    /// gives them.
    #[inline(always)]
    fn fold_slots<B>(mut self, mut acc: B, mut f: impl FnMut(B, Taken<WordOf<K>, V>) -> B) -> B {
        loop {
            let (page, moves) = (self.slots.page(), self.moves);
            let slots = core::mem::replace(&mut self.slots, Slots::none());
            // SAFETY: as in `take_slot`; `f` gets each slot once.
            acc = unsafe { slots.fold(acc, |acc, slot| f(acc, Taken { page, slot, moves })) };
            if !self.next_page() {
                return acc;
            }
        }
    }

    /// Goes on to the next page; `false` if there is none.
    #[inline]
    fn next_page(&mut self) -> bool {
        // SAFETY: the tree is this iterator's, and is alive; its segments are not written.
        let Some(visited) = (unsafe { self.pages.next_visited() }) else { return false };
        self.slots = Slots::of(visited.page);
        self.moves = visited.sole;
        true
    }

    /// The key of the next entry, whose value is left to be dropped with the tree.
    #[inline]
    pub(super) fn next_key(&mut self) -> Option<K> {
        let Taken { page, slot, .. } = self.take_slot()?;
        // SAFETY: a page of this iterator's tree, alive and not written meanwhile.
        Some(key_of::<K>(unsafe { page.borrow() }.word(slot)))
    }

    /// Folds the keys that are left, as [`next_key`](Self::next_key) gives them.
    #[inline]
    pub(super) fn fold_keys<B>(self, init: B, mut f: impl FnMut(B, K) -> B) -> B {
        self.fold_slots(init, |acc, Taken { page, slot, .. }| {
            // SAFETY: as in `next_key`.
            f(acc, key_of::<K>(unsafe { page.borrow() }.word(slot)))
        })
    }

    /// The entries that are left.
    pub(super) fn rest(&self) -> impl Iterator<Item = (K, &V)> {
        let (pages, slots) = (self.pages.clone(), self.slots.clone());
        // SAFETY: the tree is this iterator's, which is borrowed, so nobody writes it.
        let mut rest: Entries<'_, _, V> = unsafe { Entries::rest(pages, slots, self.left) };
        core::iter::from_fn(move || rest.next()).map(|(word, value)| (key_of::<K>(word), value))
    }
}

impl<W: Word, V: Clone> Taken<W, V> {
    /// The word and value.
    ///
    /// # Safety
    ///
    /// The page is alive, and not written by others; with `moves`, it is the caller's alone (S2).
    /// The slot holds an entry.
    #[inline(always)]
    unsafe fn entry(self) -> (W, V) {
        let Taken { page, slot, moves } = self;
        // SAFETY: the caller's promise.
        unsafe {
            let word = page.borrow().word(slot);
            if moves {
                (word, page.borrow_mut().take(slot))
            } else {
                (word, page.borrow().value(slot).clone())
            }
        }
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> IntoIter<K, V, P> {
    /// The value of the next entry.
    #[inline]
    pub(super) fn next_value(&mut self) -> Option<V> {
        let taken = self.take_slot()?;
        // SAFETY: what `take_slot` gives is that.
        Some(unsafe { taken.entry() }.1)
    }

    /// Folds the values that are left.
    #[inline]
    pub(super) fn fold_values<B>(self, init: B, mut f: impl FnMut(B, V) -> B) -> B {
        // SAFETY: what `fold_slots` gives is that.
        self.fold_slots(init, |acc, taken| f(acc, unsafe { taken.entry() }.1))
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> Iterator for IntoIter<K, V, P> {
    type Item = (K, V);

    #[inline]
    fn next(&mut self) -> Option<(K, V)> {
        let taken = self.take_slot()?;
        // SAFETY: what `take_slot` gives is that.
        let (word, value) = unsafe { taken.entry() };
        Some((key_of::<K>(word), value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    #[inline]
    fn fold<B, F: FnMut(B, (K, V)) -> B>(self, init: B, mut f: F) -> B {
        self.fold_slots(init, |acc, taken| {
            // SAFETY: what `fold_slots` gives is that.
            let (word, value) = unsafe { taken.entry() };
            f(acc, (key_of::<K>(word), value))
        })
    }
}

impl<K: SentinelKey, V: Clone, P: Paging> ExactSizeIterator for IntoIter<K, V, P> {}
impl<K: SentinelKey, V: Clone, P: Paging> FusedIterator for IntoIter<K, V, P> {}

impl<K: SentinelKey + fmt::Debug, V: fmt::Debug, P: Paging> fmt::Debug for IntoIter<K, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rest()).finish()
    }
}
