//! Which charts there are.

use std::error::Error;
use std::path::Path;

use super::bars::Bars;
use super::lines::Lines;
use crate::kernels::KTH_WRITES;
use crate::maps::MapId;
use crate::results::{Cell, Results};

/// A chart that was drawn.
pub(super) struct Drawn {
    /// The workload whose section shows it.
    pub(super) workload: &'static str,
    /// Its heading.
    pub(super) title: String,
    /// Its file in the folder of charts.
    pub(super) file: String,
}

/// Draws every chart there are results for.
pub(super) fn draw_all(results: &Results, folder: &Path) -> Result<Vec<Drawn>, Box<dyn Error>> {
    let mut drawn = Vec::new();
    let sizes = [
        ("reads", "hit", "Random hits, ns a lookup, by size"),
        ("reads", "miss", "Misses, ns a lookup, by size"),
        ("reads", "dependent", "Hits that wait for each other, ns a lookup, by size"),
        ("first-write", "first write", "The first write after a snapshot, by size"),
    ];
    for (workload, variant, title) in sizes {
        let lines = lines_by_size(results, workload, variant);
        let chart = Lines { title, across: "entries", logarithmic: true, marked: true, lines };
        let file = format!("{}.svg", variant.replace(' ', "-"));
        drawn.extend(line_chart(&chart, workload, file, folder)?);
    }
    let kth = Lines {
        title: "The k-th write after a snapshot of a million entries",
        across: "k",
        logarithmic: true,
        marked: true,
        lines: lines_by_k(results),
    };
    drawn.extend(line_chart(&kth, "kth-write", "kth-write.svg".into(), folder)?);
    for (how, title) in [
        ("alone", "The slowest insert while a map grows"),
        ("snapshot held", "The slowest insert while a map grows and a snapshot is held"),
    ] {
        let lines = series(results, &format!("growth, {how}"));
        let chart =
            Lines { title, across: "entries so far", logarithmic: false, marked: false, lines };
        let file = format!("growth-{}.svg", how.replace(' ', "-"));
        drawn.extend(line_chart(&chart, "growth", file, folder)?);
    }
    let bars = [
        ("scan", "scan", "Scan of a million entries, ns an entry", "scan.svg", false),
        (
            "build",
            "from nothing",
            "Building a million entries from nothing, ns an entry",
            "build.svg",
            false,
        ),
        ("memory", "memory|live", "Bytes an entry, mean over 0.5M to 1M", "memory.svg", false),
        (
            "mvcc",
            "1 thread",
            "MVCC load on a million rows, ns a transaction (logarithmic)",
            "mvcc.svg",
            true,
        ),
    ];
    for (workload, variant, title, file, logarithmic) in bars {
        let cell = Cell { workload, variant, keys: "random", nominal: 1_000_000 };
        let bars: Vec<(MapId, f64)> = MapId::ALL
            .into_iter()
            .filter_map(|map| Some((map, results.mean(cell, map)?)))
            .collect();
        if bars.len() > 1 {
            Bars { title, logarithmic, bars }.draw(&folder.join(file))?;
            drawn.push(Drawn { workload, title: title.into(), file: file.into() });
        }
    }
    Ok(drawn)
}

fn line_chart(
    chart: &Lines<'_>,
    workload: &'static str,
    file: String,
    folder: &Path,
) -> Result<Option<Drawn>, Box<dyn Error>> {
    // One size makes no line.
    if !chart.lines.iter().any(|line| line.1.len() > 1) {
        return Ok(None);
    }
    chart.draw(&folder.join(&file))?;
    Ok(Some(Drawn { workload, title: chart.title.into(), file }))
}

fn lines_by_size(
    results: &Results,
    workload: &str,
    variant: &str,
) -> Vec<(MapId, Vec<(f64, f64)>)> {
    let mut sizes: Vec<usize> = results
        .rows
        .iter()
        .filter(|row| row.point.workload == workload && row.point.keys == "random")
        .map(|row| row.point.nominal)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    lines(|map| {
        let point = |&nominal: &usize| {
            let cell = Cell { workload, variant, keys: "random", nominal };
            Some((nominal as f64, results.mean(cell, map)?))
        };
        sizes.iter().filter_map(point).collect()
    })
}

fn lines_by_k(results: &Results) -> Vec<(MapId, Vec<(f64, f64)>)> {
    lines(|map| {
        let point = |&k: &usize| {
            let variant = &format!("the k-th write|k = {k}");
            let cell = Cell { workload: "kth-write", variant, keys: "random", nominal: 1_000_000 };
            Some((k as f64, results.mean(cell, map)?))
        };
        KTH_WRITES.iter().filter_map(point).collect()
    })
}

fn series(results: &Results, chart: &str) -> Vec<(MapId, Vec<(f64, f64)>)> {
    lines(|map| {
        let line = results.series.iter().find(|line| line.map == map && line.chart == chart);
        line.map_or(Vec::new(), |line| line.points.clone())
    })
}

fn lines(points: impl Fn(MapId) -> Vec<(f64, f64)>) -> Vec<(MapId, Vec<(f64, f64)>)> {
    // Drawn last is on top.
    let lines = MapId::ALL.into_iter().rev().map(|map| (map, points(map)));
    lines.filter(|line| !line.1.is_empty()).collect()
}
