//! What every file begins with: what it is, whose, and where it goes on.
//!
//! ```text
//! ┌───────────────┬────────────┬────────────┬─────────────────────┬──────────────┐
//! │ "cowmaptb"    │ format u32 │ length u32 │ header, in postcard │ CRC-32 of it │
//! └───────────────┴────────────┴────────────┴─────────────────────┴──────────────┘
//! ```

use std::io::{self, BufReader, Read};

use serde::{Deserialize, Serialize};

use crate::table::Commit;

use super::disk::Disk;
use super::error::StoreError;
use super::frame::Chain;
use super::names::Name;

const MAGIC: [u8; 8] = *b"cowmaptb";
/// The number of this format: files of another one are refused.
pub const FORMAT: u32 = 1;
/// Bytes before the header.
const PREFIX: usize = 16;
/// More bytes than any header has.
const LARGEST: usize = 1 << 16;
/// The most bytes of a table's name.
pub(super) const LONGEST_NAME: usize = 1_000;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// The commits after `from`, a frame each.
    Log,
    /// All rows after the commit `to`.
    Full,
    /// The rows that changed after the commit `from`, up to the commit `to`.
    Changes,
}

/// The header of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The name of the table, which says what its rows are.
    pub(super) table: String,
    from: u64,
    to: u64,
    /// A random number, which no other file has.
    pub(super) salt: u64,
    /// The last checksum of the file that this one continues.
    pub(super) before: u32,
    /// The checksum of the header of the log that goes on after a checkpoint.
    pub(super) log: u32,
}

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub(super) enum HeaderFault {
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is none of a table's.
    #[error("{0}")]
    Foreign(String),
    #[error("the header of the file is damaged")]
    Damaged,
}

impl Header {
    /// The header of a new file.
    pub(super) fn new(
        table: &str,
        kind: Kind,
        (from, to): (Commit, Commit),
        (before, log): (u32, u32),
    ) -> Self {
        let (from, to) = (from.into(), to.into());
        Header { kind, table: table.to_owned(), from, to, salt: rand::random(), before, log }
    }

    pub(super) fn from(&self) -> Commit {
        self.from.into()
    }

    pub(super) fn to(&self) -> Commit {
        self.to.into()
    }

    /// Its bytes, and their checksum.
    pub(super) fn encode(&self) -> (Vec<u8>, u32) {
        let mut bytes = vec![0; PREFIX];
        bytes = postcard::to_extend(self, bytes).expect("it has numbers and a text");
        let length = bytes.len() - PREFIX;
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..PREFIX].copy_from_slice(&(length as u32).to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        (bytes, sum)
    }

    /// Reads a header, and returns how many bytes it has, and their checksum.
    pub(super) fn read(from: &mut impl Read) -> Result<(Header, u64, u32), HeaderFault> {
        let mut bytes = Vec::with_capacity(256);
        from.take(PREFIX as u64).read_to_end(&mut bytes)?;
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if magic != &MAGIC[..magic.len()] {
            let said = "this is no file of a version table, though it has the name of one";
            return Err(HeaderFault::Foreign(said.to_owned()));
        }
        let Some(&[_, _, format, length]) = bytes.as_chunks::<4>().0.first_chunk::<4>() else {
            return Err(HeaderFault::Damaged);
        };
        let format = u32::from_le_bytes(format);
        let length = u32::from_le_bytes(length) as usize;
        if length > LARGEST {
            return Err(HeaderFault::Damaged);
        }
        from.take((length + 4) as u64).read_to_end(&mut bytes)?;
        let whole = bytes.split_at_checked(PREFIX + length).ok_or(HeaderFault::Damaged)?;
        let sum = crc32fast::hash(whole.0);
        if whole.1 != sum.to_le_bytes() {
            return Err(HeaderFault::Damaged);
        }
        if format != FORMAT {
            return Err(HeaderFault::Foreign(format!(
                "this file has format {format}, and this program reads format {FORMAT}: open it \
                 with the version that wrote it"
            )));
        }
        let header = postcard::from_bytes(&whole.0[PREFIX..]).map_err(|_| HeaderFault::Damaged)?;
        Ok((header, bytes.len() as u64, sum))
    }
}

/// A file that was opened, and what its header says.
pub(super) struct Source {
    pub(super) from: BufReader<Box<dyn Read>>,
    pub(super) header: Header,
    /// How many bytes the header takes, and their checksum.
    pub(super) length: u64,
    pub(super) sum: u32,
    /// The frames that follow it.
    pub(super) chain: Chain,
}

impl Source {
    /// Opens a file. What is readable without it is in the error if it is damaged. It must be of the
    /// table with this name, if one is given.
    pub(super) fn open(
        disk: &dyn Disk,
        name: Name,
        table: Option<&str>,
        readable: Commit,
    ) -> Result<Self, StoreError> {
        let path = || disk.path(&name.file());
        let file = disk.read(&name.file()).map_err(StoreError::io("opening", path()))?;
        let mut from = BufReader::with_capacity(1 << 16, file);
        let (header, length, sum) = Header::read(&mut from).map_err(|fault| match fault {
            HeaderFault::Io(error) => StoreError::io("reading", path())(error),
            HeaderFault::Foreign(why) => StoreError::Foreign { path: path(), why },
            HeaderFault::Damaged => {
                StoreError::Damaged { path: path(), offset: 0, what: fault.to_string(), readable }
            }
        })?;
        if let Some(table) = table
            && header.table != table
        {
            let why = format!("this file is of the table {:?}, and not of {table:?}", header.table);
            return Err(StoreError::Foreign { path: path(), why });
        }
        if header.kind != name.kind() || (header.from(), header.to()) != name.commits() {
            let what = format!(
                "the file was renamed: it has {:?} from commit {} to {}",
                header.kind, header.from, header.to
            );
            return Err(StoreError::Damaged { path: path(), offset: 0, what, readable });
        }
        let chain = Chain::new(header.salt, sum);
        Ok(Source { from, header, length, sum, chain })
    }
}
