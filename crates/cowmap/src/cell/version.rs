//! Which of a cell's values a value is.

/// The number of a value of a [`CowCell`](crate::CowCell): later values have higher versions.
///
/// A new cell has version 0, and each publication counts one up. Versions of different cells have
/// nothing to do with each other.
///
/// With the feature `serde` a version is written as its number. `u64::from` and `Version::from`
/// convert it by hand, for instance to store it beside the value and to
/// [resume](crate::CowCell::with_version) from both.
///
/// # Examples
///
/// ```
/// use cowmap::{CowCell, CowMap, Version};
///
/// let cell = CowCell::new(CowMap::from([(1_u64, "one")]));
/// let before = cell.version();
/// cell.update(|map| map.insert(2, "two"));
/// assert!(cell.version() > before);
/// assert_eq!(cell.version(), Version::from(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    pub(super) const FIRST: Version = Version(0);

    /// The version after this one.
    pub(super) fn next(self) -> Version {
        let next = self.0.checked_add(1);
        Version(next.expect("this CowCell has the highest version, after which none can come"))
    }

    #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
    pub(super) const fn number(self) -> u64 {
        self.0
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
/// use cowmap::{CowCell, Version};
///
/// let cell = CowCell::with_version("restored", serde_json::from_str("41").unwrap());
/// assert_eq!(cell.publish("new"), Version::from(42));
/// assert_eq!(serde_json::to_string(&cell.version()).unwrap(), "42");
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
