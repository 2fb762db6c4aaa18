#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "serde")]
pub mod serde;
pub mod set;

#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
#[doc(inline)]
pub use cowmap_core::WithSnapshots;
#[doc(inline)]
pub use cowmap_core::{
    CowMap, Drain, Entry, ExtractIf, Fixed, Flat, FlatCowMap, GetEach, Hashing, IntoIter, IntoKeys,
    IntoUnsharedEntries, IntoValues, Iter, IterMut, IterSorted, Keys, Map, MemoryUsage,
    OccupiedEntry, Paged, Paging, Repr, ReservedKey, Seeded, SeededCowMap, SentinelKey,
    TryReserveError, VacantEntry, Values, ValuesMut,
};
#[cfg(feature = "rayon")]
#[doc(inline)]
pub use cowmap_core::{IntoParIter, ParIter, ParIterMut, ParKeys, ParValues, ParValuesMut};
#[doc(inline)]
pub use set::CowSet;

/// Makes a newtype over an integer, a `NonZero` integer or another key type a key.
///
/// The struct has one field, named or not, and is `Copy`. It takes the field's sentinel for
/// its own; `#[sentinel(value)]` chooses another, as a constant of the stored integer's type.
///
/// # Examples
///
/// ```
/// use cowmap::{CowMap, SentinelKey};
///
/// #[derive(Clone, Copy, Debug, PartialEq, SentinelKey)]
/// #[sentinel(0)]
/// struct OrderId(u64);
///
/// let mut orders: CowMap<OrderId, &str> = CowMap::new();
/// orders.insert(OrderId(u64::MAX), "the last one");
/// assert!(orders.checked_insert(OrderId(0), "no order").is_err());
/// ```
#[cfg(feature = "derive")]
#[doc(inline)]
pub use cowmap_derive::SentinelKey;

/// A [`CowMap`] with keys of type `i64`.
///
/// # Examples
///
/// ```
/// let mut map = cowmap::CowI64Map::new();
/// map.insert(-1_i64, 'a');
/// assert_eq!(map.len(), 1);
/// ```
pub type CowI64Map<V> = CowMap<i64, V>;
/// A [`CowMap`] with keys of type `i32`.
///
/// # Examples
///
/// ```
/// let mut map = cowmap::CowI32Map::new();
/// map.insert(-1_i32, 'a');
/// assert_eq!(map.len(), 1);
/// ```
pub type CowI32Map<V> = CowMap<i32, V>;
/// A [`CowMap`] with keys of type `u64`.
///
/// # Examples
///
/// ```
/// let mut map = cowmap::CowU64Map::new();
/// map.insert(1_u64, 'a');
/// assert_eq!(map.len(), 1);
/// ```
pub type CowU64Map<V> = CowMap<u64, V>;
/// A [`CowMap`] with keys of type `u32`.
///
/// # Examples
///
/// ```
/// let mut map = cowmap::CowU32Map::new();
/// map.insert(1_u32, 'a');
/// assert_eq!(map.len(), 1);
/// ```
pub type CowU32Map<V> = CowMap<u32, V>;
