//! Two maps together.

use crate::common::on_every_map;
use crate::{MANY, Numbers, holds, numbers};
use cowmap_core::{Hashing, Map, Paging};

fn maps_are_made_of_two<P: Paging, H: Hashing + Default>() {
    let base = numbers::<P, H>(MANY);
    let mut grown = base.clone();
    for key in MANY..MANY + 50 {
        grown.insert(key, key * 10);
    }
    grown.remove(7);
    let unrelated: Numbers<P, H> = (1000..MANY + 50).map(|key| (key, key * 10)).collect();
    let models = [&base, &grown, &unrelated, &Map::default()];
    for a in models {
        for b in models {
            let has = |map: &Numbers<P, H>, key| map.contains_key(key);
            let all = || 0..MANY + 50;
            holds(&a.union(b), all().filter(|&key| has(a, key) || has(b, key)));
            holds(&a.intersection(b), all().filter(|&key| has(a, key) && has(b, key)));
            holds(&a.difference(b), all().filter(|&key| has(a, key) && !has(b, key)));
            holds(&a.symmetric_difference(b), all().filter(|&key| has(a, key) != has(b, key)));
            let contained = all().all(|key| !has(a, key) || has(b, key));
            assert_eq!(a.is_submap(b), contained);
            assert_eq!(a.is_submap_of_keys(b), contained);
        }
    }
    let mut changed = base.clone();
    changed.insert(3, 0);
    assert!(!base.is_submap(&changed) && base.is_submap_of_keys(&changed));
    assert_eq!(base.union(&changed), base);
    assert_eq!(changed.union(&base), changed);
    assert_eq!(changed.intersection(&base), changed);
}

on_every_map!(maps_are_made_of_two,);
