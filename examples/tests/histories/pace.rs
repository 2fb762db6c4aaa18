//! How threads take turns.

use std::sync::Barrier;
use std::thread;

pub(crate) const THREADS: u64 = 4;

/// How many transactions each thread has, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// So many, as it likes.
    Free(u64),
    /// One a round. All begin, and half of the threads go half the way. Then the other threads work
    /// and commit, and then the first ones go on. So each of these overlaps all of the others, and
    /// sees rows before and after their commits.
    Rounds(u64),
}

impl Pace {
    pub(crate) const FREE: Pace = Pace::Free(200);
    pub(crate) const ROUNDS: Pace = Pace::Rounds(60);

    /// Runs `work` on several threads. Returns what each of them makes of its turns, in the order
    /// of the threads.
    pub(crate) fn run<R: Send>(self, work: impl Fn(u64, Turns<'_>) -> R + Sync) -> Vec<R> {
        let barrier = &Barrier::new(usize::try_from(THREADS).expect("a few"));
        let work = &work;
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn(move || work(thread, Turns { pace: self, thread, barrier }))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("a thread panicked")).collect()
        })
    }
}

/// The turns of a thread.
pub(crate) struct Turns<'a> {
    pace: Pace,
    thread: u64,
    barrier: &'a Barrier,
}

impl Turns<'_> {
    /// Begins and works on each transaction. `work` calls the function that it gets once, half the
    /// way.
    pub(crate) fn each<T>(&self, mut begin: impl FnMut() -> T, mut work: impl FnMut(T, &dyn Fn())) {
        let (Pace::Free(turns) | Pace::Rounds(turns)) = self.pace;
        for turn in 0..turns {
            let txn = begin();
            if matches!(self.pace, Pace::Free(_)) {
                work(txn, &|| ());
            } else if (turn + self.thread).is_multiple_of(2) {
                self.barrier.wait();
                work(txn, &|| ());
                self.barrier.wait();
            } else {
                work(txn, &|| {
                    self.barrier.wait();
                    self.barrier.wait();
                });
            }
        }
    }
}
