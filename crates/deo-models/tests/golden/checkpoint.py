"""Golden data for tests/checkpoint/container.rs: a container and its payload, written byte by byte from the format's description.

    python checkpoint.py            writes checkpoint.deo beside this file; needs xxhash (the checksum's own library)

The value: (7_u32, -1_i64, 2**127 + 3 as u128, -5 as i128, 1.5_f32, the f32 NaN 7fa00001, Some(-0.0_f64), None as
Option<u8>, "né", [0.25, inf] as Vec<f32>, true). Integers little-endian and of fixed width, an Option's tag one byte, lengths
of strings and sequences eight bytes.
"""

import pathlib
import struct

import xxhash

payload = b"".join(
    [
        struct.pack("<Iq", 7, -1),
        (2**127 + 3).to_bytes(16, "little"),
        (-5).to_bytes(16, "little", signed=True),
        struct.pack("<fI", 1.5, 0x7FA00001),
        struct.pack("<Bd", 1, -0.0),
        struct.pack("<B", 0),
        struct.pack("<Q", 3) + "né".encode(),
        struct.pack("<Qff", 2, 0.25, float("inf")),
        struct.pack("<B", 1),
    ]
)
header = b"\x89DEO\r\n\x1a\n" + struct.pack("<I8sQ", 2, b"golden\0\x01", len(payload))
checksum = struct.pack("<Q", xxhash.xxh3_64_intdigest(header + payload))
pathlib.Path(__file__).with_suffix(".deo").write_bytes(header + checksum + payload)
