//! Panics in user code while a page is split: what was noted before, of an entry or of a floor, is
//! right afterwards.

mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use std::cell::{Cell, RefCell};

use common::panics::caught;
use cowmap_core::{Entry, Fixed, Map, Paged, Paging, Tiny};
use hostile::Inverse;

/// A value whose clone may let go of a snapshot, and whose clone or drop may panic.
struct Value(i64);

thread_local! {
    static SNAPSHOT: RefCell<Option<Map<i64, Value, Tiny, Fixed>>> = const { RefCell::new(None) };
    static CLONES_PANIC: Cell<bool> = const { Cell::new(false) };
    static NEXT_DROP_PANICS: Cell<bool> = const { Cell::new(false) };
}

impl Clone for Value {
    fn clone(&self) -> Self {
        assert!(!CLONES_PANIC.get(), "a clone panics");
        if let Some(snapshot) = SNAPSHOT.take() {
            drop(snapshot);
            NEXT_DROP_PANICS.set(true);
        }
        Value(self.0)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        assert!(!NEXT_DROP_PANICS.replace(false), "a drop panics");
    }
}

/// The clone that splits a table drops the last snapshot, so that the old table goes, and with it a
/// value whose drop panics, when its entries are in the halves already.
#[test]
fn an_entry_is_found_again_after_a_panic() {
    let mut chosen = Inverse::<Value, Tiny>::new(34);
    let crowd = chosen.agreeing(100, 5 << 56, 8);
    let others = chosen.agreeing(3_000, 0, 0);
    for &key in crowd.iter().step_by(9) {
        let keys = crowd.iter().chain(&others);
        let mut map = Map::<i64, Value, Tiny, Fixed>::default();
        keys.for_each(|&key| drop(map.insert(key, Value(key))));
        SNAPSHOT.set(Some(map.clone()));
        let Entry::Occupied(mut entry) = map.entry(key) else { panic!("{key} is absent") };
        assert_eq!(caught(|| entry.get_mut().0 += 1).message, "a drop panics");
        assert_eq!(entry.get().0, key);
        entry.get_mut().0 += 1;
        assert_eq!(entry.get().0, key + 1);
        assert_eq!(entry.remove().0, key + 1);
        map.check_invariants();
    }
}

fn a_reservation_that_panics_sets_no_floor<P: Paging>() {
    let mut map: Map<i64, Value, P, Fixed> = (0..5).map(|key| (key, Value(key))).collect();
    let snapshot = map.clone();
    let before = map.capacity();
    CLONES_PANIC.set(true);
    assert_eq!(caught(|| map.try_reserve(100_000)).message, "a clone panics");
    CLONES_PANIC.set(false);
    drop(snapshot);
    // The directory may be finer than it was; with one, the capacity is a full page at least.
    assert_eq!(map.capacity(), before.max(map.directory_size().1));
    map.check_invariants();
    map.try_reserve(100_000).expect("there is memory");
    assert!(map.capacity() >= 100_005);
}

#[test]
fn a_reservation_that_panics_sets_no_floor_paged() {
    a_reservation_that_panics_sets_no_floor::<Paged>();
}

#[test]
fn a_reservation_that_panics_sets_no_floor_tiny() {
    a_reservation_that_panics_sets_no_floor::<Tiny>();
}
