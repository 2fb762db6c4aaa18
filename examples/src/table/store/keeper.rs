//! The thread that keeps the files of a table: it syncs what is buffered, and makes checkpoints.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::StoreError;

/// What the thread is told.
pub(crate) enum Wake {
    /// The log is long.
    Checkpoint,
    /// The table is dropped.
    Stop,
}

/// The thread. It ends when this is dropped.
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
    /// Starts the thread. It calls `sync` again and again after this time, if there is one.
    pub(super) fn start(
        (wake, woken): (SyncSender<Wake>, Receiver<Wake>),
        every: Option<Duration>,
        sync: impl Fn() + Send + 'static,
        checkpoint: impl Fn() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let keep = move || {
            // A clone or a serialisation that panics has printed what it has to say; nothing has changed
            // then, and the table goes on.
            let attempt = |task: &dyn Fn()| drop(catch_unwind(AssertUnwindSafe(task)));
            loop {
                let wake = match every {
                    Some(every) => woken.recv_timeout(every),
                    None => woken.recv().map_err(RecvTimeoutError::from),
                };
                match wake {
                    Ok(Wake::Checkpoint) => attempt(&checkpoint),
                    Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => attempt(&sync),
                }
            }
        };
        let thread = thread::Builder::new().name("cowmap table".to_owned()).spawn(keep);
        let thread = thread.map_err(StoreError::io("starting a thread", "".into()))?;
        Ok(Keeper { wake, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The thread takes what was said before, so this waits for a checkpoint at most.
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
