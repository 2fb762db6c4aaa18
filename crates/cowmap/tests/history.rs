//! `History`: which versions it keeps, what it says of the others, what they share and cost.

#![cfg(feature = "std")]

#[path = "../../cowmap-core/tests/common/allocated.rs"]
mod allocated;
#[path = "../../cowmap-core/tests/common/random.rs"]
#[allow(dead_code, unreachable_pub)]
mod random;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::rc::Rc;

use cowmap::history::Iter;
use cowmap::{
    Change, CowMap, CowSet, FlatCowMap, Forgotten, History, MemoryUsage, NotNewer, Retention,
    SeededCowMap, Version,
};
use random::Random;
use static_assertions::{assert_impl_all, assert_not_impl_any};

type Map = CowMap<u64, u64>;

assert_impl_all!(History<Map>: Send, Sync, Clone, std::fmt::Debug, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(History<Rc<u8>>: Send, Sync);
assert_impl_all!(Iter<'static, Map>: Send, Sync, Clone, DoubleEndedIterator, ExactSizeIterator);
assert_impl_all!(Forgotten: Send, Sync, Clone, Eq, std::error::Error);
assert_impl_all!(NotNewer<String>: Send, Sync, std::error::Error);
assert_impl_all!(Retention: Send, Sync, Copy, Eq);

/// A history of these versions, whose values are their numbers.
fn recorded(retention: Retention, versions: impl IntoIterator<Item = u64>) -> History<u64> {
    let mut history = History::new(retention);
    for version in versions {
        history.record(version.into(), version).unwrap();
    }
    history
}

fn values(history: &History<u64>) -> Vec<u64> {
    history.iter().map(|(_, &value)| value).collect()
}

#[test]
fn histories_are_as_their_models() {
    let mut random = Random::new(1);
    for round in 0..200 {
        let most = 1 + random.below(12);
        let mut history = History::new(Retention::last(most));
        let (mut model, mut version) = (BTreeMap::new(), 0);
        for _ in 0..60 {
            let before = Version::from(random.below(80) as u64);
            match random.below(10) {
                0 => {
                    let latest = model.last_entry().map(|last| *last.key());
                    let goes = |key| key < before && Some(key) != latest;
                    let gone = model.iter().filter(|&(&key, _)| goes(key)).map(|it| *it.1);
                    assert_eq!(history.forget_before(before), gone.collect::<Vec<u64>>());
                    model.retain(|&key, _| !goes(key));
                }
                1 => assert!(history.forget_expired().is_empty()),
                2 if version > 0 => {
                    let old = Version::from(random.below(version as usize + 1) as u64);
                    let error = history.record(old, u64::MAX).unwrap_err();
                    assert_eq!((error.latest(), error.into_value()), (version.into(), u64::MAX));
                }
                _ => {
                    version += 1 + random.below(3) as u64;
                    let forgotten = history.record(version.into(), version * 7).unwrap();
                    model.insert(Version::from(version), version * 7);
                    let mut gone = Vec::new();
                    while model.len() > most {
                        gone.extend(model.pop_first().map(|(_, value)| value));
                    }
                    assert_eq!(forgotten, gone);
                }
            }
            assert!(history.iter().eq(model.iter().map(|(&version, value)| (version, value))));
            assert!(
                (&history).into_iter().rev().eq(history
                    .iter()
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev())
            );
            assert_eq!((history.len(), history.is_empty()), (model.len(), model.is_empty()));
            let ends = (history.oldest(), history.latest());
            let pair = |(&version, value)| (version, value);
            let model_ends = (model.first_key_value(), model.last_key_value());
            assert_eq!(ends, (model_ends.0.map(pair), model_ends.1.map(pair)));
            for version in (0..version + 3).map(Version::from) {
                match (history.at(version), model.get(&version)) {
                    (Ok(value), Some(other)) => assert_eq!(value, other),
                    (Err(error), None) => {
                        let kept =
                            ends.0.zip(ends.1).map(|((oldest, _), (latest, _))| oldest..=latest);
                        assert_eq!((error.version(), error.kept()), (version, kept), "{round}");
                    }
                    (found, model) => panic!("{version}: {found:?}, {model:?}"),
                }
            }
        }
    }
}

#[test]
fn an_error_tells_forgotten_from_never_recorded_and_from_yet_to_come() {
    let says = |history: &History<u64>, version: u64| {
        let error = history.at(version.into()).unwrap_err();
        assert_eq!(error.is_yet_to_come(), error.to_string().starts_with("there is no version"));
        error.to_string()
    };
    let empty = recorded(Retention::last(3), []);
    assert_eq!(says(&empty, 3), "there is no version 3 yet: the history is empty");
    let one = recorded(Retention::last(3), [7]);
    assert_eq!(says(&one, 6), "version 6 was never recorded: version 7 is kept");
    assert_eq!(says(&one, 8), "there is no version 8 yet: version 7 is kept");
    let many = recorded(Retention::last(3), [10, 20, 30, 40, 50]);
    assert_eq!(says(&many, 5), "version 5 has been forgotten: versions 30 to 50 are kept");
    assert_eq!(says(&many, 20), "version 20 has been forgotten: versions 30 to 50 are kept");
    assert_eq!(says(&many, 25), "version 25 was never recorded: versions 30 to 50 are kept");
    assert_eq!(says(&many, 35), "version 35 was never recorded: versions 30 to 50 are kept");
    assert_eq!(says(&many, 51), "there is no version 51 yet: versions 30 to 50 are kept");
    let mut by_hand = recorded(Retention::last(9), [10, 20, 30]);
    by_hand.forget_before(99.into());
    assert_eq!(says(&by_hand, 20), "version 20 has been forgotten: version 30 is kept");
}

#[test]
fn a_version_that_is_not_newer_is_refused_and_nothing_is_lost() {
    let mut history = recorded(Retention::last(2), [1, 2]);
    for version in [0, 1, 2] {
        let error = history.record(version.into(), 99).unwrap_err();
        let debug = format!("{error:?}");
        assert_eq!(
            debug,
            format!("NotNewer {{ version: Version({version}), latest: Version(2), .. }}")
        );
        assert_eq!(error.into_value(), 99);
        assert_eq!(values(&history), [1, 2]);
    }
    history.record(u64::MAX.into(), 3).unwrap();
    assert!(history.record(u64::MAX.into(), 4).is_err());
    assert_eq!(values(&history), [2, 3]);
}

#[test]
fn iterators_go_from_both_ends_and_know_their_length() {
    let history = recorded(Retention::last(5), 1..=5);
    let mut iter = history.iter();
    let mut seen = Vec::new();
    for left in (0..5).rev() {
        let next = if left % 2 == 0 { iter.next_back() } else { iter.next() };
        let (version, &value) = next.unwrap();
        assert_eq!((iter.len(), iter.size_hint()), (left, (left, Some(left))));
        assert_eq!(u64::from(version), value);
        seen.push(value);
    }
    assert_eq!(seen, [5, 1, 4, 2, 3]);
    assert_eq!((iter.next(), iter.next_back()), (None, None));
    let mut iter = history.iter();
    assert_eq!(iter.by_ref().rev().count(), 5);
    assert_eq!(iter.next_back(), None);
    assert_eq!(format!("{history:?}").matches("Version(").count(), 5);
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut history = recorded(Retention::last(3), 1..=3);
    let clone = history.clone();
    history.record(4.into(), 4).unwrap();
    assert_eq!((values(&clone), values(&history)), (vec![1, 2, 3], vec![2, 3, 4]));
    assert!(clone.at(1.into()).is_ok() && clone.at(4.into()).unwrap_err().is_yet_to_come());
}

/// Checks the changes between all versions of a history, forth and back.
macro_rules! diffs_are_right {
    ($map:ty) => {{
        let mut random = Random::new(7);
        let mut history = History::new(Retention::last(6));
        let mut map: $map = (0..2_000).map(|id| (id, 0)).collect();
        for version in 0..20 {
            history.record(Version::from(version), map.clone()).unwrap();
            for _ in 0..10 {
                map.insert(random.below(3_000) as u64, version);
                map.remove(random.below(3_000) as u64);
            }
        }
        for (from, old) in &history {
            for (to, new) in &history {
                let changes: Vec<_> = history.diff(from, to).unwrap().map(Change::cloned).collect();
                assert_eq!(changes.is_empty(), from == to);
                let mut applied = old.clone();
                applied.apply(changes);
                assert_eq!(&applied, new);
            }
        }
        let (kept, forgotten, future) = (19.into(), 13.into(), 20.into());
        assert_eq!(history.diff(kept, forgotten).err(), history.at(forgotten).err());
        assert_eq!(history.diff(forgotten, kept).err(), history.at(forgotten).err());
        assert!(history.diff(kept, future).err().is_some_and(|error| error.is_yet_to_come()));
    }};
}

#[test]
fn versions_of_every_kind_of_map_are_compared() {
    diffs_are_right!(CowMap<u64, u64>);
    diffs_are_right!(FlatCowMap<u64, u64>);
    diffs_are_right!(SeededCowMap<u64, u64>);
}

/// A value whose drop counts, and may panic once.
struct Fragile(Rc<Cell<usize>>, bool);

impl Drop for Fragile {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
        assert!(!self.1, "cannot be dropped");
    }
}

#[test]
fn what_is_forgotten_is_dropped_by_who_asked_for_it() {
    let drops = Rc::new(Cell::new(0));
    let value = |panics| Fragile(drops.clone(), panics);
    let mut history = History::new(Retention::last(4));
    for version in 1..=4 {
        history.record(Version::from(version), value(version == 2)).unwrap();
    }
    let forgotten = history.record(5.into(), value(false)).unwrap();
    assert_eq!((forgotten.len(), drops.get()), (1, 0));
    drop(forgotten);
    let brittle = history.record(6.into(), value(false)).unwrap();
    assert_eq!((brittle.len(), drops.get()), (1, 1));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(brittle))).is_err());
    let versions: Vec<_> = history.iter().map(|(version, _)| u64::from(version)).collect();
    assert_eq!((versions, drops.get()), (vec![3, 4, 5, 6], 2));
    let forgotten = history.forget_before(6.into());
    assert_eq!((history.len(), forgotten.len(), drops.get()), (1, 3, 2));
}

#[test]
fn a_history_takes_what_its_versions_have_together() {
    fn history(values: impl Fn(u64) -> (Map, CowSet<u64>)) -> History<(Map, CowSet<u64>)> {
        let mut history = History::new(Retention::last(50));
        for version in 0..80 {
            history.record(version.into(), values(version)).unwrap();
        }
        history
    }
    let before = allocated::held();
    // What there is beside the values.
    let empty = history(|_| Default::default());
    let list = allocated::held() - before;
    drop(empty);

    let current = std::cell::RefCell::new((Map::new(), CowSet::new()));
    let history = history(|version| {
        let (map, set) = &mut *current.borrow_mut();
        map.extend((0..50).map(|id| (version * 31 + id, version)));
        set.insert(version);
        (map.clone(), set.clone())
    });
    let current = current.into_inner();
    let usage = MemoryUsage::of(&[&history, &current]);
    assert_eq!((usage.total, usage.shared), (allocated::held() - before - list, 0));
    // The latest version is the current one.
    assert_eq!(MemoryUsage::of(&[&history]).total, usage.total);

    let own = MemoryUsage::own(&[&history, &current])[0];
    assert!(own > 0 && own < usage.total);
    let held = allocated::held();
    drop(history);
    assert_eq!(held - allocated::held(), own + list);
}

/// 100 versions of a map of a million entries, with 100 random updates between each; in debug
/// builds a tenth of both.
#[test]
fn a_hundred_versions_take_a_fortieth_of_a_hundred_copies() {
    const ENTRIES: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    const UPDATES: usize = ENTRIES / 10_000;
    const VERSIONS: usize = 100;
    let mut random = Random::new(3);
    let keys = random.keys(ENTRIES);
    let mut map: CowMap<i64, u64> = keys.iter().map(|&key| (key, 0)).collect();
    let mut history = History::new(Retention::last(VERSIONS));
    for version in 0..VERSIONS as u64 {
        for _ in 0..UPDATES {
            map.insert(keys[random.below(ENTRIES)], version);
        }
        history.record(version.into(), map.snapshot()).unwrap();
    }
    drop(map);
    assert_eq!(history.len(), VERSIONS);
    let copy = history.latest().unwrap().1.unshared().memory_usage().total;
    let usage = MemoryUsage::of(&[&history]);
    println!("1/{:.1} of {VERSIONS} copies", (VERSIONS * copy) as f64 / usage.total as f64);
    assert_eq!(usage.shared, 0);
    assert!(usage.total <= VERSIONS * copy / 40, "{usage:?}, a copy {copy}");
}
