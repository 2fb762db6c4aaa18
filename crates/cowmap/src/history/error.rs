//! What is said of versions that are not there, or cannot be recorded.

use core::error::Error;
use core::fmt;
use core::ops::RangeInclusive;

use crate::Version;

/// There is no value of a version: it was forgotten, never recorded, or has yet to come.
///
/// The text says which of these it is, and which versions are kept. The history does not remember
/// which versions it has forgotten, so all before the newest of those count as forgotten.
///
/// # Examples
///
/// ```
/// use cowmap::{Forgotten, History, Retention, Version};
///
/// let mut history = History::new(Retention::last(3));
/// for version in 1..=5 {
///     history.record(version.into(), version).unwrap();
/// }
/// let error: Forgotten = history.at(1.into()).unwrap_err();
/// assert_eq!(error.to_string(), "version 1 has been forgotten: versions 3 to 5 are kept");
/// assert_eq!(error.kept(), Some(Version::from(3)..=Version::from(5)));
/// assert!(!error.is_yet_to_come());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forgotten {
    version: Version,
    /// The oldest and the newest.
    kept: Option<(Version, Version)>,
    because: Because,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Because {
    Forgotten,
    NeverRecorded,
    YetToCome,
    #[cfg(feature = "parking_lot")]
    NoHistory,
}

impl Forgotten {
    /// Of a version that is not among those that are kept, where the newest that is not kept any
    /// more was `forgotten`.
    pub(super) fn new(
        version: Version,
        kept: Option<(Version, Version)>,
        forgotten: Option<Version>,
    ) -> Self {
        let because = if kept.is_none_or(|(_, latest)| version > latest) {
            Because::YetToCome
        } else if forgotten.is_some_and(|forgotten| version <= forgotten) {
            Because::Forgotten
        } else {
            Because::NeverRecorded
        };
        Forgotten { version, kept, because }
    }

    /// Of a cell that has the newest version only.
    #[cfg(feature = "parking_lot")]
    pub(crate) fn without_history(version: Version, newest: Version) -> Self {
        let because = if version > newest { Because::YetToCome } else { Because::NoHistory };
        Forgotten { version, kept: Some((newest, newest)), because }
    }

    /// Returns the version that was asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention, Version};
    ///
    /// let history: History<u8> = History::new(Retention::last(3));
    /// assert_eq!(history.at(7.into()).unwrap_err().version(), Version::from(7));
    /// ```
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the oldest and the newest version that are kept, or `None` if nothing was recorded.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention, Version};
    ///
    /// let mut history = History::new(Retention::last(3));
    /// assert_eq!(history.at(7.into()).unwrap_err().kept(), None);
    /// history.record(1.into(), "one").unwrap();
    /// let error = history.at(7.into()).unwrap_err();
    /// assert_eq!(error.kept(), Some(Version::from(1)..=Version::from(1)));
    /// ```
    pub fn kept(&self) -> Option<RangeInclusive<Version>> {
        self.kept.map(|(oldest, latest)| oldest..=latest)
    }

    /// Returns whether the version is newer than all that were recorded, so that it may still come.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(3));
    /// history.record(1.into(), "one").unwrap();
    /// assert!(history.at(2.into()).unwrap_err().is_yet_to_come());
    /// assert!(!history.at(0.into()).unwrap_err().is_yet_to_come());
    /// ```
    pub fn is_yet_to_come(&self) -> bool {
        self.because == Because::YetToCome
    }
}

impl fmt::Display for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version;
        match self.because {
            Because::Forgotten => write!(f, "version {version} has been forgotten: ")?,
            Because::NeverRecorded => write!(f, "version {version} was never recorded: ")?,
            Because::YetToCome => write!(f, "there is no version {version} yet: ")?,
            #[cfg(feature = "parking_lot")]
            Because::NoHistory => {
                write!(f, "version {version} is not kept, for this CowCell has no history: ")?;
            }
        }
        match self.kept {
            None => f.write_str("the history is empty"),
            Some((oldest, latest)) if oldest == latest => write!(f, "version {latest} is kept"),
            Some((oldest, latest)) => write!(f, "versions {oldest} to {latest} are kept"),
        }
    }
}

impl Error for Forgotten {}

/// A version cannot be recorded, because it is not newer than the latest; the value comes back.
///
/// # Examples
///
/// ```
/// use cowmap::{History, Retention};
///
/// let mut history = History::new(Retention::last(3));
/// history.record(7.into(), "new").unwrap();
/// let error = history.record(6.into(), "old").unwrap_err();
/// assert_eq!(error.to_string(), "version 6 is not newer than version 7, the latest");
/// assert_eq!(error.latest(), 7.into());
/// assert_eq!(error.into_value(), "old");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct NotNewer<T> {
    version: Version,
    latest: Version,
    value: T,
}

impl<T> NotNewer<T> {
    pub(super) fn new(version: Version, latest: Version, value: T) -> Self {
        NotNewer { version, latest, value }
    }

    /// Returns the latest version that was recorded.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(3));
    /// history.record(7.into(), 'a').unwrap();
    /// assert_eq!(history.record(7.into(), 'b').unwrap_err().latest(), 7.into());
    /// ```
    pub fn latest(&self) -> Version {
        self.latest
    }

    /// Returns the value that was not recorded.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap::{History, Retention};
    ///
    /// let mut history = History::new(Retention::last(3));
    /// history.record(7.into(), 'a').unwrap();
    /// assert_eq!(history.record(7.into(), 'b').unwrap_err().into_value(), 'b');
    /// ```
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for NotNewer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotNewer")
            .field("version", &self.version)
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Display for NotNewer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotNewer { version, latest, .. } = self;
        write!(f, "version {version} is not newer than version {latest}, the latest")
    }
}

impl<T> Error for NotNewer<T> {}
