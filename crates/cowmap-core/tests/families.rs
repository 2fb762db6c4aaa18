//! Families of keys that people use cost no more groups than random keys do.

// `a << 32 | b` is how people write such keys.
#![allow(clippy::precedence)]

mod common;

use std::collections::HashSet;

use common::random::Random;
use cowmap_core::{Fixed, Flat, Hashing, Map, Paged, Paging, Seeded};

/// The limit on groups probed, against the same number of random keys.
const TIMES: f64 = 1.5;

/// Numbers of keys. 6,912 and 110,592 are 27 * 2^n: they fill a flat map to its limit.
/// Code that is not optimised counts the smaller ones.
const SIZES: &[usize] = if cfg!(debug_assertions) {
    &[1_000, 6_912, 24_576]
} else {
    &[1_000, 6_912, 24_576, 110_592, 200_000]
};

/// A named sequence of keys, which ends where there are no more of the kind.
struct Family {
    name: String,
    member: Box<dyn Fn(u64) -> Option<i64>>,
}

fn family(name: impl Into<String>, member: impl Fn(u64) -> Option<i64> + 'static) -> Family {
    Family { name: name.into(), member: Box::new(member) }
}

fn unsigned(name: impl Into<String>, member: impl Fn(u64) -> u64 + 'static) -> Family {
    family(name, move |i| Some(member(i).cast_signed()))
}

/// `i << shift`, as far as no bit is lost.
fn shifted(i: u64, shift: u32) -> Option<i64> {
    (i << shift >> shift == i).then_some((i << shift).cast_signed())
}

/// The bits of `i` spread to every second bit.
fn spread(i: u64) -> u64 {
    (0..32).fold(0, |spread, bit| spread | (i >> bit & 1) << (2 * bit))
}

fn families() -> Vec<Family> {
    let mut all = vec![
        unsigned("sequential", |i| i),
        unsigned("sequential from 10^12", |i| 1_000_000_000_000 + i),
        family("descending", |i| Some(-1 - i.cast_signed())),
        family("negative and positive in turn", |i| {
            let half = (i / 2).cast_signed();
            Some(if i % 2 == 0 { half } else { -1 - half })
        }),
        family("mixed: small, negative, shifted, large", |i| {
            let quarter = (i / 4).cast_signed();
            Some(match i % 4 {
                0 => quarter,
                1 => -1 - quarter,
                2 => quarter << 32 | 1 << 31,
                _ => i64::MAX - quarter,
            })
        }),
        unsigned("a << 32 | b, 16 b for each a", |i| (i / 16) << 32 | i % 16),
        unsigned("a << 32 | b, 1,000 b for each a", |i| (i / 1_000) << 32 | i % 1_000),
        unsigned("a << 32 | b, 16 a for each b", |i| (i % 16) << 32 | i / 16),
        unsigned("a << 32 | b, 1,000 a for each b", |i| (i % 1_000) << 32 | i / 1_000),
        unsigned("a << 32 | a", |i| i << 32 | i),
        unsigned("a << 16 | b, 100 b for each a", |i| (i / 100) << 16 | i % 100),
        unsigned("a << 48 | b, 64 a for each b", |i| (i % 64) << 48 | i / 64),
        unsigned("byte-swapped", u64::swap_bytes),
        unsigned("byte-swapped in the low half", |i| u64::from((i as u32).swap_bytes())),
        unsigned("bit-reversed", u64::reverse_bits),
        unsigned("whole f64", |i| (i as f64).to_bits()),
        unsigned("f64 in tenths", |i| (i as f64 / 10.0).to_bits()),
        unsigned("whole f32", |i| u64::from((i as f32).to_bits())),
        unsigned("snowflakes, 1 each ms", |i| (1_700_000_000_000 + i) << 22),
        unsigned("snowflakes, 1 each ms, of machine 37", |i| {
            (1_700_000_000_000 + i) << 22 | 37 << 12
        }),
        unsigned("snowflakes, 8 each ms", |i| (1_700_000_000_000 + i / 8) << 22 | i % 8),
        unsigned("snowflakes, 1 each 100 ms, 32 machines", |i| {
            (1_700_000_000_000 + 100 * i) << 22 | (i % 32) << 12
        }),
        unsigned("pointers, 16 bytes apart", |i| 0x7f3a_4c00_0010 + 16 * i),
        unsigned("pointers, 48 bytes apart", |i| 0x55d0_1a2b_3c40 + 48 * i),
        unsigned("pointers, 64 bytes apart", |i| 0x7f3a_4c00_0040 + 64 * i),
        unsigned("pointers, 4 KiB apart", |i| 0x7f3a_4c00_0000 + 4096 * i),
        unsigned("pointers of arenas", |i| 0x7f00_0000_0030 + (i / 1_000 << 26) + 80 * (i % 1_000)),
        unsigned("Gray codes", |i| i ^ i >> 1),
        unsigned("squares", |i| i * i),
        unsigned("cubes", |i| i * i * i),
        unsigned("triangular numbers", |i| i * (i + 1) / 2),
        unsigned("powers of ten apart: 1,000", |i| 1_000 * i),
        unsigned("powers of ten apart: 1,000,000", |i| 1_000_000 * i),
        unsigned("powers of ten apart: 10^9", |i| 1_000_000_000 * i),
        unsigned("2^k + 1 apart: 65,537", |i| 65_537 * i),
        unsigned("2^k + 1 apart: 2^32 + 1", |i| ((1 << 32) + 1) * i),
        unsigned("2^k - 1 apart: 2^32 - 1", |i| ((1 << 32) - 1) * i),
        unsigned("microseconds in steps of a second", |i| 1_700_000_000_000_000 + 1_000_000 * i),
        unsigned("nanoseconds in steps of a minute", |i| {
            1_700_000_000_000_000_000 + 60_000_000_000 * i
        }),
        unsigned("dates with numbers", |i| {
            let (day, number) = (i / 500, i % 500);
            (20_240_101 + day / 28 % 12 * 100 + day % 28 + day / 336 * 10_000) * 1_000_000 + number
        }),
        unsigned("text: user0000", |i| {
            u64::from_be_bytes(format!("u{i:07}").into_bytes().try_into().expect("eight bytes"))
        }),
        unsigned("Morton codes of a square", |i| spread(i % 512) | spread(i / 512) << 1),
        unsigned("cells of a grid, y << 16 | x", |i| (i / 512) << 16 | i % 512),
        unsigned("cells of a grid, y << 32 | x, around zero", |i| {
            let (x, y) = ((i % 512).wrapping_sub(256), (i / 512).wrapping_sub(256));
            y << 32 | u64::from(x as u32)
        }),
        unsigned("IPv4 addresses of /24 nets", |i| 0x0a00_0000 | (i / 50) << 8 | (i % 50 + 1)),
        unsigned("the upper end", |i| i64::MAX.cast_unsigned() - i),
        family("the lower end", |i| Some(i64::MIN + 1 + i.cast_signed())),
    ];
    for shift in 1..=48 {
        all.push(family(format!("stride of 2^{shift}"), move |i| shifted(i, shift)));
    }
    for shift in [8, 24, 32, 40] {
        all.push(family(format!("stride of 2^{shift}, odd, negative"), move |i| {
            shifted(i, shift).map(|key| -1 - key)
        }));
    }
    all
}

/// Groups probed per operation.
#[derive(Clone, Copy, Debug, Default)]
struct Groups {
    insert: f64,
    hit: f64,
    miss_of_family: f64,
    random_miss: f64,
    hit_after_removals: f64,
    miss_after_removals: f64,
    random_miss_after_removals: f64,
}

impl Groups {
    const NAMES: [&str; 7] = [
        "insert",
        "hit",
        "miss",
        "random miss",
        "halved: hit",
        "halved: miss",
        "halved: random miss",
    ];

    fn each(&self) -> [f64; 7] {
        [
            self.insert,
            self.hit,
            self.miss_of_family,
            self.random_miss,
            self.hit_after_removals,
            self.miss_after_removals,
            self.random_miss_after_removals,
        ]
    }
}

type Numbers<P, H> = Map<i64, u64, P, H>;

/// The mean number of groups that lookups of these keys probe; 1 if there are none.
fn lookups<P: Paging, H: Hashing>(map: &Numbers<P, H>, keys: impl IntoIterator<Item = i64>) -> f64 {
    let (mut groups, mut count) = (0, 0);
    for key in keys {
        groups += map.groups_probed(key).0;
        count += 1;
    }
    if count == 0 { 1.0 } else { groups as f64 / f64::from(count) }
}

/// Inserts `present`, looks everything up, removes every second, looks everything up again.
fn measure<P: Paging, H: Hashing>(
    mut map: Numbers<P, H>,
    present: &[i64],
    absent: &[i64],
) -> Groups {
    let mut inserted = 0;
    for &key in present {
        inserted += map.groups_probed(key).1;
        map.insert(key, 0);
    }
    assert_eq!(map.len(), present.len());
    let strangers = {
        let taken: HashSet<i64> = present.iter().copied().collect();
        let mut random = Random::new(0x5712_a463).keys(present.len().min(20_000));
        random.retain(|key| !taken.contains(key));
        random
    };
    let mut groups = Groups {
        insert: inserted as f64 / present.len() as f64,
        hit: lookups(&map, present.iter().copied()),
        miss_of_family: lookups(&map, absent.iter().copied()),
        random_miss: lookups(&map, strangers.iter().copied()),
        ..Groups::default()
    };
    let removed = || present.iter().copied().step_by(2);
    let kept = || present.iter().copied().skip(1).step_by(2);
    for key in removed() {
        assert!(map.remove(key).is_some());
    }
    groups.hit_after_removals = lookups(&map, kept());
    groups.miss_after_removals = lookups(&map, removed());
    groups.random_miss_after_removals = lookups(&map, strangers);
    groups
}

/// Runs every family on one kind of map, and complains of all that exceed the limit at once.
fn check<P: Paging, H: Hashing>(name: &str, map: impl Fn() -> Numbers<P, H>, sizes: &[usize]) {
    let random: Vec<Groups> = sizes
        .iter()
        .map(|&size| {
            let keys = Random::new(77).keys(2 * size);
            measure(map(), &keys[..size], &keys[size..])
        })
        .collect();
    let mut failures = Vec::new();
    for Family { name: family, member } in families() {
        let mut worst = (0.0, 0, "");
        for (&size, random) in sizes.iter().zip(&random) {
            let members: Vec<i64> =
                (0..2 * size as u64).map_while(&member).filter(|&key| key != i64::MIN).collect();
            if members.len() < size {
                continue;
            }
            let groups = measure(map(), &members[..size], &members[size..]);
            for ((groups, random), op) in
                groups.each().into_iter().zip(random.each()).zip(Groups::NAMES)
            {
                let ratio = groups / random;
                if ratio > worst.0 {
                    worst = (ratio, size, op);
                }
                if ratio > TIMES {
                    failures.push(format!(
                        "{family}, {size} keys, {op}: {groups:.2}, {ratio:.2} times"
                    ));
                }
            }
        }
        println!("{name} | {family} | {:.2} | {} at {}", worst.0, worst.2, worst.1);
    }
    assert!(failures.is_empty(), "{name}:\n{}", failures.join("\n"));
}

#[test]
fn every_family_costs_a_flat_map_the_groups_of_random_keys() {
    check::<Flat, Fixed>("flat", Map::default, SIZES);
}

#[test]
fn every_family_costs_a_paged_map_the_groups_of_random_keys() {
    check::<Paged, Fixed>("paged", Map::default, SIZES);
}

#[test]
fn every_family_costs_a_seeded_map_the_groups_of_random_keys() {
    for secret in
        [[1, 2, 3], [0xdead_beef, 0x1234_5678_9abc_def0, 77], [u64::MAX, 1 << 40, 1 << 63]]
    {
        check::<Paged, Seeded>("seeded", || Map::with_secret(secret), &SIZES[..2]);
    }
}
