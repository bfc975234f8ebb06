//! The header: a Python table of three known keys, without Python.

use super::error::{HeaderFault, NpyError};
use std::path::Path;

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// `<f4`
    F32,
    /// `<f8`
    F64,
}

impl Scalar {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Scalar::F32 => size_of::<f32>(),
            Scalar::F64 => size_of::<f64>(),
        }
    }

    fn descr(self) -> &'static str {
        match self {
            Scalar::F32 => "<f4",
            Scalar::F64 => "<f8",
        }
    }
}

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) scalar: Scalar,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// NumPy pads its headers so that the data begin at a multiple of this.
const ALIGNMENT: usize = 64;

impl Header {
    /// The header of a file and the data behind it, which are as many as the header says.
    pub(super) fn parse<'a>(bytes: &'a [u8], path: &Path) -> Result<(Header, &'a [u8]), NpyError> {
        let (text, data) = split(bytes, path)?;
        let text = str::from_utf8(text).ok().filter(|text| text.is_ascii());
        let text = text.ok_or(HeaderFault::Text);
        let entries = text.and_then(Entries::parse);
        let Entries { descr, fortran_order, shape } =
            entries.map_err(|reason| NpyError::header(path, reason))?;
        let scalar = match descr.as_str() {
            "<f4" => Scalar::F32,
            "<f8" => Scalar::F64,
            _ => return Err(NpyError::Type { path: path.to_owned(), descr }),
        };
        if !(1..=2).contains(&shape.len()) {
            let dimensions = shape.len();
            return Err(NpyError::Dimensions { path: path.to_owned(), dimensions });
        }
        let expected = shape.iter().try_fold(scalar.size(), |product, n| product.checked_mul(*n));
        if expected != Some(data.len()) {
            let (path, found) = (path.to_owned(), data.len());
            return Err(NpyError::Length { path, shape, found, expected });
        }
        Ok((Header { scalar, fortran_order, shape }, data))
    }

    /// As `np.save` writes it, version 1.0.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let order = if self.fortran_order { "True" } else { "False" };
        // Python's tuples: a comma behind a single number, none behind the last of several.
        let shape: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let shape = shape.join(", ") + if self.shape.len() == 1 { "," } else { "" };
        let text = format!(
            "{{'descr': '{}', 'fortran_order': {order}, 'shape': ({shape}), }}",
            self.scalar.descr()
        );
        // Magic, version and length take ten bytes, the newline one.
        let whole = (10 + text.len() + 1).next_multiple_of(ALIGNMENT);
        let length = u16::try_from(whole - 10).expect("two extents of 20 digits are short");
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.resize(whole - 1, b' ');
        bytes.push(b'\n');
        bytes
    }
}

/// The text of the header and the data.
fn split<'a>(bytes: &'a [u8], path: &Path) -> Result<(&'a [u8], &'a [u8]), NpyError> {
    let own = || path.to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| NpyError::Foreign { path: own() })?;
    let cut = || NpyError::HeaderCut { path: own() };
    let (&[major, minor], rest) = rest.split_first_chunk().ok_or_else(cut)?;
    let (length, rest) = match (major, minor) {
        (1, 0) => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        (2 | 3, 0) => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return Err(NpyError::Version { path: own(), major, minor }),
    };
    rest.split_at_checked(length).ok_or_else(cut)
}

/// The three entries of the table.
struct Entries {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Entries {
    fn parse(text: &str) -> Result<Entries, HeaderFault> {
        let text = text.trim();
        let table = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let mut rest = table.ok_or(HeaderFault::Braces)?.trim();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let fault = || HeaderFault::Entry(rest.chars().take(20).collect());
            let (key, value) = quoted(rest).ok_or_else(fault)?;
            let value = value.trim_start().strip_prefix(':').ok_or_else(fault)?.trim_start();
            let after = match key {
                "descr" => set(&mut descr, "descr", descr_of(value)),
                "fortran_order" => set(&mut fortran_order, "fortran_order", boolean(value)),
                "shape" => set(&mut shape, "shape", tuple(value)),
                _ => return Err(fault()),
            };
            let after = after?.ok_or_else(fault)?.trim_start();
            // Entries are separated by commas; one after the last is NumPy's habit.
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return Err(HeaderFault::Entry(after.chars().take(20).collect())),
            };
        }
        Ok(Entries {
            descr: descr.ok_or(HeaderFault::Missing("descr"))?,
            fortran_order: fortran_order.ok_or(HeaderFault::Missing("fortran_order"))?,
            shape: shape.ok_or(HeaderFault::Missing("shape"))?,
        })
    }
}

/// Fills the place of an entry with what was parsed, and returns the text behind it; `None` if nothing was.
fn set<'a, T>(
    place: &mut Option<T>,
    key: &'static str,
    parsed: Option<(T, &'a str)>,
) -> Result<Option<&'a str>, HeaderFault> {
    let Some((value, rest)) = parsed else { return Ok(None) };
    match place.replace(value) {
        Some(_) => Err(HeaderFault::Twice(key)),
        None => Ok(Some(rest)),
    }
}

/// A Python string without escapes, and the text behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// The type of the numbers; of a record, a list in brackets, only that it is one.
fn descr_of(text: &str) -> Option<(String, &str)> {
    if let Some((descr, rest)) = quoted(text) {
        return Some((descr.to_owned(), rest));
    }
    let end = text.strip_prefix('[')?.rfind(']')?;
    Some(("records".to_owned(), &text[end + 2..]))
}

fn boolean(text: &str) -> Option<(bool, &str)> {
    let value = |(word, value)| text.strip_prefix(word).map(|rest| (value, rest));
    [("True", true), ("False", false)].into_iter().find_map(value)
}

/// `()`, `(3,)` or `(3, 4)`, a comma behind the last number or not.
fn tuple(text: &str) -> Option<(Vec<usize>, &str)> {
    let (inside, rest) = text.strip_prefix('(')?.split_once(')')?;
    let inside = inside.trim();
    let numbers = inside.strip_suffix(',').unwrap_or(inside);
    if numbers.is_empty() {
        return inside.is_empty().then_some((vec![], rest));
    }
    // `parse` would take a sign.
    let number = |word: &str| {
        let word = word.trim();
        word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
    };
    let shape: Option<Vec<usize>> = numbers.split(',').map(number).collect();
    Some((shape?, rest))
}
