//! `memory_usage` beside what the allocator has given: of one handle, and of many together.

#[path = "common/allocated.rs"]
mod allocated;

use allocated::held as held_now;
use cowmap_core::{Fixed, Flat, Map, Paged, Paging, Tiny};

/// What snapshots take together is what each has alone when it is dropped, as the documentation of
/// `memory_usage` says: neither the largest, nor a sum of what all say while they live.
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
