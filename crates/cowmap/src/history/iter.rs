//! The iterator over a history.

use core::fmt;
use core::iter::FusedIterator;
use std::collections::vec_deque;

use super::Past;
use super::past::Replaced;
use crate::Version;

/// The versions of a [`History`](crate::History) and their values, the oldest first, from
/// [`History::iter`](crate::History::iter).
///
/// # Examples
///
/// ```
/// use cowmap::{History, Retention};
///
/// let mut history = History::new(Retention::last(10));
/// for version in 1..=3 {
///     history.record(version.into(), version * 100).unwrap();
/// }
/// let mut iter = history.iter();
/// assert_eq!(iter.len(), 3);
/// assert_eq!(iter.next_back(), Some((3.into(), &300)));
/// assert_eq!(iter.next(), Some((1.into(), &100)));
/// ```
pub struct Iter<'a, T> {
    past: vec_deque::Iter<'a, Replaced<T>>,
    latest: Option<(Version, &'a T)>,
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(past: &'a Past<T>, latest: Option<(Version, &'a T)>) -> Self {
        Iter { past: past.replaced().iter(), latest }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (Version, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        match self.past.next() {
            Some(Replaced { version, value, .. }) => Some((*version, value)),
            None => self.latest.take(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.past.len() + usize::from(self.latest.is_some());
        (left, Some(left))
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let before = || self.past.next_back().map(|replaced| (replaced.version, &replaced.value));
        self.latest.take().or_else(before)
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
impl<T> FusedIterator for Iter<'_, T> {}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { past: self.past.clone(), latest: self.latest }
    }
}

impl<T: fmt::Debug> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
