//! What a set keeps alive.

use cowmap_core::footprint::{Handles, Sealed};
use cowmap_core::{Footprint, SentinelKey};

use super::CowSet;

impl<K: SentinelKey> Footprint for CowSet<K> {}

impl<K: SentinelKey> Sealed for CowSet<K> {
    fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
        self.map.add_handles(handles);
    }
}
