//! Frames: what a message is on the wire.
//!
//! ```text
//! ┌────────────┬────────────┬──────────────────────┐
//! │ length u32 │ CRC-32 u32 │ message, in postcard │    numbers little-endian
//! └────────────┴────────────┴──────────────────────┘
//! ```
//!
//! The other end may be broken. So nothing is believed: a length above the limit is
//! refused before anything is allocated, and bytes that do not have their checksum are no message.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest message, in bytes.
pub const LARGEST: usize = 1 << 20;
/// Bytes of the length and the checksum.
const HEADER: usize = 8;

/// Why no message could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection failed, or ended within a frame.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The other end closed the connection between two frames.
    #[error("the other end closed the connection")]
    Closed,
    /// A frame claims to be, or a message would be, too large.
    #[error("a frame of {0} bytes, which is more than {LARGEST}")]
    TooLarge(usize),
    /// The bytes do not have their checksum.
    #[error("a frame with the checksum {found:08x}, not {claimed:08x} as it says")]
    Checksum {
        /// What the frame says.
        claimed: u32,
        /// What it is.
        found: u32,
    },
    /// The bytes are no message.
    #[error("a frame that is no message: {0}")]
    Message(#[from] postcard::Error),
    /// The bytes are a message, and more.
    #[error("a frame with {0} bytes after its message")]
    Trailing(usize),
}

/// Writes a message, and returns how many bytes it took.
///
/// # Errors
///
/// If it is too large, or the connection fails.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> Result<u64, FrameError> {
    let mut frame = postcard::to_extend(message, vec![0; HEADER])?;
    let length = frame.len() - HEADER;
    let claimed = u32::try_from(length).ok().filter(|_| length <= LARGEST);
    let claimed = claimed.ok_or(FrameError::TooLarge(length))?;
    let checksum = crc32fast::hash(&frame[HEADER..]);
    frame[..4].copy_from_slice(&claimed.to_le_bytes());
    frame[4..HEADER].copy_from_slice(&checksum.to_le_bytes());
    to.write_all(&frame)?;
    Ok(frame.len() as u64)
}

/// Reads a message.
///
/// # Errors
///
/// If the connection fails or ends, or there is no message. What comes after that makes no sense.
pub fn read<M: DeserializeOwned>(from: &mut impl Read) -> Result<M, FrameError> {
    let mut header = Vec::with_capacity(HEADER);
    from.take(HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Err(FrameError::Closed);
    }
    let (length, claimed) = match header.as_chunks::<4>().0 {
        [length, claimed] => (u32::from_le_bytes(*length), u32::from_le_bytes(*claimed)),
        _ => return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into())),
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LARGEST {
        return Err(FrameError::TooLarge(length));
    }
    // Grows as bytes come, not as the header claims.
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    let found = crc32fast::hash(&bytes);
    if found != claimed {
        return Err(FrameError::Checksum { claimed, found });
    }
    let (message, rest) = postcard::take_from_bytes(&bytes)?;
    if rest.is_empty() { Ok(message) } else { Err(FrameError::Trailing(rest.len())) }
}

#[cfg(test)]
mod tests {
    use cowmap::Change;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use crate::ids::RowId;
    use crate::replication::message::Message;

    fn changes() -> Message {
        let change = |id| Change::Updated { key: RowId(id), old: -1, new: i64::MAX };
        Message::Changed((0..100).map(change).collect())
    }

    fn frame() -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = write(&mut bytes, &changes()).unwrap();
        assert_eq!(length, bytes.len() as u64);
        bytes
    }

    fn sealed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap();
        let checksum = crc32fast::hash(message);
        [&length.to_le_bytes(), &checksum.to_le_bytes(), message].concat()
    }

    fn read_all(mut bytes: &[u8]) -> Result<Message, FrameError> {
        read(&mut bytes)
    }

    #[test]
    fn messages_are_read_as_they_were_written() {
        let two = [frame(), frame()].concat();
        let mut from = two.as_slice();
        for _ in 0..2 {
            assert_eq!(read::<Message>(&mut from).unwrap(), changes());
        }
        assert!(matches!(read::<Message>(&mut from), Err(FrameError::Closed)));
    }

    #[test]
    fn a_frame_that_is_cut_off_is_an_error() {
        let frame = frame();
        for length in 1..frame.len() {
            assert!(matches!(read_all(&frame[..length]), Err(FrameError::Io(_))), "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_is_an_error() {
        let frame = frame();
        for bit in 0..frame.len() * 8 {
            let mut frame = frame.clone();
            frame[bit / 8] ^= 1 << (bit % 8);
            assert!(read_all(&frame).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_large_length_is_refused() {
        let error = read_all(&[0xff; HEADER]).unwrap_err();
        assert_eq!(error.to_string(), "a frame of 4294967295 bytes, which is more than 1048576");
        let large = Message::Rows(vec![(RowId(u64::MAX - 1), i64::MIN); LARGEST / 16]);
        assert!(matches!(write(&mut Vec::new(), &large), Err(FrameError::TooLarge(_))));
    }

    #[test]
    fn a_list_that_claims_to_be_long_is_an_error() {
        // The number of the variant, and a length of more rows than there could be.
        let number = postcard::to_allocvec(&Message::Rows(Vec::new())).unwrap()[0];
        let claims = [number, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert!(matches!(read_all(&sealed(&claims)), Err(FrameError::Message(_))));
    }

    #[test]
    fn bytes_after_a_message_are_an_error() {
        let mut message = postcard::to_allocvec(&changes()).unwrap();
        assert_eq!(read_all(&sealed(&message)).unwrap(), changes());
        message.push(0);
        assert!(matches!(read_all(&sealed(&message)), Err(FrameError::Trailing(1))));
    }

    #[test]
    fn noise_is_an_error_and_no_panic() {
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..10_000 {
            let length = rng.random_range(1..64);
            let noise: Vec<u8> = (0..length).map(|_| rng.random()).collect();
            let _ = read_all(&sealed(&noise));
            assert!(read_all(&noise).is_err());
        }
    }
}
