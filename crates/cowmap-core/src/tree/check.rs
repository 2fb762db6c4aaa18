//! Whether a tree is what it should be: the invariants that can be seen from a handle, or from all
//! handles that share something.

use alloc::collections::BTreeMap;

use super::cursor::Cursor;
use super::link::Link;
use super::sharing;
use super::usage::{AnyTree, Part};
use super::{MOST_LEVELS, Tree};
use crate::count::HANDLE;
use crate::hash::{PageHash, WordHash};
use crate::page::PageRef;
use crate::policy::{Limits, Paging, Size};
use crate::stamp::Stamp;
use crate::tier::Tier;
use crate::word::Word;

/// Who owns what is being checked.
#[derive(Clone, Copy)]
struct Held {
    /// The weight with which it is held.
    weight: usize,
    /// Whether everything above it has one owner, this handle. Counts are looked at only then:
    /// other threads change those of what is shared at any time, and of two that are read one after
    /// the other nothing follows.
    owned: bool,
    /// The root's stamp, if the root has one owner.
    stamp: Option<Stamp>,
}

/// What was found below a root.
#[derive(Default)]
struct Below {
    entries: usize,
    segments: usize,
}

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// Checks all invariants that can be seen from this handle, while other threads do what they
    /// like with theirs.
    ///
    /// # Panics
    ///
    /// Panics with the number of the first invariant that does not hold.
    pub(crate) fn check<R: WordHash>(&self, rules: &R) {
        assert!(P::PAGED || self.levels == 0, "D4: a flat map has no directory");
        let mut held = Held { weight: HANDLE, owned: true, stamp: None };
        if self.has_directory() {
            let bits = self.root_bits();
            assert!(self.levels <= MOST_LEVELS, "D2: {} levels", self.levels);
            let most = Limits::<W, V, P>::most_root_bits(self.levels);
            assert!((1..=most).contains(&bits), "D3: {bits} bits of the root");
            // SAFETY: the handle holds its root. Its stamp counts only after the look at its count.
            let header = unsafe { self.root.segment().header() };
            held.stamp = header.count.is_sole(HANDLE).then(|| header.stamp.get());
        }
        let mut below = Below::default();
        self.check_child(self.root, self.levels, held, (PageHash(0), 0), rules, &mut below);
        assert_eq!(below.entries, self.len(), "D5: the map's length");
        let segments = below.segments.saturating_sub(1);
        assert_eq!(segments, self.segments.get(), "D5: how many segments are below the root");
    }

    /// Checks a page, or a segment and what is below it, and counts what there is.
    fn check_child<R: WordHash>(
        &self,
        child: Link,
        height: u8,
        held: Held,
        (prefix, depth): (PageHash, u8),
        rules: &R,
        below: &mut Below,
    ) {
        // SAFETY: a child of this tree at its height, alive as long as the handle is borrowed.
        let count = unsafe { sharing::count::<W, V>(child, height) };
        let sole = held.owned && count.is_some_and(|count| count.is_sole(held.weight));
        if let Some(count) = count
            && held.owned
        {
            assert!(count.is_at_least(held.weight), "S1: a count below its holder's weight");
        }
        // SAFETY: as above.
        unsafe {
            if height == 0 {
                let page = child.page::<W, V>().borrow();
                self.check_page(page, Held { owned: sole, ..held }, (prefix, depth), rules);
                below.entries += page.len();
            } else {
                self.check_segment(
                    child,
                    height,
                    Held { owned: sole, ..held },
                    prefix,
                    rules,
                    below,
                );
                below.segments += 1;
            }
        }
    }

    fn check_page<R: WordHash>(
        &self,
        page: PageRef<'_, W, V>,
        held: Held,
        (prefix, depth): (PageHash, u8),
        rules: &R,
    ) {
        assert_eq!(page.depth(), depth, "D1: the depth of a page");
        // SAFETY: alive; nobody else stamps a page that this handle holds, because that takes an owned
        // path (S3).
        let stamp = unsafe { page.page().stamp() };
        assert!(!stamp.is_void(), "S4: a page with a void stamp");
        if let Some(root) = held.stamp {
            assert!(stamp != root || held.owned, "S4: a page with the root's stamp that is shared");
            assert!(stamp <= root, "S4: {stamp:?} below {root:?}");
        }
        let table = Limits::<W, V, P>::is_table(page.page().tier());
        assert!(!table || page.is_full(), "P6: a page that grew as a table has room");
        page.check(rules, Self::may_hold, |word| {
            let hash = rules.page(word.widen());
            assert!(
                depth == 0 || (hash.0 ^ prefix.0) >> (64 - depth) == 0,
                "D1: {word:?} is in a page of another prefix"
            );
        });
    }

    /// Whether a page of this tree may be full with so many entries, whatever the levels when it was
    /// made.
    fn may_hold(tier: Tier, entries: usize) -> bool {
        if Limits::<W, V, P>::is_table(tier) {
            return entries <= Limits::<W, V, P>::SIZING.max_entries(tier);
        }
        [0, 1].map(|levels| Limits::<W, V, P>::page_capacity(tier, levels, 0)).contains(&entries)
    }

    /// Checks a segment and what is below it.
    fn check_segment<R: WordHash>(
        &self,
        link: Link,
        height: u8,
        held: Held,
        prefix: PageHash,
        rules: &R,
        below: &mut Below,
    ) {
        // SAFETY: children of this tree at their height, and their holders, alive as long as the
        // handle is borrowed.
        unsafe {
            let segment = link.segment();
            let header = segment.header();
            let is_root = height == self.levels;
            let tag = if is_root { 64 - self.root_bits() } else { header.depth };
            assert_eq!(tag, link.depth(), "D2: the tag of a link to a segment");
            let bits = if is_root { self.root_bits() } else { P::SEGMENT_BITS };
            assert_eq!(header.bits, bits, "D3: the bits of a segment");
            assert!(is_root || header.stamp.get().is_void(), "S4: a stamp below the root");
            let (end, mut index) = (1_usize << bits, 0);
            let weight = header.weight.get();
            assert!(weight > 0, "S1: a segment holds its holders with some weight");
            while index < end {
                let child = segment.link(index);
                let hash = PageHash(prefix.0 | (index as u64) << (64 - header.depth - bits));
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
                let shares = segment.holder(segment.bundle(index));
                let shares = shares.expect("S2: a bundle with children has a holder").shares();
                // The count before the weight: where the first look finds one segment, nobody
                // changes the weight.
                let owned = held.owned && shares.is_sole(weight);
                let held = Held { weight: shares.weight(), owned, ..held };
                assert!(held.weight > 0, "S1: a holder holds its children with some weight");
                self.check_child(child, height - 1, held, (hash, depth), rules, below);
                index += span;
            }
        }
    }

    /// Groups that a lookup of `word` compares, and that an insertion of it would.
    pub(crate) fn groups_probed<R: WordHash>(&self, rules: &R, word: W) -> (usize, usize) {
        let hash = rules.page(word.widen());
        self.page(hash).groups_probed(rules.place_at(word.widen(), hash), word)
    }

    /// How many pages are known by their stamp to be this handle's own, and how many there are.
    pub(crate) fn pages_known_to_be_owned(&self) -> (usize, usize) {
        let (mut cursor, mut known, mut all) = (Cursor::over(self), 0, 0);
        // SAFETY: the tree is borrowed, so it is alive and not written.
        unsafe {
            let stamp = self.has_directory().then(|| {
                let header = self.root.segment().header();
                header.count.is_sole(HANDLE).then(|| header.stamp.get())
            });
            while let Some(page) = cursor.next::<W, V>() {
                all += 1;
                known += usize::from(stamp.flatten() == Some(page.stamp()));
            }
        }
        (known, all)
    }

    /// Checks that the counts of all that these handles, which are all there are, hold are the sums
    /// of the weights with which they hold it.
    ///
    /// # Panics
    ///
    /// Panics if a count is another one.
    pub(crate) fn check_counts<'a>(handles: impl Iterator<Item = &'a Self>)
    where
        W: 'a,
        V: 'a,
        P: 'a,
    {
        let mut sums = Sums::default();
        for tree in handles {
            tree.visit(true, &mut |part, above| sums.add(part).then_some(above));
        }
        for (address, (sum, count)) in sums.0 {
            assert_eq!(sum, count, "S1: the count of the object at {address:#x}");
        }
    }
}

/// For the address of each object the sum of the weights with which it is held, and its count.
#[derive(Default)]
struct Sums(BTreeMap<usize, (usize, usize)>);

impl Sums {
    /// Adds the weight with which a part is held to its sum; `true` says that it was not seen
    /// before.
    fn add(&mut self, part: &Part) -> bool {
        let sum = self.0.entry(part.address).or_insert((0, part.count));
        sum.0 += part.held;
        sum.0 == part.held
    }
}
