//! An entry that is in a tree, found once.
//!
//! It holds the slot, never a pointer across un-sharing: a page that is copied because it is
//! shared has each entry in the same slot.

use crate::error::OrRaise;
use crate::hash::WordHash;
use crate::page::Slot;
use crate::policy::Paging;
use crate::rules::Rules;
use crate::tree::Tree;
use crate::word::Word;

/// An entry of a tree that is borrowed mutably for `'a`.
///
/// It keeps the rules with which it was found. With others, which hash differently, it would take
/// the slot for one of another page.
pub(crate) struct Occupied<'a, W: Word, V, P: Paging, R> {
    tree: &'a mut Tree<W, V, P>,
    rules: R,
    word: W,
    /// Holds the entry of `word`, in whatever page that is in by the rules: invariant.
    slot: Slot,
}

impl<'a, W: Word, V, P: Paging, R: WordHash> Occupied<'a, W, V, P, R> {
    /// The entry of `word`, which must not be the free word; gives back the tree and the rules if
    /// there is none.
    #[inline]
    pub(crate) fn find(
        tree: &'a mut Tree<W, V, P>,
        rules: R,
        word: W,
    ) -> Result<Self, (&'a mut Tree<W, V, P>, R)> {
        match tree.find(&rules, word).map(|(_, slot)| slot) {
            Some(slot) => Ok(Occupied { tree, rules, word, slot }),
            None => Err((tree, rules)),
        }
    }

    /// The value.
    #[inline]
    pub(crate) fn get(&self) -> &V {
        let page = self.tree.page(self.rules.page(self.word.widen()));
        // SAFETY: the slot holds the entry of `word` in its page (invariant of the type).
        unsafe { page.value(self.slot) }
    }
}

impl<'a, W: Word, V, P: Paging, R: Rules<V>> Occupied<'a, W, V, P, R> {
    /// The value, to be changed; copies the path to it if it is shared.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut V {
        // SAFETY: the slot holds the entry of `word` (invariant of the type).
        unsafe { self.tree.value_mut(&self.rules, self.word, self.slot) }.or_raise()
    }

    /// As [`get_mut`](Self::get_mut), for as long as the tree is borrowed.
    #[inline]
    pub(crate) fn into_mut(self) -> &'a mut V {
        // SAFETY: the slot holds the entry of `word` (invariant of the type).
        unsafe { self.tree.value_mut(&self.rules, self.word, self.slot) }.or_raise()
    }

    /// Removes the entry and returns its value; copies the path to it if it is shared.
    #[inline]
    pub(crate) fn remove(self) -> V {
        // SAFETY: the slot holds the entry of `word` (invariant of the type).
        unsafe { self.tree.remove_slot(&self.rules, self.word, self.slot) }.or_raise()
    }
}
