//! YCSB's six core workloads, with zipfian keys.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use super::Workload;
use super::racers::{Place, line_up};
use crate::jobs::Job;
use crate::kernels::Op;
use crate::keys::{Family, mix};
use crate::maps::{MapId, everybody};
use crate::measure::{Lap, Mismatch, interleave, time};
use crate::results::Results;
use crate::settings::{Settings, scaled};

pub(super) const WORKLOAD: Workload = Workload {
    name: "ycsb",
    title: "YCSB A to F",
    about: "One thread, zipfian keys (exponent 0.99) scattered over the id space. A: half reads, half \
            overwrites. B: 95 % reads, 5 % overwrites. C: reads. D: 95 % reads of recent ids, 5 % \
            inserts. E: 95 % scans, 5 % inserts; a hash map has no range scan, so a scan looks up \
            1 to 100 consecutive ids. F: half reads, half changes in place.",
    reference: MapId::Hashbrown,
    unit: "ns an operation",
    plan,
};

fn plan(settings: &Settings) -> Vec<Job> {
    let mut jobs = Vec::new();
    for family in settings.keys(&[Family::Random, Family::Dense], &[Family::Random]) {
        for nominal in settings.sizes(&[1_000_000], &[1_000_000]) {
            let place = Place { workload: "ycsb", family, nominal, size: nominal };
            let settings = settings.clone();
            jobs.push(Job::new(place.title(), 60 + nominal as u64 / 7_000, move |results| {
                measure(&settings, place, results)
            }));
        }
    }
    jobs
}

/// The stock of ids, and how operations on them are drawn.
struct Load {
    family: Family,
    ids: Vec<i64>,
    zipf: Zipf<f64>,
    random: StdRng,
}

impl Load {
    /// A popular index: low ranks are frequent.
    fn rank(&mut self) -> usize {
        scaled(1, self.zipf.sample(&mut self.random)) - 1
    }

    fn popular(&mut self) -> i64 {
        let place = mix(self.rank() as u64) % self.ids.len() as u64;
        self.ids[usize::try_from(place).unwrap_or(0)]
    }

    fn recent(&mut self) -> i64 {
        let rank = self.rank();
        self.ids[self.ids.len() - 1 - rank]
    }

    fn fresh(&mut self) -> i64 {
        let key = self.family.key(self.ids.len() as u64);
        self.ids.push(key);
        key
    }

    fn scan(&mut self) -> Op {
        let length = self.random.random_range(1..=100_u8);
        let last = self.ids.len() - usize::from(length);
        let start = usize::try_from(mix(self.rank() as u64) % last as u64).unwrap_or(0);
        Op::Scan(u32::try_from(start).unwrap_or(0), length)
    }

    fn op(&mut self, workload: char) -> Op {
        let share: f64 = self.random.random();
        match workload {
            'A' if share < 0.5 => Op::Update(self.popular()),
            'B' if share < 0.05 => Op::Update(self.popular()),
            'D' | 'E' if share < 0.05 => Op::Insert(self.fresh()),
            'D' => Op::Read(self.recent()),
            'E' => self.scan(),
            'F' if share < 0.5 => Op::Modify(self.popular()),
            _ => Op::Read(self.popular()),
        }
    }
}

fn measure(settings: &Settings, place: Place, results: &mut Results) -> Result<(), Mismatch> {
    let ids = place.family.keys(0..place.size as u64);
    let zipf = Zipf::new(place.size as f64, 0.99).map_err(|error| Mismatch(error.to_string()))?;
    let mut racers = line_up(&settings.choose(everybody()), &ids);
    let mut load = Load { family: place.family, ids, zipf, random: StdRng::seed_from_u64(8) };
    let rounds = settings.rounds(place.size);
    for workload in ['A', 'B', 'C', 'F', 'D', 'E'] {
        if !settings.wants(&workload.to_string()) {
            continue;
        }
        let length = match (settings.quick, workload) {
            (true, 'E') => 2_000,
            (true, _) => 30_000,
            (false, 'E') => 10_000,
            (false, _) => 200_000,
        };
        let laps: Vec<Vec<Op>> =
            (0..rounds).map(|_| (0..length).map(|_| load.op(workload)).collect()).collect();
        let costs = interleave(
            &mut racers,
            rounds,
            |racer| racer.id,
            |racer, round| {
                let (nanos, tally) = time(|| racer.map.ycsb(&laps[round], &load.ids));
                Lap { cost: nanos / length as f64, tally }
            },
        )?;
        place.record(results, &format!("YCSB|{workload}"), &racers, costs);
    }
    Ok(())
}
