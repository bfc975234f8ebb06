//! What the tests of checkpoints share: payloads that no encoder would write, in containers that are right.

use deo_models::checkpoint::{CheckpointError, Kind, encode};
use serde::ser::{Serialize, SerializeTuple, Serializer};

pub(crate) const KIND: Kind = Kind(*b"tests\0\0\x01");
pub(crate) const HEADER: usize = 36;

/// Bytes that are written as they are: a tuple has no length in the encoding.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut tuple = to.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

/// A container around a payload, with the checksum that it should have.
pub(crate) fn seal(payload: &[u8]) -> Vec<u8> {
    let bytes = encode(KIND, &Raw(payload)).unwrap();
    assert_eq!(&bytes[HEADER..], payload);
    bytes
}

/// The message of an error, which is one line.
#[track_caller]
pub(crate) fn message(error: &CheckpointError) -> String {
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}
