//! What happened in a bank, and several banks side by side.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use indicatif::HumanCount;

use super::store::Totals;

/// Durations in nanoseconds, exact to one part in a hundred.
pub type Pauses = Histogram<u64>;

/// The longest duration that is told from longer ones: an hour.
const LONGEST: u64 = 3_600_000_000_000;

/// Pauses above it are long ones: a millisecond.
const LONG: u64 = 1_000_000;

/// Durations of nothing.
pub(super) fn no_pauses() -> Pauses {
    Histogram::new_with_bounds(1, LONGEST, 2).expect("the bounds are allowed")
}

/// What happened.
#[derive(Clone, Debug)]
pub struct Report {
    /// How long it ran.
    pub took: Duration,
    /// Transfers that committed.
    pub committed: u64,
    /// Transfers that met a conflict, and were begun anew.
    pub retried: u64,
    /// Scans that had the right total.
    pub checked: u64,
    /// How long each attempt of a transfer held up its writer: waiting for locks included.
    pub pauses: Pauses,
    /// What was wrong with a scan, if one was wrong.
    pub wrong: Option<WrongTotal>,
}

impl Report {
    /// How much of the time of all attempts went by in pauses above a millisecond, in percent.
    fn long_share(&self) -> f64 {
        let (mut long, mut all) = (0.0, 0.0);
        for step in self.pauses.iter_recorded() {
            let pause = step.value_iterated_to();
            let time = pause as f64 * step.count_at_value() as f64;
            all += time;
            long += if pause > LONG { time } else { 0.0 };
        }
        if all > 0.0 { 100.0 * long / all } else { 0.0 }
    }
}

/// A scan that does not have what it should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongTotal {
    /// What there should be.
    pub expected: Totals,
    /// What there was.
    pub found: Totals,
}

impl fmt::Display for WrongTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongTotal { expected, found } = self;
        write!(
            f,
            "a scan has {} in {} accounts, not {} in {}",
            found.money, found.accounts, expected.money, expected.accounts
        )
    }
}

/// Reports side by side, each under a name.
pub struct Table<'a>(pub &'a [(&'a str, Report)]);

impl Table<'_> {
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        cell: impl Fn(&str, &Report) -> String,
    ) -> fmt::Result {
        write!(f, "{name:<26}")?;
        for (of, report) in self.0 {
            write!(f, "{:>22}", cell(of, report))?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row(f, "", |name, _| name.to_owned())?;
        self.row(f, "commits a second", |_, report| per_second(report.committed, report.took))?;
        self.row(f, "conflicts, retried", |_, report| HumanCount(report.retried).to_string())?;
        self.row(f, "scans checked", |_, report| HumanCount(report.checked).to_string())?;
        for (name, quantile) in [
            ("pause of a writer, median", 0.5),
            ("                   99 %", 0.99),
            ("                   99.9 %", 0.999),
            ("                   longest", 1.0),
        ] {
            self.row(f, name, |_, report| micros(report.pauses.value_at_quantile(quantile)))?;
        }
        self.row(f, "time in pauses over 1 ms", |_, report| format!("{:.0} %", report.long_share()))
    }
}

fn per_second(count: u64, took: Duration) -> String {
    let rate = count as f64 / took.as_secs_f64().max(f64::EPSILON);
    HumanCount(rate as u64).to_string()
}

fn micros(nanos: u64) -> String {
    format!("{:.1} µs", nanos as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pauses_count_by_their_time() {
        let mut report = report();
        report.pauses.saturating_record(2 * LONG);
        report.pauses.record_n(LONG / 1000, 6000).unwrap();
        assert!((24.0..=26.0).contains(&report.long_share()), "{}", report.long_share());
    }

    fn report() -> Report {
        Report {
            took: Duration::from_secs(2),
            committed: 20_000,
            retried: 7,
            checked: 123,
            pauses: no_pauses(),
            wrong: None,
        }
    }

    #[test]
    fn reports_stand_side_by_side() {
        let mut report = report();
        report.pauses.saturating_record(2_000);
        let text = Table(&[("one", report.clone()), ("two", report)]).to_string();
        let cells: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(cells[0], ["one", "two"]);
        assert_eq!(cells[1][3..], ["10,000", "10,000"]);
        assert_eq!(cells[4][5..], ["2.0", "µs", "2.0", "µs"]);
    }
}
