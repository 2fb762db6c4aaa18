//! Says what is in the files of a version table, and what opening it would give. It changes
//! nothing, and may run beside a process that has the table open.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin inspect -- DIR
//! ```
//!
//! To find out whether somebody has the table open, it takes and frees a lock. An opening at that
//! very moment is refused.
//!
//! Ends with status 1 if opening would fail, and with status 2 if there is no such folder.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use cowmap_examples::files::Words;
use cowmap_examples::table::store::Folder;
use cowmap_examples::table::store::inspect::Inspection;

/// Says what is in the files of a version table, and what opening it would give. It changes
/// nothing, and may run beside a process that has the table open.
#[derive(Parser)]
#[command(name = "inspect")]
struct Arguments {
    /// The folder of the table
    dir: PathBuf,
}

/// Ends the program, because there is nothing to inspect.
fn refuse(why: impl Display) -> ! {
    Arguments::command().error(ErrorKind::ValueValidation, why).exit()
}

fn main() -> ExitCode {
    let Arguments { dir } = Arguments::parse();
    if !dir.is_dir() {
        refuse(format!("there is no folder {}", dir.display()));
    }
    let folder = match Folder::new(&dir) {
        Ok(folder) => folder,
        Err(error) => refuse(format!("{}: {error}", dir.display())),
    };
    let in_use = folder.is_in_use().unwrap_or_else(|error| {
        eprintln!("it is not known whether somebody has the table open: {error}");
        false
    });
    let inspection = match Inspection::of(&folder) {
        Ok(inspection) => inspection,
        Err(error) => refuse(error),
    };
    print!("{}", Words { inspection: &inspection, in_use });
    match inspection.opening.error {
        None => ExitCode::SUCCESS,
        Some(error) => {
            eprintln!("wrong: {error}");
            ExitCode::FAILURE
        }
    }
}
