//! The container: what it brings back, its bytes against another implementation, and all that it refuses.

use crate::seal::{HEADER, KIND, message, seal};
use deo_models::checkpoint::{CheckpointError, Kind, decode, encode, encode_into};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// Of every kind of field that a state has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct State {
    step: u64,
    wide: (u128, i128),
    loss: Option<f64>,
    none: Option<Box<State>>,
    phase: Phase,
    params: Vec<f32>,
    basis: Vec<Vec<f64>>,
    names: BTreeMap<String, i16>,
    pair: [bool; 2],
    unit: (),
    symbol: char,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Phase {
    Idle,
    Turning(f32),
    Trial { length: f64, count: u8 },
}

fn state() -> State {
    State {
        step: u64::MAX - 1,
        wide: (u128::MAX / 3, i128::MIN + 7),
        loss: Some(f64::MIN_POSITIVE / 4.0),
        none: None,
        phase: Phase::Trial { length: -0.0, count: 3 },
        params: (0..40).map(|i| (i as f32).sqrt() - 3.0).collect(),
        basis: vec![vec![], vec![1e300, -1e-300], vec![0.1]],
        names: [("n\u{0}é", -3), ("", 0)].map(|(k, v)| (k.to_owned(), v)).into(),
        pair: [true, false],
        unit: (),
        symbol: '𝄞',
    }
}

fn encoded() -> Vec<u8> {
    encode(KIND, &state()).unwrap()
}

fn refused(bytes: &[u8]) -> CheckpointError {
    let error = decode::<State>(KIND, bytes).expect_err("it is damaged");
    message(&error);
    error
}

#[test]
fn a_value_comes_back() {
    for phase in [Phase::Idle, Phase::Turning(f32::MIN_POSITIVE), state().phase] {
        let state = State { phase, ..state() };
        assert_eq!(decode::<State>(KIND, &encode(KIND, &state).unwrap()).unwrap(), state);
    }
    assert_eq!(encoded(), encoded(), "the same value, the same bytes");
    let mut buffer = vec![9; 10_000];
    encode_into(KIND, &state(), &mut buffer).unwrap();
    assert_eq!(buffer, encoded());
    let nothing = encode(KIND, &()).unwrap();
    assert_eq!(nothing.len(), HEADER);
    decode::<()>(KIND, &nothing).unwrap();
}

#[test]
fn every_bit_of_a_float_comes_back() {
    // Quiet and signalling NaNs of both signs with payloads, infinities, zeros, subnormals.
    let words = [0x7FC0_0000, 0x7FA0_0001, 0xFFC0_1234, 0xFF80_0001, 0x7F80_0000, 0xFF80_0000];
    let words = words.into_iter().chain([0, 0x8000_0000, 1, 0x807F_FFFF, 0x3F80_0000]);
    let narrow: Vec<f32> = words.map(f32::from_bits).collect();
    let bits = [0x7FF8_0000_0000_0001, 0xFFF4_0000_DEAD_BEEF, u64::MAX, 0xFFF0_0000_0000_0000, 1];
    let wide: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    let bytes = encode(KIND, &(&narrow, &wide)).unwrap();
    let (a, b): (Vec<f32>, Vec<f64>) = decode(KIND, &bytes).unwrap();
    assert!(narrow.iter().zip(&a).all(|(x, y)| x.to_bits() == y.to_bits()) && a.len() == 11);
    assert!(wide.iter().zip(&b).all(|(x, y)| x.to_bits() == y.to_bits()) && b.len() == 5);
}

/// golden/checkpoint.deo, written by golden/checkpoint.py with another checksum library and no encoder.
#[test]
fn the_bytes_are_those_of_the_description() {
    let kind = Kind(*b"golden\0\x01");
    let value = (7_u32, -1_i64, (1_u128 << 127) + 3, -5_i128, 1.5_f32, f32::from_bits(0x7FA0_0001));
    let more = (Some(-0.0_f64), None::<u8>, "né".to_owned(), vec![0.25, f32::INFINITY], true);
    let golden = include_bytes!("../golden/checkpoint.deo");
    assert_eq!(encode(kind, &(value, &more)).unwrap(), golden);
    let mut read = (value, more.clone());
    read = decode_as(&read, kind, golden);
    assert_eq!((read.0.5.to_bits(), &read.1), (0x7FA0_0001, &more));
}

fn decode_as<T: serde::de::DeserializeOwned>(_: &T, kind: Kind, bytes: &[u8]) -> T {
    decode(kind, bytes).unwrap()
}

#[test]
fn every_truncation_is_refused() {
    let bytes = encoded();
    for length in 0..bytes.len() {
        let error = refused(&bytes[..length]);
        let CheckpointError::Truncated { bytes: found, expected, .. } = error else {
            panic!("{length}: {error}")
        };
        let whole = if length < HEADER { HEADER } else { bytes.len() };
        assert_eq!((found, expected), (length as u64, whole as u64));
    }
}

/// The error that a change at a byte of the header must give.
fn expected_at(byte: usize, error: &CheckpointError) -> bool {
    match byte {
        0..8 => matches!(error, CheckpointError::NotACheckpoint { .. }),
        8..12 => matches!(error, CheckpointError::Version { .. }),
        20..28 => {
            matches!(
                error,
                CheckpointError::Truncated { .. } | CheckpointError::TrailingBytes { .. }
            )
        }
        // The kind too: that it is damaged comes before that it is another.
        _ => matches!(error, CheckpointError::Checksum { .. }),
    }
}

#[test]
fn every_single_bit_flip_is_refused() {
    let mut bytes = encoded();
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let error = refused(&bytes);
        assert!(expected_at(bit / 8, &error), "bit {bit}: {error}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    decode::<State>(KIND, &bytes).unwrap();
}

#[test]
fn ten_thousand_random_damages_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let whole = encoded();
    for trial in 0..10_000 {
        let mut bytes = whole.clone();
        // One to eight bits; an even number of flips of the same bit would be no damage.
        for _ in 0..rng.random_range(1..=8) {
            let bit = rng.random_range(0..8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if bytes != whole {
            let error = refused(&bytes);
            let first = (0..bytes.len()).find(|i| bytes[*i] != whole[*i]).unwrap();
            // Later steps are not reached, whatever else is damaged.
            assert!(first >= 12 || expected_at(first, &error), "trial {trial}: {error}");
        }
    }
}

#[test]
fn blocks_swapped_or_zeroed_are_refused() {
    let state = State { params: (0..4_096).map(|i| i as f32).collect(), ..state() };
    let whole = encode(KIND, &state).unwrap();
    for start in (HEADER..whole.len() - 1_024).step_by(512) {
        let mut bytes = whole.clone();
        bytes[start..start + 512].fill(0);
        assert!(matches!(refused(&bytes), CheckpointError::Checksum { .. }));
        let mut bytes = whole.clone();
        let (a, b) = bytes[start..start + 1_024].split_at_mut(512);
        a.swap_with_slice(b);
        assert!(matches!(refused(&bytes), CheckpointError::Checksum { .. }));
    }
}

#[test]
fn what_follows_is_refused() {
    let mut bytes = encoded();
    bytes.push(0);
    let expected = bytes.len() as u64 - 1;
    assert!(matches!(
        refused(&bytes),
        CheckpointError::TrailingBytes { bytes, expected: e, .. } if bytes == expected + 1 && e == expected
    ));
    // Within the payload, where the header agrees.
    let mut payload = encoded()[HEADER..].to_vec();
    let consumed = payload.len();
    payload.extend([0; 3]);
    let error = refused(&seal(&payload));
    assert!(
        matches!(error, CheckpointError::PayloadLength { consumed: c, length, .. } if (c, length) == (consumed, consumed + 3))
    );
}

#[test]
fn other_kinds_versions_and_files_are_named() {
    let whole = encoded();
    let error = decode::<State>(Kind(*b"other\0\0\0"), &whole).unwrap_err();
    assert!(message(&error).contains(r#"of kind "tests\x00\x00\x01"; give one of kind "other""#));

    for (version, found) in [(1_u32, "version 1,"), (0, "version 0,"), (u32::MAX, "4294967295")] {
        let mut bytes = whole.clone();
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        let text = message(&refused(&bytes));
        assert!(text.contains(found) && text.contains("reads version 2"), "{text}");
    }

    // As a transfer that takes it for text would leave it.
    let unix: Vec<u8> = whole.iter().copied().filter(|byte| *byte != b'\r').collect();
    assert!(matches!(refused(&unix), CheckpointError::NotACheckpoint { .. }));
    for other in
        ["x", "{\"step\": 3}", "\u{89}PNG\r\n\u{1a}\n and forty bytes more of something else"]
    {
        assert!(matches!(refused(other.as_bytes()), CheckpointError::NotACheckpoint { .. }));
    }
    assert!(matches!(refused(b""), CheckpointError::Truncated { bytes: 0, expected: 36, .. }));
}

#[test]
fn payloads_of_another_type_are_refused() {
    let text = seal(&[2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28]);
    let error = decode::<String>(KIND, &text).unwrap_err();
    assert!(message(&error).contains("UTF-8"), "{error}");
    for (payload, what) in [(&[2_u8][..], "a bool"), (&[9], "a tag of an Option")] {
        let refused = |error: CheckpointError| matches!(error, CheckpointError::Payload { .. });
        assert!(decode::<bool>(KIND, &seal(payload)).is_err_and(refused), "{what}");
        assert!(decode::<Option<u8>>(KIND, &seal(payload)).is_err_and(refused), "{what}");
    }
    let error = decode::<Phase>(KIND, &seal(&7_u32.to_le_bytes())).unwrap_err();
    assert!(message(&error).contains("invalid value"), "{error}");
    let surrogate = decode::<char>(KIND, &seal(&[0xED, 0xA0, 0x80])).unwrap_err();
    assert!(matches!(surrogate, CheckpointError::Payload { .. }));
}

#[test]
fn what_the_format_cannot_hold_is_an_error_of_encoding() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            to.serialize_seq(None)?.end()
        }
    }
    let error = encode(KIND, &Endless).unwrap_err();
    assert!(matches!(error, CheckpointError::Encode { .. }));
    message(&error);
}
