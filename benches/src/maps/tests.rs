//! Every adapter against a model.

use std::collections::BTreeMap;

use super::everybody;
use crate::keys::{Family, mix};
use crate::measure::Tally;
use crate::values::Value;

#[test]
fn every_adapter_does_what_a_map_does_and_its_snapshots_stay() {
    for peer in everybody() {
        let mut map = (peer.make)(0);
        let mut model = BTreeMap::new();
        let mut snapshots = Vec::new();
        for step in 0..20_000_u64 {
            let key = Family::Random.key(mix(step) % 500);
            match step % 3 {
                0 | 1 => {
                    map.fill(&[key]);
                    model.insert(key, u64::make(key));
                }
                _ => assert_eq!(map.erase(&[key]), u64::from(model.remove(&key).is_some())),
            }
            if step % 1_000 == 0 && peer.id.has_snapshots() {
                snapshots.push((map.fork(), tally(&model)));
            }
        }
        let name = peer.id.name();
        assert_eq!(map.scan(), tally(&model), "{name}");
        for (snapshot, expected) in snapshots {
            assert_eq!(snapshot.scan(), expected, "a snapshot of {name}");
        }
        let all = Family::Random.keys(0..500);
        let mut found = Tally::default();
        all.iter().filter_map(|key| model.get(key)).for_each(|&value| found.add(value));
        assert_eq!(map.hits(&all), found, "{name}");
        assert_eq!(map.dependent(&all), found, "{name}");
    }
}

fn tally(model: &BTreeMap<i64, u64>) -> Tally {
    let mut tally = Tally::default();
    for (&key, value) in model {
        tally.add(value.digest() ^ key.cast_unsigned());
    }
    tally
}
