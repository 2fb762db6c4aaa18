//! The pages of `Entry`, `OccupiedEntry` and `VacantEntry`.

use cowmap::Entry;

examples! {
    fn or_insert() {
        let mut map = Map::<u64, u32>::new();
        map.entry(1).or_insert(5);
        assert_eq!(map[1], 5);
        *map.entry(1).or_insert(100) -= 2;
        assert_eq!(map[1], 3);
    }

    fn or_insert_with() {
        let mut map = Map::new();
        map.entry(1_u64).or_insert_with(|| "made when it is needed".to_owned());
        assert_eq!(map[1], "made when it is needed");
    }

    fn or_insert_with_key() {
        let mut digits = Map::<u64, usize>::new();
        digits.entry(90_210).or_insert_with_key(|key| key.to_string().len());
        assert_eq!(digits[90_210], 5);
    }

    fn key() {
        let mut map = Map::<u64, u32>::new();
        assert_eq!(map.entry(7).key(), 7);
    }

    fn and_modify() {
        let mut map = Map::<u64, u32>::new();
        for expected in [8, 9] {
            map.entry(1).and_modify(|value| *value += 1).or_insert(8);
            assert_eq!(map[1], expected);
        }
    }

    fn insert_entry() {
        let mut map = Map::<u64, &str>::new();
        let entry = map.entry(1).insert_entry("sunny");
        assert_eq!((entry.key(), *entry.get()), (1, "sunny"));
    }

    fn or_default() {
        let mut map = Map::<u64, Option<u32>>::new();
        map.entry(1).or_default();
        assert_eq!(map[1], None);
    }

    fn occupied_key() {
        let mut map = Map::from([(1_u64, 5)]);
        assert_eq!(map.entry(1).key(), 1);
        let Entry::Occupied(entry) = map.entry(1) else { panic!("1 is there") };
        assert_eq!(entry.key(), 1);
    }

    fn occupied_remove_entry() {
        let mut map = Map::from([(1_u64, 5)]);
        let Entry::Occupied(entry) = map.entry(1) else { panic!("1 is there") };
        assert_eq!(entry.remove_entry(), (1, 5));
        assert!(!map.contains_key(1));
    }

    fn occupied_get() {
        let mut map = Map::from([(1_u64, 5)]);
        let Entry::Occupied(entry) = map.entry(1) else { panic!("1 is there") };
        assert_eq!(entry.get(), &5);
    }

    fn occupied_get_mut() {
        let mut map = Map::from([(1_u64, 5)]);
        let Entry::Occupied(mut entry) = map.entry(1) else { panic!("1 is there") };
        *entry.get_mut() += 1;
        // The same entry again.
        *entry.get_mut() += 2;
        assert_eq!(map[1], 8);
    }

    fn occupied_into_mut() {
        let mut map = Map::from([(1_u64, 5)]);
        let value: &mut i32 = match map.entry(1) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(_) => panic!("1 is there"),
        };
        *value *= 2;
        assert_eq!(map[1], 10);
    }

    fn occupied_insert() {
        let mut map = Map::from([(1_u64, 5)]);
        let Entry::Occupied(mut entry) = map.entry(1) else { panic!("1 is there") };
        assert_eq!(entry.insert(6), 5);
        assert_eq!(map[1], 6);
    }

    fn occupied_remove() {
        let mut map = Map::from([(1_u64, 5)]);
        let Entry::Occupied(entry) = map.entry(1) else { panic!("1 is there") };
        assert_eq!(entry.remove(), 5);
        assert!(map.is_empty());
    }

    fn vacant_key() {
        let mut map = Map::<u64, u32>::new();
        let Entry::Vacant(entry) = map.entry(1) else { panic!("the map is empty") };
        assert_eq!(entry.key(), 1);
    }

    fn vacant_into_key() {
        let mut map = Map::<u64, u32>::new();
        let Entry::Vacant(entry) = map.entry(1) else { panic!("the map is empty") };
        assert_eq!(entry.into_key(), 1);
        assert!(map.is_empty());
    }

    fn vacant_insert() {
        let mut map = Map::<u64, u32>::new();
        if let Entry::Vacant(entry) = map.entry(1) {
            *entry.insert(9) += 1;
        }
        assert_eq!(map[1], 10);
    }

    fn vacant_insert_entry() {
        let mut map = Map::<u64, u32>::new();
        if let Entry::Vacant(entry) = map.entry(1) {
            let occupied = entry.insert_entry(9);
            assert_eq!(occupied.get(), &9);
        }
        assert_eq!(map[1], 9);
    }
}
