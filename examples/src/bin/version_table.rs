//! Moves money between accounts in a version table while readers check that no snapshot lost or
//! made any.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin version_table
//! cargo run --release -p cowmap-examples --bin version_table -- --flat
//! ```
//!
//! Ends with status 1 if a snapshot has a wrong total.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cowmap::{Flat, Paged};
use cowmap_examples::bank::{Settings, run};
use cowmap_examples::progress::grouped;

/// Moves money between accounts in a version table while readers check that no snapshot lost or
/// made any.
#[derive(Parser)]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many accounts there are
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    accounts: u64,
    /// How many threads move money
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=1000))]
    writers: u64,
    /// How many threads take snapshots and check them
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    readers: u64,
    /// Use FlatCowMap, whose first write after a snapshot copies the table, instead of CowMap
    #[arg(long)]
    flat: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = Settings {
        duration: Duration::from_secs(arguments.seconds),
        accounts: arguments.accounts,
        writers: arguments.writers,
        readers: arguments.readers,
        progress: true,
    };
    println!(
        "{}: {} accounts, {} writers, {} readers, {} s",
        if arguments.flat { "FlatCowMap" } else { "CowMap" },
        grouped(arguments.accounts),
        arguments.writers,
        arguments.readers,
        arguments.seconds,
    );
    let report = if arguments.flat { run::<Flat>(settings) } else { run::<Paged>(settings) };
    print!("{report}");
    match report.wrong {
        None => ExitCode::SUCCESS,
        Some(wrong) => {
            eprintln!("wrong: {wrong}");
            ExitCode::FAILURE
        }
    }
}
