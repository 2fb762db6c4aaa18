//! Values of every alignment from 1 to 4,096 and of sizes from 0 to 64 KiB.

#[path = "common/scale.rs"]
#[allow(unreachable_pub)]
mod scale;

use std::collections::BTreeMap;

use cowmap_core::{Fixed, Flat, Map, Paged, Paging, SentinelKey, Tiny};
use scale::scaled;

/// A value whose bytes say whose it is.
trait Shape: Clone {
    fn filled(byte: u8) -> Self;
    fn is_filled_with(&self, byte: u8) -> bool;
}

macro_rules! shapes {
    ($($name:ident: $align:literal),*) => {$(
        #[derive(Clone)]
        #[repr(align($align))]
        struct $name<const SIZE: usize>([u8; SIZE]);

        impl<const SIZE: usize> Shape for $name<SIZE> {
            fn filled(byte: u8) -> Self {
                $name([byte; SIZE])
            }
            fn is_filled_with(&self, byte: u8) -> bool {
                self.0.iter().all(|&found| found == byte)
            }
        }
    )*};
}
shapes!(
    A1: 1, A2: 2, A4: 4, A8: 8, A16: 16, A32: 32, A64: 64, A128: 128, A256: 256, A512: 512, A1024: 1024, A2048: 2048,
    A4096: 4096
);

trait FromNumber: SentinelKey + Ord {
    fn from_number(number: u32) -> Self;
}
impl FromNumber for u32 {
    fn from_number(number: u32) -> Self {
        number
    }
}
impl FromNumber for i64 {
    fn from_number(number: u32) -> Self {
        i64::from(number) - 5
    }
}

fn check<K: FromNumber, V: Shape, P: Paging>() {
    let byte = |number: u32| number.to_le_bytes()[0] ^ 0x55;
    let many = (100_000 / (size_of::<V>() + 1)).clamp(9, scaled(120, 20));
    let many = u32::try_from(many).expect("at most 120");
    let mut map: Map<K, V, P, Fixed> = Map::default();
    let mut model = BTreeMap::new();
    let same = |map: &Map<K, V, P, Fixed>, model: &BTreeMap<K, u8>| {
        map.check_invariants();
        assert_eq!(map.len(), model.len());
        for (key, value) in map {
            assert_eq!(std::ptr::from_ref(value).addr() % align_of::<V>(), 0);
            assert!(value.is_filled_with(model[&key]));
        }
    };
    for number in 0..many {
        map.insert(K::from_number(number), V::filled(byte(number)));
        model.insert(K::from_number(number), byte(number));
    }
    same(&map, &model);
    let (snapshot, old_model) = (map.clone(), model.clone());
    for number in (0..many).step_by(3) {
        let key = K::from_number(number);
        let removed = map.remove(key).expect("it was inserted");
        assert!(removed.is_filled_with(byte(number)));
        model.remove(&key);
        let key = K::from_number(number + 1);
        if let Some(value) = map.get_mut(key) {
            *value = V::filled(7);
            model.insert(key, 7);
        }
    }
    same(&map, &model);
    same(&snapshot, &old_model);
    drop(snapshot);
    map.retain(|key, _| model.contains_key(&key));
    for number in (0..many).filter(|number| number % 5 > 0) {
        map.remove(K::from_number(number));
        model.remove(&K::from_number(number));
    }
    map.shrink_to_fit();
    same(&map, &model);
    assert_eq!(map.into_iter().count(), model.len());
}

fn on_every_map<V: Shape>() {
    check::<i64, V, Flat>();
    check::<i64, V, Paged>();
    check::<u32, V, Tiny>();
}

macro_rules! alignments {
    ($($test:ident: $($name:ident)*),*) => {$(
        #[test]
        fn $test() {
            $(
                on_every_map::<$name<0>>();
                on_every_map::<$name<1>>();
            )*
        }
    )*};
}
alignments!(
    alignments_from_1_to_16: A1 A2 A4 A8 A16,
    alignments_from_32_to_256: A32 A64 A128 A256,
    alignments_from_512_to_4096: A512 A1024 A2048 A4096
);

/// Unoptimised code keeps many copies of a value on its stack.
#[test]
fn sizes_up_to_64_kib() {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(large_sizes);
    thread.expect("a thread can be started").join().expect("no panic");
}

fn large_sizes() {
    on_every_map::<A1<3>>();
    on_every_map::<A1<7>>();
    on_every_map::<A1<9>>();
    on_every_map::<A1<63>>();
    on_every_map::<A1<65>>();
    on_every_map::<A1<1_000>>();
    on_every_map::<A16<257>>();
    on_every_map::<A8<4_096>>();
    on_every_map::<A1<65_535>>();
    on_every_map::<A4096<65_536>>();
}
