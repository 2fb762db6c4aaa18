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
    /// Why transfers could not go on, if they could not.
    pub stopped: Option<String>,
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

/// What happened with accounts that are in one kind of store.
#[derive(Clone, Debug)]
pub struct Reports {
    /// The name of the store.
    pub name: &'static str,
    /// With writers that never rest.
    pub busy: Report,
    /// With writers that rest after each transfer.
    pub calm: Report,
}

impl Reports {
    /// What was wrong, if something was.
    pub fn wrong(&self) -> Option<String> {
        let wrong = |report: &Report| {
            report.wrong.map(|wrong| wrong.to_string()).or_else(|| report.stopped.clone())
        };
        wrong(&self.busy).or_else(|| wrong(&self.calm))
    }
}

/// Stores side by side: what busy writers do in a second, and what holds up calm ones.
pub struct Table<'a>(pub &'a [Reports]);

impl Table<'_> {
    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        cell: impl Fn(&Reports) -> String,
    ) -> fmt::Result {
        write!(f, "{name:<28}")?;
        for reports in self.0 {
            write!(f, "{:>18}", cell(reports))?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count| HumanCount(count).to_string();
        self.row(f, "", |of| of.name.to_owned())?;
        self.row(f, "busy writers: commits/s", |of| per_second(of.busy.committed, of.busy.took))?;
        self.row(f, "              conflicts", |of| count(of.busy.retried))?;
        for (name, quantile) in [
            ("calm writers: median pause", 0.5),
            ("              99 %", 0.99),
            ("              99.9 %", 0.999),
            ("              longest", 1.0),
        ] {
            self.row(f, name, |of| pause(of.calm.pauses.value_at_quantile(quantile)))?;
        }
        self.row(f, "scans, all of them right", |of| count(of.busy.checked + of.calm.checked))
    }
}

fn per_second(count: u64, took: Duration) -> String {
    let rate = count as f64 / took.as_secs_f64().max(f64::EPSILON);
    HumanCount(rate as u64).to_string()
}

fn pause(nanos: u64) -> String {
    format!("{:.1?}", Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            took: Duration::from_secs(2),
            committed: 20_000,
            retried: 7,
            checked: 123,
            pauses: no_pauses(),
            wrong: None,
            stopped: None,
        }
    }

    #[test]
    fn reports_stand_side_by_side() {
        let mut report = report();
        report.pauses.saturating_record(2_000);
        let [one, two] =
            ["one", "two"].map(|name| Reports { name, busy: report.clone(), calm: report.clone() });
        let text = Table(&[one, two]).to_string();
        let cells: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(cells[0], ["one", "two"]);
        assert_eq!(cells[1][3..], ["10,000", "10,000"]);
        assert_eq!(cells[3][4..], ["2.0µs", "2.0µs"]);
    }
}
