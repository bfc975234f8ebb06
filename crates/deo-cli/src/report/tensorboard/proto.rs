//! The few messages of `event.proto` and `summary.proto` that scalars need.
//!
//! | message | field | number | wire type |
//! |---|---|---|---|
//! | `Event` | `wall_time`, double | 1 | 1, eight bytes |
//! | | `step`, int64 | 2 | 0, varint |
//! | | `file_version`, string | 3 | 2, length and bytes |
//! | | `summary`, message | 5 | 2 |
//! | `Summary` | `value`, repeated message | 1 | 2 |
//! | `Summary.Value` | `tag`, string | 1 | 2 |
//! | | `simple_value`, float | 2 | 5, four bytes |
//!
//! As the reference encoder does, fields are written in the order of their numbers, a field of its default value 0 not at
//! all, unless it is of a `oneof`, as `simple_value` is.

use super::crc::masked;

const VERSION: &str = "brain.Event:2";

const VARINT: u8 = 0;
const EIGHT: u8 = 1;
const BYTES: u8 = 2;
const FOUR: u8 = 5;

/// The first event of a file.
pub(super) fn version() -> Vec<u8> {
    let mut event = vec![];
    bytes(&mut event, 3, VERSION.as_bytes());
    event
}

/// The scalars of a step.
pub(super) fn summary(wall_time: f64, step: u64, values: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = vec![];
    for (tag, number) in values {
        let mut value = vec![];
        bytes(&mut value, 1, tag.as_bytes());
        value.push(2 << 3 | FOUR);
        // Beyond f32 there is infinity, which is drawn as what it is.
        value.extend((*number as f32).to_le_bytes());
        bytes(&mut summary, 1, &value);
    }
    let mut event = vec![];
    if wall_time != 0.0 {
        event.push(1 << 3 | EIGHT);
        event.extend(wall_time.to_le_bytes());
    }
    if step != 0 {
        event.push(2 << 3 | VARINT);
        varint(&mut event, step);
    }
    bytes(&mut event, 5, &summary);
    event
}

/// A record: length, data, and a checksum of each.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked(data).to_le_bytes());
    record
}

fn bytes(to: &mut Vec<u8>, field: u8, content: &[u8]) {
    to.push(field << 3 | BYTES);
    varint(to, content.len() as u64);
    to.extend(content);
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the encoding's documentation: 150 is 96 01.
    #[test]
    fn numbers_take_seven_bits_a_byte() {
        let mut to = vec![];
        varint(&mut to, 150);
        varint(&mut to, u64::MAX);
        assert_eq!(to[..2], [0x96, 0x01]);
        assert_eq!(to.len(), 12);
    }
}
