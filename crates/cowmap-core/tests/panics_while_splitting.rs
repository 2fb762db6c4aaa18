//! Panics in user code while a page is split: what was noted before, of an entry, is right
//! afterwards.

mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use std::cell::{Cell, RefCell};

use common::panics::caught;
use cowmap_core::{Entry, Fixed, Map, Tiny};
use hostile::Inverse;

/// A value whose clone may let go of a snapshot, and whose drop may panic.
struct Value(i64);

thread_local! {
    static SNAPSHOT: RefCell<Option<Map<i64, Value, Tiny, Fixed>>> = const { RefCell::new(None) };
    static NEXT_DROP_PANICS: Cell<bool> = const { Cell::new(false) };
}

impl Clone for Value {
    fn clone(&self) -> Self {
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
