//! Which of the values of a cell, or of a history, a value is.

use core::fmt;

/// The number of a value: later values have higher versions.
///
/// A new `CowCell` has version 0, and each publication counts one up. Those that are recorded in a
/// [`History`](crate::History) by hand ascend, and may leave numbers out. Versions of different
/// cells and histories have nothing to do with each other.
///
/// With the feature `serde` a version is written as its number. `u64::from` and `Version::from`
/// convert it by hand, for instance to store it beside the value, and to resume from both by
/// `CowCell::with_version`.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "parking_lot")] {
/// use cowmap::{CowCell, CowMap, Version};
///
/// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
/// let before = cell.version();
/// cell.update(|map| map.insert(2, "two"));
/// assert!(cell.version() > before);
/// assert_eq!(cell.version(), Version::from(1));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

#[cfg(feature = "parking_lot")]
impl Version {
    pub(crate) const FIRST: Version = Version(0);

    /// The version after this one.
    pub(crate) fn next(self) -> Version {
        let next = self.0.checked_add(1);
        Version(next.expect("this CowCell has the highest version, after which none can come"))
    }

    #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Version(number)
    }
}

impl From<Version> for u64 {
    fn from(version: Version) -> Self {
        version.0
    }
}

/// # Examples
///
/// ```
/// let version: cowmap::Version = serde_json::from_str("41").unwrap();
/// assert_eq!(serde_json::to_string(&version).unwrap(), "41");
/// ```
#[cfg(feature = "serde")]
impl serde_core::Serialize for Version {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde_core::Deserialize<'de> for Version {
    fn deserialize<D: serde_core::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Version)
    }
}
