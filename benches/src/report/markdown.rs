//! `benchmarks.md`.

use std::fmt::Write as _;

use super::charts::Drawn;
use super::numbers::{plain, ratio};
use crate::environment;
use crate::maps::MapId;
use crate::results::{Cell, Results};
use crate::settings::size_name;
use crate::targets::{Judged, judge};
use crate::workloads::{self, Workload};

/// What people write about the numbers; kept apart, so that a new run does not lose it.
const NOTES: &str = include_str!("../../notes.md");

/// The whole page.
pub(super) fn page(results: &Results, drawn: &[Drawn], command: &str) -> String {
    let mut page = String::from("# Benchmarks\n\n");
    let _ = writeln!(page, "Made by `{command}`, on this machine:\n\n| | |\n|---|---|");
    for (name, value) in environment::describe() {
        let _ = writeln!(page, "| {name} | {value} |");
    }
    page.push_str(METHOD);
    page.push_str("\n## Targets\n\n");
    page.push_str(&targets_table(results));
    let _ = writeln!(page, "\n{}", NOTES.trim());
    for workload in &workloads::ALL {
        if results.rows.iter().any(|row| row.point.workload == workload.name) {
            section(&mut page, workload, results, drawn);
        }
    }
    page
}

const METHOD: &str = "
Values are `u64` unless a table says otherwise. Every peer that takes a hasher has foldhash with a
fixed seed; std's map is measured as it comes. All maps of a table hold the same entries and
take turns within one run: each does its share of a round, in an order drawn anew, and answers
are compared between maps in every round. Numbers are medians over the rounds; the ratio in
brackets is the median of the rounds' ratios to the reference, whose own is 1.00. Where the load of a
table counts, a number is the mean over sizes that span a doubling. Times of single operations
are without what reading the clock takes. The raw figures are in [benchmarks.tsv](benchmarks.tsv).
";

/// What a narrowed run prints: its own tables, and the targets it has measured.
pub fn summary(results: &Results) -> String {
    let mut text = String::new();
    for workload in &workloads::ALL {
        tables(&mut text, workload, results);
    }
    text = text.replace("\\<", "<");
    text.push('\n');
    for Judged { target, cow, flat } in judge(results) {
        for (name, measured, goal) in
            [("CowMap", cow, target.cow), ("FlatCowMap", flat, target.flat)]
        {
            let bound = target.bound.filter(|_| name == "CowMap");
            if let (Some(measured), Some(_)) = (measured, bound.or(goal)) {
                let limit = |name, limit: Option<f64>| {
                    limit.map_or(String::new(), |limit| format!("  {name} {}", ratio(limit)))
                };
                let _ = writeln!(
                    text,
                    "{:>12}  {} {}: {} of {}{}{}",
                    verdict(Some(measured), bound, goal),
                    target.operation,
                    target.place(),
                    format_args!("{name} {}", ratio(measured)),
                    target.against_name(),
                    limit("at most", bound),
                    limit("goal", goal),
                );
            }
        }
    }
    text
}

/// The table of targets.
pub fn targets_table(results: &Results) -> String {
    let mut table = String::from(
        "Ratios of times (of bytes, in the row of bytes): below 1.00 is faster than what the row is \
         compared with. *at most* is the limit set for `CowMap`, *goal* what comes after it.\n\n\
         | operation | at | against | `CowMap` | at most | goal | | `FlatCowMap` | goal | |\n\
         |---|---|---|--:|--:|--:|---|--:|--:|---|\n",
    );
    let number = |value: Option<f64>| value.map_or(String::new(), ratio);
    for Judged { target, cow, flat } in judge(results) {
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            target.operation,
            target.place(),
            escaped(&target.against_name()),
            number(cow),
            number(target.bound),
            number(target.cow),
            verdict(cow, target.bound, target.cow),
            number(flat),
            number(target.flat),
            verdict(flat, None, target.flat),
        );
    }
    table
}

fn verdict(measured: Option<f64>, bound: Option<f64>, goal: Option<f64>) -> &'static str {
    let Some(measured) = measured else {
        return if bound.or(goal).is_some() { "not measured" } else { "" };
    };
    let missed = |limit: Option<f64>| limit.is_some_and(|limit| measured > limit);
    match (missed(bound), missed(goal)) {
        (true, _) => "**missed**",
        (false, true) if bound.is_some() => "goal missed",
        (false, true) => "**missed**",
        (false, false) if bound.or(goal).is_none() => "",
        (false, false) => "met",
    }
}

/// Text that Markdown might take for a tag.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<")
}

/// One table: everything that shares an operation, a key family and, where the columns are
/// something else, a size.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Table {
    operation: String,
    keys: String,
    /// Only where columns are not sizes.
    nominal: Option<usize>,
}

struct Column {
    head: String,
    variant: String,
    nominal: usize,
}

impl Column {
    fn cell<'a>(&'a self, workload: &'a Workload, table: &'a Table) -> Cell<'a> {
        Cell {
            workload: workload.name,
            variant: &self.variant,
            keys: &table.keys,
            nominal: self.nominal,
        }
    }
}

fn section(page: &mut String, workload: &Workload, results: &Results, drawn: &[Drawn]) {
    let _ = writeln!(page, "\n## {}\n\n{}", workload.title, workload.about);
    for chart in drawn.iter().filter(|chart| chart.workload == workload.name) {
        let _ = writeln!(page, "\n![{}](charts/{})", chart.title, chart.file);
    }
    tables(page, workload, results);
}

fn tables(page: &mut String, workload: &Workload, results: &Results) {
    let mut tables: Vec<Table> = Vec::new();
    for row in results.rows.iter().filter(|row| row.point.workload == workload.name) {
        let (operation, column) = split(&row.point.variant);
        let table = Table {
            operation: operation.into(),
            keys: row.point.keys.clone(),
            nominal: column.map(|_| row.point.nominal),
        };
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    for table in tables {
        write_table(page, workload, &table, results);
    }
}

/// An operation and what heads its column, if that is not a size.
fn split(variant: &str) -> (&str, Option<&str>) {
    variant.split_once('|').map_or((variant, None), |(left, right)| (left, Some(right)))
}

fn columns(workload: &Workload, table: &Table, results: &Results) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for row in &results.rows {
        let point = &row.point;
        let (operation, head) = split(&point.variant);
        let here = point.workload == workload.name
            && operation == table.operation
            && point.keys == table.keys
            && table.nominal.is_none_or(|nominal| nominal == point.nominal);
        let known = columns
            .iter()
            .any(|column| column.variant == point.variant && column.nominal == point.nominal);
        if here && !known {
            columns.push(Column {
                head: head.map_or_else(|| size_name(point.nominal), str::to_string),
                variant: point.variant.clone(),
                nominal: point.nominal,
            });
        }
    }
    if table.nominal.is_none() {
        columns.sort_by_key(|column| column.nominal);
    }
    columns
}

fn write_table(page: &mut String, workload: &Workload, table: &Table, results: &Results) {
    let columns = columns(workload, table, results);
    let size = table.nominal.map_or(String::new(), |size| format!(", {}", size_name(size)));
    let _ = writeln!(
        page,
        "\n**{}**, {} keys{size}, {}:\n",
        table.operation, table.keys, workload.unit
    );
    let heads: Vec<&str> = columns.iter().map(|column| column.head.as_str()).collect();
    let _ = writeln!(page, "| | {} |", escaped(&heads.join(" | ")));
    let _ = writeln!(page, "|---{}|", "|--:".repeat(columns.len()));
    let measured =
        |map: MapId| columns.iter().any(|c| results.mean(c.cell(workload, table), map).is_some());
    let reference = if measured(workload.reference) { workload.reference } else { MapId::Imbl };
    for map in MapId::ALL.into_iter().filter(|&map| measured(map)) {
        let _ = write!(page, "| {} |", escaped(map.name()));
        for column in &columns {
            let cell = column.cell(workload, table);
            let mean = results.mean(cell, map).map_or("–".into(), plain);
            let share = results.ratio((cell, map), (cell, reference));
            let share = share.map_or(String::new(), |share| format!(" ({})", ratio(share)));
            let _ = write!(page, " {mean}{share} |");
        }
        page.push('\n');
    }
}
