//! When a run ends: after its time, at Ctrl-C, or because something was wrong.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Whether the user has asked this process to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// What shells report of a program that Ctrl-C ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// Makes Ctrl-C end all runs of this process early. A second Ctrl-C ends the process at once. If
/// the system does not let it, the first one does, and this says so.
pub fn heed_interrupts() {
    let set = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Relaxed) {
            process::exit(ENDED_BY_INTERRUPT);
        }
    });
    if let Err(error) = set {
        eprintln!("Ctrl-C will end this program without a summary: {error}");
    }
}

/// The end of a run, which all its threads look for.
#[derive(Debug)]
pub struct Ending {
    began: Instant,
    duration: Duration,
    heeds_interrupts: bool,
    stopped: AtomicBool,
}

impl Ending {
    /// A run that begins now and ends after this time.
    pub fn after(duration: Duration) -> Self {
        Ending {
            began: Instant::now(),
            duration,
            heeds_interrupts: true,
            stopped: AtomicBool::new(false),
        }
    }

    /// A run that begins now and ends when it is stopped, not by Ctrl-C.
    pub fn never() -> Self {
        Ending { heeds_interrupts: false, ..Ending::after(Duration::MAX) }
    }

    /// Whether the run has ended.
    pub fn has_come(&self) -> bool {
        self.stopped.load(Relaxed)
            || (self.heeds_interrupts && interrupted())
            || self.elapsed() >= self.duration
    }

    /// Ends the run early.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// How long the run has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How long the run may take.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

/// Whether the user has asked for the end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Relaxed)
}

/// Ends a run when it is dropped: held by a thread, it ends the run also if the thread panics.
pub struct EndsRun<'a>(pub &'a Ending);

impl Drop for EndsRun<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_after_its_time_or_when_it_is_stopped() {
        assert!(Ending::after(Duration::ZERO).has_come());
        let ending = Ending::after(Duration::from_secs(3600));
        assert!(!ending.has_come());
        drop(EndsRun(&ending));
        assert!(ending.has_come());
    }
}
