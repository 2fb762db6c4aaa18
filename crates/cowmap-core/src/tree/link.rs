//! One word of a segment: where a child is, and what a lookup must know of it beforehand.

use core::ptr::NonNull;

use crate::page::{PAGE_ALIGN, Page, empty_base};
use crate::tier::Tier;
use crate::word::Word;

/// The low bits of a child's address that carry its tag.
const TAG: usize = PAGE_ALIGN - 1;

/// A child of a segment: the address of its contents, and in the low bits, which its alignment
/// leaves free, the tier of a page or the depth of a segment (D2).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Link(NonNull<u8>);

impl Link {
    #[inline(always)]
    pub(crate) fn to_page<W: Word, V>(page: Page<W, V>) -> Self {
        Self::tagged(page.base(), page.tier().tag())
    }

    /// The link of which this is the word.
    ///
    /// # Safety
    ///
    /// The word was read from a link.
    #[inline(always)]
    pub(super) unsafe fn from_ptr(word: *mut u8) -> Self {
        // SAFETY: the caller's promise; a link is not null.
        Link(unsafe { NonNull::new_unchecked(word) })
    }

    /// A link to the empty page: no entry has this prefix yet.
    pub(crate) const fn empty() -> Self {
        // SAFETY: the empty page has more bytes than a tag is large, so the address is within it;
        // its own has no tag.
        Link(unsafe { empty_base().byte_add(Tier::FIRST.tag() as usize) })
    }

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self == Self::empty()
    }

    #[inline(always)]
    pub(super) fn tagged(base: NonNull<u8>, tag: u8) -> Self {
        debug_assert!(base.addr().get() & TAG == 0 && usize::from(tag) <= TAG);
        Link(base.map_addr(|address| address | usize::from(tag)))
    }

    #[inline(always)]
    pub(super) fn base(self) -> NonNull<u8> {
        // SAFETY: the address without the tag is that of a page or a segment, which is not zero.
        unsafe { NonNull::new_unchecked(self.0.as_ptr().map_addr(|address| address & !TAG)) }
    }

    /// The tag of a tier, or a depth.
    #[inline(always)]
    pub(super) fn tag(self) -> u8 {
        (self.0.addr().get() & TAG) as u8
    }

    /// A byte of which six bits are the tag, for who does not look at the others.
    #[inline(always)]
    pub(super) fn tag_byte(self) -> u8 {
        self.0.addr().get() as u8
    }

    /// The page, where the link is one of a segment of height 1.
    #[inline(always)]
    pub(crate) fn page<W: Word, V>(self) -> Page<W, V> {
        Page::from_parts(self.base(), self.tag_byte())
    }

    /// The depth of the segment it leads to.
    #[inline(always)]
    pub(crate) fn depth(self) -> u8 {
        self.tag()
    }
}
