//! Rows in a frame: `key | tag | value`, in postcard. The tag is 0 if the row was deleted, and no
//! value follows. Otherwise it is one more than the number of commits between the one that wrote the
//! row and the one that the file, or the frame of a log, says.

use cowmap::SentinelKey;
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::table::Commit;
use crate::table::snapshot::Row;
use crate::table::transaction::Writes;

use super::error::EncodeError;
use super::frame::LARGEST;

/// The most bytes of a commit: a frame with such a row, and others before it, is not too large.
pub(super) const LARGEST_COMMIT: usize = LARGEST / 2;

/// Adds a row to some bytes: `None` if it was deleted. `at` is the commit of the file or frame.
pub(super) fn push<K: Serialize, V: Serialize>(
    to: &mut Vec<u8>,
    key: K,
    row: Option<(Commit, &V)>,
    at: Commit,
) -> Result<(), EncodeError> {
    let tag = row.map_or(0, |(commit, _)| u64::from(at) - u64::from(commit) + 1);
    let refused = |error: postcard::Error| EncodeError::Refused(error.to_string());
    postcard::serialize_with_flavor(&(key, tag), Append(to)).map_err(refused)?;
    if let Some((_, value)) = row {
        postcard::serialize_with_flavor(value, Append(to)).map_err(refused)?;
    }
    Ok(())
}

/// What a transaction wrote, as the payload of a frame. Where debug assertions are on, it is read again:
/// some forms of serde's can be written, and not read without the names of their fields.
pub(super) fn writes<K, V>(writes: &Writes<K, V>) -> Result<Vec<u8>, EncodeError>
where
    K: SentinelKey + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    let mut bytes = Vec::with_capacity(24 * writes.len());
    let commit = Commit::from(0);
    for (key, value) in writes {
        push(&mut bytes, key, value.as_ref().map(|value| (commit, value)), commit)?;
    }
    if bytes.len() > LARGEST_COMMIT {
        return Err(EncodeError::TooLarge(bytes.len()));
    }
    if cfg!(debug_assertions) {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            rest = take::<K, V>(rest, commit).map_err(EncodeError::Refused)?.2;
        }
    }
    Ok(bytes)
}

/// A row that was read, and the bytes after it: `None` in place of a row that was deleted.
pub(super) type Entry<'a, K, V> = (K, Option<Row<V>>, &'a [u8]);

/// Reads the row that these bytes begin with.
pub(super) fn take<K, V>(bytes: &[u8], at: Commit) -> Result<Entry<'_, K, V>, String>
where
    K: SentinelKey + DeserializeOwned,
    V: DeserializeOwned,
{
    let said = |error: postcard::Error| {
        format!(
            "the checksum is right, and a row cannot be read: does it have another type? ({error})"
        )
    };
    let ((key, tag), rest): ((K, u64), _) = postcard::take_from_bytes(bytes).map_err(said)?;
    if key.into_repr() == K::SENTINEL {
        return Err("a row has the reserved key".to_owned());
    }
    if tag == 0 {
        return Ok((key, None, rest));
    }
    let (value, rest) = postcard::take_from_bytes(rest).map_err(said)?;
    let commit = u64::from(at).checked_sub(tag - 1);
    let commit = commit.ok_or_else(|| format!("a row was written {} commits ago", tag - 1))?;
    Ok((key, Some(Row { commit: commit.into(), value: Some(value) }), rest))
}

/// postcard's bytes go behind those that are there.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
