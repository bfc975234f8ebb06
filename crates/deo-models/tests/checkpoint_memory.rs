//! Lengths that lie, behind a checksum that is right: each is a typed error, and memory stays within twice the file.
//!
//! In a binary of its own: the counter sees every thread.

#![cfg(feature = "checkpoint")]

#[path = "checkpoint/seal.rs"]
mod seal;

use deo_models::checkpoint::{CheckpointError, Store, decode, encode};
use seal::{HEADER, KIND, message, seal};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};
use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Large blocks are remapped, not copied: their old and new extents don't exist side by side.
        if size > layout.size() {
            grown(size - layout.size());
        } else {
            LIVE.fetch_sub(layout.size() - size, Ordering::Relaxed);
        }
        // SAFETY: the caller's contract is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What serde reserves on the word of a length, two levels deep or for a hash map, which pads to a power of two.
/// The rest is two buffers for reading and the text of errors.
const CONSTANT: usize = (9 << 18) + (1 << 18);

/// The most that was allocated at once during a call, beyond what there was before.
fn peak<T>(call: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let result = call();
    (result, PEAK.load(Ordering::Relaxed) - before)
}

/// 2¹⁶ … 2⁶⁴ − 1: powers of two and their neighbours, and those whose product with a size of elements overflows.
fn lengths() -> impl Iterator<Item = u64> {
    let around = (16..64).flat_map(|k| [(1_u64 << k) - 1, 1 << k, (1 << k) + 1]);
    around.chain([u64::MAX / 24 + 1, u64::MAX / 4 + 1, isize::MAX as u64, u64::MAX - 1, u64::MAX])
}

/// The attack on a type: the payload with the length at `at` replaced by each of the lengths.
fn attack<T: DeserializeOwned>(what: &str, payload: &[u8], at: usize) {
    for length in lengths() {
        let mut payload = payload.to_vec();
        payload[at..at + 8].copy_from_slice(&length.to_le_bytes());
        let bytes = seal(&payload);
        let (decoded, peak) = peak(|| decode::<T>(KIND, &bytes));
        let Err(error) = decoded else { panic!("{what}, {length}: accepted") };
        assert!(matches!(error, CheckpointError::Payload { .. }), "{what}, {length}: {error}");
        assert!(message(&error).contains("beyond its end"), "{what}, {length}: {error}");
        assert!(peak <= 2 * bytes.len() + CONSTANT, "{what}, {length}: {peak} bytes");
    }
}

/// A byte buffer, which bincode reserves in one piece.
struct Bytes;

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Taker;
        impl Visitor<'_> for Taker {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_byte_buf<E>(self, _: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes)
            }
        }
        from.deserialize_byte_buf(Taker)
    }
}

fn lengths_that_lie() {
    let payload = |value: &dyn Fn() -> Vec<u8>| value()[HEADER..].to_vec();
    let floats = payload(&|| encode(KIND, &vec![1.5_f32; 300]).unwrap());
    attack::<Vec<f32>>("f32", &floats, 0);
    attack::<Vec<f64>>("f64", &floats, 0);
    attack::<Vec<u8>>("u8", &floats, 0);
    attack::<Vec<u128>>("u128", &floats, 0);
    attack::<Vec<[f64; 30]>>("arrays", &floats, 0);
    attack::<Vec<Option<f64>>>("options", &payload(&|| encode(KIND, &vec![Some(0.5)]).unwrap()), 0);
    attack::<String>("string", &floats, 0);
    attack::<Box<str>>("str", &floats, 0);
    attack::<Bytes>("bytes", &floats, 0);
    attack::<HashMap<u64, u64>>(
        "map",
        &payload(&|| encode(KIND, &HashMap::from([(1_u64, 2_u64)])).unwrap()),
        0,
    );
    let nested = payload(&|| encode(KIND, &(5_u16, vec![vec![1.0_f32; 9]; 4])).unwrap());
    attack::<(u16, Vec<Vec<f32>>)>("outer", &nested, 2);
    attack::<(u16, Vec<Vec<f32>>)>("inner", &nested, 10);
    attack::<(u16, Vec<String>)>("strings", &nested, 10);
}

/// A file that is as long as it says, with a vector that says more: the vector grows with what is there and no further.
fn long_files_that_lie() {
    // One element more than a power of two, where a vector that doubles overshoots most.
    let elements = (1 << 21) + 1;
    let mut payload = encode(KIND, &vec![1.0_f32; elements]).unwrap()[HEADER..].to_vec();
    payload[..8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let bytes = seal(&payload);
    let (decoded, peak_of_decode) = peak(|| decode::<Vec<f32>>(KIND, &bytes));
    message(&decoded.unwrap_err());
    assert!(peak_of_decode <= 2 * bytes.len() + CONSTANT, "{peak_of_decode} of {}", bytes.len());
    assert!(peak_of_decode > bytes.len(), "the counter counts: {peak_of_decode}");

    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), KIND);
    store.save(1, &bytes).unwrap();
    let (found, peak_of_latest) = peak(|| store.latest::<Vec<f32>>());
    message(&found.unwrap_err());
    assert!(peak_of_latest <= 2 * bytes.len() + CONSTANT, "{peak_of_latest} of {}", bytes.len());
}

/// Damage and other files cost a buffer, however long they are; so does a header that promises what isn't there.
fn refused_before_decoding() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), KIND);
    let mut bytes = encode(KIND, &vec![1.0_f32; 1 << 21]).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    store.save(1, &bytes).unwrap();
    for length in lengths().filter(|length| *length != 0) {
        bytes[20..28].copy_from_slice(&length.to_le_bytes());
        bytes.truncate(4_096);
        std::fs::write(store.path(2), &bytes).unwrap();
        let (found, peak) = peak(|| store.latest::<Vec<f32>>());
        let Err(CheckpointError::NoneWhole { damaged, .. }) = found else { panic!("accepted") };
        assert!(matches!(damaged[0].1, CheckpointError::Truncated { bytes: 4_096, .. }));
        assert!(matches!(damaged[1].1, CheckpointError::Checksum { .. }));
        assert!(peak < 1 << 18, "{peak} bytes");
    }
}

/// Decoding what is right: the value itself, and what a growing vector overshoots.
fn honest_files() {
    let value = vec![vec![1.0_f32; 1 << 20]; 4];
    let bytes = encode(KIND, &value).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), KIND);
    store.save(1, &bytes).unwrap();
    let (found, peak) = peak(|| store.latest::<Vec<Vec<f32>>>());
    assert_eq!(found.unwrap().unwrap().value, value);
    assert!(peak <= 2 * bytes.len() + CONSTANT, "{peak} of {}", bytes.len());
}

// One test: the counter would see a second one's allocations.
#[test]
fn memory_stays_within_twice_the_file() {
    lengths_that_lie();
    long_files_that_lie();
    refused_before_decoding();
    honest_files();
}
