//! A process commits to a table in a folder and makes checkpoints, until another one kills it, at a
//! random moment. Then the table must have all that was acknowledged, and nothing in part. Again
//! and again, and sometimes while the table is opened.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin checkpoint
//! ```
//!
//! A kill is no power failure: what was written to files stays, synced or not. The module `crashes`
//! says more.
//!
//! Ends with status 1 if a commit is lost, or there in part. Ctrl-C ends it early.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::Duration;
use std::{env, fs, io, thread};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use cowmap_examples::crashes::writer::{Plan, write};
use cowmap_examples::crashes::{Durabilities, Settings, Summary, run};
use cowmap_examples::ending::{Ending, heed_interrupts};
use cowmap_examples::progress::Progress;
use cowmap_examples::table::Durability;
use indicatif::{BinaryBytes, HumanCount};

/// Commits to a table in a folder and makes checkpoints, is killed by itself at random moments, and
/// compares what is there afterwards with what was acknowledged.
#[derive(Parser)]
#[command(name = "checkpoint")]
struct Arguments {
    /// For how many seconds to run
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many threads commit
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1000))]
    writers: u64,
    /// When commits are on the disk
    #[arg(long, default_value = "both")]
    durability: Durabilities,
    /// An empty folder for the table, which is kept: by default a new one, which is removed
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Be the process that is killed
    #[arg(long, hide = true, requires = "dir")]
    write: bool,
    /// Acknowledge a commit before it is on the disk
    #[arg(long, hide = true, requires = "write")]
    buffered: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    heed_interrupts();
    let plan = Plan { seed: arguments.seed, threads: arguments.writers };
    if let (true, Some(folder)) = (arguments.write, &arguments.dir) {
        return writer(folder, plan, arguments.buffered);
    }
    let folder = match &arguments.dir {
        Some(folder) => empty(folder),
        None => env::temp_dir().join(format!("cowmap-checkpoint-{}-{}", process::id(), nonce())),
    };
    let settings = Settings { plan, durabilities: arguments.durability };
    let ending = Ending::after(Duration::from_secs(arguments.seconds));
    let progress = Progress::new("checkpoint", &ending);
    let mut summary = Summary::default();
    let result = run(&folder, settings, &mut summary, &ending, &progress);
    drop(progress);
    show(summary, &folder);
    match result {
        Ok(()) => {
            println!("every acknowledged commit was there, and none in part");
            if arguments.dir.is_none()
                && let Err(error) = fs::remove_dir_all(&folder)
            {
                eprintln!("{} could not be removed: {error}", folder.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("wrong: {error}\nthe files are in {}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// A number for the name of a folder.
fn nonce() -> u32 {
    rand::random()
}

/// A folder that is given must be empty, or not be there.
fn empty(folder: &Path) -> PathBuf {
    let refuse = |why: &dyn Display| -> ! {
        let message = format!("{}: {why}", folder.display());
        Arguments::command().error(ErrorKind::ValueValidation, message).exit()
    };
    match fs::read_dir(folder).map(|mut files| files.next().is_none()) {
        Ok(true) => {}
        Ok(false) => refuse(&"this folder has files: choose an empty one"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => refuse(&error),
    }
    folder.to_owned()
}

fn show(summary: Summary, folder: &Path) {
    let Summary { killed, killed_opening, torn, compared, commits, counts } = summary;
    let count = |count| HumanCount(count).to_string();
    let bytes = |bytes| BinaryBytes(bytes).to_string();
    for (name, value) in [
        ("killed", count(killed)),
        ("  while the table was opened", count(killed_opening)),
        ("bytes put behind a log", count(torn)),
        ("all rows compared with the model", count(compared)),
        ("commits that are there", count(commits)),
        ("acknowledged when on the disk", count(counts.acknowledged_sync)),
        ("acknowledged at once", count(counts.acknowledged_buffered)),
        ("  lost, as they may be", count(counts.lost_buffered)),
        ("not acknowledged, and there", count(counts.unacknowledged)),
        ("ends of logs cut", count(counts.cut)),
        ("  bytes", bytes(counts.cut_bytes)),
        ("checkpoints on request, full", count(counts.full)),
        ("  of changes", count(counts.changes)),
        ("  bytes", bytes(counts.checkpoint_bytes)),
        ("checkpoints in the background", count(counts.background)),
        ("files at the end", bytes(size(folder))),
    ] {
        println!("{name:<36}{value:>16}");
    }
}

/// How many bytes the files in a folder have.
fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

fn writer(folder: &Path, plan: Plan, buffered: bool) -> ExitCode {
    thread::spawn(|| {
        // The other process holds the other end, and says nothing.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    write(folder, plan, if buffered { Durability::Buffered } else { Durability::Sync });
    ExitCode::FAILURE
}
