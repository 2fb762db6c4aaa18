//! A segment that nobody holds yet.

use core::mem::ManuallyDrop;

use super::holder::Holder;
use super::link::Link;
use super::segment::{Segment, SegmentShape};
use crate::count::{HOLDER, SEGMENT};
use crate::error::TryReserveError;
use crate::stamp::SegmentStamp;

/// A segment that was made and that nobody holds yet; dropped with its holders, but not its
/// children, if nobody is to.
pub(super) struct NewSegment(Segment);

impl NewSegment {
    /// A segment with the links that `link` gives for each index, without holders.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn allocate(
        shape: SegmentShape,
        stamp: SegmentStamp,
        mut link: impl FnMut(usize) -> Link,
    ) -> Result<Self, TryReserveError> {
        let segment = Segment::allocate_unfilled(shape, SEGMENT, stamp)?;
        // SAFETY: new, with so many links and bundles.
        unsafe {
            for index in 0..1 << shape.bits {
                segment.fill(index..index + 1, link(index));
            }
            for bundle in segment.bundles() {
                segment.set_holder(bundle, None);
            }
        }
        Ok(NewSegment(segment))
    }

    /// Gives each bundle in which a child begins a holder that holds children with what `weight`
    /// gives for the bundle's first link.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn with_holders(
        self,
        mut weight: impl FnMut(usize) -> Option<usize>,
    ) -> Result<Self, TryReserveError> {
        // SAFETY: new, with so many bundles.
        unsafe {
            for bundle in self.0.bundles() {
                let links = self.0.bundle_links(bundle);
                let first = links.start;
                if self.0.children(links).any(|child| !child.is_empty())
                    && let Some(weight) = weight(first)
                {
                    self.0.set_holder(bundle, Some(Holder::new(SEGMENT, weight)?));
                }
            }
        }
        Ok(self)
    }

    /// Gives each bundle a holder that holds children with `HOLDER`, before the children are linked.
    ///
    /// # Errors
    ///
    /// No memory.
    pub(super) fn with_all_holders(self) -> Result<Self, TryReserveError> {
        // SAFETY: new, with so many bundles.
        unsafe {
            for bundle in self.0.bundles() {
                self.0.set_holder(bundle, Some(Holder::new(SEGMENT, HOLDER)?));
            }
        }
        Ok(self)
    }

    /// The segment, which nobody holds.
    pub(super) fn look(&self) -> Segment {
        self.0
    }

    /// The segment, held by the caller with this weight.
    pub(super) fn hold(self, weight: usize) -> Segment {
        let segment = ManuallyDrop::new(self).0;
        // SAFETY: new, so alive.
        unsafe { segment.header() }.count.hold_alone(weight);
        segment
    }
}

impl Drop for NewSegment {
    fn drop(&mut self) {
        // SAFETY: new, and nobody else's; so are its holders.
        unsafe { self.0.free_with_holders() };
    }
}
