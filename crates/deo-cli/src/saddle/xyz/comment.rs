//! The second line of a frame: `key=value …`, or any text.
//!
//! ```text
//! comment  (key ( "=" value )?)*      blanks around "=" and between
//! key      quoted | bare
//! value    quoted | bare | "{" … "}" | "[" … "]"       the last may hold others of its kind
//! quoted   "…" or '…'; \x within is x
//! bare     no blank, no "; a key no =, a value none at its beginning
//! ```
//!
//! A value is a list of words here, whichever of the ways of writing an array it has: a scalar is one word.

use super::columns::{Columns, ColumnsFault};

/// What is wrong with a comment, as the end of "here should be …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CommentFault {
    #[error("key=value pairs with every quote and bracket closed, for there is {key}")]
    Unclosed { key: &'static str },
    #[error("the key {right} in this spelling")]
    Spelling { right: &'static str },
    #[error("{key} once")]
    Twice { key: &'static str },
    #[error("a value of {key}, as in {key}=…")]
    NoValue { key: &'static str },
    #[error("pbc with one logical value or three, as in pbc=\"F F F\"")]
    Logical,
    #[error("{key} of three or nine finite numbers")]
    Cell { key: &'static str },
    #[error(
        "a free cluster: no Lattice, cell or pbc, or pbc=\"F F F\"; periodic structures cannot be searched here"
    )]
    Periodic,
    #[error(transparent)]
    Columns(#[from] ColumnsFault),
}

const PROPERTIES: &str = "Properties";
const LATTICE: &str = "Lattice";
const CELL: &str = "cell";
const PBC: &str = "pbc";
const KEYS: [&str; 4] = [PROPERTIES, LATTICE, CELL, PBC];

/// A key and its words; `None` if it stands alone.
type Pair = (String, Option<Vec<String>>);

/// What a comment says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Header {
    pub(super) columns: Columns,
    /// The vectors of the cell, after one another.
    pub(super) cell: Option<[f64; 9]>,
    /// Along which of them the structure repeats itself.
    pub(super) pbc: [bool; 3],
}

/// The comment of atoms that are a free cluster.
pub(super) fn of_cluster(comment: &str) -> Result<Header, CommentFault> {
    let header = of_structure(comment)?;
    if header.pbc.contains(&true) { Err(CommentFault::Periodic) } else { Ok(header) }
}

/// The comment of any atoms.
pub(super) fn of_structure(comment: &str) -> Result<Header, CommentFault> {
    let Some(pairs) = (Reader { rest: comment }).pairs() else {
        // Not in the format. If it doesn't mean to be, it is the comment of plain XYZ.
        return match KEYS.into_iter().find(|key| assigns(comment, key)) {
            Some(key) => Err(CommentFault::Unclosed { key }),
            None => Ok(Header::default()),
        };
    };
    let mut found: [Option<Option<Vec<String>>>; 4] = Default::default();
    for (key, words) in pairs {
        let Some(place) = KEYS.iter().position(|known| known.eq_ignore_ascii_case(&key)) else {
            continue;
        };
        let right = KEYS[place];
        // A cell alone is a word of a sentence, and so are the others in small letters.
        if words.is_none() && right != PBC && (key != right || right == CELL) {
            continue;
        }
        if key != right {
            return Err(CommentFault::Spelling { right });
        }
        if found[place].replace(words).is_some() {
            return Err(CommentFault::Twice { key: right });
        }
    }
    let [properties, lattice, cell, pbc] = found;
    let cells = [vectors(LATTICE, lattice)?, vectors(CELL, cell)?];
    let cell = cells[0].or(cells[1]);
    let pbc = match pbc {
        Some(None) => [true; 3],
        Some(Some(words)) => logicals(&words).ok_or(CommentFault::Logical)?,
        None => [cell.is_some(); 3],
    };
    let columns = match properties {
        None => Columns::default(),
        Some(None) => return Err(CommentFault::NoValue { key: PROPERTIES }),
        Some(Some(words)) => Columns::parse(&words.join(" "))?,
    };
    Ok(Header { columns, cell, pbc })
}

/// The vectors of a cell; three numbers are its edges.
fn vectors(
    key: &'static str,
    value: Option<Option<Vec<String>>>,
) -> Result<Option<[f64; 9]>, CommentFault> {
    let Some(value) = value else { return Ok(None) };
    let words = value.ok_or(CommentFault::NoValue { key })?;
    let numbers: Option<Vec<f64>> = words.iter().map(|word| super::columns::finite(word)).collect();
    match numbers.as_deref() {
        Some(&[a, b, c]) => Ok(Some([a, 0.0, 0.0, 0.0, b, 0.0, 0.0, 0.0, c])),
        Some(numbers) => numbers.try_into().map(Some).map_err(|_| CommentFault::Cell { key }),
        None => Err(CommentFault::Cell { key }),
    }
}

/// One for all or three; numbers 0 and 1 are such too.
fn logicals(words: &[String]) -> Option<[bool; 3]> {
    let values: Option<Vec<bool>> = words.iter().map(|word| logical(word)).collect();
    match values?[..] {
        [all] => Some([all; 3]),
        [a, b, c] => Some([a, b, c]),
        _ => None,
    }
}

pub(super) fn logical(word: &str) -> Option<bool> {
    match word {
        "T" | "true" | "True" | "TRUE" | "1" => Some(true),
        "F" | "false" | "False" | "FALSE" | "0" => Some(false),
        _ => None,
    }
}

/// Whether `key =` stands anywhere, in whatever spelling, or pbc alone.
fn assigns(comment: &str, key: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    let key = key.to_ascii_lowercase();
    comment.match_indices(&key).any(|(at, _)| {
        let before = comment[..at].chars().next_back();
        let after = &comment[at + key.len()..];
        let inner = |c: char| c.is_alphanumeric() || c == '_';
        let alone = key == PBC && !after.starts_with(inner);
        let assigned = after.trim_start_matches(['"', '\'']).trim_start().starts_with('=');
        (assigned || alone) && !before.is_some_and(inner)
    })
}

/// What is left of a comment.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// All pairs; `None` if there is anything else.
    fn pairs(mut self) -> Option<Vec<Pair>> {
        let mut pairs = vec![];
        while self.skip_blanks().is_some() {
            let key = match self.peek()? {
                quote @ ('"' | '\'') => self.quoted(quote)?,
                _ => self.bare(|c| c == '=')?,
            };
            self.skip_blanks();
            let value = if self.take('=') { Some(self.value()?) } else { None };
            pairs.push((key, value));
        }
        Some(pairs)
    }

    fn value(&mut self) -> Option<Vec<String>> {
        self.skip_blanks();
        let words = match self.peek()? {
            quote @ ('"' | '\'') => words(&self.quoted(quote)?),
            '[' => self.list('[', ']')?,
            '{' => self.list('{', '}')?,
            '=' => return None,
            _ => vec![self.bare(|_| false)?],
        };
        // What is closed must be the end of the value.
        self.peek().is_none_or(char::is_whitespace).then_some(words)
    }

    /// The words of an array, of arrays within it, too. Those of all rows follow one another.
    fn list(&mut self, open: char, close: char) -> Option<Vec<String>> {
        let (mut list, mut depth) = (vec![], 0_usize);
        loop {
            self.skip_blanks();
            let next = self.peek()?;
            if next == open {
                self.take(open);
                depth += 1;
            } else if next == close {
                self.take(close);
                depth -= 1;
                if depth == 0 {
                    return Some(list);
                }
            } else if next == ',' {
                self.take(',');
            } else if next == '"' {
                list.push(self.quoted('"')?);
            } else {
                let end = |c: char| c.is_whitespace() || [',', open, close].contains(&c);
                let length = self.rest.find(end)?;
                list.push(self.rest[..length].to_owned());
                self.rest = &self.rest[length..];
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        self.take(quote);
        self.until(|c| c == quote).filter(|_| self.take(quote))
    }

    fn bare(&mut self, end: impl Fn(char) -> bool) -> Option<String> {
        let word = self.until(|c| c.is_whitespace() || c == '"' || end(c))?;
        (!word.is_empty() && self.peek() != Some('"')).then_some(word)
    }

    /// Up to such a character or the end, with \x as x; `None` if a backslash is the last.
    fn until(&mut self, end: impl Fn(char) -> bool) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest.chars();
        while let Some(c) = characters.clone().next().filter(|c| !end(*c)) {
            characters.next();
            match c {
                '\\' => text.push(match characters.next()? {
                    'n' => '\n',
                    other => other,
                }),
                _ => text.push(c),
            }
        }
        self.rest = characters.as_str();
        Some(text)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `None` at the end.
    fn skip_blanks(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        (!self.rest.is_empty()).then_some(())
    }
}

/// A quoted value is an array of the old way of writing one, with blanks or, as ASE has it, commas.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
