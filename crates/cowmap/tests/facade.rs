//! What the facade re-exports is enough for a newcomer: their own id, records, snapshots, entries,
//! errors.

#![cfg(feature = "std")]

use std::collections::BTreeMap;

use cowmap::{
    CowMap, CowSet, CowU64Map, Entry, FlatCowMap, MemoryUsage, SeededCowMap, SentinelKey,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OrderId(u64);

impl SentinelKey for OrderId {
    type Repr = u64;
    const SENTINEL: u64 = u64::MAX;
    fn into_repr(self) -> u64 {
        self.0
    }
    fn from_repr(repr: u64) -> Self {
        OrderId(repr)
    }
}

#[test]
fn a_table_of_records_with_a_snapshot() {
    let mut orders: CowMap<OrderId, String> = CowMap::new();
    for id in 0..1_000 {
        orders.insert(OrderId(id), format!("order {id}"));
    }
    let snapshot = orders.clone();
    orders.remove(OrderId(7));
    orders.get_mut(OrderId(8)).expect("present").push_str(", paid");
    match orders.entry(OrderId(2_000)) {
        Entry::Vacant(entry) => drop(entry.insert("new".into()).clone()),
        Entry::Occupied(_) => unreachable!("2000 is new"),
    }
    assert_eq!(snapshot[OrderId(7)], "order 7");
    assert_eq!(orders.get(OrderId(7)), None);
    assert_eq!(
        (snapshot[OrderId(8)].as_str(), orders[OrderId(8)].as_str()),
        ("order 8", "order 8, paid")
    );
    assert_eq!((snapshot.len(), orders.len(), snapshot.iter().len()), (1_000, 1_000, 1_000));
    let sorted: BTreeMap<OrderId, &String> = snapshot.iter().collect();
    assert_eq!(sorted[&OrderId(0)], "order 0");
    assert!(orders.memory_usage().shared > 0);
}

#[test]
fn the_reserved_key_is_an_error_and_not_a_loss() {
    let mut orders: FlatCowMap<OrderId, String> = FlatCowMap::with_capacity(10);
    let error: cowmap::ReservedKey<String> =
        orders.checked_insert(OrderId(u64::MAX), "order".into()).unwrap_err();
    let boxed: Box<dyn std::error::Error> = Box::new(error.clone());
    assert_eq!(boxed.to_string(), "u64::MAX cannot be used as a key (reserved as empty sentinel)");
    assert_eq!(error.into_value(), "order");
    let refused: Result<(), cowmap::TryReserveError> = orders.try_reserve(usize::MAX);
    assert!(refused.is_err() && orders.is_empty());
}

#[test]
fn maps_and_sets_are_counted_together() {
    let orders: CowMap<OrderId, u64> = (0..1_000).map(|id| (OrderId(id), id)).collect();
    let paid: CowSet<u64> = (0..500).collect();
    let earlier = paid.clone();
    let sum = orders.memory_usage().total + paid.memory_usage().total;
    assert_eq!(MemoryUsage::of(&[&orders, &paid, &earlier]).total, sum);
    let own = MemoryUsage::own(&[&orders, &paid, &(&orders, &paid, &earlier)]);
    assert_eq!(own, [orders.memory_usage().total, 0, sum]);
}

#[test]
fn maps_of_every_kind_behave_alike() {
    let entries = [(1, 'a'), (2, 'b'), (3, 'c')];
    let paged = CowU64Map::from(entries);
    let flat: FlatCowMap<u64, char> = paged.iter().map(|(key, &value)| (key, value)).collect();
    let mut seeded = SeededCowMap::new();
    seeded.extend(flat.clone());
    for (key, value) in entries {
        assert_eq!(
            (paged.get(key), flat.get(key), seeded.get(key)),
            (Some(&value), Some(&value), Some(&value))
        );
    }
    let mut sorted: Vec<(u64, char)> = seeded.into_iter().collect();
    sorted.sort_unstable();
    assert_eq!(sorted, entries);
}
