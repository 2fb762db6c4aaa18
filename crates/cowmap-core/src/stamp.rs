//! How a write knows without a look at the path that a page is the handle's own: stamps.
//!
//! Each root segment has a stamp, and each page carries the stamp of the root under which it was
//! last established that its whole path has one owner. Where a root has one owner and its stamp is
//! the page's, that is still so (S4): the transients of Clojure know their nodes in this way.
//!
//! Stamps are even numbers that grow along the history of a tree. A copy of a root gets the next
//! one, which no page below can have. Copying a segment shares what is below it, so the copier
//! first makes the original's stamp **void**, by its lowest bit: otherwise the handle that holds the
//! original would trust it again as soon as the copier lets go. A root that has one owner and a
//! void stamp gets the next one. Segments below the root are void.
//!
//! # Orderings
//!
//! Stamps are read and written relaxed. Voiding comes before the release that lowers the segment's
//! count, and a stamp counts only after the acquire that finds the root's count to be its one
//! holder's. Nobody else writes a stamp: renewing needs the root to have one owner, and all who
//! void it meanwhile write the same number.
//!
//! Targets without atomics of 64 bits have no stamps: every root is void, no page has a stamp, and
//! counts decide. (`--cfg cowmap_narrow` makes any target such a one, for tests.)

#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
use crate::sync::{Ordering, Wide};

/// The stamp that a page carries. The least one, 0, is no root's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Of a page that is not known to be any handle's own.
    pub(crate) const NONE: Stamp = Stamp(0);

    const VOID: u64 = 1;

    /// A stamp that no page has whose stamp is at most this one, void or not.
    pub(crate) fn next(self) -> Stamp {
        Stamp((self.0 | Self::VOID) + 1)
    }

    pub(crate) fn is_void(self) -> bool {
        self.0 & Self::VOID != 0
    }
}

/// The stamp of a segment.
#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
pub(crate) struct SegmentStamp(Wide);

#[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
impl SegmentStamp {
    pub(crate) fn new(stamp: Stamp) -> Self {
        SegmentStamp(Wide::new(stamp.0))
    }

    /// The stamp of a segment that is no root.
    pub(crate) fn void() -> Self {
        SegmentStamp(Wide::new(Stamp::VOID))
    }

    /// The stamp: no page's if it is void.
    #[inline(always)]
    pub(crate) fn get(&self) -> Stamp {
        Stamp(self.0.load(Ordering::Relaxed))
    }

    /// Makes pages below no longer trusted: before another holder of what is below comes to be.
    pub(crate) fn invalidate(&self) {
        self.0.store(self.get().0 | Stamp::VOID, Ordering::Relaxed);
    }

    /// Sets the stamp of a root that has one owner, the caller.
    pub(crate) fn set(&self, stamp: Stamp) {
        self.0.store(stamp.0, Ordering::Relaxed);
    }
}

/// The stamp of a segment, which is always void.
#[cfg(not(all(target_has_atomic = "64", not(cowmap_narrow))))]
pub(crate) struct SegmentStamp;

#[cfg(not(all(target_has_atomic = "64", not(cowmap_narrow))))]
impl SegmentStamp {
    pub(crate) fn new(_: Stamp) -> Self {
        SegmentStamp
    }

    pub(crate) fn void() -> Self {
        SegmentStamp
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Stamp {
        Stamp(Stamp::VOID)
    }

    pub(crate) fn invalidate(&self) {}

    pub(crate) fn set(&self, _: Stamp) {}
}

#[cfg(all(test, not(loom), target_has_atomic = "64", not(cowmap_narrow)))]
mod tests {
    use super::*;

    #[test]
    fn a_void_stamp_is_no_pages_and_the_next_one_is_above_it() {
        let root = SegmentStamp::new(Stamp::NONE.next());
        let page = root.get();
        assert!(page > Stamp::NONE && !page.is_void());
        root.invalidate();
        root.invalidate();
        assert!(root.get() != page && root.get().is_void());
        assert!(root.get().next() > page && !root.get().next().is_void());
        assert_eq!(root.get().next(), page.next());
        assert!(SegmentStamp::void().get().is_void());
    }
}
