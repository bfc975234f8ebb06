//! A checkpoint from a stranger: the container as it is, and payloads behind a checksum that is right.
//!
//! The first byte says what the rest is taken for. What decodes must encode, and from then on to the same bytes.

use deo_core::Deo;
use deo_core::krylov::Krylov;
use deo_core::optim::{Adam, Sgd};
use deo_core::space::Host;
use deo_models::checkpoint::{Kind, decode, encode};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use std::collections::BTreeMap;

pub(crate) const KIND: Kind = Kind(*b"fuzzing\0");

/// Of everything that a state may have.
pub(crate) type Fields = (
    String,
    Vec<u8>,
    Vec<Vec<f32>>,
    Option<char>,
    BTreeMap<String, u128>,
    i128,
    [bool; 3],
    Result<u8, f64>,
);

pub(crate) fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    match first % 6 {
        0 => check(decode::<Fields>(KIND, rest)),
        1 => check(decode::<Fields>(KIND, &seal(rest))),
        2 => check(decode::<Deo<Host<f32>>>(KIND, &seal(rest))),
        3 => check(decode::<Krylov<Host<f64>>>(KIND, &seal(rest))),
        4 => check(decode::<(Adam<Vec<f32>>, Sgd<Vec<f32>>)>(KIND, &seal(rest))),
        // A valid container that was cut and extended.
        _ => {
            let (at, tail) =
                rest.split_first().map_or((0, rest), |(at, tail)| (*at as usize, tail));
            let mut bytes = seal(tail);
            bytes.truncate(at);
            bytes.extend_from_slice(tail);
            check(decode::<Fields>(KIND, &bytes));
        }
    }
}

fn check<T: Serialize + DeserializeOwned>(
    decoded: Result<T, deo_models::checkpoint::CheckpointError>,
) {
    match decoded {
        Err(error) => assert_eq!(error.to_string().lines().count(), 1, "{error}"),
        Ok(value) => {
            let bytes = encode(KIND, &value).expect("what was decoded can be encoded");
            let again: T = decode(KIND, &bytes).expect("what was encoded can be decoded");
            assert!(encode(KIND, &again).expect("as before") == bytes);
        }
    }
}

/// A container around a payload, with the checksum that it should have. A tuple is written without a length.
fn seal(payload: &[u8]) -> Vec<u8> {
    struct Raw<'a>(&'a [u8]);
    impl Serialize for Raw<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let mut tuple = to.serialize_tuple(self.0.len())?;
            self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
            tuple.end()
        }
    }
    encode(KIND, &Raw(payload)).expect("bytes can be encoded")
}
