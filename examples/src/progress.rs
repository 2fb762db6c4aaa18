//! What shows that a program runs: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ending::Ending;

/// How often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const WRITTEN_EVERY: Duration = Duration::from_secs(10);
/// How often the end of a run is looked for.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Shows on standard error how far a run is. The bar goes away with it.
pub struct Progress {
    bar: ProgressBar,
    /// `None` shows nothing.
    every: Option<Duration>,
    shown: Cell<Duration>,
}

impl Progress {
    /// Shows a run under this name.
    pub fn new(name: &'static str, ending: &Ending) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{prefix} [{bar:20}] {wide_msg}")
            .expect("the template is correct");
        let bar = ProgressBar::with_draw_target(Some(millis(ending.duration())), target)
            .with_style(style.progress_chars("=> "))
            .with_prefix(name);
        let every = Some(if terminal { DRAWN_EVERY } else { WRITTEN_EVERY });
        Progress { bar, every, shown: Cell::default() }
    }

    /// Shows nothing.
    pub fn hidden() -> Self {
        Progress { bar: ProgressBar::hidden(), every: None, shown: Cell::default() }
    }

    /// Shows what `line` returns, unless something was shown a moment ago.
    pub fn tick(&self, ending: &Ending, line: impl FnOnce() -> String) {
        let elapsed = ending.elapsed();
        let Some(every) = self.every else { return };
        if elapsed - self.shown.get() < every {
            return;
        }
        self.shown.set(elapsed);
        let line = line();
        if every == WRITTEN_EVERY {
            eprintln!("{}: {} s, {line}", self.bar.prefix(), elapsed.as_secs());
        } else {
            self.bar.set_message(line);
            self.bar.set_position(millis(elapsed));
        }
    }

    /// Waits until the run has ended, and shows meanwhile what `line` returns.
    pub fn watch(&self, ending: &Ending, line: impl Fn() -> String) {
        while !ending.has_come() {
            let left = ending.duration().saturating_sub(ending.elapsed());
            thread::sleep(left.min(LOOKED_EVERY));
            self.tick(ending, &line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
