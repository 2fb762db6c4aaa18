//! Threads that snapshot, write, publish and drop maps, for the thread sanitizer (`ci/tsan.sh`).
//!
//! Synchronises by nothing but its own atomics, `thread::spawn` and `join`: the standard library is
//! not instrumented, and what it does would be taken for a race.
//!
//! `cargo run -p cowmap-core --example races -- ROUNDS`

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use cowmap_core::{Fixed, Flat, Map, Paged, Paging, Tiny};

/// A lock that spins.
struct Spin<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is used by one thread at a time, the one that took the lock.
unsafe impl<T: Send> Sync for Spin<T> {}

impl<T> Spin<T> {
    fn new(value: T) -> Self {
        Spin { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        while self.taken.swap(true, Ordering::Acquire) {
            spin_loop();
            thread::yield_now();
        }
        // SAFETY: the lock is taken, until the store below.
        let result = work(unsafe { &mut *self.value.get() });
        self.taken.store(false, Ordering::Release);
        result
    }
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// A value on the heap, written and read without atomics.
struct Value(Box<[u64; 2]>);

impl Value {
    fn new(number: u64) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Value(Box::new([number, !number]))
    }
    fn check(&self) {
        assert_eq!(self.0[0], !self.0[1], "a value that was half written, or freed");
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Value::new(self.0[0])
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        *self.0 = [1, 1];
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

const THREADS: u64 = 4;
const KEYS: u64 = 300;

type Shared<P> = Spin<Map<u64, Value, P, Fixed>>;

fn work<P: Paging>(published: &[Shared<P>], seed: u64, rounds: u64) -> u64 {
    let mut state = seed;
    let mut random = |end: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % end
    };
    let mut operations = 0;
    for _ in 0..rounds {
        let slot = &published[usize::try_from(random(published.len() as u64)).expect("small")];
        let mut map = slot.with(|map| map.clone());
        for _ in 0..random(12) {
            let (key, number) = (random(KEYS), random(u64::MAX));
            match random(8) {
                0..3 => drop(map.insert(key, Value::new(number))),
                3 => drop(map.remove(key)),
                4 => {
                    if let Some(value) = map.get_mut(key) {
                        *value.0 = [number, !number];
                    }
                }
                5 => map.iter().take(40).for_each(|(_, value)| value.check()),
                6 if number % 8 == 0 => map.retain(|key, _| key % 7 > 0),
                _ => map.get(key).into_iter().for_each(Value::check),
            }
            operations += 1;
        }
        match random(4) {
            // The map that was there is dropped here, or by whoever holds it.
            0 => drop(slot.with(|published| std::mem::replace(published, map))),
            1 => map.into_iter().for_each(|(_, value)| value.check()),
            _ => drop(map),
        }
    }
    operations
}

fn race<P: Paging + 'static>(name: &str, rounds: u64) {
    let maps: Vec<Shared<P>> =
        (0..3).map(|_| Spin::new((0..KEYS).map(|key| (key, Value::new(key))).collect())).collect();
    let operations: u64 = thread::scope(|scope| {
        let maps = maps.as_slice();
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work::<P>(maps, thread + 1, rounds)))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    for map in &maps {
        map.with(|map| map.check_invariants());
    }
    drop(maps);
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0, "a value was lost, or dropped twice");
    println!("{name}: {THREADS} threads, {operations} operations");
}

/// Threads that have nothing in common but clones of one map, which they read, write and drop: only
/// its counts put in order what they do.
fn apart<P: Paging + 'static>(name: &str, rounds: u64) {
    for round in 0..rounds {
        let map: Map<u64, Value, P, Fixed> = (0..60).map(|key| (key, Value::new(key))).collect();
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mut map = map.clone();
                thread::spawn(move || {
                    for key in 0..60 {
                        map.get(key).into_iter().for_each(Value::check);
                        if (key + thread + round) % 9 == 0
                            && let Some(value) = map.get_mut(key)
                        {
                            *value.0 = [round, !round];
                        }
                    }
                    if thread % 2 == 0 {
                        map.retain(|key, _| key % 8 < 2);
                    }
                })
            })
            .collect();
        drop(map);
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(ALIVE.load(Ordering::Relaxed), 0, "a value was lost, or dropped twice");
    }
    println!("{name}, apart: {THREADS} threads, {rounds} rounds");
}

fn main() -> ExitCode {
    let rounds = match std::env::args().nth(1).map(|rounds| rounds.parse()) {
        None => 2_000,
        Some(Ok(rounds)) => rounds,
        Some(Err(error)) => {
            eprintln!("how many rounds? {error}");
            return ExitCode::FAILURE;
        }
    };
    race::<Tiny>("tiny pages", rounds);
    race::<Paged>("paged", rounds);
    race::<Flat>("flat", rounds);
    apart::<Tiny>("tiny pages", rounds / 4);
    apart::<Paged>("paged", rounds / 4);
    apart::<Flat>("flat", rounds / 4);
    ExitCode::SUCCESS
}
