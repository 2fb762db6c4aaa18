//! The page and its charts.

mod bars;
mod charts;
mod lines;
mod markdown;
mod numbers;
mod palette;

use std::error::Error;
use std::fs;
use std::path::Path;

use crate::results::Results;

pub use markdown::{summary, targets_table};

/// Writes `benchmarks.md`, `benchmarks.tsv` and `charts/*.svg` into `folder`.
///
/// # Errors
///
/// If a file cannot be written.
pub fn write(results: &Results, command: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let charts = folder.join("charts");
    fs::create_dir_all(&charts)?;
    let drawn = charts::draw_all(results, &charts)?;
    fs::write(folder.join("benchmarks.md"), markdown::page(results, &drawn, command))?;
    fs::write(folder.join("benchmarks.tsv"), results.to_tsv())?;
    Ok(())
}
