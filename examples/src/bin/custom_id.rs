//! A key type of one's own: orders by number.
//!
//! ```text
//! cargo run --release -p cowmap-examples --bin custom_id
//! ```

#![forbid(unsafe_code)]

use cowmap::{CowMap, SentinelKey};

/// The number of an order. No order has the number `u64::MAX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct OrderId(u64);

#[rustfmt::skip]
impl SentinelKey for OrderId {
    type Repr = u64;
    const SENTINEL: u64 = u64::MAX;
    fn into_repr(self) -> u64 { self.0 }
    fn from_repr(repr: u64) -> Self { OrderId(repr) }
}

fn main() {
    let mut orders: CowMap<OrderId, String> = CowMap::new();
    orders.insert(OrderId(1001), "two chairs".to_owned());
    orders.insert(OrderId(1002), "a table".to_owned());

    // A snapshot shares everything with `orders`, until one of them is written.
    let yesterday = orders.clone();
    if let Some(order) = orders.get_mut(OrderId(1001)) {
        order.push_str(", one with arms");
    }
    orders.remove(OrderId(1002));
    orders.insert(OrderId(1003), "a lamp".to_owned());

    print("yesterday", &yesterday);
    print("today", &orders);

    // The reserved number is never found, and `checked_insert` gives back what it cannot keep.
    assert_eq!(orders.get(OrderId(u64::MAX)), None);
    let error = orders.checked_insert(OrderId(u64::MAX), "a sofa".to_owned()).unwrap_err();
    println!("{:?} was not inserted: {error}", error.clone().into_value());
}

fn print(title: &str, orders: &CowMap<OrderId, String>) {
    let mut sorted: Vec<_> = orders.iter().collect();
    sorted.sort_unstable();
    println!("{title}:");
    for (OrderId(number), order) in sorted {
        println!("  {number}  {order}");
    }
}
