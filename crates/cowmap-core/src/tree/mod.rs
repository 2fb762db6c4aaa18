//! The tree of a map: a root that is one page, or segments above pages.
//!
//! The directory is extendible hashing (Fagin, Nievergelt, Pippenger, Strong 1979) made of
//! segments, so that it too is copied, split and merged a piece at a time: every level but the
//! root consumes a fixed number of bits of the page hash, counted from where the link says that the
//! child's own bits begin, and all pages lie equally deep, so that every lookup takes the same
//! number of steps.
//!
//! Here is the handle: looking up, cloning, dropping. The other files, each of which calls only
//! those above it:
//!
//! * `link.rs`, `holder.rs`, `segment.rs`, `new_segment.rs`: what the directory is made of, in memory.
//! * `sharing.rs`: who holds what; copying a segment, dividing a holder, letting go.
//! * `path.rs`: the way to a page; `owned_path.rs`: `OwnedPath`, the only door to writing.
//! * `resize.rs`: a page that is replaced by a larger or smaller one.
//! * `split.rs`, `merge.rs`: the directory made finer, or coarser.
//! * `room.rs`: room for one more entry; `reserve.rs`: room for many; `clear.rs`: no entries.
//! * `edit.rs`: what the map asks for: to set, change and remove.
//! * `cursor.rs`: visiting every page; `step.rs`: a few, and then a few more; `apart.rs`: those that
//!   another tree has not.
//! * `usage.rs`: visiting and measuring every part; `check.rs`: checking all of it.

pub(crate) mod apart;
mod check;
mod clear;
pub(crate) mod cursor;
mod edit;
mod holder;
mod link;
mod merge;
mod new_segment;
mod owned_path;
mod path;
#[cfg(test)]
mod plain;
mod reserve;
mod resize;
mod room;
mod segment;
mod sharing;
mod split;
mod step;
pub(crate) mod usage;

use core::marker::PhantomData;
use core::mem::ManuallyDrop;

pub use usage::MemoryUsage;

use self::link::Link;
use self::segment::Segment;
use crate::count::HANDLE;
use crate::floor::Floor;
use crate::hash::{PageHash, WordHash};
use crate::page::{Page, PageRef, Slot};
use crate::policy::{MOST_LEVELS, Paging, Size};
use crate::word::Word;

/// A handle on a tree of pages, which it may share with other handles.
pub(crate) struct Tree<W: Word, V, P: Paging> {
    /// The root page, or the root segment with a tag that is not its depth, which is 0, but 64
    /// less its bits: what a page hash is shifted by to index it.
    root: Link,
    len: P::Size,
    /// How many segments there are below the root.
    segments: P::Segments,
    /// How many segments lie above each page.
    levels: u8,
    /// The entries that were reserved.
    floor: Floor,
    marker: PhantomData<(W, V, P)>,
}

// SAFETY: a handle gives shared access to values that other handles on other threads have too, so
// values must be `Sync`; the last handle, on whatever thread, drops them, so they must be `Send`.
// Counts are atomic, and writes need a sole owner (S3).
unsafe impl<W: Word, V: Send + Sync, P: Paging> Send for Tree<W, V, P> {}
// SAFETY: as above; a shared handle can be cloned, which makes another one.
unsafe impl<W: Word, V: Send + Sync, P: Paging> Sync for Tree<W, V, P> {}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// An empty tree; nothing is allocated.
    pub(crate) const fn new() -> Self {
        Tree {
            root: Link::empty(),
            len: P::Size::ZERO,
            segments: P::Segments::ZERO,
            levels: 0,
            floor: Floor::NONE,
            marker: PhantomData,
        }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there is a directory above the pages.
    #[inline(always)]
    fn has_directory(&self) -> bool {
        P::PAGED && self.levels > 0
    }

    /// How many segments lie above each page, known to be none where a map is never paged.
    #[inline(always)]
    fn segment_levels(&self) -> u8 {
        if P::PAGED { self.levels } else { 0 }
    }

    /// The root page, where there is no directory.
    #[inline(always)]
    fn root_page(&self) -> Page<W, V> {
        debug_assert!(!self.has_directory());
        self.root.page()
    }

    /// How many bits of the page hash the root segment tells apart.
    #[inline(always)]
    fn root_bits(&self) -> u8 {
        debug_assert!(self.has_directory());
        64 - self.root.tag()
    }

    /// Whether both are the same tree: equal without a look at the entries.
    #[inline]
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.root == other.root
    }

    /// The address of the root, or of the empty page.
    pub(crate) fn as_ptr(&self) -> *const () {
        self.root.base().as_ptr().cast_const().cast()
    }

    /// Whether another handle shares the root.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        // SAFETY: the handle holds its root, which is of the kind that `levels` says.
        unsafe { sharing::count::<W, V>(self.root, self.levels) }
            .is_some_and(|count| count.is_shared(HANDLE))
    }

    /// The page where entries with this page hash are.
    #[inline(always)]
    pub(crate) fn page(&self, hash: PageHash) -> PageRef<'_, W, V> {
        // SAFETY: the handle holds its tree as long as it is borrowed, and what is shared is never
        // written (S3).
        unsafe { self.page_link(hash).page().borrow() }
    }

    /// The link to the page at the end of a page hash's path: one step a level.
    #[inline(always)]
    fn page_link(&self, hash: PageHash) -> Link {
        if !P::PAGED {
            return self.root;
        }
        debug_assert!(self.levels <= MOST_LEVELS);
        // SAFETY: below the root there are as many links on a path as levels, each but the last to a
        // segment; the index in the root is one of its links (D2, D3).
        unsafe {
            // Written out: a loop, or paths that join earlier, become something longer.
            if self.levels == 2 {
                return Self::link_below(self.root_link(hash), hash);
            }
            unlikely();
            match self.levels {
                4 => {
                    // A loop that is not unrolled, and not taken often, takes no register from the paths
                    // with fewer levels.
                    unlikely();
                    let mut link = self.root_link(hash);
                    for _ in 0..core::hint::black_box(3) {
                        link = Self::link_below(link, hash);
                    }
                    link
                }
                3 => Self::link_below(Self::link_below(self.root_link(hash), hash), hash),
                1 => self.root.segment().link_apart(self.root_index(hash)),
                _ => self.root,
            }
        }
    }

    /// The root segment's link on the path of a page hash.
    ///
    /// # Safety
    ///
    /// There is a directory.
    #[inline(always)]
    unsafe fn root_link(&self, hash: PageHash) -> Link {
        // SAFETY: the root is a segment, alive, which nobody writes while the handle is borrowed.
        unsafe { self.root.segment().link(self.root_index(hash)) }
    }

    /// The index of the root segment's link on the path of a page hash, where there is a directory:
    /// the root's tag leaves as many bits of the hash as it has (D2, D3).
    #[inline(always)]
    fn root_index(&self, hash: PageHash) -> usize {
        (hash.0 >> (self.root.tag() & 63)) as usize
    }

    /// The link below a link on the path of a page hash.
    ///
    /// # Safety
    ///
    /// The link is one of this tree's, to a segment, and the tree is not written meanwhile.
    #[inline(always)]
    unsafe fn link_below(link: Link, hash: PageHash) -> Link {
        let index = Segment::index(hash, link.tag_byte(), P::SEGMENT_BITS);
        // SAFETY: the segment is alive, and an index of SEGMENT_BITS bits is one of its links (D2,
        // D3).
        unsafe { link.segment().link(index) }
    }

    /// The page and slot of `word`, which must not be the free word.
    #[inline(always)]
    pub(crate) fn find<R: WordHash>(
        &self,
        rules: &R,
        word: W,
    ) -> Option<(PageRef<'_, W, V>, Slot)> {
        let hash = rules.page(word.widen());
        let page = self.page(hash);
        page.find(rules.place_at(word.widen(), hash), word).map(|slot| (page, slot))
    }

    /// The value of `word`, which must not be the free word.
    #[inline(always)]
    pub(crate) fn get<R: WordHash>(&self, rules: &R, word: W) -> Option<&V> {
        let hash = rules.page(word.widen());
        self.page(hash).get(rules.place_at(word.widen(), hash), word)
    }

    /// What the size of the directory is measured by.
    fn entries_or_floor(&self) -> usize {
        self.len().max(self.floor.entries())
    }

    /// How many links the segments have.
    #[inline]
    fn stored_links(&self) -> usize {
        if !self.has_directory() {
            return 0;
        }
        (1 << self.root_bits()) + (self.segments.get() << P::SEGMENT_BITS)
    }

    /// Notes how many more segments there are below the root now, or fewer.
    fn count_segments(&mut self, more: isize) {
        self.segments = Size::from_usize(self.segments.get().wrapping_add_signed(more));
    }

    /// How many bits of the page hash the directory tells apart.
    fn directory_bits(&self) -> u32 {
        if !self.has_directory() {
            return 0;
        }
        u32::from(self.root_bits()) + u32::from(P::SEGMENT_BITS) * (u32::from(self.levels) - 1)
    }
}

impl<W: Word, V, P: Paging> Clone for Tree<W, V, P> {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: the handle holds its root, which is of the kind that `levels` says.
        if let Some(count) = unsafe { sharing::count::<W, V>(self.root, self.levels) } {
            count.add(HANDLE);
        }
        Tree { ..*self }
    }
}

impl<W: Word, V, P: Paging> Drop for Tree<W, V, P> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the handle holds its root with HANDLE (S1), and is gone afterwards.
        unsafe { sharing::release::<W, V>(self.root, self.levels, HANDLE) };
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Makes a segment the root.
    ///
    /// # Safety
    ///
    /// The handle holds the segment with `HANDLE`, below which are as many levels; what was the root
    /// is released, freed or linked elsewhere.
    unsafe fn set_root_segment(&mut self, root: Segment, levels: u8) {
        // SAFETY: the segment is alive, being held.
        self.root = Link::to_root(root, unsafe { root.header() }.bits);
        self.levels = levels;
    }

    /// Makes a page the root, with the same promise.
    ///
    /// # Safety
    ///
    /// As for [`set_root_segment`](Self::set_root_segment); nobody holds the empty page.
    unsafe fn set_root_page(&mut self, page: Page<W, V>) {
        self.root = Link::to_page(page);
        self.levels = 0;
    }

    /// Takes the whole tree out, leaving an empty one with the same floor.
    pub(crate) fn take(&mut self) -> Self {
        let empty = Tree { floor: self.floor, ..*ManuallyDrop::new(Self::new()) };
        core::mem::replace(self, empty)
    }
}

/// Tells the compiler that the way to here is taken less often than others.
#[cold]
#[inline(always)]
fn unlikely() {}
