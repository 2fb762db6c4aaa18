//! The place of a word in a tree, found once: with an entry, or without.
//!
//! It holds the slot, never a pointer across un-sharing: a page that is copied because it is
//! shared has each entry in the same slot, and where it is split instead, the slot is found anew.

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
    /// Where the entry of `word`, which the tree has (invariant), was last: [`slot`](Self::slot) tells
    /// where it is.
    slot: Slot,
}

impl<'a, W: Word, V, P: Paging, R: WordHash> Occupied<'a, W, V, P, R> {
    /// The entry of `word`, which must not be the free word, or the place where it is to be.
    #[inline]
    pub(crate) fn find(
        tree: &'a mut Tree<W, V, P>,
        rules: R,
        word: W,
    ) -> Result<Self, Vacant<'a, W, V, P, R>> {
        match tree.find(&rules, word).map(|(_, slot)| slot) {
            Some(slot) => Ok(Occupied { tree, rules, word, slot }),
            None => Err(Vacant { tree, rules, word }),
        }
    }

    /// The slot of the entry: another one than was noted if a page was split and a value's drop
    /// panicked before the new one could be noted.
    #[inline]
    fn slot(&self) -> Slot {
        self.tree.slot_now(&self.rules, self.word, self.slot)
    }

    /// The value.
    #[inline]
    pub(crate) fn get(&self) -> &V {
        let page = self.tree.page(self.rules.page(self.word.widen()));
        // SAFETY: the slot holds the entry of `word` in its page.
        unsafe { page.value(self.slot()) }
    }
}

impl<'a, W: Word, V, P: Paging, R: Rules<V>> Occupied<'a, W, V, P, R> {
    /// The value, to be changed; copies the path to it if it is shared.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut V {
        self.slot = self.slot();
        // SAFETY: the slot holds the entry of `word`.
        unsafe { self.tree.value_mut(&self.rules, self.word, &mut self.slot) }.or_raise()
    }

    /// As [`get_mut`](Self::get_mut), for as long as the tree is borrowed.
    #[inline]
    pub(crate) fn into_mut(self) -> &'a mut V {
        let mut slot = self.slot();
        let Occupied { tree, rules, word, .. } = self;
        // SAFETY: the slot holds the entry of `word`.
        unsafe { tree.value_mut(&rules, word, &mut slot) }.or_raise()
    }

    /// Removes the entry and returns its value; copies the path to it if it is shared.
    #[inline]
    pub(crate) fn remove(self) -> V {
        self.take().0
    }

    /// Removes the entry as [`remove`](Self::remove) does, and returns its place, too.
    #[inline]
    pub(crate) fn take(self) -> (V, Vacant<'a, W, V, P, R>) {
        let slot = self.slot();
        let Occupied { tree, rules, word, .. } = self;
        // SAFETY: the slot holds the entry of `word`.
        let value = unsafe { tree.remove_slot(&rules, word, slot) }.or_raise();
        (value, Vacant { tree, rules, word })
    }
}

/// The place of a word that a tree, which is borrowed mutably for `'a`, has not: invariant.
pub(crate) struct Vacant<'a, W: Word, V, P: Paging, R> {
    tree: &'a mut Tree<W, V, P>,
    rules: R,
    word: W,
}

impl<'a, W: Word, V, P: Paging, R: Rules<V>> Vacant<'a, W, V, P, R> {
    /// Inserts a value, and lends it to be changed; copies the path to it if it is shared.
    #[inline]
    pub(crate) fn insert(self, value: V) -> &'a mut V {
        self.tree.insert_absent(&self.rules, self.word, value).or_raise()
    }

    /// Inserts a value as [`insert`](Self::insert) does, and returns the entry.
    #[inline]
    pub(crate) fn insert_entry(self, value: V) -> Occupied<'a, W, V, P, R> {
        let Vacant { tree, rules, word } = self;
        tree.insert_absent(&rules, word, value).or_raise();
        let Ok(entry) = Occupied::find(tree, rules, word) else {
            unreachable!("it was inserted just now")
        };
        entry
    }
}
