//! What keeps pages alive, and how much of them: one map, or any number of handles together.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Map;
use crate::hash::Hashing;
use crate::key::SentinelKey;
use crate::policy::Paging;
use crate::tree::MemoryUsage;
use crate::tree::usage::{AnyTree, own_of, usage_of};

/// What keeps pages alive: a map or a set, or several of them.
///
/// [`MemoryUsage::of`] and [`MemoryUsage::own`] count the bytes. These types have a footprint:
///
/// * maps and sets of every kind, and histories of what has a footprint;
/// * tuples of up to twelve of these, arrays, slices, `Vec`s, `Option`s and `Box`es of them;
/// * references to them, which count as what they refer to.
///
/// The trait cannot be implemented elsewhere. For a struct of maps, use a tuple of references to
/// its maps.
///
/// # Examples
///
/// ```
/// use cowmap_core::{CowMap, Footprint, MemoryUsage};
///
/// fn kilobytes(tables: &dyn Footprint) -> usize {
///     MemoryUsage::of(&[tables]).total.div_ceil(1024)
/// }
///
/// let names: CowMap<u64, &str> = CowMap::from([(1, "Ada")]);
/// let scores: CowMap<u32, f64> = CowMap::from([(1, 0.5)]);
/// assert!(kilobytes(&(&names, &scores)) > 0);
/// ```
pub trait Footprint: Sealed {}

/// Hands over the handles that something consists of. Public, but hidden, because the facade's
/// types have handles, too.
pub trait Sealed {
    /// Adds the handles that are in it, or that it refers to.
    fn add_handles<'a>(&'a self, handles: &mut Handles<'a>);
}

/// Handles of any type.
#[derive(Default)]
pub struct Handles<'a>(Vec<&'a dyn AnyTree>);

impl<'a> Handles<'a> {
    /// Those of all these, each handle once, also if several refer to it.
    fn of(footprints: &[&'a dyn Footprint]) -> Self {
        let mut handles = Handles::default();
        for &footprint in footprints {
            footprint.add_handles(&mut handles);
        }
        let Handles(trees) = &mut handles;
        trees.sort_unstable_by_key(address);
        trees.dedup_by_key(|tree| address(tree));
        handles
    }
}

/// Where a handle is, which tells it from all others.
fn address(tree: &&dyn AnyTree) -> usize {
    core::ptr::from_ref(*tree).addr()
}

impl MemoryUsage {
    /// The bytes that all these keep alive together, each byte once, however many of them hold it.
    ///
    /// `shared` is what would stay if all of them were dropped, because handles that are not among
    /// them hold it too. So `total - shared` would be freed. Of one map this is
    /// [`memory_usage`](crate::Map::memory_usage).
    ///
    /// O(pages and segments), each of them once: what is shared is stepped over as a whole where
    /// it is met again. Allocates a table of those that are shared. What values own elsewhere, such
    /// as the text of a `String`, is not counted.
    ///
    /// While other threads clone, write or drop handles that share with these, `shared` belongs to
    /// no one moment.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, MemoryUsage};
    ///
    /// let mut map: CowMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    /// let mut snapshots = Vec::new();
    /// for id in 0..100 {
    ///     snapshots.push(map.snapshot());
    ///     map.insert(id * 100, 0);
    /// }
    /// let together = MemoryUsage::of(&[&map, &snapshots]);
    /// let one = map.memory_usage();
    /// assert!(together.total > one.total && together.total < 10 * one.total);
    /// assert_eq!(together.shared, 0);
    ///
    /// // The map holds most of what the snapshots hold.
    /// let snapshots = MemoryUsage::of(&[&snapshots]);
    /// assert!(snapshots.shared > snapshots.total / 10);
    /// ```
    #[must_use]
    pub fn of(footprints: &[&dyn Footprint]) -> MemoryUsage {
        usage_of(&Handles::of(footprints).0)
    }

    /// For each of these, the bytes that would be freed if it was dropped and all else stayed.
    ///
    /// That is decided by who holds what, not by what is in the list: a snapshot that is not in it
    /// keeps its pages alive all the same. So two clones of a map that were not written own
    /// nothing, each of them, whether one or both are in the list. The sum is what no two have in
    /// common, and says nothing of what is freed if several go: for that, ask
    /// [`of`](Self::of) for `total - shared`, or pass them as one tuple or slice.
    ///
    /// O(what each one owns). What values own elsewhere is not counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use cowmap_core::{CowMap, MemoryUsage};
    ///
    /// let mut map: CowMap<u64, u64> = (0..10_000).map(|id| (id, id)).collect();
    /// let old = map.snapshot();
    /// for id in 0..5_000 {
    ///     map.insert(id, 0);
    /// }
    /// let new = map.snapshot();
    ///
    /// let own = MemoryUsage::own(&[&old, &new, &map, &(&new, &map)]);
    /// assert!(own[0] > 40_000); // the pages that were written since
    /// assert_eq!(own[1..3], [0, 0]); // these have everything in common
    /// assert!(own[3] > 40_000); // unless both go
    /// ```
    #[must_use]
    pub fn own(footprints: &[&dyn Footprint]) -> Vec<usize> {
        footprints.iter().map(|&one| own_of(&Handles::of(&[one]).0).total).collect()
    }
}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Footprint for Map<K, V, P, H> {}

impl<K: SentinelKey, V, P: Paging, H: Hashing> Sealed for Map<K, V, P, H> {
    fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
        handles.0.push(&self.tree);
    }
}

macro_rules! footprint_of_its_target {
    ($($pointer:ty),*) => {$(
        impl<T: Footprint + ?Sized> Footprint for $pointer {}

        impl<T: Footprint + ?Sized> Sealed for $pointer {
            fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
                (**self).add_handles(handles);
            }
        }
    )*};
}

footprint_of_its_target!(&T, &mut T, Box<T>);

macro_rules! footprint_of_its_items {
    ($({$($parameters:tt)*} $several:ty),* $(,)?) => {$(
        impl<T: Footprint, $($parameters)*> Footprint for $several {}

        impl<T: Footprint, $($parameters)*> Sealed for $several {
            fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
                self.iter().for_each(|item| item.add_handles(handles));
            }
        }
    )*};
}

footprint_of_its_items!({} [T], {const N: usize} [T; N], {} Vec<T>, {} Option<T>);

macro_rules! footprint_of_tuples {
    ($(($($part:ident),*))*) => {$(
        impl<$($part: Footprint),*> Footprint for ($($part,)*) {}

        impl<$($part: Footprint),*> Sealed for ($($part,)*) {
            #[allow(non_snake_case, reason = "the parts are called as their types are")]
            fn add_handles<'a>(&'a self, handles: &mut Handles<'a>) {
                let ($($part,)*) = self;
                let _ = &handles;
                $($part.add_handles(handles);)*
            }
        }
    )*};
}

footprint_of_tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, I)
    (A, B, C, D, E, F, G, I, J)
    (A, B, C, D, E, F, G, I, J, K)
    (A, B, C, D, E, F, G, I, J, K, L)
    (A, B, C, D, E, F, G, I, J, K, L, M)
}
