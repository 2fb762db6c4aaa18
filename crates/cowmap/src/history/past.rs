//! The versions that have been replaced, and are kept.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Forgotten, Retention};
use crate::Version;

/// The versions before the newest one, which is elsewhere.
#[derive(Clone)]
pub(crate) struct Past<T> {
    retention: Retention,
    /// In ascending order.
    replaced: VecDeque<Replaced<T>>,
    /// The newest of those that were here once.
    forgotten: Option<Version>,
}

#[derive(Clone)]
pub(super) struct Replaced<T> {
    pub(super) version: Version,
    pub(super) value: T,
    /// When it was, if the retention goes by time.
    at: Option<Instant>,
}

impl<T> Past<T> {
    pub(crate) const fn new(retention: Retention) -> Self {
        Past { retention, replaced: VecDeque::new(), forgotten: None }
    }

    pub(crate) fn retention(&self) -> Retention {
        self.retention
    }

    pub(super) fn replaced(&self) -> &VecDeque<Replaced<T>> {
        &self.replaced
    }

    /// Adds a version that is newer than all here.
    pub(crate) fn push(&mut self, version: Version, value: T, at: Option<Instant>) {
        debug_assert!(self.replaced.back().is_none_or(|newest| newest.version < version));
        self.replaced.push_back(Replaced { version, value, at });
    }

    pub(crate) fn get(&self, version: Version) -> Option<&T> {
        let found = self.replaced.binary_search_by_key(&version, |replaced| replaced.version);
        found.ok().map(|index| &self.replaced[index].value)
    }

    /// Why there is no such version, neither here nor as the latest.
    pub(crate) fn forgotten(&self, version: Version, latest: Option<Version>) -> Forgotten {
        let oldest = self.replaced.front().map(|oldest| oldest.version).or(latest);
        Forgotten::new(version, oldest.zip(latest), self.forgotten)
    }

    /// Makes an empty past a copy of this one, step by step: if a clone panics, those before it are
    /// dropped by the owner of the copy, when that is convenient.
    #[cfg(feature = "parking_lot")]
    pub(crate) fn copy_to(&self, copy: &mut Past<T>)
    where
        T: Clone,
    {
        copy.retention = self.retention;
        copy.forgotten = self.forgotten;
        copy.replaced.extend(self.replaced.iter().cloned());
    }

    /// Makes room for one more, so that adding it takes no more than a few steps.
    #[cfg(feature = "parking_lot")]
    pub(crate) fn reserve_one(&mut self) {
        self.replaced.reserve(1);
    }

    /// Takes out the versions that the retention keeps no longer at this time, which is known if it
    /// goes by time. There is a newer version than those here.
    pub(crate) fn take_expired(&mut self, now: Option<Instant>) -> Vec<T> {
        let kept = |index: usize, oldest: &Replaced<T>| {
            let age = now.zip(oldest.at).map(|(now, at)| now.saturating_duration_since(at));
            self.retention.keeps(self.replaced.len() - index + 1, age)
        };
        let mut versions = self.replaced.iter().enumerate();
        let expired = versions.position(|(index, oldest)| kept(index, oldest));
        self.take_first(expired.unwrap_or(self.replaced.len()))
    }

    /// Takes out the versions before one.
    pub(crate) fn take_before(&mut self, version: Version) -> Vec<T> {
        self.take_first(self.replaced.partition_point(|replaced| replaced.version < version))
    }

    fn take_first(&mut self, count: usize) -> Vec<T> {
        if let Some(newest) = count.checked_sub(1) {
            self.forgotten = Some(self.replaced[newest].version);
        }
        self.replaced.drain(..count).map(|replaced| replaced.value).collect()
    }
}
