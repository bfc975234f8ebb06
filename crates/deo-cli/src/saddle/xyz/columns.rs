//! The columns of the atoms: `Properties=species:S:1:pos:R:3:forces:R:3`, name, type and number of each.

use super::comment::logical;
use crate::saddle::elements::{element, number_of};
use std::fmt;

/// What is wrong with the columns, as the end of "here should be …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ColumnsFault {
    #[error(
        "Properties of NAME:TYPE:NUMBER, such as species:S:1:pos:R:3, with the types S, I, R and L"
    )]
    Triples,
    #[error("Properties with {name} once")]
    Twice { name: String },
    #[error("Properties with the positions, pos:R:3")]
    NoPosition,
    #[error("Properties with the symbols or atomic numbers, species:S:1 or Z:I:1")]
    NoSymbol,
}

/// What is wrong with an atom, likewise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AtomFault {
    #[error("{0}")]
    Columns(Columns),
    #[error("{0} (atomic numbers need Properties=Z:I:1:pos:R:3 in the comment)")]
    Symbol(Columns),
    #[error("an atomic number from 0 to 118")]
    Number,
    #[error("{symbol}, the element of the atomic number")]
    Contradiction { symbol: &'static str },
    #[error("an atom that moves along all of its coordinates or none: move_mask has both here")]
    Partly,
    #[error("an atom, no vector of a cell: periodic structures cannot be searched here")]
    Vector,
}

/// An atom as its line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    pub(super) symbol: String,
    pub(super) position: [f64; 3],
    /// As move_mask says; `None` where it holds some of the coordinates.
    pub(super) movable: Option<bool>,
}

/// Where in a line the columns are that are read.
#[derive(Debug, Default)]
struct Places {
    species: Option<usize>,
    number: Option<usize>,
    position: usize,
    mask: std::ops::Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Integer,
    Real,
    Logical,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Property {
    name: String,
    kind: Type,
    columns: usize,
}

/// Which column is what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Columns {
    /// The value of Properties; empty for plain XYZ: a symbol and three coordinates, and anything behind them.
    properties: Vec<Property>,
}

impl Columns {
    pub(super) fn parse(text: &str) -> Result<Self, ColumnsFault> {
        let words: Vec<&str> = text.split(':').map(str::trim).collect();
        let mut properties: Vec<Property> = vec![];
        for triple in words.chunks(3) {
            let [name, kind, columns] = triple else { return Err(ColumnsFault::Triples) };
            let kind = match *kind {
                "S" => Type::Text,
                "I" => Type::Integer,
                "R" => Type::Real,
                "L" => Type::Logical,
                _ => return Err(ColumnsFault::Triples),
            };
            let columns = columns.parse().ok().filter(|columns| *columns > 0);
            let name = (*name).to_owned();
            if properties.iter().any(|property| property.name == name) {
                return Err(ColumnsFault::Twice { name });
            }
            let columns = columns.filter(|_| !name.is_empty()).ok_or(ColumnsFault::Triples)?;
            properties.push(Property { name, kind, columns });
        }
        let has = |name, kind, columns| {
            let right =
                |p: &Property| (p.name.as_str(), p.kind, p.columns) == (name, kind, columns);
            properties.iter().any(right)
        };
        if !has("pos", Type::Real, 3) {
            return Err(ColumnsFault::NoPosition);
        }
        let (species, number) = (has("species", Type::Text, 1), has("Z", Type::Integer, 1));
        // One of them that is of another type would be passed over.
        let wrong = |name, right: bool| !right && properties.iter().any(|p| p.name == name);
        if !(species || number) || wrong("species", species) || wrong("Z", number) {
            return Err(ColumnsFault::NoSymbol);
        }
        Ok(Columns { properties })
    }

    /// The atom of a line.
    pub(super) fn atom(&self, line: &str) -> Result<Atom, AtomFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mismatch = || AtomFault::Columns(self.clone());
        let Places { species, number, position, mask } = self.find(&words).ok_or_else(mismatch)?;
        let coordinate = |i: usize| words.get(position + i).and_then(|word| finite(word));
        let mask: Vec<bool> = words[mask].iter().filter_map(|word| logical(word)).collect();
        let first = mask.first().copied().unwrap_or(true);
        let movable = (!mask.contains(&!first)).then_some(first);
        let element = match number.map(|i| words[i].parse::<usize>()) {
            None => None,
            Some(z) => Some(z.ok().and_then(element).ok_or(AtomFault::Number)?),
        };
        let symbol = match (species.map(|i| words[i]), element) {
            (Some(word), _) if real(word).is_some() => {
                return Err(AtomFault::Symbol(self.clone()));
            }
            (Some(word), _) if is_vector(word) => return Err(AtomFault::Vector),
            (Some(word), _) if !word.starts_with(char::is_alphabetic) => return Err(mismatch()),
            // A label that is no element, C1 say, contradicts nothing.
            (Some(word), Some(symbol)) if word != symbol && number_of(word).is_some() => {
                return Err(AtomFault::Contradiction { symbol });
            }
            (Some(word), _) => word,
            (None, Some(symbol)) => symbol,
            (None, None) => return Err(mismatch()),
        };
        match [coordinate(0), coordinate(1), coordinate(2)] {
            [Some(x), Some(y), Some(z)] => {
                Ok(Atom { symbol: symbol.to_owned(), position: [x, y, z], movable })
            }
            _ => Err(mismatch()),
        }
    }

    /// `None` if the words aren't those columns.
    fn find(&self, words: &[&str]) -> Option<Places> {
        if self.properties.is_empty() {
            let places = Places { species: Some(0), position: 1, ..Places::default() };
            return (!words.is_empty()).then_some(places);
        }
        let (mut places, mut next) = (Places::default(), 0_usize);
        for Property { name, kind, columns } in &self.properties {
            let end = next.checked_add(*columns)?;
            let right = |word: &&str| match kind {
                Type::Text => true,
                Type::Integer => word.parse::<i64>().is_ok(),
                Type::Real => real(word).is_some(),
                Type::Logical => logical(word).is_some(),
            };
            if !words.get(next..end)?.iter().all(right) {
                return None;
            }
            match name.as_str() {
                "species" => places.species = Some(next),
                "Z" => places.number = Some(next),
                "pos" => places.position = next,
                "move_mask" if *kind == Type::Logical => places.mask = next..end,
                _ => {}
            }
            next = end;
        }
        (next == words.len()).then_some(places)
    }
}

/// "a symbol and three finite coordinates", or what Properties says.
impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.properties.is_empty() {
            return f.write_str("a symbol and three finite coordinates");
        }
        let total = self.properties.iter().fold(0, |n: usize, p| n.saturating_add(p.columns));
        write!(f, "{total} columns with finite coordinates, as Properties says: ")?;
        for (i, Property { name, kind, columns }) in self.properties.iter().enumerate() {
            let kind = match kind {
                Type::Text => "S",
                Type::Integer => "I",
                Type::Real => "R",
                Type::Logical => "L",
            };
            write!(f, "{}{}:{kind}:{columns}", if i > 0 { ":" } else { "" }, name.escape_debug())?;
        }
        Ok(())
    }
}

/// A number, also one with the exponent of Fortran, 1D-3.
fn real(word: &str) -> Option<f64> {
    word.parse().ok().or_else(|| word.replace(['d', 'D'], "e").parse().ok())
}

pub(super) fn finite(word: &str) -> Option<f64> {
    real(word).filter(|x| x.is_finite())
}

/// Names that other programs give to lines that are no atoms but a cell's vectors.
fn is_vector(symbol: &str) -> bool {
    ["tv", "vec1", "vec2", "vec3"].contains(&symbol.to_ascii_lowercase().as_str())
}
