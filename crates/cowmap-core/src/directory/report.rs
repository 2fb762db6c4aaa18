//! What a tree occupies, what of it is shared, and whether it is what it should be.

use super::link::Link;
use super::segment;
use super::{MOST_LEVELS, PageHash, Tree};
use crate::capacity::Tier;
use crate::count::HANDLE;
use crate::hash::WordHash;
use crate::page::Page;
use crate::paging::{Limits, Paging};
use crate::word::Word;

/// The bytes that a handle keeps alive, as it asked the allocator for them. What values own
/// elsewhere is not counted.
///
/// # Examples
///
/// ```
/// let map: cowmap_core::CowMap<u64, u64> = (0..1000).map(|id| (id, id)).collect();
/// let usage = map.memory_usage();
/// assert!(usage.total >= 16_000 && usage.pages > 1);
/// assert_eq!((usage.shared, usage.shared_pages), (0, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// Bytes of all pages and segments.
    pub total: usize,
    /// Bytes of those that another handle holds too, or that lie below one that another handle
    /// holds.
    pub shared: usize,
    /// How many pages there are.
    pub pages: usize,
    /// How many pages are shared.
    pub shared_pages: usize,
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Adds up the bytes of pages and segments. O(pages).
    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        let mut usage = MemoryUsage::default();
        self.add_usage(self.root, self.levels, HANDLE, false, &mut usage);
        usage
    }

    fn add_usage(
        &self,
        link: Link,
        height: u8,
        weight: usize,
        shared_above: bool,
        usage: &mut MemoryUsage,
    ) {
        // SAFETY: children of this tree at their height, alive as long as the handle is borrowed.
        unsafe {
            let Some(count) = segment::count::<W, V>(link, height) else {
                return;
            };
            let shared = shared_above || count.is_shared(weight);
            let bytes = if height > 0 {
                link.segment().bytes()
            } else {
                let page: Page<W, V> = link.page();
                usage.pages += 1;
                usage.shared_pages += usize::from(shared);
                page.borrow().bytes()
            };
            usage.total += bytes;
            usage.shared += if shared { bytes } else { 0 };
            if height > 0 {
                let weight = link.segment().header().weight.get();
                for child in link.segment().children() {
                    self.add_usage(child, height - 1, weight, shared, usage);
                }
            }
        }
    }

    /// Checks all invariants that can be seen from this handle.
    ///
    /// # Panics
    ///
    /// Panics with the number of the first invariant that does not hold.
    pub(crate) fn check<H: WordHash>(&self, hash: &H) {
        assert!(P::PAGED || self.levels == 0, "D4: a flat map has no directory");
        let len = if self.has_directory() {
            let bits = self.root_bits();
            assert!(self.levels <= MOST_LEVELS, "D2: {} levels", self.levels);
            let most = Self::most_root_bits(self.levels);
            assert!((1..=most).contains(&bits), "D3: {bits} bits of the root");
            self.check_segment(self.root, self.levels, HANDLE, PageHash(0), hash)
        } else {
            let page = self.root_page();
            // SAFETY: the handle holds its root.
            let page = unsafe { page.borrow() };
            assert_eq!(page.depth(), 0, "D1: the depth of a root page");
            page.check(hash, Self::may_hold, |_| {});
            page.len()
        };
        assert_eq!(len, self.len(), "D5: the map's length");
    }

    /// Whether a page of this tier may be full with so many entries, whatever the levels when it was
    /// made.
    fn may_hold(tier: Tier, entries: usize) -> bool {
        [0, 1].map(|levels| Limits::<W, V, P>::page_capacity(tier, levels, 0)).contains(&entries)
    }

    /// Checks a segment and what is below it, and counts the entries.
    fn check_segment<H: WordHash>(
        &self,
        link: Link,
        height: u8,
        held: usize,
        prefix: PageHash,
        hash: &H,
    ) -> usize {
        // SAFETY: children of this tree at their height, alive as long as the handle is borrowed.
        unsafe {
            let segment = link.segment();
            let header = segment.header();
            let above_root = height == self.levels;
            let tag = if above_root { 64 - self.root_bits() } else { header.depth };
            assert_eq!(tag, link.depth(), "D2: the tag of a link to a segment");
            let bits = if above_root { self.root_bits() } else { P::SEGMENT_BITS };
            assert_eq!(header.bits, bits, "D3: the bits of a segment");
            assert!(header.count.is_at_least(held), "S1: a count below its holder's weight");
            let (end, mut index, mut len) = (1_usize << bits, 0, 0);
            let weight = header.weight.get();
            assert!(weight > 0, "S1: a segment holds its children with some weight");
            while index < end {
                let child = segment.link(index);
                let at = PageHash(prefix.0 | (index as u64) << (64 - header.depth - bits));
                if height == 1 && child.is_empty() {
                    index += 1;
                    continue;
                }
                let depth =
                    if height > 1 { child.depth() } else { child.page::<W, V>().borrow().depth() };
                assert!(
                    (header.depth..=header.depth + bits).contains(&depth),
                    "D1: a child of depth {depth} in a segment of depth {} and {bits} bits",
                    header.depth
                );
                let span = 1 << (header.depth + bits - depth);
                assert_eq!(index % span, 0, "D1: where a child's links begin");
                for other in 0..end {
                    let within = (index..index + span).contains(&other);
                    assert_eq!(segment.link(other) == child, within, "D1: a child's links");
                }
                len += if height > 1 {
                    self.check_segment(child, height - 1, weight, at, hash)
                } else {
                    let page = child.page::<W, V>().borrow();
                    page.check(hash, Self::may_hold, |word| {
                        let place = hash.page(word.widen());
                        assert!(
                            depth == 0 || (place.0 ^ at.0) >> (64 - depth) == 0,
                            "D1: {word:?} is in a page of another prefix"
                        );
                    });
                    page.len()
                };
                index += span;
            }
            len
        }
    }

    /// Groups that a lookup of `word` compares, and that an insertion of it would.
    pub(crate) fn groups_probed<H: WordHash>(&self, hash: &H, word: W) -> (usize, usize) {
        let at = hash.page(word.widen());
        self.page(at).groups_probed(hash.place_at(word.widen(), at), word)
    }

    /// How many links the directory has, for tests of its bounds.
    pub(crate) fn directory_links(&self) -> usize {
        let usage = self.memory_usage();
        debug_assert!(usage.total >= usage.shared);
        if self.has_directory() { 1 << self.directory_bits() } else { 0 }
    }

    /// Entries in a full page of ordinary size, for tests and estimates.
    pub(crate) fn page_entries() -> usize {
        Limits::<W, V, P>::PAGE_ENTRIES
    }
}
