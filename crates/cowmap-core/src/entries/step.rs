//! Removing entries by a condition a few pages at a time, between which anything may be done to the
//! tree.
//!
//! Each page is handled as a whole: it is made the tree's own at the first entry that is to go,
//! removals free slots and move nothing meanwhile, and when all its entries were visited it is put in
//! order, and merges or shrinks as it would after a removal. The length is right after each removal, and
//! a page counts as visited only when it is. So a closure that panics leaves a tree that has lost what
//! was removed so far and nothing else, and its page is visited again.

use core::mem::replace;

use crate::error::OrRaise;
use crate::hash::{PageHash, WordHash};
use crate::page::{Page, Slots};
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::word::Word;

/// Visits the entries whose page hash is `from` or more, page by page until it has met `budget` of them,
/// and removes those for which `keep` returns `false`; then `from` is where to go on, or `None` if all
/// were visited.
///
/// A page without entries counts as an entry, and one page is visited whatever the budget.
pub(crate) fn sieve_pages<W: Word, V, P: Paging, R: Rules<V>>(
    tree: &mut Tree<W, V, P>,
    rules: &R,
    from: &mut Option<PageHash>,
    budget: usize,
    mut keep: impl FnMut(W, &V) -> bool,
) {
    let mut met = 0;
    while let Some(hash) = *from {
        let entries = tree.page(hash).len();
        // The page may have come to begin earlier since the last step. What is before was visited.
        let passed = (!tree.begins_page(hash)).then_some(hash);
        let after = tree.hash_after_page(hash);
        let keep = |word: W, value: &V| {
            passed.is_some_and(|from| rules.page(word.widen()).0 < from.0) || keep(word, value)
        };
        let removed = SievedPage::of(tree, rules, hash).sieve(keep);
        *from = after;
        if removed > 0 {
            tree.settle_page(rules, hash, removed);
        }
        met += entries.max(1);
        if met >= budget {
            return;
        }
    }
}

/// A page of a tree of which entries are removed.
struct SievedPage<'a, W: Word, V, P: Paging, R: WordHash> {
    tree: &'a mut Tree<W, V, P>,
    rules: &'a R,
    /// A hash that leads to the page.
    hash: PageHash,
    /// The page's slots that are left. Invariant of the type: the page is the one of `hash`, or the
    /// empty page.
    slots: Slots<W, V>,
    /// The page, once it was made the tree's own, so that it has one owner all the way (S3):
    /// invariant.
    own: Option<Page<W, V>>,
    /// Entries that were removed.
    removed: usize,
}

impl<'a, W: Word, V, P: Paging, R: WordHash> SievedPage<'a, W, V, P, R> {
    fn of(tree: &'a mut Tree<W, V, P>, rules: &'a R, hash: PageHash) -> Self {
        let slots = Slots::of(tree.page(hash).page());
        SievedPage { tree, rules, hash, slots, own: None, removed: 0 }
    }

    /// Puts the page in order after removals. Runs no user code.
    fn finish(&mut self) {
        if let Some(page) = self.own.take() {
            // SAFETY: the tree is borrowed mutably and owns the page alone (S3), as `own` tells.
            unsafe { page.borrow_mut() }.clean(self.rules);
        }
    }
}

impl<W: Word, V, P: Paging, R: Rules<V>> SievedPage<'_, W, V, P, R> {
    /// Removes the entries for which `keep` returns `false`; returns how many that were.
    fn sieve(mut self, mut keep: impl FnMut(W, &V) -> bool) -> usize {
        // SAFETY: the page is one of the tree's, which is borrowed mutably: it is alive, and if it is
        // written then below, where slots are freed that were visited.
        while let Some(slot) = unsafe { self.slots.next() } {
            // SAFETY: as above; not written while `keep` runs, and the slot holds an entry.
            let kept = unsafe {
                let page = self.slots.page().borrow();
                keep(page.word(slot), page.value(slot))
            };
            if !kept {
                let page = self.own_page();
                self.removed += 1;
                // SAFETY: the tree owns the page alone (S3). A copy has each entry in its slot, and
                // this one was visited just now.
                drop(unsafe { self.tree.remove_in_place(page, slot, self.rules) });
            }
        }
        self.removed
    }

    /// The page, made the tree's own.
    ///
    /// If user code panics meanwhile, which may be the drop of a value of the old page when everybody
    /// else has let it go, no slots are left.
    #[inline]
    fn own_page(&mut self) -> Page<W, V> {
        if let Some(page) = self.own {
            return page;
        }
        let mut slots = replace(&mut self.slots, Slots::none());
        let page = self.tree.unshared_page(self.rules, self.hash).or_raise().page();
        slots.move_to(page);
        self.slots = slots;
        self.own = Some(page);
        page
    }
}

impl<W: Word, V, P: Paging, R: WordHash> Drop for SievedPage<'_, W, V, P, R> {
    fn drop(&mut self) {
        self.finish();
    }
}
