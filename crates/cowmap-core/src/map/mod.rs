//! The map: one generic type, whose policies make it paged or flat, fixed or seeded.
//!
//! This folder turns keys into words and words into keys, and documents. What is done with words is
//! in `tree/` and `entries/`; there is no unsafe code here. Each operation asks a key for its
//! integer once, because a wrong [`SentinelKey`] may give another one later.
//!
//! * `read.rs` looks things up, `get_many.rs` many at once.
//! * `fill.rs` fills an empty map with all that an iterator gives: `gathered.rs` puts many entries in
//!   order first, `presized.rs` makes room that does not outlive the call.
//! * `write.rs` changes an entry, `entry.rs` one that was found before, `get_disjoint_mut.rs`
//!   several at once, `retain.rs` all, `retain_step.rs` a few at a time.
//! * `iter.rs` and `sorted.rs` visit entries, `iter_mut.rs` lends their values; `into.rs` and
//!   `drain.rs` take them out.
//! * `compare.rs` compares two maps and makes new ones of them, `combine.rs` by a closure; `changes/`
//!   says what changed between two, applies and merges it; `snapshot.rs` copies one;
//!   `footprint.rs` counts the bytes of several.
//! * `traits.rs` has the traits of std, `rayon.rs`, `serde/` and `generate/` those of other crates.

mod changes;
mod combine;
mod compare;
mod convert;
mod drain;
mod entry;
mod fill;
mod footprint;
mod gathered;
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
mod generate;
mod get_disjoint_mut;
mod get_many;
mod into;
mod iter;
mod iter_mut;
mod presized;
#[cfg(feature = "rayon")]
mod rayon;
mod read;
mod retain;
mod retain_step;
#[cfg(feature = "serde")]
pub mod serde;
mod snapshot;
mod sorted;
mod traits;
mod write;

pub use changes::{ApplyError, ByEq, Change, Conflict, Diff, DiffSorted};
pub use drain::Drain;
pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use footprint::{Footprint, Handles, Sealed};
#[cfg(any(feature = "arbitrary", feature = "proptest", feature = "quickcheck"))]
pub use generate::WithSnapshots;
pub use get_many::GetEach;
pub use into::{IntoKeys, IntoUnsharedEntries, IntoValues};
pub use iter::{IntoIter, Iter, Keys, Values};
pub use iter_mut::{IterMut, ValuesMut};
#[cfg(feature = "rayon")]
pub use rayon::{IntoParIter, ParIter, ParIterMut, ParKeys, ParValues, ParValuesMut};
pub use retain::ExtractIf;
pub use retain_step::RetainCursor;
pub use sorted::IterSorted;

use core::marker::PhantomData;

use crate::error::OrRaise;
use crate::hash::{Fixed, Hashing, Seeded};
use crate::key::{SentinelKey, WordOf, decode};
use crate::policy::{Flat, Limits, Paged, Paging};
use crate::rules::{Building, Cloning, Reading};
use crate::tree::Tree;

/// The paged map, which is what most people want: a snapshot costs one atomic increment, and a
/// write after it copies one small page and the path to it, whatever the size of the map.
///
/// See [`Map`] for the methods.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
///
/// let mut map: CowMap<u64, u64> = (0..100_000).map(|id| (id, id)).collect();
/// let snapshot = map.clone();
/// map.insert(7, 0);
/// assert_eq!((snapshot[7], map[7]), (7, 0));
/// let usage = map.memory_usage();
/// assert_eq!(usage.pages - usage.shared_pages, 1);
/// ```
pub type CowMap<K, V> = Map<K, V, Paged, Fixed>;

/// The flat map: one allocation. Fastest to read; the first write after a snapshot copies the
/// table, O(n).
///
/// See [`Map`] for the methods.
///
/// # Examples
///
/// ```
/// use cowmap_core::FlatCowMap;
///
/// let map: FlatCowMap<u64, u64> = (0..100_000).map(|id| (id, id)).collect();
/// assert_eq!(map.memory_usage().pages, 1);
/// ```
pub type FlatCowMap<K, V> = Map<K, V, Flat, Fixed>;

/// The paged map with a secret in its hash, for keys that strangers choose.
///
/// Each map draws its own secret, and its clones share it. Whoever sees the order in which such a
/// map iterates can learn the secret from it: do not show that order to those you defend against.
///
/// See [`Map`] for the methods.
///
/// # Examples
///
/// ```
/// use cowmap_core::SeededCowMap;
///
/// let sessions = SeededCowMap::from([(0xdead_beef_u64, "anna"), (0x0bad_cafe, "ben")]);
/// assert_eq!(sessions.get(0xdead_beef), Some(&"anna"));
/// ```
pub type SeededCowMap<K, V> = Map<K, V, Paged, Seeded>;

/// The rules by which a map's tree is written.
type WriteRules<'a, K, V, P, H> = Cloning<'a, Limits<WordOf<K>, V, P>, H>;

/// The tree of a map that is being written, and by which rules.
type Writing<'a, K, V, P, H> = (&'a mut Tree<WordOf<K>, V, P>, WriteRules<'a, K, V, P, H>);

/// A copy-on-write hash map from integer keys `K` to values `V`.
///
/// `clone` takes a snapshot in O(1); the clone and the original share everything until one of them
/// is written. Which pages a write copies is decided by the policy `P` ([`Paged`] or [`Flat`]), how
/// keys are hashed by `H` ([`Fixed`] or [`Seeded`]). People name the map by an alias: [`CowMap`],
/// [`FlatCowMap`] or [`SeededCowMap`].
///
/// Methods are those of `std::collections::HashMap`, except that keys are passed and yielded by
/// value. `V: Clone` is asked for only where a page may have to be copied.
///
/// # The reserved key
///
/// One value of the key type marks empty slots ([`SentinelKey::SENTINEL`]). Looking it up answers
/// `None`; inserting it panics, or with [`checked_insert`](Self::checked_insert) answers an error.
///
/// # Examples
///
/// ```
/// use cowmap_core::CowMap;
///
/// let mut map = CowMap::new();
/// map.insert(1_i64, "one");
/// let snapshot = map.clone();
/// map.insert(1, "uno");
/// assert_eq!(snapshot.get(1), Some(&"one"));
/// assert_eq!(map.get(1), Some(&"uno"));
/// ```
pub struct Map<K: SentinelKey, V, P: Paging, H: Hashing = Fixed> {
    tree: Tree<WordOf<K>, V, P>,
    hash: H,
    marker: PhantomData<K>,
}

impl<K: SentinelKey, V, P: Paging> Map<K, V, P, Fixed> {
    /// An empty map. Allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, FlatCowMap};
    ///
    /// static EMPTY: FlatCowMap<u64, String> = FlatCowMap::new();
    /// let mut map = CowMap::new();
    /// map.insert(3_u32, 'c');
    /// assert!(EMPTY.is_empty());
    /// ```
    #[inline]
    pub const fn new() -> Self {
        Self::with_hash(Fixed)
    }

    /// An empty map with room for `capacity` entries.
    ///
    /// The room is a floor: removals do not shrink the map below it, until
    /// [`shrink_to_fit`](Self::shrink_to_fit). A flat map allocates a table of that size at once. A
    /// paged map allocates its directory, and each page with its first entry. Filled, a paged map
    /// takes about the memory of one that grew to that size.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow" if a table of that size cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::FlatCowMap::<i64, u64>::with_capacity(1000);
    /// assert!(map.capacity() >= 1000);
    /// ```
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hash(capacity, Fixed)
    }
}

impl<K: SentinelKey, V, P: Paging> Map<K, V, P, Seeded> {
    /// An empty map with a secret drawn from the system's randomness. Allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::SeededCowMap::<u64, char>::new();
    /// map.insert(1, 'a');
    /// assert_eq!(map.clone(), map);
    /// ```
    #[cfg(feature = "std")]
    pub fn new() -> Self {
        Self::with_hash(Seeded::random())
    }

    /// As [`new`](Self::new), with room for `capacity` entries, as a floor. A paged map allocates
    /// its directory, and each page with its first entry.
    ///
    /// # Panics
    ///
    /// Panics with "capacity overflow" if a table of that size cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::SeededCowMap::<u64, char>::with_capacity(100);
    /// assert!(map.capacity() >= 100);
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hash(capacity, Seeded::random())
    }

    /// An empty map with this secret, for where there is no system to ask for randomness, and for
    /// tests.
    ///
    /// # Examples
    ///
    /// ```
    /// let map = cowmap_core::SeededCowMap::<u64, u64>::with_secret([3, 1, 4]);
    /// assert!(map.is_empty());
    /// ```
    pub const fn with_secret(secret: [u64; 3]) -> Self {
        Self::with_hash(Seeded::with_secret(secret))
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Map<K, V, P, H> {
    const fn with_hash(hash: H) -> Self {
        Map { tree: Tree::new(), hash, marker: PhantomData }
    }

    #[track_caller]
    fn with_capacity_and_hash(capacity: usize, hash: H) -> Self {
        let mut map = Self::with_hash(hash);
        let rules = Building::<Limits<WordOf<K>, V, P>, H>::by(&map.hash);
        map.tree.reserve(capacity, &rules).or_raise();
        map
    }

    /// How this map reads its tree.
    #[inline(always)]
    fn reading(&self) -> Reading<'_, Limits<WordOf<K>, V, P>, H> {
        Reading::by(&self.hash)
    }

    /// The tree, and how this map writes it.
    #[inline(always)]
    fn writing(&mut self) -> Writing<'_, K, V, P, H> {
        (&mut self.tree, Cloning::by(&self.hash))
    }

    /// Inserts into a map of which no entry is shared.
    #[inline]
    #[track_caller]
    fn insert_word_unshared(&mut self, word: WordOf<K>, value: V) -> Option<V> {
        let rules = Building::<Limits<WordOf<K>, V, P>, H>::by(&self.hash);
        self.tree.insert(&rules, word, value).or_raise()
    }

    /// Removes all entries. O(capacity), less where a snapshot shares them. Copies nothing.
    ///
    /// std's map keeps its memory. This one keeps part of it, if nobody shares it:
    ///
    /// * what was [reserved](Self::reserve): a flat map its table, a paged one its directory, and its
    ///   pages if there are no more than that many entries need and no snapshot shares any;
    /// * an ordinary page, where that was all of the map;
    /// * the table of a flat map, if a quarter of it or more was full.
    ///
    /// A map that shares its memory leaves all of it to the snapshots. Its
    /// [`capacity`](Self::capacity) is 0 then. What was reserved stays reserved, and is allocated
    /// with the next entry, or by [`try_reserve`](Self::try_reserve).
    ///
    /// If the drop of a value panics, the map is empty, and the other values are dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut map = cowmap_core::CowMap::from([(1_i64, 'a')]);
    /// let snapshot = map.clone();
    /// map.clear();
    /// assert_eq!((map.len(), snapshot.len()), (0, 1));
    /// ```
    pub fn clear(&mut self) {
        self.tree.clear();
    }
}

/// The key of a stored word, for iterators and entries.
#[inline(always)]
fn key_of<K: SentinelKey>(word: WordOf<K>) -> K {
    decode::<K>(word)
}
