//! Visiting every page of a tree, in an order that is not that of the hash.
//!
//! Inserting one map's iteration into another that grows would drive one corner of its directory
//! deep after another if iteration followed the order of the page hash. So the segments above the
//! pages are visited again and again, each time for one of their links: the index of that link,
//! reversed, changes slowest. The segments, too, come in the order of their reversed prefixes. Only
//! where chosen keys have made a directory so deep that few of its prefixes have a segment of their
//! own, they come in the order of the hash, and wide ones are stepped over at once. So a traversal
//! takes time in proportion to the links that are stored.
//!
//! Every traversal has a [`Cursor`]: borrowing iterators keep to the root they began with; walks that
//! write find each page anew from the tree's root, so that un-sharing what they have not reached yet,
//! or have passed, does not disturb them. The shape of the directory must stay. What changes the shape
//! on its way, settling and shrinking, and what un-shares all of it, goes in the order of the page
//! hash, by [`next_page_hash`].

use super::Tree;
use super::link::Link;
use super::owned_path::OwnedPath;
use super::path::Path;
use super::segment::Segment;
use super::sharing;
use crate::count::HANDLE;
use crate::error::TryReserveError;
use crate::hash::{PageHash, WordHash};
use crate::order::reversed;
use crate::page::{Page, PageMut, Slot};
use crate::policy::{Limits, Paging, Size};
use crate::rules::Rules;
use crate::word::Word;

/// How far a traversal of the pages of a tree has come.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    root: Link,
    levels: u8,
    /// The bits of each segment above the pages: of the root if there is one level.
    bits: u8,
    /// The bits of each segment between the root and those.
    between: u8,
    /// How many bits of the page hash the segments higher up tell apart, where their prefixes come in
    /// reversed order; 64 in the order of the hash.
    prefix: u8,
    /// Counts the links of a segment above pages: the index, reversed.
    pass: u64,
    /// The prefix that is next in this pass, reversed; or the least hash that leads to the next segment.
    next: u64,
}

/// There are no more than this many prefixes for a segment where they come in reversed order. Of
/// ordinary keys' maps, which have two to four, the iteration is that of all prefixes, always.
const PREFIXES_A_SEGMENT: usize = 16;
/// In place of a number of bits.
const IN_ORDER: u8 = 64;

/// A page that was not met before.
struct Stop {
    link: Link,
    /// The least hash that leads there.
    hash: PageHash,
    /// Whether the page and all above it had one owner.
    sole: bool,
}

impl Cursor {
    /// At the end.
    pub(crate) fn none() -> Self {
        let root = Link::empty();
        Cursor { root, levels: 0, bits: 0, between: 0, prefix: 0, pass: 1, next: 0 }
    }

    pub(crate) fn over<W: Word, V, P: Paging>(tree: &Tree<W, V, P>) -> Self {
        let (root, levels) = (tree.root, tree.segment_levels());
        let bits = match levels {
            0 => 0,
            1 => tree.root_bits(),
            _ => P::SEGMENT_BITS,
        };
        // At most 63 bits.
        let prefix = tree.directory_bits() as u8 - bits;
        let most = tree.segments.get().saturating_mul(PREFIXES_A_SEGMENT);
        let prefix = if levels > 1 && most >> prefix.min(63) == 0 { IN_ORDER } else { prefix };
        Cursor { root, levels, bits, between: P::SEGMENT_BITS, prefix, pass: 0, next: 0 }
    }

    /// The next page.
    ///
    /// # Safety
    ///
    /// The tree is alive and its segments were not written since `over`; its pages are of these
    /// words and values.
    #[inline]
    pub(crate) unsafe fn next<W: Word, V>(&mut self) -> Option<Page<W, V>> {
        // SAFETY: the caller's promise.
        unsafe { self.stop::<W, V, false>() }.map(|stop| stop.link.page())
    }

    /// The next page, and whether it and all above it have one owner.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    pub(crate) unsafe fn next_with_owner<W: Word, V>(&mut self) -> Option<(Page<W, V>, bool)> {
        // SAFETY: the caller's promise.
        unsafe { self.stop::<W, V, true>() }.map(|stop| (stop.link.page(), stop.sole))
    }

    /// A hash that leads to the next page that has entries. The tree is the one of `over`, of the
    /// same shape.
    #[inline]
    pub(crate) fn next_in<W: Word, V, P: Paging>(
        &mut self,
        tree: &Tree<W, V, P>,
    ) -> Option<PageHash> {
        debug_assert!(self.is_at_end() || self.levels == tree.segment_levels());
        self.root = tree.root;
        // SAFETY: the tree is borrowed, so it is alive and not written; the root is its own, and the
        // link leads to a page of it.
        unsafe {
            loop {
                let stop = self.stop::<W, V, false>()?;
                if stop.link.page::<W, V>().borrow().len() > 0 {
                    return Some(stop.hash);
                }
            }
        }
    }

    #[inline]
    fn is_at_end(&self) -> bool {
        self.pass >> self.bits != 0
    }

    /// The next page that was not met before; with a look at the counts on its path if `COUNTS`.
    /// Where there is a directory, the empty page is passed over.
    ///
    /// # Safety
    ///
    /// The tree is alive and not written meanwhile.
    #[inline(always)]
    unsafe fn stop<W: Word, V, const COUNTS: bool>(&mut self) -> Option<Stop> {
        while !self.is_at_end() {
            // SAFETY: the caller's promise.
            let stop = unsafe { self.step::<W, V, COUNTS>() };
            if stop.is_some() {
                return stop;
            }
        }
        None
    }

    /// Steps over one link of a segment above pages, to the page that begins there.
    ///
    /// # Safety
    ///
    /// As for [`stop`](Self::stop); the cursor is not at the end.
    #[inline(always)]
    unsafe fn step<W: Word, V, const COUNTS: bool>(&mut self) -> Option<Stop> {
        let (mut link, mut held, mut sole) = (self.root, HANDLE, COUNTS);
        let mut hash = if self.prefix == IN_ORDER {
            self.next
        } else {
            let prefix = u32::from(self.prefix);
            reversed(self.next, prefix).rotate_right(prefix)
        };
        let mut bits = if self.levels > 0 { 64 - self.root.tag() } else { 0 };
        let mut depth = 0;
        // SAFETY: what is linked at a height above 0 is a segment, alive, and an index of as many bits
        // as it has is one of its links, as is the first one to the same child.
        unsafe {
            for _ in 1..self.levels {
                let segment = link.segment();
                link = segment.link(Segment::index(PageHash(hash), depth, bits));
                if COUNTS && sole {
                    let first = segment.span(PageHash(hash), link.depth()).start;
                    (sole, held) = below(segment, first, held);
                }
                (bits, depth) = (self.between, link.tag());
            }
            if self.levels == 0 {
                self.pass = 1;
            } else {
                let index = reversed(self.pass, u32::from(bits)) as usize;
                self.pass_on(depth);
                // A lower prefix leads to the same segment.
                if hash << depth != 0 {
                    return None;
                }
                let segment = link.segment();
                let child = segment.link(index);
                if child.is_empty() || !segment.begins(index) {
                    return None;
                }
                if COUNTS && sole {
                    (sole, held) = below(segment, index, held);
                }
                // The first link of a page: the bits that it does not tell apart are clear.
                hash |= (index as u64) << (64 - u32::from(depth) - u32::from(bits));
                link = child;
            }
            // What is linked at height 0 is a page, alive.
            sole = sole && sharing::count::<W, V>(link, 0).is_some_and(|count| count.is_sole(held));
        }
        Some(Stop { link, hash: PageHash(hash), sole })
    }

    /// Goes on behind a segment of this depth.
    #[inline(always)]
    fn pass_on(&mut self, depth: u8) {
        let next = if self.prefix != IN_ORDER {
            Some(self.next + 1).filter(|next| next >> self.prefix == 0)
        } else {
            PageHash(self.next).after(depth).map(|next| next.0)
        };
        self.pass += u64::from(next.is_none());
        self.next = next.unwrap_or(0);
    }
}

/// Whether a segment that is held with `held`, and the holder of the child that begins at `index`,
/// have one owner each, and the weight with which the child is held.
///
/// # Safety
///
/// The segment is alive and not written meanwhile, and a child begins there, which is not the empty
/// page.
unsafe fn below(segment: Segment, index: usize, held: usize) -> (bool, usize) {
    // SAFETY: the caller's promise; a bundle in which a child begins has a holder, alive (S2).
    unsafe {
        let header = segment.header();
        let Some(holder) = segment.holder(segment.bundle(index)) else { return (false, 0) };
        let shares = holder.shares();
        let sole = header.count.is_sole(held) && shares.is_sole(header.weight.get());
        (sole, shares.weight())
    }
}

/// The least page hash that belongs to the page after the one of `hash`; `None` behind the last.
pub(super) fn next_page_hash<W: Word, V, P: Paging>(
    tree: &Tree<W, V, P>,
    hash: PageHash,
) -> Option<PageHash> {
    let path = Path::of(tree, hash);
    let segment = path.parent(0)?;
    let page = path.page();
    let depth = if page.page().is_empty_page() {
        // It may be linked for several prefixes: one link at a time.
        // SAFETY: a segment of this tree, alive.
        let header = unsafe { segment.header() };
        header.depth + header.bits
    } else {
        page.depth()
    };
    hash.after(depth)
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// The page on the path of `hash` for writing: copied if it is shared, each entry in its slot.
    /// The page must have an entry.
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries.
    pub(crate) fn unshared_page<R: Rules<V>>(
        &mut self,
        rules: &R,
        hash: PageHash,
    ) -> Result<PageMut<'_, W, V>, TryReserveError> {
        OwnedPath::unshare(self, hash)?.into_page(rules)
    }

    /// Whether nothing of the tree is shared with another handle. O(pages).
    pub(crate) fn shares_nothing(&self) -> bool {
        let mut cursor = Cursor::over(self);
        // SAFETY: the tree is borrowed, so it is alive and not written.
        let mut pages = core::iter::from_fn(|| unsafe { cursor.next_with_owner::<W, V>() });
        pages.all(|(page, sole)| sole || page.is_empty_page())
    }

    /// Removes the entry in a slot of a page, leaving every other entry in its slot
    /// ([`PageMut::remove_in_place`]).
    ///
    /// # Safety
    ///
    /// The page is one of this tree's, and has one owner all the way (S3); the slot is one of the
    /// page's and holds an entry.
    #[inline]
    pub(crate) unsafe fn remove_in_place<R: WordHash>(
        &mut self,
        page: Page<W, V>,
        slot: Slot,
        rules: &R,
    ) -> V {
        self.len = Size::from_usize(self.len() - 1);
        // SAFETY: the caller's promise; the handle is borrowed mutably.
        unsafe {
            let mut page = page.borrow_mut();
            let value = page.remove_in_place(slot, rules);
            Limits::<W, V, P>::keep_full(&mut page);
            value
        }
    }

    /// Copies whatever is shared, so that the handle has no tie to any other. O(n).
    ///
    /// # Errors
    ///
    /// No memory; the tree has the same entries, and shares some of them.
    pub(crate) fn unshare_all<R: Rules<V>>(&mut self, rules: &R) -> Result<(), TryReserveError> {
        let mut next = Some(PageHash(0));
        while let Some(hash) = next {
            let mut path = OwnedPath::unshare(self, hash)?;
            if path.look().begins_segment() {
                path.own_all_bundles()?;
            }
            if !path.page().is_empty_page() {
                path.own_page(rules)?;
            }
            next = next_page_hash(self, hash);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::{Plain, spread, tree_of};
    use super::*;
    use crate::policy::{Paged, Tiny};

    /// Visits every page, and checks that none comes twice, that hashes lead to them, and how many steps
    /// that takes.
    fn check<P: Paging>(name: &str, tree: &Tree<u64, u64, P>) {
        let mut cursor = Cursor::over(tree);
        let (mut steps, mut entries, mut seen) = (0, 0, alloc::collections::BTreeSet::new());
        while !cursor.is_at_end() {
            steps += 1;
            // SAFETY: the tree is borrowed, so alive and not written.
            let Some(stop) = (unsafe { cursor.step::<u64, u64, true>() }) else { continue };
            let page = tree.page(stop.hash);
            assert!(page.page() == stop.link.page(), "{name}: another page");
            assert!(stop.sole || page.page().is_empty_page(), "{name}: a shared page");
            assert!(seen.insert(page.page().base()), "{name}: a page twice");
            entries += page.len();
        }
        assert_eq!(entries, tree.len(), "{name}");
        let links = tree.stored_links();
        let most = PREFIXES_A_SEGMENT * links + 1;
        assert!(steps <= most, "{name}: {steps} steps for {links} links");
    }

    fn check_all<P: Paging>(count: u64) {
        check("none", &tree_of::<P>(0..0));
        check("few", &tree_of::<P>(spread(5, 0, 0)));
        check("many", &tree_of::<P>(spread(count, 0, 0)));
        check("one half", &tree_of::<P>(spread(count, 1 << 63, 1).chain([2])));
        let deep = || (0..32_u64).flat_map(move |group| spread(count / 200, group << 59, 20));
        check("deep", &tree_of::<P>(spread(count, 0, 0).chain(deep())));
        // One corner so deep as the directory may be, and little beside it.
        let corner =
            || (1..40).flat_map(move |bits| spread(count / 100, 1 << (63 - bits), bits + 1));
        check("a corner", &tree_of::<P>(corner()));
        // A crowd that is one page lets the directory be deep, and few others make it so.
        let few = || (1..40).flat_map(|bits| spread(150, 1 << (63 - bits), bits + 1));
        check("few and deep", &tree_of::<P>(spread(5 * count, 1 << 63, 40).chain(few())));
        let mut tree = tree_of::<P>(spread(count, 0, 0).chain(deep()));
        let kept: alloc::collections::BTreeSet<u64> = deep().collect();
        for word in spread(count, 0, 0).filter(|word| !kept.contains(word)) {
            tree.remove(&Plain, word).expect("there is memory");
        }
        tree.check(&Plain);
        check("what was deep", &tree);
    }

    #[test]
    fn a_traversal_takes_steps_in_proportion_to_stored_links() {
        check_all::<Paged>(60_000);
        check_all::<Tiny>(3_000);
    }
}
