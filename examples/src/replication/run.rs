//! A run: a leader, a follower in a process of its own, and what happens to that.

use std::env;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::ReplicationError;
use super::leader::{Counts, Leader};
use super::writer::Writer;
use crate::difference::Difference;
use crate::ending::{Ending, EndsRun, interrupted};
use crate::progress::Progress;

/// How long it takes from one outage to the next, in milliseconds.
const OUTAGES: std::ops::Range<u64> = 300..900;
/// How long a follower is cut off, in milliseconds.
const CUT_OFF: std::ops::Range<u64> = 20..600;
/// How long the follower may take to catch up at the end.
const CATCHES_UP_WITHIN: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_millis(10);

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many rows there are at first, at least three.
    pub rows: u64,
    /// Where the random numbers start.
    pub seed: u64,
}

/// Runs a leader until the end, and a follower: this program once more, with the arguments
/// `--follow` and the leader's address. Now and then kills the follower or cuts it off. Returns the
/// newest commit, which the follower had in the end.
///
/// # Errors
///
/// The first difference, or what the system refused.
pub fn run(
    settings: Settings,
    counts: &Counts,
    ending: &Ending,
    progress: &Progress,
) -> Result<u64, ReplicationError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.map_err(|error| ReplicationError::System("no port", error))?;
    let address = listener.local_addr();
    let address = address.map_err(|error| ReplicationError::System("no address", error))?;
    let writer = Writer::new(settings.rows, settings.seed);
    let leader = &Leader::new(&writer, counts, ending);
    let result = thread::scope(|scope| {
        let written = scope.spawn(move || {
            let _ends = EndsRun(ending);
            leader.write(writer)
        });
        scope.spawn(|| leader.serve(scope, &listener));
        let result = Outages { leader, counts, ending, progress, address }.run(settings.seed);
        ending.stop();
        leader.closed.store(true, Relaxed);
        result.and(Ok(written.join().expect("the writer panicked")?))
    });
    // What a follower said that was wrong comes first, because it may have ended for that reason.
    if let Some(wrong) = leader.wrong() {
        return Err(wrong.into());
    }
    result.map(|()| leader.newest().into())
}

/// What happens to the follower.
struct Outages<'a> {
    leader: &'a Leader<'a>,
    counts: &'a Counts,
    ending: &'a Ending,
    progress: &'a Progress,
    address: SocketAddr,
}

impl Outages<'_> {
    fn run(&self, seed: u64) -> Result<(), ReplicationError> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut follower = Follower::start(self.address)?;
        while self.wait(&mut rng, OUTAGES, &mut follower)? {
            if rng.random() {
                self.counts.killed.fetch_add(1, Relaxed);
                drop(follower);
                follower = Follower::start(self.address)?;
            } else {
                self.counts.cut_off.fetch_add(1, Relaxed);
                self.leader.cut_off.store(true, Relaxed);
                self.wait(&mut rng, CUT_OFF, &mut follower)?;
                self.leader.cut_off.store(false, Relaxed);
            }
        }
        let since = Instant::now();
        while !self.leader.is_followed() && self.leader.wrong().is_none() {
            follower.check(self.address)?;
            if since.elapsed() > CATCHES_UP_WITHIN {
                let newest = self.leader.newest();
                let text = format!("the follower did not get commit {newest}, the last one");
                return Err(Difference(text).into());
            }
            thread::sleep(REST);
        }
        Ok(())
    }

    /// Waits for so many milliseconds; returns whether the run goes on.
    fn wait(
        &self,
        rng: &mut StdRng,
        millis: std::ops::Range<u64>,
        follower: &mut Follower,
    ) -> Result<bool, ReplicationError> {
        let time = Duration::from_millis(rng.random_range(millis));
        let since = Instant::now();
        while since.elapsed() < time && !self.ending.has_come() {
            thread::sleep(REST);
            follower.check(self.address)?;
            self.progress.tick(self.ending, || {
                format!(
                    "commit {}, {} versions checked, follower killed {} times, cut off {} times",
                    self.leader.newest(),
                    HumanCount(self.counts.checked.load(Relaxed)),
                    self.counts.killed.load(Relaxed),
                    self.counts.cut_off.load(Relaxed)
                )
            });
        }
        Ok(!self.ending.has_come())
    }
}

/// The follower's process, which is killed when this is dropped.
struct Follower(Child);

impl Follower {
    fn start(leader: SocketAddr) -> Result<Self, ReplicationError> {
        let child = env::current_exe().and_then(|program| {
            Command::new(program)
                .args(["--follow", &leader.to_string()])
                // It ends when this closes, which it does whatever happens to the leader.
                .stdin(Stdio::piped())
                .spawn()
        });
        match child {
            Ok(child) => Ok(Follower(child)),
            Err(error) => Err(ReplicationError::System("no follower could be started", error)),
        }
    }

    /// The follower runs, unless it found something wrong.
    fn check(&mut self, leader: SocketAddr) -> Result<(), ReplicationError> {
        match self.0.try_wait() {
            Ok(None) => Ok(()),
            // Ctrl-C may reach it before it can heed it.
            Ok(Some(_)) if interrupted() => {
                *self = Follower::start(leader)?;
                Ok(())
            }
            Ok(Some(status)) => {
                Err(Difference(format!("the follower ended by itself: {status}")).into())
            }
            Err(error) => Err(ReplicationError::System("the follower cannot be seen", error)),
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // If it has ended before, there is nothing to kill.
        let _: io::Result<()> = self.0.kill();
        let _ = self.0.wait();
    }
}
