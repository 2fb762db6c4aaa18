//! The one place locks and atomics come from, so that loom can put its own in. The names and
//! methods are parking_lot's.

#[cfg(not(loom))]
mod real {
    pub(crate) use core::sync::atomic::{AtomicUsize, Ordering};
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};

    #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
    pub(crate) use core::sync::atomic::AtomicU64;

    /// A number that no other living thread has, and that is not 0.
    pub(crate) fn this_thread() -> usize {
        std::thread_local! {
            // Its address is the number.
            static HERE: u8 = const { 0 };
        }
        HERE.with(|here| core::ptr::from_ref(here).addr())
    }

    /// Makes functions `const`, which loom's locks do not allow.
    macro_rules! const_fn {
        ($(#[$attribute:meta])* $visible:vis fn $($rest:tt)*) => {
            $(#[$attribute])*
            $visible const fn $($rest)*
        };
    }
    pub(crate) use const_fn;
}

#[cfg(loom)]
mod modelled {
    use core::hash::{BuildHasher, BuildHasherDefault};
    use core::ops::{Deref, DerefMut};
    use std::hash::DefaultHasher;
    use std::time::Instant;

    #[cfg(all(target_has_atomic = "64", not(cowmap_narrow)))]
    pub(crate) use loom::sync::atomic::AtomicU64;
    pub(crate) use loom::sync::atomic::{AtomicUsize, Ordering};

    /// As parking_lot's: a panic of the thread that holds it poisons nothing.
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    /// The lock, which [`Condvar::wait`] takes away for a while.
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().expect("loom poisons nothing")))
        }

        pub(crate) fn into_inner(self) -> T {
            self.0.into_inner().expect("loom poisons nothing")
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().expect("not waiting")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("not waiting")
        }
    }

    pub(crate) struct Condvar(loom::sync::Condvar);

    /// Whether the wait ended without a notification.
    pub(crate) struct WaitTimeoutResult;

    impl WaitTimeoutResult {
        /// Never: loom has no time.
        pub(crate) fn timed_out(&self) -> bool {
            false
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("not waiting");
            guard.0 = Some(self.0.wait(held).expect("loom poisons nothing"));
        }

        pub(crate) fn wait_until<T>(
            &self,
            guard: &mut MutexGuard<'_, T>,
            _deadline: Instant,
        ) -> WaitTimeoutResult {
            self.wait(guard);
            WaitTimeoutResult
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }

    /// A number that no other thread of the model has. Loom runs them all on one of the system's.
    pub(crate) fn this_thread() -> usize {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        hasher.hash_one(loom::thread::current().id()) as usize | 1
    }

    macro_rules! const_fn {
        ($($function:tt)*) => { $($function)* };
    }
    pub(crate) use const_fn;
}

#[cfg(loom)]
pub(super) use modelled::*;
#[cfg(not(loom))]
pub(super) use real::*;
