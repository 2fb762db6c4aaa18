//! What is there after `reserve`, `clear` and `drain`, seen by an allocator that counts and may
//! give nothing: what a map says that it has room for is room that it has.

#[path = "common/allocated.rs"]
mod allocated;
mod common;
#[path = "common/hostile.rs"]
#[allow(dead_code, unreachable_pub)]
mod hostile;

use allocated::{held, requests, with_at_most};
use common::panics::caught;
use common::scale::scaled;
use common::{Counted, Counts, on_every_map};
use cowmap_core::{CowMap, Fixed, Flat, FlatCowMap, Hashing, Map, Paged, Paging, Tiny};

type Tested<P, H> = Map<u64, u64, P, H>;

fn fill<P: Paging, H: Hashing>(map: &mut Tested<P, H>, ids: std::ops::Range<u64>) {
    for id in ids {
        map.insert(id, id);
    }
}

/// That a flat map takes as many entries as it says without a request.
fn assert_true_capacity<P: Paging, H: Hashing>(map: &mut Tested<P, H>, name: &str) {
    map.check_invariants();
    if P::PAGED {
        return;
    }
    let (mut next, room) = (1 << 40, map.capacity() - map.len());
    let asked = requests(|| {
        for _ in 0..room {
            map.insert(next, 0);
            next += 1;
        }
    });
    assert_eq!(asked, 0, "{name}: {room} entries had room");
    assert_eq!(map.capacity(), map.len(), "{name}");
}

/// Forgets a drain: not where leaks are reported, which is where tests are reduced.
fn forget<P: Paging>(drain: cowmap_core::Drain<'_, u64, u64, P>) -> bool {
    let forgotten = scaled(true, false);
    if forgotten {
        std::mem::forget(drain);
    }
    forgotten
}

/// A name, and what it does to a map.
type Operation<P, H> = (&'static str, fn(&mut Tested<P, H>));

/// What empties a map.
fn emptied<P: Paging, H: Hashing>() -> [Operation<P, H>; 6] {
    [
        ("clear", |map| map.clear()),
        ("drain", |map| drop(map.drain())),
        ("drain to the end", |map| assert!(map.drain().count() > 0)),
        ("drain half-way", |map| {
            let half = map.len() / 2;
            assert_eq!(map.drain().take(half).count(), half);
        }),
        ("retain", |map| map.retain(|_, _| false)),
        ("remove", |map| {
            let keys: Vec<u64> = map.keys().collect();
            keys.into_iter().for_each(|key| assert!(map.remove(key).is_some()));
        }),
    ]
}

/// Emptied by whatever means, a map that nobody shares keeps what its floor covers.
fn what_was_reserved_stays_when_the_map_is_emptied<P: Paging, H: Hashing + Default>() {
    let many = scaled(10_000, 1_000);
    for len in [1, 10, many, 2 * many] {
        for (name, empty) in emptied::<P, H>() {
            let mut map = Tested::<P, H>::default();
            map.reserve(many as usize);
            fill(&mut map, 0..len);
            let has_large_page = P::PAGED && hostile::has_large_page(&map);
            empty(&mut map);
            assert!(map.is_empty(), "{name}");
            assert!(map.capacity() >= many as usize, "{name}: {}", map.capacity());
            let (links, full) = map.directory_size();
            assert!(!P::PAGED || links * (full + full / 16 + 1) >= many as usize, "{name}");
            // A page comes with its first entry, and with the first page a holder. One that grew as
            // a table, which few secrets bring about, is split at its next write.
            let most = match (P::PAGED, has_large_page) {
                (false, _) => 0,
                (true, false) => 2,
                (true, true) => 6,
            };
            let asked = requests(|| fill(&mut map, 0..1));
            assert!(asked <= most, "{name}: {asked} requests");
            map.clear();
            assert!(map.capacity() >= many as usize, "{name}: {}", map.capacity());
            assert_true_capacity(&mut map, name);
        }
    }
}

/// Without a floor one ordinary page stays at most, in a flat map also a table that was in use.
fn without_a_reservation_a_cleared_map_keeps_little<P: Paging, H: Hashing + Default>() {
    let many = scaled(10_000, 1_000);
    for len in [1, 4, 100, many] {
        for (name, empty) in emptied::<P, H>() {
            let mut map = Tested::<P, H>::default();
            fill(&mut map, 0..len);
            let before = map.memory_usage().total;
            empty(&mut map);
            let after = map.memory_usage().total;
            match name {
                // Pages that were sparse before their neighbours were may be left.
                "remove" => assert!(after <= 2_500 + before / 10, "{name}, {len}: {after}"),
                "retain" => assert_eq!(after, 0),
                _ if P::PAGED => assert!(after <= 2_500, "{name}, {len}: {after}"),
                _ => assert_eq!(after, before, "{name}, {len}: a table that was in use"),
            }
            assert_true_capacity(&mut map, name);
        }
    }
    // A table that is not a quarter full is not kept.
    let mut map = Tested::<P, H>::default();
    fill(&mut map, 0..many);
    map.clear();
    fill(&mut map, 0..10);
    map.clear();
    assert!(map.memory_usage().total <= 2_500, "{:?}", map.memory_usage());
}

/// Small maps that are cleared and filled again and again ask for no memory.
fn pooled_small_maps_allocate_nothing<P: Paging, H: Hashing + Default>() {
    let few = if P::PAGED && Tested::<P, H>::default().directory_size().1 < 10 { 3 } else { 40 };
    let mut map = Tested::<P, H>::default();
    fill(&mut map, 0..few);
    for round in 0..10 {
        let asked = requests(|| {
            if round % 2 == 0 {
                map.clear();
            } else {
                assert_eq!(map.drain().count(), few as usize);
            }
            fill(&mut map, round * 100..round * 100 + few);
        });
        assert_eq!(asked, 0, "round {round}");
        map.check_invariants();
        assert!((0..few).all(|id| map.get(round * 100 + id).is_some()));
    }
}

/// A flat map that is cleared and filled as before asks for no memory.
#[test]
fn refilling_a_flat_map_allocates_nothing() {
    let many = scaled(100_000, 1_000);
    let mut map = FlatCowMap::<u64, u64>::new();
    fill(&mut map, 0..many);
    for _ in 0..3 {
        map.clear();
        assert_eq!(requests(|| fill(&mut map, 0..many)), 0);
    }
}

/// A paged map with a floor keeps its pages, too, if there are no more than that covers, and asks
/// for those only that other keys need.
#[test]
fn refilling_a_reserved_paged_map_allocates_next_to_nothing() {
    let many = scaled(100_000, 5_000);
    let mut map = CowMap::<u64, u64>::with_capacity(many as usize);
    let first = requests(|| fill(&mut map, 0..many));
    let pages = map.memory_usage().pages;
    let empties: [fn(&mut CowMap<u64, u64>); 2] = [|map| map.clear(), |map| drop(map.drain())];
    for empty in empties {
        empty(&mut map);
        assert_eq!((map.len(), map.memory_usage().pages), (0, pages));
        assert_eq!(requests(|| fill(&mut map, 0..many)), 0);
    }
    // Every time with other keys: pages do not heap up.
    let (mut asked, mut most) = (0, 0);
    for round in 1..20 {
        map.clear();
        let keys = common::Random::new(round).keys(many as usize);
        // One by one: `extend` would gather them first.
        asked += requests(|| {
            keys.iter().for_each(|&key| assert!(map.insert(key as u64, 0).is_none()));
        });
        most = most.max(map.memory_usage().total);
    }
    println!("{first} requests, then {} with other keys", asked / 19);
    assert!(asked / 19 < first / 2, "{} requests, at first {first}", asked / 19);
    assert!(most < 40 * many as usize, "{most} bytes");
    // More than was reserved for goes.
    fill(&mut map, 0..3 * many);
    map.clear();
    assert_eq!(map.memory_usage().pages, 0);
    assert!(map.capacity() >= many as usize);
}

/// What is reserved for a paged map, at any number of entries, is an ordinary page or a directory.
#[test]
fn no_reservation_makes_a_page_larger_than_others() {
    for reserved in 1..600 {
        let map = CowMap::<u64, u64>::with_capacity(reserved);
        let usage = map.memory_usage();
        assert!(map.capacity() >= reserved && usage.total < 2_500, "{reserved}: {usage:?}");
        let (links, full) = map.directory_size();
        assert_eq!((links > 0, usage.pages), (reserved > full, usize::from(reserved <= full)));
    }
}

/// Where a snapshot shares some pages, the directory alone is kept.
#[test]
fn a_reserved_map_that_shares_some_pages_keeps_its_directory() {
    let mut map = CowMap::<u64, u64>::with_capacity(10_000);
    fill(&mut map, 0..10_000);
    let links = map.directory_size().0;
    let snapshot = map.clone();
    fill(&mut map, 0..1);
    assert!(!map.is_shared() && map.memory_usage().shared_pages > 0);
    map.clear();
    assert_eq!((map.len(), snapshot.len(), map.memory_usage().pages), (0, 10_000, 0));
    assert!(map.capacity() >= 10_000 && map.directory_size().0 * 2 >= links);
    snapshot.check_invariants();
    fill(&mut map, 0..10_000);
    map.check_invariants();
}

/// A shared map leaves its memory to the snapshot. What it has then, it says; what its floor covers
/// comes with the next entry.
fn a_shared_map_that_is_emptied_says_what_it_has<P: Paging, H: Hashing + Default>() {
    let many = scaled(10_000, 1_000);
    for (name, empty) in [
        ("clear", (|map| map.clear()) as fn(&mut Tested<P, H>)),
        ("drain", |map| drop(map.drain())),
        ("drain to the end", |map| map.drain().for_each(drop)),
    ] {
        for reserved in [0, many as usize] {
            let mut map = Tested::<P, H>::default();
            map.reserve(reserved);
            fill(&mut map, 0..many);
            let snapshot = map.clone();
            let asked = requests(|| empty(&mut map));
            assert_eq!((map.len(), snapshot.len()), (0, many as usize));
            assert_eq!((asked, map.capacity(), map.memory_usage().total), (0, 0, 0), "{name}");
            // Neither is it true that there is room.
            assert!(with_at_most(0, || map.try_reserve(many as usize)).is_err(), "{name}");
            assert_eq!((map.capacity(), map.memory_usage().total), (0, 0), "{name}");
            fill(&mut map, 0..1);
            assert!(map.capacity() >= reserved, "{name}: {}", map.capacity());
            map.clear();
            assert!(map.capacity() >= reserved, "{name}: {}", map.capacity());
            map.try_reserve(many as usize).expect("now there is memory");
            assert!(map.capacity() >= many as usize, "{name}");
            assert_true_capacity(&mut map, name);
        }
    }
}

/// A drain that is forgotten leaves a map that has nothing and says so.
fn a_forgotten_drain_leaves_a_true_capacity<P: Paging, H: Hashing + Default>() {
    for shared in [false, true] {
        let mut map = Tested::<P, H>::default();
        map.reserve(1_000);
        fill(&mut map, 0..500);
        let snapshot = shared.then(|| map.clone());
        let mut drain = map.drain();
        assert!(drain.next().is_some());
        if !forget(drain) {
            return;
        }
        assert_eq!((map.len(), map.capacity(), map.memory_usage().total), (0, 0, 0));
        assert!(with_at_most(0, || map.try_reserve(10)).is_err());
        fill(&mut map, 0..1);
        assert!(map.capacity() >= 1_000);
        assert_true_capacity(&mut map, "forgotten");
        assert!(snapshot.is_none_or(|snapshot| snapshot.len() == 500));
    }
}

/// Where there is no memory for the floor of an emptied map, an entry needs a page only.
fn an_entry_of_an_emptied_map_needs_no_more_than_a_page<P: Paging, H: Hashing + Default>() {
    let mut map = Tested::<P, H>::default();
    map.reserve(100_000);
    fill(&mut map, 0..10);
    let snapshot = map.clone();
    map.clear();
    with_at_most(4_096, || fill(&mut map, 0..10));
    assert_eq!((map.len(), snapshot.len()), (10, 10));
    assert!(map.memory_usage().total < 10_000);
    assert_true_capacity(&mut map, "without memory");
}

/// `Ok` means for a flat map that what follows cannot want memory, shared or not, emptied or not.
#[test]
fn a_flat_reservation_is_there() {
    for additional in [1, 10, 1_000] {
        for len in [0, 1, 50, 60, 3_000] {
            for shared in [false, true] {
                for cleared in [false, true] {
                    let mut map = FlatCowMap::<u64, u64>::default();
                    fill(&mut map, 0..len);
                    let mut snapshot = shared.then(|| map.clone());
                    if cleared {
                        map.clear();
                        snapshot = shared.then(|| map.clone());
                    }
                    let name = format!("{additional} more than {len}, {shared}, {cleared}");
                    let len = map.len() as u64;
                    map.try_reserve(additional as usize).expect("there is memory");
                    assert!(map.capacity() >= (len + additional) as usize, "{name}");
                    let asked = requests(|| fill(&mut map, len..len + additional));
                    assert_eq!(asked, 0, "{name}");
                    let asked =
                        requests(|| (0..len).for_each(|id| assert!(map.insert(id, 7).is_some())));
                    assert_eq!(asked, 0, "{name}: values in place");
                    assert_true_capacity(&mut map, &name);
                    drop(snapshot);
                }
            }
        }
    }
}

/// Reserving sets a floor also where there is room.
fn reserving_what_is_there_sets_the_floor<P: Paging, H: Hashing + Default>() {
    let many = scaled(8_000, 500);
    let mut map = Tested::<P, H>::default();
    fill(&mut map, 0..many);
    map.clear();
    for round in 0..2 {
        map.reserve(many as usize);
        map.insert(1, 1);
        map.remove(1);
        assert!(map.capacity() >= many as usize, "round {round}: {}", map.capacity());
        let before = map.memory_usage().total;
        map.insert(1, 1);
        map.remove(1);
        assert_eq!(map.memory_usage().total, before, "round {round}");
    }
    // And so with entries.
    let mut map = Tested::<P, H>::default();
    fill(&mut map, 0..many);
    let room = map.capacity() - map.len();
    map.reserve(room.max(1));
    let floor = map.len() + room;
    (0..many).for_each(|id| assert!(map.remove(id).is_some()));
    assert!(map.capacity() >= floor, "{} of {floor}", map.capacity());
}

/// Sizes that cannot be are an error on any map, which stays as it is.
fn what_cannot_be_is_refused_on_any_map<P: Paging, H: Hashing + Default>() {
    for len in [0, 1, 50, 1_000] {
        for shared in [false, true] {
            for reserved in [0, 100, 5_000] {
                let mut map = Tested::<P, H>::default();
                fill(&mut map, 0..len);
                map.reserve(reserved);
                let snapshot = shared.then(|| map.clone());
                let before = (map.capacity(), map.memory_usage().total);
                for impossible in [6, 5, 4, 1, 0].map(|bits| usize::MAX >> bits) {
                    // For the sake of sanitizers, which report what no allocator gives.
                    let result = with_at_most(1 << 22, || map.try_reserve(impossible));
                    assert!(result.is_err(), "{impossible} more than {len}, {shared}");
                    assert_eq!((map.capacity(), map.memory_usage().total), before);
                }
                drop(snapshot);
            }
        }
    }
}

/// `shrink_to_fit` and `shrink_to` never raise the capacity.
fn shrinking_never_raises_the_capacity<P: Paging, H: Hashing + Default>() {
    for len in (0..400).step_by(13).chain([1_000, 5_000, scaled(10_000, 3_000)]) {
        for reserved in [0, len / 2 + 3, 2 * len + 1_001] {
            for left in [len, len / 2, len / 10, 0] {
                let mut map = Tested::<P, H>::default();
                map.reserve(reserved as usize);
                fill(&mut map, 0..len);
                (left..len).for_each(|id| assert!(map.remove(id).is_some()));
                for least in [usize::MAX, reserved as usize, 1_001, 10, 0] {
                    let before = map.capacity();
                    map.shrink_to(least);
                    let after = map.capacity();
                    let floor = least.min(reserved as usize).max(map.len());
                    assert!(
                        floor <= after && after <= before,
                        "{left} of {len}, {reserved} reserved, {least}: {before:?}, {after:?}"
                    );
                }
            }
        }
    }
}

/// Nor where a page grew as a table, because its keys agree in their hashes, and lost them again.
#[test]
fn shrinking_a_crowded_map_never_raises_its_capacity() {
    fn check<P: Paging>() {
        let keys = hostile::Inverse::<u64, P>::new(4).agreeing(60, 7, 30);
        for len in 1..=keys.len() {
            for left in [0, 1, 2, len / 2, len] {
                let mut map = Map::<i64, u64, P, Fixed>::default();
                keys[..len].iter().for_each(|&key| assert!(map.insert(key, 0).is_none()));
                keys[left.min(len)..len].iter().for_each(|&key| assert!(map.remove(key).is_some()));
                let before = map.capacity();
                map.shrink_to_fit();
                let after = map.capacity();
                assert!(
                    map.len() <= after && after <= before,
                    "{left} of {len}: {before}, {after}"
                );
            }
        }
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}

/// A value's drop that panics while a map is cleared leaves it empty, and each value dropped once.
fn a_drop_that_panics_leaves_a_cleared_map<P: Paging, H: Hashing + Default>() {
    for reserved in [0, 100] {
        for by_drain in [false, true] {
            for nth in 1..=60 {
                let counts = Counts::new();
                let mut map = Map::<i64, Counted, P, H>::default();
                map.reserve(reserved);
                (0..60).for_each(|id| drop(map.insert(id, counts.value(id))));
                common::counted::panic_at_drop(nth);
                caught(|| if by_drain { drop(map.drain()) } else { map.clear() });
                assert_eq!((map.len(), counts.alive(), counts.drops()), (0, 0, 60));
                map.check_invariants();
                assert!((0..60).all(|id| map.get(id).is_none()));
                (0..60).for_each(|id| drop(map.insert(id, counts.value(id))));
                map.check_invariants();
                assert!((0..60).all(|id| map.get(id).is_some_and(|value| value.id == id)));
                drop(map);
                assert_eq!(counts.alive(), 0);
            }
        }
    }
}

/// A cleared page is as a new one: what entries that passed full groups left behind is gone.
#[test]
fn a_cleared_page_has_no_overflow() {
    let mut map = FlatCowMap::<i64, u64>::with_capacity(1_000);
    let keys = common::Random::new(3).keys(map.capacity());
    map.extend(keys.iter().map(|&key| (key, 0)));
    assert!(keys.iter().any(|&key| map.groups_probed(!key).0 > 1), "some have passed others");
    map.clear();
    assert!(keys.iter().all(|&key| map.groups_probed(key) == (1, 1)));
    assert!(keys.iter().all(|&key| map.groups_probed(!key) == (1, 1)));
}

/// All that is kept is given back.
fn what_is_kept_is_given_back<P: Paging, H: Hashing + Default>() {
    let before = held();
    for (_, empty) in emptied::<P, H>() {
        let mut map = Tested::<P, H>::default();
        map.reserve(1_000);
        fill(&mut map, 0..2_000);
        empty(&mut map);
        assert!(held().wrapping_sub(before) > 0);
        map.shrink_to_fit();
        assert_eq!((held().wrapping_sub(before), map.capacity()), (0, 0));
        fill(&mut map, 0..10);
    }
    assert_eq!(held(), before);
}

on_every_map!(
    what_was_reserved_stays_when_the_map_is_emptied,
    without_a_reservation_a_cleared_map_keeps_little,
    pooled_small_maps_allocate_nothing,
    a_shared_map_that_is_emptied_says_what_it_has,
    a_forgotten_drain_leaves_a_true_capacity,
    an_entry_of_an_emptied_map_needs_no_more_than_a_page,
    reserving_what_is_there_sets_the_floor,
    what_cannot_be_is_refused_on_any_map,
    shrinking_never_raises_the_capacity,
    a_drop_that_panics_leaves_a_cleared_map,
    what_is_kept_is_given_back,
);

/// Keys that share many bits put a level above a root that was reserved: what was reserved stays.
#[test]
fn a_level_above_a_reservation_keeps_it() {
    let mut map = Map::<i64, u64, Paged, Fixed>::with_capacity(60_000);
    let links = map.directory_size().0;
    let keys = hostile::Inverse::<u64, Paged>::new(51).agreeing(456, 0, 20);
    map.extend(keys.iter().map(|&key| (key, 0)));
    map.check_invariants();
    assert!(map.directory_size().0 >= links);
    map.try_reserve(60_000 - map.len()).expect("there is memory");
    let before = map.directory_size().0;
    assert!(before >= links, "{before} links, reserved {links}");
    // Nearly a page for each prefix that the reservation tells apart: no segment is made for them.
    let mut inverse = hostile::Inverse::<u64, Paged>::new(52);
    for prefix in 1..links as u64 {
        let prefix = prefix << (64 - links.ilog2());
        map.extend(inverse.agreeing(110, prefix, links.ilog2()).iter().map(|&key| (key, 1)));
    }
    assert_eq!(map.directory_size().0, before);
    map.check_invariants();
}
