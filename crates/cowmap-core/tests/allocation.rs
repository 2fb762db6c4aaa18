//! Allocators that give nothing: what can answer an error does, and the map is unharmed; the rest
//! ends the process as `Vec` does.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::process::Command;

use common::tracked::{Key, Tracked, alive, contents};
use cowmap_core::{Fixed, Flat, Map, Paged, Paging, RetainCursor, Tiny};

/// The system's allocator, which on the thread that asks for it gives nothing.
struct Failing;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fail {
    Never,
    /// Once, after so many requests.
    Once(usize),
    /// From then on.
    From(usize),
    /// Whenever more bytes than these are asked for.
    Above(usize),
}

thread_local! {
    static FAIL: Cell<Fail> = const { Cell::new(Fail::Never) };
}

impl Failing {
    fn fails(layout: Layout) -> bool {
        let (fails, next) = match FAIL.get() {
            Fail::Never => (false, Fail::Never),
            Fail::Once(0) => (true, Fail::Never),
            Fail::Once(left) => (false, Fail::Once(left - 1)),
            Fail::From(0) => (true, Fail::From(0)),
            Fail::From(left) => (false, Fail::From(left - 1)),
            Fail::Above(bytes) => (layout.size() > bytes, Fail::Above(bytes)),
        };
        FAIL.set(next);
        fails
    }
}

// SAFETY: what it gives is the system's; a null pointer is an answer that every caller must expect.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        if Self::fails(layout) { std::ptr::null_mut() } else { unsafe { System.alloc(layout) } }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Self::fails(layout) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// Runs `work` while the allocator fails; whether it did.
fn failing<R>(fail: Fail, work: impl FnOnce() -> R) -> (bool, R) {
    FAIL.set(fail);
    let result = work();
    let left = FAIL.replace(Fail::Never);
    let failed = match fail {
        Fail::Never | Fail::Above(_) => false,
        Fail::Once(_) => left == Fail::Never,
        Fail::From(_) => left == Fail::From(0),
    };
    (failed, result)
}

type Tested<P> = Map<Key, u64, P, Fixed>;

/// A name, and what it does to a map.
type Operation<P> = (&'static str, fn(&mut Tested<P>));

fn map_of<P: Paging>(len: i64) -> Tested<P> {
    (0..len).map(|key| (Key(key), key.unsigned_abs())).collect()
}

#[track_caller]
fn assert_holds<P: Paging>(map: &Tested<P>, keys: impl IntoIterator<Item = i64>) {
    map.check_invariants();
    let mut len = 0;
    for key in keys {
        assert_eq!(map.get(Key(key)), Some(&key.unsigned_abs()));
        len += 1;
    }
    assert_eq!(map.len(), len);
}

/// Fails each request of `try_reserve` in turn.
fn reserving<P: Paging>() {
    let mut failures = 0;
    for len in [0, 1, 5, 70] {
        for shared in [false, true] {
            for additional in [1, 10, 100, 1_000] {
                for nth in 0.. {
                    let mut map = map_of::<P>(len);
                    let snapshot = shared.then(|| map.clone());
                    let capacity = map.capacity();
                    let (failed, result) = failing(Fail::Once(nth), || map.try_reserve(additional));
                    assert_eq!(failed, result.is_err(), "{len}, {additional}: request {nth}");
                    assert_holds(&map, 0..len);
                    snapshot.inspect(|snapshot| assert_holds(snapshot, 0..len));
                    if !failed {
                        break;
                    }
                    // A directory that could not be made as fine as it was to be stays as it is, and
                    // with one the capacity is an estimate, a full page at least.
                    let (links, page) = map.directory_size();
                    let estimate = if links > 0 { capacity.max(page) } else { capacity };
                    assert_eq!(map.capacity(), estimate, "what could not be reserved is not kept");
                    assert!(result.unwrap_err().to_string().contains("no memory for"));
                    map.try_reserve(additional).expect("now there is memory");
                    assert_holds(&map, 0..len);
                    failures += 1;
                }
            }
        }
    }
    println!("{failures} failed requests");
    assert!(failures > 5);
}

#[test]
fn a_flat_map_that_cannot_be_reserved_for_is_unharmed() {
    reserving::<Flat>();
}

#[test]
fn a_paged_map_that_cannot_be_reserved_for_is_unharmed() {
    reserving::<Paged>();
}

#[test]
fn a_map_with_tiny_pages_that_cannot_be_reserved_for_is_unharmed() {
    reserving::<Tiny>();
}

/// Filling an empty map in one call, from an iterator that does not say how many entries come.
fn fill_in_one_call<P: Paging>(len: i64) -> Tested<P> {
    let mut map = Tested::new();
    map.extend((0..len).filter(|_| true).map(|key| (Key(key), key.unsigned_abs())));
    map
}

/// Enough to be divided into lists.
const DIVIDED: i64 = 34_000;

/// A table that cannot be made ahead grows, and entries that cannot be gathered are inserted as they
/// come.
#[test]
#[cfg_attr(miri, ignore = "a large map")]
fn a_flat_map_is_filled_whichever_request_fails() {
    for (len, step) in [(1_000, 1), (DIVIDED, 97)] {
        let mut failures = 0;
        for nth in (0..).step_by(step) {
            let (failed, map) = failing(Fail::Once(nth), || fill_in_one_call::<Flat>(len));
            map.check_invariants();
            assert_eq!(map.len() as i64, len, "request {nth}");
            assert!((0..len).all(|key| map.get(Key(key)) == Some(&key.unsigned_abs())));
            assert_eq!(map.capacity(), map_of::<Flat>(len).capacity(), "request {nth}");
            failures += 1;
            if !failed {
                break;
            }
        }
        println!("{len}: {failures} failures");
        assert!(failures > 5);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a large map")]
fn a_paged_map_is_filled_without_memory_for_what_is_gathered() {
    for most in [8_192, 20_000, 300_000, usize::MAX] {
        for len in [1_000, DIVIDED] {
            let (_, map) = failing(Fail::Above(most), || fill_in_one_call::<Paged>(len));
            map.check_invariants();
            assert_eq!(map.len() as i64, len, "at most {most} bytes");
            assert!((0..len).all(|key| map.get(Key(key)) == Some(&key.unsigned_abs())));
        }
    }
}

/// What gives memory back works without any: the map is left as large as it is where there is none
/// for a smaller one.
fn shrinking<P: Paging>() {
    let operations: [Operation<P>; 5] = [
        ("remove", |map| {
            for key in 2..300 {
                map.remove(Key(key));
            }
        }),
        ("retain", |map| map.retain(|key, _| key.0 < 2)),
        ("extract_if", |map| map.extract_if(|key, _| key.0 >= 2).for_each(drop)),
        ("retain_step", |map| {
            let mut cursor = RetainCursor::new();
            while map.retain_step(&mut cursor, 9, |key, _| key.0 < 2) {}
        }),
        ("shrink_to_fit", |map| {
            map.shrink_to_fit();
            map.retain(|key, _| key.0 < 2);
            map.shrink_to_fit();
        }),
    ];
    let mut failures = 0;
    for (name, operation) in operations {
        for fail in [Fail::Once, Fail::From] {
            for nth in 0.. {
                let mut map = map_of::<P>(300);
                let (failed, ()) = failing(fail(nth), || operation(&mut map));
                assert_holds(&map, 0..2);
                map.extend((0..300).map(|key| (Key(key), key.unsigned_abs())));
                assert_holds(&map, 0..300);
                failures += usize::from(failed);
                if !failed {
                    println!("{name}: {nth} requests");
                    break;
                }
            }
        }
    }
    assert!(failures > 3);
}

#[test]
fn a_flat_map_gives_memory_back_without_any() {
    shrinking::<Flat>();
}

#[test]
fn a_paged_map_gives_memory_back_without_any() {
    shrinking::<Paged>();
}

#[test]
fn a_map_with_tiny_pages_gives_memory_back_without_any() {
    shrinking::<Tiny>();
}

/// Shared pages that cannot be copied into smaller ones stay shared, and no value is lost or
/// dropped twice.
/// A directory that could not become smaller for want of memory does so when there is some.
#[test]
fn a_directory_that_stayed_large_without_memory_shrinks_later() {
    for fail in [Fail::Once, Fail::From] {
        for nth in 0.. {
            let mut map = map_of::<Tiny>(300);
            let (failed, ()) = failing(fail(nth), || map.retain(|key, _| key.0 < 2));
            map.shrink_to_fit();
            assert_holds(&map, 0..2);
            assert_eq!((map.directory_size().0, map.memory_usage().pages), (0, 1), "request {nth}");
            if !failed {
                break;
            }
        }
    }
}

/// Pages that are the map's own become sparse beside such as a snapshot shares: merging them divides
/// holders and clones entries, and where there is no memory for that, leaves both as they are.
fn merging_with_what_is_shared<P: Paging>() {
    let mut failures = 0;
    for fail in [Fail::Once, Fail::From] {
        for nth in 0.. {
            let mut map = map_of::<P>(300);
            let snapshot = map.clone();
            for key in 0..200 {
                *map.get_mut(Key(key)).expect("it is there") += 0;
            }
            let (failed, ()) = failing(fail(nth), || {
                for key in 0..200 {
                    map.remove(Key(key));
                }
            });
            assert_holds(&map, 200..300);
            assert_holds(&snapshot, 0..300);
            Map::check_counts(&[&map, &snapshot]);
            drop(snapshot);
            map.extend((0..300).map(|key| (Key(key), key.unsigned_abs())));
            assert_holds(&map, 0..300);
            Map::check_counts(&[&map]);
            failures += usize::from(failed);
            if !failed {
                println!("{nth} requests");
                break;
            }
        }
    }
    assert!(failures > 3);
}

#[test]
fn a_paged_map_merges_with_what_is_shared_without_memory() {
    merging_with_what_is_shared::<Paged>();
}

#[test]
fn a_map_with_tiny_pages_merges_with_what_is_shared_without_memory() {
    merging_with_what_is_shared::<Tiny>();
}

#[test]
fn shrinking_a_shared_map_without_memory_keeps_it() {
    for fail in [Fail::Once(0), Fail::From(0)] {
        let mut map = Map::<Key, Tracked, Tiny, Fixed>::with_capacity(300);
        map.extend((0..40).map(|key| (Key(key), Tracked::new(key))));
        let snapshot = map.clone();
        let before = contents(&map);
        let (failed, ()) = failing(fail, || map.shrink_to_fit());
        assert!(failed);
        assert_eq!((contents(&map), contents(&snapshot)), (before.clone(), before));
        drop((map, snapshot));
        assert_eq!(alive(), 0);
    }
}

/// What has no error to answer, each with the map it needs; keys below 70 are in it, and it is
/// shared.
const ABORTING: [Operation<Paged>; 15] = [
    ("insert", |map| assert!(map.insert(Key(1_000), 1).is_none())),
    ("insert over a value", |map| assert!(map.insert(Key(1), 1).is_some())),
    ("remove", |map| assert!(map.remove(Key(1)).is_some())),
    ("get_mut", |map| assert!(map.get_mut(Key(1)).is_some())),
    ("entry", |map| *map.entry(Key(1_000)).or_insert(1) += 1),
    ("iter_mut", |map| map.iter_mut().for_each(|(_, value)| *value += 1)),
    ("retain", |map| map.retain(|key, _| key.0 > 3)),
    ("retain_step", |map| {
        let mut cursor = RetainCursor::new();
        assert!(!map.retain_step(&mut cursor, 9, |key, _| key.0 > 3));
    }),
    ("union_with", |map| drop(map.union_with(map, |_, a, b| a + b))),
    ("intersection_with", |map| drop(map.intersection_with(map, |_, a, b| a + b))),
    ("extend", |map| map.extend([(Key(1_000), 1)])),
    ("unshared", |map| drop(map.unshared())),
    ("collect", |_| drop(map_of::<Flat>(3))),
    ("with_capacity", |_| drop(Map::<Key, u64, Flat, Fixed>::with_capacity(10))),
    ("reserve", |map| {
        map.clear();
        map.reserve(10_000);
    }),
];

const CHILD: &str = "COWMAP_TEST_ALLOCATION";

#[test]
#[cfg_attr(miri, ignore = "starts processes")]
fn what_has_no_error_to_answer_ends_the_process_as_std_does() {
    if let Some(name) = std::env::var_os(CHILD) {
        let (_, operation) =
            ABORTING.into_iter().find(|(known, _)| *known == name).expect("a name of the table");
        let mut map = map_of::<Paged>(70);
        let snapshot = map.clone();
        failing(Fail::From(0), || operation(&mut map));
        println!("went on: {}", snapshot.len());
        return;
    }
    for (name, _) in ABORTING {
        let output = Command::new(std::env::current_exe().expect("a test is a file"))
            .args(["--exact", "what_has_no_error_to_answer_ends_the_process_as_std_does"])
            .arg("--nocapture")
            .env(CHILD, name)
            .output()
            .expect("the test can be started again");
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && !said.contains("went on"), "{name}: {output:?}");
        assert!(wrong.contains("memory allocation of "), "{name}: {wrong}");
    }
}

/// A directory beyond all memory is asked for at once, rather than piece by piece until there is no more.
#[test]
#[cfg(target_pointer_width = "64")]
fn a_reservation_beyond_memory_is_refused_at_once() {
    let mut map = Map::<u64, u64, Paged, Fixed>::new();
    let (_, result) = failing(Fail::Above(1 << 26), || map.try_reserve(1 << 31));
    assert!(result.unwrap_err().to_string().contains("no memory for"));
    assert_eq!(map.memory_usage().total, 0);
}
