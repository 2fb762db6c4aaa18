// Its examples take the default features.
#![cfg_attr(not(all(doctest, not(feature = "parking_lot"))), doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

#[cfg(feature = "parking_lot")]
mod cell;
#[cfg(feature = "std")]
pub mod history;
#[cfg(feature = "serde")]
pub mod serde_forms;
pub mod set;
#[cfg(feature = "std")]
mod version;

#[cfg(feature = "parking_lot")]
#[doc(inline)]
pub use cell::{CowCell, Newer, Transaction};
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
#[doc(inline)]
pub use cowmap_core::WithSnapshots;
#[doc(inline)]
pub use cowmap_core::{
    ApplyError, ByEq, Change, Conflict, CowMap, Diff, DiffSorted, Drain, Entry, ExtractIf, Fixed,
    Flat, FlatCowMap, Footprint, GetEach, Hashing, IntoIter, IntoKeys, IntoUnsharedEntries,
    IntoValues, Iter, IterMut, IterSorted, Keys, Map, MemoryUsage, OccupiedEntry, Paged, Paging,
    Repr, ReservedKey, RetainCursor, Seeded, SeededCowMap, SentinelKey, TryReserveError,
    VacantEntry, Values, ValuesMut,
};
#[cfg(feature = "rayon")]
#[doc(inline)]
pub use cowmap_core::{IntoParIter, ParIter, ParIterMut, ParKeys, ParValues, ParValuesMut};
#[cfg(feature = "std")]
#[doc(inline)]
pub use history::{Forgotten, History, NotNewer, Retention};
#[doc(inline)]
pub use set::CowSet;
#[cfg(feature = "std")]
#[doc(inline)]
pub use version::Version;

/// Makes a newtype over an integer, a `NonZero` integer or another key type a key.
///
/// The struct is `Copy`. It has one field, named or not, whose type is as visible as the struct,
/// and any number of fields beside it whose types are called `PhantomData`. Keys cost what their
/// integers cost.
///
/// * The struct takes the field's sentinel for its own. `#[sentinel(value)]` chooses another, as a
///   constant of the stored integer's type.
/// * `#[sentinel(crate = path)]` says where cowmap is, if that is not `::cowmap`: because you
///   renamed it, or because your users derive keys and have cowmap from you. The path may stand in
///   quotation marks. Both arguments may stand together: `#[sentinel(0, crate = path)]`.
///
/// The impl of a generic struct requires what the struct requires, that the struct is `Copy` and
/// that the field is a key; nothing of the parameters themselves.
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
///
/// Ids that are marked with what they identify. Derive neither `Clone` nor `Copy` here, because
/// those impls would be for types `T` only that are `Copy` themselves. The marker `fn() -> T` keeps
/// the id `Send` and `Sync` whatever `T` is:
///
/// ```
/// use std::marker::PhantomData;
/// use cowmap::{CowMap, SentinelKey};
///
/// #[derive(SentinelKey)]
/// struct Id<T>(u64, PhantomData<fn() -> T>);
///
/// impl<T> Clone for Id<T> {
///     fn clone(&self) -> Self { *self }
/// }
/// impl<T> Copy for Id<T> {}
///
/// struct User { name: String }
///
/// let ada: Id<User> = Id(1, PhantomData);
/// let users = CowMap::from([(ada, User { name: "Ada".to_owned() })]);
/// assert_eq!(users[ada].name, "Ada");
/// ```
///
/// A crate that passes cowmap on, with a macro for its users:
///
/// ```
/// pub mod database {
///     pub mod keys {
///         pub use cowmap::*;
///     }
///
///     #[macro_export]
///     macro_rules! id {
///         ($name:ident) => {
///             #[derive(Clone, Copy, $crate::database::keys::SentinelKey)]
///             #[sentinel(crate = $crate::database::keys)]
///             pub struct $name(pub u32);
///         };
///     }
/// }
///
/// id!(RowId);
///
/// fn main() {
///     assert!(database::keys::CowSet::from([RowId(7)]).contains(RowId(7)));
/// }
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
