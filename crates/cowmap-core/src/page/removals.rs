//! What removals cost, counted in groups: those that lookups, removals and rebuilds pass.

use super::*;
use crate::entries::Sieve;
use crate::hash::{Fixed, WordHash};
use crate::policy::{Flat, Limits, Locality, Paged, Paging, REBUILD_PART, STALE_PART, Tiny};
use crate::rules::Cloning;
use crate::tree::Tree;

#[path = "../../tests/common/random.rs"]
#[allow(dead_code, unreachable_pub)]
mod random;
use random::Random;

/// A value that may be made of nothing.
trait Value: Clone + Default {}
impl<V: Clone + Default> Value for V {}

/// A tree whose removals are watched.
struct Watched<V, P: Paging> {
    tree: Tree<u64, V, P>,
    /// Groups that a lookup of each removed word compared just before.
    looked_at: u64,
    /// Groups that rebuilds passed, and those of the rebuilt pages.
    rebuilding: u64,
    /// The same of pages that were filled from others because they became smaller, or merged.
    refilling: u64,
    rebuilds: u64,
    /// Rebuilds after which the page has more room for stale groups than a sixteenth of its slots.
    with_more_room: u64,
}

impl<V: Value, P: Paging> Watched<V, P> {
    const LANES: usize = Geometry::<u64, V>::LANES;

    fn rules() -> Cloning<'static, Limits<u64, V, P>, Fixed> {
        Cloning::by(&Fixed)
    }

    fn of(words: &[u64]) -> Self {
        let mut tree = Tree::new();
        for &word in words {
            let before = tree.insert(&Self::rules(), word, V::default());
            assert!(before.expect("there is memory").is_none());
        }
        Self::watch(tree)
    }

    fn watch(tree: Tree<u64, V, P>) -> Self {
        Watched { tree, looked_at: 0, rebuilding: 0, refilling: 0, rebuilds: 0, with_more_room: 0 }
    }

    fn page(&self, word: u64) -> PageRef<'_, u64, V> {
        self.tree.page(Self::rules().page(word))
    }

    /// Groups that the search for a word of a page passes.
    fn passed_by(page: PageRef<'_, u64, V>, word: u64) -> u64 {
        page.groups_probed(Self::rules().place(word), word).0 as u64 - 1
    }

    /// Groups that the entries of a page have passed.
    fn passed_in(page: PageRef<'_, u64, V>) -> u64 {
        page.slots().map(|slot| Self::passed_by(page, page.word(slot))).sum()
    }

    fn room(&self, word: u64) -> u64 {
        self.page(word).header().expect("not empty").stale_room.into()
    }

    /// Removes an entry; returns whether its page was rebuilt.
    fn remove(&mut self, word: u64) -> bool {
        let page = self.page(word);
        let (base, groups, room) = (page.page(), page.groups(), self.room(word));
        let passed = Self::passed_by(page, word);
        let due = passed > 0 && passed >= room;
        let shared = self.tree.is_shared();
        let before = if due { Self::passed_in(page) } else { 0 };
        let removed = self.tree.remove(&Self::rules(), word);
        assert!(removed.expect("there is memory").is_some());
        self.looked_at += passed + 1;

        let page = self.page(word);
        let of_slots = (groups * Self::LANES / STALE_PART + 1) as u64;
        let is_same = page.groups() == groups && (shared || page.page() == base);
        if is_same && !page.page().is_empty_page() {
            let after = self.room(word);
            if due {
                assert!(after >= of_slots, "{after} after a rebuild of {groups} groups");
                // An entry may be placed again more than once, but that is rare.
                let most = 2 * before / REBUILD_PART;
                assert!(after <= of_slots.max(most), "{after} after {before} groups in {groups}");
                self.with_more_room += u64::from(after > of_slots);
            } else {
                assert_eq!(after, room - passed, "a removal takes what it passed from the room");
            }
        } else {
            self.refilling += groups as u64 + Self::passed_in(page);
        }
        if due {
            self.rebuilds += 1;
            self.rebuilding += groups as u64 + before;
        }
        due
    }
}

/// Words whose page hashes agree in the highest 22 bits, and whose places do in some.
fn colliding<V: Value, P: Paging>(count: usize) -> Vec<u64> {
    neighbours::<V, P>(count, true)
}

/// Words whose page hashes agree in the highest 22 bits, and if they `collide` places in some.
fn neighbours<V: Value, P: Paging>(count: usize, collide: bool) -> Vec<u64> {
    let rules = Watched::<V, P>::rules();
    let mut random = Random::new(3);
    if !P::PAGED {
        let wanted = rules.place(random.next_u64()).0 >> 52;
        let words = std::iter::repeat_with(|| random.next_u64());
        return words
            .filter(|&word| !collide || rules.place(word).0 >> 52 == wanted)
            .take(count)
            .collect();
    }
    let neighbours = Limits::<u64, V, P>::NEIGHBOUR_BITS;
    let multiplier = rules.page(1 << neighbours).0;
    // Newton's method: each step doubles the bits that are right.
    let inverse = (0..6).fold(1_u64, |inverse, _| {
        inverse.wrapping_mul(2_u64.wrapping_sub(multiplier.wrapping_mul(inverse)))
    });
    let (prefix, place) = (random.next_u64() >> 42 << 42, random.next_u64() >> 56);
    let mut words = Vec::new();
    while words.len() < count {
        let block = (prefix | random.next_u64() >> 22).wrapping_mul(inverse);
        if block >> (64 - neighbours) != 0 {
            continue;
        }
        for word in (block << neighbours)..=(block << neighbours | ((1 << neighbours) - 1)) {
            debug_assert_eq!(rules.page(word).0 >> 42 << 42, prefix);
            if (!collide || rules.place(word).0 >> 56 == place) && word != 0 {
                words.push(word);
            }
        }
    }
    words
}

/// The orders in which words may go.
const ORDERS: [&str; 3] = ["first in, first out", "last in, first out", "at random"];

fn ordered(mut words: Vec<u64>, order: &str) -> Vec<u64> {
    match order {
        "first in, first out" => {}
        "last in, first out" => words.reverse(),
        _ => Random::new(9).shuffle(&mut words),
    }
    words
}

/// Removes all of some colliding entries, with a snapshot before each so many.
fn check_colliding<V: Value, P: Paging>(name: &str, count: usize, snapshots: usize) {
    let words = colliding::<V, P>(count);
    for order in ORDERS {
        let mut watched = Watched::<V, P>::of(&words);
        let inserted = {
            let page = watched.page(words[0]);
            assert!(page.len() > 4 * Limits::<u64, V, P>::PAGE_ENTRIES.min(100), "a large table");
            Watched::<V, P>::passed_in(page)
        };
        let mut snapshot = None;
        for (number, word) in ordered(words.clone(), order).into_iter().enumerate() {
            if snapshots > 0 && number % snapshots == 0 {
                snapshot = Some(watched.tree.clone());
            }
            watched.remove(word);
            let spent = watched.rebuilding + watched.refilling;
            let most = 10 * (watched.looked_at + inserted);
            assert!(
                spent <= most,
                "{name}, {count} {order}: {spent} groups after {number} removals, most {most}"
            );
        }
        drop(snapshot);
        let Watched { looked_at, rebuilding, refilling, rebuilds, .. } = watched;
        println!(
            "{name}, {count} {order}: inserted {inserted}, lookups {looked_at}, {rebuilds} \
             rebuilds {rebuilding}, refilling {refilling}"
        );
        assert!(rebuilding <= 10 * looked_at, "{rebuilding} groups, lookups {looked_at}");
        assert_eq!(watched.tree.len(), 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn removing_colliding_entries_costs_a_few_lookups_each() {
    // Not optimised, the larger ones take a minute.
    let counts: &[usize] = if cfg!(debug_assertions) { &[500, 1_000] } else { &[1_000, 4_000] };
    for &count in counts {
        check_colliding::<u64, Flat>("flat", count, 0);
        check_colliding::<(), Flat>("flat set", count, 0);
        check_colliding::<u64, Paged>("paged", count, 0);
        check_colliding::<u64, Tiny>("tiny", count, 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn removing_colliding_entries_below_snapshots_costs_a_few_lookups_each() {
    for snapshots in [1, 20] {
        check_colliding::<u64, Flat>("flat", 500, snapshots);
        check_colliding::<u64, Paged>("paged", 500, snapshots);
        check_colliding::<u64, Tiny>("tiny", 500, snapshots);
    }
}

/// A page that grows and shrinks again and again beside colliding entries does not pass their groups
/// each time, nor is it rebuilt soon after.
#[test]
#[cfg_attr(miri, ignore = "slow")]
fn growing_and_shrinking_beside_colliding_entries_costs_a_few_lookups_each() {
    fn check<P: Paging>(name: &str) {
        let crowd = colliding::<u64, P>(1_000);
        let mut others = neighbours::<u64, P>(20_000, false);
        others.retain(|word| !crowd.contains(word));
        let mut watched = Watched::<u64, P>::of(&crowd);
        let inserted = Watched::<u64, P>::passed_in(watched.page(crowd[0]));
        let mut resizes = 0;
        for words in (0..60).map(|round| &others[round * 200..][..8_000]) {
            for &word in words {
                let absent = watched.tree.insert(&Watched::<u64, P>::rules(), word, 0);
                assert!(absent.expect("there is memory").is_none());
            }
            for &word in words {
                let before = watched.refilling;
                watched.remove(word);
                // What filling a page passes is counted by the tests of `filling.rs`.
                resizes += u64::from(watched.refilling > before);
                watched.refilling = before;
            }
        }
        let Watched { looked_at, rebuilding, rebuilds, .. } = watched;
        println!(
            "{name}: lookups {looked_at}, {rebuilds} rebuilds {rebuilding}, {resizes} resizes"
        );
        assert!(resizes >= 60, "{resizes}");
        assert!(rebuilding <= 2 * (looked_at + inserted), "{rebuilding} groups, {looked_at}");
    }
    check::<Flat>("flat");
    check::<Paged>("paged");
    check::<Tiny>("tiny");
}

/// Colliding entries are no reason to rebuild pages of ordinary ones less often, for their misses'
/// sake.
#[test]
#[cfg_attr(miri, ignore = "slow")]
fn pages_of_ordinary_entries_have_room_for_a_sixteenth_of_their_slots() {
    fn check<P: Paging>(name: &str, len: usize, churn: usize) -> (u64, u64) {
        let mut random = Random::new(5);
        let mut words: Vec<u64> = std::iter::repeat_with(|| random.next_u64()).take(len).collect();
        let mut watched = Watched::<u64, P>::of(&words);
        for _ in 0..churn {
            let word = &mut words[random.below(len)];
            watched.remove(*word);
            *word = random.next_u64();
            let absent = watched.tree.insert(&Watched::<u64, P>::rules(), *word, 0);
            assert!(absent.expect("there is memory").is_none());
        }
        println!("{name}, {len}: {} rebuilds, {}", watched.rebuilds, watched.with_more_room);
        (watched.rebuilds, watched.with_more_room)
    }
    let rows = [
        // As full as a page gets.
        check::<Flat>("flat", 108, 3_000),
        check::<Flat>("flat", 864, 10_000),
        check::<Flat>("flat", 13_824, 20_000),
        check::<Paged>("paged", 110, 3_000),
        check::<Paged>("paged", 20_000, 30_000),
        check::<Tiny>("tiny", 1_000, 10_000),
    ];
    for (rebuilds, with_more_room) in rows {
        assert!(rebuilds > 5 && 10 * with_more_room <= rebuilds, "{rebuilds} {with_more_room}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "slow")]
fn a_copy_takes_its_pages_room_along() {
    fn check<P: Paging>() {
        let words = colliding::<u64, P>(400);
        let mut map = Watched::<u64, P>::of(&words);
        let (kept, removed) = words.split_at(200);
        // Copies of a page that has room remove without a rebuild, one after the other.
        while !map.remove(removed[0]) {
            let again = map.tree.insert(&Watched::<u64, P>::rules(), removed[0], 0);
            assert!(again.expect("there is memory").is_none());
        }
        let (far, passed) = kept
            .iter()
            .map(|&word| (word, Watched::<u64, P>::passed_by(map.page(word), word)))
            .max_by_key(|&(_, passed)| passed)
            .expect("some are left");
        assert!(passed > 10 && map.room(far) > passed);
        for _ in 0..50 {
            let mut copy = Watched::<u64, P>::watch(map.tree.clone());
            assert!(!copy.remove(far));
            assert_eq!(copy.room(far), map.room(far) - passed);
        }
        // Copies of a page that has none left are rebuilt once each.
        let mut rest = removed[1..].iter();
        while map.room(far) > passed {
            let &word = rest.next().expect("there are enough");
            assert!(!map.remove(word));
        }
        for _ in 0..50 {
            let mut copy = Watched::<u64, P>::watch(map.tree.clone());
            let rebuilt = kept.iter().filter(|&&word| copy.remove(word)).take(1).count();
            assert_eq!(rebuilt, 1);
            let room = copy.room(far);
            assert!(room > 100, "{room} after a rebuild");
        }
        map.tree.check(&Watched::<u64, P>::rules());
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}

/// A walk that is forgotten does not put its page in order. The next removal from afar does.
#[test]
#[cfg_attr(miri, ignore = "slow")]
fn walks_that_are_forgotten_leave_no_room() {
    fn check<P: Paging>() {
        let words = colliding::<u64, P>(300);
        let mut map = Watched::<u64, P>::of(&words);
        for round in 0..100 {
            let mut walk = Sieve::over(&mut map.tree, Watched::<u64, P>::rules());
            let mut taken = Vec::new();
            while let Some((word, _)) = walk.next(|word, _| (word % 5 == round % 5).then_some(word))
            {
                taken.push(word);
                if taken.len() == 20 {
                    break;
                }
            }
            std::mem::forget(walk);
            map.tree.check(&Watched::<u64, P>::rules());
            for word in taken {
                let again = map.tree.insert(&Watched::<u64, P>::rules(), word, 0);
                assert!(again.expect("there is memory").is_none());
            }
        }
        assert_eq!(map.room(words[0]), 0);
        let far = |&&word: &&u64| Watched::<u64, P>::passed_by(map.page(word), word) > 0;
        let &word = words.iter().find(far).expect("most are");
        assert!(map.remove(word), "it was due");
        assert!(map.room(words[0]) > 0);
        map.tree.check(&Watched::<u64, P>::rules());
        // A walk that ends puts its page in order.
        let snapshot = map.tree.clone();
        let mut walk = Sieve::over(&mut map.tree, Watched::<u64, P>::rules());
        while walk.next(|word, _| (word % 2 == 0).then_some(())).is_some() {}
        drop((walk, snapshot));
        assert!(map.room(words[0]) > 0);
        map.tree.check(&Watched::<u64, P>::rules());
    }
    check::<Flat>();
    check::<Paged>();
    check::<Tiny>();
}

#[test]
fn the_room_for_stale_groups_fits_into_a_page_of_any_size() {
    let tiers = core::iter::successors(Some(Tier::FIRST), |tier| tier.next());
    for tier in tiers.filter(|&tier| Geometry::<u64, u64>::layout(tier).is_ok()) {
        let room = |passed| Geometry::<u64, u64>::stale_room(tier, passed);
        assert_eq!(room(0) as usize, tier.groups() * 4 / STALE_PART + 1);
        assert_eq!(room(u64::MAX), u32::MAX);
        let many = 1 << 33;
        assert!(room(many) >= 1 << 30 && room(many) >= room(0));
    }
    // Nothing is ever outside its home group there.
    let page = NewPage::<u64, u64>::allocate(Shape { tier: Tier::FIRST, room: 4, depth: 0 });
    let mut page = page.expect("there is memory");
    assert_eq!(page.page_mut().header_mut().stale_room, 1);
    page.page_mut().rebuild(&Watched::<u64, Flat>::rules());
    assert_eq!(page.page_mut().header_mut().stale_room, 1);
}
