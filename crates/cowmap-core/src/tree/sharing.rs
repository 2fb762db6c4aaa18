//! Who holds segments, holders and pages: copying a segment, dividing a holder, letting go.

use core::marker::PhantomData;

use super::holder::Holder;
use super::link::Link;
use super::segment::Segment;
use crate::count::{Count, HOLDER, SEGMENT};
use crate::error::TryReserveError;
use crate::page::Page;
use crate::prefetch::{When, prefetch};
use crate::stamp::SegmentStamp;
use crate::word::Word;

/// The count of a child at `height` 0 (a page) or above (a segment); the empty page has none.
///
/// # Safety
///
/// The child is alive for `'a`, of that height, with these words and values.
#[inline]
pub(super) unsafe fn count<'a, W: Word, V>(child: Link, height: u8) -> Option<&'a Count> {
    // SAFETY: the caller's promise.
    unsafe {
        if height > 0 {
            return Some(&child.segment().header().count);
        }
        let page: Page<W, V> = child.page();
        if page.is_empty_page() { None } else { Some(page.count()) }
    }
}

/// Takes a holder's weight away from a child; the last one destroys it. If a value's drop panics,
/// the other values are dropped all the same.
///
/// # Safety
///
/// The caller holds the child with `held` and gives it up; it is of that height, with
/// these words and values.
#[inline]
pub(super) unsafe fn release<W: Word, V>(child: Link, height: u8, held: usize) {
    // SAFETY: the caller's promise; after the last release it is the caller's.
    unsafe {
        if height == 0 {
            child.page::<W, V>().release(held);
        } else if child.segment().header().count.release(held) {
            destroy::<W, V>(child.segment(), height);
        }
    }
}

/// Raises the counts of the children whose links begin at these places.
///
/// # Safety
///
/// The segment is alive and not written meanwhile, and is at `height` above pages of these words
/// and values.
pub(super) unsafe fn raise<W: Word, V>(
    segment: Segment,
    places: core::ops::Range<usize>,
    height: u8,
    weight: usize,
) {
    // SAFETY: the caller's promise; the children are alive, being held by the segment.
    unsafe {
        for child in segment.children(places) {
            if let Some(count) = count::<W, V>(child, height - 1) {
                count.add(weight);
            }
        }
    }
}

/// The same segment again, held with `held`, for a handle that is about to let go of the original:
/// it shares every holder, and tells them so by splitting its weight, or where that is used up, by
/// raising each holder's count. The original's stamp is void from here on (S4).
///
/// # Errors
///
/// No memory.
///
/// # Safety
///
/// The segment is alive and not written meanwhile.
pub(super) unsafe fn duplicate(
    segment: Segment,
    held: usize,
    stamp: SegmentStamp,
) -> Result<Segment, TryReserveError> {
    // SAFETY: alive and not written; the holders are alive, being held by it. Their counts go up
    // before the weight does that stands for them (S1), on every thread (count.rs).
    unsafe {
        let copy = segment.copy_memory(stamp)?;
        let header = segment.header();
        header.stamp.invalidate();
        let weight = header.weight.split().unwrap_or_else(|| {
            for bundle in segment.bundles() {
                if let Some(holder) = segment.holder(bundle) {
                    holder.shares().add(2 * SEGMENT);
                }
            }
            header.weight.replenish(SEGMENT);
            SEGMENT
        });
        copy.header().weight.replenish(weight);
        copy.header().count.hold_alone(held);
        Ok(copy)
    }
}

/// Makes the holder of a bundle the segment's own, and returns the weight with which it holds the
/// bundle's children.
///
/// # Errors
///
/// No memory; nothing has changed.
///
/// # Safety
///
/// The segment is alive, at `height` above pages of these words and values, has the bundle, and has
/// one owner (S3), the caller.
#[inline]
pub(super) unsafe fn own_bundle<W: Word, V>(
    segment: Segment,
    bundle: usize,
    height: u8,
) -> Result<usize, TryReserveError> {
    // SAFETY: the caller's promise; the holder is alive, being held by the segment.
    unsafe {
        let held = segment.header().weight.get();
        if let Some(holder) = segment.holder(bundle)
            && holder.shares().is_sole(held)
        {
            return Ok(holder.shares().weight());
        }
        own_shared_bundle::<W, V>(segment, bundle, height, held)
    }
}

/// [`own_bundle`] where the holder is shared, or there is none yet.
///
/// # Safety
///
/// As for [`own_bundle`]; the segment holds its holders with `held`.
#[cold]
#[inline(never)]
unsafe fn own_shared_bundle<W: Word, V>(
    segment: Segment,
    bundle: usize,
    height: u8,
    held: usize,
) -> Result<usize, TryReserveError> {
    // SAFETY: the caller's promise. Segments that share a holder have the same children in its
    // bundle (S2), so these are the ones to be raised, and all of them are held by the new holder.
    unsafe {
        let new = Holder::new(held, HOLDER)?;
        let Some(old) = segment.holder(bundle) else {
            segment.set_holder(bundle, Some(new));
            return Ok(HOLDER);
        };
        let divided = old.shares().divide(held, |more| {
            raise::<W, V>(segment, segment.bundle_links(bundle), height, more);
        });
        let Some(weight) = divided else {
            new.free();
            return Ok(old.shares().weight());
        };
        new.shares().set_weight(weight);
        segment.set_holder(bundle, Some(new));
        Ok(weight)
    }
}

/// Makes the holders of all bundles the segment's own, so that its children can be held by others
/// with the weights they are held with.
///
/// # Errors
///
/// No memory; the segment shares some of its holders.
///
/// # Safety
///
/// As for [`own_bundle`].
pub(super) unsafe fn own_all_bundles<W: Word, V>(
    segment: Segment,
    height: u8,
) -> Result<(), TryReserveError> {
    // SAFETY: the caller's promise.
    unsafe {
        for bundle in segment.bundles() {
            if segment.holder(bundle).is_some() {
                own_bundle::<W, V>(segment, bundle, height)?;
            }
        }
    }
    Ok(())
}

/// Lets go of a segment's holders, and where a holder goes, of its children; then frees it. If a
/// value's drop panics, the rest is let go of all the same.
///
/// # Safety
///
/// The segment is alive, at `height` above pages of these words and values, and the caller's alone:
/// its last holder has let go (S1).
unsafe fn destroy<W: Word, V>(segment: Segment, height: u8) {
    // SAFETY: the caller's promise.
    let (weight, bundles) = unsafe { (segment.header().weight.get(), segment.bundles().end) };
    let mut rest = Rest::<W, V> {
        segment,
        height,
        weight,
        bundles,
        first: 0,
        next: 0,
        going: 0,
        places: 0..0,
        held: 0,
        marker: PhantomData,
    };
    rest.let_go();
}

/// What is left to let go of, goes on where a panic stopped, and frees the segment in the end.
struct Rest<W: Word, V> {
    segment: Segment,
    height: u8,
    /// With which the segment holds its holders.
    weight: usize,
    bundles: usize,
    /// The bundles from here to `next` were let go of last; the bits of those whose holder goes.
    first: usize,
    next: usize,
    going: u64,
    /// What is left of a bundle whose holder is gone, and the weight with which it held.
    places: core::ops::Range<usize>,
    held: usize,
    marker: PhantomData<(W, V)>,
}

impl<W: Word, V> Rest<W, V> {
    fn let_go(&mut self) {
        loop {
            for index in self.places.by_ref() {
                // SAFETY: the bundle's holder held the child with `held`, and was its segments' last;
                // each child is let go of once.
                unsafe {
                    if self.segment.begins(index) {
                        release::<W, V>(self.segment.link(index), self.height - 1, self.held);
                    }
                }
            }
            if self.going != 0 {
                let bundle = self.first + self.going.trailing_zeros() as usize;
                self.going &= self.going - 1;
                // SAFETY: the bundle's holder has nobody left who holds it.
                unsafe {
                    let holder = self.segment.holder(bundle).expect("it was let go of");
                    self.held = holder.shares().weight();
                    self.places = self.segment.bundle_links(bundle);
                    holder.free();
                }
            } else if self.next < self.bundles {
                self.let_go_of_holders();
            } else {
                return;
            }
        }
    }

    /// Lets go of up to 64 holders.
    fn let_go_of_holders(&mut self) {
        let segment = self.segment;
        self.first = self.next;
        self.next = self.bundles.min(self.first + 64);
        // SAFETY: alive, and nobody else's; it holds its holders with `weight`, and gives each of
        // them up once. The links of a bundle whose holder goes lead to what is alive.
        unsafe {
            for bundle in self.first..self.next {
                if let Some(holder) = segment.holder(bundle) {
                    prefetch(holder.address(), When::Soon);
                }
            }
            for bundle in self.first..self.next {
                if let Some(holder) = segment.holder(bundle)
                    && holder.shares().release(self.weight).is_some()
                {
                    self.going |= 1 << (bundle - self.first);
                    for child in segment.children(segment.bundle_links(bundle)) {
                        prefetch(Segment::header_address(child), When::Soon);
                    }
                }
            }
        }
    }
}

impl<W: Word, V> Drop for Rest<W, V> {
    fn drop(&mut self) {
        self.let_go();
        // SAFETY: the last holder has let go (S1), and so did the segment of all it held.
        unsafe { self.segment.free() };
    }
}
