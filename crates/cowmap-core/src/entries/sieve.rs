//! Removing entries by a condition.
//!
//! A page is made the tree's own at the first entry that is to go. Removals free slots and move
//! nothing while a page is being visited; its overflow bits are put in order when it is done, and
//! sparse pages merge when all are. A walk that ends before merges no more than the bound of links
//! asks for, so that it costs what it removed. The length is right after each removal, so a closure that
//! panics, or a sieve that is forgotten, leaves a tree that has lost what was removed so far and
//! nothing else.

use core::mem::{replace, take};

use crate::error::OrRaise;
use crate::hash::{PageHash, WordHash};
use crate::page::{Slot, Slots};
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::tree::cursor::Cursor;
use crate::word::Word;

/// A walk over all entries of a tree that removes some.
pub(crate) struct Sieve<'a, W: Word, V, P: Paging, R: WordHash> {
    tree: &'a mut Tree<W, V, P>,
    rules: R,
    walk: Cursor,
    /// A hash that leads to the current page.
    hash: PageHash,
    /// The slots that are left of the current page, which is one of the tree's, or the empty page:
    /// invariant.
    slots: Slots<W, V>,
    /// Whether the current page was made the tree's own, so that it has one owner all the way
    /// (S3): invariant.
    own: bool,
    /// Whether entries were removed since the tree was last settled.
    removed: bool,
    /// [`Tree::merge_until_in_proportion`], which asks for more of the rules than a walk's drop can.
    merge: fn(&mut Tree<W, V, P>, &R),
}

// SAFETY: a mutable borrow of a tree, whose `Send` it requires, and its pointers lead nowhere else.
unsafe impl<'a, W: Word, V, P: Paging, R: WordHash> Send for Sieve<'a, W, V, P, R> where
    (&'a mut Tree<W, V, P>, R): Send
{
}
// SAFETY: a shared reference to it gives access to nothing.
unsafe impl<'a, W: Word, V, P: Paging, R: WordHash> Sync for Sieve<'a, W, V, P, R> where
    (&'a mut Tree<W, V, P>, R): Sync
{
}

impl<'a, W: Word, V, P: Paging, R: WordHash> Sieve<'a, W, V, P, R> {
    pub(crate) fn over(tree: &'a mut Tree<W, V, P>, rules: R) -> Self
    where
        R: Rules<V>,
    {
        Sieve {
            walk: Cursor::over(tree),
            tree,
            rules,
            hash: PageHash(0),
            slots: Slots::none(),
            own: false,
            removed: false,
            merge: Tree::merge_until_in_proportion,
        }
    }

    /// Puts the current page in order after removals. Runs no user code.
    fn finish_page(&mut self) {
        if self.own {
            self.own = false;
            let page = self.slots.page();
            self.slots = Slots::none();
            // SAFETY: the tree is borrowed mutably and owned the page alone (S3), as `own` told.
            unsafe { page.borrow_mut() }.clean(&self.rules);
        }
    }
}

impl<W: Word, V, P: Paging, R: Rules<V>> Sieve<'_, W, V, P, R> {
    /// Removes the next entry of which `pick` makes something, and returns that with the value.
    #[inline]
    pub(crate) fn next<T>(&mut self, mut pick: impl FnMut(W, &V) -> Option<T>) -> Option<(T, V)> {
        loop {
            // SAFETY: the page is one of the tree's, which is borrowed mutably: it is alive, and if
            // it is written then by `remove`, which frees slots that were visited.
            while let Some(slot) = unsafe { self.slots.next() } {
                // SAFETY: as above; not written while `pick` runs.
                let page = unsafe { self.slots.page().borrow() };
                // SAFETY: `slots` gives slots that hold entries.
                if let Some(picked) = pick(page.word(slot), unsafe { page.value(slot) }) {
                    // SAFETY: as above, and this one was visited just now.
                    return Some((picked, unsafe { self.remove(slot) }));
                }
            }
            if !self.next_page() {
                return None;
            }
        }
    }

    /// Removes the next entry of which `pick`, which may change the values it sees, makes
    /// something, and returns that with the value.
    #[inline]
    pub(crate) fn next_mut<T>(
        &mut self,
        mut pick: impl FnMut(W, &mut V) -> Option<T>,
    ) -> Option<(T, V)> {
        loop {
            // SAFETY: as in `next`; `pick` writes values only.
            while let Some(slot) = unsafe { self.slots.next() } {
                // SAFETY: `own_page` made the page the tree's own (S3), which is borrowed mutably.
                let page = unsafe { self.slots.page().borrow_mut() };
                let word = page.word(slot);
                // SAFETY: the slot holds an entry; the borrow ends before it is removed.
                if let Some(picked) = pick(word, unsafe { page.value_mut(slot) }) {
                    // SAFETY: as above.
                    return Some((picked, unsafe { self.remove(slot) }));
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
        if let Some(hash) = self.walk.next_in(self.tree) {
            self.hash = hash;
            self.slots = Slots::of(self.tree.page(hash).page());
            return true;
        }
        self.slots = Slots::none();
        if take(&mut self.removed) {
            self.tree.settle_all(&self.rules);
        }
        false
    }

    /// Makes the current page the tree's own.
    ///
    /// If user code panics meanwhile, which may be the drop of a value of the old page when
    /// everybody else has let it go, the walk has no current page and goes on with the next one.
    #[inline]
    fn own_page(&mut self) {
        if !self.own {
            let mut slots = replace(&mut self.slots, Slots::none());
            slots.move_to(self.tree.unshared_page(&self.rules, self.hash).or_raise().page());
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
        // SAFETY: the tree owns the page alone (S3); a copy has each entry in its slot.
        unsafe { self.tree.remove_in_place(self.slots.page(), slot, &self.rules) }
    }
}

impl<W: Word, V, P: Paging, R: WordHash> Drop for Sieve<'_, W, V, P, R> {
    fn drop(&mut self) {
        self.finish_page();
        // Merging may clone values, which is user code: not while a panic unwinds.
        if self.removed && !is_unwinding() {
            (self.merge)(self.tree, &self.rules);
        }
    }
}

/// Whether the thread unwinds, as far as that is known: without `std` it is not.
fn is_unwinding() -> bool {
    #[cfg(feature = "std")]
    return std::thread::panicking();
    #[cfg(not(feature = "std"))]
    false
}
