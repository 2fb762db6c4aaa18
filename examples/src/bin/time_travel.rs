//! Keeps a year of a small shop's stock in a version table, and asks about the past: the stock of a
//! day, what happened to an article, what changed between two days.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin time_travel
//! ```
//!
//! Ends with status 1 if the table says anything else than a model that copied the stock every day.
//! Ctrl-C ends it early.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, error::ErrorKind};
use cowmap::Change;
use cowmap_examples::difference::Difference;
use cowmap_examples::ending::{Ending, heed_interrupts, interrupted};
use cowmap_examples::ids::RowId;
use cowmap_examples::progress::Progress;
use cowmap_examples::shop::{Cost, Questions, Shop, Summary};
use indicatif::{BinaryBytes, HumanCount};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// How many rows of an answer are printed.
const SHOWN: usize = 5;

/// Keeps a year of a small shop's stock in a version table, and asks about the past: the stock of a
/// day, what happened to an article, what changed between two days.
#[derive(Parser)]
#[command(name = "time_travel")]
struct Arguments {
    /// For how many seconds to ask
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How many days pass
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    days: u32,
    /// How many of the last days the table keeps
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    keep: u32,
    /// How many articles there are at first
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    articles: u64,
    /// How many pieces are sold a day
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    sales: u64,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.keep > arguments.days {
        let message = format!(
            "--keep {} with --days {}: there are not so many days to keep",
            arguments.keep, arguments.days
        );
        Arguments::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    heed_interrupts();
    let kept = arguments.keep as usize;
    let mut rng = StdRng::seed_from_u64(arguments.seed);
    let mut shop = Shop::new(arguments.articles, kept);
    for _ in 0..arguments.days {
        if interrupted() {
            break;
        }
        shop.day(arguments.sales, &mut rng);
    }
    show(&shop, kept);
    // All days pass, however slow the machine is.
    let ending = Ending::after(Duration::from_secs(arguments.seconds));

    let mut questions = Questions::new(&shop, kept);
    let result = ask(&mut questions, &mut rng, &ending);
    print_summary(questions.asked, shop.cost());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("wrong: {wrong}");
            ExitCode::FAILURE
        }
    }
}

/// Asks at random until the end.
fn ask(questions: &mut Questions<'_>, rng: &mut StdRng, ending: &Ending) -> Result<(), Difference> {
    let progress = Progress::new("time_travel", ending);
    while !ending.has_come() {
        questions.ask(rng)?;
        progress.tick(ending, || format!("{} questions", HumanCount(questions.asked.all())));
    }
    Ok(())
}

/// Shows one question of each kind, and what the table says.
fn show(shop: &Shop, kept: usize) {
    let (table, last) = (shop.table(), shop.days() - 1);
    let first = shop.days().saturating_sub(kept);
    let pieces = HumanCount(shop.sales());
    println!("{last} days, {pieces} pieces sold, the last {} evenings kept", last - first + 1);

    let middle = first.midpoint(last);
    for day in [first, middle, last] {
        if let Ok(stock) = table.as_of(shop.commit_of(day)) {
            let pieces: i64 = stock.iter().map(|(_, pieces)| pieces).sum();
            let pieces = HumanCount(pieces.unsigned_abs());
            let articles = HumanCount(stock.len() as u64);
            println!("in the evening of day {day}: {articles} articles, {pieces} pieces");
        }
    }
    let article = RowId(0);
    println!("what happened to article {}, the newest first:", article.0);
    for (commit, pieces) in table.history(article).into_iter().take(SHOWN) {
        match pieces {
            Some(pieces) => println!("  commit {commit}: {pieces} pieces"),
            None => println!("  commit {commit}: it went"),
        }
    }
    let before = shop.commit_of(last.saturating_sub(1));
    if let Ok(mut changes) = table.changes(before..shop.commit_of(last)) {
        println!("what changed on the last day: {} articles, among them", changes.len());
        changes.sort_unstable_by_key(Change::key);
        for change in changes.into_iter().take(SHOWN) {
            match change {
                Change::Added { key, value } => println!("  {}: new, {value} pieces", key.0),
                Change::Removed { key, value } => println!("  {}: went, had {value}", key.0),
                Change::Updated { key, old, new } => println!("  {}: {old} → {new}", key.0),
            }
        }
    }
    if first > 0
        && let Err(forgotten) = table.as_of(shop.commit_of(0))
    {
        println!("what day 0 was: {forgotten}");
    }
}

fn print_summary(asked: Summary, cost: Cost) {
    println!();
    for (name, count) in [
        ("questions: the stock of a day", asked.as_of),
        ("           history of an article", asked.histories),
        ("           changes of some days", asked.changes),
        ("           a forgotten day", asked.forgotten),
    ] {
        println!("{name:<34}{:>14}", HumanCount(count).to_string());
    }
    for (name, bytes) in [
        ("memory:    the newest day alone".to_owned(), cost.newest),
        (format!("           {} days together", cost.days), cost.together),
        (format!("           {} copies", cost.days), cost.copies),
    ] {
        println!("{name:<34}{:>14}", BinaryBytes(bytes as u64).to_string());
    }
}
