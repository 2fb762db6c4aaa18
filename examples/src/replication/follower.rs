//! The follower: gets versions, and says what it serves.

use std::io::BufReader;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use cowmap::CowCell;

use super::ReplicationError;
use super::frame::{self, FrameError};
use super::incoming::{Incoming, Version};
use super::message::Message;
use super::sums::Sums;
use crate::difference::Difference;
use crate::ending::{Ending, EndsRun};

/// How long it waits before it connects again.
const RETRY_AFTER: Duration = Duration::from_millis(10);
/// How long the leader may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// What it serves: the newest version that is complete.
type Served = CowCell<Option<Version>>;

/// Follows a leader until the end, and connects again whenever the connection is lost.
///
/// # Errors
///
/// What the leader sent that makes no sense.
pub fn follow(leader: SocketAddr, ending: &Ending) -> Result<(), ReplicationError> {
    let served = &Served::new(None);
    thread::scope(|scope| {
        let answers = scope.spawn(move || {
            let _ends = EndsRun(ending);
            again_and_again(ending, || answer(leader, served, ending))
        });
        let followed = {
            let _ends = EndsRun(ending);
            again_and_again(ending, || receive(leader, served, ending))
        };
        followed.and(answers.join().expect("the thread that answers panicked"))
    })
}

/// Connects until the end, as long as nothing worse happens than that the connection is lost.
fn again_and_again(
    ending: &Ending,
    connect: impl Fn() -> Result<(), ReplicationError>,
) -> Result<(), ReplicationError> {
    while !ending.has_come() {
        match connect() {
            Ok(()) | Err(ReplicationError::Frame(FrameError::Io(_) | FrameError::Closed)) => {
                thread::sleep(RETRY_AFTER);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Receives versions until the connection is lost or the run ends, and publishes each when it is
/// complete.
fn receive(leader: SocketAddr, served: &Served, ending: &Ending) -> Result<(), ReplicationError> {
    let mut stream = connect(leader)?;
    let have = served.snapshot();
    let commit = have.as_ref().map(|version| version.commit);
    frame::write(&mut stream, &Message::Follow { have: commit })?;
    let (mut from, mut incoming) = (BufReader::new(stream), Incoming::after(have));
    while !ending.has_come() {
        if let Some(version) = incoming.take(frame::read(&mut from)?)? {
            served.publish(Some(version.clone()));
        }
    }
    Ok(())
}

/// Says what it serves, as often as the leader asks, until the connection is lost or the run ends.
fn answer(leader: SocketAddr, served: &Served, ending: &Ending) -> Result<(), ReplicationError> {
    let mut stream = connect(leader)?;
    frame::write(&mut stream, &Message::Ask)?;
    while !ending.has_come() {
        let Message::WhatDoYouServe = frame::read(&mut stream)? else {
            return Err(Difference("the leader said what is no question".to_owned()).into());
        };
        let serving = served.snapshot().map(|Version { commit, rows }| {
            (commit, Sums::of(rows.iter().map(|(key, &value)| (key, value))))
        });
        frame::write(&mut stream, &Message::Serving(serving))?;
    }
    Ok(())
}

fn connect(leader: SocketAddr) -> Result<TcpStream, FrameError> {
    let stream = TcpStream::connect(leader)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    Ok(stream)
}
