//! Which versions are kept as time passes, which the tests decide.

use core::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A history that was recorded at these seconds after its beginning, as versions 1, 2, …
struct Timed {
    history: History<u64>,
    start: Instant,
}

impl Timed {
    fn new(retention: Retention) -> Self {
        Timed { history: History::new(retention), start: Instant::now() }
    }

    fn record(&mut self, second: u32) -> Vec<u64> {
        let version = self.history.latest().map_or(1, |(version, _)| u64::from(version) + 1);
        let now = self.start + second * SECOND;
        self.history.record_at(version.into(), version, Some(now)).unwrap();
        self.history.iter().map(|(_, &value)| value).collect()
    }
}

#[test]
fn each_version_stays_for_the_time_after_it_was_replaced() {
    let mut timed = Timed::new(Retention::for_at_least(10 * SECOND));
    assert_eq!(timed.record(0), [1]);
    // The first one was the newest until now, so a reader may have seen it just now.
    assert_eq!(timed.record(60), [1, 2]);
    assert_eq!(timed.record(61), [1, 2, 3]);
    assert_eq!(timed.record(69), [1, 2, 3, 4]);
    assert_eq!(timed.record(70), [2, 3, 4, 5]);
    assert_eq!(timed.record(71), [3, 4, 5, 6]);
    assert_eq!(timed.record(200), [6, 7]);
}

#[test]
fn expired_versions_go_also_if_nothing_is_recorded() {
    let mut timed = Timed::new(Retention::for_at_least(10 * SECOND).and_last(2));
    (0..5).for_each(|second| drop(timed.record(second)));
    let expired = |timed: &mut Timed, second: u32| {
        let now = Some(timed.start + second * SECOND);
        timed.history.past.take_expired(now)
    };
    assert_eq!(expired(&mut timed, 10), []);
    assert_eq!(expired(&mut timed, 12), [1, 2]);
    assert_eq!(expired(&mut timed, 99), [3]);
    let error = timed.history.at(3.into()).unwrap_err();
    assert_eq!(error.to_string(), "version 3 has been forgotten: versions 4 to 5 are kept");
}

#[test]
fn count_and_age_each_keep_and_the_most_bounds_both() {
    let both = Retention::last(3).and_for_at_least(10 * SECOND);
    let mut timed = Timed::new(both);
    (0..5).for_each(|second| drop(timed.record(second)));
    assert_eq!(timed.history.len(), 5, "more than three, for they are young");
    assert_eq!(timed.record(100), [4, 5, 6], "three, however old");

    let mut timed = Timed::new(both.at_most(4));
    (0..5).for_each(|second| drop(timed.record(second)));
    assert_eq!(timed.record(5), [3, 4, 5, 6]);
    assert_eq!(timed.record(100), [5, 6, 7]);
}

#[test]
fn nothing_at_all_keeps_the_newest() {
    let none = Duration::ZERO;
    for retention in [
        Retention::last(0),
        Retention::last(5).at_most(0),
        Retention::for_at_least(none),
        Retention::for_at_least(SECOND).at_most(0).and_last(0),
    ] {
        let mut timed = Timed::new(retention);
        assert_eq!(timed.record(0), [1]);
        assert_eq!(timed.record(0), [2]);
        timed.history.forget_before(9.into());
        timed.history.forget_expired();
        assert_eq!(timed.history.len(), 1);
    }
}

#[test]
fn all_is_kept_if_asked_for() {
    for retention in [Retention::last(usize::MAX), Retention::for_at_least(Duration::MAX)] {
        let mut timed = Timed::new(retention);
        (0..100).for_each(|second| drop(timed.record(second * 1_000_000)));
        assert_eq!(timed.history.len(), 100);
    }
}

#[test]
fn a_clock_that_stands_still_or_goes_back_forgets_nothing_early() {
    let mut timed = Timed::new(Retention::for_at_least(10 * SECOND));
    timed.record(50);
    timed.record(50);
    assert_eq!(timed.record(20), [1, 2, 3]);
    assert_eq!(timed.record(59), [1, 2, 3, 4]);
    // The second was replaced at 20, as the clock said.
    assert_eq!(timed.record(60), [3, 4, 5]);
}

/// A target without a clock can keep versions by count.
#[test]
fn time_is_not_asked_for_unless_it_counts() {
    assert_eq!(Retention::last(3).at_most(7).now(), None);
    assert!(Retention::last(3).and_for_at_least(SECOND).now().is_some());
}
