//! Visiting every page of a tree, and every group of a page, in an order that is not that of the hash.
//!
//! Inserting one map's iteration into another that grows would pile up in one place after another if iteration followed
//! the order of the hash. So the groups of a large page are visited in blocks in bit-reversed
//! order, and the pages by reversing the order of their links at every level: the last level's index changes slowest.

use super::link::Link;
use super::segment::Segment;
use super::{Paging, Tree};
use crate::capacity::Tier;
use crate::count::HANDLE;
use crate::page::Page;
use crate::word::Word;

/// The numbers below `count` in bit-reversed order.
#[derive(Clone, Debug)]
struct BitReversed {
    next: u64,
    bits: u32,
    count: u32,
}

impl BitReversed {
    fn new(count: u32) -> Self {
        BitReversed {
            next: 0,
            bits: u64::from(count).next_power_of_two().trailing_zeros(),
            count,
        }
    }
}

/// The lowest `bits` bits of `number`, reversed.
#[inline(always)]
fn reversed(number: u64, bits: u32) -> u64 {
    if bits == 0 {
        0
    } else {
        number.reverse_bits() >> (64 - bits)
    }
}

impl Iterator for BitReversed {
    type Item = u32;
    #[inline]
    fn next(&mut self) -> Option<u32> {
        while self.next < 1 << self.bits {
            // Below 2^bits, which is below 2^33; kept only if below `count`.
            let number = reversed(self.next, self.bits);
            self.next += 1;
            if number < u64::from(self.count) {
                return Some(number as u32);
            }
        }
        None
    }
}

/// Groups that are visited in a row.
///
/// Counted: blocks of 8 cost 2.6 groups an insertion where random order costs 1.7; larger blocks pile up more.
const BLOCK: u32 = 8;

/// The groups of a page, block by block.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    blocks: BitReversed,
    groups: u32,
    next: u32,
    block_end: u32,
}

impl Groups {
    pub(crate) fn of(groups: u32) -> Self {
        Groups {
            blocks: BitReversed::new(groups.div_ceil(BLOCK)),
            groups,
            next: 0,
            block_end: 0,
        }
    }
}

impl Iterator for Groups {
    type Item = u32;
    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        if self.next == self.block_end {
            self.next = self.blocks.next()? * BLOCK;
            self.block_end = (self.next + BLOCK).min(self.groups);
        }
        let group = self.next;
        self.next += 1;
        Some(group)
    }
}

/// The pages of a tree that is not written meanwhile.
pub(crate) struct Pages<W, V> {
    root: Root<W, V>,
    /// Counts the paths: the lowest bits are, reversed, the index in the root segment, the next
    /// ones that in the segment below, and so on.
    next: u64,
    end: u64,
}

enum Root<W, V> {
    Page(Page<W, V>),
    Segment {
        root: Segment,
        bits: u8,
        below: u8,
        levels: u8,
    },
}

impl<W, V> Clone for Root<W, V> {
    fn clone(&self) -> Self {
        match *self {
            Root::Page(page) => Root::Page(page),
            Root::Segment {
                root,
                bits,
                below,
                levels,
            } => Root::Segment {
                root,
                bits,
                below,
                levels,
            },
        }
    }
}

impl<W, V> Clone for Pages<W, V> {
    fn clone(&self) -> Self {
        Pages {
            root: self.root.clone(),
            ..*self
        }
    }
}

/// A page on its path.
pub(crate) struct Visited<W, V> {
    pub(crate) page: Page<W, V>,
    /// Whether, when it was visited, the page and all above it had one holder.
    pub(crate) sole: bool,
}

impl<W: Word, V> Pages<W, V> {
    /// No pages.
    pub(crate) fn none() -> Self {
        Pages {
            root: Root::Page(Page::empty()),
            next: 0,
            end: 0,
        }
    }

    pub(crate) fn of<P: Paging>(tree: &Tree<W, V, P>) -> Self {
        if tree.has_directory() {
            let root = Root::Segment {
                root: tree.root_segment(),
                bits: tree.shape,
                below: P::SEGMENT_BITS,
                levels: tree.levels,
            };
            Pages {
                root,
                next: 0,
                end: 1 << tree.directory_bits(),
            }
        } else {
            let root = Page::from_parts(tree.root, Tier::from_bits(tree.shape));
            Pages {
                root: Root::Page(root),
                next: 0,
                end: 1,
            }
        }
    }

    /// The next page.
    ///
    /// # Safety
    ///
    /// The tree is alive and its segments were not written since `of`.
    #[inline]
    pub(crate) unsafe fn next(&mut self) -> Option<Page<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.visit::<false>() }.map(|visited| visited.page)
    }

    /// The next page, and whether its path has one owner.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    pub(crate) unsafe fn next_visited(&mut self) -> Option<Visited<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.visit::<true>() }
    }

    /// The next page, with a look at the counts on its path if `COUNTS`.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    #[inline(always)]
    unsafe fn visit<const COUNTS: bool>(&mut self) -> Option<Visited<W, V>> {
        while self.next < self.end {
            let path = self.next;
            self.next += 1;
            let visited = match self.root {
                Root::Page(page) => {
                    // SAFETY: the root of a tree that is alive.
                    let sole = COUNTS && unsafe { is_sole::<W, V>(Link::to_page(page), 0, HANDLE) };
                    Some(Visited { page, sole })
                }
                Root::Segment {
                    root,
                    bits,
                    below,
                    levels,
                } => {
                    // SAFETY: segments of a tree that is alive.
                    unsafe { Self::follow::<COUNTS>(path, (root, bits), below, levels) }
                }
            };
            if visited.is_some() {
                return visited;
            }
        }
        None
    }

    /// The page at the end of a path, unless it was met on an earlier one.
    ///
    /// # Safety
    ///
    /// The segments are alive and not written meanwhile.
    #[inline(always)]
    unsafe fn follow<const COUNTS: bool>(
        mut path: u64,
        (root, mut bits): (Segment, u8),
        below: u8,
        levels: u8,
    ) -> Option<Visited<W, V>> {
        let (mut link, mut weight) = (Link::to_segment(root, 0), HANDLE);
        let mut sole = COUNTS;
        for height in (1..=levels).rev() {
            // SAFETY: what is linked at a height above 0 is a segment, alive; an index of as
            // many bits as it has is one of its links, and so is the one before if it is not 0.
            unsafe {
                let segment = link.segment();
                if COUNTS {
                    sole = sole && is_sole::<W, V>(link, height, weight);
                    weight = segment.header().weight.get();
                }
                let index = reversed(path & ((1 << bits) - 1), u32::from(bits)) as usize;
                link = segment.link(index);
                if link.is_empty() || (index > 0 && segment.link(index - 1) == link) {
                    return None;
                }
            }
            path >>= bits;
            bits = below;
        }
        // SAFETY: what is linked at height 0 is a page, alive.
        let sole = sole && unsafe { is_sole::<W, V>(link, 0, weight) };
        Some(Visited {
            page: link.page(),
            sole,
        })
    }
}

/// Whether the holder of a child, which weighs `weight`, is the only one.
///
/// # Safety
///
/// The child is alive and of that height.
unsafe fn is_sole<W: Word, V>(child: Link, height: u8, weight: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { super::segment::count::<W, V>(child, height) }
        .is_some_and(|count| count.is_sole(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_visited_once() {
        for groups in (1..200).chain([1023, 1024, 1536, 6144]) {
            let mut seen: Vec<u32> = Groups::of(groups).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..groups).collect::<Vec<_>>());
        }
    }

    #[test]
    fn blocks_come_in_bit_reversed_order() {
        let starts: Vec<u32> = Groups::of(64).step_by(8).collect();
        assert_eq!(starts, [0, 32, 16, 48, 8, 40, 24, 56]);
    }
}
