//! Saves the state of a run in a file, and reads it back only if it is complete and undamaged.
//!
//! Problem: a long run should go on after a power failure, and reading a file of unknown origin should do no harm. So a
//! checkpoint is any serialisable value in a container that tells whether it is all there, what it is and which version
//! of the format it has, and the file gets its name only when its content is safely on the disk.
//!
//! | offset | bytes | all numbers little-endian |
//! |---|---|---|
//! | 0 | 8 | magic: `89 44 45 4F 0D 0A 1A 0A`, as PNG's: a transfer that takes it for text destroys it |
//! | 8 | 4 | format version, 2 |
//! | 12 | 8 | [`Kind`] of the payload |
//! | 20 | 8 | length P of the payload |
//! | 28 | 8 | XXH3-64 of bytes 0 … 27 and of the payload |
//! | 36 | P | the value by bincode 2, fixed integers |
//! | 36 + P | | nothing |
//!
//! Reading goes from the outside in: magic, version, length of the file, checksum, kind, payload, and that the value
//! took all of the payload. Each step is a [`CheckpointError`] of its own, so that "damaged" is never said of a file
//! that is merely another program's.
//!
//! What a file can do to a reader, whatever is in it:
//!
//! 1. A length inside the payload can't reach beyond the payload: a string is refused before memory is reserved for
//!    it, a sequence ends where the payload does. What is decoded takes at most twice the payload, which is how a
//!    growing `Vec` of numbers overshoots, plus what serde reserves on the word of a length: 1 MiB a level of
//!    nesting, 2¼ MiB for a hash map. Elements that are larger in memory than in the file (an empty `Vec` takes 24
//!    bytes for 8) raise the factor by that ratio.
//! 2. [`Store::latest`] decodes from the disk, 64 KiB at a time: the file itself is never in memory as a whole.
//! 3. The checksum is against accidents. It is no signature, so a value that was made to be wrong is decoded; what it
//!    means must be checked by whoever uses it.
//!
//! Types: everything that derives serde's traits and is written and read field by field. Floats keep every bit, also
//! of NaN. Not `serde(flatten)`, `untagged`, `skip` or `skip_serializing_if`, which need a format that names its
//! fields; no sequence whose elements take no bytes (`Vec<()>`), as its length would bound nothing; and no type that
//! contains itself, as its depth would bound nothing.
//!
//! # Examples
//!
//! ```
//! use deo_models::checkpoint::{Kind, Store, decode, encode};
//! const RUN: Kind = Kind(*b"example\0");
//! let state = (3_u64, vec![0.5_f32, f32::NAN]);
//! let bytes = encode(RUN, &state)?;
//! let again: (u64, Vec<f32>) = decode(RUN, &bytes)?;
//! assert_eq!(again.1[1].to_bits(), f32::NAN.to_bits());
//! assert!(decode::<(u64, Vec<f32>)>(RUN, &bytes[..50]).is_err()); // truncated
//!
//! let dir = tempfile::tempdir()?;
//! let store = Store::new(dir.path(), RUN);
//! store.save(3, &bytes)?;
//! let found = store.latest::<(u64, Vec<f32>)>()?.expect("it was saved");
//! assert_eq!((found.number, found.value.0), (3, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The decisions: docs/adr/0006-bincode.md, docs/adr/0025-checkpoints.md.

mod codec;
mod container;
mod error;
mod store;

pub use error::{Action, CheckpointError, Origin};
pub use store::{Found, Store};

use container::Header;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// What a payload is: eight bytes in the header, by convention ASCII filled up with zeros.
///
/// Change it together with the type of the value: bincode writes no names, so an older payload might be taken for a
/// new one. A digit at its end is good practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(
    /// As in the file.
    pub [u8; 8],
);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        write!(f, "\"{}\"", self.0[..end].escape_ascii())
    }
}

/// The content of a checkpoint file.
///
/// # Errors
///
/// [`CheckpointError::Encode`] if the value can't be serialised, for instance a sequence of unknown length.
pub fn encode<T: Serialize>(kind: Kind, value: &T) -> Result<Vec<u8>, CheckpointError> {
    let mut bytes = Vec::new();
    encode_into(kind, value, &mut bytes)?;
    Ok(bytes)
}

/// [`encode`] in place of what `bytes` held; a buffer that is used again spares most of the time.
///
/// # Errors
///
/// As of [`encode`]; what `bytes` then holds is of no use.
pub fn encode_into<T: Serialize>(
    kind: Kind,
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), CheckpointError> {
    bytes.clear();
    bytes.resize(Header::LEN, 0);
    codec::encode_after(bytes, value)?;
    let (header, payload) = bytes.split_at_mut(Header::LEN);
    header.copy_from_slice(&Header::of(kind, payload).to_bytes());
    Ok(())
}

/// The value in the content of a checkpoint file.
///
/// # Errors
///
/// A [`CheckpointError`] of the first step that failed, in the order of the [module](self)'s description.
pub fn decode<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, CheckpointError> {
    let origin = &Origin::Memory;
    let header = Header::read(&mut &*bytes, bytes.len() as u64, origin)?;
    let payload = &bytes[Header::LEN..];
    header.check(kind, &mut &*payload, origin)?;
    codec::decode(payload, payload.len(), origin)
}
