//! What a tree occupies, and what of it is shared.

use super::Tree;
use super::holder::Holder;
use super::link::Link;
use super::sharing;
use crate::count::HANDLE;
use crate::page::Page;
use crate::policy::{Limits, Paging};
use crate::word::Word;

/// The bytes that a handle keeps alive, as it asked the allocator for them. What values own
/// elsewhere is not counted.
///
/// These are the numbers of one handle. They do not tell how much several handles take together:
/// see [`Map::memory_usage`](crate::Map::memory_usage).
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
    /// Bytes of all pages, and of the directory above them.
    pub total: usize,
    /// Bytes of what at least one other handle holds too, or of what lies below that. They are not
    /// free: they stay until the last of those handles is dropped.
    pub shared: usize,
    /// How many pages there are.
    pub pages: usize,
    /// How many pages at least one other handle holds too.
    pub shared_pages: usize,
}

impl MemoryUsage {
    fn add(&mut self, bytes: usize, shared: bool) {
        self.total += bytes;
        self.shared += if shared { bytes } else { 0 };
    }
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Adds up the bytes of pages, segments and holders. O(pages).
    pub(crate) fn memory_usage(&self) -> MemoryUsage {
        let mut usage = MemoryUsage::default();
        Self::add_usage(self.root, self.levels, HANDLE, false, &mut usage);
        usage
    }

    fn add_usage(link: Link, height: u8, held: usize, shared_above: bool, usage: &mut MemoryUsage) {
        // SAFETY: children of this tree at their height, and their holders, alive as long as the
        // handle is borrowed.
        unsafe {
            let Some(count) = sharing::count::<W, V>(link, height) else {
                return;
            };
            let shared = shared_above || count.is_shared(held);
            if height == 0 {
                let page: Page<W, V> = link.page();
                usage.pages += 1;
                usage.shared_pages += usize::from(shared);
                usage.add(page.borrow().bytes(), shared);
                return;
            }
            let segment = link.segment();
            usage.add(segment.bytes(), shared);
            let weight = segment.header().weight.get();
            for bundle in segment.bundles() {
                let Some(holder) = segment.holder(bundle) else { continue };
                let shared = shared || holder.shares().sum() != weight;
                usage.add(Holder::BYTES, shared);
                let held = holder.shares().weight();
                for child in segment.children(segment.bundle_links(bundle)) {
                    Self::add_usage(child, height - 1, held, shared, usage);
                }
            }
        }
    }

    /// How many links the directory has, for tests of its bounds.
    pub(crate) fn directory_links(&self) -> usize {
        self.stored_links()
    }

    /// Entries in a full page of ordinary size, for tests and estimates.
    pub(crate) fn page_entries() -> usize {
        Limits::<W, V, P>::PAGE_ENTRIES
    }
}
