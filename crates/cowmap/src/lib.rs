//! Copy-on-write hash maps for integer keys: a snapshot costs one atomic increment.
//!
//! Reading is as in a flat hash table. A write after a snapshot copies one small page and the path to
//! it, never the table. So many readers can look at a big table, each at a moment of its own, while a
//! writer goes on changing it.
//!
//! ```
//! use cowmap::CowMap;
//!
//! let mut balances: CowMap<u64, i64> = CowMap::new();
//! balances.insert(1, 100);
//! balances.insert(2, 50);
//!
//! let before = balances.clone(); // a snapshot: nothing is copied
//! *balances.get_mut(1).unwrap() -= 30; // copies the page of accounts 1 and 2
//! *balances.get_mut(2).unwrap() += 30; // that page is no longer shared: copies nothing
//!
//! assert_eq!((before[1], before[2]), (100, 50));
//! assert_eq!((balances[1], balances[2]), (70, 80));
//! ```
//!
//! The methods are on [`Map`]; people name it by one of the aliases below.
//!
//! # Trade-offs
//!
//! * Keys are integers of 32 bits, 64 bits or a pointer's size, or newtypes over them ([`SentinelKey`]), and are
//!   passed by value. One value of each type is reserved.
//! * Whatever may have to copy a page asks for `V: Clone`, `insert` and `remove` too.
//! * There is no order: iteration depends on the keys and on history.
//! * A handle keeps alive all that it shares. A snapshot that is kept costs the memory of the pages that
//!   changed since.
//! * A map that is never cloned has no use for pages; [hashbrown](https://docs.rs/hashbrown) serves it better.
//!
//! # When does a write copy?
//!
//! A write copies a page when another handle shares that page: the first write to each page after each
//! snapshot. Handles are equal in this; it does not matter which of them was the clone. With the page goes the
//! path to it, the segments of the directory that lead there. Copying a page clones every value in it, and a
//! page has some dozens to a few hundred: for values that are dear to clone, store an `Arc`.
//!
//! Nothing is copied by
//!
//! * any write while there is one handle; growing moves values without cloning them,
//! * lookups, iteration, and an [`entry`](Map::entry) that is only looked at,
//! * [`remove`](Map::remove) and [`get_mut`](Map::get_mut) of a key that is absent,
//! * a [`retain`](Map::retain) or [`extract_if`](Map::extract_if) that rejects nothing; otherwise they copy the pages
//!   that lose an entry,
//! * [`clear`](Map::clear) and the beginning of a [`drain`](Map::drain), which leave the pages to the snapshots.
//!
//! [`iter_mut`](Map::iter_mut), [`values_mut`](Map::values_mut) and [`retain_mut`](Map::retain_mut) copy each shared
//! page when they reach it.
//!
//! Ids that differ in their lowest bits only (five, or fewer where values are large) share a page, so that a
//! transaction that writes neighbouring rows copies few pages. A [`FlatCowMap`] is a single page: its first write after a snapshot copies all
//! of it.
//!
//! ```
//! # use cowmap::CowMap;
//! let mut map: CowMap<u64, u64> = (0..100_000).map(|id| (id, 0)).collect();
//! let snapshot = map.clone();
//! assert!(map.is_shared());
//!
//! map.remove(1_000_000); // absent: nothing is copied
//! assert!(map.ptr_eq(&snapshot));
//!
//! map.insert(7, 1); // one page and the path to it
//! let usage = map.memory_usage();
//! assert_eq!(usage.pages - usage.shared_pages, 1);
//! ```
//!
//! # Costs
//!
//! | operation | map not shared | map shared with a snapshot |
//! |---|---|---|
//! | `get`, `contains_key`, `len`, a step of `iter` | O(1) | the same; never copies |
//! | `clone` (= snapshot) | one atomic | one atomic |
//! | dropping a handle | O(pages), and its values | one atomic; if it has diverged, one for each segment and page that it alone has, or shares below diverged segments |
//! | `get_mut` or `remove` of an absent key, `entry` only looked at | O(1) | the same; copies nothing |
//! | `insert`, `remove` or `get_mut` of a present key | O(1) | one page and the path to it, once per page per snapshot |
//! | `insert` of a new key | O(1); a full page splits, the table never moves at once | the same, and the page and its path; old pages stay with their snapshots |
//! | `clear` | O(pages), and the values | detaches; copies nothing |
//! | `memory_usage` | O(pages) | O(pages) |
//! | [`FlatCowMap`]: any first write after a snapshot | – | one pass over the table, straight into the size needed |
//! | [`FlatCowMap`]: `insert` of a new key | O(1), amortised: a full table moves into a larger one | the same |
//!
//! # The reserved key
//!
//! One value of a key type, its [sentinel](SentinelKey::SENTINEL), marks empty slots: `MIN` of the signed integers,
//! `MAX` of the unsigned ones, `0` of the `NonZero` types, which so lose none of their values. Looking it
//! up or removing it finds nothing. [`insert`](Map::insert), [`entry`](Map::entry), `extend` and `collect` panic;
//! [`checked_insert`](Map::checked_insert) answers an error, with the value in it.
//!
//! ```
//! use cowmap::{CowMap, SentinelKey};
//!
//! #[derive(Clone, Copy, Debug, PartialEq)]
//! struct OrderId(u64);
//!
//! impl SentinelKey for OrderId {
//!     type Repr = u64;
//!     const SENTINEL: u64 = u64::MAX;
//!     fn into_repr(self) -> u64 { self.0 }
//!     fn from_repr(repr: u64) -> Self { OrderId(repr) }
//! }
//!
//! let mut orders: CowMap<OrderId, String> = CowMap::new();
//! orders.insert(OrderId(1001), "two chairs".to_owned());
//! assert_eq!(orders.get(OrderId(u64::MAX)), None);
//! let error = orders.checked_insert(OrderId(u64::MAX), "a table".to_owned()).unwrap_err();
//! assert_eq!(error.into_value(), "a table");
//! ```
//!
//! # Threads
//!
//! A map is `Send` and `Sync` if its values are both. One handle is written by one thread at a time; handles are
//! written independently of each other, whatever they share.
//!
//! To publish a table, put it in a `Mutex`. Readers hold the lock for as long as a clone takes, and read without
//! it:
//!
//! ```
//! use std::sync::Mutex;
//! use cowmap::CowMap;
//!
//! let table = Mutex::new(CowMap::from([(1_u64, "one"), (2, "two")]));
//! std::thread::scope(|scope| {
//!     scope.spawn(|| table.lock().unwrap().insert(3, "three"));
//!     scope.spawn(|| {
//!         let snapshot = table.lock().unwrap().clone();
//!         // The lock is free again: the writer does not wait for this.
//!         assert!(snapshot.iter().count() >= 2);
//!     });
//! });
//! ```
//!
//! A `Mutex` (that of `parking_lot` is a good one) serves better than an `RwLock`, because it is never held for
//! long. Keep it so: drop snapshots, and values that a write returned, when the lock is free, for the last owner
//! of a page is the one who frees it.
//!
//! # Which map
//!
//! | map | when |
//! |---|---|
//! | [`CowMap`] | nearly always |
//! | [`FlatCowMap`] | small maps, and maps that are seldom written after a snapshot: one allocation, the fewest steps to read |
//! | [`CowSet`] | keys without values |
//! | [`SeededCowMap`] | keys that strangers choose: each map hashes with a secret of its own. The others hash alike in every run, so that whoever chooses the keys can choose ones that collide, which are slow, never wrong |
//!
//! # Moving from `std::collections::HashMap`
//!
//! Keys are passed and yielded by value: drop the `&`. `retain` and `extract_if` show `&V`, as `Vec`'s show `&T`; use
//! [`retain_mut`](Map::retain_mut) to change values on the way. Left out are hasher parameters, lookups by a
//! borrowed form of the key, and `get_disjoint_unchecked_mut`. Beyond std there are
//! [`checked_insert`](Map::checked_insert), [`alter`](Map::alter), [`iter_sorted`](Map::iter_sorted),
//! [`union`](Map::union) and its like, [`is_submap`](Map::is_submap), [`snapshot`](Map::snapshot) and
//! [`unshared`](Map::unshared).
//!
//! # Features
//!
//! * `std` (default): `SeededCowMap::new`, which asks the system for randomness. Without it the crate is `no_std`, needs
//!   `alloc`, and a `SeededCowMap` is made by `with_secret`.
//! * `derive`: `#[derive(SentinelKey)]` for newtypes.
//! * `serde`: maps as maps, sets as sequences. The reserved key in the input is an error that names it, the last
//!   of equal keys wins, and a length that the input claims makes no large allocation.
//! * `rayon`: `par_iter`, `par_iter_mut`, `into_par_iter`, `par_extend` and `collect`, divided by pages into halves
//!   of as many entries. `par_iter_mut` un-shares the map before the work begins.
//! * `quickcheck`, `proptest`, `arbitrary`: generators of maps and sets, and of maps with snapshots that share
//!   pages with them (`WithSnapshots`).

#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]

pub mod set;

#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
#[doc(inline)]
pub use cowmap_core::WithSnapshots;
#[doc(inline)]
pub use cowmap_core::{
    CowMap, Drain, Entry, ExtractIf, Fixed, Flat, FlatCowMap, GetEach, Hashing, IntoIter, IntoKeys,
    IntoValues, Iter, IterMut, IterSorted, Keys, Map, MemoryUsage, OccupiedEntry, Paged, Paging,
    Repr, ReservedKey, Seeded, SeededCowMap, SentinelKey, TryReserveError, VacantEntry, Values,
    ValuesMut,
};
#[cfg(feature = "rayon")]
#[doc(inline)]
pub use cowmap_core::{IntoParIter, ParIter, ParIterMut};
#[doc(inline)]
pub use set::CowSet;

/// Makes a newtype over an integer, a `NonZero` integer or another key type a key.
///
/// The struct has one field, named or not, and is `Copy`. It takes the field's sentinel for its own;
/// `#[sentinel(value)]` chooses another, as a constant of the stored integer's type.
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
pub type CowI64Map<V> = CowMap<i64, V>;
/// A [`CowMap`] with keys of type `i32`.
pub type CowI32Map<V> = CowMap<i32, V>;
/// A [`CowMap`] with keys of type `u64`.
pub type CowU64Map<V> = CowMap<u64, V>;
/// A [`CowMap`] with keys of type `u32`.
pub type CowU32Map<V> = CowMap<u32, V>;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
