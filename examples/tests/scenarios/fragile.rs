//! A value whose clone panics when a test wants it to.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static BREAKS: Cell<bool> = const { Cell::new(false) };
}

/// Can be cloned, unless it is broken and this thread is within [`panics`].
#[derive(Debug)]
pub(crate) struct Fragile {
    pub(crate) broken: bool,
}

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!(self.broken && BREAKS.get()), "on purpose");
        Fragile { broken: self.broken }
    }
}

/// Whether this panics while broken values cannot be cloned.
pub(crate) fn panics<R>(work: impl FnOnce() -> R) -> bool {
    BREAKS.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    BREAKS.set(false);
    result.is_err()
}
