//! The values: plain numbers, and numbers that count how often they are made and dropped.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many [`Tracked`] values were made and dropped.
#[derive(Debug, Default)]
pub(super) struct Tally {
    made: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    pub(super) fn made(&self) -> u64 {
        self.made.load(Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

/// A value that holds a version.
pub(super) trait Value<'t>: Clone + Send + Sync + 't {
    fn new(version: u64, tally: &'t Tally) -> Self;
    fn version(&self) -> u64;
    fn set(&mut self, version: u64);
}

impl<'t> Value<'t> for u64 {
    fn new(version: u64, _: &'t Tally) -> Self {
        version
    }
    fn version(&self) -> u64 {
        *self
    }
    fn set(&mut self, version: u64) {
        *self = version;
    }
}

/// A version that is counted when it is made, cloned and dropped.
#[derive(Debug)]
pub(super) struct Tracked<'t> {
    version: u64,
    tally: &'t Tally,
}

impl Clone for Tracked<'_> {
    fn clone(&self) -> Self {
        self.tally.made.fetch_add(1, Relaxed);
        Tracked { version: self.version, tally: self.tally }
    }
}

impl Drop for Tracked<'_> {
    fn drop(&mut self) {
        self.tally.dropped.fetch_add(1, Relaxed);
    }
}

impl<'t> Value<'t> for Tracked<'t> {
    fn new(version: u64, tally: &'t Tally) -> Self {
        tally.made.fetch_add(1, Relaxed);
        Tracked { version, tally }
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set(&mut self, version: u64) {
        self.version = version;
    }
}
