//! The encoding of a payload: bincode, and nowhere else.
//!
//! Two of its habits are worked around:
//!
//! 1. Its limit is a constant of the type, while ours is the length of the payload. So the constant is the largest
//!    there is, and all but the payload's length of it is claimed before the first byte is read.
//! 2. Without a limit it reserves whatever a string or a byte buffer says, and the program aborts. With it, a length
//!    must fit into what is left.
//!
//! Sequences go through serde, which reserves 1 MiB at most and grows from there. Element by element, all the same:
//! 10.65 million parameters with two moments, 128 MB, take 0.1 s to encode and 0.03 s into a buffer used before, of
//! which a copy takes half; so there is no second path for vectors of numbers.

use super::error::{CheckpointError, Origin};
use bincode::Decode;
use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::de::read::Reader;
use bincode::de::{Decoder, DecoderImpl};
use bincode::error::DecodeError;
use bincode::serde::{Compat, encode_into_std_write};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;

const LIMIT: usize = usize::MAX;

fn config() -> Configuration<LittleEndian, Fixint, Limit<LIMIT>> {
    bincode::config::standard().with_little_endian().with_fixed_int_encoding().with_limit::<LIMIT>()
}

/// Appends the encoded value.
pub(super) fn encode_after<T: Serialize>(
    bytes: &mut Vec<u8>,
    value: &T,
) -> Result<(), CheckpointError> {
    encode_into_std_write(value, bytes, config())
        .map(|_| ())
        .map_err(|error| CheckpointError::Encode { reason: one_line(&error.to_string()) })
}

/// The value that `length` bytes of the source encode, no more and no less.
pub(super) fn decode<T: DeserializeOwned>(
    source: impl Read,
    length: usize,
    origin: &Origin,
) -> Result<T, CheckpointError> {
    let source = Counting { source, consumed: 0, failed: None };
    let mut decoder = DecoderImpl::new(source, config(), ());
    decoder.claim_bytes_read(LIMIT - length).expect("nothing was claimed before");
    let decoded = Compat::<T>::decode(&mut decoder);
    let Counting { consumed, failed, .. } = decoder.reader();
    match (decoded, failed.take()) {
        (_, Some(reason)) => Err(CheckpointError::io(origin, reason)),
        (Err(error), None) => {
            Err(CheckpointError::Payload { origin: origin.clone(), reason: in_words(error) })
        }
        (Ok(_), None) if *consumed != length => Err(CheckpointError::PayloadLength {
            origin: origin.clone(),
            consumed: *consumed,
            length,
        }),
        (Ok(Compat(value)), None) => Ok(value),
    }
}

/// Counts what the decoder takes, and keeps what the operating system says out of bincode's errors.
struct Counting<R> {
    source: R,
    consumed: usize,
    failed: Option<std::io::Error>,
}

impl<R: Read> Reader for Counting<R> {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), DecodeError> {
        match self.source.read_exact(bytes) {
            Ok(()) => {
                self.consumed += bytes.len();
                Ok(())
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::UnexpectedEof {
                    self.failed = Some(error);
                }
                Err(DecodeError::UnexpectedEnd { additional: bytes.len() })
            }
        }
    }
}

fn in_words(error: DecodeError) -> String {
    match error {
        DecodeError::UnexpectedEnd { .. } | DecodeError::LimitExceeded => {
            "a value or a length reaches beyond its end".to_owned()
        }
        DecodeError::OtherString(reason) => one_line(&reason),
        DecodeError::Other(reason) => one_line(reason),
        DecodeError::Utf8 { .. } => "a text in it is not UTF-8".to_owned(),
        DecodeError::InvalidBooleanValue(byte) => {
            format!("a truth value is {byte}; it must be 0 or 1")
        }
        DecodeError::InvalidCharEncoding(_) => "a character in it is none".to_owned(),
        DecodeError::OutsideUsizeRange(length) => format!("a length of {length} is too large here"),
        DecodeError::UnexpectedVariant { found, .. } => {
            format!("a choice is number {found}, which there is not")
        }
        // Of types that serde doesn't decode with bincode.
        _ => "a value in it is none of its type".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}
