//! Catching a panic with its message and the place it is blamed on.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// What a panic said, and the file and line it named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    pub message: String,
    pub file: String,
    pub line: u32,
}

thread_local! {
    /// While a panic is expected on this thread: the last one.
    static EXPECTED: RefCell<Option<Option<Caught>>> = const { RefCell::new(None) };
}

/// Runs `work`, which must panic, quietly.
#[track_caller]
pub fn caught<R>(work: impl FnOnce() -> R) -> Caught {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let quiet = EXPECTED.with_borrow_mut(|expected| {
                if let Some(caught) = expected {
                    let payload = info.payload();
                    let message = payload
                        .downcast_ref::<&str>()
                        .map(|message| (*message).to_owned())
                        .or_else(|| payload.downcast_ref::<String>().cloned())
                        .unwrap_or_default();
                    let place = info.location().expect("std always knows");
                    let (file, line) = (place.file().to_owned(), place.line());
                    *caught = Some(Caught { message, file, line });
                }
                expected.is_some()
            });
            if !quiet {
                usual(info);
            }
        }));
    });
    EXPECTED.set(Some(None));
    let result = catch_unwind(AssertUnwindSafe(work));
    let caught = EXPECTED.take().flatten();
    assert!(result.is_err(), "a panic was expected");
    caught.expect("the hook saw the panic")
}
