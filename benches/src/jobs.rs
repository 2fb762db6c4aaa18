//! The steps of a run, and the bar that shows them.

use indicatif::{ProgressBar, ProgressStyle};

use crate::measure::Mismatch;
use crate::results::Results;

/// What a step does.
pub type Work = Box<dyn FnOnce(&mut Results) -> Result<(), Mismatch>>;

/// A step of the run.
pub struct Job {
    /// What the progress bar shows.
    pub title: String,
    /// About how long it takes, in tenths of a second on a common machine. Only the shares
    /// count, for the time left.
    pub weight: u64,
    /// Does it.
    pub work: Work,
}

impl Job {
    /// A step.
    pub fn new(
        title: String,
        weight: u64,
        work: impl FnOnce(&mut Results) -> Result<(), Mismatch> + 'static,
    ) -> Self {
        Job { title, weight: weight.max(1), work: Box::new(work) }
    }
}

/// Runs all jobs in order.
///
/// # Errors
///
/// If two maps give different answers.
pub fn run(jobs: Vec<Job>) -> Result<Results, Mismatch> {
    let bar = ProgressBar::new(jobs.iter().map(|job| job.weight).sum());
    let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {eta:>6} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut results = Results::default();
    for Job { title, weight, work } in jobs {
        bar.set_message(title.clone());
        bar.tick();
        if bar.is_hidden() {
            eprintln!("{:6.1} s  {title}", bar.elapsed().as_secs_f64());
        }
        work(&mut results).map_err(|Mismatch(what)| Mismatch(format!("{title}: {what}")))?;
        bar.inc(weight);
    }
    bar.finish_and_clear();
    Ok(results)
}
