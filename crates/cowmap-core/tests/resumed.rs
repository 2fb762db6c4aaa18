//! Iterators that are asked again after user code panicked: in a clone, or in the drop of a value of
//! a page that everybody else let go while it was copied, so that the copier is the last owner.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cowmap_core::{Fixed, Flat, Map, Paged, Paging, Tiny};

type Tested<P> = Map<i64, Value, P, Fixed>;

thread_local! {
    /// The other handle, which the next clone of a value drops.
    static OTHER: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
    /// The next drop of a value panics.
    static DROP_PANICS: Cell<bool> = const { Cell::new(false) };
    /// The clone after so many others panics.
    static CLONE_PANICS: Cell<usize> = const { Cell::new(usize::MAX) };
}

const ALIVE: u64 = 0x11fe_11fe_11fe_11fe;

/// A value that tells whether it was dropped.
struct Value(u64);

impl Value {
    fn check(&self) {
        assert_eq!(black_box(self.0), ALIVE, "a value that was dropped");
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.check();
        drop(OTHER.take());
        let left = CLONE_PANICS.get();
        CLONE_PANICS.set(left.wrapping_sub(1));
        assert!(left != 0, "the clone panics");
        Value(ALIVE)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.check();
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
    let map: Tested<P> = (0..len).map(|key| (key, Value(ALIVE))).collect();
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
            drop(OTHER.take());
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
