//! What must not compile, each beside what does and differs from it by as little as can be.
//! Documentation tests only.

/// A borrowed value cannot be kept across a write:
///
/// ```compile_fail,E0502
/// let mut map = cowmap_core::CowMap::from([(1_i64, String::from("one"))]);
/// let one = map.get(1);
/// map.insert(2, String::from("two"));
/// println!("{one:?}");
/// ```
///
/// One from a snapshot can:
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_i64, String::from("one"))]);
/// let snapshot = map.clone();
/// let one = snapshot.get(1);
/// map.insert(2, String::from("two"));
/// println!("{one:?}");
/// ```
struct ValueAcrossAWrite;

/// An iterator cannot outlive its map:
///
/// ```compile_fail,E0597
/// let mut entries = {
///     let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
///     map.iter()
/// };
/// assert_eq!(entries.next(), Some((1, &'a')));
/// ```
///
/// One that owns its map can:
///
/// ```
/// let mut entries = {
///     let map = cowmap_core::CowMap::from([(1_i64, 'a')]);
///     map.into_iter()
/// };
/// assert_eq!(entries.next(), Some((1, 'a')));
/// ```
struct IteratorBeyondItsMap;

/// Nor can one that drains it:
///
/// ```compile_fail,E0505
/// let mut map = cowmap_core::CowMap::from([(1_i64, 'a')]);
/// let drained = map.drain();
/// drop(map);
/// assert_eq!(drained.count(), 1);
/// ```
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_i64, 'a')]);
/// let drained = map.drain();
/// assert_eq!(drained.count(), 1);
/// drop(map);
/// ```
struct DrainBeyondItsMap;

/// Values that are lent to be changed come from one borrow of the map at a time:
///
/// ```compile_fail,E0499
/// let mut map = cowmap_core::CowMap::from([(1_i64, 1), (2, 2)]);
/// let (one, two) = (map.get_mut(1), map.get_mut(2));
/// assert_ne!(one, two);
/// ```
///
/// ```
/// let mut map = cowmap_core::CowMap::from([(1_i64, 1), (2, 2)]);
/// let [one, two] = map.get_disjoint_mut([1, 2]);
/// assert_ne!(one, two);
/// ```
struct TwoValuesToChange;

/// A map of longer-lived values is one of shorter-lived values, and not the other way round:
///
/// ```compile_fail
/// use cowmap_core::CowMap;
/// fn lengthen<'a>(map: CowMap<i64, &'a str>) -> CowMap<i64, &'static str> {
///     map
/// }
/// ```
///
/// ```
/// use cowmap_core::CowMap;
/// fn shorten<'a>(map: CowMap<i64, &'static str>) -> CowMap<i64, &'a str> {
///     map
/// }
/// ```
struct Covariance;

/// But what lends values to be changed is invariant in them, or a short-lived one could be put into
/// a map of long-lived ones:
///
/// ```compile_fail
/// use cowmap_core::{Fixed, IterMut, Paged};
/// fn shorten<'a, 'b>(
///     values: IterMut<'b, i64, &'static str, Paged, Fixed>,
/// ) -> IterMut<'b, i64, &'a str, Paged, Fixed> {
///     values
/// }
/// ```
///
/// ```
/// use cowmap_core::Iter;
/// fn shorten<'a, 'b>(values: Iter<'b, i64, &'static str>) -> Iter<'b, i64, &'a str> {
///     values
/// }
/// ```
struct Invariance;

/// Nor does it matter that they are lent in parallel:
///
/// ```compile_fail
/// use cowmap_core::ParIterMut;
/// fn shorten<'a, 'b>(values: ParIterMut<'b, i64, &'static str>) -> ParIterMut<'b, i64, &'a str> {
///     values
/// }
/// ```
///
/// ```
/// use cowmap_core::ParIter;
/// fn shorten<'a, 'b>(values: ParIter<'b, i64, &'static str>) -> ParIter<'b, i64, &'a str> {
///     values
/// }
/// ```
#[cfg(feature = "rayon")]
struct InvarianceInParallel;

/// Values that one thread may change through a shared reference keep their map on that thread:
///
/// ```compile_fail,E0277
/// use std::cell::Cell;
/// let map = cowmap_core::CowMap::from([(1_i64, Cell::new(1))]);
/// std::thread::spawn(move || map.len());
/// ```
///
/// ```
/// use std::sync::atomic::AtomicI32;
/// let map = cowmap_core::CowMap::from([(1_i64, AtomicI32::new(1))]);
/// std::thread::spawn(move || map.len()).join().unwrap();
/// ```
struct CellsOnAnotherThread;

/// A map may read its values when it is dropped, so they must live that long:
///
/// ```compile_fail,E0597
/// let mut map = cowmap_core::CowMap::new();
/// {
///     let word = String::from("short");
///     map.insert(1_i64, word.as_str());
/// }
/// ```
///
/// ```
/// let word = String::from("long enough");
/// let mut map = cowmap_core::CowMap::new();
/// map.insert(1_i64, word.as_str());
/// ```
struct ValuesThatDieFirst;

/// A value that cannot be cloned cannot be inserted into a map that others may share, and the
/// compiler says which bound is missing (E0277, not that there is no such method):
///
/// ```compile_fail,E0277
/// struct Uncloneable;
/// let mut map = cowmap_core::CowMap::new();
/// map.insert(1_i64, Uncloneable);
/// ```
///
/// ```
/// #[derive(Clone)]
/// struct Cloneable;
/// let mut map = cowmap_core::CowMap::new();
/// map.insert(1_i64, Cloneable);
/// ```
///
/// The same for entries:
///
/// ```compile_fail,E0277
/// struct Uncloneable;
/// let mut map = cowmap_core::CowMap::new();
/// map.entry(1_i64).or_insert(Uncloneable);
/// ```
///
/// ```
/// #[derive(Clone)]
/// struct Cloneable;
/// let mut map = cowmap_core::CowMap::new();
/// map.entry(1_i64).or_insert(Cloneable);
/// ```
struct InsertWithoutClone;

/// A footprint is that of a map, or of several:
///
/// ```compile_fail,E0277
/// struct Tables(cowmap_core::CowMap<u64, u64>);
/// impl cowmap_core::Footprint for Tables {}
/// ```
///
/// A tuple has one:
///
/// ```
/// struct Tables(cowmap_core::CowMap<u64, u64>);
/// let tables = Tables(cowmap_core::CowMap::new());
/// assert_eq!(cowmap_core::MemoryUsage::of(&[&(&tables.0,)]).total, 0);
/// ```
struct ForeignFootprint;
