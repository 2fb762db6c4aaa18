//! The threads that keep the files of a table: one syncs what is buffered, one makes checkpoints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::StoreError;

/// What a thread is told.
pub(crate) enum Wake {
    /// Its task is to be done.
    Now,
    /// The table is dropped.
    Stop,
}

/// A thread, which does one task. It ends when this is dropped.
pub(super) struct Keeper {
    wake: SyncSender<Wake>,
    thread: Option<JoinHandle<()>>,
}

/// The two ends of what a thread is told.
pub(super) fn channel() -> (SyncSender<Wake>, Receiver<Wake>) {
    // What does not fit was said already.
    sync_channel(1)
}

impl Keeper {
    /// Starts the thread. It does its task when it is told to, and again and again after this time, if
    /// there is one.
    pub(super) fn start(
        (wake, woken): (SyncSender<Wake>, Receiver<Wake>),
        every: Option<Duration>,
        task: impl Fn() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let keep = move || loop {
            let wake = match every {
                Some(every) => woken.recv_timeout(every),
                None => woken.recv().map_err(RecvTimeoutError::from),
            };
            match wake {
                Ok(Wake::Now) | Err(RecvTimeoutError::Timeout) => {
                    // A task that panics has printed what it has to say, and the table goes on.
                    let _ = catch_unwind(AssertUnwindSafe(&task));
                }
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        };
        let thread = thread::Builder::new().name("cowmap table".to_owned()).spawn(keep);
        let thread = thread.map_err(StoreError::io("starting a thread", "".into()))?;
        Ok(Keeper { wake, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // It ends a task that was begun, and does one that it was told to do before.
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
