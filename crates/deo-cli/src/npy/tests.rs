use super::error::HeaderFault;
use super::*;

/// Files of NumPy, from tests/golden/npy.py.
const ROWS: &[u8] = include_bytes!("../../tests/golden/rows_f8.npy");
const COLUMNS: &[u8] = include_bytes!("../../tests/golden/columns_f4.npy");
const VECTOR: &[u8] = include_bytes!("../../tests/golden/vector_f4.npy");
const VERSION_2: &[u8] = include_bytes!("../../tests/golden/version_2.npy");

fn parse(bytes: &[u8]) -> Result<Array, NpyError> {
    from_bytes(bytes, Path::new("a.npy"))
}

fn thirds(count: usize, scalar: Scalar) -> Vec<f64> {
    let third = |i: usize| i as f64 / 3.0;
    match scalar {
        Scalar::F64 => (1..=count).map(third).collect(),
        Scalar::F32 => (1..=count).map(|i| f64::from(third(i) as f32)).collect(),
    }
}

/// A file of version 1.0 with this header and so many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// One line that names the file and holds these words.
#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) -> NpyError {
    let error = parse(bytes).unwrap_err();
    let message = error.to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    for word in words.iter().chain(&["a.npy"]) {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
    error
}

#[test]
fn files_of_numpy_are_read_in_any_order_of_storage() {
    for (bytes, shape, scalar) in [
        (ROWS, &[2, 3][..], Scalar::F64),
        (COLUMNS, &[2, 3], Scalar::F32),
        (VECTOR, &[5], Scalar::F32),
        (VERSION_2, &[2, 3], Scalar::F64),
    ] {
        let array = parse(bytes).unwrap();
        assert_eq!((&array.shape[..], array.scalar), (shape, scalar));
        assert_eq!(array.values, thirds(shape.iter().product(), scalar));
    }
}

#[test]
fn files_are_written_byte_for_byte_as_numpy_does() {
    let rows: Vec<Vec<f64>> = thirds(6, Scalar::F64).chunks(3).map(<[f64]>::to_vec).collect();
    assert_eq!(to_bytes(Scalar::F64, 3, &rows), ROWS);
    let single = parse(&to_bytes(Scalar::F32, 3, &rows)).unwrap();
    assert_eq!((single.values, single.scalar), (thirds(6, Scalar::F32), Scalar::F32));
    assert_eq!(parse(&to_bytes(Scalar::F64, 7, &[])).unwrap().shape, [0, 7]);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for len in 0..ROWS.len() {
        let error = parse(&ROWS[..len]).unwrap_err();
        let expected = match len {
            0..6 => matches!(error, NpyError::Foreign { .. }),
            6..128 => matches!(error, NpyError::HeaderCut { .. }),
            _ => matches!(error, NpyError::Length { expected: Some(48), .. }),
        };
        assert!(expected, "{len} bytes: {error}");
    }
    refused(&[ROWS, &[0]].concat(), &["49 bytes", "[2, 3]", "needs 48"]);
}

#[test]
fn headers_are_taken_with_any_spacing_quotes_and_order() {
    for header in [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n",
        "{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"<f8\"}",
        "  { 'fortran_order' : False , 'descr' : '<f8' , 'shape' : ( 2 , ) }  \n",
    ] {
        assert_eq!(parse(&file(header, 16)).unwrap().values, [0.0, 0.0], "{header}");
    }
}

#[test]
fn malformed_headers_are_refused_by_kind() {
    let entry = |text: &str| HeaderFault::Entry(text.to_owned());
    for (header, reason) in [
        ("{'descr': '<f8', 'fortran_order': False}", HeaderFault::Missing("shape")),
        ("{'descr': '<f8', 'shape': (2,)}", HeaderFault::Missing("fortran_order")),
        ("{'fortran_order': False, 'shape': (2,)}", HeaderFault::Missing("descr")),
        ("{}", HeaderFault::Missing("descr")),
        ("{'descr': '<f8', 'descr': '<f8'}", HeaderFault::Twice("descr")),
        ("['descr', '<f8']", HeaderFault::Braces),
        ("{'descr': '<f8'", HeaderFault::Braces),
        ("", HeaderFault::Braces),
        ("{'descr' '<f8'}", entry("'descr' '<f8'")),
        ("{'descr': 8}", entry("'descr': 8")),
        ("{'descr': '<f8}", entry("'descr': '<f8")),
        ("{'extra': 1}", entry("'extra': 1")),
        ("{'fortran_order': false}", entry("'fortran_order': fal")),
        ("{'shape': (2,) 'descr'}", entry("'descr'")),
        ("{'shape': [2]}", entry("'shape': [2]")),
        ("{'shape': (2,,)}", entry("'shape': (2,,)")),
        ("{'shape': (,)}", entry("'shape': (,)")),
        ("{'shape': (-2,)}", entry("'shape': (-2,)")),
        ("{'shape': (2.0,)}", entry("'shape': (2.0,)")),
        ("{'shape': (+2,)}", entry("'shape': (+2,)")),
        ("{'shape': (99999999999999999999,)}", entry("'shape': (9999999999")),
        ("{'descr': '<f8', é}", HeaderFault::Text),
    ] {
        let error = refused(&file(header, 16), &["malformed"]);
        let NpyError::Header { reason: found, .. } = error else { panic!("{header}: {error}") };
        assert_eq!(found, reason, "{header}");
    }
}

#[test]
fn what_is_well_formed_but_not_read_says_what_to_do() {
    let header = |descr: &str, shape: &str| {
        file(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"), 16)
    };
    refused(&header("'<i8'", "(2,)"), &["<i8", "float32 or float64", "astype"]);
    refused(&header("'>f8'", "(2,)"), &[">f8", "astype"]);
    refused(&header("'|O'", "(2,)"), &["|O"]);
    refused(&header("[('x', '<f8'), ('y', '<f8')]", "(1,)"), &["records"]);
    refused(&header("'<f8'", "()"), &["0 dimensions"]);
    refused(&header("'<f8'", "(1, 1, 2)"), &["3 dimensions", "1 or 2"]);
    refused(&header("'<f8'", "(3,)"), &["16 bytes", "[3]", "needs 24"]);
    refused(&header("'<f8'", "(4294967296, 4294967296)"), &["more than a machine can hold"]);
    refused(b"\x93NUMPY\x04\x00\x00\x00\x00\x00", &["version 4.0"]);
    refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", &["ends within its header"]);
    refused(b"1.0 2.0\n3.0 4.0\n", &["no .npy file", "np.save"]);
    refused(b"", &["no .npy file"]);
}

#[test]
fn no_byte_of_a_header_makes_it_panic() {
    for place in 0..ROWS.len() {
        for flip in [1, 2, 0x20, 0x80] {
            let mut hurt = ROWS.to_vec();
            hurt[place] ^= flip;
            let _ = parse(&hurt);
        }
    }
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = read(&dir.path().join("missing.npy")).unwrap_err();
    assert!(matches!(&missing, NpyError::NoFile { path } if path.ends_with("missing.npy")));
    assert!(matches!(read(dir.path()), Err(NpyError::Unreadable { .. })));
}
