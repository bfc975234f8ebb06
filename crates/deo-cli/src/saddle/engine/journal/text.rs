//! The lines of a file of answers.

use super::{Answer, BAD_LINE, Lane};
use std::fmt::Write as _;
use twox_hash::XxHash3_64;

pub(super) fn header(atoms: usize) -> String {
    format!("deo saddle answers 1: {atoms} atoms\n")
}

pub(super) fn hash(positions: &[f64]) -> u64 {
    let bytes: Vec<u8> = positions.iter().flat_map(|x| x.to_le_bytes()).collect();
    XxHash3_64::oneshot(&bytes)
}

pub(super) fn line(lane: Lane, answer: &Answer) -> String {
    let mut text = lane.prefix();
    write!(text, "{:016x} {:016x} ", answer.question, answer.energy.to_bits())
        .expect("a string takes all");
    for force in &answer.forces {
        write!(text, "{:016x}", force.to_bits()).expect("a string takes all");
    }
    let sum = XxHash3_64::oneshot(text.as_bytes());
    writeln!(text, " {sum:016x}").expect("a string takes all");
    text
}

/// The answers and their lanes; of a bad line its number and what is wrong with it.
pub(super) fn parse(
    bytes: &[u8],
    atoms: usize,
) -> Result<Vec<(Lane, Answer)>, (usize, &'static str)> {
    // What is behind the last end of a line was cut.
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
        // Nothing, or the beginning of a first line.
        let fits = header(atoms).as_bytes().starts_with(bytes);
        return if fits { Ok(vec![]) } else { Err((1, "no first line of such a file")) };
    };
    let mut lines = bytes[..end].split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    if [first, b"\n"].concat() != header(atoms).as_bytes() {
        let ours = first.starts_with(b"deo saddle answers 1: ");
        return Err((
            1,
            if ours { "of another number of atoms" } else { "no first line of such a file" },
        ));
    }
    lines.enumerate().map(|(i, line)| answer(line, atoms).ok_or((i + 2, BAD_LINE))).collect()
}

fn answer(line: &[u8], atoms: usize) -> Option<(Lane, Answer)> {
    let text = std::str::from_utf8(line).ok().filter(|text| text.is_ascii())?;
    let (content, sum) = text.rsplit_once(' ')?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    if number(sum)? != XxHash3_64::oneshot(content.as_bytes()) {
        return None;
    }
    let (lane, content) = Lane::of(content)?;
    let mut words = content.split(' ');
    let (question, energy, forces) = (words.next()?, words.next()?, words.next()?);
    if forces.len() != 48 * atoms {
        return None;
    }
    let forces: Option<Vec<f64>> =
        (0..3 * atoms).map(|i| number(&forces[16 * i..16 * i + 16]).map(f64::from_bits)).collect();
    let (question, energy) = (number(question)?, f64::from_bits(number(energy)?));
    Some((lane, Answer { question, energy, forces: forces? }))
}
