//! What was measured, and the ratios made of it.
//!
//! A ratio is never made of two averages: in each round, a map's cost is divided by the
//! reference's in the same round, and the median of these is taken, so that what slows the
//! machine down for a while slows down both sides of a division. Over the sizes of a doubling,
//! ratios are averaged with the reference's times as weights, which gives the ratio of the mean
//! times.

use std::fmt::Write as _;

use crate::maps::MapId;
use crate::measure::median;

/// What was measured: one row of a table without its map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The workload, as `--only` names it.
    pub workload: String,
    /// Which of its operations.
    pub variant: String,
    /// The key family.
    pub keys: String,
    /// The size it stands for.
    pub nominal: usize,
    /// The size it was measured at.
    pub size: usize,
}

/// One map's costs at one point, a number a round.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where.
    pub point: Point,
    /// Who.
    pub map: MapId,
    /// Nanoseconds an operation, or bytes an entry.
    pub costs: Vec<f64>,
}

/// A line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// Which chart.
    pub chart: String,
    /// Who.
    pub map: MapId,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// Selects the points of a table's cell: all sizes of one nominal size.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The workload.
    pub workload: &'a str,
    /// Its operation.
    pub variant: &'a str,
    /// The key family.
    pub keys: &'a str,
    /// The size it stands for.
    pub nominal: usize,
}

impl Cell<'_> {
    fn holds(&self, point: &Point) -> bool {
        point.workload == self.workload
            && point.variant == self.variant
            && point.keys == self.keys
            && point.nominal == self.nominal
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// The costs.
    pub rows: Vec<Row>,
    /// The lines of charts that are not made of costs.
    pub series: Vec<Series>,
}

impl Results {
    /// Adds one map's costs.
    pub fn add(&mut self, point: &Point, map: MapId, costs: Vec<f64>) {
        self.rows.push(Row { point: point.clone(), map, costs });
    }

    /// The mean over the sizes of the medians over the rounds.
    pub fn mean(&self, cell: Cell<'_>, map: MapId) -> Option<f64> {
        let medians: Vec<f64> = self
            .rows
            .iter()
            .filter(|row| row.map == map && cell.holds(&row.point))
            .map(|row| median(&row.costs))
            .collect();
        (!medians.is_empty()).then(|| medians.iter().sum::<f64>() / medians.len() as f64)
    }

    /// `map` in `cell` divided by `against` in `other`, round by round (see the module).
    pub fn ratio(
        &self,
        (cell, map): (Cell<'_>, MapId),
        (other, against): (Cell<'_>, MapId),
    ) -> Option<f64> {
        let mut weighted = 0.0;
        let mut weights = 0.0;
        for row in self.rows.iter().filter(|row| row.map == map && cell.holds(&row.point)) {
            let reference = self.rows.iter().find(|candidate| {
                candidate.map == against
                    && other.holds(&candidate.point)
                    && (candidate.point.size == row.point.size || cell.nominal != other.nominal)
            })?;
            let ratios: Vec<f64> =
                row.costs.iter().zip(&reference.costs).map(|(cost, base)| cost / base).collect();
            let weight = median(&reference.costs);
            weighted += median(&ratios) * weight;
            weights += weight;
        }
        (weights > 0.0).then(|| weighted / weights)
    }

    /// Takes over what `newer` has measured. A point that was measured again is replaced as a
    /// whole, for all maps: ratios are made within one run only.
    pub fn update(&mut self, newer: Results) {
        self.rows.retain(|row| !newer.rows.iter().any(|new| new.point == row.point));
        self.series.retain(|line| !newer.series.iter().any(|new| new.chart == line.chart));
        self.rows.extend(newer.rows);
        self.series.extend(newer.series);
    }

    /// As lines of tab-separated values.
    pub fn to_tsv(&self) -> String {
        let mut text = String::from("workload\tvariant\tkeys\tnominal\tsize\tmap\tcosts\n");
        for Row { point, map, costs } in &self.rows {
            let Point { workload, variant, keys, nominal, size } = point;
            let costs: Vec<String> = costs.iter().map(|cost| format!("{cost:.4}")).collect();
            let _ = writeln!(
                text,
                "{workload}\t{variant}\t{keys}\t{nominal}\t{size}\t{}\t{}",
                map.name(),
                costs.join(" ")
            );
        }
        for Series { chart, map, points } in &self.series {
            let points: Vec<String> =
                points.iter().map(|(x, y)| format!("{x:.4}:{y:.4}")).collect();
            let _ = writeln!(text, "chart\t{chart}\t{}\t{}", map.name(), points.join(" "));
        }
        text
    }

    /// Reads what [`Results::to_tsv`] has written; lines it does not understand are skipped.
    pub fn from_tsv(text: &str) -> Results {
        let mut results = Results::default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["chart", chart, map, points] => {
                    let Some(map) = MapId::from_name(map) else {
                        continue;
                    };
                    let points = points
                        .split(' ')
                        .filter_map(|point| point.split_once(':'))
                        .filter_map(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)))
                        .collect();
                    results.series.push(Series { chart: chart.into(), map, points });
                }
                [workload, variant, keys, nominal, size, map, costs] => {
                    let (Some(map), Ok(nominal), Ok(size)) =
                        (MapId::from_name(map), nominal.parse(), size.parse())
                    else {
                        continue;
                    };
                    let costs: Vec<f64> =
                        costs.split(' ').filter_map(|cost| cost.parse().ok()).collect();
                    if costs.is_empty() {
                        continue;
                    }
                    let (workload, variant, keys) = (workload.into(), variant.into(), keys.into());
                    let point = Point { workload, variant, keys, nominal, size };
                    results.rows.push(Row { point, map, costs });
                }
                _ => {}
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Point, Results};
    use crate::maps::MapId;

    fn point(size: usize) -> Point {
        Point {
            workload: "reads".into(),
            variant: "hit".into(),
            keys: "random".into(),
            nominal: 1_000,
            size,
        }
    }

    const CELL: Cell<'static> =
        Cell { workload: "reads", variant: "hit", keys: "random", nominal: 1_000 };

    fn results() -> Results {
        let mut results = Results::default();
        results.add(&point(700), MapId::Hashbrown, vec![1.0, 10.0, 1.0]);
        results.add(&point(700), MapId::CowMap, vec![2.0, 20.0, 3.0]);
        results.add(&point(1_300), MapId::Hashbrown, vec![3.0]);
        results.add(&point(1_300), MapId::CowMap, vec![3.0]);
        results
    }

    #[test]
    fn a_ratio_is_the_median_over_rounds_and_the_weighted_mean_over_sizes() {
        let ratio = results().ratio((CELL, MapId::CowMap), (CELL, MapId::Hashbrown));
        assert!((ratio.unwrap() - 5.0 / 4.0).abs() < 1e-9);
        assert!((results().mean(CELL, MapId::CowMap).unwrap() - 3.0).abs() < 1e-9);
        assert!(results().mean(CELL, MapId::Imbl).is_none());
    }

    #[test]
    fn results_survive_being_written_and_read() {
        let read = Results::from_tsv(&results().to_tsv());
        assert_eq!(read.rows.len(), 4);
        assert_eq!(read.rows[1].point, point(700));
        assert_eq!(read.rows[1].costs, [2.0, 20.0, 3.0]);
    }

    #[test]
    fn an_update_replaces_whole_points() {
        let mut old = results();
        let mut newer = Results::default();
        newer.add(&point(700), MapId::CowMap, vec![9.0]);
        old.update(newer);
        assert_eq!(old.rows.len(), 3);
    }
}
