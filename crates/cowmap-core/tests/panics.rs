//! Panics in user code: for every operation, at every call of every kind, on every shape of map.
//!
//! [`operations`] is the one table. Whatever can run user code has a row there: a clone or drop of
//! a value, a closure, the conversion of a key. After each panic every handle has valid contents,
//! other snapshots are as they were, the map works on, and in the end each value was dropped
//! exactly once.

mod common;

use std::collections::BTreeMap;

use common::scale::scaled;
use common::tracked::{Call, Key, Tracked, alive, call, contents, lies_at, panics_at};
use cowmap_core::{Change, Entry, Fixed, Flat, Map, Paged, Paging, RetainCursor, Tiny};

type Tested<P> = Map<Key, Tracked, P, Fixed>;

/// What an operation works on: a map, and another one that shares pages with it.
struct Work<P: Paging> {
    map: Tested<P>,
    other: Tested<P>,
}

/// A name, and what it does to the map. Keys `0..len` are in the map; those from 10,000 on are not.
type Operation<P> = (&'static str, fn(&mut Work<P>));

/// A value that an operation puts in.
fn new(id: i64) -> Tracked {
    Tracked::new(id)
}

/// A closure of the user's, or a step of an iterator.
fn called<T>(result: T) -> T {
    call(Call::Closure);
    result
}

/// Entries that a user's iterator gives, which may panic.
fn given(keys: impl IntoIterator<Item = i64>) -> impl Iterator<Item = (Key, Tracked)> {
    keys.into_iter().map(|key| called((Key(key), new(-key))))
}

const ABSENT: i64 = 10_000;

/// Every operation that can run user code.
fn operations<P: Paging>() -> Vec<Operation<P>> {
    vec![
        ("insert a new key", |w| drop(w.map.insert(Key(ABSENT), new(1)))),
        ("insert many", |w| {
            for key in 0..40 {
                w.map.insert(Key(ABSENT + 7 * key), new(key));
            }
        }),
        ("insert over a value", |w| drop(w.map.insert(Key(0), new(1)))),
        ("checked_insert", |w| drop(w.map.checked_insert(Key(ABSENT), new(1)))),
        ("checked_insert of the sentinel", |w| {
            drop(w.map.checked_insert(Key(i64::MIN), new(1)));
        }),
        ("remove", |w| drop(w.map.remove(Key(0)))),
        ("remove an absent key", |w| drop(w.map.remove(Key(ABSENT)))),
        ("remove all but a few", |w| {
            for key in 4..w.map.len() as i64 {
                drop(w.map.remove(Key(key)));
            }
        }),
        ("remove_entry", |w| drop(w.map.remove_entry(Key(0)))),
        ("get_mut", |w| {
            if let Some(value) = w.map.get_mut(Key(0)) {
                *value = new(1);
            }
        }),
        ("get_disjoint_mut", |w| {
            for value in w.map.get_disjoint_mut([0, 3, 30, ABSENT].map(Key)).into_iter().flatten() {
                *value = new(1);
            }
        }),
        ("get_many and get_each", |w| {
            let keys = [0, 1, 2, ABSENT, i64::MIN].map(Key);
            assert_eq!(w.map.get_many(keys).len(), 5);
            assert_eq!(w.map.get_each(&keys.repeat(9)).count(), 45);
        }),
        ("get_key_value", |w| assert!(w.map.get_key_value(Key(ABSENT)).is_none())),
        ("entry, or_insert_with", |w| {
            w.map.entry(Key(ABSENT)).or_insert_with(|| called(new(1))).id = 2;
        }),
        ("entry, or_insert_with_key, present", |w| {
            w.map.entry(Key(0)).or_insert_with_key(|key| called(new(key.0))).id = 2;
        }),
        ("entry, and_modify", |w| {
            let _ = w.map.entry(Key(0)).and_modify(|value| *value = called(new(1)));
        }),
        ("entry, insert_entry", |w| {
            w.map.entry(Key(0)).insert_entry(new(1));
            w.map.entry(Key(ABSENT)).insert_entry(new(1)).get_mut().id = 3;
        }),
        ("entry, occupied", |w| {
            if let Entry::Occupied(mut entry) = w.map.entry(Key(0)) {
                drop(entry.insert(new(1)));
                *entry.get_mut() = new(2);
                drop(entry.remove_entry());
            }
        }),
        ("alter", |w| {
            w.map.alter(Key(0), |old| {
                // Not as an argument of a closure: rustc leaks what that returns when the drop
                // panics.
                drop(old);
                called(Some(new(1)))
            });
            w.map.alter(Key(1), |_| called(None));
            w.map.alter(Key(ABSENT), |_| called(Some(new(1))));
        }),
        ("clear", |w| w.map.clear()),
        ("drop", |w| drop(std::mem::take(&mut w.map))),
        ("drop the other", |w| drop(std::mem::take(&mut w.other))),
        ("assign the other", |w| w.map = w.other.clone()),
        ("retain", |w| w.map.retain(|key, _| called(key.0 % 3 != 0))),
        ("retain few", |w| w.map.retain(|key, _| called(key.0 % 16 == 5))),
        ("retain_mut", |w| {
            w.map.retain_mut(|key, value| {
                *value = new(key.0);
                called(key.0 % 3 != 0)
            });
        }),
        ("retain_step", |w| {
            let mut cursor = RetainCursor::new();
            while w.map.retain_step(&mut cursor, 7, |key, _| called(key.0 % 3 != 0)) {}
        }),
        ("retain_step, few", |w| {
            let mut cursor = RetainCursor::new();
            while w.map.retain_step(&mut cursor, 1, |key, _| called(key.0 % 16 == 5)) {}
        }),
        ("retain_step, writes between", |w| {
            let mut cursor = RetainCursor::new();
            while w.map.retain_step(&mut cursor, 5, |key, _| called(key.0 % 8 == 5)) {
                w.map.insert(Key(ABSENT), new(1));
                w.map.remove(Key(5));
            }
        }),
        ("extract_if", |w| w.map.extract_if(|key, _| called(key.0 % 3 != 0)).for_each(drop)),
        ("extract_if, half-way", |w| {
            let half = w.map.len() / 2;
            w.map.extract_if(|key, _| called(key.0 % 3 != 0)).take(half).for_each(drop);
        }),
        ("drain", |w| w.map.drain().for_each(|entry| drop(called(entry)))),
        ("drain, half-way", |w| {
            let half = w.map.len() / 2;
            w.map.drain().take(half).for_each(drop);
        }),
        ("into_iter", |w| {
            std::mem::take(&mut w.map).into_iter().for_each(|entry| drop(called(entry)));
        }),
        ("into_iter, half-way", |w| {
            let half = w.map.len() / 2;
            std::mem::take(&mut w.map).into_iter().take(half).for_each(drop);
        }),
        ("into_iter of a snapshot", |w| w.map.snapshot().into_iter().for_each(drop)),
        ("into_keys", |w| std::mem::take(&mut w.map).into_keys().for_each(drop)),
        ("into_values", |w| std::mem::take(&mut w.map).into_values().for_each(drop)),
        ("iter_mut", |w| w.map.iter_mut().for_each(|(key, value)| *value = called(new(key.0)))),
        ("iter_mut, step by step", |w| {
            for (key, value) in &mut w.map {
                *value = new(key.0);
            }
        }),
        ("values_mut, half-way", |w| {
            let half = w.map.len() / 2;
            w.map.values_mut().take(half).for_each(|value| value.id += 1);
        }),
        ("iter", |w| w.map.iter().for_each(|_| called(()))),
        ("iter, step by step", |w| for _ in &w.map {}),
        ("keys", |w| w.map.keys().for_each(|_| called(()))),
        ("iter_sorted", |w| assert_eq!(w.map.iter_sorted().count(), w.map.len())),
        ("extend", |w| w.map.extend(given(-5..25))),
        ("collect", |w| w.map = given(-5..60).collect()),
        ("collect equal keys, without a hint", |w| {
            w.map = given((-5..40).chain(5..30)).filter(|_| true).collect();
        }),
        ("extend an emptied map", |w| {
            w.map.clear();
            w.map.extend(given(-5..25));
        }),
        ("extend an emptied map, without a hint", |w| {
            w.map.clear();
            w.map.extend(given((-5..40).chain(5..30)).filter(|_| true));
        }),
        ("reserve", |w| w.map.reserve(500)),
        ("reserve a little", |w| w.map.reserve(1)),
        ("shrink_to_fit", |w| w.map.shrink_to_fit()),
        ("grow and shrink", |w| {
            w.map.extend(given(ABSENT..ABSENT + 40));
            w.map.retain(|key, _| key.0 < ABSENT);
            w.map.shrink_to_fit();
        }),
        ("unshared", |w| w.map = w.map.unshared()),
        ("==", |w| assert!(w.map == w.map.unshared())),
        ("is_submap", |w| assert!(w.map.is_submap(&w.map.unshared()))),
        ("union", |w| w.map = w.map.union(&w.other)),
        ("intersection", |w| w.map = w.map.intersection(&w.other)),
        ("difference", |w| w.map = w.map.difference(&w.other)),
        ("symmetric_difference", |w| w.map = w.map.symmetric_difference(&w.other)),
        ("union_with", |w| {
            w.map = w.map.union_with(&w.other, |_, a, b| called(new(a.id + b.id)));
        }),
        ("union_with, of the other", |w| {
            w.map = w.other.union_with(&w.map, |_, a, b| called(new(a.id + b.id)));
        }),
        ("intersection_with", |w| {
            w.map = w.map.intersection_with(&w.other, |_, a, b| called(new(a.id + b.id)));
        }),
        ("diff", |w| {
            let changes = w.map.diff(&w.other).map(called).count();
            assert_eq!(w.map.diff_sorted(&w.other).count(), changes);
        }),
        ("diff_by", |w| {
            let changes = w.map.diff_by(&w.other, |a, b| called(a.id == b.id)).count();
            assert!(changes <= w.map.len() + w.other.len());
        }),
        ("apply", |w| {
            let changes = w.map.diff(&w.other).map(Change::cloned).collect::<Vec<_>>();
            w.map.apply(changes.into_iter().map(called));
        }),
        ("try_apply", |w| {
            let changes = w.map.diff(&w.other).map(Change::cloned).collect::<Vec<_>>();
            let _ = w.map.try_apply(changes.into_iter().map(called));
        }),
        ("try_apply, a change that does not match", |w| {
            let wrong = Change::Updated { key: Key(2), old: new(-1), new: new(1) };
            let changes = [Change::Added { key: Key(ABSENT), value: new(1) }, wrong];
            drop(w.map.try_apply(changes.into_iter().map(called)));
        }),
        ("merge", |w| {
            let (base, mut theirs) = (w.map.clone(), w.map.clone());
            theirs.extend(given(3..9));
            drop(theirs.remove(Key(1)));
            w.map = base.merge(&w.other, &theirs, |_, conflict| {
                called(conflict.ours.or(conflict.theirs).cloned())
            });
        }),
        ("remove_unchanged", |w| {
            let before = w.other.clone();
            let keys = (0..30).map(|key| called(Key(key)));
            assert!(w.map.remove_unchanged(&before, keys).len() <= 30);
        }),
        ("replace_unchanged", |w| {
            let before = w.other.clone();
            drop(w.map.replace_unchanged(&before, given((0..30).chain([ABSENT]))));
        }),
        ("Debug", |w| assert!(!format!("{:?} {:?}", w.map, w.map.iter()).is_empty())),
        ("Debug of iterators", |w| {
            let mut entries = w.map.clone().into_iter();
            entries.next();
            let mut drained = w.map.drain();
            drained.next();
            assert!(!format!("{entries:?} {drained:?}").is_empty());
        }),
    ]
}

/// Who holds what of the map before the operation.
#[derive(Clone, Copy, Debug)]
enum Sharing {
    /// The map alone.
    None,
    /// A snapshot has the same root.
    Root,
    /// Snapshots have pages of it, but the root is its own.
    Pages,
    /// Every second key was removed after a snapshot, so that pages are sparse and shared.
    Sparse,
}

/// A map with snapshots, and what all of them hold.
struct Case<P: Paging> {
    work: Work<P>,
    snapshots: Vec<(Tested<P>, BTreeMap<Key, i64>)>,
}

fn case<P: Paging>(len: i64, sharing: Sharing) -> Case<P> {
    let mut map: Tested<P> = (0..len).map(|key| (Key(key), new(key))).collect();
    let mut snapshots = Vec::new();
    match sharing {
        Sharing::None => {}
        Sharing::Root => snapshots.push(map.clone()),
        Sharing::Pages => {
            snapshots.push(map.clone());
            map.insert(Key(len / 2), new(len / 2));
            snapshots.push(map.clone());
            map.insert(Key(len / 3), new(len / 3));
        }
        Sharing::Sparse => {
            for key in (0..len).filter(|key| key % 8 > 2) {
                map.remove(Key(key));
            }
            snapshots.push(map.clone());
            for key in (0..len).filter(|key| key % 8 > 1) {
                map.remove(Key(key));
            }
        }
    }
    let mut other = map.clone();
    if !matches!(sharing, Sharing::None) {
        other.retain(|key, _| key.0 % 2 == 0);
        other.insert(Key(-1), new(-1));
    } else {
        other = given((0..len / 2).chain([-1])).collect();
    }
    let snapshots = snapshots.into_iter().map(|map| (contents(&map), map)).map(|(c, m)| (m, c));
    Case { snapshots: snapshots.collect(), work: Work { map, other } }
}

/// Panics at every call of every kind; answers how many panics there were.
fn panic_everywhere<P: Paging>(lens: &[i64], step: usize, chosen: impl Fn(&str) -> bool) -> usize {
    let mut panics = 0;
    for (name, operation) in operations::<P>().into_iter().filter(|(name, _)| chosen(name)) {
        for &len in lens {
            for sharing in [Sharing::None, Sharing::Root, Sharing::Pages, Sharing::Sparse] {
                for kind in Call::ALL {
                    for nth in (1..).step_by(step) {
                        let at = || format!("{name}, {len} entries, {sharing:?}, {kind:?} {nth}");
                        let mut case = case::<P>(len, sharing);
                        let fired = panics_at(kind, nth, || operation(&mut case.work));
                        check(case, len, &at);
                        panics += usize::from(fired);
                        if !fired {
                            break;
                        }
                    }
                }
            }
        }
    }
    panics
}

/// A key that answers another integer at its `nth` conversion: the reserved one, one that is
/// present, one that is absent.
fn lie_everywhere<P: Paging>(lens: &[i64]) -> usize {
    let mut lies = 0;
    for (name, operation) in operations::<P>() {
        for &len in lens {
            for sharing in [Sharing::None, Sharing::Root, Sharing::Sparse] {
                for lie in [i64::MIN, 2, 77_777] {
                    for nth in 1.. {
                        let at = || format!("{name}, {len} entries, {sharing:?}, {lie} at {nth}");
                        let mut case = case::<P>(len, sharing);
                        let lied = lies_at(nth, lie, || operation(&mut case.work));
                        check(case, len, &at);
                        lies += usize::from(lied);
                        if !lied {
                            break;
                        }
                    }
                }
            }
        }
    }
    lies
}

fn check<P: Paging>(case: Case<P>, len: i64, at: &dyn Fn() -> String) {
    let Case { work: Work { mut map, other }, snapshots } = case;
    for (snapshot, before) in &snapshots {
        assert_eq!(&contents(snapshot), before, "a snapshot changed: {}", at());
    }
    contents(&other);
    // What is left of the map works, and so does what is shared with it.
    let left = contents(&map);
    let again = map.clone();
    for key in 0..4 {
        map.insert(Key(2 * ABSENT + key), new(key));
        map.remove(Key(key * len / 4));
    }
    contents(&map);
    assert_eq!(contents(&again), left, "a later snapshot changed: {}", at());
    drop((map, other, snapshots, again));
    assert_eq!(alive(), 0, "values that were never dropped: {}", at());
}

/// From one call that panics to the next.
fn step() -> usize {
    scaled(1, if cfg!(miri) { 29 } else { 7 })
}

#[test]
fn flat_maps_survive_a_panic_at_every_call() {
    let panics = panic_everywhere::<Flat>(&[0, 1, 5, 45], step(), |_| true);
    println!("flat: {panics} panics");
    assert!(panics > 1_000 / step());
}

#[test]
fn paged_maps_survive_a_panic_at_every_call() {
    let panics = panic_everywhere::<Paged>(&[3, 70], step(), |_| true);
    println!("paged: {panics} panics");
    assert!(panics > 1_000 / step());
}

#[test]
fn maps_with_tiny_pages_survive_a_panic_at_every_call() {
    let panics = panic_everywhere::<Tiny>(&[0, 1, 5, 17, 40], step(), |_| true);
    println!("tiny: {panics} panics");
    assert!(panics > 1_000 / step());
}

#[test]
fn keys_that_lie_break_no_memory() {
    let lies = [lie_everywhere::<Flat>(&[1, 20]), lie_everywhere::<Tiny>(&[0, 20])];
    println!("lies: {lies:?}");
    assert!(lies.into_iter().all(|lies| lies > 500));
}

/// Found by reading: `entry` asked the key twice, and took a free slot for an occupied one when the
/// second answer was the reserved integer.
#[test]
fn an_entry_asks_its_key_once() {
    let mut map: Tested<Flat> = [(Key(1), new(1))].into_iter().collect();
    let lied = lies_at(2, i64::MIN, || {
        if let Entry::Occupied(entry) = map.entry(Key(5)) {
            panic!("there is no {:?}", entry.key());
        }
    });
    assert!(!lied, "it asked again");
}

/// Found by reading: `get_key_value` and `remove_entry` asked the key twice, `alter` three times.
#[test]
fn each_operation_asks_its_key_once() {
    /// A name, and what it does to a map with a key.
    type KeyOperation = (&'static str, fn(&mut Tested<Flat>, Key));
    fn is_present(key: Key) -> bool {
        key.0 < ABSENT
    }
    let operations: Vec<KeyOperation> = vec![
        ("get", |map, key| assert_eq!(map.get(key).is_some(), is_present(key))),
        ("contains_key", |map, key| assert_eq!(map.contains_key(key), is_present(key))),
        ("get_key_value", |map, key| {
            let found = map.get_key_value(key).map(|entry| entry.0);
            assert_eq!(found, is_present(key).then_some(key));
        }),
        ("get_many", |map, key| assert_eq!(map.get_many([key]).len(), 1)),
        ("get_each", |map, key| assert_eq!(map.get_each(&[key]).count(), 1)),
        ("get_mut", |map, key| assert_eq!(map.get_mut(key).is_some(), is_present(key))),
        ("get_disjoint_mut", |map, key| assert_eq!(map.get_disjoint_mut([key]).len(), 1)),
        ("insert", |map, key| drop(map.insert(key, new(1)))),
        ("checked_insert", |map, key| drop(map.checked_insert(key, new(1)))),
        ("remove", |map, key| drop(map.remove(key))),
        ("remove_entry", |map, key| {
            let removed = map.remove_entry(key).map(|entry| entry.0);
            assert_eq!(removed, is_present(key).then_some(key));
        }),
        ("alter", |map, key| map.alter(key, |_| Some(new(1)))),
        ("alter, to nothing", |map, key| map.alter(key, |_| None)),
        ("apply", |map, key| map.apply([Change::Added { key, value: new(1) }])),
        ("apply, a removal", |map, key| map.apply([Change::Removed { key, value: new(1) }])),
        ("try_apply", |map, key| {
            let matches = map.try_apply([Change::Removed { key, value: new(1) }]).is_ok();
            assert_eq!(matches, is_present(key));
        }),
        ("remove_unchanged", |map, key| {
            let before = map.clone();
            assert!(map.remove_unchanged(&before, [key]).is_empty());
        }),
        ("remove_unchanged, which changed", |map, key| {
            let skipped = map.remove_unchanged(&Tested::new(), [key]);
            assert_eq!(skipped.len(), usize::from(is_present(key)));
        }),
        ("replace_unchanged", |map, key| {
            let before = map.clone();
            assert!(map.replace_unchanged(&before, [(key, new(1))]).is_empty());
        }),
        ("entry, or_insert", |map, key| assert_eq!(map.entry(key).or_insert(new(1)).id, 1)),
        ("entry, insert_entry", |map, key| {
            assert_eq!(map.entry(key).insert_entry(new(1)).remove_entry().0, key);
        }),
    ];
    for (name, operation) in operations {
        for key in [1, ABSENT].map(Key) {
            for (nth, asks) in [(1, true), (2, false)] {
                let mut map: Tested<Flat> = (0..5).map(|key| (Key(key), new(key))).collect();
                let asked = panics_at(Call::IntoRepr, nth, || operation(&mut map, key));
                assert_eq!(asked, asks, "{name} of {key:?}, conversion {nth}");
                contents(&map);
            }
        }
    }
}

#[test]
fn operations_on_whole_maps_ask_no_key() {
    let operations: Vec<Operation<Flat>> = vec![
        ("iter_sorted", |w| assert_eq!(w.map.iter_sorted().count(), w.map.len())),
        ("is_submap", |w| assert!(!w.map.is_submap(&w.other))),
        ("is_submap_of_keys", |w| assert!(!w.map.is_submap_of_keys(&w.other))),
        ("union", |w| assert_eq!(w.map.union(&w.other).len(), 41)),
        ("intersection", |w| assert_eq!(w.map.intersection(&w.other).len(), 20)),
        ("difference", |w| assert_eq!(w.map.difference(&w.other).len(), 20)),
        ("symmetric_difference", |w| {
            assert_eq!(w.map.symmetric_difference(&w.other).len(), 21);
        }),
        ("==", |w| assert!(w.map != w.other)),
        ("union_with", |w| {
            assert_eq!(w.map.union_with(&w.other, |_, a, _| a.clone()).len(), 41);
        }),
        ("intersection_with", |w| {
            assert_eq!(w.map.intersection_with(&w.other, |_, a, b| a.id - b.id).len(), 20);
        }),
        ("diff", |w| assert!(w.map.diff(&w.other).count() >= 21)),
        ("diff_sorted", |w| assert!(w.map.diff_sorted(&w.other).len() >= 21)),
        ("merge", |w| {
            assert_eq!(w.map.merge(&w.map, &w.other, |_, _| None).len(), w.other.len());
        }),
        ("retain_step", |w| {
            let mut cursor = RetainCursor::new();
            assert!(!w.map.retain_step(&mut cursor, 7, |_, value| value.id % 2 == 0));
        }),
    ];
    for (name, operation) in operations {
        for sharing in [Sharing::None, Sharing::Root] {
            let mut work = case::<Flat>(40, sharing).work;
            let asked = panics_at(Call::IntoRepr, 1, || operation(&mut work));
            assert!(!asked, "{name}");
        }
    }
}
