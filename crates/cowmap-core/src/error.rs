//! What can go wrong, as values: no room, or a key that cannot be one.

use alloc::alloc::{Layout, handle_alloc_error};
use core::fmt;

use crate::key::{SentinelKey, SentinelName};

/// Why room for entries could not be had.
///
/// Nothing has changed in the map that was asked.
///
/// # Examples
///
/// ```
/// let mut map = cowmap_core::CowMap::<u64, u64>::new();
/// let error: cowmap_core::TryReserveError = map.try_reserve(usize::MAX).unwrap_err();
/// assert!(error.to_string().starts_with("capacity overflow"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TryReserveError {
    cause: Cause,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Cause {
    Capacity,
    Memory(Layout),
}

impl TryReserveError {
    pub(crate) const CAPACITY: Self = TryReserveError { cause: Cause::Capacity };

    pub(crate) fn memory(layout: Layout) -> Self {
        TryReserveError { cause: Cause::Memory(layout) }
    }

    /// Ends an operation that has no way to answer an error.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow", or ends as [`handle_alloc_error`] does.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn raise(self) -> ! {
        match self.cause {
            Cause::Capacity => panic!("capacity overflow"),
            Cause::Memory(layout) => handle_alloc_error(layout),
        }
    }
}

impl fmt::Display for TryReserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Capacity => f.write_str("capacity overflow: a table has fewer than 2^32 slots, and its size in bytes fits an isize"),
            Cause::Memory(layout) => {
                write!(f, "the allocator gave no memory for {} bytes", layout.size())
            }
        }
    }
}

impl core::error::Error for TryReserveError {}

/// Unwraps what an operation without an error to answer got from one that has.
pub(crate) trait OrRaise<T> {
    /// # Panics
    ///
    /// As [`TryReserveError::raise`].
    #[track_caller]
    fn or_raise(self) -> T;
}

impl<T> OrRaise<T> for Result<T, TryReserveError> {
    #[inline]
    #[track_caller]
    fn or_raise(self) -> T {
        match self {
            Ok(value) => value,
            Err(error) => error.raise(),
        }
    }
}

/// The key of an insertion was the reserved one; the value comes back.
///
/// # Examples
///
/// ```
/// use cowmap_core::FlatCowMap;
///
/// let mut map = FlatCowMap::new();
/// let error = map.checked_insert(i64::MIN, "value").unwrap_err();
/// assert_eq!(error.to_string(), "i64::MIN cannot be used as a key (reserved as empty sentinel)");
/// assert_eq!(error.into_value(), "value");
/// assert_eq!(map.checked_insert(0, "value"), Ok(None));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ReservedKey<V> {
    value: V,
    name: SentinelName,
}

impl<V> ReservedKey<V> {
    pub(crate) fn new<K: SentinelKey>(value: V) -> Self {
        ReservedKey { value, name: SentinelName::of::<K>() }
    }

    /// The value that was not inserted.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::new();
    /// let error = map.checked_insert(u64::MAX, "value").unwrap_err();
    /// assert_eq!(error.into_value(), "value");
    /// ```
    pub fn into_value(self) -> V {
        self.value
    }
}

impl<V> fmt::Debug for ReservedKey<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReservedKey({})", self.name)
    }
}

impl<V> fmt::Display for ReservedKey<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used as a key (reserved as empty sentinel)", self.name)
    }
}

impl<V> core::error::Error for ReservedKey<V> {}
