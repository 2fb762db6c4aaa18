//! Loops that take snapshots. Only for maps that have them.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Contestant, Reads};
use crate::maps::{Lookup, Map};
use crate::measure::{Tally, nanos, time, without_clock};
use crate::values::Value;

/// Which writes after a snapshot are timed one by one: the first, the second, the fifth, …
pub const KTH_WRITES: [usize; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// Ten rows to read and two to write.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// Read from the snapshot.
    pub reads: [i64; 10],
    /// Written while the snapshot is held.
    pub writes: [i64; 2],
}

/// Snapshots, and writes after them. Overwrites leave the content as it was.
pub trait Snapshots<V: Value>: Send + Sync {
    /// A snapshot.
    fn fork(&self) -> Box<dyn Contestant<V>>;

    /// Clones and drops a handle so many times.
    fn clone_and_drop(&self, times: usize);

    /// For each key: takes a snapshot, times one overwrite, drops the snapshot. Stops when the
    /// budget is used up. Returns nanoseconds, the clock subtracted.
    fn first_writes(&mut self, keys: &[i64], budget: Duration) -> Vec<f64>;

    /// For each run of `length` keys: takes a snapshot, overwrites them all, drops the
    /// snapshot. Returns the nanoseconds an update, and those of each drop.
    fn updates(&mut self, keys: &[i64], length: usize, budget: Duration) -> (Vec<f64>, Vec<f64>);

    /// For each run of `writes` keys: takes a snapshot, overwrites them all, drops the snapshot.
    /// Stops when the budget is used up. Returns the nanoseconds of all three together, the
    /// mean of the runs.
    fn cycles(&mut self, keys: &[i64], writes: usize, budget: Duration) -> f64;

    /// For each run of as many keys as the last of [`KTH_WRITES`]: takes a snapshot,
    /// overwrites them all and times those that are listed there. One list for each.
    fn kth_writes(&mut self, keys: &[i64], budget: Duration) -> Vec<Vec<f64>>;

    /// Overwrites every key, timing each, with a snapshot that is renewed every so many writes.
    fn timed_overwrites(&mut self, keys: &[i64], renew: usize, times: &mut Vec<u32>);

    /// Runs transactions one after the other, each with its snapshot, until the budget is used
    /// up (at least eight). Returns how many, and what the first eight read.
    fn transactions(&mut self, transactions: &[Transaction], budget: Duration) -> (usize, Tally);

    /// The same from several threads, with the map behind a mutex that is held to clone it and
    /// to write, and not to read. Returns how many and the seconds they took.
    fn shared_transactions(
        &mut self,
        threads: usize,
        transactions: &[Transaction],
        budget: Duration,
    ) -> (usize, f64);

    /// Looks up the queries while another thread clones and drops handles without pause.
    /// Returns the nanoseconds, what was found, and how many handles came and went.
    fn hits_beside_clones(&self, queries: &[i64]) -> (f64, Tally, u64);
}

fn forked<V: Value, M: Map<V>>(map: &M) -> M {
    map.snapshot().expect("only maps with snapshots are given this work")
}

fn transaction<V: Value, M: Map<V>>(snapshot: &M, reads: &[i64]) -> Tally {
    let reader = snapshot.reader();
    let mut tally = Tally::default();
    for &key in reads {
        if let Some(digest) = reader.with(key, V::digest) {
            tally.add(digest);
        }
    }
    tally
}

impl<V: Value, M: Map<V>> Snapshots<V> for M {
    fn fork(&self) -> Box<dyn Contestant<V>> {
        Box::new(forked(self))
    }

    fn clone_and_drop(&self, times: usize) {
        for _ in 0..times {
            drop(black_box(forked(black_box(self))));
        }
    }

    fn first_writes(&mut self, keys: &[i64], budget: Duration) -> Vec<f64> {
        let started = Instant::now();
        let mut times = Vec::with_capacity(keys.len());
        for &key in keys {
            let value = V::make(key);
            let snapshot = forked(self);
            let before = Instant::now();
            self.insert(key, value);
            times.push(without_clock(f64::from(nanos(before.elapsed()))));
            drop(black_box(snapshot));
            if started.elapsed() > budget {
                break;
            }
        }
        times
    }

    fn updates(&mut self, keys: &[i64], length: usize, budget: Duration) -> (Vec<f64>, Vec<f64>) {
        let started = Instant::now();
        let mut updates = Vec::new();
        let mut drops = Vec::new();
        for run in keys.chunks_exact(length) {
            let values: Vec<V> = run.iter().map(|&key| V::make(key)).collect();
            let snapshot = forked(self);
            let before = Instant::now();
            for (&key, value) in run.iter().zip(values) {
                self.insert(key, value);
            }
            let written = Instant::now();
            drop(black_box(snapshot));
            let dropped = Instant::now();
            let total = without_clock(f64::from(nanos(written - before)));
            updates.push(total / run.len() as f64);
            drops.push(without_clock(f64::from(nanos(dropped - written))));
            if started.elapsed() > budget {
                break;
            }
        }
        (updates, drops)
    }

    fn cycles(&mut self, keys: &[i64], writes: usize, budget: Duration) -> f64 {
        let mut done = 0;
        let started = Instant::now();
        for run in keys.chunks_exact(writes) {
            let snapshot = forked(self);
            for &key in run {
                self.insert(key, V::make(key));
            }
            drop(black_box(snapshot));
            done += 1;
            if done % 16 == 0 && started.elapsed() > budget {
                break;
            }
        }
        started.elapsed().as_secs_f64() * 1e9 / f64::from(done)
    }

    fn kth_writes(&mut self, keys: &[i64], budget: Duration) -> Vec<Vec<f64>> {
        let started = Instant::now();
        let mut times = vec![Vec::new(); KTH_WRITES.len()];
        for run in keys.chunks_exact(KTH_WRITES[KTH_WRITES.len() - 1]) {
            let snapshot = forked(self);
            let mut from = 0;
            for (&k, times) in KTH_WRITES.iter().zip(&mut times) {
                for &key in &run[from..k - 1] {
                    self.insert(key, V::make(key));
                }
                let key = run[k - 1];
                let value = V::make(key);
                let before = Instant::now();
                self.insert(key, value);
                times.push(without_clock(f64::from(nanos(before.elapsed()))));
                from = k;
            }
            drop(black_box(snapshot));
            if started.elapsed() > budget {
                break;
            }
        }
        times
    }

    fn timed_overwrites(&mut self, keys: &[i64], renew: usize, times: &mut Vec<u32>) {
        let mut held = None;
        for (index, &key) in keys.iter().enumerate() {
            if index % renew == 0 {
                held = Some(forked(self));
            }
            let value = V::make(key);
            let before = Instant::now();
            self.insert(key, value);
            times.push(nanos(before.elapsed()));
        }
        drop(held);
    }

    fn transactions(&mut self, transactions: &[Transaction], budget: Duration) -> (usize, Tally) {
        let started = Instant::now();
        let mut first = Tally::default();
        let mut sum = Tally::default();
        for (index, Transaction { reads, writes }) in transactions.iter().enumerate() {
            let snapshot = forked(self);
            sum = sum.and(transaction(&snapshot, reads));
            for &key in writes {
                self.insert(key, V::make(key));
            }
            drop(snapshot);
            if index == 7 {
                first = sum;
            }
            if index % 8 == 7 && started.elapsed() > budget {
                black_box(sum);
                return (index + 1, first);
            }
        }
        black_box(sum);
        (transactions.len(), first)
    }

    fn shared_transactions(
        &mut self,
        threads: usize,
        transactions: &[Transaction],
        budget: Duration,
    ) -> (usize, f64) {
        let map = Mutex::new(self);
        let started = Instant::now();
        let run = |transactions: &[Transaction]| {
            let mut sum = Tally::default();
            for (index, Transaction { reads, writes }) in transactions.iter().enumerate() {
                let snapshot = forked(&**map.lock());
                sum = sum.and(transaction(&snapshot, reads));
                {
                    let mut map = map.lock();
                    for &key in writes {
                        map.insert(key, V::make(key));
                    }
                }
                drop(snapshot);
                if index % 8 == 7 && started.elapsed() > budget {
                    black_box(sum);
                    return index + 1;
                }
            }
            black_box(sum);
            transactions.len()
        };
        let share = transactions.len().div_ceil(threads);
        let done = thread::scope(|scope| {
            let workers: Vec<_> = transactions
                .chunks(share)
                .map(|transactions| scope.spawn(|| run(transactions)))
                .collect();
            workers.into_iter().map(|worker| worker.join().expect("a worker panicked")).sum()
        });
        (done, started.elapsed().as_secs_f64())
    }

    fn hits_beside_clones(&self, queries: &[i64]) -> (f64, Tally, u64) {
        let stop = AtomicBool::new(false);
        let clones = AtomicU64::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    self.clone_and_drop(100);
                    clones.fetch_add(100, Ordering::Relaxed);
                }
            });
            while clones.load(Ordering::Relaxed) == 0 {
                std::hint::spin_loop();
            }
            let before = clones.load(Ordering::Relaxed);
            let (nanos, tally) = time(|| self.hits(queries));
            let count = clones.load(Ordering::Relaxed) - before;
            stop.store(true, Ordering::Relaxed);
            (nanos, tally, count)
        })
    }
}
