//! Which versions a history keeps.

use core::time::Duration;
use std::time::Instant;

/// Which versions a [`History`](crate::History) keeps: the last ones, those that were replaced not
/// long ago, or both.
///
/// The newest version is always kept.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use cowmap::Retention;
///
/// // The last hundred.
/// let count = Retention::last(100);
/// // Whatever was the newest in the last minute.
/// let age = Retention::for_at_least(Duration::from_secs(60));
/// // Both of these, but never more than ten thousand.
/// let both = Retention::last(100).and_for_at_least(Duration::from_secs(60)).at_most(10_000);
/// # assert!(count != age && age != both);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// So many of the last are kept.
    last: usize,
    /// Those are kept that were replaced less than so long ago.
    age: Option<Duration>,
    /// There are never more.
    most: usize,
}

impl Retention {
    /// Keeps the last `count` versions, the newest one of which counts: 100 are the newest and the
    /// 99 before it. 0 is as 1, because the newest is always kept. `usize::MAX` keeps all.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(2));
    /// for version in 1..=5 {
    ///     history.record(version.into(), version).unwrap();
    /// }
    /// assert!(history.iter().map(|(_, &value)| value).eq([4, 5]));
    /// assert_eq!(Retention::last(0), Retention::last(1));
    /// ```
    pub const fn last(count: usize) -> Self {
        Retention { last: at_least_one(count), age: None, most: usize::MAX }
    }

    /// Keeps each version for at least `age` after it was replaced.
    ///
    /// So whatever was the newest at any moment in that time is there. Ages are looked at when a
    /// version is recorded, so a version may stay longer. The clock is [`Instant`], which only goes
    /// forward.
    ///
    /// How many versions that are depends on how many are recorded: see [`at_most`](Self::at_most).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::for_at_least(Duration::from_secs(3600)));
    /// for version in 0..1_000 {
    ///     history.record(version.into(), version).unwrap();
    /// }
    /// assert_eq!(history.len(), 1_000);
    /// ```
    pub const fn for_at_least(age: Duration) -> Self {
        Retention { last: 1, age: Some(age), most: usize::MAX }
    }

    /// Also keeps the last `count` versions, whatever their age.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{History, Retention};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let retention = Retention::for_at_least(hour).and_last(10);
    /// assert_eq!(retention, Retention::last(10).and_for_at_least(hour));
    /// ```
    #[must_use]
    pub const fn and_last(self, count: usize) -> Self {
        Retention { last: at_least_one(count), ..self }
    }

    /// Also keeps each version for at least `age` after it was replaced, however many those are.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{History, Retention};
    ///
    /// let retention = Retention::last(2).and_for_at_least(Duration::from_secs(3600));
    /// let mut history = History::new(retention);
    /// for version in 0..1_000 {
    ///     history.record(version.into(), version).unwrap();
    /// }
    /// assert_eq!(history.len(), 1_000);
    /// ```
    #[must_use]
    pub const fn and_for_at_least(self, age: Duration) -> Self {
        Retention { age: Some(age), ..self }
    }

    /// Never keeps more than `count` versions, whatever else would be kept. 0 is as 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use cowmap::{History, Retention};
    ///
    /// let retention = Retention::for_at_least(Duration::from_secs(3600)).at_most(100);
    /// let mut history = History::new(retention);
    /// for version in 0..1_000 {
    ///     history.record(version.into(), version).unwrap();
    /// }
    /// assert_eq!(history.len(), 100);
    /// ```
    #[must_use]
    pub const fn at_most(self, count: usize) -> Self {
        Retention { most: at_least_one(count), ..self }
    }

    /// The time, if this goes by time. (Not every target has a clock.)
    pub(crate) fn now(self) -> Option<Instant> {
        self.age.map(|_| Instant::now())
    }

    /// Whether the `nth` version is kept, counted from the newest, which is the first. Its age is
    /// how long ago it was replaced, and is known if this goes by time.
    pub(super) fn keeps(self, nth: usize, age: Option<Duration>) -> bool {
        let young = self.age.zip(age).is_some_and(|(least, age)| age < least);
        nth <= self.most && (nth <= self.last || young)
    }
}

const fn at_least_one(count: usize) -> usize {
    if count == 0 { 1 } else { count }
}
