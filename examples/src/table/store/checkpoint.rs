//! Checkpoints: files with all rows after a commit, or with those that changed between two.
//!
//! The frames of such a file are numbered from 1 and have some rows each. The last one is empty, and
//! has the number of rows in place of the commit that was synced.

use std::io::Read as _;
use std::marker::PhantomData;

use cowmap::SentinelKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::Commit;
use crate::table::snapshot::Row;

use super::disk::Disk;
use super::entry;
use super::error::StoreError;
use super::frame::{self, Chain};
use super::header::{Header, Kind, Source};
use super::log::finish;
use super::names::Name;

/// A frame ends when it has so many bytes of rows.
const BLOCK: usize = 1 << 16;

/// What was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The checksum of the last frame.
    pub(super) sum: u32,
}

/// Writes a checkpoint. It gets its name when all of it is on the disk. If that fails, it may have its
/// name, or not. Its header has the checksums of the checkpoint that it continues, if it has changes,
/// and of the log that goes on after it.
pub(super) fn write<'a, K, V>(
    disk: &dyn Disk,
    (table, name): (&str, Name),
    sums: (u32, u32),
    rows: impl Iterator<Item = (K, Option<(Commit, &'a V)>)>,
) -> Result<Written, StoreError>
where
    K: SentinelKey + Serialize,
    V: Serialize + 'a,
{
    let header = Header::new(table, name.kind(), name.commits(), sums);
    match write_unfinished(disk, name, &header, rows) {
        Ok(written) => finish(disk, name).map(|()| written),
        Err(error) => {
            // The next opening removes it, too.
            let _ = disk.remove(&name.unfinished());
            Err(error)
        }
    }
}

fn write_unfinished<'a, K, V>(
    disk: &dyn Disk,
    name: Name,
    header: &Header,
    rows: impl Iterator<Item = (K, Option<(Commit, &'a V)>)>,
) -> Result<Written, StoreError>
where
    K: SentinelKey + Serialize,
    V: Serialize + 'a,
{
    let path = || disk.path(&name.unfinished());
    let (_, to) = name.commits();
    let (mut bytes, sum) = header.encode();
    let mut chain = Chain::new(header.salt, sum);

    let file = disk.create(&name.unfinished());
    let mut file = file.map_err(StoreError::io("creating", path()))?;
    let mut written = Written { rows: 0, bytes: 0, sum: 0 };
    let mut frames = 0;
    let mut block = Vec::with_capacity(2 * BLOCK);
    let mut write = |bytes: &mut Vec<u8>, written: &mut Written| {
        let at = written.bytes;
        file.write_at(at, bytes).map_err(StoreError::io("writing", path()))?;
        written.bytes += bytes.len() as u64;
        bytes.clear();
        Ok(())
    };
    for (key, row) in rows {
        entry::push(&mut block, key, row, to)
            .map_err(|error| StoreError::Encode { path: path(), error })?;
        written.rows += 1;
        if block.len() >= BLOCK {
            frames += 1;
            chain.push(&mut bytes, frames, 0, &block);
            block.clear();
            write(&mut bytes, &mut written)?;
        }
    }
    if !block.is_empty() {
        frames += 1;
        chain.push(&mut bytes, frames, 0, &block);
    }
    chain.push(&mut bytes, frames + 1, written.rows, &[]);
    write(&mut bytes, &mut written)?;
    file.sync().map_err(StoreError::io("syncing", path()))?;
    written.sum = chain.last();
    Ok(written)
}

/// A checkpoint that is read, row by row.
pub(super) struct Reader<'a, K, V> {
    disk: &'a dyn Disk,
    name: Name,
    source: Source,
    /// What is readable without it.
    readable: Commit,
    /// A frame, and where the next row in it begins.
    frame: Vec<u8>,
    at: usize,
    /// Where in the file the frame begins.
    offset: u64,
    frames: u64,
    rows: u64,
    of: PhantomData<fn() -> (K, V)>,
}

/// A row of a checkpoint: `None` if it was deleted.
type Read<K, V> = (K, Option<Row<V>>);

impl<'a, K, V> Reader<'a, K, V>
where
    K: SentinelKey + DeserializeOwned,
    V: DeserializeOwned,
{
    pub(super) fn open(
        disk: &'a dyn Disk,
        (table, name): (&str, Name),
        readable: Commit,
    ) -> Result<Self, StoreError> {
        let source = Source::open(disk, name, Some(table), readable)?;
        let offset = source.length;
        let (frame, of) = (Vec::new(), PhantomData);
        Ok(Reader { disk, name, source, readable, frame, at: 0, offset, frames: 0, rows: 0, of })
    }

    /// What it says of other files.
    pub(super) fn header(&self) -> &Header {
        &self.source.header
    }

    /// The next row; `None` at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Read<K, V>>, StoreError> {
        if self.at == self.rows_end() && !self.next_frame()? {
            return Ok(None);
        }
        let rows = &self.frame[self.at..self.rows_end()];
        match entry::take(rows, self.name.commits().1) {
            Ok((_, None, _)) if self.name.kind() == Kind::Full => {
                Err(self.damaged("a row was deleted, in a checkpoint of all rows".to_owned()))
            }
            Ok((key, row, rest)) => {
                self.at = self.rows_end() - rest.len();
                self.rows += 1;
                Ok(Some((key, row)))
            }
            Err(what) => Err(self.damaged(what)),
        }
    }

    /// What was read, after the end.
    pub(super) fn read(&self) -> Written {
        Written { rows: self.rows, bytes: self.offset, sum: self.source.chain.last() }
    }

    /// Where the rows of the frame end.
    fn rows_end(&self) -> usize {
        self.frame.len().saturating_sub(frame::TRAILER)
    }

    /// Reads a frame with rows; returns whether there was one. `offset` is where the next one begins.
    fn next_frame(&mut self) -> Result<bool, StoreError> {
        let Source { from, chain, .. } = &mut self.source;
        let read = chain.read(from, &mut self.frame);
        let path = || self.disk.path(&self.name.file());
        let frame = match read.map_err(StoreError::io("reading", path()))? {
            Ok(frame) => frame,
            Err(fault) => return Err(self.damaged(fault.to_string())),
        };
        let (number, bytes, rows) = (frame.number, frame.bytes(), frame.synced);
        let is_end = frame.payload.is_empty();
        if number != self.frames + 1 || is_end && rows != self.rows {
            return Err(self.damaged(format!("frame {number} with {rows} rows is out of order")));
        }
        self.frames = number;
        self.offset += bytes as u64;
        self.at = frame::HEADER;
        if is_end {
            self.frame.clear();
            self.at = 0;
            if self.source.from.read(&mut [0]).map_err(StoreError::io("reading", path()))? > 0 {
                return Err(self.damaged("something follows the last frame".to_owned()));
            }
        }
        Ok(!is_end)
    }

    fn damaged(&self, what: String) -> StoreError {
        let path = self.disk.path(&self.name.file());
        StoreError::Damaged { path, offset: self.offset, what, readable: self.readable }
    }
}
