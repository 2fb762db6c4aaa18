//! `retain` in steps: nothing is missed whatever is written between, no step is long, nothing is
//! copied in vain, and a panic loses nothing.

mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use std::collections::{BTreeMap, BTreeSet};

use common::counted::{panic_at_clone, panic_at_drop};
use common::panics::caught;
use common::{Counted, Counts, Random, on_every_map};
use cowmap_core::{
    CowMap, Fixed, Flat, FlatCowMap, Hashing, Map, Paged, Paging, RetainCursor, Seeded, Tiny,
};
use quickcheck::{Arbitrary, Gen, QuickCheck};

type Tested<P, H> = Map<i64, u64, P, H>;

/// What others do to a map between two steps.
#[derive(Clone, Debug)]
enum Write {
    Insert(u16, u8),
    Remove(u16),
    /// Many new keys, from this one on.
    Grow(u16),
    /// Most keys go, by removals or in another way.
    Thin(u8),
    ShrinkToFit,
    Reserve(u16),
    Unshare,
    Snapshot,
    DropSnapshots,
    Clear,
}

impl Arbitrary for Write {
    fn arbitrary(g: &mut Gen) -> Self {
        let (key, number) = (u16::arbitrary(g) % 1_200, u8::arbitrary(g));
        match number % 24 {
            0..7 => Write::Insert(key, number),
            7..13 => Write::Remove(key),
            13 | 14 => Write::Grow(key),
            15 | 16 => Write::Thin(number),
            17 => Write::ShrinkToFit,
            18 => Write::Reserve(key),
            19 => Write::Unshare,
            20 | 21 => Write::Snapshot,
            22 => Write::DropSnapshots,
            _ if key % 4 == 0 => Write::Clear,
            _ => Write::Snapshot,
        }
    }
}

/// A map, and what is done to it between the steps of a walk.
#[derive(Clone, Debug)]
struct Walk {
    keys: u16,
    shared: bool,
    budgets: Vec<u8>,
    /// Before each step, as long as there are some.
    writes: Vec<Vec<Write>>,
}

impl Arbitrary for Walk {
    fn arbitrary(g: &mut Gen) -> Self {
        let keys = u16::arbitrary(g) % g.choose(&[1, 10, 200, 1_000]).expect("some");
        let writes = (0..u8::arbitrary(g) % 40)
            .map(|_| (0..u8::arbitrary(g) % 4).map(|_| Write::arbitrary(g)).collect())
            .collect();
        let budgets = (0..3).map(|_| u8::arbitrary(g) % 70).collect();
        Walk { keys, shared: bool::arbitrary(g), budgets, writes }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let walk = self.clone();
        let (keys, budgets) = (walk.keys, walk.budgets);
        let less = (0..walk.writes.len()).map(move |at| {
            let mut writes = walk.writes.clone();
            writes.remove(at);
            writes
        });
        let shared = walk.shared;
        let fewer = less.map({
            let budgets = budgets.clone();
            move |writes| Walk { keys, shared, budgets: budgets.clone(), writes }
        });
        let writes = self.writes.clone();
        let smaller = keys.shrink().map(move |keys| Walk {
            keys,
            shared,
            budgets: budgets.clone(),
            writes: writes.clone(),
        });
        Box::new(fewer.chain(smaller))
    }
}

/// A map with its model, its snapshots, and the entries that were visited or cannot be asked for.
struct Walked<P: Paging, H: Hashing> {
    map: Tested<P, H>,
    model: BTreeMap<i64, u64>,
    snapshots: Vec<(Tested<P, H>, BTreeMap<i64, u64>)>,
    /// Keys that were there when the walk began, and all along.
    there: BTreeSet<i64>,
    /// Keys that were inserted since they were visited last.
    again: BTreeSet<i64>,
}

fn key(number: u16) -> i64 {
    // Half of them neighbours, half far apart.
    let number = i64::from(number);
    if number % 2 == 0 {
        number
    } else {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())
    }
}

impl<P: Paging, H: Hashing + Default> Walked<P, H> {
    fn insert(&mut self, key: i64, value: u64) {
        let before = self.model.insert(key, value);
        assert_eq!(self.map.insert(key, value), before);
        if before.is_none() {
            self.again.insert(key);
        }
    }

    fn remove(&mut self, key: i64) {
        assert_eq!(self.map.remove(key), self.model.remove(&key));
        self.there.remove(&key);
    }

    fn write(&mut self, write: &Write) {
        match *write {
            Write::Insert(number, value) => self.insert(key(number), value.into()),
            Write::Remove(number) => self.remove(key(number)),
            Write::Grow(number) => (number..number + 300).for_each(|n| self.insert(key(n), 7)),
            Write::Thin(number) => {
                let keys: Vec<i64> = self.model.keys().copied().collect();
                keys.into_iter().skip(usize::from(number) % 9).for_each(|key| self.remove(key));
            }
            Write::ShrinkToFit => self.map.shrink_to_fit(),
            Write::Reserve(entries) => self.map.reserve(entries.into()),
            Write::Unshare => self.map = self.map.unshared(),
            Write::Snapshot if self.snapshots.len() < 4 => {
                self.snapshots.push((self.map.clone(), self.model.clone()));
            }
            Write::Snapshot => {
                let (map, model) = self.snapshots.remove(0);
                self.there.retain(|key| model.contains_key(key));
                // What comes back may have been visited.
                self.again.extend(model.keys().filter(|key| !self.model.contains_key(key)));
                (self.map, self.model) = (map, model);
            }
            Write::DropSnapshots => self.snapshots.clear(),
            Write::Clear => {
                self.map.clear();
                self.model.clear();
                self.there.clear();
            }
        }
    }

    /// Entries of the largest page, which may have grown as a table: a step with the least budget visits
    /// one, and changes nothing where all is kept.
    fn largest_page(&mut self) -> usize {
        let (mut cursor, mut largest) = (RetainCursor::new(), self.map.directory_size().1);
        loop {
            let mut entries = 0;
            let more = self.map.retain_step(&mut cursor, 1, |_, _| {
                entries += 1;
                true
            });
            largest = largest.max(entries);
            if !more {
                return largest;
            }
        }
    }

    /// One step; returns the keys that were visited and whether there is more.
    fn step(
        &mut self,
        cursor: &mut RetainCursor,
        budget: usize,
        keep: impl Fn(i64) -> bool,
    ) -> (Vec<i64>, bool) {
        // Two pages may become one on the way.
        let largest = 2 * self.largest_page();
        let mut visited = Vec::new();
        let model = &mut self.model;
        let more = self.map.retain_step(cursor, budget, |key, value| {
            assert_eq!(model.get(&key), Some(value));
            visited.push(key);
            keep(key)
        });
        assert_eq!(more, !cursor.is_done());
        assert!(visited.len() < budget.max(1) + largest, "{} of {budget}", visited.len());
        for &key in visited.iter().filter(|&&key| !keep(key)) {
            assert!(model.remove(&key).is_some(), "{key} was visited twice");
        }
        same(&self.map, &self.model);
        (visited, more)
    }
}

fn same<P: Paging, H: Hashing>(map: &Tested<P, H>, model: &BTreeMap<i64, u64>) {
    map.check_invariants();
    assert!(map.iter_sorted().map(|(key, &value)| (key, value)).eq(model.clone()));
    assert_eq!(map.len(), model.len());
}

fn nothing_is_missed_whatever_is_written_between<P: Paging, H: Hashing + Default>() {
    fn property<P: Paging, H: Hashing + Default>(walk: Walk) {
        for part in [0_i64, 1, 4] {
            let keep = |key: i64| key.rem_euclid(4) >= part;
            let entries = || (0..walk.keys).map(|number| (key(number), u64::from(number)));
            let mut walked = Walked::<P, H> {
                map: entries().collect(),
                model: entries().collect(),
                snapshots: Vec::new(),
                there: entries().map(|entry| entry.0).collect(),
                again: BTreeSet::new(),
            };
            if walk.shared {
                walked.write(&Write::Snapshot);
            }
            let mut cursor = RetainCursor::new();
            let (mut seen, mut steps) = (BTreeSet::new(), 0);
            loop {
                for write in walk.writes.get(steps).into_iter().flatten() {
                    walked.write(write);
                }
                let budget = walk.budgets[steps % walk.budgets.len()].into();
                let (visited, more) = walked.step(&mut cursor, budget, keep);
                for key in visited {
                    let first = seen.insert(key);
                    assert!(walked.again.remove(&key) || first, "{key} was visited twice");
                }
                steps += 1;
                assert!(steps < 100_000, "it does not end");
                if !more {
                    break;
                }
            }
            let missed: Vec<_> = walked.there.iter().filter(|key| !seen.contains(key)).collect();
            assert!(missed.is_empty(), "{missed:?} were there all along");
            // A step behind the last one does nothing.
            let before = walked.map.clone();
            assert_eq!(walked.step(&mut cursor, 100, |_| false), (vec![], false));
            assert!(walked.map.ptr_eq(&before));
            for (map, model) in &walked.snapshots {
                same(map, model);
            }
        }
    }
    QuickCheck::new()
        .tests(if cfg!(miri) { 3 } else { 80 })
        .quickcheck(property::<P, H> as fn(Walk));
}

/// Without writes between, the steps are `retain`, each entry is visited once, and the map is about as
/// small.
fn steps_without_writes_between_are_retain<P: Paging, H: Hashing + Default>() {
    let keys = Random::new(5).keys(3_000);
    for len in [0, 1, 8, 115, 230, 3_000] {
        for shared in [false, true] {
            for (budget, part) in
                [(1, 2), (40, 2), (500, 2), (40, 30), (40, 4_000), (usize::MAX, 2)]
            {
                let map: Tested<P, H> = keys[..len].iter().map(|&key| (key, 1)).collect();
                let snapshot = shared.then(|| map.clone());
                let (mut stepped, mut retained) = (map.unshared(), map);
                if shared {
                    stepped = retained.clone();
                }
                let keep = |key: i64| key.rem_euclid(part) == 0;
                let (mut cursor, mut visited) = (RetainCursor::default(), BTreeSet::new());
                loop {
                    let more = stepped.retain_step(&mut cursor, budget, |key, _| {
                        assert!(visited.insert(key), "{key} twice");
                        keep(key)
                    });
                    stepped.check_invariants();
                    if !more {
                        break;
                    }
                }
                assert_eq!(visited.len(), len);
                retained.retain(|key, _| keep(key));
                assert_eq!(stepped, retained);
                // A root page of 64 slots shrinks no further.
                let (ours, theirs) = (stepped.memory_usage().total, retained.memory_usage().total);
                assert!(
                    4 * ours <= 5 * theirs + 4_096,
                    "{len}, {budget}, {part}: {ours}, {theirs}"
                );
                if let Some(snapshot) = snapshot {
                    snapshot.check_invariants();
                    assert_eq!(snapshot.len(), len);
                }
            }
        }
    }
}

on_every_map!(
    nothing_is_missed_whatever_is_written_between,
    steps_without_writes_between_are_retain,
);

/// Pages of keys that agree in more bits than the directory tells apart, and directories that are deep
/// and shrink.
#[test]
fn crowded_and_deep_keys() {
    fn check<P: Paging>() {
        for keys in [hostile::crowded::<u64, P>(), hostile::deep::<u64, P>()] {
            for shared in [false, true] {
                for part in [1, 2, 200] {
                    let mut map: Tested<P, Fixed> = keys.iter().map(|&key| (key, 0)).collect();
                    let snapshot = shared.then(|| map.clone());
                    let (mut cursor, mut visited) = (RetainCursor::new(), 0);
                    let keep =
                        |key: i64| keys.iter().position(|&k| k == key).expect("one") % part == 0;
                    while map.retain_step(&mut cursor, 3, |key, _| {
                        visited += 1;
                        keep(key)
                    }) {
                        map.check_invariants();
                    }
                    map.check_invariants();
                    assert_eq!((map.len(), visited), (keys.len().div_ceil(part), keys.len()));
                    if let Some(snapshot) = snapshot {
                        snapshot.check_invariants();
                        Tested::check_counts(&[&map, &snapshot]);
                    }
                }
            }
        }
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}

#[test]
fn pages_that_lose_nothing_are_not_copied() {
    fn check<P: Paging>(page: usize) {
        let counts = Counts::new();
        let mut map: Map<i64, Counted, P, Fixed> =
            (0..20_000).map(|key| (key, counts.value(key))).collect();
        let snapshot = map.clone();
        let mut cursor = RetainCursor::new();
        let (clones, _) =
            counts.clones_in(|| while map.retain_step(&mut cursor, 100, |_, _| true) {});
        assert_eq!(clones, 0);
        assert!(map.ptr_eq(&snapshot));
        // Five keys of five pages.
        let mut cursor = RetainCursor::new();
        let keep = |key: i64, _: &Counted| key % 4_000 != 1;
        let (clones, _) = counts.clones_in(|| while map.retain_step(&mut cursor, 100, keep) {});
        assert!((5..=5 * page).contains(&clones), "{clones} values cloned");
        let usage = map.memory_usage();
        assert!((5..=7).contains(&(usage.pages - usage.shared_pages)), "{usage:?}");
        assert_eq!((map.len(), snapshot.len()), (19_995, 20_000));
    }
    check::<Paged>(40);
    check::<Tiny>(10);
}

/// What one step does: how many it visits, whether the map is large or its pages are empty.
#[test]
fn a_step_keeps_to_its_budget() {
    let mut map: CowMap<i64, u64> = (0..200_000).map(|key| (key, 0)).collect();
    let (_, page) = map.directory_size();
    for budget in [0, 1, 100, 5_000] {
        let (mut cursor, mut steps) = (RetainCursor::new(), 0_usize);
        loop {
            let mut visited = 0;
            let more = map.retain_step(&mut cursor, budget, |_, _| {
                visited += 1;
                true
            });
            steps += 1;
            assert!(visited < (budget + page).max(page + 1), "{visited} of {budget}");
            assert!(visited >= budget || !more);
            if !more {
                break;
            }
        }
        assert!(steps <= 200_000 / budget.max(40) + 1, "{steps} steps of {budget}");
    }
    // A directory without pages.
    let mut map = CowMap::<i64, u64>::with_capacity(1_000_000);
    let (links, _) = map.directory_size();
    let (mut cursor, mut steps) = (RetainCursor::new(), 1);
    while map.retain_step(&mut cursor, 100, |_, _| false) {
        steps += 1;
    }
    // A few links are above those to pages.
    assert!(links > 1_000 && steps >= links / 110, "{steps} steps for {links} links");
    // A flat map is a page.
    let mut map: FlatCowMap<i64, u64> = (0..10_000).map(|key| (key, 0)).collect();
    let mut cursor = RetainCursor::new();
    assert!(!map.retain_step(&mut cursor, 1, |key, _| key % 10 == 0));
    assert_eq!(map.len(), 1_000);
}

/// The memory that removals give back, and a directory that is shared meanwhile.
#[test]
fn what_steps_empty_is_given_back() {
    for reserved in [0, 100_000] {
        let mut map = CowMap::<i64, u64>::with_capacity(reserved);
        map.extend((0..100_000).map(|key| (key, 0)));
        let before = map.memory_usage().total;
        let snapshot = map.clone();
        let mut cursor = RetainCursor::new();
        while map.retain_step(&mut cursor, 1_000, |key, _| key % 1_000 == 0) {}
        let usage = map.memory_usage();
        assert_eq!((map.len(), usage.shared), (100, 0));
        let most = if reserved > 0 { before } else { 16_384 };
        assert!(usage.total <= most, "{usage:?}");
        assert!(map.capacity() >= reserved);
        let mut cursor = RetainCursor::new();
        while map.retain_step(&mut cursor, 1_000, |_, _| false) {}
        map.check_invariants();
        assert!(map.is_empty() && snapshot.len() == 100_000);
    }
}

#[test]
fn a_cursor_of_another_map_is_harmless() {
    let map = |secret| {
        let mut map = Map::<i64, u64, Paged, Seeded>::with_secret([secret; 3]);
        map.extend((0..20_000).map(|key| (key, 1)));
        map
    };
    let (mut one, mut other) = (map(1), map(2));
    let mut cursor = RetainCursor::new();
    one.retain_step(&mut cursor, 10_000, |_, _| true);
    let mut visited = BTreeSet::new();
    while other.retain_step(&mut cursor, 10, |key, _| {
        visited.insert(key);
        false
    }) {}
    other.check_invariants();
    assert_eq!(other.len() + visited.len(), 20_000);
    assert!((5_000..15_000).contains(&visited.len()), "{}", visited.len());
}

#[test]
fn a_cursor_is_a_small_value() {
    static_assertions::assert_impl_all!(RetainCursor: Send, Sync, Clone, Default, Eq, Unpin);
    assert!(size_of::<RetainCursor>() <= 16);
    let (mut map, mut cursor) = (CowMap::from([(1_u64, 'a')]), RetainCursor::default());
    let before = cursor.clone();
    assert_eq!(before, RetainCursor::new());
    map.retain_step(&mut cursor, 1, |_, _| true);
    assert!(cursor != before && cursor.is_done() && !before.is_done());
    assert!(format!("{before:?}").starts_with("RetainCursor"));
}

/// A closure, a clone or a drop that panics in the middle of a page: nothing is lost or leaked, and the
/// page comes again.
#[test]
fn a_panic_loses_nothing() {
    fn check<P: Paging>() {
        for shared in [false, true] {
            for kind in ["closure", "clone", "drop"] {
                for at in [1, 2, 50, 299] {
                    let counts = Counts::new();
                    let mut map: Map<i64, Counted, P, Fixed> =
                        (0..300).map(|key| (key, counts.value(key))).collect();
                    let snapshot = shared.then(|| map.clone());
                    let (mut cursor, mut calls) = (RetainCursor::new(), 0);
                    let removed = |key: i64| key % 2 == 1;
                    let before = cursor.clone();
                    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        match kind {
                            "clone" => panic_at_clone(at),
                            "drop" => panic_at_drop(at),
                            _ => {}
                        }
                        while map.retain_step(&mut cursor, 20, |key, _| {
                            calls += 1;
                            assert!(kind != "closure" || calls != at, "as told");
                            !removed(key)
                        }) {}
                    }));
                    panic_at_clone(0);
                    panic_at_drop(0);
                    map.check_invariants();
                    assert!((0..300).all(|key| map.contains_key(key) || removed(key)));
                    if result.is_err() && at == 1 && kind == "closure" {
                        assert_eq!((&cursor, map.len()), (&before, 300));
                    }
                    // On from there.
                    while map.retain_step(&mut cursor, 20, |key, _| !removed(key)) {}
                    map.check_invariants();
                    assert_eq!(map.len(), 150, "{kind} {at}");
                    drop(map);
                    if let Some(snapshot) = snapshot {
                        snapshot.check_invariants();
                        assert!((0..300).all(|key| snapshot[key].id == key));
                    }
                    assert_eq!(counts.alive(), 0);
                }
            }
        }
    }
    // So that the hook is there.
    caught(|| panic!("as told"));
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}
