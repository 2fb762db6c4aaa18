//! A page that is replaced by a larger or smaller one, or put where there was none.

use super::Tree;
use super::owned_path::OwnedPath;
use super::path::Path;
use crate::error::TryReserveError;
use crate::hash::PageHash;
use crate::page::{NewPage, Shape};
use crate::policy::{Limits, Paging};
use crate::rules::Rules;
use crate::tier::Tier;
use crate::word::Word;

impl<W: Word, V, P: Paging> Tree<W, V, P> {
    /// With how many entries a page of this tier that has `entries` is full by now.
    pub(super) fn page_capacity(&self, tier: Tier, entries: usize) -> usize {
        Limits::<W, V, P>::page_capacity(tier, self.levels, entries)
    }

    /// The shape of a page that gets `entries`.
    pub(super) fn shape(&self, tier: Tier, entries: usize, depth: u8) -> Shape {
        Limits::<W, V, P>::shape(tier, self.page_capacity(tier, entries), depth)
    }

    /// How deep pages are at least, as long as there is a directory: what the reserved entries
    /// need.
    pub(super) fn floor_depth(&self) -> u8 {
        Limits::<W, V, P>::depth_for(self.floor.entries())
    }

    /// The least tier of a root page.
    pub(super) fn root_page_floor(&self) -> Tier {
        Limits::<W, V, P>::root_page_tier(self.floor.entries())
    }
}

impl<W: Word, V, P: Paging> OwnedPath<'_, W, V, P> {
    /// Replaces the page by one of another tier, which holds its entries: moved where the page has
    /// one owner, else cloned, straight into the new size.
    ///
    /// # Errors
    ///
    /// No memory; the page is as it was.
    pub(super) fn resize<R: Rules<V>>(
        &mut self,
        tier: Tier,
        rules: &R,
    ) -> Result<(), TryReserveError> {
        let view = self.look().page();
        if view.page().is_empty_page() {
            return self.materialise(tier);
        }
        let shape = self.tree().shape(tier, view.len(), view.depth());
        if self.page_is_sole() {
            let held = self.held();
            // SAFETY: the page and its path have one owner (S3); of the same depth, so with the
            // same links. The old page was freed.
            unsafe {
                let new = self.page().move_into(shape, rules)?;
                self.link_page(new, held);
            }
        } else {
            let new = view.clone_into(shape, rules)?;
            self.replace_page(new);
        }
        Ok(())
    }

    /// Puts a page where there was none, of a tier that the floor asks for; where nothing at all was
    /// there, under the directory that it asks for. A smaller page will do where there is no memory.
    ///
    /// # Errors
    ///
    /// No memory for a page of one group.
    #[cold]
    #[inline(never)]
    pub(super) fn materialise_for_floor(&mut self) -> Result<(), TryReserveError> {
        if !self.tree().has_directory() && self.tree().floor_depth() > 0 {
            let _ = self.build_for_floor();
        }
        let tree = self.tree();
        let tier = if tree.has_directory() {
            let expected = tree.floor.entries() >> tree.floor_depth();
            Limits::<W, V, P>::SIZING
                .tier_for(expected)
                .map_or(Tier::FIRST, |tier| tier.min(Limits::<W, V, P>::TIER))
        } else {
            tree.root_page_floor()
        };
        match self.materialise(tier) {
            Err(_) if Tier::FIRST < tier => self.materialise(Tier::FIRST),
            result => result,
        }
    }

    /// Puts a page of this tier where there was none.
    pub(super) fn materialise(&mut self, tier: Tier) -> Result<(), TryReserveError> {
        let depth = Self::depth_to_materialise(&self.look());
        let page = NewPage::allocate(self.tree().shape(tier, 0, depth))?;
        // SAFETY: a segment of this tree, alive, which may have a child of this depth.
        let first = self.parent(0).map(|segment| unsafe { segment.span(self.hash(), depth) });
        let held = self.own_bundle_of(0, first.map_or(0, |places| places.start))?;
        // SAFETY: the links led to the empty page, which nobody holds.
        unsafe { self.link_page(page, held) };
        Ok(())
    }

    /// The depth of a page that takes the place of the empty page: that of the widest block of links
    /// around this one that all lead to the empty page, but no wider than a page is under the floor.
    pub(super) fn depth_to_materialise(path: &Path<'_, W, V, P>) -> u8 {
        let Some(segment) = path.parent(0) else { return 0 };
        // SAFETY: a segment of this tree, alive.
        let header = unsafe { segment.header() };
        let mut depth = header.depth + header.bits;
        while depth > header.depth && depth > path.tree.floor_depth() {
            // SAFETY: as above; a child may have this depth.
            let places = unsafe { segment.span(path.hash, depth - 1) };
            if !path.all_links_equal(places) {
                break;
            }
            depth -= 1;
        }
        depth
    }
}

impl PageHash {
    /// The same hash with the bit at `depth` set or clear.
    pub(super) fn with_bit(self, depth: u8, set: bool) -> Self {
        let bit = 1_u64 << (63 - depth);
        PageHash(if set { self.0 | bit } else { self.0 & !bit })
    }

    /// Whether it is the least of those that have their first `depth` bits in common with it.
    pub(super) fn begins(self, depth: u8) -> bool {
        self.0.checked_shl(u32::from(depth)).unwrap_or(0) == 0
    }

    /// The least hash behind those that have their first `depth` bits in common with this one.
    #[inline]
    pub(super) fn after(self, depth: u8) -> Option<Self> {
        let step = 1_u64.checked_shl(64 - u32::from(depth))?;
        (self.0 & !(step - 1)).checked_add(step).map(PageHash)
    }

    /// The least hash that has its first `depth` bits in common with this one and leads to the link at
    /// `index` in a segment of that depth and so many bits.
    pub(super) fn with_index(self, index: usize, depth: u8, bits: u8) -> Self {
        let below = u64::MAX.checked_shr(depth.into()).unwrap_or(0);
        PageHash(self.0 & !below | (index as u64) << (64 - depth - bits))
    }

    /// A hash in the other half of what was split to get to `depth`, which is above 0.
    pub(super) fn other_half(self, depth: u8) -> Self {
        PageHash(self.0 ^ 1 << (64 - depth))
    }
}
