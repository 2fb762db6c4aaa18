//! What proves that a page may be written: [`PageMut`].

use core::marker::PhantomData;
use core::ops::Deref;

use super::{Header, Page, PageRef, Slot};
use crate::stamp::Stamp;
use crate::word::Word;

impl<W: Word, V> Page<W, V> {
    /// The page, as one that may be written during `'a`.
    ///
    /// # Safety
    ///
    /// The page is alive (P1) and is not [`EMPTY`](super::EMPTY); nobody else uses it during `'a`
    /// (S3).
    #[inline(always)]
    pub(crate) unsafe fn borrow_mut<'a>(self) -> PageMut<'a, W, V> {
        // SAFETY: the caller's promise.
        PageMut { page: unsafe { self.borrow() }, marker: PhantomData }
    }
}

/// A page that is alive and has one owner, who may write it during `'a`.
pub(crate) struct PageMut<'a, W, V> {
    page: PageRef<'a, W, V>,
    marker: PhantomData<&'a mut V>,
}

impl<'a, W: Word, V> Deref for PageMut<'a, W, V> {
    type Target = PageRef<'a, W, V>;
    #[inline(always)]
    fn deref(&self) -> &PageRef<'a, W, V> {
        &self.page
    }
}

impl<'a, W: Word, V> PageMut<'a, W, V> {
    #[inline(always)]
    pub(super) fn header_mut(&mut self) -> &mut Header {
        // SAFETY: the page has one owner (S3), is not EMPTY, and no other reference to its header
        // lives: those that `PageRef` gives out end within its methods, and that of `duplicate` is to
        // a page that is shared, which nobody writes.
        unsafe { self.page.page().header().as_mut() }
    }

    /// Notes how many bits of the page hash all entries share.
    pub(crate) fn set_depth(&mut self, depth: u8) {
        self.header_mut().set_depth(depth);
    }

    /// Notes under which root the page is its handle's own (S4).
    #[inline]
    pub(crate) fn set_stamp(&mut self, stamp: Stamp) {
        self.header_mut().stamp = stamp;
    }

    /// Notes with how many entries, no fewer than it has, the page is full.
    pub(crate) fn set_capacity(&mut self, entries: usize) {
        let header = self.header_mut();
        // A page has fewer than 2^32 slots.
        header.room = entries as u32 - header.len;
    }

    /// The value in a slot.
    ///
    /// # Safety
    ///
    /// The slot is one of this page's and holds an entry.
    #[inline(always)]
    pub(crate) unsafe fn value_mut(self, slot: Slot) -> &'a mut V {
        debug_assert!(self.word(slot) != W::FREE);
        // SAFETY: an occupied slot has a value (P3), and `self` is the one way to it during `'a`.
        unsafe { self.page.page().value_ptr(slot).as_mut() }
    }
}
