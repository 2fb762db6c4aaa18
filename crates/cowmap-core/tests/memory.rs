//! `memory_usage` beside what the allocator has given: of one handle, and of many together, with
//! `MemoryUsage::of` and `own`.

#[path = "common/allocated.rs"]
mod allocated;
mod common;

use allocated::held as held_now;
use common::Random;
use common::scale::scaled;
use cowmap_core::{
    CowMap, Fixed, Flat, Footprint, Hashing, Map, MemoryUsage, Paged, Paging, Seeded, Tiny,
};

/// What snapshots take together is what each has alone when it is dropped, one after the other:
/// neither the largest, nor a sum of what all say while they live.
fn handles_dropped_one_by_one_add_up_to_what_they_take<P: Paging>() {
    let mut handles: Vec<Map<u64, u64, P, Fixed>> = Vec::with_capacity(100);
    let before = held_now();
    let mut map: Map<u64, u64, P, Fixed> = (0..3_000).map(|id| (id, id)).collect();
    assert_eq!(map.memory_usage().total, held_now() - before);
    for id in 0..60 {
        handles.push(map.snapshot());
        map.insert(id * 50, 0);
        map.remove(id * 7);
        map.insert(10_000 + id, 0);
    }
    handles.push(map);
    // Neither the oldest nor the newest goes first.
    handles.rotate_left(20);

    let held = held_now() - before;
    let usages: Vec<_> = handles.iter().map(Map::memory_usage).collect();
    assert!(usages.iter().all(|usage| usage.total < held));
    assert!(usages.iter().map(|usage| usage.total).sum::<usize>() >= held);
    drop(usages);

    assert_eq!(MemoryUsage::of(&each(&handles)).total, held);
    let mut together = 0;
    while let Some(handle) = handles.pop() {
        let usage = handle.memory_usage();
        together += usage.total - usage.shared;
    }
    assert_eq!(together, held);
    assert_eq!(held_now(), before);
}

#[test]
fn handles_dropped_one_by_one_add_up() {
    handles_dropped_one_by_one_add_up_to_what_they_take::<Paged>();
    handles_dropped_one_by_one_add_up_to_what_they_take::<Tiny>();
    handles_dropped_one_by_one_add_up_to_what_they_take::<Flat>();
}

#[test]
fn shared_bytes_of_one_handle_say_nothing_about_how_many_there_are() {
    let before = held_now();
    let mut map: Map<u64, u64, Paged, Fixed> = (0..100_000).map(|id| (id, id)).collect();
    let mut handles = Vec::new();
    for id in 0..200 {
        handles.push(map.snapshot());
        for part in 0..20 {
            map.insert(part * 5_000 + id * 25, 0);
        }
    }
    let held = held_now() - before;
    // The case of which users have complained: each says that nearly all is shared, and all
    // together take several times what one does.
    for handle in &handles {
        let usage = handle.memory_usage();
        assert!(usage.shared > usage.total / 8 * 7, "{usage:?}");
        assert!(held > usage.total * 3, "{held} {usage:?}");
    }
}

/// Dyn references to each.
fn each<T: Footprint>(footprints: &[T]) -> Vec<&dyn Footprint> {
    footprints.iter().map(|footprint| footprint as _).collect()
}

/// Clones, changes and drops handles at random. After each step, the bytes that the handles keep
/// alive together are those that the allocator has given; and each handle, each pair and each half
/// of them frees what was said when it goes.
fn bytes_are_those_of_the_allocator<P: Paging, H: Hashing + Default>(
    seed: u64,
    steps: usize,
    keys: u64,
) {
    const MOST: usize = 8;
    let mut random = Random::new(seed);
    let mut handles: Vec<Map<u64, u64, P, H>> = Vec::with_capacity(MOST);
    // Lists of references to handles are not what is measured.
    let before = held_now();
    handles.push(Map::default());
    for step in 0..steps {
        let at = random.below(handles.len());
        let full = handles.len() == MOST;
        let map = &mut handles[at];
        let key = random.next_u64() % keys;
        match random.below(100) {
            0..15 if !full => {
                let clone = handles[at].clone();
                handles.push(clone);
            }
            0..25 => {
                let own = MemoryUsage::own(&each(&handles));
                let usage = map_usage(&handles[at]);
                assert_eq!(own[at], usage.total - usage.shared);
                assert_eq!(MemoryUsage::of(&[&handles[at]]), usage);
                let own = own[at];
                let held = held_now();
                drop(handles.swap_remove(at));
                assert_eq!(held - held_now(), own, "seed {seed}, step {step}");
            }
            25..30 => {
                // A half of them goes together.
                let half = handles.len() / 2;
                let going = &handles[half..];
                let clones = going.to_vec();
                assert_eq!(MemoryUsage::own(&[&clones, &going]), [0, 0]);
                drop(clones);
                let of = MemoryUsage::of(&each(going));
                let held = held_now();
                let own = MemoryUsage::own(&[&going, &(&handles, &handles)]);
                assert_eq!(own, [of.total - of.shared, held - before]);
                let held = held_now();
                handles.truncate(half);
                assert_eq!(held - held_now(), own[0], "seed {seed}, step {step}");
            }
            30..55 => {
                map.insert(key, key);
            }
            55..65 => {
                map.remove(key);
            }
            65..75 => map.extend((key..keys.min(key + 30)).map(|key| (key, 0))),
            75..82 => map.retain(|key, _| key % 3 != 0),
            82..86 => map.reserve(random.below(300)),
            86..90 => map.shrink_to_fit(),
            90..92 => map.clear(),
            92..94 => *map = map.unshared(),
            _ => map.extend((0..keys).step_by(7).map(|key| (key, 1))),
        }
        if handles.is_empty() {
            handles.push(Map::default());
        }
        let held = held_now() - before;
        let list = each(&handles);
        let usage = MemoryUsage::of(&list);
        assert_eq!((usage.total, usage.shared), (held, 0), "seed {seed}, step {step}");
        assert_eq!(usage.shared_pages, 0);
    }
}

fn map_usage<P: Paging, H: Hashing>(map: &Map<u64, u64, P, H>) -> MemoryUsage {
    map.memory_usage()
}

#[test]
fn bytes_of_tiny_pages_are_those_of_the_allocator() {
    for seed in 0..scaled(150, 5) {
        bytes_are_those_of_the_allocator::<Tiny, Fixed>(seed, 150, 200);
        bytes_are_those_of_the_allocator::<Tiny, Seeded>(seed, 150, 20);
    }
}

#[test]
fn bytes_of_ordinary_pages_are_those_of_the_allocator() {
    for seed in 0..scaled(10, 1) {
        bytes_are_those_of_the_allocator::<Paged, Fixed>(seed, scaled(150, 60), scaled(9_000, 900));
    }
}

#[test]
fn bytes_of_flat_maps_are_those_of_the_allocator() {
    for seed in 0..scaled(20, 2) {
        bytes_are_those_of_the_allocator::<Flat, Fixed>(seed, 150, 500);
    }
}

#[test]
fn what_has_several_handles_owns_what_they_have_among_them() {
    let before = held_now();
    let mut map: CowMap<u64, u64> = (0..5_000).map(|id| (id, id)).collect();
    let set: Map<i32, (), Tiny, Seeded> = (0..100).map(|id| (id, ())).collect();
    let held = held_now() - before;
    let old = map.snapshot();
    let copied = {
        let before = held_now();
        map.insert(7, 0);
        held_now() - before
    };

    let [one, other, both, with_set, nested, none] = *MemoryUsage::own(&[
        &map,
        &old,
        &(&map, &old),
        &(&map, &old, &set),
        &[Some((&[&map][..], Box::new(&old))), None],
        &(),
    ]) else {
        panic!("as many as were passed")
    };
    assert!(one > 2_000 && other > 2_000 && one + other < both / 4);
    assert_eq!((both + set.memory_usage().total, with_set), (held + copied, held + copied));
    assert_eq!((nested, none), (both, 0));

    // One handle is no second one, however often it is referred to.
    assert_eq!(MemoryUsage::own(&[&(&map, &map), &map]), [one, one]);
    assert_eq!(MemoryUsage::of(&[&map, &&map, &[&map, &map]]), map.memory_usage());
    // And two clones are two handles, none of which owns anything.
    let clone = map.clone();
    assert_eq!(MemoryUsage::own(&[&map, &clone]), [0, 0]);
    assert_eq!(MemoryUsage::own(&[&(&map, &clone)]), [one]);
    let of = MemoryUsage::of(&[&map, &clone]);
    assert_eq!(of.total - of.shared, one);
    assert_eq!(MemoryUsage::of(&[]), MemoryUsage::default());
}

/// The table of parts that were met has room for those that are shared, once.
#[test]
fn counting_a_map_that_shares_nothing_allocates_no_table() {
    let map: CowMap<u64, u64> = (0..20_000).map(|id| (id, id)).collect();
    let list = size_of::<&dyn Footprint>();
    let few = 8 * list;
    assert!(allocated::allocated(|| assert_eq!(map_usage(&map).shared, 0)) == 0);
    assert!(allocated::allocated(|| assert!(MemoryUsage::of(&[&map]).shared == 0)) <= few);
    assert!(allocated::allocated(|| drop(MemoryUsage::own(&[&map]))) <= few);
}
