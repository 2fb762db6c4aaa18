//! The page of `HashMap`.

use cowmap::SentinelKey;

use crate::sorted;

/// A type of one's own as key, where std derives `Eq` and `Hash`.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Berth(u32);

impl SentinelKey for Berth {
    type Repr = u32;
    const SENTINEL: u32 = u32::MAX;
    fn into_repr(self) -> u32 {
        self.0
    }
    fn from_repr(repr: u32) -> Self {
        Berth(repr)
    }
}

examples! {
    fn the_page() {
        let mut rooms = Map::new();
        rooms.insert(101_u32, "Ada".to_owned());
        rooms.insert(102, "Grace".to_owned());
        rooms.insert(203, "Edsger".to_owned());
        assert!(!rooms.contains_key(204) && rooms.len() == 3);
        rooms.remove(203);
        for (room, taken) in [(102, true), (203, false)] {
            assert_eq!(rooms.get(room).is_some(), taken);
        }
        assert_eq!(rooms[101], "Ada");
        assert_eq!(sorted(rooms.iter().map(|(room, _)| room)), [101, 102]);
    }

    fn a_known_list_of_entries() {
        let moons = Map::from([(3_u64, 1), (4, 2), (5, 95), (6, 274)]);
        assert_eq!(moons[4], 2);
    }

    fn the_entry_api() {
        let mut stock = Map::<u64, u32>::new();
        stock.entry(1).or_insert(12);
        stock.entry(2).or_insert_with(|| 3 * 7);
        *stock.entry(3).or_insert(4) += 5;
        for _ in 0..2 {
            stock.entry(4).and_modify(|left| *left -= 1).or_insert(6);
        }
        assert_eq!([1, 2, 3, 4].map(|id| stock[id]), [12, 21, 9, 5]);
    }

    fn keys_of_a_type_of_ones_own() {
        let ships = Map::from([(Berth(7), "Erebus"), (Berth(9), "Terror")]);
        assert_eq!(ships.get(Berth(9)), Some(&"Terror"));
        for (berth, ship) in &ships {
            assert!(berth == Berth(7) || *ship == "Terror");
        }
    }

    fn new() {
        let mut map = Map::new();
        map.insert(1_i32, "a type is inferred from what is inserted");
        assert_eq!(map.len(), 1);
    }

    fn with_capacity() {
        let map: Map<u64, i32> = Map::with_capacity(10);
        assert!(map.capacity() >= 10);
    }

    fn capacity() {
        let map: Map<u64, i32> = Map::with_capacity(100);
        assert!(map.capacity() >= 100);
    }

    fn keys() {
        let map = Map::from([(10_u64, 'x'), (20, 'y'), (30, 'z')]);
        let mut sum = 0;
        for key in map.keys() {
            sum += key;
        }
        assert_eq!(sum, 60);
    }

    fn into_keys() {
        let map = Map::from([(10_u64, 'x'), (20, 'y'), (30, 'z')]);
        assert_eq!(sorted(map.into_keys()), [10, 20, 30]);
    }

    fn values() {
        let map = Map::from([(10_u64, 'x'), (20, 'y'), (30, 'z')]);
        assert_eq!(sorted(map.values()), [&'x', &'y', &'z']);
    }

    fn values_mut() {
        let mut map = Map::from([(1_u64, 5), (2, 6), (3, 7)]);
        for value in map.values_mut() {
            *value *= 10;
        }
        assert_eq!(sorted(map.values().copied()), [50, 60, 70]);
    }

    fn into_values() {
        let map = Map::from([(10_u64, 'x'), (20, 'y'), (30, 'z')]);
        assert_eq!(sorted(map.into_values()), ['x', 'y', 'z']);
    }

    fn iter() {
        let map = Map::from([(10_u64, 'x'), (20, 'y')]);
        let mut seen = Vec::new();
        for (key, value) in map.iter() {
            seen.push((key, *value));
        }
        assert_eq!(sorted(seen), [(10, 'x'), (20, 'y')]);
    }

    fn iter_mut() {
        let mut map = Map::from([(1_u64, 5), (2, 6)]);
        for (key, value) in map.iter_mut() {
            *value += key;
        }
        assert_eq!((map[1], map[2]), (6, 8));
    }

    fn len() {
        let mut map = Map::new();
        assert_eq!(map.len(), 0);
        map.insert(1_u64, "one");
        assert_eq!(map.len(), 1);
    }

    fn is_empty() {
        let mut map = Map::new();
        assert!(map.is_empty());
        map.insert(1_u64, "one");
        assert!(!map.is_empty());
    }

    fn drain() {
        let mut map = Map::from([(1_u64, 'x'), (2, 'y')]);
        for (key, value) in map.drain().take(1) {
            assert!((key, value) == (1, 'x') || (key, value) == (2, 'y'));
        }
        assert!(map.is_empty());
    }

    fn extract_if() {
        let mut map: Map<u64, u64> = (0..10).map(|id| (id, id * id)).collect();
        let low: Map<u64, u64> = map.extract_if(|_, square| *square < 30).collect();
        assert_eq!(sorted(low.into_keys()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(sorted(map.into_keys()), [6, 7, 8, 9]);
    }

    fn retain() {
        let mut map: Map<u64, u64> = (0..10).map(|id| (id, id * id)).collect();
        map.retain(|id, _| id % 3 == 0);
        assert_eq!(sorted(map.into_keys()), [0, 3, 6, 9]);
    }

    fn clear() {
        let mut map = Map::from([(1_u64, 'x')]);
        map.clear();
        assert!(map.is_empty());
    }

    fn reserve() {
        let mut map: Map<u64, char> = Map::new();
        map.reserve(10);
        assert!(map.capacity() >= 10);
    }

    fn try_reserve() {
        let mut map: Map<u64, char> = Map::new();
        map.try_reserve(10).expect("ten entries fit into memory");
        assert!(map.capacity() >= 10);
    }

    fn shrink_to_fit() {
        let mut map: Map<u64, u64> = Map::with_capacity(10_000);
        map.extend([(1, 2), (3, 4)]);
        assert!(map.capacity() >= 10_000);
        map.shrink_to_fit();
        assert!((2..10_000).contains(&map.capacity()));
    }

    fn shrink_to() {
        let mut map: Map<u64, u64> = Map::with_capacity(10_000);
        map.extend([(1, 2), (3, 4)]);
        map.shrink_to(1_000);
        assert!((1_000..10_000).contains(&map.capacity()));
        map.shrink_to(0);
        assert!((2..1_000).contains(&map.capacity()));
    }

    fn entry() {
        let mut letters = Map::<u32, u32>::new();
        for letter in "no snapshot copies the table".chars() {
            letters.entry(letter.into()).and_modify(|count| *count += 1).or_insert(1);
        }
        assert_eq!(letters[u32::from('s')], 3);
        assert_eq!(letters[u32::from('t')], 3);
        assert_eq!(letters.get(u32::from('y')), None);
    }

    fn get() {
        let map = Map::from([(1_u64, 'x')]);
        assert_eq!(map.get(1), Some(&'x'));
        assert_eq!(map.get(2), None);
    }

    fn get_key_value() {
        let map = Map::from([(Berth(1), 'x')]);
        assert_eq!(map.get_key_value(Berth(1)), Some((Berth(1), &'x')));
        assert_eq!(map.get_key_value(Berth(2)), None);
    }

    fn get_disjoint_mut() {
        let mut votes = Map::from([(1_u64, 10), (2, 20), (3, 30)]);
        let [Some(first), Some(third)] = votes.get_disjoint_mut([1, 3]) else {
            panic!("both are there");
        };
        std::mem::swap(first, third);
        assert_eq!((votes[1], votes[3]), (30, 10));
        assert_eq!(votes.get_disjoint_mut([2, 4]), [Some(&mut 20), None]);
    }

    #[should_panic(expected = "duplicate keys found: key 1 is given twice")]
    fn get_disjoint_mut_of_one_key_twice() {
        Map::from([(1_u64, 10)]).get_disjoint_mut([1, 1]);
    }

    fn contains_key() {
        let map = Map::from([(1_u64, 'x')]);
        assert!(map.contains_key(1));
        assert!(!map.contains_key(2));
    }

    fn get_mut() {
        let mut map = Map::from([(1_u64, 'x')]);
        if let Some(value) = map.get_mut(1) {
            *value = 'y';
        }
        assert_eq!(map[1], 'y');
    }

    fn insert() {
        let mut map = Map::new();
        assert_eq!(map.insert(8_u64, 'x'), None);
        assert_eq!(map.insert(8, 'y'), Some('x'));
        assert_eq!((map[8], map.len()), ('y', 1));
    }

    fn remove() {
        let mut map = Map::from([(1_u64, 'x')]);
        assert_eq!(map.remove(1), Some('x'));
        assert_eq!(map.remove(1), None);
    }

    fn remove_entry() {
        let mut map = Map::from([(1_u64, 'x')]);
        assert_eq!(map.remove_entry(1), Some((1, 'x')));
        assert_eq!(map.remove_entry(1), None);
    }

    fn from_an_array() {
        let made = Map::from([(1_u64, 2), (3, 4)]);
        let converted: Map<u64, i32> = [(3, 4), (1, 2)].into();
        assert_eq!(made, converted);
    }

    fn into_iter() {
        let map = Map::from([(1_u64, 'x'), (2, 'y')]);
        let entries: Vec<(u64, char)> = map.into_iter().collect();
        assert_eq!(sorted(entries), [(1, 'x'), (2, 'y')]);
    }

    fn extend_by_values_and_by_references() {
        let mut map = Map::from([(1_u64, 1)]);
        map.extend([(2, 2), (1, 10)]);
        let more = Map::from([(3_u64, 3)]);
        map.extend(&more);
        assert_eq!(map, Map::from([(1, 10), (2, 2), (3, 3)]));
    }

    #[should_panic(expected = "no entry found for key 2")]
    fn index_of_an_absent_key() {
        let map = Map::from([(1_u64, 'x')]);
        let _ = map[2];
    }

    fn default_and_debug() {
        let mut map: Map<u64, char> = Map::default();
        assert_eq!(format!("{map:?}"), "{}");
        map.insert(1, 'x');
        assert_eq!(format!("{map:?}"), "{1: 'x'}");
    }
}
