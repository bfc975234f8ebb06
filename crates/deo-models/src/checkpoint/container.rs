//! The header of a checkpoint and what it promises about the rest.

use super::Kind;
use super::error::{CheckpointError, Origin};
use std::hash::Hasher;
use std::io::{self, Read};
use twox_hash::XxHash3_64;

/// PNG's trick: a byte that isn't ASCII, both line ends and DOS's end of file, which transfers as text alter.
const MAGIC: [u8; 8] = *b"\x89DEO\r\n\x1a\n";

/// Of the header and of the payload's encoding.
const VERSION: u32 = 2;

/// How much of a file is in memory at a time. Half of it or twice it reads as fast.
pub(super) const BUFFER: usize = 1 << 16;

/// What precedes a payload.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    kind: Kind,
    /// Of the payload, in bytes.
    length: usize,
    checksum: u64,
}

impl Header {
    pub(super) const LEN: usize = 36;

    /// Where the checksum is, which covers all that precedes and follows it.
    const CHECKSUM: usize = 28;

    pub(super) fn of(kind: Kind, payload: &[u8]) -> Self {
        let mut header = Header { kind, length: payload.len(), checksum: 0 };
        let mut hasher = header.hasher();
        hasher.write(payload);
        header.checksum = hasher.finish();
        header
    }

    pub(super) fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.kind.0);
        bytes[20..28].copy_from_slice(&(self.length as u64).to_le_bytes());
        bytes[Self::CHECKSUM..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// The header at the start of a source of `total` bytes, if the source is as long as it says.
    pub(super) fn read(
        source: &mut impl Read,
        total: u64,
        origin: &Origin,
    ) -> Result<Self, CheckpointError> {
        let mut bytes = [0; Self::LEN];
        // Fewer than that: what there is tells another file from the beginning of a checkpoint.
        let there = total.min(Self::LEN as u64) as usize;
        source.read_exact(&mut bytes[..there]).map_err(|e| CheckpointError::io(origin, e))?;
        let known = there.min(MAGIC.len());
        if bytes[..known] != MAGIC[..known] {
            return Err(CheckpointError::NotACheckpoint { origin: origin.clone() });
        }
        if there < Self::LEN {
            let expected = Self::LEN as u64;
            return Err(CheckpointError::Truncated {
                origin: origin.clone(),
                bytes: total,
                expected,
            });
        }
        Self::parse(&bytes, total, origin)
    }

    /// Of a header that begins with the magic.
    fn parse(
        bytes: &[u8; Self::LEN],
        total: u64,
        origin: &Origin,
    ) -> Result<Self, CheckpointError> {
        let origin = || origin.clone();
        let found = u32::from_le_bytes(field(bytes, 8));
        if found != VERSION {
            return Err(CheckpointError::Version { origin: origin(), found, known: VERSION });
        }
        let length = u64::from_le_bytes(field(bytes, 20));
        // A length near 2⁶⁴ makes any file truncated.
        let expected = length.saturating_add(Self::LEN as u64);
        if total < expected {
            return Err(CheckpointError::Truncated { origin: origin(), bytes: total, expected });
        }
        if total > expected {
            return Err(CheckpointError::TrailingBytes {
                origin: origin(),
                bytes: total,
                expected,
            });
        }
        // On a machine of 32 bits a file may be longer than memory can be.
        let length = usize::try_from(length)
            .map_err(|_| CheckpointError::TooLarge { origin: origin(), bytes: total })?;
        let checksum = u64::from_le_bytes(field(bytes, Self::CHECKSUM));
        Ok(Header { kind: Kind(field(bytes, 12)), length, checksum })
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Refuses a payload that isn't the one that the header was made for, and then one of another kind.
    ///
    /// In this order: where the kind itself is damaged, damage is what is reported.
    pub(super) fn check(
        &self,
        kind: Kind,
        payload: &mut impl Read,
        origin: &Origin,
    ) -> Result<(), CheckpointError> {
        let mut hasher = self.hasher();
        let hashed = hash(payload, self.length as u64, &mut hasher)
            .map_err(|e| CheckpointError::io(origin, e))?;
        let origin = || origin.clone();
        if hashed < self.length as u64 {
            let (bytes, expected) = (hashed, self.length as u64);
            return Err(CheckpointError::Truncated { origin: origin(), bytes, expected });
        }
        if hasher.finish() != self.checksum {
            return Err(CheckpointError::Checksum { origin: origin() });
        }
        if self.kind != kind {
            return Err(CheckpointError::Kind {
                origin: origin(),
                found: self.kind,
                expected: kind,
            });
        }
        Ok(())
    }

    /// That has seen the header.
    fn hasher(&self) -> XxHash3_64 {
        let mut hasher = XxHash3_64::new();
        hasher.write(&self.to_bytes()[..Self::CHECKSUM]);
        hasher
    }
}

/// Shows the hasher up to `length` bytes of the source; how many there were.
fn hash(source: &mut impl Read, length: u64, hasher: &mut XxHash3_64) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut source = source.take(length);
    let mut hashed = 0;
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(hashed),
            Ok(n) => {
                hasher.write(&buffer[..n]);
                hashed += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn field<const N: usize>(bytes: &[u8; Header::LEN], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes")
}
