//! Frames: the parts of a file that are written, and checked, one by one.
//!
//! ```text
//! ┌────────────┬────────────┬────────────────┬──────────────┬───────────────┬─────────┬──────────────┐
//! │ length u32 │ number u64 │ synced-up-to   │ checksum of  │ checksum of   │ payload │ checksum u32 │
//! │ of payload │            │ u64            │ the one      │ this header   │         │              │
//! │            │            │                │ before, u32  │ u32           │         │              │
//! └────────────┴────────────┴────────────────┴──────────────┴───────────────┴─────────┴──────────────┘
//! ```
//!
//! Numbers are little-endian, checksums CRC-32. The header's begins with the *salt* of its file, so
//! that a frame of another file is none here, and the last one is that of the header's checksum and
//! the payload. Each frame has the checksum of the one before, the first one that of the file's
//! header: none can be left out, doubled or moved.

use std::io::{self, Read};
use std::ops::Range;

use crc32fast::Hasher;

/// Bytes before the payload.
pub(super) const HEADER: usize = 28;
/// Bytes after it.
pub(super) const TRAILER: usize = 4;
/// The most bytes of a payload.
pub(super) const LARGEST: usize = 1 << 30;

/// A whole frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// A commit in a log; counts frames in a checkpoint.
    pub(super) number: u64,
    /// All commits up to this one were on the disk when this was written.
    pub(super) synced: u64,
    pub(super) payload: &'a [u8],
    /// The checksum of the frame before.
    before: u32,
    checksum: u32,
}

impl Frame<'_> {
    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        HEADER + self.payload.len() + TRAILER
    }
}

/// Why there is no frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the file ends within a frame")]
    Cut,
    #[error("this is no header of a frame: its checksum is wrong")]
    Header,
    #[error("the frame does not have its checksum")]
    Payload,
    #[error("this frame is not the one that follows: another one was before it")]
    Order,
}

/// The frames of a file: what the next one continues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    salt: u64,
    /// The checksum of the last frame.
    before: u32,
}

impl Chain {
    /// Begins after the header of a file, which has this checksum.
    pub(super) fn new(salt: u64, header: u32) -> Self {
        Chain { salt, before: header }
    }

    /// The checksum of the last frame.
    pub(super) fn last(&self) -> u32 {
        self.before
    }

    /// Adds a frame to some bytes.
    ///
    /// # Panics
    ///
    /// If the payload has more than [`LARGEST`] bytes.
    pub(super) fn push(&mut self, to: &mut Vec<u8>, number: u64, synced: u64, payload: &[u8]) {
        assert!(payload.len() <= LARGEST, "a payload of {} bytes", payload.len());
        let header = to.len();
        to.extend((payload.len() as u32).to_le_bytes());
        to.extend(number.to_le_bytes());
        to.extend(synced.to_le_bytes());
        to.extend(self.before.to_le_bytes());
        let sum = header_sum(self.salt, &to[header..]);
        to.extend(sum.to_le_bytes());
        to.extend(payload);
        self.before = frame_sum(sum, payload);
        to.extend(self.before.to_le_bytes());
    }

    /// The frame that these bytes begin with, if it follows the last one.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<Frame<'a>, Fault> {
        let frame = whole(self.salt, bytes)?;
        if frame.before != self.before {
            return Err(Fault::Order);
        }
        self.before = frame.checksum;
        Ok(frame)
    }

    /// Reads the next frame, into `buffer`.
    pub(super) fn read<'a>(
        &mut self,
        from: &mut impl Read,
        buffer: &'a mut Vec<u8>,
    ) -> io::Result<Result<Frame<'a>, Fault>> {
        buffer.clear();
        from.take(HEADER as u64).read_to_end(buffer)?;
        match length(self.salt, buffer) {
            Ok(length) => from.take((length + TRAILER) as u64).read_to_end(buffer)?,
            Err(fault) => return Ok(Err(fault)),
        };
        Ok(self.next(buffer))
    }

    /// Where the first header begins that says that a commit was on the disk, whatever was before it. (A
    /// header was written after what it says, also if its frame is not whole.)
    pub(super) fn find_synced(&self, bytes: &[u8], commit: u64) -> Option<usize> {
        let says_so = |header: &[u8]| length(self.salt, header).is_ok() && synced(header) >= commit;
        bytes.windows(HEADER).position(says_so)
    }
}

/// Four or eight bytes of a header.
fn field<const N: usize>(header: &[u8], at: Range<usize>) -> [u8; N] {
    header[at].try_into().expect("the range has this length")
}

/// The commit that a header says was on the disk.
fn synced(header: &[u8]) -> u64 {
    u64::from_le_bytes(field(header, 12..20))
}

/// The length of the payload, if these bytes begin with a header.
fn length(salt: u64, bytes: &[u8]) -> Result<usize, Fault> {
    let header = bytes.get(..HEADER).ok_or(Fault::Cut)?;
    let length = u32::from_le_bytes(field(header, 0..4)) as usize;
    if u32::from_le_bytes(field(header, 24..28)) != header_sum(salt, &header[..24])
        || length > LARGEST
    {
        return Err(Fault::Header);
    }
    Ok(length)
}

/// The frame that these bytes begin with, whatever was before it.
fn whole(salt: u64, bytes: &[u8]) -> Result<Frame<'_>, Fault> {
    let length = length(salt, bytes)?;
    let (header, rest) = bytes.split_at(HEADER);
    let payload = rest.get(..length).ok_or(Fault::Cut)?;
    let checksum = rest.get(length..length + TRAILER).ok_or(Fault::Cut)?;
    let checksum = u32::from_le_bytes(field(checksum, 0..4));
    if checksum != frame_sum(u32::from_le_bytes(field(header, 24..28)), payload) {
        return Err(Fault::Payload);
    }
    Ok(Frame {
        number: u64::from_le_bytes(field(header, 4..12)),
        synced: synced(header),
        before: u32::from_le_bytes(field(header, 20..24)),
        payload,
        checksum,
    })
}

fn header_sum(salt: u64, header: &[u8]) -> u32 {
    sum(&salt.to_le_bytes(), header)
}

fn frame_sum(header: u32, payload: &[u8]) -> u32 {
    sum(&header.to_le_bytes(), payload)
}

fn sum(first: &[u8], second: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(first);
    hasher.update(second);
    hasher.finalize()
}
