//! Sizes of handles, what may cross threads and unwinding, and that maps are covariant in their
//! values.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::size_of;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::{Arc, MutexGuard, RwLockReadGuard};

use cowmap_core::{
    CowMap, Drain, Entry, ExtractIf, Fixed, Flat, FlatCowMap, IntoIter, IntoKeys, IntoValues, Iter,
    IterMut, Keys, MemoryUsage, OccupiedEntry, Paged, ReservedKey, Seeded, SeededCowMap,
    TryReserveError, VacantEntry, Values, ValuesMut,
};
use static_assertions::{assert_impl_all, assert_not_impl_any, const_assert, const_assert_eq};

const WORD: usize = size_of::<usize>();

// Sizes.
const_assert!(size_of::<FlatCowMap<i64, u64>>() <= 2 * WORD);
const_assert!(size_of::<CowMap<i64, u64>>() <= 3 * WORD);
const_assert!(size_of::<CowMap<u32, String>>() <= 3 * WORD);
const_assert_eq!(size_of::<Option<FlatCowMap<i64, u64>>>(), size_of::<FlatCowMap<i64, u64>>());
const_assert_eq!(size_of::<Option<CowMap<i64, u64>>>(), size_of::<CowMap<i64, u64>>());
const_assert_eq!(size_of::<Option<SeededCowMap<i64, u64>>>(), size_of::<SeededCowMap<i64, u64>>());

/// `Sync` and not `Send`.
type NotSend = MutexGuard<'static, u8>;
/// `Send` and not `Sync`.
type NotSync = Cell<u8>;

// A value may be dropped by the thread that drops the last handle, and be read by all that have
// one: handles need both, whichever of the two is asked for.
assert_impl_all!(CowMap<i64, Arc<str>>: Send, Sync);
assert_impl_all!(FlatCowMap<i64, Arc<str>>: Send, Sync);
assert_impl_all!(SeededCowMap<i64, Arc<str>>: Send, Sync);
assert_not_impl_any!(CowMap<i64, NotSend>: Send, Sync);
assert_not_impl_any!(CowMap<i64, NotSync>: Send, Sync);
assert_not_impl_any!(CowMap<i64, Rc<u8>>: Send, Sync);
assert_not_impl_any!(FlatCowMap<i64, NotSend>: Send, Sync);
assert_not_impl_any!(FlatCowMap<i64, NotSync>: Send, Sync);
assert_not_impl_any!(SeededCowMap<i64, NotSend>: Send, Sync);
assert_not_impl_any!(SeededCowMap<i64, NotSync>: Send, Sync);

// Iterators that borrow are like `&V`: reading on another thread needs `V: Sync` alone.
assert_impl_all!(Iter<'static, i64, Arc<str>>: Send, Sync, Clone, ExactSizeIterator);
assert_impl_all!(Iter<'static, i64, RwLockReadGuard<'static, u8>>: Send, Sync);
assert_impl_all!(Values<'static, i64, NotSend>: Send, Sync);
assert_not_impl_any!(Iter<'static, i64, NotSync>: Send, Sync);
assert_not_impl_any!(Values<'static, i64, NotSync>: Send, Sync);
assert_not_impl_any!(Keys<'static, i64, NotSync>: Send, Sync);

// Owned iterators and entries are like maps.
assert_impl_all!(IntoIter<i64, Arc<str>, Flat>: Send, Sync, ExactSizeIterator);
assert_not_impl_any!(IntoIter<i64, NotSend, Paged>: Send, Sync);
assert_not_impl_any!(IntoIter<i64, NotSync, Paged>: Send, Sync);
assert_impl_all!(Entry<'static, i64, u8, Paged, Fixed>: Send, Sync);
assert_not_impl_any!(OccupiedEntry<'static, i64, NotSend, Paged, Seeded>: Send, Sync);
assert_not_impl_any!(VacantEntry<'static, i64, NotSync, Flat, Fixed>: Send, Sync);

assert_impl_all!(Drain<'static, i64, Arc<str>, Paged>: Send, Sync);
assert_impl_all!(IntoKeys<i64, Arc<str>, Paged>: Send, Sync);
assert_not_impl_any!(Drain<'static, i64, NotSend, Paged>: Send, Sync);
assert_not_impl_any!(IntoValues<i64, NotSync, Flat>: Send, Sync);

// What changes a map is like a mutable borrow of it.
type Extract<V> = ExtractIf<'static, i64, V, Paged, Fixed, fn(i64, &V) -> bool>;
assert_impl_all!(IterMut<'static, i64, Arc<str>, Paged, Fixed>: Send, Sync, ExactSizeIterator);
assert_impl_all!(ValuesMut<'static, i64, Arc<str>, Flat, Seeded>: Send, Sync);
assert_impl_all!(Extract<Arc<str>>: Send, Sync);
assert_not_impl_any!(IterMut<'static, i64, NotSend, Paged, Fixed>: Send, Sync);
assert_not_impl_any!(ValuesMut<'static, i64, NotSync, Flat, Seeded>: Send, Sync);
assert_not_impl_any!(Extract<NotSend>: Send, Sync);
assert_not_impl_any!(Extract<NotSync>: Send, Sync);

assert_impl_all!(MemoryUsage: Send, Sync, Copy);
assert_impl_all!(TryReserveError: Send, Sync, std::error::Error);
assert_impl_all!(ReservedKey<String>: Send, Sync, std::error::Error);

// Unwinding, as for `Arc`: another handle may see what a panic left behind.
assert_impl_all!(Arc<u8>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(CowMap<i64, String>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(FlatCowMap<i64, String>: UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Arc<Cell<u8>>: UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(CowMap<i64, Cell<u8>>: UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(FlatCowMap<i64, RefCell<u8>>: UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(SeededCowMap<i64, UnsafeCell<u8>>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(Arc<&'static mut u8>: UnwindSafe, RefUnwindSafe);
assert_impl_all!(CowMap<i64, &'static mut u8>: UnwindSafe, RefUnwindSafe);

type Maps<V> = (CowMap<i64, V>, FlatCowMap<i64, V>, SeededCowMap<i64, V>);

/// A map of longer-lived values is one of shorter-lived values: this compiles.
fn shortened<'a>(
    paged: CowMap<i64, &'static str>,
    flat: FlatCowMap<i64, &'static str>,
    seeded: SeededCowMap<i64, &'static str>,
    _: &'a str,
) -> Maps<&'a str> {
    (paged, flat, seeded)
}

#[test]
fn maps_are_covariant_in_their_values() {
    let local = String::from("lives shorter");
    let make = || [(1_i64, "static")];
    let (mut paged, mut flat, mut seeded) = shortened(
        CowMap::from(make()),
        FlatCowMap::from(make()),
        SeededCowMap::from(make()),
        &local,
    );
    paged.insert(2, &local);
    flat.insert(2, &local);
    seeded.insert(2, &local);
    assert_eq!((paged[2], flat[2], seeded[1]), (local.as_str(), local.as_str(), "static"));
}

#[test]
fn maps_can_be_constants_and_statics() {
    const EMPTY: CowMap<u32, String> = CowMap::new();
    static SHARED: FlatCowMap<u32, String> = FlatCowMap::new();
    static SEEDED: SeededCowMap<u32, String> = SeededCowMap::with_secret([1, 2, 3]);
    let mut map = EMPTY;
    map.insert(1, "one".into());
    assert_eq!((map.len(), EMPTY.len(), SHARED.len(), SEEDED.len()), (1, 0, 0, 0));
}
