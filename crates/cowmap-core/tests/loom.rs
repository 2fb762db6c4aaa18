//! Every interleaving of threads that share a map, with the weak memory that the orderings allow
//! (run by `ci/loom.sh`).
//!
//! The maps are the real ones, with pages of one group; loom stands in for the atomics of
//! `sync.rs`. Values are loom's cells: a read and a write of one that the counts do not put in
//! order is an error, and so is a value that is dropped while another thread may still read it.
//! The weights of segments and holders start at 2 here, so that they are used up, and each link of
//! a segment is a bundle. Models with too many interleavings are bounded to those with so many
//! preemptions.

#![cfg(loom)]

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize as StdAtomicUsize, Ordering::SeqCst};

use cowmap_core::{Fixed, Map, Tiny};
use loom::cell::UnsafeCell;
use loom::thread;

/// A value whose every access loom checks.
struct Value {
    cell: UnsafeCell<u64>,
    alive: StdArc<StdAtomicUsize>,
}

// SAFETY: that the cell is never written while others read it is what the models show.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

impl Value {
    fn new(value: u64, alive: &StdArc<StdAtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Value { cell: UnsafeCell::new(value), alive: alive.clone() }
    }

    fn read(&self) -> u64 {
        // SAFETY: loom ends the model if somebody writes meanwhile.
        self.cell.with(|value| unsafe { value.read() })
    }

    fn write(&mut self, new: u64) {
        // SAFETY: loom ends the model if somebody else reads or writes meanwhile.
        self.cell.with_mut(|value| unsafe { value.write(new) });
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Value::new(self.read(), &self.alive)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.write(u64::MAX);
        self.alive.fetch_sub(1, SeqCst);
    }
}

type Tested = Map<u64, Value, Tiny, Fixed>;

/// The map with the keys below `len`, and how many values are alive.
fn map_of(len: u64) -> (Tested, StdArc<StdAtomicUsize>) {
    let alive = StdArc::default();
    ((0..len).map(|key| (key, Value::new(key, &alive))).collect(), alive)
}

/// Entries that make a map of one page, of two pages, of one level of more, and of two levels.
const PAGE: u64 = 3;
const FORK: u64 = 9;
const LEVEL: u64 = 14;
const LEVELS: u64 = 60;

fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 100_000;
    builder.preemption_bound = preemptions;
    let executions = StdArc::new(StdAtomicUsize::new(0));
    let counter = executions.clone();
    builder.check(move || {
        counter.fetch_add(1, SeqCst);
        model();
    });
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    println!("{name}: {} executions", executions.load(SeqCst));
}

/// Whether all is as it was but for the keys in `changed`.
fn assert_unchanged(map: &Tested, keys: impl Iterator<Item = u64>) {
    for key in keys {
        assert_eq!(map.get(key).map(Value::read), Some(key));
    }
}

fn write(map: &mut Tested, key: u64, value: u64) {
    map.get_mut(key).expect("the key is in the map").write(value);
}

#[test]
fn the_models_reach_the_levels_they_speak_of() {
    check(None, || {
        let bits = |len| map_of(len).0.directory_size().0;
        assert_eq!(bits(PAGE), 0);
        assert!((2..=4).contains(&bits(FORK)), "{}", bits(FORK));
        assert!((2..=8).contains(&bits(LEVEL)), "{}", bits(LEVEL));
        assert!(bits(LEVELS) > 8, "{}", bits(LEVELS));
    });
}

/// A thread reads its snapshot and drops it; the writer copies, or writes in place, where the
/// thread has read.
fn one_reader(len: u64, preemptions: Option<usize>) {
    check(preemptions, move || {
        let (mut map, alive) = map_of(len);
        let snapshot = map.clone();
        let reader = thread::spawn(move || {
            assert_unchanged(&snapshot, 0..2);
            drop(snapshot);
        });
        write(&mut map, 0, 100);
        write(&mut map, 1, 101);
        assert_unchanged(&map, 2..len);
        reader.join().unwrap();
        assert_eq!((map[0].read(), map[1].read()), (100, 101));
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn a_reader_drops_a_page_that_is_then_written() {
    one_reader(PAGE, None);
}

#[test]
fn a_reader_drops_a_level_that_is_then_written() {
    one_reader(LEVEL, None);
}

#[test]
fn a_reader_drops_two_levels_that_are_then_written() {
    one_reader(LEVELS, None);
}

/// Two threads and the one that made the map drop their handles: the last one frees what the
/// others have read.
fn last_drop(len: u64, preemptions: Option<usize>) {
    check(preemptions, move || {
        let (map, alive) = map_of(len);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let map = map.clone();
                thread::spawn(move || {
                    assert_unchanged(&map, 0..3);
                    drop(map);
                })
            })
            .collect();
        assert_unchanged(&map, 0..3);
        drop(map);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn the_last_of_three_frees_a_page() {
    last_drop(PAGE, None);
}

#[test]
fn the_last_of_three_frees_two_levels() {
    last_drop(LEVELS, None);
}

/// A handle is cloned and dropped by one thread while another writes its own.
#[test]
fn clones_made_meanwhile_are_seen() {
    check(None, || {
        let (mut map, alive) = map_of(PAGE);
        let snapshot = map.clone();
        let thread = thread::spawn(move || {
            let again = snapshot.clone();
            drop(snapshot);
            assert_unchanged(&again, 0..PAGE);
        });
        write(&mut map, 0, 100);
        thread.join().unwrap();
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

/// Two handles that share everything un-share the same segments at the same time, and split their
/// weights.
fn two_writers(len: u64, snapshots: usize, preemptions: Option<usize>) {
    check(preemptions, move || {
        let (mut map, alive) = map_of(len);
        // Each of these takes its part of the weights.
        let held: Vec<Tested> = (0..snapshots)
            .map(|_| {
                let snapshot = map.clone();
                write(&mut map, 3, 3);
                snapshot
            })
            .collect();
        let mut other = map.clone();
        let writer = thread::spawn(move || {
            write(&mut other, 0, 200);
            write(&mut other, 1, 201);
            assert_unchanged(&other, 2..len);
            drop(held);
            drop(other);
        });
        write(&mut map, 0, 100);
        write(&mut map, 1, 101);
        assert_eq!((map[0].read(), map[1].read()), (100, 101));
        assert_unchanged(&map, 2..len);
        writer.join().unwrap();
        map.check_invariants();
        assert!(!map.is_shared());
        assert_eq!(map.memory_usage().shared, 0);
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn two_writers_unshare_one_page() {
    two_writers(PAGE, 0, None);
}

#[test]
fn two_writers_unshare_a_fork() {
    two_writers(FORK, 0, Some(3));
}

#[test]
fn two_writers_unshare_one_level() {
    two_writers(LEVEL, 0, Some(3));
}

#[test]
fn two_writers_unshare_one_level_whose_weights_are_used_up() {
    two_writers(LEVEL, 2, Some(3));
}

#[test]
fn two_writers_unshare_two_levels() {
    two_writers(LEVELS, 1, Some(2));
}

/// Three handles share a holder. One has divided it already; the others do so at the same time, and
/// let go of what they made: the one that finds itself alone must hold the page with what the
/// others do not.
#[test]
fn three_handles_divide_one_holder() {
    check(Some(3), || {
        let (mut map, alive) = map_of(FORK);
        let handles = [map.clone(), map.clone()];
        write(&mut map, 0, 1);
        let threads = handles.map(|mut handle| thread::spawn(move || write(&mut handle, 0, 100)));
        for thread in threads {
            thread.join().unwrap();
        }
        write(&mut map, 1, 2);
        assert_eq!((map[0].read(), map[1].read()), (1, 2));
        assert_unchanged(&map, 2..FORK);
        map.check_invariants();
        Tested::check_counts(&[&map]);
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

/// What a handle knew of its pages by their stamps is void as soon as another one has copied the
/// root, however soon that one lets go of it.
#[test]
fn stamps_are_void_while_the_copier_lives() {
    check(Some(2), || {
        let (mut map, alive) = map_of(FORK);
        // The pages of both keys carry the root's stamp.
        write(&mut map, 0, 0);
        write(&mut map, FORK - 1, FORK - 1);
        let mut other = map.clone();
        let writer = thread::spawn(move || {
            // Copies the root; the other page stays shared.
            write(&mut other, 0, 100);
            assert_unchanged(&other, 1..FORK);
            other
        });
        write(&mut map, FORK - 1, 200);
        let other = writer.join().unwrap();
        assert_eq!((map[0].read(), map[FORK - 1].read()), (0, 200));
        assert_eq!((other[0].read(), other[FORK - 1].read()), (100, FORK - 1));
        other.check_invariants();
        map.check_invariants();
        Tested::check_counts(&[&map, &other]);
        drop((map, other));
        assert_eq!(alive.load(SeqCst), 0);
    });
}

/// Three threads, each with a handle: two write, one drops the last other one.
#[test]
fn two_writers_and_a_reader() {
    check(Some(1), || {
        let (mut map, alive) = map_of(LEVEL);
        let (snapshot, mut other) = (map.clone(), map.clone());
        let reader = thread::spawn(move || assert_unchanged(&snapshot, 0..2));
        let writer = thread::spawn(move || {
            write(&mut other, 0, 200);
            assert_unchanged(&other, 1..LEVEL);
        });
        write(&mut map, 0, 100);
        write(&mut map, 0, 101);
        assert_unchanged(&map, 1..LEVEL);
        reader.join().unwrap();
        writer.join().unwrap();
        assert_eq!((map[0].read(), map.memory_usage().shared), (101, 0));
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}

/// One thread removes until segments and pages merge, while the other reads what they were.
#[test]
fn merging_beside_a_reader() {
    check(None, || {
        let (mut map, alive) = map_of(LEVEL);
        let snapshot = map.clone();
        let reader = thread::spawn(move || {
            assert_unchanged(&snapshot, 0..LEVEL);
            drop(snapshot);
        });
        for key in 2..LEVEL {
            assert_eq!(map.remove(key).map(|value| value.read()), Some(key));
        }
        map.check_invariants();
        reader.join().unwrap();
        assert_eq!(map.memory_usage().shared, 0);
        drop(map);
        assert_eq!(alive.load(SeqCst), 0);
    });
}
