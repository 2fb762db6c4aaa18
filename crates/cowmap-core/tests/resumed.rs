//! User code that panics where the map is in the middle of something, and the map used again: a clone
//! that panics, or the drop of a value of a page that everybody else let go while it was copied, so
//! that the copier is the last owner. Whatever was asked to go on goes on, and each value is dropped.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cowmap_core::{Fixed, Flat, Map, Paged, Paging, Tiny};

type Tested<P> = Map<i64, Value, P, Fixed>;

thread_local! {
    /// The other handle, which a clone of a value drops,
    static OTHER: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    /// the one after so many others.
    static OTHER_OUTLIVES: Cell<usize> = const { Cell::new(0) };
    /// The next drop of a value panics.
    static DROP_PANICS: Cell<bool> = const { Cell::new(false) };
    /// Values that were made and not yet dropped.
    static VALUES: Cell<isize> = const { Cell::new(0) };
    /// The clone after so many others panics.
    static CLONE_PANICS: Cell<usize> = const { Cell::new(usize::MAX) };
}

const ALIVE: u64 = 0x11fe_11fe_11fe_11fe;

/// A value that tells whether it was dropped.
struct Value(u64);

impl Value {
    fn new() -> Self {
        VALUES.set(VALUES.get() + 1);
        Value(ALIVE)
    }

    fn check(&self) {
        assert_eq!(black_box(self.0), ALIVE, "a value that was dropped");
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.check();
        match OTHER_OUTLIVES.get() {
            0 => drop(OTHER.take()),
            left => OTHER_OUTLIVES.set(left - 1),
        }
        let left = CLONE_PANICS.get();
        CLONE_PANICS.set(left.wrapping_sub(1));
        assert!(left != 0, "the clone panics");
        Value::new()
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.check();
        VALUES.set(VALUES.get() - 1);
        self.0 = 0;
        black_box(&self.0);
        if DROP_PANICS.take() {
            panic!("the drop panics");
        }
    }
}

/// What is to panic.
#[derive(Clone, Copy)]
enum Panic {
    Clone(usize),
    LastOwnersDrop,
}

/// A shared map, whose other handle is in `OTHER`.
fn shared<P: Paging + 'static>(len: i64) -> Tested<P> {
    let map: Tested<P> = (0..len).map(|key| (key, Value::new())).collect();
    OTHER.set(Some(Box::new(map.clone())));
    map
}

/// Asks until there is no more, going on after the panic; how many times something was answered.
fn ask<T>(panic: Panic, mut next: impl FnMut() -> Option<T>, check: impl Fn(T)) -> usize {
    match panic {
        Panic::Clone(at) => CLONE_PANICS.set(at),
        Panic::LastOwnersDrop => DROP_PANICS.set(true),
    }
    let mut answers = 0;
    let mut panics = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(&mut next)) {
            Ok(Some(item)) => {
                check(item);
                answers += 1;
            }
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    CLONE_PANICS.set(usize::MAX);
    assert!(panics <= 1, "only one was asked for");
    if !DROP_PANICS.take() {
        assert_eq!(panics, 1);
    }
    answers
}

fn check_rest<P: Paging>(map: &Tested<P>) {
    map.check_invariants();
    map.values().for_each(Value::check);
}

fn resume<P: Paging + 'static>() {
    for len in [1, 2, 40, 700] {
        for panic in [Panic::LastOwnersDrop, Panic::Clone(0)] {
            let mut map = shared::<P>(len);
            let mut extract = map.extract_if(|_, value| {
                value.check();
                true
            });
            let extracted = ask(panic, || extract.next(), |(_, value)| value.check());
            drop(extract);
            assert_eq!(map.len() + extracted, len as usize);
            check_rest(&map);

            let mut map = shared::<P>(len);
            let mut iter = map.iter_mut();
            ask(panic, || iter.next(), |(_, value)| value.check());
            assert_eq!(map.len(), len as usize);
            check_rest(&map);

            // These give clones out of shared pages and release none on the way.
            if matches!(panic, Panic::LastOwnersDrop) {
                continue;
            }
            let mut map = shared::<P>(len);
            let mut drain = map.drain();
            ask(panic, || drain.next(), |(_, value)| value.check());
            drop(drain);
            assert!(map.is_empty());
            check_rest(&map);

            let mut iter = shared::<P>(len).into_iter();
            ask(panic, || iter.next(), |(_, value)| value.check());
            drop(iter);
        }
        drop(OTHER.take());
        assert_eq!(VALUES.get(), 0, "each value is dropped once");
    }
}

/// Gives back a reservation that keeps sparse pages apart, which then merge: the copier is the last
/// owner of both.
fn merge<P: Paging + 'static>() {
    for (len, times) in (1..8).flat_map(|times| [(8, times), (40, times)]) {
        for clones in 0..len {
            let mut map = Tested::<P>::with_capacity(times * len);
            // Far apart, or neighbours would fill one page and leave the next one empty.
            let keys = (0..len as i64).map(|id| id * 1_000_003);
            keys.for_each(|key| assert!(map.insert(key, Value::new()).is_none()));
            OTHER.set(Some(Box::new(map.clone())));
            OTHER_OUTLIVES.set(clones);
            DROP_PANICS.set(true);
            let result = catch_unwind(AssertUnwindSafe(|| map.shrink_to_fit()));
            assert_eq!(result.is_err(), !DROP_PANICS.take());
            assert_eq!(map.len(), len);
            check_rest(&map);
            drop(map);
            drop(OTHER.take());
            assert_eq!(VALUES.get(), 0, "each value is dropped once");
        }
    }
}

#[test]
fn iterators_of_flat_maps_go_on_after_a_panic() {
    resume::<Flat>();
}

#[test]
fn iterators_of_paged_maps_go_on_after_a_panic() {
    resume::<Paged>();
}

#[test]
fn iterators_of_maps_with_tiny_pages_go_on_after_a_panic() {
    resume::<Tiny>();
}

#[test]
fn merging_pages_leaks_nothing_after_a_panic() {
    merge::<Flat>();
    merge::<Paged>();
    merge::<Tiny>();
}
