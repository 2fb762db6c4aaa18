//! An empty map that is filled in one call, by `collect` or `extend`: it is what insertions make,
//! whatever the iterator says, gives and does; it keeps no room; and what it takes is counted.

#[path = "common/allocated.rs"]
mod allocated;
mod common;

use std::collections::HashMap;

use allocated::{allocated, held, requests, with_at_most};
use common::counted::panic_at_drop;
use common::panics::caught;
use common::scale::scaled;
use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{CowMap, FlatCowMap, Hashing, Map, Paging};

/// A map that was emptied may share its pages with snapshots of it, which nothing changes.
fn filling_a_map_that_was_emptied_changes_no_snapshot<P: Paging, H: Hashing + Default>() {
    for (len, reserved) in [(1_u64, 0), (5, 10), (100, 3_000), (scaled(2_000, 300), 0)] {
        for more in [1, 50, scaled(40_000, 2_000)] {
            let mut map = Map::<u64, String, P, H>::default();
            map.reserve(reserved);
            (0..len).for_each(|id| drop(map.insert(id, id.to_string())));
            let full = map.clone();
            (0..len).for_each(|id| drop(map.remove(id)));
            let mut other = map.clone();
            let empty = map.clone();
            map.extend((0..more).map(|id| (id, format!("new {id}"))));
            other.extend([(3, "x".to_owned()), (3, "y".to_owned())]);
            Map::check_counts(&[&map, &other, &empty, &full]);
            assert_eq!((map.len() as u64, other.len(), empty.len()), (more, 1, 0));
            assert_eq!(other.get(3).map(String::as_str), Some("y"));
            assert!((0..more).all(|id| map.get(id) == Some(&format!("new {id}"))));
            drop((map, other));
            Map::check_counts(&[&empty, &full]);
            assert!((0..len).all(|id| full.get(id) == Some(&id.to_string())));
        }
    }
}

on_every_map!(filling_a_map_that_was_emptied_changes_no_snapshot);

/// An iterator that says something else than what it gives.
struct Says<I>(I, (usize, Option<usize>));

impl<I: Iterator> Iterator for Says<I> {
    type Item = I::Item;
    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.1
    }
}

/// What an iterator of so many entries may say.
fn hints(len: usize) -> [(usize, Option<usize>); 8] {
    [
        (len, Some(len)),
        (0, None),
        (len / 2, Some(2 * len)),
        // Not true.
        (0, Some(0)),
        (50_000, None),
        (60_000, Some(60_000)),
        (20_000, Some(20_000)),
        (usize::MAX, None),
    ]
}

/// Numbers of entries on all ways: inserted as they come, gathered, divided.
fn lens() -> Vec<usize> {
    vec![0, 1, 5, 120, 1_000, scaled(40_000, 500)]
}

/// Every entry of each pattern: keys, of which some may be equal, with numbers.
fn patterns(len: usize) -> Vec<Vec<(u64, usize)>> {
    let random = Random::new(len as u64).keys(len);
    let numbered = |key: &dyn Fn(usize) -> u64| (0..len).map(|n| (key(n), n)).collect();
    vec![
        numbered(&|n| random[n] as u64),
        numbered(&|n| n as u64),
        numbered(&|n| n as u64 % 10),
        // Equal keys after many that are not, and before.
        numbered(&|n| if n > len / 2 { n as u64 % 100 } else { n as u64 }),
        numbered(&|n| if n < len / 2 { n as u64 % 100 } else { n as u64 }),
        numbered(&|n| (n as u64) << 40),
    ]
}

fn a_map_is_the_same_however_it_is_filled<P: Paging, H: Hashing + Default>() {
    // Where pages are tiny, many entries take long.
    let tiny = P::PAGED && Map::<u64, usize, P, H>::default().directory_size().1 < 10;
    for len in lens().into_iter().filter(|&len| len <= 1_000 || !tiny) {
        for (pattern, entries) in patterns(len).into_iter().enumerate() {
            let model: HashMap<u64, usize> = entries.iter().copied().collect();
            let mut grown = Map::<u64, usize, P, H>::default();
            entries.iter().for_each(|&(key, n)| assert!(grown.insert(key, n) < Some(n)));
            let all = hints(len);
            // Of many entries, one way each.
            let hints = if len > 1_000 { &all[pattern..=pattern] } else { &all[..] };
            for &hint in hints {
                let says = || Says(entries.iter().copied(), hint);
                let mut extended = Map::<u64, usize, P, H>::default();
                extended.extend(says());
                for mut map in [says().collect(), extended] {
                    let name = format!("{len}, pattern {pattern}, {hint:?}");
                    map.check_invariants();
                    assert_eq!(map.len(), model.len(), "{name}");
                    assert!(model.iter().all(|(&key, n)| map.get(key) == Some(n)), "{name}");
                    // No room is kept, neither now nor as a floor.
                    let (bytes, most) = (map.memory_usage().total, grown.memory_usage().total);
                    // (A page more, for one that grew may have halves of different sizes.)
                    let most = if len == 0 { 0 } else { most * 16 / 10 + 2_500 };
                    assert!(bytes <= most, "{name}: {bytes}, grown {most}");
                    assert!(P::PAGED || map.capacity() == grown.capacity(), "{name}");
                    map.retain(|key, _| key < 4);
                    let mut few = grown.clone();
                    few.retain(|key, _| key < 4);
                    let (bytes, most) = (map.memory_usage().total, few.memory_usage().total);
                    // A page, and the links that any directory may have.
                    let slack = 2_500 + 1_024 * size_of::<u64>();
                    assert!(bytes <= most + slack, "{name}: {bytes}, {most}");
                    assert!(map.capacity() <= few.capacity() + 100, "{name}");
                }
            }
        }
    }
}

/// What was reserved before stays so.
fn a_floor_stays<P: Paging, H: Hashing + Default>() {
    for len in [10, 1_000, scaled(40_000, 2_000)] {
        let mut map = Map::<u64, u64, P, H>::default();
        map.reserve(5_000);
        let snapshot = map.clone();
        map.extend((0..len).filter(|_| true).map(|id| (id, id)));
        map.retain(|key, _| key < 4);
        map.shrink_to(5_000);
        assert!(map.capacity() >= 5_000);
        assert!(map.capacity() < 20_000 && snapshot.is_empty());
        map.check_invariants();
    }
}

/// An iterator that panics, and a reserved key, come after entries that are in the map then.
fn what_came_before_a_panic_is_in_the_map<P: Paging, H: Hashing + Default>() {
    for nth in [0, 1, 50, scaled(40_000, 3_000)] {
        for reserved in [false, true] {
            for hint in [(0, None), (nth, Some(nth)), (50_000, None)] {
                let counts = Counts::new();
                let mut map = Map::<i64, Counted, P, H>::default();
                let entries = (0..).map(|id| {
                    assert!(id < nth as i64 || reserved, "told to panic");
                    (if id < nth as i64 { id } else { i64::MIN }, counts.value(id))
                });
                let said = caught(|| map.extend(Says(entries, hint)));
                assert!(
                    said.message.contains(if reserved { "i64::MIN" } else { "told to" }),
                    "{said:?}"
                );
                map.check_invariants();
                assert_eq!((map.len(), counts.alive()), (nth, nth), "{hint:?}, {reserved}");
                assert!((0..nth as i64).all(|id| map.get(id).is_some_and(|v| v.id == id)));
                let others = counts.drops();
                drop(map);
                assert_eq!((counts.alive(), counts.drops() - others), (0, nth));
            }
        }
    }
}

/// A value that is replaced is dropped when all entries that were gathered are in the map, so that
/// none is lost if that panics.
fn a_drop_that_panics_loses_no_entry<P: Paging, H: Hashing + Default>() {
    for len in [60, scaled(40_000, 200)] {
        for nth in [1, 2, len / 3] {
            let counts = Counts::new();
            let mut map = Map::<i64, Counted, P, H>::default();
            let entries = (0..len as i64).map(|id| (id - id % 2, counts.value(id)));
            panic_at_drop(nth);
            caught(|| map.extend(entries.filter(|_| true)));
            map.check_invariants();
            assert_eq!((map.len(), counts.alive(), counts.drops()), (len / 2, len / 2, len / 2));
            assert!(map.iter().all(|(key, value)| value.id == key + 1), "the last one wins");
            drop(map);
            assert_eq!(counts.alive(), 0);
        }
    }
}

on_every_map!(
    a_map_is_the_same_however_it_is_filled,
    a_floor_stays,
    what_came_before_a_panic_is_in_the_map,
    a_drop_that_panics_loses_no_entry,
);

/// With a true hint, a map that is filled asks for what it has in the end and nothing else.
#[test]
fn filling_by_a_hint_asks_for_nothing_twice() {
    for len in [1, 50, 100, 1_000, 10_000] {
        let mut flat = FlatCowMap::<u64, u64>::new();
        let asked = requests(|| flat = (0..len).map(|id| (id, id)).collect());
        assert_eq!(asked, 1, "{len}");
        let mut paged = CowMap::<u64, u64>::new();
        let mut asked = 0;
        let bytes = allocated(|| {
            asked = requests(|| paged = (0..len).map(|id| (id, id)).collect());
        });
        let usage = paged.memory_usage();
        // And the directory, which is asked for once before it is made.
        assert!(bytes <= usage.total + usage.total / 8, "{len}: {bytes} bytes of {usage:?}");
        assert!(asked <= usage.pages + usage.pages / 4 + 4, "{len}: {asked} for {usage:?}");
    }
}

/// Entries that are gathered take their own size twice at most, and a few requests; the map is then
/// made at once.
#[test]
fn gathering_takes_a_few_requests_and_bytes() {
    for len in scaled(vec![1_000, 30_000, 100_000, 400_000], vec![1_000]) {
        let keys = Random::new(len).keys(len as usize);
        let entries = || keys.iter().map(|&key| (key, 0_u64));
        for hinted in [false, true] {
            let before = held();
            let mut map = FlatCowMap::<i64, u64>::new();
            let mut asked = 0;
            let bytes = allocated(|| {
                asked = requests(|| {
                    map = if hinted {
                        entries().collect()
                    } else {
                        entries().filter(|_| true).collect()
                    };
                });
            });
            let table = map.memory_usage().total;
            assert_eq!(held().wrapping_sub(before), table);
            let scratch = (bytes - table) / len as usize;
            println!("{len}, {hinted}: {asked} requests, {scratch} bytes an entry");
            // Of lists that double, what they were before counts, too; of 512 lists, each asks.
            assert!(scratch <= if hinted { 48 } else { 80 }, "{len}, {hinted}: {scratch} bytes");
            assert!(asked <= 20 + if len < 32_768 { 0 } else { 512 * 7 }, "{len}: {asked}");
        }
    }
}

/// A hint proves nothing: memory for so many entries is not asked for before they come.
#[test]
fn a_hint_that_is_not_true_takes_little_memory() {
    for hint in [(usize::MAX, None), (1 << 40, Some(1 << 40)), (1 << 20, Some(1 << 21))] {
        for len in [0, 10, 1_000] {
            let mut map = FlatCowMap::<u64, u64>::new();
            let bytes = allocated(|| {
                with_at_most(1 << 21, || {
                    map = Says((0..len).map(|id| (id, id)), hint).collect();
                });
            });
            assert!(bytes <= 32 * 1024 * 16 + 4_096 + 64 * len as usize, "{hint:?}: {bytes} bytes");
            assert_eq!(map.len() as u64, len);
        }
    }
}

/// Keys that come again and again are not gathered: that would take memory for each time.
#[test]
#[cfg_attr(miri, ignore = "many entries")]
fn equal_keys_are_not_gathered() {
    let mut map = CowMap::<u64, u64>::new();
    let bytes = allocated(|| map = (0..400_000).map(|id| (id % 1_000, id)).collect());
    assert_eq!(map.len(), 1_000);
    assert!(bytes < 400_000 * 8, "{bytes} bytes");
}
